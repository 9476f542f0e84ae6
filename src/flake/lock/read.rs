//! flake.lock as Nix loads it (`lockfile.cc: LockFile::LockFile`).

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::json::{self, Document, Kind, Member, ValueId};
use super::{LockEdge, LockFile, LockGraph, LockNode, LockedSource, NodeId, lock_command};
use crate::flake::conflict::{self, Conflict};
use crate::flake::flakeref::{Attr, Attrs, FlakeRef};
use crate::flake::{InputAttrPath, LockState, Problem};
use crate::snapshot::RepoPath;
use crate::source::{SourceFile, Span};

/// Reads a lock file.
#[must_use]
pub fn read(source: Rc<SourceFile>) -> LockState {
    match load(&source) {
        Ok(loaded) => LockState::Valid(LockFile {
            version: loaded.version,
            graph: Rc::new(loaded.graph),
            unreachable: loaded.unreachable,
            places: OnceCell::new(),
            paths: OnceCell::new(),
            source,
        }),
        Err(problems) => LockState::Invalid { source: Some(source), problems },
    }
}

struct Loaded {
    version: u64,
    graph: LockGraph,
    unreachable: Vec<String>,
}

/// What is wrong with a lock that a merge left in conflict.
fn in_conflict(source: &SourceFile) -> Option<Problem> {
    let Conflict { span, sides } = conflict::find(source)?;
    let path = source.path();
    let command = lock_command(&path.parent());
    let is_whole = |takes_ours| {
        let text = conflict::resolved(source.text(), takes_ours);
        load(&SourceFile::new(path.clone(), text.into_bytes())).is_ok()
    };
    let help = if is_whole(true) && is_whole(false) {
        // As our merge driver leaves it: to take the file of one side would lose what is merged around the conflict.
        format!("keep one side between the markers, either is a whole lock, then run `{command}` and `git add {path}`")
    } else {
        // `--ours` alone does nothing once the file was added, as it is in every commit that a hook sees.
        format!(
            "run `git checkout -m {path}`, take one side with `git checkout --ours {path}` or `--theirs`, then run \
             `{command}`"
        )
    };
    Some(Problem { help: Some(help), ..problem(format!("has merge-conflict markers{sides}"), span) })
}

fn load(source: &SourceFile) -> Result<Loaded, Vec<Problem>> {
    // What is left of a merge conflict is never JSON, so that it is looked for only where JSON is not found.
    let unreadable = |otherwise: Problem| vec![in_conflict(source).unwrap_or(otherwise)];
    if !source.is_utf8() {
        let offset = source.bytes().utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
        return Err(unreadable(problem("not valid JSON: bytes that are not UTF-8", Span::at(offset))));
    }
    let document = json::parse(source.text()).map_err(|error| {
        let mut found = problem(format!("not valid JSON: {}", error.message), Span::at(error.offset));
        found.help = Some(restore(source.path()));
        unreadable(found)
    })?;
    let version = version(&document).map_err(|found| vec![found])?;
    let root_key = root_key(&document).map_err(|found| vec![found])?;
    let mut loader = Loader::new(&document, root_key);
    loader.load();
    if !loader.problems.is_empty() {
        for found in &mut loader.problems {
            found.help.get_or_insert_with(|| restore(source.path()));
        }
        return Err(loader.problems);
    }
    let unreachable = loader.unreachable();
    Ok(Loaded { version, graph: LockGraph { nodes: loader.nodes }, unreachable })
}

/// What mends a lock that Nix does not read: not one of its commands does, they all read it first.
fn restore(path: &RepoPath) -> String {
    let command = lock_command(&path.parent());
    format!("restore it with `git checkout -- {path}`, or delete it and run `{command}`")
}

fn problem(message: impl Into<String>, span: Span) -> Problem {
    Problem { message: message.into(), help: None, span, input: None, first: None }
}

fn version(document: &Document<'_>) -> Result<u64, Problem> {
    let top = document.get(Document::ROOT);
    if !matches!(top.kind, Kind::Object(_)) {
        return Err(problem(format!("must be an object, but is {}", top.kind.type_name()), top.span));
    }
    let Some(member) = document.member(Document::ROOT, "version") else {
        return Err(problem("has unsupported version 0: it says none", Span::at(top.span.start)));
    };
    let value = document.get(member.value);
    let number = match value.kind {
        // Nix keeps the lowest 32 bits.
        Kind::Unsigned(number) => number & 0xffff_ffff,
        #[expect(clippy::cast_sign_loss, reason = "as Nix converts it")]
        Kind::Negative(number) => number as u64 & 0xffff_ffff,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as Nix converts it: 7.9 is 7")]
        Kind::Float(number) => number as u64,
        ref other => {
            return Err(problem(format!("`version` must be a number, but is {}", other.type_name()), value.span));
        }
    };
    if (5..=7).contains(&number) {
        Ok(number)
    } else {
        let mut found = problem(format!("has unsupported version {number}"), value.span);
        found.help = Some("versions 5 to 7 are known; run `nix flake lock` with the Nix that is to read it".to_owned());
        Err(found)
    }
}

fn root_key<'d>(document: &'d Document<'_>) -> Result<&'d str, Problem> {
    let Some(member) = document.member(Document::ROOT, "root") else {
        return Err(problem("`root` must be a string, but is null", Span::at(0)));
    };
    document.string(member.value).ok_or_else(|| {
        let value = document.get(member.value);
        problem(format!("`root` must be a string, but is {}", value.kind.type_name()), value.span)
    })
}

/// How far a node has been followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// On the path from the root to the node at hand.
    Open,
    /// With everything below it.
    Done,
}

/// Members in order of key; of repeated keys the last.
fn in_order<'d, 't>(members: &'d [Member<'t>]) -> Vec<&'d Member<'t>> {
    let mut sorted: Vec<_> = members.iter().collect();
    if !sorted.is_sorted_by(|a, b| a.key < b.key) {
        // What comes later first, so that it stays.
        sorted.reverse();
        sorted.sort_by(|a, b| a.key.cmp(&b.key));
        sorted.dedup_by(|later, first| later.key == first.key);
    }
    sorted
}

struct Loader<'d, 't> {
    document: &'d Document<'t>,
    root_key: &'d str,
    /// Values of `nodes` in order of key; of repeated keys the last.
    values: Vec<&'d Member<'t>>,
    nodes: Vec<LockNode>,
    /// What has become of each of the values.
    ids: Vec<Option<NodeId>>,
    progress: Vec<Progress>,
    problems: Vec<Problem>,
}

impl<'d, 't> Loader<'d, 't> {
    fn new(document: &'d Document<'t>, root_key: &'d str) -> Self {
        let mut values = Vec::new();
        let mut problems = Vec::new();
        if let Some(nodes) = document.member(Document::ROOT, "nodes") {
            let value = document.get(nodes.value);
            if !matches!(value.kind, Kind::Object(_) | Kind::Null) {
                let message = format!("`nodes` must be an object, but is {}", value.kind.type_name());
                problems.push(problem(message, value.span));
            }
            values = in_order(document.members(nodes.value));
        }
        let ids = vec![None; values.len()];
        Self { document, root_key, values, nodes: Vec::new(), ids, progress: Vec::new(), problems }
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.values.binary_search_by(|member| member.key.as_ref().cmp(key)).ok()
    }

    fn unreachable(&self) -> Vec<String> {
        let nodes = self.values.iter().zip(&self.ids).filter(|(_, id)| id.is_none());
        let keys = nodes.map(|(member, _)| member.key.as_ref());
        keys.filter(|key| *key != self.root_key).map(str::to_owned).collect()
    }

    /// Loads the root and all it leads to, without recursion.
    fn load(&mut self) {
        self.nodes.push(LockNode { key: self.root_key.to_owned(), inputs: BTreeMap::new(), source: None });
        self.progress.push(Progress::Open);
        let root = self.position(self.root_key);
        let mut stack = vec![(LockGraph::ROOT, root.map(|root| self.edges(root)).unwrap_or_default().into_iter())];
        while let Some((id, edges)) = stack.last_mut() {
            let id = *id;
            let Some((name, value)) = edges.next() else {
                self.progress[id.0] = Progress::Done;
                stack.pop();
                continue;
            };
            if let Some((child, position)) = self.edge(id, name.into_owned(), value) {
                stack.push((child, self.edges(position).into_iter()));
            }
        }
    }

    /// The inputs of a node; of repeated names the last. Nix takes the members of whatever is there: those of a list are
    /// called by their numbers, and of anything else there is one without a name.
    fn edges(&self, position: usize) -> Vec<(Cow<'d, str>, ValueId)> {
        let document = self.document;
        let Some(inputs) = document.member(self.values[position].value, "inputs") else {
            return Vec::new();
        };
        match &document.get(inputs.value).kind {
            Kind::Object(_) => {
                let edges = in_order(document.members(inputs.value)).into_iter();
                edges.map(|member| (Cow::Borrowed(member.key.as_ref()), member.value)).collect()
            }
            Kind::Array(_) => {
                let items = document.items(inputs.value).iter().enumerate();
                items.map(|(number, item)| (Cow::Owned(number.to_string()), *item)).collect()
            }
            Kind::Null => Vec::new(),
            _ => vec![(Cow::Borrowed(""), inputs.value)],
        }
    }

    /// Adds an edge; returns the node it leads to, and where its value stands, where that is new.
    fn edge(&mut self, from: NodeId, name: String, id: ValueId) -> Option<(NodeId, usize)> {
        let value = self.document.get(id);
        match &value.kind {
            Kind::Array(_) => {
                match self.strings(id) {
                    Some(path) => {
                        self.nodes[from.0].inputs.insert(name, LockEdge::Follows(InputAttrPath(path)));
                    }
                    None => self.problems.push(problem("a `follows` path must hold strings only", value.span)),
                }
                None
            }
            Kind::String(key) if key == self.root_key => {
                self.problems.push(problem("lock file contains cycle to root node", value.span));
                None
            }
            Kind::String(key) => {
                let Some(position) = self.position(key) else {
                    let message = format!("lock file references missing node `{key}`");
                    self.problems.push(problem(message, value.span));
                    return None;
                };
                self.node_edge(from, name, position, value.span)
            }
            other => {
                let message = format!("input `{name}` must be a node or a path, but is {}", other.type_name());
                self.problems.push(problem(message, value.span));
                None
            }
        }
    }

    fn node_edge(&mut self, from: NodeId, name: String, position: usize, span: Span) -> Option<(NodeId, usize)> {
        let key = &self.values[position].key;
        if let Some(id) = self.ids[position] {
            if self.progress[id.0] == Progress::Open {
                self.problems.push(problem(format!("lock file contains a cycle through node `{key}`"), span));
                return None;
            }
            self.nodes[from.0].inputs.insert(name, LockEdge::Node(id));
            return None;
        }
        let source = self.source(self.values[position])?;
        let id = NodeId(self.nodes.len());
        self.nodes.push(LockNode { key: key.to_string(), inputs: BTreeMap::new(), source: Some(Rc::new(source)) });
        self.progress.push(Progress::Open);
        self.ids[position] = Some(id);
        self.nodes[from.0].inputs.insert(name, LockEdge::Node(id));
        Some((id, position))
    }

    fn source(&mut self, node: &Member<'_>) -> Option<LockedSource> {
        let key = &node.key;
        let before = self.problems.len();
        let locked = self.reference(node, "locked");
        let original = self.reference(node, "original");
        let is_flake = self.document.member(node.value, "flake").is_none_or(|member| {
            let value = self.document.get(member.value);
            if let Kind::Boolean(flake) = value.kind {
                return flake;
            }
            let message = format!("`flake` must be a boolean, but is {}", value.kind.type_name());
            self.problems.push(problem(message, value.span));
            true
        });
        let parent = self.parent(node);
        if self.problems.len() > before {
            return None;
        }
        let (locked, original) = (locked?, original?);
        let relative = locked.relative_path().is_some();
        if let Err(error) = locked.check_pin() {
            self.problems.push(problem(format!("node `{key}`: {error}"), node.key_span));
            return None;
        }
        if !relative && !locked.is_locked() && !locked.attrs.contains_key("narHash") {
            self.problems.push(problem(format!("lock file contains unlocked input `{locked}`"), node.key_span));
            return None;
        }
        Some(LockedSource::new(Rc::new(original), locked, is_flake, parent))
    }

    fn parent(&mut self, node: &Member<'_>) -> Option<InputAttrPath> {
        let member = self.document.member(node.value, "parent")?;
        let value = self.document.get(member.value);
        let Kind::Array(_) = &value.kind else {
            let message = format!("`parent` must be an array, but is {}", value.kind.type_name());
            self.problems.push(problem(message, value.span));
            return None;
        };
        let names = self.strings(member.value);
        if names.is_none() {
            self.problems.push(problem("`parent` must hold strings only", value.span));
        }
        names.map(InputAttrPath)
    }

    /// The items of an array, if they are strings.
    fn strings(&self, id: ValueId) -> Option<Vec<String>> {
        self.document.items(id).iter().map(|item| self.document.string(*item).map(str::to_owned)).collect()
    }

    /// `locked` or `original`; version 5 keeps some of `locked` in `info`.
    fn reference(&mut self, node: &Member<'_>, field: &str) -> Option<FlakeRef> {
        let Some(member) = self.document.member(node.value, field) else {
            let message = format!("attribute `{field}` missing in node `{}`", node.key);
            self.problems.push(problem(message, node.key_span));
            return None;
        };
        let span = self.document.get(member.value).span;
        let mut attrs = self.attrs(member.value)?;
        if field == "locked"
            && let Some(info) = self.document.member(node.value, "info")
        {
            attrs.extend(self.attrs(info.value)?);
        }
        // Comparing references needs the text of the URL, which nothing asks of `locked`.
        if field == "original" && matches!(attrs.get("url"), Some(Attr::Integer(_) | Attr::Boolean(_))) {
            let message = format!("node `{}`: input attribute `url` is not a string", node.key);
            self.problems.push(problem(message, span));
            return None;
        }
        FlakeRef::from_attrs(attrs)
            .map_err(|error| self.problems.push(problem(format!("node `{}`: {error}", node.key), span)))
            .ok()
    }

    fn attrs(&mut self, id: ValueId) -> Option<Attrs> {
        let whole = self.document.get(id);
        let is_readable = match &whole.kind {
            Kind::Object(_) | Kind::Null => true,
            Kind::Array(_) => self.document.items(id).is_empty(),
            _ => false,
        };
        if !is_readable {
            let message =
                format!("unsupported attributes in lock file: {} instead of an object", whole.kind.type_name());
            self.problems.push(problem(message, whole.span));
            return None;
        }
        let members = self.document.members(id);
        let mut attrs = Attrs::with_capacity(members.len());
        for member in members {
            let value = self.document.get(member.value);
            let attr = match &value.kind {
                Kind::String(text) => Attr::String(text.to_string()),
                Kind::Boolean(value) => Attr::Boolean(*value),
                Kind::Unsigned(number) => Attr::Integer(*number),
                #[expect(clippy::cast_sign_loss, reason = "Nix keeps the 64 bits and drops the sign")]
                Kind::Negative(number) => Attr::Integer(*number as u64),
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as Nix converts it")]
                Kind::Float(number) => Attr::Integer(*number as u64),
                Kind::Null | Kind::Array(_) | Kind::Object(_) => {
                    let message = format!("unsupported type of attribute `{}` in lock file", member.key);
                    self.problems.push(problem(message, value.span));
                    return None;
                }
            };
            attrs.insert(member.key.as_ref(), attr);
        }
        Some(attrs)
    }
}
