//! Signings that stand in a ledger, and what witnesses date by them.

use std::fs;

use reach_signing::{
    KeyEntry, Revocation, RevocationReason, Role, Signer, SignerEntry, SigningKey, TrustDocument, VerifiedTrust,
};
use reach_tlog::{KeyName, SignedNote, TlogProof, cosign};
use reach_types::Timestamp;

use crate::support::{Answer, Demo, reach, reach_shifted};

/// A quickstart whose pack was signed again, this time into its node's ledger.
struct Scene {
    demo: Demo,
    document: TrustDocument,
}

const DAY: u64 = 86_400;

impl Scene {
    fn new() -> Self {
        let demo = Demo::new();
        fs::copy(demo.path("inventory.reachpack"), demo.beside("x.reachpack")).unwrap();
        let file = demo.read("trust.dsse.json");
        let later = Timestamp::from_millis(
            VerifiedTrust::verify(&file, None, now(&demo)).unwrap().document().created.as_millis(),
        );
        let mut document = VerifiedTrust::verify(&file, None, later).unwrap().document().clone();
        for (name, seeds) in [("watcher-a", &[31u8, 32][..]), ("watcher-b", &[33])] {
            let keys = seeds.iter().map(|seed| entry(&document, &witness(*seed))).collect();
            document.signers.push(SignerEntry { name: name.to_owned(), keys, packs: vec![] });
        }
        document.thresholds.insert(Role::Witness, 2);
        let scene = Self { demo, document };
        scene.sign(&scene.pack());
        scene
    }

    fn pack(&self) -> String {
        self.demo.beside("x.reachpack")
    }

    fn sign(&self, pack: &str) {
        let signed = self.try_sign(pack);
        assert_eq!(signed.exit, 0, "{}{}", signed.out, signed.err);
    }

    fn try_sign(&self, pack: &str) -> Answer {
        let (key, state) = (self.demo.path("keys/pack.pem"), self.demo.path("state"));
        reach(&["pack", "sign", pack, "--key", &key, "--state", &state])
    }

    /// The moment `seconds` after the document was made.
    fn at(&self, seconds: u64) -> Timestamp {
        Timestamp::from_millis(self.document.created.as_millis() + seconds * 1000)
    }

    /// Writes the trust document after `change`, signed as a version 1 of its own.
    fn trust(&self, change: impl FnOnce(&mut TrustDocument)) -> String {
        let mut document = self.document.clone();
        change(&mut document);
        let pem = self.demo.read("keys/root.pem");
        let root = SigningKey::from_pem(Role::Root, &pem).unwrap();
        let path = self.demo.beside("changed.dsse.json");
        fs::write(&path, document.sign_first(&[&root]).unwrap()).unwrap();
        path
    }

    /// Adds cosignatures to the proof: seed of the witness and seconds after the document was made.
    fn cosign(&self, pack: &str, witnesses: &[(u8, u64)]) {
        let path = format!("{pack}.tlog-proof");
        let mut proof = TlogProof::parse(&fs::read(&path).unwrap()).unwrap();
        for (seed, seconds) in witnesses {
            let note = SignedNote::parse(proof.checkpoint.as_bytes()).unwrap();
            let name = KeyName::parse(&format!("witness.example/{seed}")).unwrap();
            let line = cosign(&note, &name, self.at(*seconds), &witness(*seed)).unwrap();
            proof.checkpoint.push_str(&line);
        }
        fs::write(&path, proof.to_string()).unwrap();
    }

    /// Verifies the pack under `trust`, ten days after all was made, with `more` words.
    fn verify(&self, trust: &str, more: &[&str]) -> Answer {
        let pack = self.pack();
        let words = [&["pack", "verify", &pack, "--trust", trust][..], more].concat();
        reach_shifted(&words, 10 * i64::try_from(DAY).unwrap())
    }

    fn code(&self, trust: &str) -> String {
        self.verify(trust, &[]).code()
    }

    /// Restores the proof that was stapled, without cosignatures.
    fn with_cosignatures(&self, witnesses: &[(u8, u64)]) {
        let path = format!("{}.tlog-proof", self.pack());
        let mut proof = TlogProof::parse(&fs::read(&path).unwrap()).unwrap();
        let lines = proof.checkpoint.split_inclusive('\n').filter(|line| !line.contains("witness.example"));
        proof.checkpoint = lines.collect();
        fs::write(&path, proof.to_string()).unwrap();
        self.cosign(&self.pack(), witnesses);
    }
}

fn now(demo: &Demo) -> Timestamp {
    let shown = reach(&["trust", "show", &demo.path("trust.dsse.json")]).json();
    let expires = Timestamp::parse(shown["expires"].as_str().unwrap()).unwrap();
    Timestamp::from_millis(expires.as_millis() - 1000)
}

fn witness(seed: u8) -> SigningKey {
    SigningKey::from_seed(Role::Witness, &[seed; 32]).unwrap()
}

fn entry(document: &TrustDocument, key: &SigningKey) -> KeyEntry {
    KeyEntry {
        public: key.public_key(),
        role: key.role(),
        not_before: document.created,
        not_after: document.expires,
        retired: None,
        revoked: None,
    }
}

/// The key of `role` that the quickstart's first such signer has.
fn key_of(document: &mut TrustDocument, role: Role) -> &mut KeyEntry {
    document.signers.iter_mut().flat_map(|signer| &mut signer.keys).find(|key| key.role == role).unwrap()
}

fn revoke(key: &mut KeyEntry, since: Timestamp, reason: RevocationReason) {
    key.revoked = Some(Revocation { since, reason });
}

#[test]
fn k21_k22_a_retired_key_counts_by_what_a_quorum_of_witnesses_dates_and_nothing_else() {
    let scene = Scene::new();
    let retired = scene.trust(|document| {
        key_of(document, Role::Pack).retired =
            Some(document.created.saturating_add(std::time::Duration::from_secs(DAY)))
    });
    let code = |cosigned: &[(u8, u64)]| {
        scene.with_cosignatures(cosigned);
        scene.code(&retired)
    };
    assert_eq!(code(&[]), "pack.key_retired", "a log's own time is no evidence");
    assert_eq!(code(&[(31, 60)]), "pack.key_retired", "one of two");
    assert_eq!(code(&[(31, 60), (32, 60)]), "pack.key_retired", "two keys of one witness");
    assert_eq!(code(&[(31, 60), (33, DAY + 1)]), "pack.key_retired", "one of two in time");
    assert_eq!(code(&[(31, DAY), (33, DAY)]), "pack.key_retired", "in the very second");
    assert_eq!(code(&[(31, DAY - 1), (33, 60)]), "ok", "the second before");
    let answer = scene.verify(&retired, &[]).json();
    assert_eq!(answer["provenance_log"]["dated_before"], scene.at(DAY).to_string());
    assert_eq!(answer["provenance_log"]["witnesses"], serde_json::json!(["watcher-b", "watcher-a"]));
    assert_eq!(answer["provenance_log"]["origin"], "reach.local/quickstart");
    assert_eq!(code(&[(31, 20 * DAY), (33, 60)]), "pack.key_retired", "a witness from the future");
    fs::remove_file(format!("{}.tlog-proof", scene.pack())).unwrap();
    assert_eq!(scene.code(&retired), "pack.key_retired", "no proof");
    let plain = scene.trust(|_| {});
    assert_eq!(scene.verify(&plain, &[]).json()["provenance_log"], "none");
}

#[test]
fn k21_k22_a_revoked_key_by_its_reason() {
    let scene = Scene::new();
    let (before, after) = ([(31, 60), (33, 60)], [(31, DAY), (33, DAY)]);
    let since = scene.at(DAY);
    let compromised =
        |document: &mut TrustDocument| revoke(key_of(document, Role::Pack), since, RevocationReason::Compromised);
    let superseded =
        |document: &mut TrustDocument| revoke(key_of(document, Role::Pack), since, RevocationReason::Superseded);
    scene.with_cosignatures(&before);
    assert_eq!(scene.code(&scene.trust(compromised)), "pack.key_revoked");
    assert_eq!(scene.code(&scene.trust(superseded)), "ok");
    scene.with_cosignatures(&after);
    assert_eq!(scene.code(&scene.trust(superseded)), "pack.key_revoked");
}

#[test]
fn k22_who_may_vouch_for_a_date() {
    let scene = Scene::new();
    scene.with_cosignatures(&[(31, 60), (33, 60)]);
    let retire = |document: &mut TrustDocument| {
        let at = document.created.saturating_add(std::time::Duration::from_secs(DAY));
        key_of(document, Role::Pack).retired = Some(at);
    };
    let last = |document: &mut TrustDocument| document.signers.last_mut().unwrap().keys.first_mut().unwrap().clone();
    let code = |change: &dyn Fn(&mut TrustDocument)| {
        scene.code(&scene.trust(|document| {
            retire(document);
            change(document);
        }))
    };
    assert_eq!(code(&|_| {}), "ok");
    let revoked = |document: &mut TrustDocument| {
        document.thresholds.insert(Role::Witness, 1);
        for signer in document.signers.iter_mut().filter(|signer| signer.name.starts_with("watcher")) {
            signer.keys.iter_mut().for_each(|key| revoke(key, key.not_before, RevocationReason::Superseded));
        }
        document.thresholds.remove(&Role::Witness);
    };
    assert_eq!(code(&revoked), "pack.key_retired", "revoked witnesses");
    // The publisher's own witness, and one of whoever runs the log.
    for owner in ["publisher", "node-a"] {
        let moved = |document: &mut TrustDocument| {
            let key = last(document);
            document.signers.pop();
            document.signers.iter_mut().find(|signer| signer.name == owner).unwrap().keys.push(key);
        };
        assert_eq!(code(&moved), "pack.key_retired", "{owner}");
    }
    let young = |document: &mut TrustDocument| {
        let from = document.created.saturating_add(std::time::Duration::from_secs(61));
        document.signers.last_mut().unwrap().keys.first_mut().unwrap().not_before = from;
    };
    assert_eq!(code(&young), "pack.key_retired", "a witness key that was not valid yet");
    let single = |document: &mut TrustDocument| {
        document.thresholds.remove(&Role::Witness);
        document.signers.pop();
    };
    assert_eq!(code(&single), "ok", "one witness is enough where nothing else is stated");
    let other_role = |document: &mut TrustDocument| {
        document.thresholds.remove(&Role::Witness);
        document.signers.truncate(document.signers.len() - 2);
    };
    assert_eq!(code(&other_role), "pack.key_retired", "no witness at all");
}

/// A document in which the pack key was retired after a day, and those witness keys after five.
fn ended_witnesses(scene: &Scene, needed: u32, ended: &[u8]) -> String {
    scene.trust(|document| {
        document.thresholds.insert(Role::Witness, needed);
        let after = |days: u64| document.created.saturating_add(std::time::Duration::from_secs(days * DAY));
        let (first, fifth) = (after(1), after(5));
        key_of(document, Role::Pack).retired = Some(first);
        for key in document.signers.iter_mut().flat_map(|signer| &mut signer.keys) {
            if ended.iter().any(|seed| key.public == witness(*seed).public_key()) {
                key.retired = Some(fifth);
            }
        }
    })
}

#[test]
fn k22_a_witness_key_that_has_ended_dates_nothing_by_its_own_word() {
    let scene = Scene::new();
    let code = |trust: &str, cosigned: &[(u8, u64)]| {
        scene.with_cosignatures(cosigned);
        scene.code(trust)
    };
    // One witness is enough: the one that still stands.
    let one = ended_witnesses(&scene, 1, &[31]);
    assert_eq!(code(&one, &[(33, 60)]), "ok");
    assert_eq!(code(&one, &[(31, 60)]), "pack.key_retired", "a stolen old key alone");
    assert_eq!(code(&one, &[(31, 60), (33, 2 * DAY)]), "pack.key_retired", "it dates nothing back");
    assert_eq!(code(&one, &[(31, 60), (33, 6 * DAY)]), "pack.key_retired", "nor beside one after its end");
    assert_eq!(code(&one, &[(31, 60), (33, DAY - 1)]), "ok");
    // Two are needed: an old key adds a witness, from when on one that stands saw it.
    let two = ended_witnesses(&scene, 2, &[31]);
    for cosigned in [[(31, 60), (33, 90)], [(33, 90), (31, 60)], [(31, 90), (33, 60)]] {
        assert_eq!(code(&two, &cosigned), "ok", "{cosigned:?}");
        assert_eq!(
            scene.verify(&two, &[]).json()["provenance_log"]["dated_before"],
            scene.at(91).to_string(),
            "{cosigned:?}"
        );
    }
    assert_eq!(code(&two, &[(31, 60), (33, 2 * DAY)]), "pack.key_retired");
    // Several that have ended, and none that stands; then both keys of one witness and another.
    let none = ended_witnesses(&scene, 2, &[31, 32, 33]);
    assert_eq!(code(&none, &[(31, 60), (33, 60)]), "pack.key_retired", "nobody stands");
    let old = ended_witnesses(&scene, 2, &[31, 33]);
    assert_eq!(code(&old, &[(31, 60), (33, 60)]), "pack.key_retired", "nobody who stands saw it");
    assert_eq!(code(&old, &[(31, 60), (33, 60), (32, 2 * DAY)]), "pack.key_retired");
    assert_eq!(code(&old, &[(31, 60), (33, 60), (32, 6 * DAY)]), "pack.key_retired");
    assert_eq!(code(&old, &[(31, 60), (33, 60), (32, 90)]), "ok");
}

#[test]
fn k22_a_cosignature_that_does_not_hold_refuses_the_proof() {
    let scene = Scene::new();
    let trust = scene.trust(|_| {});
    scene.with_cosignatures(&[(31, 60)]);
    assert_eq!(scene.code(&trust), "ok");
    let path = format!("{}.tlog-proof", scene.pack());
    let text = fs::read_to_string(&path).unwrap();
    let at = text.rfind(" ").unwrap() + 40;
    let flipped = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    let mut bad = text.clone();
    bad.replace_range(at..=at, flipped);
    fs::write(&path, bad).unwrap();
    assert_eq!(scene.code(&trust), "tlog.cosignature_invalid");
}

#[test]
fn k48_a_proof_of_something_else() {
    let scene = Scene::new();
    let trust = scene.trust(|_| {});
    let pack = scene.pack();
    assert_eq!(scene.code(&trust), "ok");
    // Another signing of the same pack: another statement, since it was made at another moment.
    let again = scene.demo.beside("y.reachpack");
    fs::copy(&pack, &again).unwrap();
    let (key, state) = (scene.demo.path("keys/pack.pem"), scene.demo.path("state"));
    let signed = reach_shifted(&["pack", "sign", &again, "--key", &key, "--state", &state], 100);
    assert_eq!(signed.exit, 0, "{}{}", signed.out, signed.err);
    let named = |proof: &str| scene.verify(&trust, &["--proof", proof]).code();
    assert_eq!(named(&format!("{again}.tlog-proof")), "pack.proof_other_pack");
    assert_eq!(named(&format!("{pack}.tlog-proof")), "ok");
    // An entry about something that is no signing.
    assert_eq!(named(&scene.demo.path("proof.tlog-proof")), "pack.proof_other_kind");
    assert_eq!(named(&scene.demo.beside("absent.tlog-proof")), "file.missing");
    assert_eq!(named(&scene.demo.beside("x.reachpack")), "audit.proof_name");
}

#[test]
fn k48_a_signature_that_is_not_in_the_log() {
    let scene = Scene::new();
    // A second trusted signer, whose signature was added to the envelope afterwards.
    let ben = SigningKey::from_seed(Role::Pack, &[41; 32]).unwrap();
    let path = format!("{}.dsse.json", scene.pack());
    let mut envelope: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let payload = data_encoding::BASE64.decode(envelope["payload"].as_str().unwrap().as_bytes()).unwrap();
    let message = reach_signing::Message::dsse("application/vnd.in-toto+json", &payload);
    let signature = data_encoding::BASE64.encode(&ben.sign(&message).unwrap().0);
    let one = serde_json::json!({ "keyid": ben.public_key().key_id().to_string(), "sig": signature });
    envelope["signatures"].as_array_mut().unwrap().push(one);
    fs::write(&path, envelope.to_string()).unwrap();
    assert_eq!(scene.code(&scene.trust(|_| {})), "ok", "a stranger's says nothing");
    let trusted = scene.trust(|document| {
        let key = entry(document, &ben);
        document.signers.iter_mut().find(|signer| signer.name == "publisher").unwrap().keys.push(key);
    });
    assert_eq!(scene.code(&trusted), "pack.proof_signature_missing");
}

#[test]
fn k21_the_log_must_be_one_that_is_trusted() {
    let scene = Scene::new();
    let log = |change: &dyn Fn(&mut TrustDocument)| scene.code(&scene.trust(|document| change(document)));
    assert_eq!(log(&|_| {}), "ok");
    let without = |document: &mut TrustDocument| {
        document.signers.iter_mut().for_each(|signer| signer.keys.retain(|key| key.role != Role::Log));
    };
    assert_eq!(log(&without), "pack.proof_log_untrusted");
    let revoked = |document: &mut TrustDocument| {
        let since = document.created;
        revoke(key_of(document, Role::Log), since, RevocationReason::Superseded);
    };
    assert_eq!(log(&revoked), "pack.proof_log_revoked");
    let retired = |document: &mut TrustDocument| {
        let at = document.created.saturating_add(std::time::Duration::from_secs(DAY));
        key_of(document, Role::Log).retired = Some(at);
    };
    assert_eq!(log(&retired), "pack.proof_log_lapsed");
    scene.with_cosignatures(&[(31, 60), (33, 60)]);
    assert_eq!(log(&retired), "ok", "witnesses saw the checkpoint while the key stood");
    scene.with_cosignatures(&[(31, DAY), (33, DAY)]);
    assert_eq!(log(&retired), "pack.proof_log_lapsed");
}

#[test]
fn k22_every_changed_byte_of_a_stapled_proof_is_refused() {
    let scene = Scene::new();
    let trust = scene.trust(|_| {});
    scene.with_cosignatures(&[(31, 60), (33, 60)]);
    for suffix in [".tlog-proof", ".leaf", ".opening.json"] {
        let path = format!("{}{suffix}", scene.pack());
        let good = fs::read(&path).unwrap();
        for byte in (0..good.len()).step_by(3) {
            let mut bad = good.clone();
            bad[byte] ^= 1;
            fs::write(&path, &bad).unwrap();
            let answer = scene.verify(&trust, &[]);
            // A witness line whose name or key id was changed is a stranger's: it only counts no more.
            let dated = answer.json()["provenance_log"]["dated_before"].is_string();
            assert!(!dated && answer.exit != 70, "byte {byte} of {suffix}: {}", answer.out);
        }
        fs::write(&path, &good).unwrap();
        assert!(scene.verify(&trust, &[]).json()["provenance_log"]["dated_before"].is_string());
        if suffix != ".tlog-proof" {
            fs::remove_file(&path).unwrap();
            assert_eq!(scene.code(&trust), "pack.proof_incomplete", "{suffix}");
            fs::write(&path, &good).unwrap();
        }
    }
}

#[test]
fn k06_a_changed_envelope_is_called_that_whatever_its_proof_says() {
    let scene = Scene::new();
    let trust = scene.trust(|_| {});
    let path = format!("{}.dsse.json", scene.pack());
    let good: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let flip = |text: &serde_json::Value| {
        let mut bytes = data_encoding::BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap();
        bytes[20] ^= 1;
        serde_json::json!(data_encoding::BASE64.encode(&bytes))
    };
    for member in ["/payload", "/signatures/0/sig"] {
        let mut bad = good.clone();
        *bad.pointer_mut(member).unwrap() = flip(good.pointer(member).unwrap());
        fs::write(&path, bad.to_string()).unwrap();
        assert_eq!(scene.code(&trust), "pack.bad_signature", "{member}");
        let explained = reach(&["pack", "explain", &scene.pack(), "--trust", &trust]).json();
        assert_eq!(
            (explained["code"].as_str(), explained["failed"]["check"].as_str()),
            (Some("pack.bad_signature"), Some("signatures"))
        );
    }
    fs::write(&path, good.to_string()).unwrap();
    assert_eq!(scene.code(&trust), "ok");
}

#[test]
fn k21_what_a_signing_that_was_cut_off_left_is_in_nobodys_way() {
    let scene = Scene::new();
    let trust = scene.trust(|_| {});
    let pack = scene.pack();
    let files = [".tlog-proof", ".leaf", ".opening.json"].map(|suffix| format!("{pack}{suffix}"));
    let signature = format!("{pack}.dsse.json");
    let before = fs::read(&files[0]).unwrap();
    // With its signature there, a proof belongs to something.
    assert_eq!(scene.try_sign(&pack).code(), "file.exists");
    // Killed before the signature was written, or earlier.
    for left in [3, 2, 1] {
        files[left..].iter().for_each(|file| fs::remove_file(file).unwrap());
        fs::remove_file(&signature).unwrap();
        scene.sign(&pack);
        assert_eq!(scene.verify(&trust, &["--require-proof"]).code(), "ok", "{left}");
    }
    assert_ne!(fs::read(&files[0]).unwrap(), before);
    // A signing whose signature goes elsewhere may be what a proof belongs to.
    fs::remove_file(&signature).unwrap();
    let (key, state, out) = (scene.demo.path("keys/pack.pem"), scene.demo.path("state"), scene.demo.beside("e.json"));
    let elsewhere = ["pack", "sign", &pack, "--key", &key, "--state", &state, "--out", &out];
    assert_eq!(reach(&elsewhere).code(), "file.exists");
    // What is no file was left by nobody.
    fs::remove_file(&files[1]).unwrap();
    fs::create_dir(&files[1]).unwrap();
    assert_eq!(scene.try_sign(&pack).code(), "file.exists");
    fs::remove_dir(&files[1]).unwrap();
    scene.sign(&pack);
}

#[test]
fn k01_a_proof_can_be_required() {
    let scene = Scene::new();
    let trust = scene.trust(|_| {});
    let required = |more: &[&str]| scene.verify(&trust, &[&["--require-proof"][..], more].concat());
    assert_eq!(required(&[]).code(), "ok");
    let signature = format!("{}.dsse.json", scene.pack());
    // A signature that is named elsewhere has its proof named as well.
    let unnamed = required(&["--signature", &signature]);
    assert_eq!(unnamed.code(), "pack.proof_missing");
    assert!(unnamed.json()["message"].as_str().unwrap().contains("name its proof with --proof"));
    let proof = format!("{}.tlog-proof", scene.pack());
    assert_eq!(required(&["--signature", &signature, "--proof", &proof]).code(), "ok");
    fs::remove_file(&proof).unwrap();
    let missing = required(&[]);
    assert_eq!((missing.code().as_str(), missing.exit), ("pack.proof_missing", 3));
    assert!(missing.json()["message"].as_str().unwrap().ends_with("does not exist"));
    fs::remove_file(&signature).unwrap();
    assert_eq!(required(&[]).code(), "pack.unsigned");
}

#[test]
fn k21_a_signing_stands_in_the_ledger_and_its_files_are_whole_or_absent() {
    let scene = Scene::new();
    let (state, trust) = (scene.demo.path("state"), scene.demo.path("trust.dsse.json"));
    assert_eq!(reach(&["audit", "verify", "--state", &state, "--trust", &trust]).code(), "ok");
    let [proof, leaf, opening] =
        [".tlog-proof", ".leaf", ".opening.json"].map(|suffix| format!("{}{suffix}", scene.pack()));
    let vkey = scene.demo.path("log.vkey");
    let shown =
        reach(&["audit", "verify-proof", &proof, "--leaf", &leaf, "--opening", &opening, "--vkey", &vkey]).json();
    assert_eq!(
        (shown["kind"].as_str(), shown["payload"]["pack"]["name"].as_str()),
        (Some("pack.signed"), Some("inventory"))
    );

    // What is there already is not touched, and nothing is recorded.
    let before = fs::read(&proof).unwrap();
    assert_eq!(scene.try_sign(&scene.pack()).code(), "file.exists");
    assert_eq!(fs::read(&proof).unwrap(), before);

    // A disk that fails after the entry is durable: it says so, leaves nothing, and can be repeated.
    let pack = scene.demo.beside("z.reachpack");
    fs::copy(scene.pack(), &pack).unwrap();
    let obstacle = scene.demo.beside(&format!(".z.reachpack.opening.json.{}.tmp", std::process::id()));
    fs::create_dir(&obstacle).unwrap();
    let failed = scene.try_sign(&pack);
    assert_eq!((failed.code().as_str(), failed.exit), ("pack.staple_unwritten", 74));
    assert!(failed.json()["message"].as_str().unwrap().contains("records this signing"));
    let files = [".tlog-proof", ".leaf", ".opening.json", ".dsse.json"].map(|suffix| format!("{pack}{suffix}"));
    let present = || files.iter().filter(|file| std::path::Path::new(file).exists()).count();
    assert_eq!(present(), 0);
    fs::remove_dir(&obstacle).unwrap();
    scene.sign(&pack);
    assert_eq!(present(), 4);
    assert_eq!(reach(&["audit", "verify", "--state", &state, "--trust", &trust]).code(), "ok");

    // Without a ledger, nothing is signed beside the proof of another signing: no one would believe it.
    let key = scene.demo.path("keys/pack.pem");
    fs::remove_file(format!("{pack}.dsse.json")).unwrap();
    assert_eq!(reach(&["pack", "sign", &pack, "--key", &key]).code(), "file.exists");
    assert!(!std::path::Path::new(&format!("{pack}.dsse.json")).exists());
    fs::remove_file(format!("{pack}.tlog-proof")).unwrap();
    assert_eq!(reach(&["pack", "sign", &pack, "--key", &key]).code(), "ok");
}

#[test]
fn k21_k22_a_run_and_the_gate_judge_a_stapled_pack_as_verify_does() {
    let scene = Scene::new();
    let (demo, pack, root) = (&scene.demo, scene.pack(), scene.demo.path("keys/root.pem"));
    // The node's own trust document, succeeded twice: witnesses, then the pack key retired.
    let mut signers = Vec::new();
    for (name, seed) in [("watcher-a", 31), ("watcher-b", 33)] {
        let file = demo.beside(&format!("{name}.pub.pem"));
        fs::write(&file, witness(seed).public_key().to_pem().unwrap()).unwrap();
        signers.extend(["--signer".to_owned(), format!("{name}={file}:witness")]);
    }
    let (second, third) = (demo.beside("second.json"), demo.beside("third.json"));
    let trust = demo.path("trust.dsse.json");
    let mut words = vec!["trust", "add", &trust, "--root", &root, "--threshold", "witness=2", "--out", &second];
    words.extend(signers.iter().map(String::as_str));
    assert_eq!(reach(&words).code(), "ok", "{}", reach(&words).out);
    let key = reach(&["key", "show", &demo.path("keys/pack.pub.pem")]).json()["keyid"].as_str().unwrap().to_owned();
    let at = scene.at(DAY).to_string();
    let retire = ["trust", "retire", &second, "--root", &root, "--key", &key, "--at", &at, "--out", &third];
    assert_eq!(reach(&retire).code(), "ok");

    let policy = demo.path("policy.reachpolicy");
    let run = || {
        let (state, tree) = (demo.path("state"), demo.path("keys"));
        let words = ["run", &pack, "--policy", &policy, "--trust", &third, "--state", &state, "--workspace", &tree];
        reach_shifted(&words, 10 * i64::try_from(DAY).unwrap()).code()
    };
    let gate = || {
        let request = demo.beside("request.json");
        fs::write(&request, "{}").unwrap();
        let words = ["policy", "check", "--pack", &pack, "--policy", &policy, "--trust", &third, "--request", &request];
        reach_shifted(&words, 10 * i64::try_from(DAY).unwrap()).code()
    };
    // A witness's key is valid from when it was added.
    let (early, late) = ([(31, 60), (33, 60)], [(31, DAY), (33, DAY)]);
    for (cosigned, code) in [(&[][..], "pack.key_retired"), (&late[..], "pack.key_retired"), (&early[..], "ok")] {
        scene.with_cosignatures(cosigned);
        assert_eq!((run().as_str(), gate().as_str()), (code, code), "{cosigned:?}");
    }
}
