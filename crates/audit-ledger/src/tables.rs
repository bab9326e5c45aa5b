//! The tables of the store. Keys are numbers or of fixed parts: nothing is joined by delimiters.

use reach_types::{RunId, TenantId};
use redb::TableDefinition;

/// Sequence → record.
pub(crate) const ENTRIES: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("entries");
/// Level and place of a row of the tree → its hashes.
pub(crate) const ROWS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("rows");
/// Run number and index in the run → sequence.
pub(crate) const RUN_INDEX: TableDefinition<'static, (u64, u64), u64> = TableDefinition::new("run_index");
/// Run number → who it belongs to and where it ends.
pub(crate) const RUNS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("runs");
/// Tenant and run → run number.
pub(crate) const RUN_NAMES: TableDefinition<'static, &'static [u8], u64> = TableDefinition::new("run_names");
/// Run number and idempotency key → sequence.
pub(crate) const IDEMPOTENCY: TableDefinition<'static, &'static [u8; 40], u64> = TableDefinition::new("idempotency");
/// The few things there is one of.
pub(crate) const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// The format of the store and the log's origin, written once.
pub(crate) const META_FORMAT: &str = "format";
/// Size, root and clock as of the last commit.
pub(crate) const META_HEAD: &str = "head";
/// The latest signed checkpoint.
pub(crate) const META_CHECKPOINT: &str = "checkpoint";

/// The tenant's length and text, then the run: `a/b` + `c` can not meet `a` + `b/c`.
pub(crate) fn run_name(tenant: &TenantId, run: &RunId) -> Vec<u8> {
    let tenant = tenant.as_str().as_bytes();
    // An identifier has at most 64 bytes.
    let length = u8::try_from(tenant.len()).unwrap_or(u8::MAX);
    [&[length], tenant, run.0.as_bytes()].concat()
}

/// Run number and the caller's key.
pub(crate) fn idempotency_key(run_number: u64, key: &[u8; 32]) -> [u8; 40] {
    let mut joined = [0; 40];
    let parts = run_number.to_be_bytes().into_iter().chain(*key);
    joined.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a07_no_two_runs_share_a_name() {
        let name = |tenant: &str, first: u8| {
            let mut run = [0x61; 32];
            run[0] = first;
            run_name(&TenantId::parse(tenant).unwrap(), &RunId(reach_types::Blake3Digest::from_bytes(run)))
        };
        assert_ne!(name("a", b'a'), name("aa", b'a'));
        assert_eq!(name("a", b'a'), name("a", b'a'));
        assert_ne!(name("a", b'a'), name("a", b'b'));
        assert_ne!(idempotency_key(1, &[0; 32]), idempotency_key(0, &[1; 32]));
    }
}
