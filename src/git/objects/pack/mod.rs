//! Objects in packs (gitformat-pack(5)): many in one file, most of them as changes to others.

mod at;
mod delta;
mod index;
mod inflate;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use self::at::read_at;
use self::index::Index;
use self::inflate::Inflater;
use super::object::{Fault, Kind, Object};
use crate::git::error::shown;
use crate::snapshot::disk;

/// The packs of one directory.
pub(super) struct Packs {
    id_len: usize,
    list: Vec<Pack>,
    /// Why the directory could not be listed.
    fault: Option<Fault>,
    /// The number of the pack that held the last object: mostly it holds the next.
    last: Cell<usize>,
    /// How many files are kept open.
    open: Cell<usize>,
    reader: RefCell<Reader>,
}

struct Pack {
    index: OnceCell<Result<Index, Fault>>,
    index_file: PackFile,
    is_known: OnceCell<bool>,
    file: PackFile,
}

/// A file that is opened when first needed, and then kept open if there are not too many.
struct PackFile {
    path: PathBuf,
    kept: OnceCell<Rc<File>>,
}

/// What the reading of entries needs.
#[derive(Default)]
struct Reader {
    inflater: Inflater,
    /// The number of the pack that the inflater has read of.
    current: Option<usize>,
    /// Objects that others are stored as changes to, by pack and place.
    bases: HashMap<(usize, u64), Base>,
    /// Their places, the oldest first.
    order: VecDeque<(usize, u64)>,
    /// Bytes of all of them.
    size: usize,
    /// Bytes that came into being by changes.
    work: u64,
}

/// An object that others are changes to.
type Base = (Kind, Rc<Vec<u8>>);

/// As many files are kept open.
const MAX_OPEN: usize = 64;

/// As many bytes of bases are kept, as by git (`core.deltaBaseCacheLimit`).
const MAX_BASES: usize = 96 << 20;

/// As many changes lead to one object: git itself makes no more than 4,095.
const MAX_CHANGES: usize = 1 << 16;

/// As many bytes may come into being by changes in one run: a small pack can ask for more than anybody waits for.
const MAX_WORK: u64 = 32 << 30;

/// What packs begin with.
const SIGNATURE: &[u8] = b"PACK";

impl PackFile {
    const fn new(path: PathBuf) -> Self {
        Self { path, kept: OnceCell::new() }
    }

    fn open(&self, open: &Cell<usize>) -> Result<Rc<File>, Fault> {
        if let Some(file) = self.kept.get() {
            return Ok(Rc::clone(file));
        }
        let failed = |error| Fault::of_file(&self.path, &error);
        let file = Rc::new(disk::open(&self.path).map_err(failed)?);
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Fault::Unreadable(format!("{}: not a regular file", shown(&self.path))));
        }
        if open.get() < MAX_OPEN && self.kept.set(Rc::clone(&file)).is_ok() {
            open.set(open.get() + 1);
        }
        Ok(file)
    }
}

impl Pack {
    fn index(&self, open: &Cell<usize>, id_len: usize) -> Result<(&Index, Rc<File>), Fault> {
        let file = self.index_file.open(open)?;
        let read = || match Index::read(&file, id_len) {
            Ok(Some(index)) => Ok(index),
            Ok(None) => Err(Fault::Unreadable(format!("{}: not the index of a pack", shown(&self.index_file.path)))),
            Err(error) => Err(Fault::of_file(&self.index_file.path, &error)),
        };
        let index = self.index.get_or_init(read).as_ref().map_err(Clone::clone)?;
        Ok((index, file))
    }

    /// The pack itself, if it is one of those that git knows.
    fn file(&self, open: &Cell<usize>) -> Result<Rc<File>, Fault> {
        let file = self.file.open(open)?;
        let is_known = self.is_known.get_or_init(|| {
            let mut start = [0; 8];
            let is_read = read_at(&file, 0, &mut start).is_ok_and(|read| read == start.len());
            is_read && start.starts_with(SIGNATURE) && matches!(start[4..], [0, 0, 0, 2 | 3])
        });
        if *is_known { Ok(file) } else { Err(Fault::Unreadable(format!("{}: not a pack", shown(&self.file.path)))) }
    }
}

impl Packs {
    /// The packs below a directory of objects.
    pub(super) fn of(objects: &Path, id_len: usize) -> Self {
        let directory = objects.join("pack");
        let (mut paths, mut fault) = (Vec::new(), None);
        match fs::read_dir(&directory) {
            Ok(listed) => paths.extend(listed.flatten().map(|entry| entry.path())),
            Err(error) => fault = Some(Fault::of_file(&directory, &error)),
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "idx"));
        paths.sort();
        let pack = |index: PathBuf| Pack {
            index: OnceCell::new(),
            is_known: OnceCell::new(),
            file: PackFile::new(index.with_extension("pack")),
            index_file: PackFile::new(index),
        };
        let list = paths.into_iter().map(pack).collect();
        Self { id_len, list, fault, last: Cell::default(), open: Cell::default(), reader: RefCell::default() }
    }

    /// The paths of the packs' indexes.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.list.iter().map(|pack| pack.index_file.path.as_path())
    }

    /// The object with this id, from the first pack that has it whole.
    pub(super) fn read(&self, id: &[u8]) -> Result<Object, Fault> {
        let mut fault = self.fault.clone().unwrap_or(Fault::Absent);
        let last = self.last.get();
        let others = (0..self.list.len()).filter(|number| *number != last);
        for number in std::iter::once(last).filter(|last| *last < self.list.len()).chain(others) {
            match self.read_from(number, id) {
                Ok(object) => {
                    self.last.set(number);
                    return Ok(object);
                }
                Err(other) => fault = fault.max(other),
            }
        }
        Err(fault)
    }

    fn read_from(&self, number: usize, id: &[u8]) -> Result<Object, Fault> {
        let pack = &self.list[number];
        let (index, index_file) = pack.index(&self.open, self.id_len)?;
        let find =
            |id: &[u8]| index.find(&index_file, id).map_err(|error| Fault::of_file(&pack.index_file.path, &error));
        let Some(at) = find(id)? else { return Err(Fault::Absent) };
        let file = pack.file(&self.open)?;
        let mut reader = self.reader.borrow_mut();
        if reader.current.replace(number) != Some(number) {
            reader.inflater.begin();
        }
        let entry = Entry { pack: number, file: &file, at, id_len: self.id_len };
        let object = reader.object(entry, find)?.ok_or_else(|| Fault::damaged(id))?;
        if object.has_id(id) { Ok(object) } else { Err(Fault::damaged(id)) }
    }
}

/// Where an object stands.
#[derive(Clone, Copy)]
struct Entry<'a> {
    pack: usize,
    file: &'a File,
    at: u64,
    id_len: usize,
}

/// A change to another object: where it is kept when it is done, and where it stands.
struct Change {
    result: u64,
    at: u64,
    size: u64,
}

impl Reader {
    /// What an entry holds, or the changes that lead to it make of their base; `None` where something is damaged. `find`
    /// knows the places of ids.
    fn object(
        &mut self,
        entry: Entry<'_>,
        find: impl Fn(&[u8]) -> Result<Option<u64>, Fault>,
    ) -> Result<Option<Object>, Fault> {
        let mut changes = Vec::new();
        let mut seen = HashSet::new();
        let mut at = entry.at;
        let (kind, mut content) = loop {
            if let Some((kind, content)) = self.bases.get(&(entry.pack, at)) {
                break (*kind, Rc::clone(content));
            }
            let Some(header) = self.inflater.header(entry.file, at) else { return Ok(None) };
            let is_long =
                header.size > disk::MAX_SIZE && self.inflater.is_longer(entry.file, header.end, disk::MAX_SIZE);
            if is_long || changes.len() > MAX_CHANGES {
                return Err(Fault::TooLarge);
            }
            if header.size > disk::MAX_SIZE {
                return Ok(None);
            }
            let kind = match header.kind {
                1 => Some(Kind::Commit),
                2 => Some(Kind::Tree),
                3 => Some(Kind::Blob),
                4 => Some(Kind::Tag),
                _ => None,
            };
            if let Some(kind) = kind {
                let Some(content) = self.inflater.inflate(entry.file, header.end, header.size) else { return Ok(None) };
                let content = Rc::new(content);
                if !changes.is_empty() {
                    self.keep((entry.pack, at), kind, &content);
                }
                break (kind, content);
            }
            let (base, end) = match header.kind {
                6 => match self.inflater.distance(entry.file, header.end) {
                    Some((distance, end)) => (at.checked_sub(distance), end),
                    None => return Ok(None),
                },
                7 => match self.inflater.id(entry.file, header.end, entry.id_len) {
                    Some(id) => (find(&id)?, header.end + id.len() as u64),
                    None => return Ok(None),
                },
                _ => return Ok(None),
            };
            // A change to itself, however long the way round, has no beginning.
            let Some(base) = base.filter(|_| seen.insert(at)) else { return Ok(None) };
            changes.push(Change { result: at, at: end, size: header.size });
            at = base;
        };
        while let Some(change) = changes.pop() {
            let delta = self.inflater.inflate(entry.file, change.at, change.size);
            let Some(result) = delta.and_then(|delta| delta::apply(&content, &delta)) else { return Ok(None) };
            self.work += result.len() as u64;
            if self.work > MAX_WORK {
                return Err(Fault::TooLarge);
            }
            content = Rc::new(result);
            if !changes.is_empty() {
                self.keep((entry.pack, change.result), kind, &content);
            }
        }
        let content = Rc::try_unwrap(content).unwrap_or_else(|shared| shared.as_ref().clone());
        Ok(Some(Object { kind, content }))
    }

    /// Keeps an object that others may be changes to.
    fn keep(&mut self, place: (usize, u64), kind: Kind, content: &Rc<Vec<u8>>) {
        if content.len() > MAX_BASES || self.bases.contains_key(&place) {
            return;
        }
        while self.size + content.len() > MAX_BASES {
            let oldest = self.order.pop_front().and_then(|oldest| self.bases.remove(&oldest));
            let Some((_, oldest)) = oldest else { break };
            self.size -= oldest.len();
        }
        self.order.push_back(place);
        self.bases.insert(place, (kind, Rc::clone(content)));
        self.size += content.len();
    }
}
