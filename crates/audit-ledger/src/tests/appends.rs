//! Appending: order, times, idempotency, limits, the end of a run.

use std::time::Duration;

use reach_types::{Code, Timestamp};
use ring::rand::SystemRandom;

use super::support::{Home, NOON, append, check, entry, keyed, run, tenant};
use crate::{AppendError, Author, EntryKind, Ledger, LedgerReceipt, MAX_BATCH, MAX_CLOCK, MAX_PAYLOAD_BYTES, NewEntry};

fn at(ledger: &mut Ledger, millis: u64, entries: &[NewEntry]) -> Result<Vec<LedgerReceipt>, AppendError> {
    ledger.append(entries, Timestamp::from_millis(millis), &SystemRandom::new())
}

#[test]
fn a09_sequence_index_and_time_are_the_ledger_s() {
    let home = Home::new();
    let mut ledger = home.create();
    let first = append(&mut ledger, &[entry("acme", 1, "a"), entry("acme", 2, "b"), entry("acme", 1, "c")]);
    let placed: Vec<_> = first.iter().map(|receipt| (receipt.seq(), receipt.index_in_run())).collect();
    assert_eq!(placed, [(0, 0), (1, 0), (2, 1)]);
    let author = Author::Tenant(tenant("acme"));
    append(&mut ledger, &[NewEntry { author: author.clone(), ..entry("acme", 1, "d") }]);
    let page = ledger.tenant(tenant("acme")).list(&run(1), 0, 10).unwrap();
    let last = page.entries.last().unwrap();
    assert_eq!((last.header.seq, last.header.index_in_run, &last.header.author), (3, 2, &author));
    assert_eq!(last.header.time, Timestamp::from_millis(NOON));
    assert_eq!(page.entries[0].leaf_hash, *first[0].leaf_hash());
}

#[test]
fn a10_the_clock_may_jump_and_the_order_stays() {
    let home = Home::new();
    let mut ledger = home.create();
    let hour = 3_600_000;
    for (raw, recorded) in
        [(NOON, NOON), (NOON - hour, NOON), (0, NOON), (NOON + hour, NOON + hour), (NOON, NOON + hour)]
    {
        let receipt = at(&mut ledger, raw, &[entry("acme", 1, "x")]).unwrap().remove(0);
        assert_eq!(receipt.time().as_millis(), recorded);
        let read = ledger.tenant(tenant("acme")).entry(receipt.seq()).unwrap();
        assert_eq!((read.header.time.as_millis(), read.header.raw_time.as_millis()), (recorded, raw));
    }
    assert_eq!(ledger.clock_behind(Timestamp::from_millis(NOON)), Some(Duration::from_millis(hour)));
    assert_eq!(ledger.clock_behind(Timestamp::from_millis(NOON + hour)), None);
    drop(ledger);
    let mut ledger = home.open();
    assert_eq!(at(&mut ledger, 5, &[entry("acme", 1, "x")]).unwrap()[0].time().as_millis(), NOON + hour);
    let beyond = at(&mut ledger, MAX_CLOCK.as_millis() + 1, &[entry("acme", 1, "x")]).unwrap_err();
    assert_eq!(beyond.code(), "audit.clock_out_of_range");
    at(&mut ledger, MAX_CLOCK.as_millis(), &[entry("acme", 1, "x")]).unwrap();
    assert!(check(&ledger).is_clean());
}

#[test]
fn a11_the_same_key_is_the_same_entry() {
    let home = Home::new();
    let mut ledger = home.create();
    let first = append(&mut ledger, &[keyed("acme", 1, "pay", 9)]);
    assert_eq!(at(&mut ledger, NOON + 5000, &[keyed("acme", 1, "pay", 9)]).unwrap(), first);
    for other in [
        keyed("acme", 1, "pay twice", 9),
        NewEntry { kind: EntryKind::RunRefused, ..keyed("acme", 1, "pay", 9) },
        NewEntry { author: Author::Tenant(tenant("acme")), ..keyed("acme", 1, "pay", 9) },
    ] {
        let refused = at(&mut ledger, NOON, &[entry("acme", 1, "not appended either"), other]).unwrap_err();
        assert_eq!(refused, AppendError::IdempotencyConflict { index: 1 });
        assert_eq!(refused.code(), "audit.idempotency_conflict");
    }
    // Another run or another tenant's run of the same id: another key.
    let others = append(&mut ledger, &[keyed("acme", 2, "pay twice", 9), keyed("zeta", 1, "pay twice", 9)]);
    assert_eq!((others[0].seq(), others[1].seq()), (1, 2));
    drop(ledger);
    let mut ledger = home.open();
    assert_eq!(append(&mut ledger, &[keyed("acme", 1, "pay", 9)]), first);
    assert_eq!(ledger.head().unwrap().size, 3);
    assert!(check(&ledger).is_clean());
}

#[test]
fn a11_within_one_batch_as_well() {
    let home = Home::new();
    let mut ledger = home.create();
    let same = append(&mut ledger, &[keyed("acme", 1, "a", 1), keyed("acme", 1, "a", 1), keyed("acme", 1, "b", 2)]);
    assert_eq!(same[0], same[1]);
    assert_eq!(same[2].seq(), 1);
    let conflict = at(&mut ledger, NOON, &[keyed("acme", 1, "c", 3), keyed("acme", 1, "d", 3)]).unwrap_err();
    assert_eq!(conflict, AppendError::IdempotencyConflict { index: 1 });
    assert_eq!(ledger.head().unwrap().size, 2);
    assert_eq!(append(&mut ledger, &[keyed("acme", 1, "d", 3)])[0].seq(), 2);
    assert!(check(&ledger).is_clean());
}

#[test]
fn a12_batches_and_payloads_are_bounded() {
    let home = Home::new();
    let mut ledger = home.create();
    let longest = "x".repeat(MAX_PAYLOAD_BYTES);
    let receipt = append(&mut ledger, &[entry("acme", 1, &longest)]).remove(0);
    assert_eq!(ledger.tenant(tenant("acme")).entry(receipt.seq()).unwrap().payload, longest.as_bytes());
    let longer = at(&mut ledger, NOON, &[entry("acme", 1, ""), entry("acme", 1, &format!("{longest}x"))]).unwrap_err();
    assert_eq!(longer, AppendError::PayloadTooLarge { index: 1, actual: MAX_PAYLOAD_BYTES + 1 });
    assert_eq!(longer.code(), "audit.payload_too_large");
    let full = vec![entry("acme", 1, ""); MAX_BATCH];
    assert_eq!(append(&mut ledger, &full).len(), MAX_BATCH);
    let over = at(&mut ledger, NOON, &vec![entry("acme", 1, ""); MAX_BATCH + 1]).unwrap_err();
    assert_eq!(over.code(), "audit.batch_too_large");
    assert_eq!(append(&mut ledger, &[]), []);
    assert!(check(&ledger).is_clean());
}

#[test]
fn a05_a_closed_run_takes_no_more() {
    let home = Home::new();
    let mut ledger = home.create();
    let of = |number, kind| NewEntry { kind, ..entry("acme", number, "") };
    let ended = NewEntry { idempotency: Some([1; 32]), ..of(1, EntryKind::RunEnded) };
    append(&mut ledger, &[of(1, EntryKind::RunStarted), of(2, EntryKind::RunStarted), of(3, EntryKind::RunAdmitted)]);
    assert_eq!(ledger.unfinished_runs().unwrap(), [(tenant("acme"), run(1)), (tenant("acme"), run(2))]);
    let receipt = append(&mut ledger, std::slice::from_ref(&ended));
    assert_eq!(ledger.unfinished_runs().unwrap(), [(tenant("acme"), run(2))]);
    for again in [of(1, EntryKind::CallRefused), of(1, EntryKind::RunStarted), of(1, EntryKind::RunEnded)] {
        let refused = at(&mut ledger, NOON, &[again]).unwrap_err();
        assert_eq!(refused, AppendError::RunClosed { index: 0 });
        assert_eq!(refused.code(), "audit.run_closed");
    }
    assert_eq!(append(&mut ledger, &[ended]), receipt);
    drop(ledger);
    let mut ledger = home.open();
    append(&mut ledger, &[of(2, EntryKind::RunInterrupted)]);
    assert_eq!(ledger.unfinished_runs().unwrap(), []);
    let within = at(&mut ledger, NOON, &[of(3, EntryKind::RunEnded), of(3, EntryKind::CallRefused)]).unwrap_err();
    assert_eq!(within, AppendError::RunClosed { index: 1 });
    assert!(check(&ledger).is_clean());
}
