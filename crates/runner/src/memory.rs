//! What a node must not forget: floors, nonces, roots of runs, used permits, and the latest time it
//! has seen.

mod floors;
mod lowered;
mod peers;
mod redemptions;
mod summary;

pub use lowered::{Lowered, MAX_LEFT_VERSIONS, Seen};

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use reach_mesh_delegation::{Claim, MAX_NONCES, MAX_NONCES_PER_ISSUER, NonceError, NonceStore, Reservation};
use reach_pack_integrity::{SeenError, SeenVersions};
use reach_types::{Blake3Digest, PackName, PackVersion, Timestamp, decode_strict, encode_strict};
use redb::backends::FileBackend;
use redb::{
    ConcurrencyMode, Database, ReadOnlyDatabase, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableDefinition, WriteTransaction,
};
use serde::{Serialize, de::DeserializeOwned};

use floors::Floor;
use summary::Summary;

const SUMMARY: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("summary");
const FLOORS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("floors");
const NONCES: TableDefinition<'_, (&[u8; 32], &[u8; 32]), &[u8]> = TableDefinition::new("nonces");
const ROOTS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("roots");
const REDEMPTIONS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("redemptions");

/// Why the node's memory did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// Another process writes to it.
    #[error("another process is using this state directory")]
    Locked,
    /// The file is gone.
    #[error("the node's memory, `node.redb`, is gone")]
    Missing,
    /// The file cannot be read as what it should be.
    #[error("the node's memory is damaged: {detail}")]
    Corrupt {
        /// What was seen.
        detail: String,
    },
    /// No room for one more version that a downgrade of the pack leaves.
    #[error("the node remembers {limit} versions that this pack was taken back from, and no more")]
    Full {
        /// The most.
        limit: usize,
    },
    /// The disk.
    #[error("the node's memory: {detail}")]
    Io {
        /// What the system said.
        detail: String,
    },
}

reach_types::codes!(MemoryError {
    Locked => ("state.locked", Environment, "wait for the other command, or ask the running `reach serve`"),
    Missing => ("state.memory_missing", Expired, "bring node.redb back: without it used nonces and raised floors are forgotten"),
    Corrupt => ("state.memory_corrupt", Refused, "restore the state directory from a backup"),
    Full => ("state.memory_full", Limit, "release what should run as a newer version of the pack instead of going back"),
    Io => ("state.memory_io", Environment, "check the disk and its permissions"),
});

/// The durable memory of one node, in one redb file of its own.
///
/// redb panics on some damaged files, so every call passes `guarded`, and after the first such
/// fault every further call refuses.
pub struct NodeMemory {
    // INVARIANT: there until it is dropped.
    store: Option<Store>,
    broken: AtomicBool,
}

/// Whether a transaction is worth committing.
enum Change {
    Made,
    None,
}

enum Store {
    Writer(Database),
    Reader(ReadOnlyDatabase),
}

impl NodeMemory {
    /// Makes the file; it must not exist.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn create(path: &Path) -> Result<Self, MemoryError> {
        let private = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
        let file = private.map_err(|error| MemoryError::Io { detail: error.to_string() })?;
        let memory = Self::with(|| Ok(Store::Writer(builder().create_with_backend(FileBackend::new(file)?)?)))?;
        memory.write(|txn| {
            txn.open_table(FLOORS)?;
            txn.open_table(NONCES)?;
            txn.open_table(ROOTS)?;
            txn.open_table(REDEMPTIONS)?;
            Ok(())
        })?;
        Ok(memory)
    }

    /// Opens the file for reading and writing.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn open(path: &Path) -> Result<Self, MemoryError> {
        Self::with(|| Ok(Store::Writer(builder().open(path)?)))
    }

    /// Opens the file for reading, beside a writer if there is one.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn open_read_only(path: &Path) -> Result<Self, MemoryError> {
        Self::with(|| match builder().open_read_only(path) {
            // A writer was killed: its last commit has to be settled first, which opening does.
            Err(redb::DatabaseError::RepairAborted) => {
                drop(builder().open(path)?);
                Ok(Store::Reader(builder().open_read_only(path)?))
            }
            opened => Ok(Store::Reader(opened?)),
        })
    }

    /// How often this memory has been written: it only ever counts up.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn generation(&self) -> Result<u64, MemoryError> {
        self.summary().map(|summary| summary.generation)
    }

    /// How many floors are kept: they are raised and never dropped, so this only ever counts up.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn floors(&self) -> Result<u64, MemoryError> {
        self.summary().map(|summary| summary.floors)
    }

    fn with(open: impl FnOnce() -> Result<Store, redb::Error>) -> Result<Self, MemoryError> {
        Ok(Self { store: Some(guarded(open)?), broken: AtomicBool::new(false) })
    }

    /// The one boundary for redb's faults: an error or a panic closes this handle for good.
    fn call<T>(&self, body: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, MemoryError> {
        if self.broken.load(Ordering::Acquire) {
            return Err(MemoryError::Corrupt { detail: "an earlier call failed".to_owned() });
        }
        let result = guarded(body);
        if result.is_err() {
            self.broken.store(true, Ordering::Release);
        }
        result
    }

    fn read<T>(&self, body: impl FnOnce(&redb::ReadTransaction) -> Result<T, redb::Error>) -> Result<T, MemoryError> {
        self.call(|| match &self.store {
            Some(Store::Writer(database)) => body(&database.begin_read()?),
            Some(Store::Reader(database)) => body(&database.begin_read()?),
            None => Err(redb::Error::DatabaseClosed),
        })
    }

    fn write<T>(&self, body: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>) -> Result<T, MemoryError> {
        self.write_with(|txn, _| body(txn))
    }

    fn write_with<T>(
        &self,
        body: impl FnOnce(&WriteTransaction, &mut Summary) -> Result<T, redb::Error>,
    ) -> Result<T, MemoryError> {
        self.transact(|txn, summary| Ok((body(txn, summary)?, Change::Made)))
    }

    /// One transaction, which costs no write if `body` made no change.
    fn transact<T>(
        &self,
        body: impl FnOnce(&WriteTransaction, &mut Summary) -> Result<(T, Change), redb::Error>,
    ) -> Result<T, MemoryError> {
        let Some(Store::Writer(database)) = &self.store else {
            return Err(MemoryError::Io { detail: "opened for reading only".to_owned() });
        };
        self.call(|| {
            let mut txn = database.begin_write()?;
            txn.set_quick_repair(true);
            let mut summary = Summary::load(&txn)?;
            match body(&txn, &mut summary)? {
                (value, Change::None) => {
                    txn.abort()?;
                    Ok(value)
                }
                (value, Change::Made) => {
                    summary.store(&txn)?;
                    txn.commit()?;
                    Ok(value)
                }
            }
        })
    }

    /// The summary, held against the tables that are there.
    fn summary(&self) -> Result<Summary, MemoryError> {
        self.read(Summary::read)
    }

    /// The latest time this node has acted at.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn high_water(&self) -> Result<Timestamp, MemoryError> {
        let millis = self.summary()?.high_water;
        Ok(Timestamp::from_millis(millis))
    }

    /// Remembers that this node has acted at `now`; it never goes back.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn raise_high_water(&self, now: Timestamp) -> Result<(), MemoryError> {
        self.write_with(|_, summary| {
            summary.high_water = summary.high_water.max(now.as_millis());
            Ok(())
        })
    }
}

impl Drop for NodeMemory {
    /// Closing writes, and on a damaged file redb may panic at that too.
    fn drop(&mut self) {
        let store = self.store.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(store)));
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_concurrency_mode(ConcurrencyMode::SingleWriter).set_cache_size(4 * 1024 * 1024);
    builder
}

fn guarded<T>(body: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, MemoryError> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch)) => Err(MemoryError::Locked),
        Ok(Err(redb::Error::Io(error))) if error.kind() == ErrorKind::NotFound => Err(MemoryError::Missing),
        Ok(Err(redb::Error::Io(error))) => Err(MemoryError::Io { detail: error.to_string() }),
        Ok(Err(error)) => Err(corrupt(&error)),
        Err(_) => Err(MemoryError::Corrupt { detail: "the store gave up reading it".to_owned() }),
    }
}

fn corrupt(error: &dyn std::fmt::Display) -> MemoryError {
    MemoryError::Corrupt { detail: error.to_string() }
}

impl SeenVersions for NodeMemory {
    fn highest(&self, name: &PackName) -> Result<Option<(PackVersion, Blake3Digest)>, SeenError> {
        let floor = self
            .kept::<Floor<String>>("pack", name.as_str())
            .map_err(|_| SeenError::Unavailable { reason: "the node's memory does not answer" })?;
        let parse = |(version, digest): (String, Blake3Digest)| {
            PackVersion::parse(&version)
                .map(|version| (version, digest))
                .map_err(|_| SeenError::Unavailable { reason: "the node's memory does not answer" })
        };
        floor.map(parse).transpose()
    }

    /// What a downgrade left stays what it was: one version is one archive, before and after.
    fn archive_of(&self, name: &PackName, version: PackVersion) -> Result<Option<Blake3Digest>, SeenError> {
        if let Some((_, digest)) = self.highest(name)?.filter(|(seen, _)| *seen == version) {
            return Ok(Some(digest));
        }
        let left = self.left(name, version);
        left.map_err(|_| SeenError::Unavailable { reason: "the node's memory does not answer" })
    }
}

/// What is kept of a nonce or of a run's root: the link it stands for, and until when.
type Kept = (Blake3Digest, Timestamp);

impl NonceStore for NodeMemory {
    /// One write transaction: two callers cannot both find the nonce unused.
    fn reserve(&self, claim: &Claim, now: Timestamp) -> Result<Reservation, NonceError> {
        self.write(|txn| reserve(txn, claim, now)).unwrap_or(Err(NonceError::Unavailable))
    }
}

fn reserve(
    txn: &WriteTransaction,
    claim: &Claim,
    now: Timestamp,
) -> Result<Result<Reservation, NonceError>, redb::Error> {
    let mut nonces = txn.open_table(NONCES)?;
    let mut roots = txn.open_table(ROOTS)?;
    let mut whole = true;
    let mut lives = |key: &[u8], bytes: &[u8]| match unseal::<Kept>(key, bytes) {
        Some((_, until)) => now <= until,
        None => {
            whole = false;
            true
        }
    };
    nonces.retain(|(issuer, nonce), value| lives(&[&issuer[..], nonce].concat(), value))?;
    roots.retain(|run, value| lives(run, value))?;
    if !whole {
        // A row that was changed may be the very nonce that is asked for.
        return Ok(Err(NonceError::Unavailable));
    }
    let (issuer, run) = (claim.issuer.0.as_bytes(), claim.run.0.as_bytes());
    let nonce_key = [&issuer[..], &claim.nonce].concat();
    let known = nonces.get((issuer, &claim.nonce))?.and_then(|value| unseal::<Kept>(&nonce_key, value.value()));
    if let Some((link, _)) = known {
        return Ok(Ok(if link == claim.link { Reservation::Replayed } else { Reservation::Equivocation }));
    }
    let rooted = roots.get(run)?.and_then(|value| unseal::<Kept>(run, value.value()));
    if rooted.is_some_and(|(root, _)| root != claim.root) {
        return Ok(Ok(Reservation::RunAlreadyRooted));
    }
    let of_issuer = nonces.range((issuer, &[0; 32])..=(issuer, &[0xff; 32]))?.count();
    let total = usize::try_from(nonces.len()?).unwrap_or(usize::MAX);
    if of_issuer >= MAX_NONCES_PER_ISSUER || total >= MAX_NONCES {
        return Ok(Err(NonceError::Capacity));
    }
    let sealed = (seal(&nonce_key, &(claim.link, claim.until)), seal(run, &(claim.root, later(rooted, claim.until))));
    let (Some(link), Some(root)) = sealed else { return Ok(Err(NonceError::Unavailable)) };
    nonces.insert((issuer, &claim.nonce), link.as_slice())?;
    roots.insert(run, root.as_slice())?;
    Ok(Ok(Reservation::Fresh))
}

/// The bytes of a check: enough that damage is not missed; it is no secret and no signature.
const CHECK_BYTES: usize = 8;
/// The most bytes of a row: a version as text and a digest.
const MAX_ROW_BYTES: usize = 256;

fn check_of(key: &[u8], value: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Blake3Digest::derive("reach 2026 node memory row v1", &[key, value]);
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(digest.as_bytes().split_at(CHECK_BYTES).0);
    check
}

/// `value` in strict postcard, followed by a check over it and its key.
fn seal<V: Serialize>(key: &[u8], value: &V) -> Option<Vec<u8>> {
    let mut bytes = encode_strict(value).ok()?;
    let check = check_of(key, &bytes);
    bytes.extend_from_slice(&check);
    Some(bytes)
}

fn unseal<V: Serialize + DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Option<V> {
    let (value, check) = bytes.split_last_chunk::<CHECK_BYTES>()?;
    if *check == check_of(key, value) { decode_strict(value, MAX_ROW_BYTES).ok() } else { None }
}

/// A run's root is kept as long as the longest-lived chain that used it.
fn later(rooted: Option<Kept>, until: Timestamp) -> Timestamp {
    rooted.map_or(until, |(_, known)| known.max(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::{NodeId, RunId, Sha256Digest};

    fn claim(nonce: u8, link: u8, run: u8, root: u8, until: u64) -> Claim {
        Claim {
            issuer: NodeId(Sha256Digest::from_bytes([1; 32])),
            nonce: [nonce; 32],
            link: Blake3Digest::from_bytes([link; 32]),
            run: RunId(Blake3Digest::from_bytes([run; 32])),
            root: Blake3Digest::from_bytes([root; 32]),
            until: Timestamp::from_millis(until),
        }
    }

    #[test]
    fn d19_a_nonce_is_remembered_across_a_restart_until_it_has_expired() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.redb");
        let at = Timestamp::from_millis;
        let first = claim(1, 1, 1, 1, 100);
        assert_eq!(NodeMemory::create(&path).unwrap().reserve(&first, at(50)), Ok(Reservation::Fresh));
        let again = NodeMemory::open(&path).unwrap();
        assert_eq!(again.reserve(&first, at(50)), Ok(Reservation::Replayed));
        assert_eq!(again.reserve(&first, at(100)), Ok(Reservation::Replayed));
        assert_eq!(again.reserve(&claim(1, 2, 2, 2, 100), at(50)), Ok(Reservation::Equivocation));
        assert_eq!(again.reserve(&claim(2, 2, 1, 2, 100), at(50)), Ok(Reservation::RunAlreadyRooted));
        assert_eq!(again.reserve(&claim(2, 2, 1, 1, 100), at(50)), Ok(Reservation::Fresh));
        assert_eq!(again.reserve(&claim(1, 1, 1, 1, 300), at(101)), Ok(Reservation::Fresh));
    }

    #[test]
    fn d19_a_changed_row_refuses_every_nonce() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.redb");
        let memory = NodeMemory::create(&path).unwrap();
        assert_eq!(memory.reserve(&claim(1, 1, 1, 1, 100), Timestamp::from_millis(50)), Ok(Reservation::Fresh));
        let changed = |at: usize| {
            let mut row = seal(&[[1; 32], [1; 32]].concat(), &(Blake3Digest::from_bytes([1; 32]), 100u64)).unwrap();
            row[at] ^= 1;
            row
        };
        for at in [0, 31, 32, 38] {
            memory
                .write(|txn| {
                    txn.open_table(NONCES)?.insert((&[1; 32], &[1; 32]), changed(at).as_slice())?;
                    Ok(())
                })
                .unwrap();
            let fresh = claim(2, 2, 2, 2, 100);
            assert_eq!(memory.reserve(&fresh, Timestamp::from_millis(50)), Err(NonceError::Unavailable), "{at}");
        }
    }

    /// What a flipped bit in a table's name does: the table is not found, and would be made anew.
    #[test]
    fn d19_a_table_that_is_gone_is_not_an_empty_one() {
        type Delete = fn(&WriteTransaction) -> Result<bool, redb::TableError>;
        let at = Timestamp::from_millis(50);
        let tables: [Delete; 4] = [
            |txn| txn.delete_table(NONCES),
            |txn| txn.delete_table(ROOTS),
            |txn| txn.delete_table(FLOORS),
            |txn| txn.delete_table(SUMMARY),
        ];
        for delete in tables {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("node.redb");
            let memory = NodeMemory::create(&path).unwrap();
            memory.raise_trust_floor(1, Blake3Digest::from_bytes([1; 32])).unwrap();
            assert_eq!(memory.reserve(&claim(1, 1, 1, 1, 100), at), Ok(Reservation::Fresh));
            drop(memory);
            let raw = builder().open(&path).unwrap();
            let txn = raw.begin_write().unwrap();
            assert!(delete(&txn).unwrap());
            txn.commit().unwrap();
            drop(raw);
            let reopened = || NodeMemory::open(&path).unwrap();
            assert_eq!(reopened().reserve(&claim(1, 1, 1, 1, 100), at), Err(NonceError::Unavailable));
            assert!(matches!(reopened().trust_floor(), Err(MemoryError::Corrupt { .. })));
            assert!(matches!(reopened().generation(), Err(MemoryError::Corrupt { .. })));
        }
    }

    #[test]
    fn every_write_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let memory = NodeMemory::create(&dir.path().join("node.redb")).unwrap();
        let before = memory.generation().unwrap();
        memory.raise_high_water(Timestamp::from_millis(1)).unwrap();
        memory.raise_trust_floor(1, Blake3Digest::from_bytes([1; 32])).unwrap();
        assert_eq!(memory.generation().unwrap(), before + 2);
    }

    #[test]
    fn d16_the_high_water_never_goes_back() {
        let dir = tempfile::tempdir().unwrap();
        let memory = NodeMemory::create(&dir.path().join("node.redb")).unwrap();
        for (raised, expected) in [(5, 5), (3, 5), (9, 9)] {
            memory.raise_high_water(Timestamp::from_millis(raised)).unwrap();
            assert_eq!(memory.high_water().unwrap(), Timestamp::from_millis(expected));
        }
    }
}
