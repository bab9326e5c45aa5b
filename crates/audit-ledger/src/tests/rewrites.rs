//! The whole history written anew: nothing in the file contradicts itself, only what was signed.

use reach_types::Code;

use super::{
    edits::{COUNT, assert_found, edit, home},
    support::{Home, append, entry, key, numbered},
};
use crate::{
    AnchorError, NewEntry,
    head::StoredCheckpoint,
    sealed::seal,
    tables::{META, META_CHECKPOINT},
};

/// The same ledger written anew with another history, and the old checkpoint put into it: every
/// index, hash and count is right.
fn rewritten(entries: &[NewEntry], checkpoint: &StoredCheckpoint) -> Home {
    let home = Home::new();
    let mut ledger = home.create();
    entries.chunks(7).for_each(|batch| drop(append(&mut ledger, batch)));
    drop(ledger);
    edit(&home, |txn| {
        let mut meta = txn.open_table(META).unwrap();
        meta.insert(META_CHECKPOINT, seal(checkpoint).unwrap().as_slice()).unwrap();
    });
    home
}

#[test]
fn a02_a05_history_rewritten_with_everything_fixed_up_contradicts_every_earlier_checkpoint() {
    let original = home();
    let ledger = original.open();
    let stored = ledger.store.view().unwrap().checkpoint().unwrap().unwrap();
    let anchor = ledger.latest_checkpoint().unwrap().unwrap().checkpoint;
    let entries: Vec<_> = (0..COUNT).map(numbered).collect();
    let without = |drop: &dyn Fn(usize) -> bool| {
        let kept = entries.iter().enumerate().filter(|(i, _)| !drop(*i)).map(|(_, entry)| entry.clone());
        kept.collect::<Vec<_>>()
    };
    let mut swapped = entries.clone();
    swapped.swap(10, 13);
    let mut inserted = entries.clone();
    inserted.insert(20, entry("acme", 1, "inserted"));
    let mut changed = entries.clone();
    changed[30].payload = b"changed".to_vec();
    let pad = |mut list: Vec<NewEntry>| {
        list.resize(COUNT, entry("acme", 9, "padding"));
        list
    };
    for (what, history) in [
        ("one removed", without(&|i| i == 17)),
        ("one removed, padded", pad(without(&|i| i == 17))),
        ("two swapped", swapped),
        ("one inserted", inserted),
        ("one changed", changed),
        ("the tail of a run cut", pad(without(&|i| i >= 30 && i % 3 == 0))),
        ("a whole run removed", pad(without(&|i| i % 3 == 1))),
        ("the same again, with new salts", entries.clone()),
    ] {
        let forged = rewritten(&history, &stored);
        assert_found(&forged, &["audit.fsck_checkpoint"]);
        let mut ledger = forged.open();
        let refused = ledger.check_anchor(&anchor).unwrap_err();
        let expected = if history.len() < COUNT { "audit.rolled_back" } else { "audit.forked" };
        assert_eq!(refused.code(), expected, "{what}");
        if let AnchorError::Forked { anchor: kept, ledger } = refused {
            assert_eq!(*kept, anchor);
            assert_ne!(ledger.root, kept.root);
        }
        let signed = ledger.sign_checkpoint(&key());
        assert_eq!(signed.unwrap_err().code(), "audit.checkpoint_inconsistent", "{what}");
    }
}
