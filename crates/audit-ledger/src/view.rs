//! One consistent reading of the store: nothing committed later is seen through it.

use std::borrow::Borrow;

use redb::{Key, ReadTransaction, ReadableDatabase, ReadableTableMetadata, TableDefinition, Value};

use crate::{
    StoreError,
    store::{Handle, Store},
    tables::{ENTRIES, IDEMPOTENCY, META, ROWS, RUN_INDEX, RUN_NAMES, RUNS},
};

pub(crate) struct View<'s> {
    store: &'s Store,
    txn: Option<ReadTransaction>,
}

/// How many rows each table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) entries: u64,
    pub(crate) rows: u64,
    pub(crate) run_index: u64,
    pub(crate) runs: u64,
    pub(crate) run_names: u64,
    pub(crate) idempotency: u64,
}

impl Store {
    /// The store as of the last commit.
    pub(crate) fn view(&self) -> Result<View<'_>, StoreError> {
        self.view_of(self.handle()?)
    }

    /// The same, even after damage was found: for whoever looks for more of it.
    pub(crate) fn view_anyway(&self) -> Result<View<'_>, StoreError> {
        self.view_of(self.open_handle().ok_or(StoreError::Latched)?)
    }

    fn view_of(&self, handle: &Handle) -> Result<View<'_>, StoreError> {
        let txn = self.call(|| {
            Ok(match handle {
                Handle::Writer(database) => database.begin_read()?,
                Handle::Reader(database) => database.begin_read()?,
            })
        })?;
        Ok(View { store: self, txn: Some(txn) })
    }
}

impl View<'_> {
    pub(crate) fn record(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(ENTRIES, seq, <[u8]>::to_vec)
    }

    pub(crate) fn row(&self, key: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(ROWS, key, <[u8]>::to_vec)
    }

    pub(crate) fn seq_of(&self, run_number: u64, index: u64) -> Result<Option<u64>, StoreError> {
        self.get(RUN_INDEX, (run_number, index), |seq| seq)
    }

    pub(crate) fn run(&self, run_number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(RUNS, run_number, <[u8]>::to_vec)
    }

    pub(crate) fn run_number(&self, name: &[u8]) -> Result<Option<u64>, StoreError> {
        self.get(RUN_NAMES, name, |number| number)
    }

    pub(crate) fn idempotent(&self, key: &[u8; 40]) -> Result<Option<u64>, StoreError> {
        self.get(IDEMPOTENCY, key, |seq| seq)
    }

    pub(crate) fn meta(&self, key: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(META, key, <[u8]>::to_vec)
    }

    pub(crate) fn counts(&self) -> Result<Counts, StoreError> {
        Ok(Counts {
            entries: self.count(ENTRIES)?,
            rows: self.count(ROWS)?,
            run_index: self.count(RUN_INDEX)?,
            runs: self.count(RUNS)?,
            run_names: self.count(RUN_NAMES)?,
            idempotency: self.count(IDEMPOTENCY)?,
        })
    }

    fn txn(&self) -> Result<&ReadTransaction, StoreError> {
        self.txn.as_ref().ok_or(StoreError::Latched)
    }

    fn get<'k, K: Key + 'static, V: Value + 'static, T>(
        &self,
        table: TableDefinition<'static, K, V>,
        key: impl Borrow<K::SelfType<'k>>,
        read: impl FnOnce(V::SelfType<'_>) -> T,
    ) -> Result<Option<T>, StoreError> {
        let txn = self.txn()?;
        self.store.call(|| Ok(txn.open_table(table)?.get(key)?.map(|found| read(found.value()))))
    }

    fn count<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'static, K, V>,
    ) -> Result<u64, StoreError> {
        let txn = self.txn()?;
        self.store.call(|| Ok(txn.open_table(table)?.len()?))
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        let txn = self.txn.take();
        self.store
            .call(move || {
                drop(txn);
                Ok(())
            })
            .ok();
    }
}
