//! The file: opening it in the one mode we use, and committing to it durably.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use redb::{Builder, ConcurrencyMode, Database, Durability, ReadOnlyDatabase, TableDefinition, WriteTransaction};

use crate::{
    StoreError,
    boundary::{Fault, guarded},
    tables::{ENTRIES, IDEMPOTENCY, META, ROWS, RUN_INDEX, RUN_NAMES, RUNS},
};

/// How much of the file redb may keep in memory: every page that an append touches, many times.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

pub(crate) enum Handle {
    Writer(Database),
    Reader(ReadOnlyDatabase),
}

/// The open file. After damage or a failed commit it refuses everything until it is opened again.
pub(crate) struct Store {
    handle: Option<Handle>,
    latched: AtomicBool,
}

/// What one transaction writes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// New records.
    pub(crate) entries: Vec<(u64, Vec<u8>)>,
    /// Rows of the tree as they now are.
    pub(crate) rows: BTreeMap<u64, Vec<u8>>,
    /// New places in runs.
    pub(crate) run_index: Vec<((u64, u64), u64)>,
    /// Runs as they now are.
    pub(crate) runs: BTreeMap<u64, Vec<u8>>,
    /// New runs.
    pub(crate) run_names: Vec<(Vec<u8>, u64)>,
    /// New idempotency keys.
    pub(crate) idempotency: Vec<([u8; 40], u64)>,
    /// Single values as they now are.
    pub(crate) meta: Vec<(&'static str, Vec<u8>)>,
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_concurrency_mode(ConcurrencyMode::SingleWriter).set_cache_size(CACHE_BYTES);
    builder
}

impl Store {
    /// Makes a new file, for its owner only, that holds `first`. Fails if the path exists.
    pub(crate) fn create(path: &Path, first: &Changes) -> Result<Self, StoreError> {
        create_file(path).map_err(io)?;
        let made = Self::open_with(|builder| Ok(Handle::Writer(builder.create(path)?)));
        let committed = made.and_then(|store| store.commit(first).map(|()| store));
        let synced = committed.and_then(|store| sync_parent(path).map_err(io).map(|()| store));
        if synced.is_err() {
            // Nothing was acknowledged; leaving half a ledger would only block the next attempt.
            std::fs::remove_file(path).ok();
        }
        synced
    }

    /// Opens for writing; recovers what a crash left.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(|builder| Ok(Handle::Writer(builder.open(path)?)))
    }

    /// Opens for reading, beside a writer or alone. A file whose writer was killed must be
    /// recovered first, which needs a moment as the writer.
    pub(crate) fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        match Self::try_read_only(path) {
            Err(Fault::NeedsRecovery) => {}
            opened => return Ok(opened?),
        }
        match Self::open(path) {
            // Whoever has it open for writing has recovered it.
            Ok(_) | Err(StoreError::Locked) => Ok(Self::try_read_only(path)?),
            Err(error) => Err(error),
        }
    }

    fn try_read_only(path: &Path) -> Result<Self, Fault> {
        Self::open_with_fault(|builder| Ok(Handle::Reader(builder.open_read_only(path)?)))
    }

    fn open_with(open: impl FnOnce(&Builder) -> Result<Handle, redb::Error>) -> Result<Self, StoreError> {
        Ok(Self::open_with_fault(open)?)
    }

    fn open_with_fault(open: impl FnOnce(&Builder) -> Result<Handle, redb::Error>) -> Result<Self, Fault> {
        let latched = AtomicBool::new(false);
        let handle = Some(guarded(&latched, || open(&builder()))?);
        Ok(Self { handle, latched })
    }

    #[cfg(test)]
    pub(crate) fn reading(backend: impl redb::StorageBackend) -> Result<Self, StoreError> {
        Self::open_with(|builder| Ok(Handle::Reader(builder.open_read_only_with_backend(backend)?)))
    }

    #[cfg(test)]
    pub(crate) fn on(backend: impl redb::StorageBackend) -> Result<Self, StoreError> {
        Self::open_with(|builder| Ok(Handle::Writer(builder.create_with_backend(backend)?)))
    }

    /// Makes a call into redb through the boundary.
    pub(crate) fn call<T>(&self, call: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, StoreError> {
        Ok(guarded(&self.latched, call)?)
    }

    /// The handle, unless an earlier failure latched it.
    pub(crate) fn handle(&self) -> Result<&Handle, StoreError> {
        let latched = self.latched.load(Ordering::Acquire);
        self.open_handle().filter(|_| !latched).ok_or(StoreError::Latched)
    }

    pub(crate) const fn open_handle(&self) -> Option<&Handle> {
        self.handle.as_ref()
    }

    /// Writes `changes` in one durable transaction. Any failure latches: what is on disk then is
    /// known only to the next open.
    pub(crate) fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let Handle::Writer(database) = self.handle()? else { return Err(StoreError::Locked) };
        let result = self.call(|| write(database, changes));
        if result.is_err() {
            self.latched.store(true, Ordering::Release);
        }
        result
    }

    /// Checks every page of the committed trees against its checksum, and the allocator against
    /// the pages. `false` means that something was wrong and redb rebuilt it.
    pub(crate) fn check_pages(&mut self) -> Result<bool, StoreError> {
        self.handle()?;
        let Some(Handle::Writer(database)) = &mut self.handle else { return Err(StoreError::Locked) };
        Ok(guarded(&self.latched, || Ok(database.check_integrity()?))?)
    }
}

impl Drop for Store {
    /// Closing flushes and unlocks, and on a damaged file may panic like everything else.
    fn drop(&mut self) {
        let handle = self.handle.take();
        // What is acknowledged is durable already: there is nothing to tell anyone.
        guarded(&self.latched, move || {
            drop(handle);
            Ok(())
        })
        .ok();
    }
}

fn io(error: std::io::Error) -> StoreError {
    StoreError::Io { kind: error.kind() }
}

fn create_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A new file is there after a crash only if its directory was synced too.
fn sync_parent(path: &Path) -> std::io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn write(database: &Database, changes: &Changes) -> Result<(), redb::Error> {
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    // Two-phase, with the allocator saved: an open after a crash neither walks the file nor
    // believes a half-written commit.
    txn.set_quick_repair(true);
    insert_new(&txn, ENTRIES, changes.entries.iter().map(|(key, value)| (*key, value.as_slice())))?;
    insert_new(&txn, RUN_INDEX, changes.run_index.iter().copied())?;
    insert_new(&txn, RUN_NAMES, changes.run_names.iter().map(|(key, value)| (key.as_slice(), *value)))?;
    insert_new(&txn, IDEMPOTENCY, changes.idempotency.iter().map(|(key, value)| (key, *value)))?;
    insert(&txn, ROWS, changes.rows.iter().map(|(key, value)| (*key, value.as_slice())))?;
    insert(&txn, RUNS, changes.runs.iter().map(|(key, value)| (*key, value.as_slice())))?;
    insert(&txn, META, changes.meta.iter().map(|(key, value)| (*key, value.as_slice())))?;
    Ok(txn.commit()?)
}

/// Inserts what must not be there yet: nothing that was acknowledged is ever written over.
fn insert_new<'c, K: redb::Key + 'static, V: redb::Value + 'static>(
    txn: &WriteTransaction,
    table: TableDefinition<'static, K, V>,
    rows: impl Iterator<Item = (K::SelfType<'c>, V::SelfType<'c>)>,
) -> Result<(), redb::Error> {
    let mut table = txn.open_table(table)?;
    for (key, value) in rows {
        if table.insert(key, value)?.is_some() {
            return Err(redb::Error::Corrupted("a new row was there already".to_owned()));
        }
    }
    Ok(())
}

fn insert<'c, K: redb::Key + 'static, V: redb::Value + 'static>(
    txn: &WriteTransaction,
    table: TableDefinition<'static, K, V>,
    rows: impl Iterator<Item = (K::SelfType<'c>, V::SelfType<'c>)>,
) -> Result<(), redb::Error> {
    let mut table = txn.open_table(table)?;
    for (key, value) in rows {
        table.insert(key, value)?;
    }
    Ok(())
}
