//! The durable table of used permits: one row for each, up to its end.

use reach_policy::{MAX_REDEMPTIONS, RedemptionError, RedemptionStore, Spending};
use reach_types::{Blake3Digest, Timestamp};
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::{Change, NodeMemory, REDEMPTIONS, seal, summary::Summary, unseal};

type Answer = Result<Spending, RedemptionError>;

impl RedemptionStore for NodeMemory {
    /// One write transaction, durable before it is answered: two callers cannot both find the permit
    /// unused, nor can one before a crash and one after it.
    fn spend(&self, permit: &Blake3Digest, until: Timestamp, now: Timestamp) -> Answer {
        self.transact(|txn, summary| spend(txn, summary, permit, until, now))
            .unwrap_or(Err(RedemptionError::Unavailable))
    }
}

fn spend(
    txn: &WriteTransaction,
    summary: &mut Summary,
    permit: &Blake3Digest,
    until: Timestamp,
    now: Timestamp,
) -> Result<(Answer, Change), redb::Error> {
    let nothing = |answer: Answer| Ok((answer, Change::None));
    // The time at which rows are dropped is remembered with their being dropped.
    let now = now.max(Timestamp::from_millis(summary.high_water));
    let mut rows = txn.open_table(REDEMPTIONS)?;
    let mut whole = true;
    rows.retain(|key, value| match unseal::<Timestamp>(key, value) {
        Some(until) => now <= until,
        None => {
            whole = false;
            true
        }
    })?;
    let key = permit.as_bytes();
    if !whole {
        // A row that was changed may be the very permit that is asked for.
        return nothing(Err(RedemptionError::Unavailable));
    }
    if until < now || rows.get(key)?.is_some() {
        return nothing(Ok(Spending::Spent));
    }
    if usize::try_from(rows.len()?).unwrap_or(usize::MAX) >= MAX_REDEMPTIONS {
        return nothing(Err(RedemptionError::Capacity));
    }
    let Some(row) = seal(key, &until) else { return nothing(Err(RedemptionError::Unavailable)) };
    rows.insert(key, row.as_slice())?;
    summary.high_water = now.as_millis();
    Ok((Ok(Spending::Fresh), Change::Made))
}

#[cfg(test)]
mod tests;
