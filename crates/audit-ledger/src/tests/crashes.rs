//! Power cuts at every write, and syncs that fail.

use std::io::ErrorKind;

use reach_types::{Code, Timestamp};
use ring::rand::SystemRandom;

use super::{
    disk::{Disk, Failure},
    support::{NOON, append, check, entry, key, numbered, origin, run, tenant},
};
use crate::{AppendError, CheckpointSignError, Ledger, OpenError, StoreError};

/// How many entries each batch of the workload has.
const BATCHES: [usize; 5] = [1, 3, 20, 1, 60];

/// What was acknowledged before the power went.
#[derive(Debug, Default)]
struct Acknowledged {
    made: bool,
    entries: usize,
    /// The batch under way, if there was one.
    under_way: usize,
    checkpoint: u64,
}

fn workload(disk: &Disk) -> Acknowledged {
    let mut told = Acknowledged::default();
    let Ok(mut ledger) = Ledger::create_on(disk.clone(), &origin()) else { return told };
    told.made = true;
    for batch in BATCHES {
        let entries: Vec<_> = (told.entries..told.entries + batch).map(numbered).collect();
        told.under_way = batch;
        if ledger.append(&entries, Timestamp::from_millis(NOON), &SystemRandom::new()).is_err() {
            return told;
        }
        (told.entries, told.under_way) = (told.entries + batch, 0);
        let Ok(signed) = ledger.sign_checkpoint(&key()) else { return told };
        told.checkpoint = signed.checkpoint.size;
    }
    told
}

fn assert_survives(image: Vec<u8>, told: &Acknowledged, what: &str) {
    let mut ledger = match Ledger::open_on(Disk::of(image)) {
        Ok(ledger) => ledger,
        Err(error) => {
            assert!(!told.made, "{what}: {error} after {told:?}");
            return;
        }
    };
    let size = usize::try_from(ledger.head().unwrap().size).unwrap();
    assert!(size == told.entries || size == told.entries + told.under_way, "{what}: {size} after {told:?}");
    let report = ledger.fsck(None, &mut |_, _| {}).unwrap();
    assert!(report.is_clean(), "{what}: {report:?}");
    assert!(report.checkpoint.unwrap_or(0) >= told.checkpoint, "{what}: {report:?} after {told:?}");
    for seq in 0..size {
        let owner = numbered(seq).tenant;
        let read = ledger.tenant(owner).entry(u64::try_from(seq).unwrap()).unwrap();
        assert_eq!(read.payload, numbered(seq).payload, "{what}");
    }
    append(&mut ledger, &[entry("acme", 9, "and on it goes")]);
}

/// The numbers below `count` that a coin picks, in an order that it picks too.
fn shuffled_subset(count: usize, mut seed: u64) -> Vec<usize> {
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap()
    };
    let mut chosen: Vec<_> = (0..count).filter(|_| next() % 2 == 0).collect();
    for last in (1..chosen.len()).rev() {
        chosen.swap(last, next() % (last + 1));
    }
    chosen
}

#[test]
fn a14_power_cut_at_every_operation() {
    let whole = Disk::default();
    let told = workload(&whole);
    assert_eq!(told.entries, BATCHES.iter().sum::<usize>());
    for cut in 0..whole.operations() {
        let disk = Disk::cut_at(cut);
        let told = workload(&disk);
        assert_survives(disk.after_power_cut(|_| Vec::new()), &told, &format!("cut at {cut}, unsynced lost"));
        assert_survives(disk.after_power_cut(|all| (0..all).collect()), &told, &format!("cut at {cut}, all kept"));
        let seed = u64::try_from(cut).unwrap() + 0x9e37_79b9_7f4a_7c15;
        let image = disk.after_power_cut(|all| shuffled_subset(all, seed));
        assert_survives(image, &told, &format!("cut at {cut}, some kept, reordered"));
    }
}

#[test]
fn a14_an_operation_that_fails_once_latches_until_reopened() {
    let whole = Disk::default();
    workload(&whole);
    for at in 0..whole.operations() {
        for persisted in [false, true] {
            let what = format!("operation {at}, persisted: {persisted}");
            let disk = Disk::failing_once(Failure { at, persisted });
            let Ok(mut ledger) = Ledger::create_on(disk.clone(), &origin()) else { continue };
            let mut told = Acknowledged { made: true, ..Acknowledged::default() };
            let mut failed = false;
            for batch in BATCHES {
                let entries: Vec<_> = (told.entries..told.entries + batch).map(numbered).collect();
                told.under_way = batch;
                match ledger.append(&entries, Timestamp::from_millis(NOON), &SystemRandom::new()) {
                    Ok(_) if failed => panic!("{what}: appended after a failure"),
                    Ok(_) => (told.entries, told.under_way) = (told.entries + batch, 0),
                    Err(error) => {
                        let expected = if failed { "audit.latched" } else { "audit.io" };
                        assert_eq!(error.code(), expected, "{what}");
                        failed = true;
                        break;
                    }
                }
                match ledger.sign_checkpoint(&key()) {
                    Ok(signed) => told.checkpoint = signed.checkpoint.size,
                    Err(error) => {
                        assert_eq!(error.code(), "audit.io", "{what}");
                        failed = true;
                        break;
                    }
                }
            }
            if failed {
                assert_latched(&mut ledger, &what);
            }
            drop(ledger);
            assert_survives(disk.after_power_cut(|_| Vec::new()), &told, &format!("{what}, then a power cut"));
            assert_survives(disk.bytes(), &told, &what);
        }
    }
}

fn assert_latched(ledger: &mut Ledger, what: &str) {
    let again = ledger.append(&[entry("acme", 1, "x")], Timestamp::from_millis(NOON), &SystemRandom::new());
    assert_eq!(again, Err(AppendError::Store(StoreError::Latched)), "{what}");
    assert_eq!(ledger.sign_checkpoint(&key()), Err(CheckpointSignError::Store(StoreError::Latched)), "{what}");
    assert_eq!(ledger.tenant(tenant("acme")).list(&run(1), 0, 1).unwrap_err().code(), "audit.latched", "{what}");
    assert_eq!(ledger.head().unwrap_err().code(), "audit.latched", "{what}");
}

#[test]
fn a14_a_ledger_that_was_never_made_is_no_ledger() {
    let cut = Ledger::create_on(Disk::cut_at(0), &origin()).err().unwrap();
    assert_eq!(cut, OpenError::Store(StoreError::Io { kind: ErrorKind::Other }));
    let mut ledger = Ledger::create_on(Disk::default(), &origin()).unwrap();
    append(&mut ledger, &[entry("acme", 1, "x")]);
    assert!(check(&ledger).is_clean());
}
