//! One bit changed anywhere in the file: whatever is still served is what was written.

use std::{cell::Cell, panic, sync::Once};

use reach_types::Code;

use super::{
    disk::Disk,
    support::{append, key, numbered, origin, run, tenant},
};
use crate::{Ledger, LedgerReader, OpenError, ReadError, StoreError};

const COUNT: usize = 6;
/// A part of the file that is either in use or not: smaller than a page.
const CHUNK: usize = 256;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// redb's panics are expected here: keeps thousands of them off the screen, from this thread only.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let done = panic::catch_unwind(panic::AssertUnwindSafe(work));
    QUIET.set(false);
    done.unwrap_or_else(|payload| panic!("{}", payload.downcast_ref::<String>().map_or("?", String::as_str)))
}

/// A closed ledger under a checkpoint.
fn image() -> Vec<u8> {
    let disk = Disk::default();
    let mut ledger = Ledger::create_on(disk.clone(), &origin()).unwrap();
    append(&mut ledger, &(0..COUNT).map(numbered).collect::<Vec<_>>());
    ledger.sign_checkpoint(&key()).unwrap();
    drop(ledger);
    disk.bytes()
}

/// Reads everything in every way; panics if anything served differs. Whether all was served.
fn assert_served_is_true(ledger: &LedgerReader) -> bool {
    let mut whole = true;
    let mut refused = |error: ReadError, also: &str| {
        let expected = ["audit.entry_corrupt", "audit.store_corrupt", "audit.latched", also];
        assert!(expected.contains(&error.code()), "{error:?}");
        whole = false;
    };
    for seq in 0..COUNT {
        let expected = numbered(seq);
        match ledger.tenant(expected.tenant.clone()).entry(seq as u64) {
            Ok(entry) => assert_eq!((entry.header.kind, entry.payload), (expected.kind, expected.payload)),
            Err(error) => refused(error, ""),
        }
    }
    for (owner, number) in [("acme", 1), ("acme", 2), ("zeta", 1)] {
        match ledger.tenant(tenant(owner)).list(&run(number), 0, 100) {
            Ok(page) => {
                let all =
                    (0..COUNT).map(numbered).filter(|new| (&new.tenant, new.run) == (&tenant(owner), run(number)));
                let listed: Vec<_> = page.entries.into_iter().map(|entry| entry.payload).collect();
                assert_eq!(listed, all.map(|new| new.payload).collect::<Vec<_>>());
            }
            // A name whose own bits changed is not found any more.
            Err(error) => refused(error, "audit.not_found"),
        }
    }
    whole
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    /// Not opened, or not served whole.
    refused: usize,
    /// Served whole, and the check found something.
    found: usize,
    /// Served whole, and nothing is wrong: the bit was in use by nothing.
    idle: usize,
    /// Not opened by a reader; the writer finds nothing wrong.
    recovered: usize,
}

/// Whether `altered` reads and checks as if nothing had happened; panics if anything served differs.
fn is_idle(altered: &[u8], what: &str, tally: &mut Tally) -> bool {
    let served = match Ledger::read_on(Disk::of(altered.to_vec())) {
        Ok(reader) => assert_served_is_true(&reader),
        Err(error) => assert_refused(&error),
    };
    let clean = match Ledger::open_on(Disk::of(altered.to_vec())) {
        Ok(mut writer) => {
            let report = writer.fsck(None, &mut |_, _| {});
            // What redb could rebuild is right again, and what it could not is not served.
            let served = assert_served_is_true(&writer);
            let clean = report.is_ok_and(|report| report.is_clean());
            assert!(served || !clean, "{what}: the writer does not serve what its check finds clean");
            clean
        }
        Err(error) => assert_refused(&error),
    };
    match (served, clean) {
        (false, false) => tally.refused += 1,
        (true, false) => tally.found += 1,
        (true, true) => tally.idle += 1,
        (false, true) => tally.recovered += 1,
    }
    served && clean
}

fn flip(image: &[u8], bit: usize, tally: &mut Tally) {
    let mut flipped = image.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    is_idle(&flipped, &format!("bit {bit}"), tally);
}

/// The chunks that hold something: with every bit of any other inverted, nothing is amiss.
fn used_chunks(image: &[u8]) -> Vec<std::ops::Range<usize>> {
    let chunks = (0..image.len()).step_by(CHUNK).map(|at| at..(at + CHUNK).min(image.len()));
    let is_used = |chunk: &std::ops::Range<usize>| {
        let mut inverted = image.to_vec();
        inverted[chunk.clone()].iter_mut().for_each(|byte| *byte = !*byte);
        !is_idle(&inverted, &format!("{chunk:?} inverted"), &mut Tally::default())
    };
    chunks.filter(is_used).collect()
}

fn assert_refused(error: &OpenError) -> bool {
    let damaged = matches!(error, OpenError::Store(StoreError::Corrupt { .. }) | OpenError::Format { .. });
    assert!(damaged, "{error:?}");
    false
}

#[test]
fn a01_a_bit_flipped_in_every_byte_that_is_used() {
    let image = image();
    let mut tally = Tally::default();
    quietly(|| {
        for at in used_chunks(&image).into_iter().flatten() {
            flip(&image, at * 8 + at % 8, &mut tally);
        }
    });
    assert!(tally.refused > 500 && tally.found > 500, "{tally:?}");
    // The one flag that asks for recovery, which a reader alone cannot do.
    assert!(tally.recovered <= 1, "{tally:?}");
}
