//! Random operations beside the simplest model that could be right: a list of entries, with the
//! tree computed from scratch.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reach_tlog::{empty_root, node_hash};
use reach_types::{Code, Sha256Digest, Timestamp};
use ring::rand::SystemRandom;

use super::{
    disk::Disk,
    support::{NOON, check, key, keyed, origin, run, tenant},
};
use crate::{EntryKind, Ledger, LedgerReceipt, NewEntry};

const OWNERS: [&str; 3] = ["acme", "acme.2", "zeta"];

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<NewEntry>, u64),
    Reopen,
    Sign,
}

fn any_entry() -> impl Strategy<Value = NewEntry> {
    let kind = prop_oneof![
        6 => Just(EntryKind::CallRefused),
        1 => Just(EntryKind::RunStarted),
        1 => Just(EntryKind::RunEnded),
    ];
    (0..OWNERS.len(), 0u8..3, 0u8..4, prop::option::of(0u8..6), kind).prop_map(|(owner, number, payload, key, kind)| {
        let new = keyed(OWNERS[owner], number, &payload.to_string(), key.unwrap_or(0));
        NewEntry { kind, idempotency: key.and(new.idempotency), ..new }
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (prop::collection::vec(any_entry(), 0..40), 0u64..1000).prop_map(|(batch, clock)| Step::Append(batch, clock)),
        1 => Just(Step::Reopen),
        1 => Just(Step::Sign),
    ]
}

/// Entries as they were acknowledged.
#[derive(Default, Clone)]
struct Model {
    entries: Vec<(NewEntry, LedgerReceipt)>,
    clock: u64,
}

impl Model {
    fn of_run<'m>(&'m self, like: &'m NewEntry) -> impl Iterator<Item = &'m (NewEntry, LedgerReceipt)> {
        self.entries.iter().filter(|(entry, _)| (&entry.tenant, entry.run) == (&like.tenant, like.run))
    }

    /// What appending `new` must answer: the earlier receipt, a refusal, or the next place.
    fn expect(&self, new: &NewEntry) -> Result<Option<LedgerReceipt>, &'static str> {
        let same_key =
            |(entry, _): &&(NewEntry, LedgerReceipt)| new.idempotency.is_some() && entry.idempotency == new.idempotency;
        if let Some((entry, receipt)) = self.of_run(new).find(same_key) {
            return if entry == new { Ok(Some(receipt.clone())) } else { Err("audit.idempotency_conflict") };
        }
        let closed = self.of_run(new).any(|(entry, _)| entry.kind.closes_run());
        if closed { Err("audit.run_closed") } else { Ok(None) }
    }

    fn append(&mut self, ledger: &mut Ledger, batch: &[NewEntry], clock: u64) {
        let answer = ledger.append(batch, Timestamp::from_millis(NOON + clock), &SystemRandom::new());
        let mut next = self.clone();
        let time = self.clock.max(NOON + clock);
        for (i, new) in batch.iter().enumerate() {
            match next.expect(new) {
                Err(code) => {
                    assert_eq!(answer.as_ref().unwrap_err().code(), code);
                    return;
                }
                Ok(Some(earlier)) => assert!(answer.as_ref().is_err() || answer.as_ref().unwrap()[i] == earlier),
                Ok(None) => {
                    let place = (next.entries.len() as u64, next.of_run(new).count() as u64, time);
                    let leaf_hash = answer.as_ref().map_or(empty_root(), |receipts| receipts[i].leaf_hash);
                    let (seq, index_in_run, time) = (place.0, place.1, Timestamp::from_millis(time));
                    let receipt = LedgerReceipt { seq, leaf_hash, index_in_run, time };
                    assert!(answer.is_err() || answer.as_ref().unwrap()[i] == receipt);
                    next.entries.push((new.clone(), receipt));
                }
            }
        }
        assert_eq!(answer.as_ref().map(Vec::len), Ok(batch.len()));
        if next.entries.len() > self.entries.len() {
            next.clock = time;
        }
        *self = next;
    }

    fn invariant_roots(&self, ledger: &Ledger) {
        let leaves: Vec<_> = self.entries.iter().map(|(_, receipt)| receipt.leaf_hash).collect();
        for size in (0..=leaves.len()).step_by(7).chain([leaves.len()]) {
            assert_eq!(ledger.root_at(size as u64).unwrap(), Some(naive_root(&leaves[..size])));
        }
        assert_eq!(ledger.root_at(leaves.len() as u64 + 1).unwrap(), None);
    }

    fn invariant_runs(&self, ledger: &Ledger) {
        let mut runs: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (entry, receipt) in &self.entries {
            runs.entry((entry.tenant.clone(), entry.run)).or_default().push((entry, receipt));
        }
        for owner in OWNERS {
            for number in 0..3 {
                let listed = ledger.tenant(tenant(owner)).list(&run(number), 0, 1000);
                let expected = runs.get(&(tenant(owner), run(number)));
                let Some(expected) = expected else {
                    assert_eq!(listed.unwrap_err().code(), "audit.not_found");
                    continue;
                };
                let listed = listed.unwrap();
                assert_eq!(listed.entries.len(), expected.len());
                for (entry, (new, receipt)) in listed.entries.iter().zip(expected) {
                    assert_eq!((entry.header.seq, &entry.payload), (receipt.seq, &new.payload));
                    assert_eq!((entry.header.kind, entry.header.time), (new.kind, receipt.time));
                }
            }
        }
    }
}

fn naive_root(leaves: &[Sha256Digest]) -> Sha256Digest {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_ledger_agrees_with_the_model(steps in prop::collection::vec(any_step(), 1..10)) {
        let disk = Disk::default();
        let mut ledger = Ledger::create_on(disk.clone(), &origin()).unwrap();
        let mut model = Model::default();
        let mut signed = Vec::new();
        for step in steps {
            match step {
                Step::Append(batch, clock) => model.append(&mut ledger, &batch, clock),
                Step::Reopen => {
                    drop(ledger);
                    ledger = Ledger::open_on(disk.clone()).unwrap();
                }
                Step::Sign => signed.push(ledger.sign_checkpoint(&key()).unwrap().checkpoint),
            }
        }
        model.invariant_roots(&ledger);
        model.invariant_runs(&ledger);
        for anchor in &signed {
            prop_assert_eq!(ledger.check_anchor(anchor), Ok(()));
        }
        let report = check(&ledger);
        prop_assert!(report.is_clean(), "{:?}", report);
    }
}
