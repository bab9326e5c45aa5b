//! Short names for what every test needs.

use std::path::PathBuf;

use reach_signing::{Role, Signer, SigningKey};
use reach_tlog::{KeyName, VerifierKey};
use reach_types::{Blake3Digest, RunId, TenantId, Timestamp};
use ring::rand::SystemRandom;
use tempfile::TempDir;

use crate::{Author, EntryKind, Ledger, LedgerReader, LedgerReceipt, NewEntry, Report};

pub(super) const NOON: u64 = 1_795_459_200_000;

pub(super) struct Home {
    pub(super) dir: TempDir,
}

impl Home {
    pub(super) fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("ledger.redb")
    }

    pub(super) fn create(&self) -> Ledger {
        Ledger::create(&self.path(), &origin()).unwrap()
    }

    pub(super) fn open(&self) -> Ledger {
        Ledger::open(&self.path()).unwrap()
    }
}

pub(super) fn origin() -> KeyName {
    KeyName::parse("log.example/ledger").unwrap()
}

pub(super) fn key() -> SigningKey {
    SigningKey::from_seed(Role::Log, &[7; 32]).unwrap()
}

pub(super) fn vkey() -> VerifierKey {
    VerifierKey::new(origin(), key().public_key())
}

pub(super) fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub(super) fn run(number: u8) -> RunId {
    RunId(Blake3Digest::from_bytes([number; 32]))
}

pub(super) fn entry(owner: &str, number: u8, payload: &str) -> NewEntry {
    NewEntry {
        tenant: tenant(owner),
        run: run(number),
        kind: EntryKind::CallRefused,
        author: Author::Operator,
        payload: payload.as_bytes().to_vec(),
        idempotency: None,
    }
}

pub(super) fn keyed(owner: &str, number: u8, payload: &str, key: u8) -> NewEntry {
    NewEntry { idempotency: Some([key; 32]), ..entry(owner, number, payload) }
}

pub(super) fn append(ledger: &mut Ledger, entries: &[NewEntry]) -> Vec<LedgerReceipt> {
    ledger.append(entries, Timestamp::from_millis(NOON), &SystemRandom::new()).unwrap()
}

/// `count` entries in three runs of two tenants, a few of them with idempotency keys.
pub(super) fn fill(ledger: &mut Ledger, count: usize) {
    let start = usize::try_from(ledger.head().unwrap().size).unwrap();
    let entries: Vec<_> = (start..start + count).map(numbered).collect();
    for batch in entries.chunks(7) {
        append(ledger, batch);
    }
}

pub(super) fn numbered(i: usize) -> NewEntry {
    let (owner, number) = [("acme", 1), ("acme", 2), ("zeta", 1)][i % 3];
    let new = entry(owner, number, &format!("payload {i}"));
    let key = reach_types::Blake3Digest::of(&i.to_be_bytes());
    if i.is_multiple_of(5) { NewEntry { idempotency: Some(*key.as_bytes()), ..new } } else { new }
}

pub(super) fn check(ledger: &LedgerReader) -> Report {
    ledger.fsck(Some(&vkey()), &mut |_, _| {}).unwrap()
}

pub(super) fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.code).collect()
}
