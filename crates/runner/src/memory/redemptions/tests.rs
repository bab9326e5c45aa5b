//! The table of used permits: on disk, across restarts, and when the power goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Barrier, Mutex, MutexGuard},
    thread,
};

use proptest::prelude::*;
use redb::{BackendError, StorageBackend};

use super::super::{MemoryError, Store, builder};
use super::*;

const FRESH: Answer = Ok(Spending::Fresh);
const SPENT: Answer = Ok(Spending::Spent);
const UNAVAILABLE: Answer = Err(RedemptionError::Unavailable);

fn permit(number: u8) -> Blake3Digest {
    Blake3Digest::from_bytes([number; 32])
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn created() -> (tempfile::TempDir, NodeMemory) {
    let dir = tempfile::tempdir().unwrap();
    let memory = NodeMemory::create(&dir.path().join("node.redb")).unwrap();
    (dir, memory)
}

fn reopened(dir: &tempfile::TempDir) -> NodeMemory {
    NodeMemory::open(&dir.path().join("node.redb")).unwrap()
}

#[test]
fn p18_a_used_permit_is_remembered_across_a_restart_until_its_end() {
    let (dir, memory) = created();
    assert_eq!(memory.spend(&permit(1), at(100), at(50)), FRESH);
    assert_eq!(memory.spend(&permit(1), at(100), at(50)), SPENT);
    drop(memory);
    let memory = reopened(&dir);
    assert_eq!(memory.spend(&permit(1), at(100), at(100)), SPENT);
    assert_eq!(memory.spend(&permit(2), at(200), at(100)), FRESH);
    // Its row goes with the next one that is made, and it is spent all the same, whatever the clock
    // says by then.
    assert_eq!(memory.spend(&permit(3), at(200), at(101)), FRESH);
    assert_eq!(memory.read(|txn| Ok(txn.open_table(REDEMPTIONS)?.len()?)), Ok(2));
    drop(memory);
    let memory = reopened(&dir);
    assert_eq!(memory.high_water(), Ok(at(101)));
    assert_eq!(memory.spend(&permit(1), at(100), at(50)), SPENT);
    assert_eq!(memory.spend(&permit(4), at(101), at(50)), FRESH);
}

#[test]
fn a_permit_that_is_not_fresh_costs_no_write() {
    let (_dir, memory) = created();
    assert_eq!(memory.spend(&permit(1), at(100), at(50)), FRESH);
    let before = memory.generation().unwrap();
    assert_eq!(memory.spend(&permit(1), at(100), at(60)), SPENT);
    assert_eq!(memory.spend(&permit(2), at(49), at(50)), SPENT);
    assert_eq!((memory.generation(), memory.high_water()), (Ok(before), Ok(at(50))));
    assert_eq!(memory.spend(&permit(2), at(50), at(50)), FRESH);
    assert_eq!(memory.generation(), Ok(before + 1));
}

#[test]
fn p18_a_changed_row_refuses_every_permit() {
    let (_dir, memory) = created();
    assert_eq!(memory.spend(&permit(1), at(100), at(50)), FRESH);
    let row = seal(&[1; 32], &100u64).unwrap();
    for (key, byte) in [(1, 0), (1, row.len() - 1), (2, 0)] {
        let mut changed = row.clone();
        // Under another key, the row itself may be whole.
        changed[byte] ^= u8::from(key == 1);
        let put = memory.write(|txn| {
            let mut rows = txn.open_table(REDEMPTIONS)?;
            rows.remove(&[1; 32])?;
            rows.insert(&[key; 32], changed.as_slice())?;
            Ok(())
        });
        put.unwrap();
        for number in [1, 3] {
            assert_eq!(memory.spend(&permit(number), at(100), at(50)), UNAVAILABLE, "{key} {byte}");
        }
        let clear = memory.write(|txn| Ok(txn.open_table(REDEMPTIONS)?.retain(|_, _| false)?));
        clear.unwrap();
    }
    assert_eq!(memory.spend(&permit(3), at(100), at(50)), FRESH);
}

/// What a flipped bit in a table's name does: the table is not found, and would be made anew.
#[test]
fn p18_a_table_that_is_gone_is_not_an_empty_one() {
    let (dir, memory) = created();
    assert_eq!(memory.spend(&permit(1), at(100), at(50)), FRESH);
    drop(memory);
    let raw = builder().open(dir.path().join("node.redb")).unwrap();
    let txn = raw.begin_write().unwrap();
    assert!(txn.delete_table(REDEMPTIONS).unwrap());
    txn.commit().unwrap();
    drop(raw);
    assert_eq!(reopened(&dir).spend(&permit(1), at(100), at(50)), UNAVAILABLE);
    assert!(matches!(reopened(&dir).generation(), Err(MemoryError::Corrupt { .. })));
    assert!(matches!(reopened(&dir).trust_floor(), Err(MemoryError::Corrupt { .. })));
}

#[test]
fn p18_a_full_table_forgets_nothing_to_make_room() {
    let (_dir, memory) = created();
    let filled = memory.write(|txn| {
        let mut rows = txn.open_table(REDEMPTIONS)?;
        for number in 1..MAX_REDEMPTIONS {
            let key = *Blake3Digest::of(&number.to_le_bytes()).as_bytes();
            rows.insert(&key, seal(&key, &100u64).unwrap().as_slice())?;
        }
        Ok(())
    });
    filled.unwrap();
    assert_eq!(memory.spend(&permit(1), at(200), at(100)), FRESH);
    assert_eq!(memory.spend(&permit(2), at(200), at(100)), Err(RedemptionError::Capacity));
    assert_eq!(memory.spend(&permit(1), at(200), at(100)), SPENT);
    assert_eq!(memory.spend(&permit(2), at(200), at(101)), FRESH);
}

#[test]
fn a_reader_spends_nothing() {
    let (dir, memory) = created();
    drop(memory);
    let reader = NodeMemory::open_read_only(&dir.path().join("node.redb")).unwrap();
    assert_eq!(reader.spend(&permit(1), at(100), at(50)), UNAVAILABLE);
}

#[test]
fn p18_of_many_threads_one_is_first() {
    let (_dir, memory) = created();
    let start = Barrier::new(8);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let one = || {
            start.wait();
            memory.spend(&permit(1), at(100), at(50))
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |wanted: Answer| answers.iter().filter(|answer| **answer == wanted).count();
    assert_eq!((count(FRESH), count(SPENT)), (1, 7));
}

/// As it stands on the disk when the process is killed right after the answer, with nothing closed.
#[test]
fn p18_killed_right_after_the_answer_it_is_spent() {
    let (dir, memory) = created();
    let (path, copy) = (dir.path().join("node.redb"), dir.path().join("copy.redb"));
    for number in 0..8 {
        assert_eq!(memory.spend(&permit(number), at(100), at(50)), FRESH);
        fs::copy(&path, &copy).unwrap();
        let after = NodeMemory::open(Path::new(&copy)).unwrap();
        assert_eq!(after.spend(&permit(number), at(100), at(50)), SPENT, "{number}");
    }
}

/// A disk in memory from which the power can be cut. Clones share it.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    /// What is there after a power cut for certain.
    durable: Vec<u8>,
    /// What is there if everything asked for was written.
    seen: Vec<u8>,
    /// How many more operations take effect.
    left: Option<usize>,
}

impl Disk {
    fn of(bytes: Vec<u8>, left: Option<usize>) -> Self {
        Self(Arc::new(Mutex::new(Platter { durable: bytes.clone(), seen: bytes, left })))
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap()
    }

    /// What there can be after the power cut.
    fn survivors(&self) -> [Vec<u8>; 2] {
        let platter = self.platter();
        [platter.durable.clone(), platter.seen.clone()]
    }

    fn operate(&self, change: impl FnOnce(&mut Platter)) -> io::Result<()> {
        let mut platter = self.platter();
        match &mut platter.left {
            Some(0) => return Err(io::Error::other("power cut")),
            Some(left) => *left -= 1,
            None => {}
        }
        change(&mut platter);
        Ok(())
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.platter().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.platter();
        let found = platter.seen.get(index(offset)..index(offset) + out.len());
        out.copy_from_slice(found.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.operate(|platter| platter.seen.resize(index(len), 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate(|platter| platter.durable.clone_from(&platter.seen))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.operate(|platter| platter.seen[index(offset)..index(offset) + data.len()].copy_from_slice(data))
    }

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn try_lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }
}

fn memory_on(disk: &Disk) -> Result<NodeMemory, MemoryError> {
    NodeMemory::with(|| Ok(Store::Writer(builder().create_with_backend(disk.clone())?)))
}

/// The power goes at each operation on the disk in turn, and of what was not yet synced all or
/// nothing survives: one permit is never fresh twice, and one that was said to be fresh stays spent.
#[test]
fn p18_wherever_the_power_goes_no_permit_is_fresh_twice() {
    let fresh = Disk::default();
    let memory = memory_on(&fresh).unwrap();
    memory.raise_high_water(at(50)).unwrap();
    drop(memory);
    let before = fresh.platter().seen.clone();
    let (mut fresh_first, mut cut) = (false, 0);
    while !fresh_first {
        let disk = Disk::of(before.clone(), Some(cut));
        let first = memory_on(&disk).map_or(UNAVAILABLE, |memory| {
            let answer = memory.spend(&permit(1), at(100), at(50));
            // What closing would still write is lost as well.
            disk.platter().left = Some(0);
            let _ = catch_unwind(AssertUnwindSafe(|| drop(memory)));
            answer
        });
        fresh_first = first == FRESH;
        assert!(fresh_first || first == UNAVAILABLE, "cut at {cut}: {first:?}");
        for left in disk.survivors() {
            let memory = memory_on(&Disk::of(left, None)).unwrap();
            let second = memory.spend(&permit(1), at(100), at(50));
            assert!(second == SPENT || (!fresh_first && second == FRESH), "cut at {cut}: {first:?}, then {second:?}");
            assert_eq!(memory.spend(&permit(1), at(100), at(50)), SPENT, "cut at {cut}");
        }
        cut += 1;
    }
    assert!(cut > 5, "only {cut} operations");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Against a plain set that forgets nothing, across restarts.
    #[test]
    fn it_agrees_with_a_plain_set(
        steps in proptest::collection::vec((0..12u8, 0..40u64, 0..40u64, proptest::bool::weighted(0.1)), 0..30),
    ) {
        let (dir, memory) = created();
        let (mut memory, mut used, mut time) = (Some(memory), BTreeSet::new(), 0);
        let mut ends: BTreeMap<u8, u64> = BTreeMap::new();
        for (number, until, now, restart) in steps {
            // A permit's end is part of it.
            let until = *ends.entry(number).or_insert(until);
            let fresh = until >= now.max(time) && used.insert(number);
            if fresh {
                time = time.max(now);
            }
            let answer = memory.as_ref().unwrap().spend(&permit(number), at(until), at(now));
            prop_assert_eq!(answer, if fresh { FRESH } else { SPENT });
            if restart {
                drop(memory.take());
                memory = Some(reopened(&dir));
            }
        }
    }
}
