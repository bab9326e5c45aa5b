//! What the tests share: fixed keys, a trust document, a small good pack, and ways to spoil it.

use std::collections::BTreeMap;

use reach_signing::{
    Envelope, KeyEntry, Message, NamePattern, PublicKey, Role, SignError, Signature, Signer, SignerEntry, SigningKey,
    TrustDocument, VerifiedTrust,
};
use reach_types::{Code, Timestamp};
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use crate::{
    ArchivePath, ArchiveReader, ArchiveWriter, Entry, Expected, PAYLOAD_TYPE, PREDICATE_TYPE, Verification,
    VerifiedPack, VerifyError, digest_archive, inspect_archive, sign_pack, verify_pack,
};

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The moment every test verifies at, unless time is its subject.
pub(crate) fn now() -> Timestamp {
    at("2026-06-01T00:00:00Z")
}

pub(crate) fn created() -> Timestamp {
    at("2026-05-01T00:00:00Z")
}

pub(crate) fn expires() -> Timestamp {
    at("2026-12-01T00:00:00Z")
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(Role::Pack, &[seed; 32]).unwrap()
}

/// The root key of every trust document here.
pub(crate) fn root() -> SigningKey {
    SigningKey::from_seed(Role::Root, &[200; 32]).unwrap()
}

pub(crate) fn key_entry(public: PublicKey, role: Role) -> KeyEntry {
    KeyEntry {
        public,
        role,
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2027-01-01T00:00:00Z"),
        retired: None,
        revoked: None,
    }
}

/// A signer of packs of every name, with the keys of these seeds.
pub(crate) fn signer(name: &str, seeds: &[u8]) -> SignerEntry {
    let keys = seeds.iter().map(|seed| key_entry(key(*seed).public_key(), Role::Pack)).collect();
    SignerEntry { name: name.to_owned(), keys, packs: vec![NamePattern::Any] }
}

/// Ada signs packs with key 1, Ben with key 2; one of them is enough.
pub(crate) fn document() -> TrustDocument {
    let keys = vec![key_entry(root().public_key(), Role::Root)];
    TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created: at("2026-01-01T00:00:00Z"),
        expires: at("2027-01-01T00:00:00Z"),
        max_key_age_days: None,
        thresholds: BTreeMap::new(),
        signers: vec![
            SignerEntry { name: "root".to_owned(), keys, packs: Vec::new() },
            signer("ada", &[1]),
            signer("ben", &[2]),
        ],
        revoked_packs: Vec::new(),
    }
}

pub(crate) fn trust(document: &TrustDocument) -> VerifiedTrust {
    let file = document.sign_first(&[&root()]).unwrap();
    VerifiedTrust::verify(file.as_bytes(), None, now()).unwrap()
}

/// As [`trust`], after `change`.
pub(crate) fn trust_with(change: impl FnOnce(&mut TrustDocument)) -> VerifiedTrust {
    let mut document = document();
    change(&mut document);
    trust(&document)
}

pub(crate) const MANIFEST: &str = r#"schema = "reach-pack/1"
name = "inventory"
version = "1.0.0"
description = "Lists a tree."
deterministic = true
scopes = ["workspace:read", "output:*"]
files = ["README.md"]
[models]
planner = "acme.large-1"
[tools]
"fs.list" = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
[spec]
version = "1.0.0"
floor = "1.0.0"
[[spec.features]]
id = "pack.ustar"
min = 1
max = 1
critical = true
[graph]
start = "list"
max_steps = 16
[[graph.nodes]]
id = "list"
tool = "fs.list"
scopes = ["workspace:read"]
arguments = { path = "." }
"#;

pub(crate) type File<'a> = (&'a str, bool, &'a [u8]);

/// The archive of these files, in whatever order they are given.
pub(crate) fn archive(files: &[File]) -> Vec<u8> {
    let mut files: Vec<_> = files.iter().map(|file| (ArchivePath::parse(file.0).unwrap(), file.1, file.2)).collect();
    files.sort();
    let mut writer = ArchiveWriter::new(Vec::new());
    for (path, executable, mut content) in files {
        writer.append(&path, executable, content.len() as u64, &mut content).unwrap();
    }
    writer.finish().unwrap()
}

pub(crate) fn pack_with(manifest: &str) -> Vec<u8> {
    archive(&[("pack.toml", false, manifest.as_bytes()), ("README.md", false, b"Read me.\n")])
}

pub(crate) fn pack() -> Vec<u8> {
    pack_with(MANIFEST)
}

/// Every file of a good archive, with its content.
pub(crate) fn read_all(archive: &[u8]) -> Result<Vec<(Entry, Vec<u8>)>, crate::ArchiveError> {
    let mut reader = ArchiveReader::new(archive);
    let mut files = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        let mut content = Vec::new();
        while let Some(chunk) = reader.next_chunk()? {
            content.extend_from_slice(chunk);
        }
        files.push((entry, content));
    }
    Ok(files)
}

pub(crate) fn archive_code(archive: &[u8]) -> &'static str {
    read_all(archive).map_or_else(|error| error.code(), |_| "ok")
}

/// The envelope of a good archive, signed with the keys of these seeds.
pub(crate) fn sign(archive: &[u8], seeds: &[u8]) -> String {
    let keys: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    let inspection = inspect_archive(archive).unwrap();
    sign_pack(&inspection.digests, &inspection.manifest, created(), expires(), &signers).unwrap()
}

/// Signs whatever it is given, as a key holder with tools of their own can.
pub(crate) struct Anything(pub(crate) u8);

impl Anything {
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        Ed25519KeyPair::from_seed_unchecked(&[self.0; 32]).unwrap().sign(bytes).as_ref().to_vec()
    }
}

impl Signer for Anything {
    fn public_key(&self) -> PublicKey {
        key(self.0).public_key()
    }

    fn role(&self) -> Role {
        Role::Pack
    }

    fn sign(&self, message: &Message) -> Result<Signature, SignError> {
        Ok(Signature::from_slice(&self.sign_bytes(message.as_bytes())).unwrap())
    }
}

/// A validly signed envelope of any payload, by Ada.
pub(crate) fn envelope_of(payload_type: &str, payload: &[u8]) -> String {
    Envelope::sign(payload_type, payload.to_vec(), &[&Anything(1)]).unwrap().to_json()
}

/// A good statement about `archive`, to be spoiled.
pub(crate) fn statement(archive: &[u8]) -> Value {
    let digests = digest_archive(archive).unwrap();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": "inventory.reachpack",
            "digest": { "sha256": digests.sha256.to_string(), "blake3": digests.blake3.to_string() },
        }],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "name": "inventory",
            "version": "1.0.0",
            "created": "2026-05-01T00:00:00Z",
            "expires": "2026-12-01T00:00:00Z",
        },
    })
}

/// How the pack ends whose validly signed statement was changed so.
pub(crate) fn statement_code(change: impl FnOnce(&mut Value)) -> &'static str {
    let mut statement = statement(&pack());
    change(&mut statement);
    code(&pack(), &envelope_of(PAYLOAD_TYPE, statement.to_string().as_bytes()))
}

pub(crate) fn verify_under(
    archive: &[u8],
    envelope: &str,
    trust: &VerifiedTrust,
    at: Timestamp,
) -> Result<VerifiedPack, VerifyError> {
    let expected = Expected::default();
    verify_pack(
        archive,
        Some(envelope.as_bytes()),
        &Verification { trust, expected: &expected, now: at, seen: None, evidence: None },
    )
}

/// `"ok"`, or the code of the refusal.
pub(crate) fn code_under(archive: &[u8], envelope: &str, trust: &VerifiedTrust, at: Timestamp) -> &'static str {
    verify_under(archive, envelope, trust, at).map_or_else(|error| error.code(), |_| "ok")
}

pub(crate) fn code(archive: &[u8], envelope: &str) -> &'static str {
    code_under(archive, envelope, &trust(&document()), now())
}
