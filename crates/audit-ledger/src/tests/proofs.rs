//! Proofs, openings and the published tree, verified without the ledger.

use std::collections::BTreeMap;

use reach_tlog::{Checkpoint, Frontier, Tile, TileKind, decode_bundle, leaf_hash};
use reach_types::Code;

use super::support::{Home, fill, key, run, tenant, vkey};
use crate::{ExportFile, Ledger, NewEntry, Opening, ProvenEntry, verify_proof};

struct Files {
    proof: Vec<u8>,
    leaf: Vec<u8>,
    opening: Vec<u8>,
}

impl Files {
    fn of(proven: &ProvenEntry) -> Self {
        let (proof, opening) = (proven.proof.to_string(), proven.opening.to_json().unwrap());
        Self { proof: proof.into_bytes(), leaf: proven.leaf.clone(), opening: opening.into_bytes() }
    }

    fn code(&self) -> &'static str {
        verify_proof(&self.proof, &self.leaf, &self.opening, &vkey()).map_or_else(|e| e.code(), |_| "ok")
    }
}

fn filled(home: &Home, count: usize) -> Ledger {
    let mut ledger = home.create();
    fill(&mut ledger, count);
    ledger.sign_checkpoint(&key()).unwrap();
    ledger
}

#[test]
fn every_entry_is_proven_to_somebody_without_the_ledger() {
    let home = Home::new();
    let mut ledger = filled(&home, 40);
    fill(&mut ledger, 3);
    for seq in 0..40 {
        let proven = ledger.prove(seq).unwrap();
        let files = Files::of(&proven);
        let verified = verify_proof(&files.proof, &files.leaf, &files.opening, &vkey()).unwrap();
        assert_eq!(verified.header.seq, seq);
        assert_eq!(verified.payload, format!("payload {seq}").into_bytes());
        assert_eq!(verified.checkpoint.size, 40);
        assert_eq!(Opening::from_json(&files.opening), Ok(proven.opening));
    }
    assert_eq!(ledger.prove(40).unwrap_err().code(), "audit.not_checkpointed");
    assert_eq!(ledger.prove(43).unwrap_err().code(), "audit.not_found");
    assert_eq!(ledger.prove(u64::MAX).unwrap_err().code(), "audit.not_found");
}

#[test]
fn a15_every_bit_of_all_three_files_is_authenticated() {
    let home = Home::new();
    let ledger = filled(&home, 21);
    let good = || Files::of(&ledger.prove(20).unwrap());
    assert_eq!(good().code(), "ok");
    let flip = |bytes: &mut Vec<u8>, bit: usize| bytes[bit / 8] ^= 1 << (bit % 8);
    let fields: [fn(&mut Files) -> &mut Vec<u8>; 3] = [|f| &mut f.proof, |f| &mut f.leaf, |f| &mut f.opening];
    for (which, field) in fields.into_iter().enumerate() {
        let bits = field(&mut good()).len() * 8;
        let mut files = good();
        for bit in 0..bits {
            flip(field(&mut files), bit);
            assert_ne!(files.code(), "ok", "bit {bit} of file {which}");
            flip(field(&mut files), bit);
        }
        assert_eq!(files.code(), "ok");
    }
}

#[test]
fn a15_parts_of_two_proofs_do_not_fit_together() {
    let home = Home::new();
    let ledger = filled(&home, 8);
    let files = |seq| Files::of(&ledger.prove(seq).unwrap());
    assert_eq!(Files { leaf: files(1).leaf, ..files(0) }.code(), "tlog.root_mismatch");
    assert_eq!(Files { opening: files(1).opening, ..files(0) }.code(), "audit.opening_mismatch");
    assert_eq!(Files { proof: files(1).proof, ..files(0) }.code(), "tlog.root_mismatch");
    let json = |from: &str, to: &str| {
        let text = String::from_utf8(files(0).opening).unwrap();
        assert!(text.contains(from), "{text}");
        Files { opening: text.replace(from, to).into_bytes(), ..files(0) }.code()
    };
    assert_eq!(json("acme", "zeta"), "audit.opening_mismatch");
    assert_eq!(json("run.call_refused", "run.ended"), "audit.opening_mismatch");
    assert_eq!(json("run.call_refused", "run.unknown"), "input.json_shape");
    assert_eq!(json("operator:local", "operator:root"), "audit.opening_malformed");
    assert_eq!(json(r#""version":1"#, r#""version":2"#), "audit.opening_malformed");
    assert_eq!(json(r#""seq":0"#, r#""seq":0.0"#), "input.number");
    assert_eq!(json(r#"{"version""#, r#"{ "version""#), "audit.opening_non_canonical");
    assert_eq!(json(r#""seq":0,"#, ""), "input.json_shape");
    assert_eq!(json(r#""seq":0"#, r#""seq":0,"seq":0"#), "input.duplicate_key");
    assert_eq!(json(r#""seq":0"#, r#""seq":0,"more":0"#), "input.unknown_field");
    assert_eq!(Files { leaf: Vec::new(), ..files(0) }.code(), "tlog.root_mismatch");
}

fn export(ledger: &Ledger) -> BTreeMap<String, Vec<u8>> {
    ledger.export().unwrap().map(|file| file.map(|ExportFile { path, bytes }| (path, bytes)).unwrap()).collect()
}

#[test]
fn the_published_tree_gives_the_signed_root() {
    let home = Home::new();
    let mut ledger = filled(&home, 600);
    let published = export(&ledger);
    fill(&mut ledger, 20);
    assert_eq!(export(&ledger), published, "later entries are not part of an earlier checkpoint");
    assert_eq!(ledger.export().unwrap().last().unwrap().unwrap().path, "checkpoint");

    let checkpoint = Checkpoint::verify(&published["checkpoint"], &vkey()).unwrap();
    assert_eq!(checkpoint.size, 600);
    let mut tree = Frontier::new();
    let mut level_one = Vec::new();
    for index in 0..3 {
        let width = if index < 2 { 256 } else { 88 };
        let bundle = &published[&Tile::new(TileKind::Entries, index, width).unwrap().to_string()];
        let hashes = &published[&Tile::new(TileKind::Hashes(0), index, width).unwrap().to_string()];
        for (leaf, hash) in decode_bundle(bundle, width).unwrap().into_iter().zip(hashes.as_chunks::<32>().0) {
            assert_eq!(leaf_hash(leaf).as_bytes(), hash);
            let completed = &mut |height, _, hash: reach_types::Sha256Digest| {
                if height == 8 {
                    level_one.extend_from_slice(hash.as_bytes());
                }
            };
            tree.append(leaf_hash(leaf), completed).unwrap();
        }
    }
    assert_eq!(tree.root(), checkpoint.root);
    assert_eq!(published["tile/1/000.p/2"], level_one);
    assert_eq!(published.len(), 3 + 3 + 1 + 1);
}

#[test]
fn a08_the_published_tree_tells_nothing() {
    let home = Home::new();
    let ledger = filled(&home, 50);
    let mut public: Vec<Vec<u8>> = export(&ledger).into_values().collect();
    let proven = ledger.prove(0).unwrap();
    public.extend([proven.proof.to_string().into_bytes(), proven.leaf]);
    let header = proven.opening.header;
    let header_bytes = reach_types::encode_strict(&header).unwrap();
    // Whatever an outsider could guess, and digests of it without the salt.
    let mut guesses = vec![b"acme".to_vec(), b"zeta".to_vec(), run(1).0.as_bytes().to_vec(), b"payload 0".to_vec()];
    for known in [b"payload 0".to_vec(), header_bytes, b"acme".to_vec()] {
        guesses.push(reach_types::Blake3Digest::of(&known).as_bytes().to_vec());
        guesses.push(leaf_hash(&known).as_bytes().to_vec());
        for context in ["reach 2026 ledger header commitment v1", "reach 2026 ledger payload commitment v1"] {
            guesses.push(reach_types::Blake3Digest::derive(context, &[&known]).as_bytes().to_vec());
        }
    }
    for guess in guesses {
        let told = public.iter().any(|file| file.windows(guess.len()).any(|window| window == guess));
        assert!(!told, "{guess:02x?}");
    }
}

#[test]
fn the_same_payload_twice_gives_two_unlike_leaves() {
    let home = Home::new();
    let mut ledger = home.create();
    let same = NewEntry { payload: b"same".to_vec(), ..super::support::entry("acme", 1, "") };
    super::support::append(&mut ledger, &[same.clone(), same]);
    ledger.sign_checkpoint(&key()).unwrap();
    let leaves = [ledger.prove(0).unwrap().leaf, ledger.tenant(tenant("acme")).prove(1).unwrap().leaf];
    assert_ne!(leaves[0][33..65], leaves[1][33..65]);
    assert!(ledger.export().unwrap().count() > 2);
}

#[test]
fn nothing_is_published_before_a_checkpoint() {
    let home = Home::new();
    let mut ledger = home.create();
    fill(&mut ledger, 3);
    assert_eq!(ledger.export().err().unwrap().code(), "audit.not_checkpointed");
    assert_eq!(ledger.prove(0).unwrap_err().code(), "audit.not_checkpointed");
}
