//! Going back to an older version of a pack: an operator's signed and recorded act, and nothing else.

use std::{fs, path::Path};

use reach_audit_ledger::{Author, EntryKind};
use reach_runner::{Access, Downgrade, Environment, State, World};
use reach_signing::{Envelope, Role, Signer, SigningKey};
use reach_types::{Blake3Digest, Code, NodeId, Sha256Digest, Timestamp, encode_strict};
use serde_json::Value;

use crate::support::{Answer, Demo, reach, reach_shifted};

const HOUR: i64 = 3600;
const PAYLOAD_TYPE: &str = "application/vnd.reach.operator.downgrade.v1";

/// A node that has run version 2.0.0 of the inventory pack, and an operator in its trust document.
struct Node {
    demo: Demo,
    trust: String,
    operator: String,
}

impl Node {
    fn new() -> Self {
        let demo = Demo::new();
        let (operator, trust) = (demo.beside("operator.pem"), demo.beside("trust2.dsse.json"));
        assert_eq!(reach(&["key", "generate", "--role", "operator", "--out", &operator]).exit, 0);
        let signer = format!("olga={}:operator", operator.replace(".pem", ".pub.pem"));
        let (old, root) = (demo.path("trust.dsse.json"), demo.path("keys/root.pem"));
        let added = reach(&["trust", "add", &old, "--signer", &signer, "--root", &root, "--out", &trust]);
        assert_eq!(added.exit, 0, "{}", added.err);
        let node = Self { demo, trust, operator };
        node.pack("2.0.0", "");
        assert_eq!(node.run("2.0.0").code(), "ok");
        node
    }

    /// Builds and signs a version of the inventory pack, with `note` in its description.
    fn pack(&self, version: &str, note: &str) -> String {
        let (dir, out) = (self.demo.beside(&format!("src-{version}{note}")), self.path(version));
        let _ = fs::create_dir(&dir);
        let (source, manifest) = (self.demo.dir().join("pack"), Path::new(&dir).join("pack.toml"));
        for entry in fs::read_dir(&source).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), Path::new(&dir).join(entry.file_name())).unwrap();
        }
        let text = fs::read_to_string(&manifest).unwrap();
        let text = text.replacen("version = \"1.0.0\"", &format!("version = \"{version}\""), 1);
        fs::write(&manifest, text.replacen("description = \"", &format!("description = \"{note}"), 1)).unwrap();
        let _ = fs::remove_file(&out);
        let _ = fs::remove_file(format!("{out}.dsse.json"));
        assert_eq!(reach(&["pack", "build", &dir, "--out", &out]).exit, 0);
        assert_eq!(reach(&["pack", "sign", &out, "--key", &self.demo.path("keys/pack.pem")]).exit, 0);
        out
    }

    fn path(&self, version: &str) -> String {
        if version == "1.0.0" {
            self.demo.path("inventory.reachpack")
        } else {
            self.demo.beside(&format!("{version}.reachpack"))
        }
    }

    fn run(&self, version: &str) -> Answer {
        let (policy, state, tree) = (self.demo.path("policy.reachpolicy"), self.state(), self.demo.path("keys"));
        let pack = self.path(version);
        reach(&["run", &pack, "--policy", &policy, "--trust", &self.trust, "--state", &state, "--workspace", &tree])
    }

    fn state(&self) -> String {
        self.demo.path("state")
    }

    fn words(&self, version: &str) -> Vec<String> {
        let (pack, state) = (self.path(version), self.state());
        ["pack", "allow-downgrade", &pack, "--state", &state, "--trust", &self.trust].map(str::to_owned).to_vec()
    }

    fn allow_shifted(&self, version: &str, more: &[&str], seconds: i64) -> Answer {
        let words = self.words(version);
        let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        reach_shifted(&words, seconds)
    }

    fn allow(&self, version: &str, more: &[&str]) -> Answer {
        self.allow_shifted(version, more, 0)
    }

    /// Signs a statement for `version` into a file.
    fn statement(&self, version: &str, name: &str) -> String {
        let out = self.demo.beside(name);
        let answer = self.allow(version, &["--key", &self.operator, "--reason", "it loses findings", "--out", &out]);
        assert_eq!(
            (answer.code().as_str(), answer.json()["verdict"].as_str()),
            ("ok", Some("signed")),
            "{}",
            answer.err
        );
        out
    }

    /// What the statement in the file `name`, after `change`, signed by `signers`, ends as.
    fn changed(&self, statement: &str, change: impl FnOnce(&mut Downgrade), signers: &[&dyn Signer]) -> String {
        let mut read = read_statement(statement);
        change(&mut read);
        self.offered(PAYLOAD_TYPE, &encode_strict(&(1u16, &read)).unwrap(), signers)
    }

    /// What signed bytes end as when they are offered as a statement for version 1.0.0.
    fn offered(&self, payload_type: &str, payload: &[u8], signers: &[&dyn Signer]) -> String {
        let file = self.demo.beside("offered.json");
        fs::write(&file, Envelope::sign(payload_type, payload.to_vec(), signers).unwrap().to_json()).unwrap();
        self.allow("1.0.0", &["--statement", &file]).code()
    }

    fn operator_key(&self) -> SigningKey {
        let pem = fs::read(&self.operator).unwrap();
        SigningKey::from_pem(Role::Operator, &pem).unwrap()
    }

    fn entries(&self) -> Vec<Value> {
        let node = reach(&["status", "--state", &self.state()]).json()["node"].as_str().unwrap().to_owned();
        let id = NodeId(Sha256Digest::parse(&node).unwrap());
        let run = reach_runner::node_run(&id).to_string();
        let listed = reach(&["audit", "list", "--state", &self.state(), "--tenant", "default", "--run", &run]).json();
        let entries = listed["entries"].as_array().unwrap().iter();
        entries.filter(|entry| entry["kind"] == "pack.downgrade_allowed").cloned().collect()
    }
}

fn read_statement(path: &str) -> Downgrade {
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let payload = data_encoding::BASE64.decode(file["payload"].as_str().unwrap().as_bytes()).unwrap();
    reach_types::decode_strict::<(u16, Downgrade)>(&payload, 1024).unwrap().1
}

#[test]
fn k25_what_a_command_answers_to_a_downgrade_is_verified() {
    let node = Node::new();
    let (public, out) = (node.operator.replace(".pem", ".pub.pem"), node.demo.beside("faulty.json"));
    let faulty = format!("{public}=sh -c 'cat > /dev/null; head -c 64 /dev/zero'");
    let answer = node.allow("1.0.0", &["--signer", &faulty, "--reason", "it loses findings", "--out", &out]);
    assert_eq!((answer.code().as_str(), answer.exit), ("sign.signer_faulty", 74), "{}", answer.err);
    assert!(!Path::new(&out).exists());
    // The same statement by the key itself.
    node.statement("1.0.0", "faulty.json");
    let mut statement = read_statement(&out);
    let key = node.operator_key();
    statement.sign(&[&key as &dyn Signer; 16]).unwrap();
    for count in [0, 17] {
        assert_eq!(statement.sign(&vec![&key as &dyn Signer; count]).unwrap_err().code(), "sign.signer_count");
    }
    statement.reason.clear();
    assert_eq!(statement.sign(&[&key]).unwrap_err().code(), "pack.downgrade_reason");
}

#[test]
fn k25_a_deliberate_downgrade_is_signed_recorded_and_for_one_step() {
    let node = Node::new();
    assert_eq!((node.run("1.0.0").code().as_str(), node.run("1.0.0").exit), ("pack.rollback", 5));
    let allowed = node.allow("1.0.0", &["--key", &node.operator, "--reason", "2.0.0 loses findings"]);
    assert_eq!(allowed.exit, 0, "{}", allowed.err);
    assert_eq!(allowed.json()["signers"], serde_json::json!(["olga"]));
    let entries = node.entries();
    assert_eq!(entries.len(), 1);
    let payload = &entries[0]["payload"];
    assert_eq!(
        (payload["pack"]["version"].as_str(), payload["from"]["version"].as_str()),
        (Some("1.0.0"), Some("2.0.0"))
    );
    assert_eq!(payload["reason"], "2.0.0 loses findings");
    assert!(payload["statement"].as_str().unwrap().contains(PAYLOAD_TYPE), "the signed words are in the ledger");
    assert_eq!(node.run("1.0.0").code(), "ok");
    // Going forward needs nobody's word, and raises the floor again.
    assert_eq!(node.run("2.0.0").code(), "ok");
    assert_eq!(node.run("1.0.0").code(), "pack.rollback");
    let audit = reach(&["audit", "verify", "--state", &node.state(), "--trust", &node.trust]);
    assert_eq!(audit.exit, 0, "{}", audit.err);
}

#[test]
fn k25_a_version_below_the_one_allowed_stays_a_rollback_and_one_version_stays_one_archive() {
    let node = Node::new();
    node.pack("0.9.0", "");
    assert_eq!(node.allow("1.0.0", &["--key", &node.operator, "--reason", "x"]).code(), "ok");
    assert_eq!(node.run("0.9.0").code(), "pack.rollback");
    assert_eq!(node.run("1.0.0").code(), "ok");
    // Another archive as the version that was left: the node still knows which one it was.
    let genuine =
        (fs::read(node.path("2.0.0")).unwrap(), fs::read(format!("{}.dsse.json", node.path("2.0.0"))).unwrap());
    node.pack("2.0.0", "other ");
    assert_eq!(node.run("2.0.0").code(), "pack.equivocation");
    fs::write(node.path("2.0.0"), genuine.0).unwrap();
    fs::write(format!("{}.dsse.json", node.path("2.0.0")), genuine.1).unwrap();
    assert_eq!(node.run("2.0.0").code(), "ok");
    // Nor does an operator's word cover a second archive of a version that was seen.
    node.pack("2.0.0", "other ");
    assert_eq!(node.allow("2.0.0", &["--key", &node.operator, "--reason", "x"]).code(), "pack.equivocation");
}

#[test]
fn k25_a_statement_lowers_a_floor_once() {
    let node = Node::new();
    let (first, second) = (node.statement("1.0.0", "s1.json"), node.statement("1.0.0", "s2.json"));
    assert!(node.entries().is_empty(), "signing changes nothing");
    assert_eq!(node.run("1.0.0").code(), "pack.rollback");
    let created = [&first, &second].map(|path| read_statement(path).created);
    assert!(created[0] < created[1]);
    assert_eq!(node.allow("1.0.0", &["--statement", &second]).code(), "ok");
    assert_eq!(node.allow("1.0.0", &["--statement", &second]).code(), "pack.downgrade_not_needed");
    assert_eq!(node.run("2.0.0").code(), "ok");
    // The floor stands where both statements begin; one is used up, and the other is older than it.
    for old in [&second, &first] {
        let refused = node.allow("1.0.0", &["--statement", old]);
        assert_eq!((refused.code().as_str(), refused.exit), ("pack.downgrade_used", 5));
    }
    let third = node.statement("1.0.0", "s3.json");
    assert_eq!(node.allow("1.0.0", &["--statement", &third]).code(), "ok");
    assert_eq!(node.entries().len(), 2);
}

#[test]
fn k25_a_statement_is_for_one_node_one_archive_one_step_and_a_time() {
    let node = Node::new();
    let olga = node.operator_key();
    let good = node.statement("1.0.0", "good.json");
    let by = |change: fn(&mut Downgrade)| node.changed(&good, change, &[&olga]);
    assert_eq!(by(|s| s.node = NodeId(Sha256Digest::from_bytes([7; 32]))), "pack.downgrade_other_node");
    assert_eq!(by(|s| s.digest = Blake3Digest::of(b"x")), "pack.downgrade_other_pack");
    assert_eq!(by(|s| s.version = reach_types::PackVersion::parse("1.0.1").unwrap()), "pack.downgrade_other_pack");
    assert_eq!(by(|s| s.name = reach_types::PackName::parse("other").unwrap()), "pack.downgrade_other_pack");
    assert_eq!(by(|s| s.from_version = reach_types::PackVersion::parse("3.0.0").unwrap()), "pack.downgrade_other_step");
    assert_eq!(by(|s| s.from_digest = Blake3Digest::of(b"x")), "pack.downgrade_other_step");
    assert_eq!(by(|s| s.expires = s.created), "pack.downgrade_dates");
    let longer = |s: &mut Downgrade| s.expires = Timestamp::from_millis(s.created.as_millis() + 7 * 86_400_000 + 1);
    assert_eq!(by(longer), "pack.downgrade_dates");
    for bad in ["", "a\nb", "\u{1b}[2J"] {
        assert_eq!(node.changed(&good, |s| s.reason = bad.to_owned(), &[&olga]), "pack.downgrade_reason", "{bad:?}");
    }
    let later = node.allow_shifted("1.0.0", &["--statement", &good], 25 * HOUR);
    assert_eq!((later.code().as_str(), later.exit), ("pack.downgrade_expired", 5));
    let future = |s: &mut Downgrade| {
        s.created = Timestamp::from_millis(s.created.as_millis() + 3_600_000);
        s.expires = Timestamp::from_millis(s.created.as_millis() + 3_600_000);
    };
    assert_eq!(by(future), "pack.downgrade_not_yet_valid");
    node.pack("1.5.0", "");
    assert_eq!(node.allow("1.5.0", &["--statement", &good]).code(), "pack.downgrade_other_pack");
    assert!(node.entries().is_empty(), "nothing refused is recorded as allowed");
    assert_eq!(node.run("1.0.0").code(), "pack.rollback");
    assert_eq!(by(|_| ()), "ok");
}

#[test]
fn k25_only_operators_sign_a_downgrade() {
    let node = Node::new();
    let good = node.statement("1.0.0", "good.json");
    let payload = encode_strict(&(1u16, &read_statement(&good))).unwrap();
    let olga = node.operator_key();
    let stranger = SigningKey::from_seed(Role::Operator, &[9; 32]).unwrap();
    assert_eq!(node.offered(PAYLOAD_TYPE, &payload, &[&stranger]), "sign.untrusted");
    assert_eq!(node.offered(PAYLOAD_TYPE, &payload, &[&olga, &stranger]), "sign.untrusted");
    // The pack's own signer, with a tool that signs anything.
    let pem = fs::read(node.demo.path("keys/pack.pem")).unwrap();
    let pack_key = SigningKey::from_pem(Role::Operator, &pem).unwrap();
    assert_eq!(node.offered(PAYLOAD_TYPE, &payload, &[&pack_key]), "sign.untrusted");
    let words = ["--key", &node.demo.path("keys/pack.pem"), "--reason", "x"];
    assert_eq!(node.allow("1.0.0", &words).code(), "sign.untrusted");
    assert_eq!(node.offered("application/vnd.reach.operator.other.v1", &payload, &[&olga]), "sign.wrong_payload_type");
    assert_eq!(node.offered(PAYLOAD_TYPE, &[&[2], &payload[1..]].concat(), &[&olga]), "pack.downgrade_format_unknown");
    assert_eq!(node.offered(PAYLOAD_TYPE, &payload[..payload.len() - 1], &[&olga]), "input.malformed");
    assert_eq!(node.offered(PAYLOAD_TYPE, &[&payload[..], &[0]].concat(), &[&olga]), "input.non_canonical");
    let file = node.demo.beside("bad.json");
    let text = fs::read_to_string(&good).unwrap();
    for (changed, code) in [
        (text.replace("\"sig\":\"", "\"sig\":\"AAAA"), "sign.bad_signature"),
        (text.replace("{\"payload\"", "{\"extra\":1,\"payload\""), "sign.envelope_malformed"),
        (String::new(), "sign.envelope_malformed"),
    ] {
        fs::write(&file, changed).unwrap();
        assert_eq!(node.allow("1.0.0", &["--statement", &file]).code(), code);
    }
    assert_eq!(node.allow("1.0.0", &["--reason", "x"]).code(), "cli.flag_value");
    assert_eq!(node.allow("1.0.0", &["--key", &node.operator, "--reason", ""]).code(), "pack.downgrade_reason");
    assert_eq!(node.allow("1.0.0", &["--statement", &good]).code(), "ok");
}

#[test]
fn k25_operators_are_counted_against_their_threshold() {
    let node = Node::new();
    let (second, trust) = (node.demo.beside("otto.pem"), node.demo.beside("trust3.dsse.json"));
    assert_eq!(reach(&["key", "generate", "--role", "operator", "--out", &second]).exit, 0);
    let signer = format!("otto={}:operator", second.replace(".pem", ".pub.pem"));
    let root = node.demo.path("keys/root.pem");
    let words = [
        "trust",
        "add",
        &node.trust,
        "--signer",
        &signer,
        "--threshold",
        "operator=2",
        "--root",
        &root,
        "--out",
        &trust,
    ];
    assert_eq!(reach(&words).exit, 0);
    let node = Node { trust, ..node };
    let one = node.allow("1.0.0", &["--key", &node.operator, "--reason", "x"]);
    assert_eq!((one.code().as_str(), one.exit), ("sign.threshold", 4));
    let two = node.allow("1.0.0", &["--key", &node.operator, "--key", &second, "--reason", "x"]);
    assert_eq!(two.json()["signers"], serde_json::json!(["olga", "otto"]));
}

#[test]
fn k25_only_a_verified_and_older_pack_can_be_gone_back_to() {
    let node = Node::new();
    let operator = node.operator.clone();
    let words = ["--key", operator.as_str(), "--reason", "x"];
    assert_eq!(node.allow("2.0.0", &words).code(), "pack.downgrade_not_needed");
    node.pack("3.0.0", "");
    assert_eq!(node.allow("3.0.0", &words).code(), "pack.downgrade_not_needed");
    node.pack("1.5.0", "");
    let sidecar = format!("{}.dsse.json", node.path("1.5.0"));
    let text = fs::read_to_string(&sidecar).unwrap();
    fs::write(&sidecar, text.replace("\"sig\":\"", "\"sig\":\"AAAA")).unwrap();
    assert_eq!(node.allow("1.5.0", &words).code(), "pack.bad_signature");
    fs::remove_file(&sidecar).unwrap();
    assert_eq!(node.allow("1.5.0", &words).code(), "pack.unsigned");
    fs::write(&sidecar, text).unwrap();
    // A revoked pack is no place to go back to.
    let (digest, trust) =
        (Blake3Digest::of(&fs::read(node.path("1.5.0")).unwrap()).to_string(), node.demo.beside("trust3.dsse.json"));
    let root = node.demo.path("keys/root.pem");
    let revoke =
        ["trust", "revoke", &node.trust, "--pack", &digest, "--reason", "it leaks", "--root", &root, "--out", &trust];
    assert_eq!(reach(&revoke).exit, 0);
    assert_eq!(node.allow("1.5.0", &words).code(), "ok");
    let node = Node { trust, ..node };
    assert_eq!(node.run("2.0.0").code(), "ok");
    assert_eq!(node.allow("1.5.0", &words).code(), "pack.pack_revoked");
}

/// What a process that was killed after the record and before the floor leaves behind.
#[test]
fn k25_a_downgrade_that_was_recorded_and_not_finished_is_done_again() {
    let node = Node::new();
    let statement = node.statement("1.0.0", "s.json");
    let world = World::system(Environment::default());
    let mut state = State::open(Path::new(&node.state()), Access::Write).unwrap();
    let run = reach_runner::node_run(&state.node());
    let entry = (EntryKind::PackDowngradeAllowed, serde_json::json!({ "reason": "it loses findings" }));
    state.append(&world, run, &Author::Operator, &[entry]).unwrap();
    state.checkpoint().unwrap();
    drop(state);
    assert_eq!(node.run("1.0.0").code(), "pack.rollback", "the record alone allows nothing");
    assert_eq!(node.allow("1.0.0", &["--statement", &statement]).code(), "ok");
    assert_eq!((node.run("1.0.0").code().as_str(), node.entries().len()), ("ok", 2));
}
