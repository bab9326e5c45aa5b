//! Writing to the store behind the ledger's back, and what the check must say then.

use redb::{Database, WriteTransaction};

use super::support::{Home, check, codes, fill, key, vkey};
use crate::{Ledger, Report};

pub(super) const COUNT: usize = 40;

/// A ledger of 40 entries under a checkpoint, closed.
pub(super) fn home() -> Home {
    let home = Home::new();
    let mut ledger = home.create();
    fill(&mut ledger, COUNT);
    ledger.sign_checkpoint(&key()).unwrap();
    home
}

/// Writes with redb itself, as somebody with the file could.
pub(super) fn edit(home: &Home, change: impl FnOnce(&WriteTransaction)) {
    let database = Database::open(home.path()).unwrap();
    let txn = database.begin_write().unwrap();
    change(&txn);
    txn.commit().unwrap();
}

pub(super) fn fsck(home: &Home) -> Report {
    check(&Ledger::open_read_only(&home.path()).unwrap())
}

pub(super) fn assert_found(home: &Home, expected: &[&'static str]) -> Report {
    let report = fsck(home);
    assert_eq!(codes(&report), expected, "{report:?}");
    assert!(report.complete && !report.is_clean());
    // The writer's check, which looks at pages first, has nothing to add: every checksum is right.
    if let Ok(mut writer) = Ledger::open(&home.path()) {
        assert_eq!(writer.fsck(Some(&vkey()), &mut |_, _| {}).unwrap(), report);
    }
    report
}
