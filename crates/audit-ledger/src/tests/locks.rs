//! Two handles, two processes, and a process that was killed.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use reach_types::Code;

use super::support::{Home, append, check, entry, fill, run, tenant};
use crate::Ledger;

/// Set for the process that plays the writer.
const CHILD: &str = "REACH_TEST_LEDGER";

#[test]
fn a20_a_second_writer_is_refused_at_once_and_readers_are_not() {
    let home = Home::new();
    let mut writer = home.create();
    assert_eq!(Ledger::open(&home.path()).err().unwrap().code(), "audit.locked");
    let reader = Ledger::open_read_only(&home.path()).unwrap();
    fill(&mut writer, 10);
    assert_eq!(reader.head().unwrap(), writer.head().unwrap());
    assert_eq!(reader.tenant(tenant("acme")).list(&run(1), 0, 10).unwrap().entries.len(), 4);
    let second = Ledger::open_read_only(&home.path()).unwrap();
    fill(&mut writer, 10);
    assert_eq!(second.head().unwrap().size, 20);
    assert!(check(&reader).is_clean());
    drop(writer);
    assert_eq!(reader.head().unwrap().size, 20);
    let mut next = home.open();
    append(&mut next, &[entry("acme", 1, "beside readers")]);
    assert_eq!(reader.head().unwrap().size, 21);
}

/// Not a test: the process that the tests below start and kill.
#[test]
fn child_writer() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let mut ledger = Ledger::open(path.as_ref()).unwrap();
    let mut out = std::io::stdout().lock();
    for i in 0.. {
        let receipt = append(&mut ledger, &[entry("acme", 1, &format!("entry {i}"))]).remove(0);
        writeln!(out, "acknowledged {}", receipt.seq()).unwrap();
    }
}

#[test]
fn a14_a20_after_kill_9_every_acknowledged_entry_is_there() {
    let home = Home::new();
    drop(home.create());
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::locks::child_writer", "--nocapture", "--test-threads=1"])
            .env(CHILD, home.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let seqs = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
        let mut last: u64 = 0;
        for (count, seq) in seqs.enumerate() {
            last = seq;
            if count == 3 {
                assert_eq!(Ledger::open(&home.path()).err().unwrap().code(), "audit.locked");
                let beside = Ledger::open_read_only(&home.path()).unwrap();
                assert!(beside.head().unwrap().size > seq);
            }
            if count == 10 + round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        // Whoever comes first, reader or writer, recovers.
        let check_all = |size: u64, page: Vec<Vec<u8>>| {
            assert!(size > last, "{size} entries, {last} was acknowledged");
            assert_eq!(page.len(), usize::try_from(size).unwrap());
        };
        let read = |ledger: &crate::LedgerReader| {
            assert!(check(ledger).is_clean());
            let page = ledger.tenant(tenant("acme")).list(&run(1), 0, 1000).unwrap();
            check_all(ledger.head().unwrap().size, page.entries.into_iter().map(|entry| entry.payload).collect());
        };
        if round % 2 == 0 {
            read(&Ledger::open_read_only(&home.path()).unwrap());
        } else {
            read(&home.open());
        }
    }
}

#[test]
fn a20_a_read_only_file_can_be_read() {
    let home = Home::new();
    fill(&mut home.create(), 5);
    let mut permissions = std::fs::metadata(home.path()).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, 0o600);
    permissions.set_readonly(true);
    std::fs::set_permissions(home.path(), permissions).unwrap();
    assert!(check(&Ledger::open_read_only(&home.path()).unwrap()).is_clean());
}
