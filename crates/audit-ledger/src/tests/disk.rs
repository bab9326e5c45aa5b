//! A disk in memory that can be looked at, altered, and cut from power at any moment.

use std::{
    io,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard},
};

use redb::{BackendError, StorageBackend};

/// What was asked of the disk since the last sync.
#[derive(Debug, Clone)]
enum Pending {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

#[derive(Debug, Default)]
struct State {
    /// What is there after a power cut for certain.
    durable: Vec<u8>,
    pending: Vec<Pending>,
    /// What reads see: both.
    seen: Vec<u8>,
    /// How many writes, length changes and syncs were asked for.
    operations: usize,
    /// From which operation on everything fails.
    cut_at: Option<usize>,
    /// Which operation fails once.
    fail_once: Option<Failure>,
}

/// A failure of one operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failure {
    pub(super) at: usize,
    /// Whether it took effect nevertheless.
    pub(super) persisted: bool,
}

/// Clones share the disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { durable: bytes.clone(), seen: bytes, ..State::default() })))
    }

    pub(super) fn cut_at(operation: usize) -> Self {
        Self(Arc::new(Mutex::new(State { cut_at: Some(operation), ..State::default() })))
    }

    pub(super) fn failing_once(failure: Failure) -> Self {
        Self(Arc::new(Mutex::new(State { fail_once: Some(failure), ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.state().seen.clone()
    }

    pub(super) fn operations(&self) -> usize {
        self.state().operations
    }

    /// What is there after a power cut, if of the writes since the last sync those survive that
    /// `choose` picks, in the order it gives.
    pub(super) fn after_power_cut(&self, choose: impl FnOnce(usize) -> Vec<usize>) -> Vec<u8> {
        let state = self.state();
        let mut bytes = state.durable.clone();
        for index in choose(state.pending.len()) {
            apply(&mut bytes, &state.pending[index]);
        }
        bytes
    }

    fn operate(&self, pending: Option<Pending>) -> io::Result<()> {
        let mut state = self.state();
        let now = state.operations;
        state.operations += 1;
        if state.cut_at.is_some_and(|cut| now >= cut) {
            return Err(io::Error::other("power cut"));
        }
        let failure = state.fail_once.filter(|failure| failure.at == now);
        if failure.is_none_or(|failure| failure.persisted) {
            match pending {
                Some(pending) => {
                    apply(&mut state.seen, &pending);
                    state.pending.push(pending);
                }
                None => {
                    state.durable = state.seen.clone();
                    state.pending.clear();
                }
            }
        }
        if failure.is_some() { Err(io::Error::other("failed once")) } else { Ok(()) }
    }
}

fn apply(bytes: &mut Vec<u8>, pending: &Pending) {
    match pending {
        Pending::SetLen(len) => bytes.resize(*len, 0),
        Pending::Write(offset, data) => {
            // A write that survives past a lost change of length lengthens the file itself.
            let end = offset + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(data);
        }
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let end = index(offset).saturating_add(out.len());
        let found = state.seen.get(index(offset)..end);
        out.copy_from_slice(found.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.operate(Some(Pending::SetLen(index(len))))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate(None)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.operate(Some(Pending::Write(index(offset), data.to_vec())))
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
