//! Two nodes and two writers: what they may do to each other, and to their own memory.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::support::{Answer, Demo, reach};

/// `delegate issue` from the first node and `delegate accept` by the second.
struct Pair {
    demo: Demo,
}

impl Pair {
    fn new() -> Self {
        Self { demo: Demo::new() }
    }

    fn subject(&self, policy: &str) -> Vec<String> {
        let (pack, trust) = (self.demo.path("inventory.reachpack"), self.demo.path("trust.dsse.json"));
        ["--pack", &pack, "--policy", policy, "--trust", &trust].map(str::to_owned).to_vec()
    }

    fn call(&self, words: &[&str], policy: &str) -> Answer {
        let subject = self.subject(policy);
        reach(&words.iter().copied().chain(subject.iter().map(String::as_str)).collect::<Vec<_>>())
    }

    fn issue(&self, to: &str, scopes: &[&str], name: &str) -> Answer {
        let (state, out) = (self.demo.path("state"), self.demo.beside(name));
        let words = ["delegate", "issue", "--state", &state, "--to", to, "--out", &out];
        let scopes = scopes.iter().flat_map(|scope| ["--scope", scope]);
        self.call(&words.into_iter().chain(scopes).collect::<Vec<_>>(), &self.demo.path("policy.reachpolicy"))
    }

    /// The run that a chain is for, as its receiver's ledger would name it.
    fn run_of(&self, name: &str) -> String {
        let state = self.demo.path("state");
        let proof = self.demo.beside(&format!("{name}.tlog-proof"));
        let last = reach(&["status", "--state", &state]).json()["entries"].as_u64().unwrap() - 1;
        assert_eq!(reach(&["audit", "prove", "--state", &state, "--seq", &last.to_string(), "--out", &proof]).exit, 0);
        let opening = fs::read(self.demo.beside(&format!("{name}.opening.json"))).unwrap();
        let opening: serde_json::Value = serde_json::from_slice(&opening).unwrap();
        opening["run"].as_str().unwrap().to_owned()
    }

    fn accept(&self, state: &str, name: &str, policy: &str, more: &[&str]) -> Answer {
        let (state, chain) = (self.demo.path(state), self.demo.beside(name));
        self.call(&[&["delegate", "accept", &chain, "--state", &state], more].concat(), policy)
    }

    /// A policy of version 2 that allows one tool only.
    fn narrow_policy(&self) -> String {
        let text = String::from_utf8(self.demo.read("policy.toml")).unwrap().replace("version = 1", "version = 2");
        let tools = text.lines().find(|line| line.starts_with("tools")).unwrap().to_owned();
        let (source, bundle) = (self.demo.beside("narrow.toml"), self.demo.beside("narrow.reachpolicy"));
        fs::write(&source, text.replace(&tools, "tools = [\"fs.list\"]")).unwrap();
        let key = self.demo.path("keys/policy.pem");
        assert_eq!(reach(&["policy", "build", &source, "--out", &bundle, "--key", &key]).exit, 0);
        bundle
    }
}

#[test]
fn d25_a_node_hands_on_only_what_it_holds() {
    let pair = Pair::new();
    for (scopes, code) in [
        (&["workspace:read"][..], "ok"),
        (&[], "ok"),
        (&["network:any"], "mesh.scope_not_held"),
        (&["workspace:*"], "mesh.scope_not_held"),
        (&["workspace:read", "output:any"], "mesh.scope_not_held"),
    ] {
        assert_eq!(pair.issue("node-b", scopes, &format!("{}.json", scopes.join("-"))).code(), code, "{scopes:?}");
    }
    assert_eq!(pair.issue("node-a", &[], "self.json").code(), "mesh.delegation_to_itself");
    assert_eq!(pair.issue("node-c", &[], "c.json").code(), "mesh.node_unknown");
}

#[test]
fn d11_a_chain_is_accepted_by_the_node_it_is_for() {
    let pair = Pair::new();
    assert_eq!(pair.issue("node-b", &[], "c.json").exit, 0);
    let policy = pair.demo.path("policy.reachpolicy");
    assert_ne!(pair.accept("state", "c.json", &policy, &[]).exit, 0);
    assert_eq!(pair.accept("peer/state", "c.json", &policy, &[]).code(), "ok");
}

#[test]
fn d29_d41_a_denial_by_the_receivers_own_gate_is_recorded_and_receipted() {
    let pair = Pair::new();
    let run = pair.issue("node-b", &[], "c.json").json()["run"].as_str().unwrap().to_owned();
    let (narrow, receipt) = (pair.narrow_policy(), pair.demo.beside("receipt.json"));
    let denied = pair.accept("peer/state", "c.json", &narrow, &["--receipt", &receipt]);
    assert_eq!((denied.exit, denied.code().as_str()), (1, "policy.tool_not_allowed"));
    // The receipt is signed and says nothing of the policy.
    let text = fs::read_to_string(&receipt).unwrap();
    assert!(text.contains("application/vnd.reach.mesh.receipt.v1"), "{text}");
    let payload: serde_json::Value = serde_json::from_str(&text).unwrap();
    let payload = data_encoding::BASE64.decode(payload["payload"].as_str().unwrap().as_bytes()).unwrap();
    let holds = |what: &[u8]| payload.windows(what.len()).any(|window| window == what);
    assert!(holds(b"mesh.refused") && !holds(b"policy."), "{payload:?}");
    let state = pair.demo.path("peer/state");
    let listed = reach(&["audit", "list", "--state", &state, "--tenant", "default", "--run", &run]).json();
    assert_eq!(listed["entries"][0]["kind"], "delegation.refused");
    // The tighter policy is a floor now, also for a new chain.
    assert_eq!(pair.issue("node-b", &[], "d.json").exit, 0);
    let wide = pair.demo.path("policy.reachpolicy");
    assert_eq!(pair.accept("peer/state", "d.json", &wide, &[]).code(), "policy.bundle_rollback");
}

#[test]
fn a03_d19_an_older_memory_is_refused_and_so_is_a_replay_under_it() {
    let pair = Pair::new();
    let policy = pair.demo.path("policy.reachpolicy");
    let memory = pair.demo.dir().join("peer/state/node.redb");
    let older = fs::read(&memory).unwrap();
    assert_eq!(pair.issue("node-b", &[], "c.json").exit, 0);
    assert_eq!(pair.accept("peer/state", "c.json", &policy, &[]).code(), "ok");
    let newer = fs::read(&memory).unwrap();
    fs::write(&memory, older).unwrap();
    let refused = pair.accept("peer/state", "c.json", &policy, &[]);
    assert_eq!((refused.exit, refused.code().as_str()), (5, "state.memory_rolled_back"));
    assert_eq!(reach(&["status", "--state", &pair.demo.path("peer/state")]).code(), "state.memory_rolled_back");
    fs::write(&memory, newer).unwrap();
    assert_eq!(pair.accept("peer/state", "c.json", &policy, &[]).code(), "mesh.nonce_replayed");
}

#[test]
fn a20_d22_of_writers_that_start_at_once_one_goes_on() {
    let pair = Pair::new();
    let demo = &pair.demo;
    let words = demo.run_words(&demo.path("inventory.reachpack"), &demo.path("policy.reachpolicy"));
    for round in 0..5 {
        let start = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_reach"));
            command.args(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let writers = [start(), start(), start()];
        let answers = writers.map(|writer| writer.wait_with_output().unwrap());
        let won = answers.iter().filter(|answer| answer.status.success()).count();
        assert!(won >= 1, "round {round}");
        for lost in answers.iter().filter(|answer| !answer.status.success()) {
            let text = String::from_utf8_lossy(&lost.stderr).into_owned();
            assert!(lost.status.code() == Some(74) && text.contains("error[audit.locked]"), "round {round}: {text}");
        }
    }
}

#[test]
fn a_live_run_is_told_from_a_killed_one() {
    let pair = Pair::new();
    let demo = &pair.demo;
    // A workspace large enough that the run is seen while it works.
    let tree = demo.beside("big");
    fs::create_dir(&tree).unwrap();
    for number in 0..20 {
        fs::write(format!("{tree}/{number}"), vec![b'x'; 8 << 20]).unwrap();
    }
    let mut words = demo.run_words(&demo.path("inventory.reachpack"), &demo.path("policy.reachpolicy"));
    *words.last_mut().unwrap() = tree;
    let mut child = Command::new(env!("CARGO_BIN_EXE_reach")).args(&words).stdout(Stdio::null()).spawn().unwrap();
    let (mut seen, mut ended) = (false, false);
    while !seen && !ended {
        ended = child.try_wait().unwrap().is_some();
        let status = reach(&["status", "--state", &demo.path("state")]).json();
        seen = !status["running_runs"].as_array().unwrap().is_empty();
    }
    assert!(seen, "the run ended before it was seen");
    child.kill().unwrap();
    child.wait().unwrap();
    let status = reach(&["status", "--state", &demo.path("state")]).json();
    assert_eq!(status["running_runs"], serde_json::json!([]));
    assert_eq!(status["unfinished_runs"].as_array().unwrap().len(), 1);
}

#[test]
fn p07_a_pack_that_names_no_scopes_is_judged_by_those_its_tools_need() {
    let demo = Demo::new();
    let silent = demo.beside("silent");
    fs::create_dir(&silent).unwrap();
    fs::write(format!("{silent}/README.md"), "x").unwrap();
    let manifest = String::from_utf8(demo.read("pack/pack.toml")).unwrap();
    let manifest = manifest.replace("scopes = [\"workspace:read\", \"output:write\"]", "scopes = []");
    let without: Vec<&str> = manifest.lines().filter(|line| !line.starts_with("scopes = [\"")).collect();
    let manifest = without.join("\n").replacen("version = \"1.0.0\"", "version = \"1.1.0\"", 1);
    fs::write(format!("{silent}/pack.toml"), manifest).unwrap();
    let pack = demo.beside("silent.reachpack");
    assert_eq!(reach(&["pack", "build", &silent, "--out", &pack]).exit, 0);
    assert_eq!(reach(&["pack", "sign", &pack, "--key", &demo.path("keys/pack.pem")]).exit, 0);
    let answer = demo.run(&pack, &demo.path("policy.reachpolicy"));
    assert_eq!((answer.exit, answer.code().as_str()), (1, "policy.scope_undeclared"));
}

#[test]
fn d04_a_forged_chain_chooses_no_place_in_the_ledger() {
    let pair = Pair::new();
    let demo = &pair.demo;
    // The first node's own finished run, which takes no more entries.
    let shown = reach(&["replay", "show", &demo.path("run.rlog")]).json();
    let closed = shown["frames"][0]["content"]["run"].as_str().unwrap().to_owned();
    assert_eq!(pair.issue("node-b", &[], "c.json").exit, 0);
    let chain: serde_json::Value = serde_json::from_str(&fs::read_to_string(demo.beside("c.json")).unwrap()).unwrap();
    let decode = |text: &str| data_encoding::BASE64.decode(text.as_bytes()).unwrap();
    let payload = decode(chain[0]["payload"].as_str().unwrap());
    let real = data_encoding::HEXLOWER.decode(pair.run_of("c.json").as_bytes()).unwrap();
    let at = payload.windows(32).position(|window| window == real).unwrap();
    let mut forged = payload;
    forged[at..at + 32].copy_from_slice(&data_encoding::HEXLOWER.decode(closed.as_bytes()).unwrap());
    let mut chain = chain;
    chain[0]["payload"] = data_encoding::BASE64.encode(&forged).into();
    fs::write(demo.beside("forged.json"), chain.to_string()).unwrap();
    let state = demo.path("state");
    let entries = || reach(&["status", "--state", &state]).json()["entries"].as_u64().unwrap();
    let before = entries();
    let answer = pair.accept("state", "forged.json", &demo.path("policy.reachpolicy"), &[]);
    assert!(answer.code().starts_with("mesh."), "{}", answer.code());
    assert_eq!(entries(), before + 1);
}

#[test]
fn d03_a_receipt_that_has_no_place_costs_no_nonce() {
    let pair = Pair::new();
    assert_eq!(pair.issue("node-b", &[], "c.json").exit, 0);
    let (policy, nowhere) = (pair.demo.path("policy.reachpolicy"), pair.demo.beside("no/such/receipt.json"));
    assert_eq!(pair.accept("peer/state", "c.json", &policy, &["--receipt", &nowhere]).code(), "file.missing");
    assert_eq!(pair.accept("peer/state", "c.json", &policy, &[]).code(), "ok");
}

#[test]
fn a06_a_log_put_in_place_of_another_runs_is_found_and_never_recorded() {
    let demo = Demo::new();
    let runs = demo.dir().join("state/runs");
    let trust = demo.path("trust.dsse.json");
    let audit = || reach(&["audit", "verify", "--state", &demo.path("state"), "--trust", &trust]);
    assert_eq!(demo.run_again().exit, 0);
    let mut logs: Vec<_> = fs::read_dir(&runs).unwrap().map(|entry| entry.unwrap().path().join("run.rlog")).collect();
    logs.sort();
    let original = fs::read(&logs[1]).unwrap();
    fs::copy(&logs[0], &logs[1]).unwrap();
    assert_eq!(audit().code(), "audit.run_log_mismatch");
    fs::write(&logs[1], original).unwrap();
    assert_eq!(audit().code(), "ok");
    // A run that was killed, with another run's sealed log put in its place.
    let words = demo.run_words(&demo.path("inventory.reachpack"), &demo.path("policy.reachpolicy"));
    let unfinished = || reach(&["status", "--state", &demo.path("state")]).json()["unfinished_runs"].clone();
    for delay in 0u64.. {
        let mut child = Command::new(env!("CARGO_BIN_EXE_reach")).args(&words).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay % 40));
        child.kill().unwrap();
        child.wait().unwrap();
        if unfinished() != serde_json::json!([]) {
            break;
        }
    }
    let killed = unfinished()[0].as_str().unwrap().to_owned();
    fs::create_dir_all(runs.join(&killed)).unwrap();
    fs::copy(&logs[0], runs.join(&killed).join("run.rlog")).unwrap();
    assert_eq!(demo.run_again().exit, 0);
    let listed =
        reach(&["audit", "list", "--state", &demo.path("state"), "--tenant", "default", "--run", &killed]).json();
    assert_eq!(listed["entries"].as_array().unwrap().last().unwrap()["kind"], "run.interrupted");
}
