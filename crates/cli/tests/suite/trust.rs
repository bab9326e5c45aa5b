//! Trust documents through their whole life: changed, forked, rolled back, expired, lost.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::Command,
};

use reach_audit_ledger::EntryKind;
use reach_runner::{Access, State};
use serde_json::{Value, json};

use crate::support::{Answer, Demo, listing, reach, reach_shifted};

const DAY: i64 = 86_400;

/// A quickstart whose trust document is changed from version to version.
struct Trusted {
    demo: Demo,
}

impl Trusted {
    fn new() -> Self {
        Self { demo: Demo::new() }
    }

    fn first(&self) -> String {
        self.demo.path("trust.dsse.json")
    }

    fn path(&self, name: &str) -> String {
        self.demo.path(name)
    }

    /// The words of `trust VERB FROM … --root ROOT --out TO`.
    fn words(&self, verb: &str, from: &str, more: &[&str], to: &str) -> Vec<String> {
        let (root, to) = (self.path("keys/root.pem"), self.path(to));
        let words = ["trust", verb, from].into_iter().chain(more.iter().copied());
        words.chain(["--root", &root, "--out", &to]).map(str::to_owned).collect()
    }

    fn call(&self, verb: &str, from: &str, more: &[&str], to: &str) -> Answer {
        let words = self.words(verb, from, more, to);
        reach(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Makes a version that has to succeed, and returns its path.
    fn made(&self, verb: &str, from: &str, more: &[&str], to: &str) -> String {
        let answer = self.call(verb, from, more, to);
        assert_eq!((answer.exit, answer.code().as_str()), (0, "ok"), "{verb} {more:?}: {}", answer.err);
        self.path(to)
    }

    /// Draws a key and returns the path of its public half.
    fn key(&self, role: &str, name: &str) -> String {
        let out = self.path(&format!("keys/{name}.pem"));
        assert_eq!(reach(&["key", "generate", "--role", role, "--out", &out]).exit, 0);
        self.path(&format!("keys/{name}.pub.pem"))
    }

    fn pack_under(&self, trust: &str) -> String {
        reach(&["pack", "verify", &self.path("inventory.reachpack"), "--trust", trust]).code()
    }

    /// Runs the example pack under `trust`, which raises the floors.
    fn run(&self, trust: &str) -> String {
        let mut words = self.demo.run_words(&self.path("inventory.reachpack"), &self.path("policy.reachpolicy"));
        let at = words.iter().position(|word| word == "--trust").unwrap() + 1;
        trust.clone_into(&mut words[at]);
        reach(&words.iter().map(String::as_str).collect::<Vec<_>>()).code()
    }

    fn under_state(&self, trust: &str) -> String {
        reach(&["trust", "verify", trust, "--state", &self.path("state")]).code()
    }
}

/// The id of the first key of `role` in the document at `path`.
fn key_id(path: &str, role: &str) -> String {
    let shown = reach(&["trust", "show", path]).json();
    let key = shown["keys"].as_array().unwrap().iter().find(|key| key["role"] == role).unwrap().clone();
    key["keyid"].as_str().unwrap().to_owned()
}

fn changes(answer: &Answer) -> Vec<String> {
    let changes = answer.json()["changes"].as_array().unwrap().clone();
    changes.iter().map(|change| change["what"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn k18_k21_keys_are_added_rotated_retired_and_revoked() {
    let at = Trusted::new();
    let (first, pack) = (at.first(), key_id(&at.first(), "pack"));
    assert_eq!(at.pack_under(&first), "ok");
    // A new key of the same signer beside the old one, which goes on.
    let second = at.key("pack", "second");
    let signer = format!("publisher={second}:pack");
    let two = at.made("add", &first, &["--signer", &signer, "--packs", "publisher=inv*"], "2.json");
    assert_eq!(at.pack_under(&two), "ok");
    let narrowed = at.made("add", &first, &["--packs", "publisher=acme-*"], "narrowed.json");
    assert_eq!(at.pack_under(&narrowed), "pack.name_scope");
    // Both sign, and are still one signer.
    let (archive, both) = (at.path("inventory.reachpack"), at.path("both.json"));
    let (old_key, new_key) = (at.path("keys/pack.pem"), at.path("keys/second.pem"));
    assert_eq!(reach(&["pack", "sign", &archive, "--key", &old_key, "--key", &new_key, "--out", &both]).exit, 0);
    let third = at.key("pack", "third");
    let other = format!("other={third}:pack");
    let needs_two = at.made("add", &two, &["--signer", &other, "--threshold", "pack=2"], "two.json");
    let verify = |trust: &str, signature: &str| {
        reach(&["pack", "verify", &archive, "--trust", trust, "--signature", signature]).code()
    };
    assert_eq!(verify(&needs_two, &both), "pack.threshold");
    assert_eq!(verify(&two, &both), "ok");
    // Retired, superseded, compromised: the old key's signature ends at once.
    let prefix = pack.split_at(8).0;
    let retired = at.made("retire", &two, &["--key", prefix], "retired.json");
    assert_eq!(at.pack_under(&retired), "pack.key_retired");
    assert_eq!(verify(&retired, &both), "ok");
    let later = at.made("retire", &two, &["--key", prefix, "--at", "2199-01-01T00:00:00Z"], "later.json");
    assert_eq!(at.pack_under(&later), "ok");
    for reason in ["superseded", "compromised"] {
        let file = at.made("revoke", &two, &["--key", &pack, "--reason", reason], &format!("{reason}.json"));
        assert_eq!(at.pack_under(&file), "pack.key_revoked");
    }
    let rotate = ["--signer", "publisher", "--key", prefix, "--new", &third];
    let rotated = at.call("rotate", &two, &rotate, "rotated.json");
    assert_eq!(rotated.exit, 0, "{}", rotated.err);
    let what = changes(&rotated);
    assert!(what.contains(&format!("key publisher pack {pack} retired")), "{what:?}");
    assert_eq!(what.len(), 2, "{what:?}");
    assert_eq!(at.pack_under(&at.path("rotated.json")), "pack.key_retired");
}

#[test]
fn a_revoked_pack_is_refused_whoever_signed_it() {
    let at = Trusted::new();
    let digest = reach(&["pack", "inspect", &at.path("inventory.reachpack")]).json()["blake3"].clone();
    let digest = digest.as_str().unwrap().to_owned();
    let revoke = ["--pack", &digest, "--reason", "leaks \u{1b}[31m"];
    let two = at.made("revoke", &at.first(), &revoke, "2.json");
    assert_eq!(at.pack_under(&two), "pack.pack_revoked");
    assert_eq!(at.call("revoke", &two, &revoke, "3.json").code(), "trust.nothing_changed");
    // The reason is text that somebody wrote: it is escaped where a person reads it.
    let mut out = Vec::new();
    let command = Command::new(env!("CARGO_BIN_EXE_reach")).args(["trust", "show", &two]).output().unwrap();
    out.extend(command.stdout);
    assert!(!out.contains(&0x1b) && String::from_utf8(out).unwrap().contains("leaks \\u{1b}[31m"));
}

#[test]
fn what_changes_nothing_or_is_misspelt_makes_no_file() {
    let at = Trusted::new();
    let first = at.first();
    let pack = key_id(&first, "pack");
    let before = listing(&at.demo.dir());
    let (new, foreign) = (at.path("keys/pack.pub.pem"), at.path("peer/node.pub.pem"));
    let again = format!("publisher={new}:pack");
    let table: &[(&str, &[&str], &str, u8)] = &[
        ("add", &["--signer", &again], "trust.duplicate_public_key", 1),
        ("add", &["--threshold", "root=1"], "trust.nothing_changed", 2),
        ("add", &["--threshold", "root=0"], "trust.bad_threshold", 1),
        ("add", &["--threshold", "pack=2"], "trust.bad_threshold", 1),
        ("add", &["--packs", "nobody=*"], "trust.signer_unknown", 2),
        ("add", &["--packs", "publisher=*x"], "trust.name_pattern", 2),
        ("add", &[], "cli.usage", 2),
        ("retire", &["--key", "00000000"], "trust.key_unknown", 2),
        ("retire", &["--key", "0000000"], "trust.key_prefix", 2),
        ("retire", &["--key", &pack, "--at", "2030-01-01"], "cli.flag_value", 2),
        ("retire", &["--key", &key_id(&first, "root")], "trust.bad_threshold", 1),
        ("revoke", &["--key", &pack, "--reason", "bored"], "cli.flag_value", 2),
        ("revoke", &["--pack", "00", "--reason", "x"], "cli.flag_value", 2),
        ("revoke", &["--reason", "superseded"], "cli.usage", 2),
        ("rotate", &["--signer", "security", "--key", &pack, "--new", &foreign], "trust.key_of_another", 2),
        ("rotate", &["--signer", "publisher", "--key", &pack, "--new", &foreign], "trust.duplicate_public_key", 1),
        ("renew", &["--days", "0"], "cli.usage", 2),
        ("sign", &[], "trust.already_signed", 2),
        ("retire", &["--key", &pack, "--trust-root", &"0".repeat(64)], "trust.root_mismatch", 4),
    ];
    for (verb, more, code, exit) in table {
        let answer = at.call(verb, &first, more, "2.json");
        assert_eq!((answer.code().as_str(), answer.exit), (*code, *exit), "{verb} {more:?}: {}", answer.err);
    }
    // Nothing is overwritten, and a key that is no root signs nothing.
    assert_eq!(at.call("retire", &first, &["--key", &pack], "trust.dsse.json").code(), "file.exists");
    let (eve, out) = (at.path("keys/policy.pem"), at.path("2.json"));
    let by_eve = reach(&["trust", "retire", &first, "--key", &pack, "--root", &eve, "--out", &out]);
    assert_eq!((by_eve.code().as_str(), by_eve.exit), ("sign.untrusted", 4));
    assert_eq!(listing(&at.demo.dir()), before);
}

#[test]
fn k15_k26_roots_sign_one_after_the_other_and_the_file_says_how_many_are_missing() {
    let at = Trusted::new();
    let first = at.first();
    let second = at.key("root", "root-b");
    let both = ["--signer", &format!("second={second}:root"), "--threshold", "root=2"].map(str::to_owned);
    let half = at.call("add", &first, &both.each_ref().map(String::as_str), "half.json");
    assert_eq!(
        (half.exit, &half.json()["complete"], &half.json()["verdict"]),
        (0, &json!(false), &json!("incomplete"))
    );
    assert_eq!(half.json()["missing"], json!([{"version": 2, "required": 2, "signed": 1}]));
    let half = at.path("half.json");
    for words in [&["trust", "verify", &half][..], &["trust", "show", &half], &["trust", "history", &half]] {
        let refused = reach(words);
        assert_eq!((refused.code().as_str(), refused.exit), ("sign.threshold", 4), "{words:?}");
    }
    assert_eq!(at.pack_under(&half), "sign.threshold");
    assert_eq!(at.call("renew", &half, &[], "x.json").code(), "sign.threshold");
    let (key, whole) = (at.path("keys/root-b.pem"), at.path("whole.json"));
    let signed = reach(&["trust", "sign", &half, "--root", &key, "--out", &whole]);
    assert_eq!((signed.exit, &signed.json()["complete"]), (0, &json!(true)));
    // Who adds a signature is shown what it is for.
    assert!(changes(&signed).contains(&"threshold root".to_owned()));
    assert_eq!(at.under_state(&whole), "ok");
    let history = reach(&["trust", "history", &whole]).json();
    let signers = |version: usize| history["versions"][version]["signed_by"].as_array().unwrap().len();
    assert_eq!((signers(0), signers(1)), (1, 2));
    // A first version waits for its other roots too.
    let start = at.path("start.json");
    let (root, signer) = (at.path("keys/root.pem"), format!("second={second}:root"));
    let words = ["trust", "init", "--root", &root, "--signer", &signer, "--threshold", "root=2", "--out", &start];
    assert_eq!(reach(&words).json()["complete"], json!(false));
    let done = at.path("done.json");
    assert_eq!(reach(&["trust", "sign", &start, "--root", &key, "--out", &done]).json()["complete"], json!(true));
    assert_eq!(reach(&["trust", "verify", &done]).code(), "ok");
}

#[test]
fn k26_a_root_is_rotated_and_the_old_one_is_out() {
    let at = Trusted::new();
    let first = at.first();
    let root = key_id(&first, "root");
    let new = at.key("root", "root-b");
    let new_key = at.path("keys/root-b.pem");
    let rotate = ["--signer", "root", "--key", &root, "--new", &new];
    let waits = at.call("rotate", &first, &rotate, "waits.json");
    assert_eq!(waits.json()["missing"], json!([{"version": 2, "required": 1, "signed": 0}]));
    let two = at.made("rotate", &first, &[&rotate[..], &["--root", &new_key]].concat(), "2.json");
    // Its signature is judged under the pin that the state holds since version 1.
    assert_eq!(at.under_state(&two), "ok");
    // For longer than before, since all of this may happen within one second.
    let more = ["--days", "400"];
    assert_eq!(at.call("renew", &two, &more, "3.json").code(), "sign.key_retired");
    let three = at.path("3.json");
    let renewed = reach(&[&["trust", "renew", &two, "--root", &new_key, "--out", &three], &more[..]].concat());
    assert_eq!(renewed.exit, 0, "{}", renewed.err);
    assert_eq!(at.under_state(&three), "ok");
}

#[test]
fn k26_rollback_and_forks_are_seen_also_behind_a_longer_chain() {
    let at = Trusted::new();
    let first = at.first();
    let two = at.made("add", &first, &["--threshold", "policy=1"], "2.json");
    let other = at.made("add", &first, &["--threshold", "pack=1"], "other.json");
    let three = at.made("add", &two, &["--threshold", "pack=1"], "3.json");
    let other_three = at.made("add", &other, &["--threshold", "policy=1"], "other3.json");
    // Looking raises nothing: every one of them is still as good as the next.
    for trust in [&three, &other_three, &two, &first] {
        assert_eq!(at.under_state(trust), "ok", "{trust}");
        let (archive, state) = (at.path("inventory.reachpack"), at.path("state"));
        assert_eq!(reach(&["pack", "verify", &archive, "--trust", trust, "--state", &state]).code(), "ok");
    }
    // Neither does a run that is refused before everything was checked.
    let tampered = at.path("tampered.reachpack");
    fs::write(&tampered, at.demo.read("inventory.reachpack")).unwrap();
    let mut words = at.demo.run_words(&tampered, &at.path("policy.reachpolicy"));
    let place = words.iter().position(|word| word == "--trust").unwrap() + 1;
    three.clone_into(&mut words[place]);
    assert_eq!(reach(&words.iter().map(String::as_str).collect::<Vec<_>>()).code(), "pack.unsigned");
    assert_eq!(at.under_state(&first), "ok");
    // One that verified remembers.
    assert_eq!(at.run(&two), "ok");
    for (trust, code) in [
        (&first, "trust.rollback"),
        (&two, "ok"),
        (&other, "trust.equivocation"),
        (&other_three, "trust.equivocation"),
        (&three, "ok"),
    ] {
        let answer = reach(&["trust", "verify", trust, "--state", &at.path("state")]);
        assert_eq!((answer.code().as_str(), answer.exit), (code, if code == "ok" { 0 } else { 5 }), "{trust}");
        assert_eq!(at.run(trust), code, "{trust}");
    }
    // Running under 3 raised it again.
    assert_eq!(at.under_state(&two), "trust.rollback");
    // A chain that skips a version is no chain.
    let mut value: Value = serde_json::from_slice(&fs::read(&three).unwrap()).unwrap();
    value["history"].as_array_mut().unwrap().pop();
    let skipped = at.path("skipped.json");
    fs::write(&skipped, value.to_string()).unwrap();
    let answer = reach(&["trust", "verify", &skipped, "--state", &at.path("state")]);
    assert_eq!((answer.code().as_str(), answer.exit), ("trust.chain_broken", 4));
}

/// How many keys a document in force is shown to have.
fn shown_keys(file: &str) -> usize {
    reach(&["trust", "show", file]).json()["keys"].as_array().unwrap().len()
}

#[test]
fn an_expired_document_is_told_and_renewed_and_an_older_one_is_told_first() {
    let at = Trusted::new();
    let first = at.first();
    let over = 366 * DAY;
    let state = at.path("state");
    for words in [&["trust", "verify", &first][..], &["trust", "show", &first], &["trust", "history", &first]] {
        let answer = reach_shifted(words, over);
        assert_eq!((answer.code().as_str(), answer.exit), ("trust.expired", 5), "{words:?}");
    }
    // What it says is shown all the same: whoever renews it needs the ids of its keys.
    let shown = reach_shifted(&["trust", "show", &first], over).json();
    assert_eq!(shown["keys"].as_array().unwrap().len(), shown_keys(&first));
    assert!(!shown["checks"].to_string().contains("has not expired"), "{}", shown["checks"]);
    // The history is shown all the same.
    assert_eq!(reach_shifted(&["trust", "history", &first], over).json()["versions"].as_array().unwrap().len(), 1);
    let words = at.words("renew", &first, &[], "2.json");
    let renewed = reach_shifted(&words.iter().map(String::as_str).collect::<Vec<_>>(), over);
    assert_eq!((renewed.exit, &renewed.json()["complete"]), (0, &json!(true)), "{}", renewed.err);
    let two = at.path("2.json");
    assert_eq!(reach_shifted(&["trust", "verify", &two, "--state", &state], over).code(), "ok");
    // Another change of an expired document has to say for how long.
    let still = at.words("add", &first, &["--threshold", "root=1"], "x.json");
    let still = reach_shifted(&still.iter().map(String::as_str).collect::<Vec<_>>(), over);
    assert_eq!((still.code().as_str(), still.exit), ("trust.still_expired", 2));
    // A pack key is renewed only by name: its end was not the document's business alone.
    let show = reach_shifted(&["trust", "show", &two], over).json();
    let standing = |role: &str| {
        let key = show["keys"].as_array().unwrap().iter().find(|key| key["role"] == role).unwrap();
        key["standing"].as_str().unwrap().to_owned()
    };
    assert_eq!((standing("root"), standing("pack")), ("active".to_owned(), "expired".to_owned()));
    let pack = key_id(&first, "pack");
    let words = at.words("renew", &first, &["--key", pack.split_at(10).0], "2b.json");
    assert_eq!(reach_shifted(&words.iter().map(String::as_str).collect::<Vec<_>>(), over).exit, 0);
    let (archive, renewed) = (at.path("inventory.reachpack"), at.path("2b.json"));
    let verify = reach_shifted(&["pack", "verify", &archive, "--trust", &renewed], 364 * DAY);
    assert_eq!(verify.code(), "ok", "{}", verify.err);
    // Of two things that are wrong with a document, being the older one is said first.
    assert_eq!(at.run(&at.made("add", &first, &["--threshold", "pack=1"], "newer.json")), "ok");
    assert_eq!(reach_shifted(&["trust", "verify", &first, "--state", &state], over).code(), "trust.rollback");
}

#[test]
fn k23_a_key_is_warned_about_before_it_is_over_age_and_fails_after() {
    let at = Trusted::new();
    let trust = at.path("aged.json");
    let (root, public) = (at.path("keys/root.pem"), at.path("keys/pack.pub.pem"));
    let signer = format!("publisher={public}:pack");
    let words = ["trust", "init", "--root", &root, "--signer", &signer, "--max-key-age", "100", "--out", &trust];
    let made = reach(&words);
    assert_eq!((made.exit, &made.json()["max_key_age_days"]), (0, &json!(100)));
    let archive = at.path("inventory.reachpack");
    for words in [&["trust", "show", &trust][..], &["status", "--trust", &trust]] {
        let due = |days: i64| {
            let answer = reach_shifted(words, days * DAY + 60);
            let due = answer.json()["due"].as_array().unwrap().clone();
            let over = due.iter().filter(|one| one["over"] == json!(true)).count();
            (answer.code(), answer.exit, due.len(), over)
        };
        assert_eq!(due(89), ("ok".to_owned(), 0, 0, 0));
        assert_eq!(due(90), ("ok".to_owned(), 0, 2, 0));
        assert_eq!(due(100), ("sign.key_overdue".to_owned(), 5, 2, 2));
    }
    let verify = |days: i64| reach_shifted(&["pack", "verify", &archive, "--trust", &trust], days * DAY + 60).code();
    assert_eq!((verify(99), verify(100)), ("ok".to_owned(), "pack.key_overdue".to_owned()));
    // What is over age is rotated; the old root signs that, and nothing else, itself.
    let (new, key) = (at.key("root", "root-b"), at.path("keys/root-b.pem"));
    let rotate =
        ["--signer", "root", "--key", &key_id(&trust, "root"), "--new", &new, "--root", &key].map(str::to_owned);
    let rotate: Vec<&str> = rotate.iter().map(String::as_str).collect();
    let words = at.words("rotate", &trust, &rotate, "rotated.json");
    let rotated = reach_shifted(&words.iter().map(String::as_str).collect::<Vec<_>>(), 101 * DAY);
    assert_eq!((rotated.exit, &rotated.json()["complete"]), (0, &json!(true)), "{}", rotated.err);
    let alone = at.words("renew", &trust, &[], "alone.json");
    let alone = reach_shifted(&alone.iter().map(String::as_str).collect::<Vec<_>>(), 101 * DAY);
    assert_eq!(alone.code(), "trust.bad_threshold");
}

#[test]
fn k26_a_lost_root_is_replaced_by_one_recorded_act() {
    let at = Trusted::new();
    let (state, first) = (at.path("state"), at.first());
    assert_eq!(at.run(&at.made("add", &first, &["--threshold", "pack=1"], "2.json")), "ok");
    at.key("root", "root-b");
    let (root, fresh) = (at.path("keys/root-b.pem"), at.path("fresh.json"));
    let signer =
        |name: &str, key: &str, role: &str| format!("{name}={}:{role}", at.path(&format!("keys/{key}.pub.pem")));
    let mut words = vec!["trust".to_owned(), "init".to_owned(), "--root".to_owned(), root];
    for (name, key, role) in
        [("p", "pack", "pack"), ("s", "policy", "policy"), ("n", "run", "run"), ("n", "log", "log")]
    {
        words.extend(["--signer".to_owned(), signer(name, key, role)]);
    }
    words.extend(["--out".to_owned(), fresh.clone()]);
    let made = reach(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let new = made.json()["trust_root_digest"].as_str().unwrap().to_owned();
    let old = at.demo.trust_root();
    assert_eq!(at.under_state(&fresh), "trust.root_mismatch");
    let reset = |more: &[&str]| reach(&[&["init", "--reset-trust", "--state", &state, "--trust"], more].concat());
    // Flags that would mean making a directory are usage errors, and so is the absence of any need.
    for flag in [["--origin", "x"], ["--anchor", "a"], ["--tenant", "t"], ["--key", "k.pem"]] {
        let answer = reset(&[&[fresh.as_str(), "--trust-root", &new], &flag[..]].concat());
        assert_eq!((answer.code().as_str(), answer.exit), ("cli.usage", 2), "{flag:?}");
    }
    let missing = reach(&["init", "--state", &at.path("x"), "--trust", &fresh]);
    assert_eq!((missing.code().as_str(), missing.exit), ("cli.usage", 2));
    // A file on its own word pins nothing: whoever resets says which root they mean.
    assert!(reset(&[&fresh]).err.contains("--trust-root <DIGEST>"), "{}", reset(&[&fresh]).err);
    assert_eq!(reset(&[&first, "--trust-root", &old]).code(), "state.trust_root_unchanged");
    assert_eq!(reset(&[&fresh, "--trust-root", &old]).code(), "trust.root_mismatch");
    let nowhere =
        reach(&["init", "--reset-trust", "--state", &at.path("keys"), "--trust", &fresh, "--trust-root", &new]);
    assert_eq!(nowhere.code(), "state.uninitialised");
    let config = at.demo.dir().join("state/state.json");
    let before = fs::read(&config).unwrap();
    let done = reset(&[&fresh, "--trust-root", &new]);
    assert_eq!((done.exit, done.code().as_str()), (0, "ok"), "{}", done.err);
    assert_eq!(done.json()["unlisted_keys"], json!(["node"]));
    assert_eq!(fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
    let last = last_entry(&at);
    assert_eq!(last["from"]["trust_root"], json!(old));
    assert_eq!(last["from"]["version"], json!(2));
    assert_eq!(last["to"], json!({"trust_root": new, "version": 1, "digest": new}));
    // The old root is out, the new one is in, and the ledger with its anchor is whole.
    assert_eq!(at.under_state(&first), "trust.root_mismatch");
    assert_eq!(at.run(&fresh), "ok");
    assert_eq!(reach(&["audit", "verify", "--state", &state, "--trust", &fresh]).code(), "ok");
    // As if it had been killed before its last step: nothing is accepted until it is done again.
    fs::write(&config, before).unwrap();
    for trust in [&first, &at.path("2.json")] {
        assert_ne!(at.under_state(trust), "ok");
    }
    assert_eq!(at.under_state(&fresh), "trust.root_mismatch");
    assert_eq!(reset(&[&fresh, "--trust-root", &new]).code(), "ok");
    assert_eq!(at.run(&fresh), "ok");
    assert_eq!(last_entry(&at)["from"]["version"], Value::Null);
}

/// The payload of the ledger's newest entry of kind `node.trust_reset`.
fn last_entry(at: &Trusted) -> Value {
    let state = State::open(&at.demo.dir().join("state"), Access::Read).unwrap();
    let view = state.ledger().tenant(state.config().tenant.clone());
    let size = state.ledger().head().unwrap().size;
    let entries = (0..size).map(|seq| view.entry(seq).unwrap());
    let last = entries.rev().find(|entry| entry.header.kind == EntryKind::TrustReset).unwrap();
    serde_json::from_slice(&last.payload).unwrap()
}

#[test]
fn k54_a_trust_file_that_others_can_write_is_refused_by_every_command() {
    let at = Trusted::new();
    let (trust, state) = (at.first(), at.path("state"));
    let (pack, policy, root) =
        (at.path("inventory.reachpack"), at.path("policy.reachpolicy"), at.path("keys/root.pem"));
    let key = key_id(&trust, "pack");
    let link = at.path("link.json");
    std::os::unix::fs::symlink(&trust, &link).unwrap();
    let judge = |trust: &str, expected: &str| {
        let out = at.path("out.json");
        for words in [
            &["pack", "verify", &pack, "--trust", trust][..],
            &["pack", "verify", &pack, "--trust", trust, "--state", &state],
            &["policy", "verify", &policy, "--trust", trust],
            &["replay", "verify", &at.path("run.rlog"), "--trust", trust],
            &["audit", "verify", "--state", &state, "--trust", trust],
            &["trust", "show", trust],
            &["trust", "verify", trust],
            &["trust", "history", trust],
            &["status", "--trust", trust],
            &["trust", "retire", trust, "--key", &key, "--root", &root, "--out", &out],
        ] {
            let answer = reach(words);
            assert_eq!(answer.code(), expected, "{words:?}: {}", answer.err);
        }
        let _ = fs::remove_file(out);
    };
    judge(&trust, "ok");
    for mode in [0o646, 0o666] {
        fs::set_permissions(&trust, Permissions::from_mode(mode)).unwrap();
        judge(&trust, "trust.store_untrusted");
    }
    fs::set_permissions(&trust, Permissions::from_mode(0o644)).unwrap();
    judge(&link, "trust.store_untrusted");
    judge(&trust, "ok");
}

#[test]
fn k54_a_pack_never_brings_its_own_trust() {
    let at = Trusted::new();
    let dir = at.demo.dir().join("pack");
    let eve = at.demo.beside("eve");
    fs::create_dir(&eve).unwrap();
    let (root, key) = (format!("{eve}/root.pem"), format!("{eve}/pack.pem"));
    assert_eq!(reach(&["key", "generate", "--role", "root", "--out", &root]).exit, 0);
    assert_eq!(reach(&["key", "generate", "--role", "pack", "--out", &key]).exit, 0);
    // A pack that carries a trust document which vouches for it.
    let inside = dir.join("trust").join("trust.dsse.json");
    fs::create_dir(dir.join("trust")).unwrap();
    let (inside, signer) = (inside.to_str().unwrap().to_owned(), format!("eve={eve}/pack.pub.pem:pack"));
    assert_eq!(reach(&["trust", "init", "--root", &root, "--signer", &signer, "--out", &inside]).exit, 0);
    let pack = format!("{eve}/x.reachpack");
    assert_eq!(reach(&["pack", "build", dir.to_str().unwrap(), "--out", &pack]).exit, 0);
    assert_eq!(reach(&["pack", "sign", &pack, "--key", &key]).exit, 0);
    assert_eq!(reach(&["pack", "verify", &pack, "--trust", &at.first()]).code(), "pack.untrusted");
    let answer = reach(&["pack", "verify", &pack, "--trust", &inside]);
    assert_eq!((answer.code().as_str(), answer.exit), ("trust.store_untrusted", 74), "{}", answer.err);
    // The same document elsewhere is the caller's own choice, and the verdict says so; so is one in
    // the directory of another pack.
    let outside = format!("{eve}/trust.json");
    fs::copy(&inside, &outside).unwrap();
    let answer = reach(&["pack", "verify", &pack, "--trust", &outside]);
    assert_eq!((answer.code().as_str(), answer.json()["trust_root"].as_str()), ("ok", Some("caller_supplied")));
    fs::write(format!("{eve}/pack.toml"), "another").unwrap();
    assert_eq!(reach(&["pack", "verify", &pack, "--trust", &outside]).code(), "ok");
    fs::copy(dir.join("pack.toml"), format!("{eve}/pack.toml")).unwrap();
    assert_eq!(reach(&["pack", "verify", &pack, "--trust", &outside]).code(), "trust.store_untrusted");
}

#[test]
fn k54_no_command_takes_the_trust_file_from_inside_the_pack() {
    let at = Trusted::new();
    let (trust, state) = (at.first(), at.path("state"));
    let (pack, policy) = (at.path("inventory.reachpack"), at.path("policy.reachpolicy"));
    let (request, chain, out) = (at.path("r.json"), at.path("c.json"), at.demo.beside("out"));
    fs::write(&request, r#"{"tools":["fs.list"]}"#).unwrap();
    let operator = at.demo.beside("operator.pem");
    assert_eq!(reach(&["key", "generate", "--role", "operator", "--out", &operator]).exit, 0);
    let run = at.demo.run_words(&pack, &policy);
    let run: Vec<&str> = run.iter().map(String::as_str).collect();
    let judged = ["--policy", &policy, "--trust", &trust];
    let codes = || {
        let of = |words: &[&str]| reach(words).code();
        let codes = [
            of(&["pack", "verify", &pack, "--trust", &trust]),
            of(&["pack", "verify", &pack, "--trust", &trust, "--extracted", &at.path("pack")]),
            of(&["pack", "explain", &pack, "--trust", &trust]),
            of(&["pack", "extract", &pack, "--trust", &trust, "--out", &out]),
            of(&[
                &["pack", "allow-downgrade", &pack, "--state", &state, "--trust", &trust, "--key", &operator][..],
                &["--reason", "why"],
            ]
            .concat()),
            of(&[&["policy", "check", "--pack", &pack, "--request", &request][..], &judged].concat()),
            of(&run),
            of(&[
                &["delegate", "issue", "--pack", &pack, "--state", &state, "--to", "node-b", "--out", &chain][..],
                &judged,
            ]
            .concat()),
        ];
        let _ = (fs::remove_dir_all(&out), fs::remove_file(&chain));
        codes
    };
    // The quickstart's trust file lies beside its pack, and becomes a part of it.
    let mut expected = ["ok"; 8];
    expected[4] = "pack.downgrade_not_needed";
    assert_eq!(codes(), expected);
    fs::copy(at.path("pack/pack.toml"), at.path("pack.toml")).unwrap();
    assert_eq!(codes(), ["trust.store_untrusted"; 8]);
    assert!(!std::path::Path::new(&out).exists());
}

#[test]
fn k54_nothing_is_picked_up_from_where_a_command_is_started() {
    let at = Trusted::new();
    // The quickstart's own directory has everything that a command could wish for, by its usual name.
    let here = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reach"));
        let output = command.current_dir(at.demo.dir()).args(words).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let before = listing(&at.demo.dir());
    for words in [
        &["pack", "verify", "inventory.reachpack"][..],
        &["policy", "verify", "policy.reachpolicy"],
        &["run", "inventory.reachpack", "--policy", "policy.reachpolicy", "--state", "state", "--workspace", "tree"],
        &["run", "inventory.reachpack", "--trust", "trust.dsse.json", "--state", "state", "--workspace", "tree"],
        &["run", "inventory.reachpack", "--policy", "policy.reachpolicy", "--trust", "trust.dsse.json"],
        &["replay", "verify", "run.rlog"],
        &["audit", "verify", "--state", "state"],
        &["trust", "show"],
        &["status"],
    ] {
        let (exit, message) = here(words);
        assert_eq!(exit, 2, "{words:?}: {message}");
        assert!(message.starts_with("error[cli.usage]"), "{words:?}: {message}");
    }
    // A state directory beside the command is no pin unless it is named.
    let shown = Command::new(env!("CARGO_BIN_EXE_reach"))
        .current_dir(at.demo.dir())
        .args(["--json", "pack", "verify", "inventory.reachpack", "--trust", "trust.dsse.json"])
        .output()
        .unwrap();
    let verdict: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((&verdict["trust_root"], &verdict["rollback"]), (&json!("caller_supplied"), &json!("not checked")));
    assert_eq!(listing(&at.demo.dir()), before);
}
