//! What one tenant can see: its own runs, and nothing that tells of others.

use reach_types::{RunId, TenantId};

use crate::{Entry, LedgerReader, ProvenEntry, ReadError, record::Checked, view::View};

/// The most entries of a page.
pub const MAX_PAGE: usize = 1000;
/// A page ends once its payloads have this many bytes: 16 of the longest payloads, so that a page
/// of them is read in a moment and held in little memory.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Some entries of a run, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The index in the run that the next page begins at, if there is more.
    pub next: Option<u64>,
}

/// The only way to read a run's entries: as the tenant that owns it.
///
/// Whatever belongs to others is answered as if it did not exist.
pub struct TenantView<'l> {
    ledger: &'l LedgerReader,
    tenant: TenantId,
}

impl LedgerReader {
    /// The ledger as `tenant` sees it. Who that is was decided by whoever authenticated the caller.
    #[must_use]
    pub const fn tenant(&self, tenant: TenantId) -> TenantView<'_> {
        TenantView { ledger: self, tenant }
    }
}

impl TenantView<'_> {
    /// The entries of `run` from index `from` on, at most `limit` (and [`MAX_PAGE`]) of them. Each
    /// was checked against its leaf in the tree and its place in the run.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for a run that is not there or is another tenant's;
    /// [`ReadError::EntryCorrupt`]; [`ReadError::Store`].
    pub fn list(&self, run: &RunId, from: u64, limit: usize) -> Result<Page, ReadError> {
        let view = self.ledger.store.view()?;
        let (number, found) = view.run_named(&self.tenant, run)?.ok_or(ReadError::NotFound)?;
        let limit = limit.clamp(1, MAX_PAGE);
        let (mut entries, mut bytes) = (Vec::new(), 0usize);
        let mut next = from;
        while next < found.count && entries.len() < limit && bytes < MAX_PAGE_BYTES {
            let entry = entry_of_run(&view, number, next, run)?.entry();
            bytes = bytes.saturating_add(entry.payload.len());
            entries.push(entry);
            next = next.saturating_add(1);
        }
        Ok(Page { entries, next: (next < found.count).then_some(next) })
    }

    /// One entry by its place in the ledger.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for an entry that is not there or is another tenant's;
    /// [`ReadError::EntryCorrupt`]; [`ReadError::Store`].
    pub fn entry(&self, seq: u64) -> Result<Entry, ReadError> {
        let view = self.ledger.store.view()?;
        Ok(self.owned(&view, seq)?.entry())
    }

    /// One entry with everything that proves it.
    ///
    /// # Errors
    /// As [`TenantView::entry`], and [`ReadError::NotCheckpointed`].
    pub fn prove(&self, seq: u64) -> Result<ProvenEntry, ReadError> {
        let view = self.ledger.store.view()?;
        let entry = self.owned(&view, seq)?;
        view.prove(entry)
    }

    fn owned(&self, view: &View<'_>, seq: u64) -> Result<Checked, ReadError> {
        if seq >= view.head()?.size {
            return Err(ReadError::NotFound);
        }
        let entry = view.read(seq)?;
        if entry.header.tenant == self.tenant { Ok(entry) } else { Err(ReadError::NotFound) }
    }
}

/// The entry that a run's index names: it must itself say that it stands there.
fn entry_of_run(view: &View<'_>, number: u64, index: u64, run: &RunId) -> Result<Checked, ReadError> {
    let missing = crate::StoreError::corrupt("a run's index has a gap");
    let seq = view.seq_of(number, index)?.ok_or(missing)?;
    let entry = view.read(seq)?;
    let head = &entry.record.head;
    let placed = head.run_number == number && head.index_in_run == index && entry.header.run == *run;
    if placed { Ok(entry) } else { Err(ReadError::EntryCorrupt { seq }) }
}
