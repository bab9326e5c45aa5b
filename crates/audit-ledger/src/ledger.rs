//! Opening and making a ledger.

use std::{ops::Deref, path::Path, time::Duration};

use reach_tlog::{Checkpoint, Frontier, KeyName, empty_root};
use reach_types::{RunId, TenantId, Timestamp};

use crate::{
    StoreError,
    head::{FORMAT_VERSION, Format, Head},
    rows::Tree,
    run::RunState,
    sealed::seal,
    store::{Changes, Store},
    tables::{META_FORMAT, META_HEAD},
};

/// Why a ledger was not made or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The store.
    #[error(transparent)]
    Store(StoreError),
    /// There is something at the path of a new ledger.
    #[error("there is a file where the new ledger should be")]
    Exists,
    /// Written by a version of Reach that this one does not know.
    #[error("the ledger's format is {actual}, only {FORMAT_VERSION} is known")]
    Format {
        /// Its format.
        actual: u16,
    },
}

reach_types::codes!(OpenError {
    Exists => ("audit.exists", Usage, "open the ledger that is there, or name another path"),
    Format => ("audit.format_unknown", Refused, "open it with the version of Reach that wrote it"),
} wrap { Store });

/// A ledger open for reading, alone or beside the process that writes it.
pub struct LedgerReader {
    pub(crate) store: Store,
    pub(crate) origin: KeyName,
}

/// A ledger open for appending: everything a [`LedgerReader`] can, and more.
///
/// There is at most one for a file, among all processes.
pub struct Ledger {
    reader: LedgerReader,
    pub(crate) state: State,
}

/// What the next append builds on: always as the last commit left it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) frontier: Frontier,
    pub(crate) clock: Timestamp,
    pub(crate) runs: u64,
}

impl Deref for Ledger {
    type Target = LedgerReader;

    fn deref(&self) -> &LedgerReader {
        &self.reader
    }
}

impl LedgerReader {
    fn new(store: Store) -> Result<Self, OpenError> {
        let format = store.view().and_then(|view| view.format()).map_err(OpenError::Store)?;
        if format.version != FORMAT_VERSION {
            return Err(OpenError::Format { actual: format.version });
        }
        let origin = KeyName::parse(&format.origin);
        let origin = origin.map_err(|_| OpenError::Store(StoreError::corrupt("the ledger's origin is no key name")))?;
        Ok(Self { store, origin })
    }

    /// The log's name, and so the name of its key.
    #[must_use]
    pub const fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// Origin, size and root as of the last commit, signed by nobody.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn head(&self) -> Result<Checkpoint, StoreError> {
        let head = self.store.view()?.head()?;
        Ok(Checkpoint { origin: self.origin.clone(), size: head.size, root: head.root })
    }

    /// The runs that started and have neither ended nor been marked as interrupted: what a crash
    /// left behind.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn unfinished_runs(&self) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        let view = self.store.view()?;
        let mut unfinished = Vec::new();
        for number in 0..view.head()?.runs {
            let run = view.run_at(number)?;
            if run.state == RunState::Started {
                unfinished.push((run.tenant, run.run));
            }
        }
        Ok(unfinished)
    }
}

impl Ledger {
    /// Makes a new, empty ledger, readable by its owner only.
    ///
    /// # Errors
    /// [`OpenError::Exists`] if there is anything at `path`; [`OpenError::Store`].
    pub fn create(path: &Path, origin: &KeyName) -> Result<Self, OpenError> {
        let store = Store::create(path, &first_changes(origin).map_err(OpenError::Store)?);
        Self::new(store.map_err(|error| match error {
            StoreError::Io { kind: std::io::ErrorKind::AlreadyExists } => OpenError::Exists,
            error => OpenError::Store(error),
        })?)
    }

    /// Opens a ledger for appending, and recovers what a crash left. Its tree must give the root
    /// it recorded.
    ///
    /// # Errors
    /// [`StoreError::Locked`] at once if another process has it open for writing; every other
    /// variant of [`StoreError`]; [`OpenError::Format`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::new(Store::open(path).map_err(OpenError::Store)?)
    }

    /// Opens a ledger for reading, beside a writer or alone. What the writer commits later is seen
    /// by later calls.
    ///
    /// If the last writer was killed, the file is first recovered, which needs permission to write.
    ///
    /// # Errors
    /// Every variant of [`OpenError`] but [`OpenError::Exists`].
    pub fn open_read_only(path: &Path) -> Result<LedgerReader, OpenError> {
        LedgerReader::new(Store::open_read_only(path).map_err(OpenError::Store)?)
    }

    fn new(store: Store) -> Result<Self, OpenError> {
        let reader = LedgerReader::new(store)?;
        let state = reader.load_state().map_err(OpenError::Store)?;
        Ok(Self { reader, state })
    }

    #[cfg(test)]
    pub(crate) fn create_on(backend: impl redb::StorageBackend, origin: &KeyName) -> Result<Self, OpenError> {
        let store = Store::on(backend).map_err(OpenError::Store)?;
        first_changes(origin).and_then(|first| store.commit(&first)).map_err(OpenError::Store)?;
        Self::new(store)
    }

    #[cfg(test)]
    pub(crate) fn read_on(backend: impl redb::StorageBackend) -> Result<LedgerReader, OpenError> {
        LedgerReader::new(Store::reading(backend).map_err(OpenError::Store)?)
    }

    #[cfg(test)]
    pub(crate) fn open_on(backend: impl redb::StorageBackend) -> Result<Self, OpenError> {
        Self::new(Store::on(backend).map_err(OpenError::Store)?)
    }

    /// How far `raw_now` lies behind the latest time recorded, if it does: the clock was set back,
    /// or had been ahead. Entries appended now carry the recorded time, with this one beside it.
    #[must_use]
    pub fn clock_behind(&self, raw_now: Timestamp) -> Option<Duration> {
        let behind = self.state.clock.as_millis().checked_sub(raw_now.as_millis())?;
        (behind > 0).then(|| Duration::from_millis(behind))
    }

    pub(crate) fn store_mut(&mut self) -> &mut Store {
        &mut self.reader.store
    }
}

impl LedgerReader {
    fn load_state(&self) -> Result<State, StoreError> {
        let view = self.store.view()?;
        let head = view.head()?;
        let frontier = Frontier::load(head.size, &Tree::new(&view))?;
        if frontier.root() == head.root {
            Ok(State { frontier, clock: head.clock, runs: head.runs })
        } else {
            Err(StoreError::corrupt("the tree does not give the recorded root"))
        }
    }
}

fn first_changes(origin: &KeyName) -> Result<Changes, StoreError> {
    let format = Format { version: FORMAT_VERSION, origin: origin.as_str().to_owned() };
    let clock = Timestamp::from_millis(0);
    let head = Head { version: FORMAT_VERSION, size: 0, root: empty_root(), clock, runs: 0 };
    let meta = vec![(META_FORMAT, seal(&format)?), (META_HEAD, seal(&head)?)];
    Ok(Changes { meta, ..Changes::default() })
}
