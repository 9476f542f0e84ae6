//! All objects that a repository can see: its own and those it borrows, in files of their own and in packs.
//!
//! They are read here and not by libgit2: that does not come back from an object that was cut short
//! (<https://github.com/libgit2/libgit2/issues/7342>), makes room for as much as a header claims, crashes on some damaged
//! packs, and knows neither SHA-256 nor a hook's quarantine. Of several copies the first that is whole is taken; that is
//! known by its hash.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::alternates::alternates;
use super::loose;
use super::object::{Fault, Kind, Object};
use super::pack::Packs;
use crate::git::environment::Environment;

/// The objects of one repository.
pub(super) struct Database {
    id_len: usize,
    own: Place,
    /// Those that are borrowed.
    others: OnceCell<Vec<Place>>,
    environment: Environment,
    /// Where relative paths of the environment begin.
    top: PathBuf,
    /// Whether packs were looked for again.
    is_renewed: Cell<bool>,
    /// What is too large is so each time, and takes long to find out.
    too_large: RefCell<HashSet<Vec<u8>>>,
}

/// One directory of objects.
struct Place {
    directory: PathBuf,
    /// Listed when an object has no file of its own.
    packs: RefCell<Option<Rc<Packs>>>,
}

impl Place {
    const fn new(directory: PathBuf) -> Self {
        Self { directory, packs: RefCell::new(None) }
    }

    fn packs(&self, id_len: usize) -> Rc<Packs> {
        Rc::clone(self.packs.borrow_mut().get_or_insert_with(|| Rc::new(Packs::of(&self.directory, id_len))))
    }

    fn read(&self, id: &[u8], id_len: usize) -> Result<Object, Fault> {
        let fault = match loose::read(&self.directory, id) {
            Ok(object) if object.has_id(id) => return Ok(object),
            Ok(_) => Fault::damaged(id),
            Err(fault) => fault,
        };
        self.packs(id_len).read(id).map_err(|other| other.max(fault))
    }

    /// Lists the packs again; whether there are others now.
    fn renew(&self, id_len: usize) -> bool {
        let renewed = Packs::of(&self.directory, id_len);
        let is_same = self.packs(id_len).paths().eq(renewed.paths());
        if !is_same {
            *self.packs.borrow_mut() = Some(Rc::new(renewed));
        }
        !is_same
    }
}

impl Database {
    /// The objects in a directory, or in the one that the environment names in its place.
    pub(super) fn new(directory: &Path, id_len: usize, environment: Environment, top: &Path) -> Self {
        let directory = environment.path("GIT_OBJECT_DIRECTORY").map_or(directory.to_path_buf(), |path| top.join(path));
        Self {
            id_len,
            own: Place::new(directory),
            others: OnceCell::new(),
            environment,
            top: top.to_path_buf(),
            is_renewed: Cell::default(),
            too_large: RefCell::default(),
        }
    }

    /// The object with this id.
    pub(super) fn read(&self, id: &[u8]) -> Result<Object, Fault> {
        if self.too_large.borrow().contains(id) {
            return Err(Fault::TooLarge);
        }
        let empty = Object { kind: Kind::Tree, content: Vec::new() };
        let read = self.read_once(id);
        if read == Err(Fault::Absent) && empty.has_id(id) {
            // git knows it without having it.
            return Ok(empty);
        }
        if read == Err(Fault::TooLarge) {
            self.too_large.borrow_mut().insert(id.to_vec());
        }
        // git may have packed it meanwhile, or have made one pack of several.
        if read.is_err() && !self.is_renewed.replace(true) {
            let places = std::iter::once(&self.own).chain(self.others());
            // Each of them, not only up to the first that changed.
            if places.filter(|place| place.renew(self.id_len)).count() > 0 {
                return self.read_once(id);
            }
        }
        read
    }

    fn read_once(&self, id: &[u8]) -> Result<Object, Fault> {
        if id.len() != self.id_len {
            return Err(Fault::Absent);
        }
        let mut fault = match self.own.read(id, self.id_len) {
            Ok(object) => return Ok(object),
            Err(fault) => fault,
        };
        for place in self.others() {
            match place.read(id, self.id_len) {
                Ok(object) => return Ok(object),
                Err(other) => fault = fault.max(other),
            }
        }
        Err(fault)
    }

    fn others(&self) -> &[Place] {
        self.others.get_or_init(|| {
            let directories = alternates(&self.own.directory, &self.environment, &self.top);
            directories.into_iter().map(Place::new).collect()
        })
    }

    /// The content of the object with this id, which is to be of this kind.
    pub(super) fn content(&self, id: &[u8], kind: Kind) -> Result<Vec<u8>, Fault> {
        let object = self.read(id)?;
        if object.kind == kind { Ok(object.content) } else { Err(Fault::OtherKind(kind)) }
    }
}
