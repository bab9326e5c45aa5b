//! Runs end when what they were admitted on does not stand any more: at the next permit, not later.

use std::{
    cell::Cell,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    rc::Rc,
};

use reach_runner::{Access, Clock, Environment, Reach, RunReport, Sources, State, SystemClock, World, run};
use reach_types::Timestamp;
use serde_json::Value;

use crate::support::{Demo, reach};

/// The real clock, which a test can set ahead.
struct Ahead(Rc<Cell<u64>>);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.0.get())
    }
}

/// A demo, with the trust document at a path where it can be replaced.
struct Watched {
    demo: Demo,
    ahead: Rc<Cell<u64>>,
}

impl Watched {
    fn new() -> Self {
        Self { demo: Demo::new(), ahead: Rc::default() }
    }

    fn trust(&self) -> String {
        self.demo.path("trust.dsse.json")
    }

    /// The next version of the trust document, made by `trust` with these words.
    fn next(&self, verb: &str, words: &[&str]) -> String {
        let (out, root) = (self.demo.beside("next.dsse.json"), self.demo.path("keys/root.pem"));
        let made = reach(&[&["trust", verb, &self.trust()][..], words, &["--root", &root, "--out", &out]].concat());
        assert_eq!(made.exit, 0, "{}", made.err);
        out
    }

    fn key_id(&self, name: &str) -> String {
        let shown = reach(&["key", "show", &self.demo.path(&format!("{name}.pub.pem"))]);
        shown.json()["keyid"].as_str().unwrap().to_owned()
    }

    fn revoke(&self, name: &str, reason: &str) -> String {
        self.next("revoke", &["--key", &self.key_id(name), "--reason", reason])
    }

    /// Runs the inventory pack; `meanwhile` happens once, in the middle of its first call.
    fn run(&self, meanwhile: impl Fn(&Path)) -> RunReport {
        let trust = self.trust();
        let (pack, policy) = (self.demo.path("inventory.reachpack"), self.demo.path("policy.reachpolicy"));
        let (state, tree) = (self.demo.path("state"), self.demo.path("keys"));
        let mut state = State::open(Path::new(&state), Access::Write).unwrap();
        let clock = Box::new(Ahead(Rc::clone(&self.ahead)));
        let world = World { clock, ..World::system(Environment::default()) };
        let trust = Path::new(&trust);
        let sources = Sources { pack: Path::new(&pack), signature: None, policy: Path::new(&policy), trust };
        let reach = Reach { workspace: Path::new(&tree), exclude: &[] };
        let done = Cell::new(false);
        let mut progress = |_: &str, _: u64, _: Option<u64>| {
            if !done.replace(true) {
                meanwhile(trust);
            }
        };
        let report = run(&world, &mut state, &sources, &reach, None, &mut progress).unwrap();
        assert!(done.get(), "the hook was called");
        report
    }

    /// How a run ends while whose first call the trust file is replaced by `next`.
    fn replaced_by(&self, next: &str) -> (String, RunReport) {
        let report = self.run(|trust| fs::rename(next, trust).unwrap());
        (code(&report), report)
    }

    /// The names of the log's frames, and the reason of its end.
    fn log(&self, report: &RunReport) -> (Vec<String>, String) {
        let shown = reach(&["replay", "show", report.log.to_str().unwrap()]).json();
        let frames = shown["frames"].as_array().unwrap();
        let kind = |frame: &Value| frame["frame"].as_str().unwrap().to_owned();
        (frames.iter().map(kind).collect(), frames.last().unwrap()["content"]["reason"].as_str().unwrap().to_owned())
    }

    fn entries(&self, report: &RunReport) -> Vec<Value> {
        let run = report.run.to_string();
        let words = ["audit", "list", "--state", &self.demo.path("state"), "--tenant", "default", "--run", &run];
        reach(&words).json()["entries"].as_array().unwrap().clone()
    }
}

fn code(report: &RunReport) -> String {
    report.rejection().map_or_else(|| "ok".to_owned(), |(row, _)| row.code.to_owned())
}

#[test]
fn k21_p18_a_pack_revoked_during_its_run_ends_it_before_the_next_call() {
    let watched = Watched::new();
    let digest = reach_types::Blake3Digest::of(&watched.demo.read("inventory.reachpack")).to_string();
    let next = watched.next("revoke", &["--pack", &digest, "--reason", "it leaks"]);
    let (code, report) = watched.replaced_by(&next);
    assert_eq!((code.as_str(), report.calls), ("pack.pack_revoked", 1));
    assert_eq!(fs::read_dir(&report.output).unwrap().count(), 0, "no later call was made");
    // The log says that the second call was judged, and not that it was made.
    let (frames, reason) = watched.log(&report);
    assert_eq!(frames, ["header", "verdict", "result", "verdict", "end"]);
    assert_eq!(reason, "refused");
    let entries = watched.entries(&report);
    let kinds: Vec<&str> = entries.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["run.admitted", "run.started", "run.call_refused", "run.ended"]);
    assert_eq!(entries[2]["payload"]["codes"], serde_json::json!(["pack.pack_revoked"]));
    assert_eq!(entries[3]["payload"]["reason"], "refused");
    let log = report.log.to_str().unwrap();
    let sealed = reach(&["replay", "verify", log, "--trust", &watched.trust()]);
    assert_eq!((sealed.exit, sealed.json()["verdict"].as_str().unwrap().to_owned()), (0, "sealed".to_owned()));
    // Nothing brings the old document back.
    let audit = reach(&["audit", "verify", "--state", &watched.demo.path("state"), "--trust", &watched.trust()]);
    assert_eq!(audit.exit, 0, "{}", audit.err);
    assert_eq!(watched.demo.run_again().code(), "pack.pack_revoked");
}

#[test]
fn k21_p18_p28_a_key_revoked_during_a_run_ends_it_as_well() {
    for (name, reason, expected) in [
        ("keys/pack", "compromised", "pack.key_revoked"),
        ("keys/pack", "superseded", "pack.key_revoked"),
        ("keys/policy", "compromised", "policy.bundle_key_revoked"),
    ] {
        let watched = Watched::new();
        let (code, report) = watched.replaced_by(&watched.revoke(name, reason));
        assert_eq!((code.as_str(), report.calls), (expected, 1), "{name} {reason}");
        assert_eq!(watched.log(&report).1, "refused");
    }
}

#[test]
fn k26_a_trust_file_that_does_not_verify_any_more_ends_the_run_closed() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil); 5] = [
        ("file.missing", |trust| fs::remove_file(trust).unwrap()),
        ("input.json_malformed", |trust| fs::write(trust, "").unwrap()),
        ("trust.store_untrusted", |trust| {
            fs::set_permissions(trust, fs::Permissions::from_mode(0o666)).unwrap();
        }),
        ("trust.store_untrusted", |trust| {
            let beside = trust.with_extension("real");
            fs::rename(trust, &beside).unwrap();
            symlink(beside, trust).unwrap();
        }),
        ("sign.bad_signature", |trust| {
            let text = fs::read_to_string(trust).unwrap();
            fs::write(trust, text.replace("\"sig\":\"", "\"sig\":\"AAAA")).unwrap();
        }),
    ];
    for (expected, spoil) in cases {
        let watched = Watched::new();
        let report = watched.run(spoil);
        assert_eq!((code(&report).as_str(), report.calls), (expected, 1));
        assert_eq!(watched.log(&report).1, "refused");
    }
    let (watched, other) = (Watched::new(), Watched::new());
    assert_eq!(watched.replaced_by(&other.trust()).0, "trust.root_mismatch");
}

#[test]
fn a_trust_file_that_changes_nothing_for_a_run_leaves_it_alone() {
    let watched = Watched::new();
    assert_eq!(code(&watched.run(|_| ())), "ok");
    let rewritten = watched.run(|trust| fs::write(trust, fs::read(trust).unwrap()).unwrap());
    assert_eq!(code(&rewritten), "ok");
    let old = watched.demo.beside("old.dsse.json");
    fs::copy(watched.trust(), &old).unwrap();
    // Another signer's key is nothing to this run; but the newer version has been seen.
    let next = watched.revoke("peer/node", "superseded");
    assert_eq!(watched.replaced_by(&next).0, "ok");
    fs::copy(&old, watched.trust()).unwrap();
    assert_eq!(watched.demo.run_again().code(), "trust.rollback");
}

#[test]
fn k24_p26_a_run_ends_when_its_time_is_over() {
    let watched = Watched::new();
    let ahead = Rc::clone(&watched.ahead);
    let report = watched.run(|_| ahead.set(366 * 86_400_000));
    // The policy's end comes to the gate before anything else is asked.
    assert_eq!((code(&report).as_str(), report.calls), ("policy.bundle_expired", 1));
    assert_eq!(watched.log(&report).1, "refused");
}

/// The trust file is the very one that the run was admitted on, long settled: only the clock says
/// that a key it rests on has ended.
#[test]
fn k21_k23_p28_a_run_ends_when_a_key_that_it_rests_on_ends() {
    const HOUR: u64 = 3_600_000;
    let cases: [(&str, &[&str], u64, &str); 4] = [
        ("retire", &["keys/pack"], 2 * HOUR, "pack.key_retired"),
        ("retire", &["keys/policy"], 2 * HOUR, "policy.bundle_key_retired"),
        ("retire", &["keys/pack"], HOUR / 2, "ok"),
        ("renew", &["--max-key-age", "1"], 25 * HOUR, "pack.key_overdue"),
    ];
    for (verb, words, later, expected) in cases {
        let watched = Watched::new();
        let at = Timestamp::from_millis(SystemClock.now().as_millis() / 1000 * 1000 + HOUR).to_string();
        let next = match words {
            [name] => watched.next(verb, &["--key", &watched.key_id(name), "--at", &at]),
            _ => watched.next(verb, words),
        };
        fs::rename(next, watched.trust()).unwrap();
        watched.ahead.set(10_000);
        let ahead = Rc::clone(&watched.ahead);
        let report = watched.run(|_| ahead.set(later));
        assert_eq!(code(&report), expected, "{verb} {words:?}");
        assert_eq!(report.calls == 1, expected != "ok");
    }
}
