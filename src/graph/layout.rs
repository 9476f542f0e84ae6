//! Where the boxes of a picture go: a column for each depth, in it the nodes in the order of the tree, so that no two
//! lines cross. A column is as high as its boxes; what has room moves towards its children, then towards its parent.

use super::Graph;

/// Free room between boxes of a column.
const GAP: f64 = 8.0;

/// How often boxes move, first towards their children, then towards their parents. More makes no difference to see.
const SWEEPS: usize = 4;

/// How much higher than the fullest column the picture may be, so that boxes have room to move.
const SLACK: f64 = 1.15;

/// The upper edges of the boxes, and how high all is.
pub(super) struct Layout {
    /// By node.
    pub(super) tops: Vec<f64>,
    /// The lower edge of the lowest box.
    pub(super) height: f64,
}

/// Places the nodes that are drawn. Linear: each box is looked at a few times.
pub(super) fn place(graph: &Graph, heights: &[f64]) -> Layout {
    let columns = columns(graph);
    let fullest = columns.iter().map(|column| length(column, heights)).fold(0.0, f64::max);
    let mut placing = Placing { graph, heights, columns, tops: vec![0.0; heights.len()], limit: fullest * SLACK };
    placing.compactly();
    for _ in 0..SWEEPS {
        placing.towards_children();
        placing.towards_parents();
    }
    placing.towards_children();
    let tops = placing.tops;
    let first = tops.iter().copied().fold(f64::INFINITY, f64::min);
    let tops: Vec<f64> = tops.iter().map(|top| (top - first).round()).collect();
    let height = tops.iter().zip(heights).map(|(top, height)| top + height).fold(0.0, f64::max);
    Layout { tops, height }
}

/// The nodes of each depth. Nodes are numbered by depth, and at one depth in the order of their parents.
fn columns(graph: &Graph) -> Vec<Vec<usize>> {
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate().take(graph.shown) {
        if columns.len() <= node.depth {
            columns.push(Vec::new());
        }
        columns[node.depth].push(index);
    }
    columns
}

fn length(column: &[usize], heights: &[f64]) -> f64 {
    column.iter().map(|node| heights[*node] + GAP).sum::<f64>() - GAP
}

struct Placing<'g> {
    graph: &'g Graph,
    heights: &'g [f64],
    columns: Vec<Vec<usize>>,
    tops: Vec<f64>,
    limit: f64,
}

impl Placing<'_> {
    fn compactly(&mut self) {
        for column in &self.columns {
            let mut free = 0.0;
            for node in column {
                self.tops[*node] = free;
                free += self.heights[*node] + GAP;
            }
        }
    }

    fn middle(&self, node: usize) -> f64 {
        self.tops[node] + self.heights[node] / 2.0
    }

    fn towards_children(&mut self) {
        let mut wanted: Vec<Option<(f64, f64)>> = vec![None; self.tops.len()];
        for depth in (0..self.columns.len()).rev() {
            let column = self.columns[depth].clone();
            let wishes: Vec<Option<f64>> = column
                .iter()
                .map(|node| wanted[*node].map(|(first, last)| f64::midpoint(first, last) - self.heights[*node] / 2.0))
                .collect();
            self.settle(&column, &wishes);
            for node in &column {
                let middle = self.middle(*node);
                let range = &mut wanted[self.graph.nodes[*node].parent];
                *range = Some(range.map_or((middle, middle), |(first, _)| (first, middle)));
            }
        }
    }

    /// The children of one parent move together, around its middle. The flake itself goes where its inputs are.
    fn towards_parents(&mut self) {
        for depth in 2..self.columns.len() {
            let column = self.columns[depth].clone();
            let mut wishes = Vec::with_capacity(column.len());
            for siblings in column.chunk_by(|a, b| self.graph.nodes[*a].parent == self.graph.nodes[*b].parent) {
                let parent = self.graph.nodes[siblings[0]].parent;
                let mut top = self.middle(parent) - length(siblings, self.heights) / 2.0;
                for node in siblings {
                    wishes.push(Some(top));
                    top += self.heights[*node] + GAP;
                }
            }
            self.settle(&column, &wishes);
        }
    }

    /// Gives each box of a column the place it wants, as far as those above it, the order and the height of the
    /// picture allow.
    fn settle(&mut self, column: &[usize], wishes: &[Option<f64>]) {
        let mut below = length(column, self.heights);
        let mut free = 0.0;
        for (node, wish) in column.iter().zip(wishes) {
            let latest = (self.limit - below).max(free);
            // What has no children and hangs on the flake itself goes right below the one before.
            let otherwise = if self.graph.nodes[*node].depth < 2 { free } else { self.tops[*node] };
            let top = wish.unwrap_or(otherwise).clamp(free, latest);
            self.tops[*node] = top;
            free = top + self.heights[*node] + GAP;
            below -= self.heights[*node] + GAP;
        }
    }
}
