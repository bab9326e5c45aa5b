//! Rows rewritten behind the ledger's back, with every checksum of the store in order.

use reach_tlog::Checkpoint;
use reach_types::{Code, Timestamp};
use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};

use super::{
    edits::{COUNT, assert_found, edit, fsck, home},
    support::{Home, codes, fill, numbered, run, tenant, vkey},
};
use crate::{
    Author, EntryKind, Finding, Ledger, LedgerReader,
    head::{Head, StoredCheckpoint},
    record::Record,
    run::Run,
    sealed::{seal, unseal},
    tables::{
        ENTRIES, IDEMPOTENCY, META, META_CHECKPOINT, META_HEAD, ROWS, RUN_INDEX, RUN_NAMES, RUNS, idempotency_key,
        run_name,
    },
};

fn record(txn: &WriteTransaction, seq: u64) -> Vec<u8> {
    txn.open_table(ENTRIES).unwrap().get(seq).unwrap().unwrap().value().to_vec()
}

fn rewrite(home: &Home, seq: u64, change: impl FnOnce(&mut Record)) {
    edit(home, |txn| {
        let mut changed = Record::decode(&record(txn, seq)).unwrap();
        change(&mut changed);
        txn.open_table(ENTRIES).unwrap().insert(seq, changed.encode().unwrap().as_slice()).unwrap();
    });
}

#[test]
fn a01_a_rewritten_record_is_never_served() {
    let changes: [fn(&mut Record); 7] = [
        |record| record.payload = b"payload 7 was never this".to_vec(),
        |record| record.head.kind = EntryKind::RunEnded,
        |record| record.head.author = Author::Tenant(tenant("acme")),
        |record| record.head.raw_time = Timestamp::from_millis(record.head.raw_time.as_millis() - 1),
        |record| record.head.idempotency = None,
        |record| record.head.header_salt[0] ^= 1,
        |record| record.head.prev_leaf = crate::header::NO_LEAF,
    ];
    for (which, change) in changes.into_iter().enumerate() {
        let home = home();
        rewrite(&home, 15, change);
        let ledger = Ledger::open_read_only(&home.path()).unwrap();
        let acme = ledger.tenant(tenant("acme"));
        assert_eq!(acme.entry(15).unwrap_err().code(), "audit.entry_corrupt", "{which}");
        assert_eq!(acme.list(&run(1), 0, 100).unwrap_err().code(), "audit.entry_corrupt", "{which}");
        assert_eq!(ledger.prove(15).unwrap_err().code(), "audit.entry_corrupt", "{which}");
        assert_eq!(ledger.export().unwrap().next().unwrap().unwrap_err().code(), "audit.entry_corrupt", "{which}");
        assert_eq!(acme.entry(12).unwrap().payload, b"payload 12", "{which}");
        let report = fsck(&home);
        let Finding { code, seq, .. } = &report.findings[0];
        assert_eq!((*code, *seq), ("audit.fsck_leaf_mismatch", Some(15)), "{which}");
    }
    let home = home();
    rewrite(&home, 15, |record| record.payload[0] ^= 1);
    assert_found(&home, &["audit.fsck_leaf_mismatch"]);
}

#[test]
fn a01_a_rewritten_record_with_its_leaf_hash_breaks_the_tree() {
    let home = home();
    rewrite(&home, 3, |record| record.payload = b"forged".to_vec());
    let forged = {
        let ledger = Ledger::open_read_only(&home.path()).unwrap();
        let view = ledger.store.view().unwrap();
        view.unchecked(3).ok().unwrap().leaf_hash
    };
    edit(&home, |txn| {
        let mut rows = txn.open_table(ROWS).unwrap();
        let mut row = rows.get(0).unwrap().unwrap().value().to_vec();
        row[3 * 32..4 * 32].copy_from_slice(forged.as_bytes());
        rows.insert(0, row.as_slice()).unwrap();
    });
    let ledger = Ledger::open_read_only(&home.path()).unwrap();
    assert_eq!(ledger.prove(3).unwrap_err().code(), "audit.store_corrupt");
    drop(ledger);
    // The next entry of the run still names the old leaf; the row above and the two roots as well.
    assert_found(&home, &["audit.fsck_run_chain", "audit.fsck_tree", "audit.fsck_root", "audit.fsck_checkpoint"]);
}

#[test]
fn a01_rows_indexes_and_single_values_are_checked_against_the_entries() {
    type Change = fn(&WriteTransaction);
    let cases: [(&str, Change, &[&'static str]); 12] = [
        (
            "a hash above the leaves",
            |txn| {
                let mut rows = txn.open_table(ROWS).unwrap();
                let mut row = rows.get(1 << 56).unwrap().unwrap().value().to_vec();
                row[0] ^= 1;
                rows.insert(1 << 56, row.as_slice()).unwrap();
            },
            &["audit.fsck_tree"],
        ),
        (
            "a run's index to a neighbour",
            |txn| drop(txn.open_table(RUN_INDEX).unwrap().insert((0, 2), 7).unwrap()),
            &["audit.fsck_run_index"],
        ),
        (
            "a run's index gone",
            |txn| drop(txn.open_table(RUN_INDEX).unwrap().remove((0, 2)).unwrap()),
            &["audit.fsck_run_index", "audit.fsck_rows"],
        ),
        ("the tail of a run cut in its count", |txn| change_run(txn, 0, |run| run.count -= 1), &["audit.fsck_run"]),
        (
            "a run's last leaf",
            |txn| change_run(txn, 1, |run| run.last_leaf = crate::header::NO_LEAF),
            &["audit.fsck_run"],
        ),
        (
            "a run's state",
            |txn| change_run(txn, 1, |run| run.state = crate::run::RunState::Closed),
            &["audit.fsck_run"],
        ),
        ("an idempotency key to a neighbour", |txn| change_key(txn, Some(5)), &["audit.fsck_idempotency"]),
        ("an idempotency key gone", |txn| change_key(txn, None), &["audit.fsck_idempotency", "audit.fsck_rows"]),
        (
            "an idempotency key more",
            |txn| drop(txn.open_table(IDEMPOTENCY).unwrap().insert(&[9; 40], 5).unwrap()),
            &["audit.fsck_rows"],
        ),
        (
            "a record more",
            |txn| drop(txn.open_table(ENTRIES).unwrap().insert(99, b"x".as_slice()).unwrap()),
            &["audit.fsck_rows"],
        ),
        ("the clock", |txn| change_head(txn, |head| head.clock = Timestamp::from_millis(1)), &["audit.fsck_head"]),
        ("the root", |txn| change_head(txn, |head| head.root = crate::header::NO_LEAF), &["audit.fsck_root"]),
    ];
    for (what, change, expected) in cases {
        let home = home();
        edit(&home, change);
        let found = assert_found(&home, expected);
        assert!(found.findings.iter().all(|finding| !finding.remedy.is_empty()), "{what}");
    }
}

fn change_run(txn: &WriteTransaction, number: u64, change: impl FnOnce(&mut Run)) {
    let mut runs = txn.open_table(RUNS).unwrap();
    let bytes = runs.get(number).unwrap().unwrap().value().to_vec();
    let mut run: Run = unseal(&bytes, 256).unwrap();
    change(&mut run);
    runs.insert(number, seal(&run).unwrap().as_slice()).unwrap();
}

fn change_key(txn: &WriteTransaction, to: Option<u64>) {
    let key = idempotency_key(0, &numbered(15).idempotency.unwrap());
    let mut keys = txn.open_table(IDEMPOTENCY).unwrap();
    match to {
        Some(seq) => assert_eq!(keys.insert(&key, seq).unwrap().unwrap().value(), 15),
        None => assert_eq!(keys.remove(&key).unwrap().unwrap().value(), 15),
    }
}

fn change_head(txn: &WriteTransaction, change: impl FnOnce(&mut Head)) {
    let mut meta = txn.open_table(META).unwrap();
    let bytes = meta.get(META_HEAD).unwrap().unwrap().value().to_vec();
    let mut head: Head = unseal(&bytes, 256).unwrap();
    change(&mut head);
    meta.insert(META_HEAD, seal(&head).unwrap().as_slice()).unwrap();
}

#[test]
fn a11_a_key_bent_to_another_entry_gives_no_receipt() {
    let home = home();
    edit(&home, |txn| change_key(txn, Some(0)));
    let mut ledger = home.open();
    let again = ledger.append(&[numbered(15)], Timestamp::from_millis(0), &ring::rand::SystemRandom::new());
    assert_eq!(again.unwrap_err().code(), "audit.store_corrupt");
    assert_eq!(ledger.head().unwrap().size, COUNT as u64);
}

#[test]
fn a05_a_run_that_does_not_end_where_its_index_says_is_not_listed() {
    for change in [(|run| run.count -= 1) as fn(&mut Run), |run| run.count += 1, |run| run.last_seq -= 1] {
        let home = home();
        edit(&home, |txn| change_run(txn, 0, change));
        let mut ledger = home.open();
        assert_eq!(ledger.tenant(tenant("acme")).list(&run(1), 0, 10).unwrap_err().code(), "audit.store_corrupt");
        let more = ledger.append(&[numbered(42)], Timestamp::from_millis(0), &ring::rand::SystemRandom::new());
        assert_eq!(more.unwrap_err().code(), "audit.store_corrupt");
    }
}

#[test]
fn a01_a_writer_does_not_build_on_a_tree_that_is_not_its_root_s() {
    let home = home();
    edit(&home, |txn| change_head(txn, |head| head.size -= 1));
    assert_eq!(Ledger::open(&home.path()).err().unwrap().code(), "audit.store_corrupt");
    let found = fsck(&home);
    assert!(codes(&found).contains(&"audit.fsck_root") && codes(&found).contains(&"audit.fsck_rows"), "{found:?}");
}

#[test]
fn a02_records_removed_and_swapped_in_place() {
    let removed = home();
    edit(&removed, |txn| drop(txn.open_table(ENTRIES).unwrap().remove(8).unwrap()));
    let ledger = Ledger::open_read_only(&removed.path()).unwrap();
    assert_eq!(ledger.tenant(tenant("zeta")).entry(8).unwrap_err().code(), "audit.entry_corrupt");
    drop(ledger);
    // The next entry of that run does not follow what is left of it.
    let report = assert_found(&removed, &["audit.fsck_record_missing", "audit.fsck_run_chain", "audit.fsck_rows"]);
    assert_eq!((report.findings[0].seq, report.findings[1].seq), (Some(8), Some(11)));

    let swapped = home();
    edit(&swapped, |txn| {
        let (a, b) = (record(txn, 6), record(txn, 12));
        let mut entries = txn.open_table(ENTRIES).unwrap();
        entries.insert(6, b.as_slice()).unwrap();
        entries.insert(12, a.as_slice()).unwrap();
    });
    let report = fsck(&swapped);
    let bad: Vec<_> = report.findings.iter().filter(|f| f.code == "audit.fsck_leaf_mismatch").map(|f| f.seq).collect();
    assert_eq!(bad, [Some(6), Some(12)]);
    let ledger = Ledger::open_read_only(&swapped.path()).unwrap();
    assert_eq!(ledger.tenant(tenant("acme")).entry(6).unwrap_err().code(), "audit.entry_corrupt");
}

#[test]
fn a05_a_whole_run_taken_out_of_the_indexes() {
    let home = home();
    edit(&home, |txn| {
        txn.open_table(RUN_NAMES).unwrap().remove(run_name(&tenant("zeta"), &run(1)).as_slice()).unwrap();
    });
    assert_found(&home, &["audit.fsck_run", "audit.fsck_rows"]);
    edit(&home, |txn| drop(txn.open_table(RUNS).unwrap().remove(2).unwrap()));
    let report = fsck(&home);
    let about_entries = report.findings.iter().filter(|finding| finding.seq.is_some()).count();
    assert_eq!(about_entries, COUNT / 3, "{report:?}");
}

#[test]
fn a07_a_name_bent_to_another_tenant_s_run_shows_nothing() {
    let home = home();
    edit(&home, |txn| {
        let name = run_name(&tenant("zeta"), &run(1));
        txn.open_table(RUN_NAMES).unwrap().insert(name.as_slice(), 0).unwrap();
    });
    let ledger = Ledger::open_read_only(&home.path()).unwrap();
    assert_eq!(ledger.tenant(tenant("zeta")).list(&run(1), 0, 10).unwrap_err().code(), "audit.store_corrupt");
    drop(ledger);
    assert_found(&home, &["audit.fsck_run"]);
}

#[test]
fn a16_a_stored_checkpoint_that_nobody_signed() {
    let home = home();
    let stored = home.open().store.view().unwrap().checkpoint().unwrap().unwrap();
    let put = |checkpoint: &StoredCheckpoint| {
        edit(&home, |txn| {
            let mut meta = txn.open_table(META).unwrap();
            meta.insert(META_CHECKPOINT, seal(checkpoint).unwrap().as_slice()).unwrap();
        });
    };
    put(&StoredCheckpoint { note: stored.note.replace("40\n", "41\n"), ..stored.clone() });
    assert_found(&home, &["tlog.note_bad_signature"]);
    put(&StoredCheckpoint { size: 39, ..stored.clone() });
    assert_found(&home, &["audit.fsck_checkpoint", "audit.store_corrupt"]);
    put(&StoredCheckpoint { size: 41, ..stored.clone() });
    assert_found(&home, &["audit.fsck_checkpoint", "audit.store_corrupt"]);
    put(&stored);
    assert!(fsck(&home).is_clean());
}

#[test]
fn an_unknown_format_is_refused() {
    let home = home();
    edit(&home, |txn| {
        let format = crate::head::Format { version: 2, origin: "log.example/ledger".to_owned() };
        let mut meta = txn.open_table(META).unwrap();
        meta.insert(crate::tables::META_FORMAT, seal(&format).unwrap().as_slice()).unwrap();
    });
    assert_eq!(Ledger::open(&home.path()).err().unwrap().code(), "audit.format_unknown");
    assert_eq!(Ledger::open_read_only(&home.path()).err().unwrap().code(), "audit.format_unknown");
}

#[test]
fn a_check_of_a_hopeless_file_ends() {
    let home = home();
    edit(&home, |txn| change_head(txn, |head| head.size = crate::MAX_ENTRIES));
    let report = fsck(&home);
    assert!(!report.complete && report.findings.len() == crate::MAX_FINDINGS);
}

#[test]
fn progress_is_told_and_ends_at_the_end() {
    let home = Home::new();
    let mut ledger = home.create();
    fill(&mut ledger, 600);
    let mut told = Vec::new();
    let report = LedgerReader::fsck(&ledger, None, &mut |done, all| told.push((done, all))).unwrap();
    assert!(report.is_clean() && report.checkpoint.is_none());
    assert_eq!(told, [(0, 600), (256, 600), (512, 600), (600, 600)]);
}

#[test]
fn the_tables_hold_one_row_for_what_there_is_one_of() {
    let home = home();
    let database = Database::open(home.path()).unwrap();
    let txn = database.begin_read().unwrap();
    let rows = txn.open_table(ROWS).unwrap();
    assert_eq!(rows.get(0).unwrap().unwrap().value().len(), 16 * 32);
    assert_eq!(rows.get(2).unwrap().unwrap().value().len(), 8 * 32);
    let note = txn.open_table(META).unwrap().get(META_CHECKPOINT).unwrap().unwrap().value().to_vec();
    let stored: StoredCheckpoint = unseal(&note, 4096).unwrap();
    assert_eq!(Checkpoint::verify(stored.note.as_bytes(), &vkey()).unwrap().size, 40);
}
