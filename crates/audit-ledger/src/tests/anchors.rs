//! Checkpoints, and comparing a ledger with one that was kept elsewhere.

use reach_signing::{Role, SigningKey};
use reach_tlog::{Checkpoint, KeyName};
use reach_types::{Code, Sha256Digest};

use super::support::{Home, append, entry, fill, key, origin, vkey};
use crate::{AnchorError, Ledger, tests::support::check};

#[test]
fn a03_an_older_backup_is_behind_its_anchor() {
    let home = Home::new();
    let mut ledger = home.create();
    fill(&mut ledger, 20);
    drop(ledger);
    let backup = std::fs::read(home.path()).unwrap();
    let mut ledger = home.open();
    fill(&mut ledger, 5);
    let anchor = ledger.sign_checkpoint(&key()).unwrap().checkpoint;
    assert_eq!(ledger.check_anchor(&anchor), Ok(()));
    drop(ledger);
    std::fs::write(home.path(), backup).unwrap();
    let restored = home.open();
    let refused = restored.check_anchor(&anchor).unwrap_err();
    assert_eq!(refused.code(), "audit.rolled_back");
    assert_eq!(refused, AnchorError::RolledBack { anchor: Box::new(anchor), size: 20 });
    assert!(check(&restored).is_clean(), "an old copy is intact in itself");
}

#[test]
fn a04_two_extensions_of_one_ledger_contradict_each_other() {
    let (left, right) = (Home::new(), Home::new());
    let mut ledger = left.create();
    fill(&mut ledger, 10);
    drop(ledger);
    std::fs::copy(left.path(), right.path()).unwrap();
    let (mut a, mut b) = (left.open(), right.open());
    append(&mut a, &[entry("acme", 1, "left")]);
    append(&mut b, &[entry("acme", 1, "right"), entry("acme", 1, "further")]);
    let (a_signed, b_signed) = (a.sign_checkpoint(&key()).unwrap(), b.sign_checkpoint(&key()).unwrap());
    let refused = b.check_anchor(&a_signed.checkpoint).unwrap_err();
    assert_eq!(refused.code(), "audit.forked");
    let AnchorError::Forked { anchor, ledger } = refused else { panic!("{refused:?}") };
    assert_eq!(*anchor, a_signed.checkpoint);
    assert_eq!((ledger.size, Some(ledger.root)), (11, b.root_at(11).unwrap()));
    assert_ne!(ledger.root, anchor.root);
    // Both notes are signed: whoever holds the key's public half can see the contradiction.
    for note in [&a_signed.note, &b_signed.note] {
        Checkpoint::verify(note.as_bytes(), &vkey()).unwrap();
    }
    assert_eq!(a.check_anchor(&b_signed.checkpoint).unwrap_err().code(), "audit.rolled_back");
}

#[test]
fn an_anchor_behind_is_fine_and_another_log_s_is_not() {
    let home = Home::new();
    let mut ledger = home.create();
    let empty = ledger.sign_checkpoint(&key()).unwrap().checkpoint;
    fill(&mut ledger, 300);
    let some = ledger.head().unwrap();
    fill(&mut ledger, 300);
    for anchor in [&empty, &some, &ledger.head().unwrap()] {
        assert_eq!(ledger.check_anchor(anchor), Ok(()));
    }
    let other = Checkpoint { origin: KeyName::parse("other.example").unwrap(), ..some.clone() };
    assert_eq!(ledger.check_anchor(&other).unwrap_err().code(), "audit.anchor_origin");
    let wrong = Checkpoint { root: Sha256Digest::from_bytes([1; 32]), ..some };
    assert_eq!(ledger.check_anchor(&wrong).unwrap_err().code(), "audit.forked");
    let huge = Checkpoint { size: u64::MAX, ..wrong };
    assert_eq!(ledger.check_anchor(&huge).unwrap_err().code(), "audit.rolled_back");
    assert_eq!(ledger.root_at(u64::MAX), Ok(None));
}

#[test]
fn a16_checkpoints_are_kept_and_never_contradict() {
    let home = Home::new();
    let mut ledger = home.create();
    assert_eq!(ledger.latest_checkpoint().unwrap(), None);
    fill(&mut ledger, 5);
    let first = ledger.sign_checkpoint(&key()).unwrap();
    assert_eq!(Checkpoint::verify(first.note.as_bytes(), &vkey()), Ok(first.checkpoint.clone()));
    assert_eq!(ledger.sign_checkpoint(&key()).unwrap(), first, "nothing new, nothing signed");
    let next_key = SigningKey::from_seed(Role::Log, &[8; 32]).unwrap();
    let by_next = ledger.sign_checkpoint(&next_key).unwrap();
    assert_eq!(by_next.checkpoint, first.checkpoint);
    assert_ne!(by_next.note, first.note);
    let pack_key = SigningKey::from_seed(Role::Pack, &[7; 32]).unwrap();
    append(&mut ledger, &[entry("acme", 1, "x")]);
    assert_eq!(ledger.sign_checkpoint(&pack_key).unwrap_err().code(), "sign.role_mismatch");
    drop(ledger);
    let ledger = home.open();
    assert_eq!(ledger.latest_checkpoint().unwrap(), Some(by_next));
}

#[test]
fn a_ledger_is_made_once() {
    let home = Home::new();
    drop(home.create());
    let before = std::fs::read(home.path()).unwrap();
    assert_eq!(Ledger::create(&home.path(), &origin()).err().unwrap().code(), "audit.exists");
    assert_eq!(std::fs::read(home.path()).unwrap(), before);
    let missing = home.dir.path().join("none");
    assert_eq!(Ledger::open(&missing).err().unwrap().code(), "audit.io");
    assert_eq!(Ledger::open_read_only(&missing).err().unwrap().code(), "audit.io");
    assert_eq!(Ledger::open(home.dir.path()).err().unwrap().code(), "audit.io");
    assert!(!missing.exists());
    for (name, content) in
        [("empty", &b""[..]), ("text", b"not a ledger at all\n"), ("half", &before[..before.len() / 2])]
    {
        let path = home.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        assert_eq!(Ledger::open(&path).err().unwrap().code(), "audit.store_corrupt", "{name}");
        assert_eq!(Ledger::open_read_only(&path).err().unwrap().code(), "audit.store_corrupt", "{name}");
    }
}
