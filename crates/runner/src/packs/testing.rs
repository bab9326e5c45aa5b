//! Signed packs in memory, and an archive that does something while it is read.

use std::{collections::BTreeMap, fs, io::Read, os::unix::fs::PermissionsExt, path::Path};

use reach_pack_integrity::{ArchivePath, ArchiveWriter, Expected, Verification, inspect_archive, sign_pack};
use reach_signing::{Role, Signer, SigningKey, TrustDocument, VerifiedTrust};
use reach_types::Timestamp;
use serde_json::json;

use super::PackFiles;

/// Where a trust file would be: these trust documents are in memory.
const TRUST_FILE: &str = "/dev/null";

const MANIFEST: &str = r#"
schema = "reach-pack/1"
name = "NAME"
version = "1.0.0"
deterministic = true
spec = { version = "1.0.0", floor = "1.0.0" }
graph = { start = "list", max_steps = 1, nodes = [{ id = "list", tool = "fs.list" }] }
[tools]
"fs.list" = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
"#;

pub(super) const EXPECTED: Expected = Expected { name: None, version: None };

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn key(role: Role, seed: u8) -> SigningKey {
    SigningKey::from_seed(role, &[seed; 32]).unwrap()
}

/// A trust document in which Ada signs packs.
pub(super) fn trust() -> VerifiedTrust {
    let entry = |role, seed| {
        json!([{
            "public": key(role, seed).public_key(), "role": role,
            "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z",
        }])
    };
    let document = json!({
        "schema": "reach-trust/1", "version": 1,
        "created": "2026-01-01T00:00:00Z", "expires": "2027-01-01T00:00:00Z",
        "thresholds": {},
        "signers": [
            { "name": "root", "keys": entry(Role::Root, 200), "packs": [] },
            { "name": "ada", "keys": entry(Role::Pack, 1), "packs": ["*"] },
        ],
    });
    let document: TrustDocument = serde_json::from_value(document).unwrap();
    let file = document.sign_first(&[&key(Role::Root, 200)]).unwrap();
    VerifiedTrust::verify(file.as_bytes(), None, at("2026-06-01T00:00:00Z")).unwrap()
}

pub(super) fn asked(trust: &VerifiedTrust) -> Verification<'_> {
    Verification { trust, expected: &EXPECTED, now: at("2026-06-01T00:00:00Z"), seen: None, evidence: None }
}

/// A pack with its signature beside it, and no proof.
pub(super) fn files(pack: &Path) -> PackFiles<'_> {
    PackFiles::of(pack, None, Path::new(TRUST_FILE))
}

/// What is below a directory: for each path its mode, and the content if it is a file.
pub(super) type Tree = BTreeMap<String, (u32, Option<Vec<u8>>)>;

pub(super) fn read_tree(dir: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut below = vec![dir.to_path_buf()];
    while let Some(next) = below.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            let content = (!meta.is_dir()).then(|| fs::read(&path).unwrap_or_default());
            tree.insert(name, (meta.permissions().mode() & 0o7777, content));
            if meta.is_dir() {
                below.push(path);
            }
        }
    }
    tree
}

/// A pack and its signature.
pub(super) struct Pack {
    pub(super) archive: Vec<u8>,
    pub(super) envelope: Vec<u8>,
}

impl Pack {
    /// The pack `name` of its manifest and these files, signed by the key of this seed.
    pub(super) fn signed(name: &str, files: &[(&str, bool, &[u8])], seed: u8) -> Self {
        let manifest = MANIFEST.replace("NAME", name);
        let mut files = files.to_vec();
        files.push(("pack.toml", false, manifest.as_bytes()));
        files.sort_unstable();
        let mut writer = ArchiveWriter::new(Vec::new());
        for (path, executable, mut content) in files {
            let path = ArchivePath::parse(path).unwrap();
            writer.append(&path, executable, content.len() as u64, &mut content).unwrap();
        }
        let archive = writer.finish().unwrap();
        let read = inspect_archive(&archive[..]).unwrap();
        let (created, expires) = (at("2026-05-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        let signer = key(Role::Pack, seed);
        let envelope = sign_pack(&read.digests, &read.manifest, created, expires, &[&signer as &dyn Signer]).unwrap();
        Self { archive, envelope: envelope.into_bytes() }
    }

    /// A pack with a file at every depth, with both modes, and with one larger than any buffer.
    pub(super) fn good() -> Self {
        let large = vec![7; 300_000];
        let files: &[(&str, bool, &[u8])] = &[
            ("a.txt", false, b"a"),
            ("b/c/run.sh", true, b"#!/bin/sh\n"),
            ("b/empty", false, b""),
            ("z/large", false, &large),
        ];
        Self::signed("good", files, 1)
    }

    /// Writes both files to `dir`.
    pub(super) fn write(&self, dir: &Path, name: &str) -> std::path::PathBuf {
        let path = dir.join(name);
        fs::write(&path, &self.archive).unwrap();
        fs::write(super::signature_path(&path), &self.envelope).unwrap();
        path
    }
}

/// Bytes read a block at a time, with something done before the block at `place` is read.
pub(super) struct Interrupted<R, F> {
    pub(super) input: R,
    pub(super) place: u64,
    pub(super) read: u64,
    pub(super) act: Option<F>,
}

impl<R: Read, F: FnOnce()> Interrupted<R, F> {
    pub(super) fn new(input: R, place: u64, act: F) -> Self {
        Self { input, place, read: 0, act: Some(act) }
    }
}

impl<R: Read, F: FnOnce()> Read for Interrupted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.read >= self.place
            && let Some(act) = self.act.take()
        {
            act();
        }
        let most = buffer.len().min(512);
        let read = self.input.read(&mut buffer[..most])?;
        self.read += read as u64;
        Ok(read)
    }
}
