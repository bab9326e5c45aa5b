//! Appending: one durable transaction for a batch, receipts only after it.

use std::collections::BTreeMap;

use reach_tlog::leaf_hash;
use reach_types::Timestamp;
use ring::rand::SecureRandom;

use crate::{
    Ledger, LedgerReceipt, MAX_BATCH, MAX_ENTRIES, MAX_PAYLOAD_BYTES, NewEntry, StoreError,
    head::{FORMAT_VERSION, Head},
    ledger::State,
    record::{Checked, EntryFault, PayloadState, RECORD_VERSION, Record, RecordHead},
    rows::StagedRows,
    run::{Run, RunState},
    sealed::seal,
    store::Changes,
    tables::{META_HEAD, idempotency_key, run_name},
    view::View,
};

/// The latest clock reading accepted: the end of the year 9998, after which dates have no text.
pub const MAX_CLOCK: Timestamp = Timestamp::from_millis(253_370_764_799_999);

/// Why nothing of a batch was appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The store. After a failed commit the ledger refuses until it is opened again.
    #[error(transparent)]
    Store(StoreError),
    /// More entries than [`MAX_BATCH`].
    #[error("a batch of {actual} entries, at most {MAX_BATCH} are allowed")]
    BatchTooLarge {
        /// How many there were.
        actual: usize,
    },
    /// A payload over [`MAX_PAYLOAD_BYTES`].
    #[error("the payload of entry {index} has {actual} bytes, at most {MAX_PAYLOAD_BYTES} are allowed")]
    PayloadTooLarge {
        /// Which entry of the batch, from 0.
        index: usize,
        /// Its payload's size.
        actual: usize,
    },
    /// The idempotency key was used for another entry of the run.
    #[error("the idempotency key of entry {index} already stands for another entry")]
    IdempotencyConflict {
        /// Which entry of the batch, from 0.
        index: usize,
    },
    /// The run has ended.
    #[error("the run of entry {index} has ended and takes no more entries")]
    RunClosed {
        /// Which entry of the batch, from 0.
        index: usize,
    },
    /// The clock reads later than [`MAX_CLOCK`].
    #[error("the clock reads a time after the year 9998")]
    Clock,
    /// The system gave no randomness for salts.
    #[error("no randomness available")]
    NoRandomness,
    /// The ledger holds [`MAX_ENTRIES`].
    #[error("the ledger is full")]
    Full,
}

reach_types::codes!(AppendError {
    BatchTooLarge => ("audit.batch_too_large", Limit, "append in smaller batches"),
    PayloadTooLarge => ("audit.payload_too_large", Limit, "log a digest and keep the content elsewhere"),
    IdempotencyConflict => ("audit.idempotency_conflict", Refused, "use a new key for a new entry"),
    RunClosed => ("audit.run_closed", Refused, "start another run"),
    Clock => ("audit.clock_out_of_range", Environment, "set the system's clock"),
    NoRandomness => ("audit.no_randomness", Environment, "check the system's random source"),
    Full => ("audit.full", Limit, "start another ledger"),
} wrap { Store });

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Ledger {
    /// Appends all of `entries` or none, in order, and returns their receipts once they are
    /// durable.
    ///
    /// The time recorded is `raw_now`, or that of the latest entry if it is later. An entry whose
    /// idempotency key is known gets the receipt of the entry that is there already.
    ///
    /// # Errors
    /// Every variant of [`AppendError`]; nothing was appended, but for a commit whose outcome
    /// only the next [`Ledger::open`] can tell: then, and for every call after it,
    /// [`AppendError::Store`].
    pub fn append(
        &mut self,
        entries: &[NewEntry],
        raw_now: Timestamp,
        random: &dyn SecureRandom,
    ) -> Result<Vec<LedgerReceipt>, AppendError> {
        check_limits(entries, raw_now, self.state.frontier.size())?;
        let view = self.store.view()?;
        let mut batch = Batch::new(&view, self.state.clone(), entries, raw_now);
        let receipts: Result<Vec<_>, _> = (0..entries.len()).map(|index| batch.add(index, random)).collect();
        let (receipts, (changes, state)) = (receipts?, batch.finish()?);
        drop(view);
        if !changes.entries.is_empty() {
            self.store.commit(&changes)?;
            self.state = state;
        }
        Ok(receipts)
    }
}

/// Everything that can be refused without looking at the store.
fn check_limits(entries: &[NewEntry], raw_now: Timestamp, size: u64) -> Result<(), AppendError> {
    let actual = entries.len();
    if actual > MAX_BATCH {
        return Err(AppendError::BatchTooLarge { actual });
    }
    if raw_now > MAX_CLOCK {
        return Err(AppendError::Clock);
    }
    let room = MAX_ENTRIES.saturating_sub(size);
    if u64::try_from(actual).is_ok_and(|actual| actual > room) {
        return Err(AppendError::Full);
    }
    let too_large = |entry: &&NewEntry| entry.payload.len() > MAX_PAYLOAD_BYTES;
    match entries.iter().enumerate().find(|(_, entry)| too_large(entry)) {
        Some((index, entry)) => Err(AppendError::PayloadTooLarge { index, actual: entry.payload.len() }),
        None => Ok(()),
    }
}

/// A batch in the making: nothing of it is seen by anyone before the commit.
struct Batch<'v> {
    view: &'v View<'v>,
    entries: &'v [NewEntry],
    raw_now: Timestamp,
    state: State,
    rows: StagedRows<'v>,
    runs: BTreeMap<u64, Run>,
    names: BTreeMap<Vec<u8>, u64>,
    keys: BTreeMap<[u8; 40], Staged>,
    changes: Changes,
}

/// An entry of this batch that has an idempotency key.
struct Staged {
    index: usize,
    receipt: LedgerReceipt,
}

impl<'v> Batch<'v> {
    fn new(view: &'v View<'v>, state: State, entries: &'v [NewEntry], raw_now: Timestamp) -> Self {
        let (rows, changes) = (StagedRows::new(view), Changes::default());
        let (runs, names, keys) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { view, entries, raw_now, state, rows, runs, names, keys, changes }
    }

    fn add(&mut self, index: usize, random: &dyn SecureRandom) -> Result<LedgerReceipt, AppendError> {
        let Some(new) = self.entries.get(index) else { return Err(AppendError::Full) };
        let (number, run) = self.run_of(new)?;
        let key = new.idempotency.map(|key| idempotency_key(number, &key));
        if let Some(key) = &key
            && let Some(receipt) = self.known(key, index, new)?
        {
            return Ok(receipt);
        }
        if run.state == RunState::Closed {
            return Err(AppendError::RunClosed { index });
        }
        let receipt = self.stage(number, run, new, random)?;
        if let Some(key) = key {
            self.changes.idempotency.push((key, receipt.seq));
            self.keys.insert(key, Staged { index, receipt: receipt.clone() });
        }
        Ok(receipt)
    }

    /// The run an entry belongs to: as this batch left it, as the store has it, or a new one.
    fn run_of(&mut self, new: &NewEntry) -> Result<(u64, Run), AppendError> {
        let name = run_name(&new.tenant, &new.run);
        if let Some(number) = self.names.get(&name) {
            let run = self.runs.get(number).cloned();
            return Ok((*number, run.ok_or(StoreError::corrupt("a run is missing"))?));
        }
        let found = self.view.run_named(&new.tenant, &new.run)?;
        let (number, run) = match found {
            Some(found) => found,
            None => (self.new_run(&name), Run::new(new.tenant.clone(), new.run)),
        };
        self.names.insert(name, number);
        self.runs.insert(number, run.clone());
        Ok((number, run))
    }

    fn new_run(&mut self, name: &[u8]) -> u64 {
        let number = self.state.runs;
        self.state.runs = number.saturating_add(1);
        self.changes.run_names.push((name.to_vec(), number));
        number
    }

    /// The receipt of the entry that this key already stands for, in this batch or in the store.
    fn known(&self, key: &[u8; 40], index: usize, new: &NewEntry) -> Result<Option<LedgerReceipt>, AppendError> {
        let conflict = AppendError::IdempotencyConflict { index };
        if let Some(staged) = self.keys.get(key) {
            let same = self.entries.get(staged.index).is_some_and(|earlier| same_content(earlier, new));
            return if same { Ok(Some(staged.receipt.clone())) } else { Err(conflict) };
        }
        let Some(seq) = self.view.idempotent(key)? else { return Ok(None) };
        let there = self.view.checked(seq).map_err(damaged)?;
        if !stands_for(&there, new) {
            return Err(damaged(EntryFault::LeafMismatch).into());
        }
        if is_same(&there, new) { Ok(Some(receipt_of(&there))) } else { Err(conflict) }
    }

    fn stage(
        &mut self,
        number: u64,
        mut run: Run,
        new: &NewEntry,
        random: &dyn SecureRandom,
    ) -> Result<LedgerReceipt, AppendError> {
        let seq = self.state.frontier.size();
        let time = self.state.clock.max(self.raw_now);
        let record = Record {
            head: RecordHead {
                version: RECORD_VERSION,
                run_number: number,
                index_in_run: run.count,
                kind: new.kind,
                author: new.author.clone(),
                time,
                raw_time: self.raw_now,
                idempotency: new.idempotency,
                prev_leaf: run.last_leaf,
                header_salt: draw(random)?,
                payload: PayloadState::Present(draw(random)?),
            },
            payload: new.payload.clone(),
        };
        let leaf_hash = leaf_hash(&record.leaf(&record.header(seq, &run))?);
        self.grow(leaf_hash)?;
        let index_in_run = run.count;
        self.changes.entries.push((seq, record.encode()?));
        self.changes.run_index.push(((number, index_in_run), seq));
        run.count = index_in_run.saturating_add(1);
        (run.last_seq, run.last_leaf, run.state) = (seq, leaf_hash, run.state.after(new.kind));
        self.runs.insert(number, run);
        self.state.clock = time;
        Ok(LedgerReceipt { seq, leaf_hash, index_in_run, time })
    }

    fn grow(&mut self, leaf: reach_types::Sha256Digest) -> Result<(), StoreError> {
        let mut completed = Vec::new();
        self.state.frontier.append(leaf, &mut |height, index, hash| completed.push((height, index, hash)))?;
        completed.iter().try_for_each(|(height, index, hash)| self.rows.push(*height, *index, hash))
    }

    fn finish(mut self) -> Result<(Changes, State), StoreError> {
        for (number, run) in &self.runs {
            self.changes.runs.insert(*number, seal(run)?);
        }
        self.changes.rows = self.rows.into_rows();
        let State { frontier, clock, runs } = &self.state;
        let (size, root) = (frontier.size(), frontier.root());
        let head = Head { version: FORMAT_VERSION, size, root, clock: *clock, runs: *runs };
        self.changes.meta.push((META_HEAD, seal(&head)?));
        Ok((self.changes, self.state))
    }
}

fn draw(random: &dyn SecureRandom) -> Result<[u8; 32], AppendError> {
    let mut salt = [0; 32];
    random.fill(&mut salt).map_err(|_| AppendError::NoRandomness)?;
    Ok(salt)
}

fn same_content(a: &NewEntry, b: &NewEntry) -> bool {
    a.kind == b.kind && a.author == b.author && a.payload == b.payload
}

/// Whether the entry is the one that the key of `new` leads to.
fn stands_for(there: &Checked, new: &NewEntry) -> bool {
    let Checked { header, .. } = there;
    header.tenant == new.tenant && header.run == new.run && header.idempotency == new.idempotency
}

fn is_same(there: &Checked, new: &NewEntry) -> bool {
    let Checked { header, record, .. } = there;
    header.kind == new.kind && header.author == new.author && record.payload == new.payload
}

fn receipt_of(there: &Checked) -> LedgerReceipt {
    let Checked { header, leaf_hash, .. } = there;
    LedgerReceipt { seq: header.seq, leaf_hash: *leaf_hash, index_in_run: header.index_in_run, time: header.time }
}

fn damaged(fault: EntryFault) -> StoreError {
    match fault {
        EntryFault::Store(error) => error,
        _ => StoreError::corrupt("the entry that an idempotency key stands for"),
    }
}
