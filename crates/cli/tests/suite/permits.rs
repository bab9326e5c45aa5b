//! Sealed permits on the command line: one call, on the node that gave it, once.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use reach_pack_integrity::{Expected, Verification};
use reach_policy::{Binding, ExactCall, Mode, PermitToken, Rights, Subject};
use reach_runner::{
    Access, BuiltinTools, Environment, MAX_PERMIT_LIFE, PresentedPermit, Sources, State, ToolHost, World, node_run,
    packs::{self, PackFiles},
    policies, redeem_permit, seal_permit,
};
use reach_types::{Blake3Digest, Code as _, RegistrySnapshot, Request, RunId, Timestamp, ToolCall};

use crate::support::{Answer, Demo, reach, reach_shifted};

const REQUEST: &str = r#"{"tools":["fs.list"],"scopes":["workspace:read"]}"#;

/// A quickstart, and the files that its node is asked with.
struct Node {
    demo: Demo,
    pack: String,
    policy: String,
    trust: String,
    request: String,
}

impl Node {
    fn new() -> Self {
        let demo = Demo::new();
        let request = demo.path("request.json");
        fs::write(&request, REQUEST).unwrap();
        let (pack, policy) = (demo.path("inventory.reachpack"), demo.path("policy.reachpolicy"));
        Self { pack, policy, trust: demo.path("trust.dsse.json"), request, demo }
    }

    fn state(&self) -> String {
        self.demo.path("state")
    }

    /// The words after `reach policy <verb>`.
    fn words(&self, verb: &[&str], more: &[&str]) -> Vec<String> {
        let state = self.state();
        let files = ["--pack", &self.pack, "--policy", &self.policy, "--trust", &self.trust, "--state", &state];
        let words = [&["policy"], verb, &files, &["--request", &self.request], more].concat();
        words.into_iter().map(str::to_owned).collect()
    }

    fn check(&self, more: &[&str]) -> Answer {
        let words = self.words(&["check"], more);
        reach(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// A permit for the request, in a file of this name.
    fn give(&self, name: &str, more: &[&str]) -> String {
        let out = self.demo.beside(name);
        let given = self.check(&[&["--permit-out", &out][..], more].concat());
        assert_eq!(given.code(), "ok", "{}", given.err);
        out
    }

    fn redeem(&self, permit: &str, more: &[&str]) -> Answer {
        self.redeem_later(permit, more, 0)
    }

    fn redeem_later(&self, permit: &str, more: &[&str], seconds: i64) -> Answer {
        let words = self.words(&["redeem", permit], more);
        reach_shifted(&words.iter().map(String::as_str).collect::<Vec<_>>(), seconds)
    }

    /// A real process that redeems.
    fn process(&self, permit: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reach"));
        command.args(self.words(&["redeem", permit], &[])).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The next version of the trust document, in its place.
    fn revoke(&self, words: &[&str]) {
        let (out, root) = (self.demo.beside("next.dsse.json"), self.demo.path("keys/root.pem"));
        let made = reach(&[&["trust", "revoke", &self.trust][..], words, &["--root", &root, "--out", &out]].concat());
        assert_eq!(made.exit, 0, "{}", made.err);
        fs::rename(out, &self.trust).unwrap();
    }

    fn revoke_key(&self, name: &str) {
        let shown = reach(&["key", "show", &self.demo.path(&format!("keys/{name}.pub.pem"))]);
        self.revoke(&["--key", shown.json()["keyid"].as_str().unwrap(), "--reason", "compromised"]);
    }

    /// The policy once more, as the next version.
    fn newer_policy(&self) -> String {
        let (toml, out) = (self.demo.beside("policy2.toml"), self.demo.beside("policy2.reachpolicy"));
        let text = fs::read_to_string(self.demo.path("policy.toml")).unwrap();
        fs::write(&toml, text.replace("version = 1\n", "version = 2\n")).unwrap();
        let built = reach(&["policy", "build", &toml, "--out", &out, "--key", &self.demo.path("keys/policy.pem")]);
        assert_eq!(built.exit, 0, "{}", built.err);
        out
    }

    /// A permit sealed by this node for a binding that `change` made of the one of the request, as
    /// the gate judges it for a pack and a run that fit.
    fn sealed(&self, name: &str, change: impl Fn(&mut Binding)) -> String {
        assert_eq!(self.sealed_for(name, Duration::from_secs(60), change), "ok");
        self.demo.beside(name)
    }

    /// As [`Node::sealed`], for this long: the code that it comes to.
    fn sealed_for(&self, name: &str, life: Duration, change: impl Fn(&mut Binding)) -> &'static str {
        let world = World::system(Environment::default());
        let state = State::open(Path::new(&self.state()), Access::Read).unwrap();
        let now = state.now(&world).unwrap();
        let trust = state.load_trust(Path::new(&self.trust), now).unwrap();
        let bundle = policies::verify(Path::new(&self.policy), &trust, now, Some(&state)).unwrap();
        let expected = Expected::default();
        let asked = Verification { trust: &trust, expected: &expected, now, seen: None, evidence: None };
        let files = PackFiles::of(Path::new(&self.pack), None, Path::new(&self.trust));
        let pack = packs::verify(&files, &asked).unwrap();

        let request = Request::from_json(REQUEST.as_bytes()).unwrap();
        let tool = request.tools.first().unwrap();
        let call = ToolCall { tool: tool.clone(), scopes: request.scopes.clone(), arguments: REQUEST.into() };
        let mut facts = pack.facts().clone();
        let mut binding = Binding {
            run: RunId(Blake3Digest::from_bytes([0; 32])),
            index: 0,
            node: state.node(),
            tenant: state.config().tenant.clone(),
            host: BuiltinTools::definitions_only().identity(),
            definition: facts.tools[tool],
            call: ExactCall::of(&call),
            pack: facts.digest,
            bundle: *bundle.digest(),
            chain: None,
            mode: Mode::Enforce,
        };
        change(&mut binding);
        facts.tools.insert(tool.clone(), binding.definition);
        facts.digest = binding.pack;
        let registry = RegistrySnapshot::of(facts.tools.keys(), &facts.tools);
        let rights = Rights { tools: facts.tools.keys().cloned().collect(), scopes: facts.scopes.clone() };
        let rights = binding.chain.map(|_| &rights);
        let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &binding.tenant, rights };
        let decision = bundle.gate(Mode::Enforce).unwrap().evaluate_call(&subject, &call, now);
        let permit = decision.permit(binding.clone(), now.saturating_add(life)).unwrap();
        let out = self.demo.beside(name);
        seal_permit(&world, &state, permit, Path::new(&out)).map_or_else(|error| error.code(), |_| "ok")
    }
}

#[test]
fn p18_a_sealed_permit_is_used_once() {
    let node = Node::new();
    let permit = node.give("permit", &[]);
    assert_eq!(fs::metadata(&permit).unwrap().permissions().mode() & 0o777, 0o600);
    let first = node.redeem(&permit, &[]);
    assert_eq!((first.exit, first.code().as_str()), (0, "ok"), "{}", first.err);
    let json = first.json();
    assert_eq!((json["verdict"].as_str(), json["call"].as_u64()), (Some("allow"), Some(0)));
    for _ in 0..2 {
        let again = node.redeem(&permit, &[]);
        assert_eq!((again.exit, again.code().as_str()), (1, "policy.permit_spent"));
    }
    // A copy is the same permit; another permit for the same call is another one.
    let copy = node.demo.beside("copy");
    fs::copy(&permit, &copy).unwrap();
    assert_eq!(node.redeem(&copy, &[]).code(), "policy.permit_spent");
    let another = node.redeem(&node.give("another", &[]), &[]);
    assert_eq!(another.code(), "ok");
    assert_ne!(another.json()["permit"], json["permit"]);
    // Both uses are on record, and the ledger still stands.
    let run = node_run(&State::open(Path::new(&node.state()), Access::Read).unwrap().node()).to_string();
    let listed = reach(&["audit", "list", "--state", &node.state(), "--tenant", "default", "--run", &run]).json();
    let entries = listed["entries"].as_array().unwrap();
    let used: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "permit.redeemed").collect();
    assert_eq!(used.len(), 2);
    assert_eq!(used[0]["payload"]["permit"], json["permit"]);
    assert_eq!(used[0]["payload"]["tool"], "fs.list");
    assert_eq!(reach(&["audit", "verify", "--state", &node.state(), "--trust", &node.trust]).exit, 0);
}

#[test]
fn p18_a_sealed_permit_ends() {
    let node = Node::new();
    let (short, long) = (node.give("short", &["--permit-ttl", "30s"]), node.give("long", &["--permit-ttl", "10m"]));
    let first = node.give("first", &[]);
    assert_eq!(node.redeem_later(&first, &[], 20).code(), "ok");
    let late = node.redeem_later(&short, &[], 31);
    assert_eq!((late.exit, late.code().as_str()), (5, "policy.permit_expired"));
    assert_eq!(node.redeem_later(&long, &[], 590).code(), "ok");
    // By now the row of the first is dropped; a clock that is set back brings neither back.
    for permit in [&first, &short] {
        assert_eq!(node.redeem(permit, &[]).code(), "policy.permit_expired");
    }
    let ended = node.demo.beside("ended");
    for (ttl, code) in [("0s", "cli.flag_value"), ("3601s", "cli.flag_value"), ("60", "cli.flag_value"), ("1h", "ok")] {
        assert_eq!(node.check(&["--permit-out", &ended, "--permit-ttl", ttl]).code(), code, "{ttl}");
    }
}

#[test]
fn p17_p18_a_sealed_permit_is_for_one_call_of_one_run() {
    let node = Node::new();
    let (run, other) = ("11".repeat(32), "22".repeat(32));
    let (given, changed) = (node.demo.beside("given.json"), node.demo.beside("changed.json"));
    fs::write(&given, r#"{"path":"."}"#).unwrap();
    fs::write(&changed, r#"{"path": "."}"#).unwrap();
    let permit = node.give("permit", &["--run", &run, "--call", "3", "--arguments", &given]);
    for (words, code) in [
        (&["--call", "3", "--arguments", &given][..], "policy.permit_run_mismatch"),
        (&["--run", &other, "--call", "3", "--arguments", &given], "policy.permit_run_mismatch"),
        (&["--run", &run, "--arguments", &given], "policy.permit_call_mismatch"),
        (&["--run", &run, "--call", "4", "--arguments", &given], "policy.permit_call_mismatch"),
        (&["--run", &run, "--call", "3", "--arguments", &changed], "policy.permit_call_mismatch"),
        (&["--run", &run, "--call", "3"], "policy.permit_call_mismatch"),
        (&["--run", "x", "--call", "3", "--arguments", &given], "cli.flag_value"),
        (&["--run", &run, "--call", "3", "--arguments", &given], "ok"),
        (&["--run", &run, "--call", "3", "--arguments", &given], "policy.permit_spent"),
    ] {
        assert_eq!(node.redeem(&permit, words).code(), code, "{words:?}");
    }
    let permit = node.give("narrow", &["--arguments", &given]);
    fs::copy(node.demo.path("tampered/widened.json"), &node.request).unwrap();
    assert_eq!(node.redeem(&permit, &["--arguments", &given]).code(), "policy.permit_call_mismatch");
    fs::write(&node.request, REQUEST).unwrap();
    assert_eq!(node.redeem(&permit, &["--arguments", &given]).code(), "ok");
}

#[test]
fn p18_a_sealed_permit_is_for_one_place() {
    let node = Node::new();
    let other = Blake3Digest::of(b"other");
    type Change<'a> = &'a dyn Fn(&mut Binding);
    let cases: [(&str, &str, Change<'_>); 8] = [
        ("host", "policy.permit_call_mismatch", &|given| given.host = other),
        ("definition", "policy.permit_call_mismatch", &|given| given.definition = other),
        ("index", "policy.permit_call_mismatch", &|given| given.index = 1),
        ("run", "policy.permit_run_mismatch", &|given| given.run = RunId(other)),
        ("chain", "policy.permit_run_mismatch", &|given| given.chain = Some(other)),
        ("tenant", "policy.permit_run_mismatch", &|given| given.tenant = reach_types::TenantId::parse("t").unwrap()),
        ("pack", "policy.permit_superseded", &|given| given.pack = other),
        ("same", "ok", &|_| ()),
    ];
    for (name, code, change) in cases {
        let permit = node.sealed(name, change);
        assert_eq!(node.redeem(&permit, &[]).code(), code, "{name}");
    }
}

#[test]
fn p18_a_permit_ends_with_its_pack() {
    for revoked in ["pack", "key"] {
        let node = Node::new();
        let permit = node.give("permit", &[]);
        match revoked {
            "key" => node.revoke_key("pack"),
            _ => {
                let digest = Blake3Digest::of(&fs::read(&node.pack).unwrap()).to_string();
                node.revoke(&["--pack", &digest, "--reason", "it leaks"]);
            }
        }
        let refused = node.redeem(&permit, &[]);
        assert_eq!((refused.exit, refused.code().as_str()), (5, "policy.permit_superseded"), "{revoked}");
        assert!(refused.err.contains("pack"), "{}", refused.err);
    }
}

#[test]
fn p18_a_permit_ends_with_its_bundle() {
    let node = Node::new();
    let permit = node.give("permit", &[]);
    node.revoke_key("policy");
    let refused = node.redeem(&permit, &[]);
    assert_eq!((refused.exit, refused.code().as_str()), (5, "policy.permit_superseded"), "{}", refused.err);

    let mut node = Node::new();
    let (permit, old, new) = (node.give("permit", &[]), node.policy.clone(), node.newer_policy());
    node.policy = new;
    assert_eq!(node.redeem(&permit, &[]).code(), "policy.permit_superseded");
    // The newer one has been seen, so the old one does not come back either.
    node.policy = old.clone();
    assert_eq!(node.redeem(&permit, &[]).code(), "policy.permit_superseded");
    // What is wrong with a file that the permit was not given under is said as it is.
    node.policy = node.newer_policy_damaged();
    assert_eq!(node.redeem(&permit, &[]).code(), "policy.bundle_signature_invalid");
}

impl Node {
    fn newer_policy_damaged(&self) -> String {
        let out = self.demo.beside("damaged.reachpolicy");
        let text = fs::read_to_string(&self.policy).unwrap();
        fs::write(&out, text.replace("\"sig\":\"", "\"sig\":\"AAAA")).unwrap();
        out
    }
}

#[test]
fn p18_no_permit_is_sealed_for_longer_than_its_use_is_remembered() {
    let node = Node::new();
    let code = |name, life| node.sealed_for(name, life, |_| ());
    // Judged a moment ago, so that only what is clearly longer is.
    assert_eq!(code("long", MAX_PERMIT_LIFE + Duration::from_secs(600)), "policy.permit_too_long");
    assert!(!Path::new(&node.demo.beside("long")).exists());
    assert_eq!(code("longest", MAX_PERMIT_LIFE), "ok");
}

#[test]
fn p18_another_nodes_permit_is_a_forgery() {
    let (node, other) = (Node::new(), Node::new());
    let (ours, theirs) = (node.give("permit", &[]), other.give("permit", &[]));
    let refused = node.redeem(&theirs, &[]);
    assert_eq!((refused.exit, refused.code().as_str()), (1, "policy.permit_forged"));
    assert_eq!(node.redeem(&ours, &[]).code(), "ok");
    // The key is made of the node's secret, which others must not be able to read.
    let secret = node.demo.path("state/keys/tag.key");
    let permit = node.give("second", &[]);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(node.redeem(&permit, &[]).code(), "file.key_exposed");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let bytes = fs::read(&secret).unwrap();
    fs::write(&secret, &bytes[..31]).unwrap();
    assert_eq!(node.redeem(&permit, &[]).code(), "state.secret_malformed");
    fs::write(&secret, [bytes[0] ^ 1].iter().chain(&bytes[1..]).copied().collect::<Vec<_>>()).unwrap();
    assert_eq!(node.redeem(&permit, &[]).code(), "policy.permit_forged");
    fs::write(&secret, bytes).unwrap();
    assert_eq!(node.redeem(&permit, &[]).code(), "ok");
}

#[test]
fn p18_every_flipped_bit_of_a_permit_is_refused() {
    let node = Node::new();
    let (permit, bad) = (node.give("permit", &[]), node.demo.beside("bad"));
    let good = fs::read(&permit).unwrap();
    let world = World::system(Environment::default());
    let mut state = State::open(Path::new(&node.state()), Access::Write).unwrap();
    let request = Request::from_json(REQUEST.as_bytes()).unwrap();
    let call = ToolCall {
        tool: request.tools.first().unwrap().clone(),
        scopes: request.scopes.clone(),
        arguments: REQUEST.into(),
    };
    let sources = Sources {
        pack: Path::new(&node.pack),
        signature: None,
        policy: Path::new(&node.policy),
        trust: Path::new(&node.trust),
    };
    let run = RunId(Blake3Digest::from_bytes([0; 32]));
    let presented = PresentedPermit { file: Path::new(&bad), call: &call, run, index: 0 };
    let mut code = |bytes: &[u8]| {
        fs::write(&bad, bytes).unwrap();
        redeem_permit(&world, &mut state, &sources, &presented).map_or_else(|error| error.code(), |_| "ok")
    };
    for bit in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let expected = if bit < 8 { "policy.permit_malformed" } else { "policy.permit_forged" };
        assert_eq!(code(&flipped), expected, "bit {bit}");
    }
    for (bytes, expected) in [
        (&good[..good.len() - 1], "policy.permit_forged"),
        (&[&good[..], &[0]].concat(), "policy.permit_forged"),
        (&[1; 475], "policy.permit_malformed"),
        (&[1; 4096], "policy.permit_malformed"),
        (&[], "policy.permit_malformed"),
    ] {
        assert_eq!(code(bytes), expected, "{} bytes", bytes.len());
    }
    assert_eq!((code(&good), code(&good)), ("ok", "policy.permit_spent"));
    drop(state);
    // And as a command.
    let mut flipped = good;
    flipped[99] ^= 4;
    fs::write(&bad, flipped).unwrap();
    let refused = node.redeem(&bad, &[]);
    assert_eq!((refused.exit, refused.code().as_str()), (1, "policy.permit_forged"));
}

#[test]
fn p18_killed_at_any_moment_no_permit_is_used_twice() {
    let node = Node::new();
    let mut finished = 0;
    for attempt in 0..16u64 {
        let permit = node.give(&format!("permit{attempt}"), &["--permit-ttl", "10m"]);
        let mut child = node.process(&permit).spawn().unwrap();
        sleep(Duration::from_millis(attempt * 4));
        // It may have ended by itself.
        let _ = child.kill();
        let first = child.wait().unwrap().success();
        let second = node.redeem(&permit, &[]);
        let expected = if first { &["policy.permit_spent"][..] } else { &["ok", "policy.permit_spent"] };
        assert!(expected.contains(&second.code().as_str()), "attempt {attempt}: {}", second.err);
        assert_eq!(node.redeem(&permit, &[]).code(), "policy.permit_spent", "attempt {attempt}");
        finished += usize::from(first);
    }
    assert!(finished < 16, "no process was caught in the middle");
    assert_eq!(reach(&["audit", "verify", "--state", &node.state(), "--trust", &node.trust]).exit, 0);
}

#[test]
fn p18_of_several_processes_one_uses_the_permit() {
    let node = Node::new();
    for attempt in 0..4 {
        let permit = node.give(&format!("permit{attempt}"), &[]);
        let children: Vec<_> = (0..4).map(|_| node.process(&permit).spawn().unwrap()).collect();
        let used = children.into_iter().filter_map(|mut child| child.wait().unwrap().success().then_some(())).count();
        // The others found the state locked, or the permit spent.
        assert_eq!(used, 1, "attempt {attempt}");
        assert_eq!(node.redeem(&permit, &[]).code(), "policy.permit_spent");
    }
}

#[test]
fn p18_an_older_table_of_used_permits_is_noticed() {
    let node = Node::new();
    let (permit, memory) = (node.give("permit", &[]), node.demo.path("state/node.redb"));
    let before = fs::read(&memory).unwrap();
    assert_eq!(node.redeem(&permit, &[]).code(), "ok");
    let after = fs::read(&memory).unwrap();
    fs::write(&memory, before).unwrap();
    let refused = node.redeem(&permit, &[]);
    assert_eq!((refused.exit, refused.code().as_str()), (5, "state.memory_rolled_back"));
    fs::write(&memory, after).unwrap();
    assert_eq!(node.redeem(&permit, &[]).code(), "policy.permit_spent");
}

#[test]
fn only_an_allowed_call_is_sealed() {
    let mut node = Node::new();
    let out = node.demo.beside("permit");
    for (request, exit, code) in [
        (r#"{"tools":["shell.exec"]}"#, 1, "policy.tool_not_allowed"),
        (r#"{"tools":["fs.list","fs.write"]}"#, 2, "cli.flag_value"),
        (r#"{"tools":[]}"#, 2, "cli.flag_value"),
        (r#"{"tools":["fs.list"],"models":{"planner":"acme.small-1"}}"#, 2, "cli.flag_value"),
    ] {
        fs::write(&node.request, request).unwrap();
        let refused = node.check(&["--permit-out", &out]);
        assert_eq!((refused.exit, refused.code().as_str()), (exit, code), "{request}");
        assert!(!Path::new(&out).exists(), "{request}");
    }
    fs::write(&node.request, REQUEST).unwrap();
    assert_eq!(node.check(&["--permit-out", &out]).code(), "ok");
    let opened = {
        let state = State::open(Path::new(&node.state()), Access::Read).unwrap();
        PermitToken::parse(&fs::read(&out).unwrap()).unwrap().open(&state.permit_key().unwrap()).unwrap()
    };
    let life = opened.expires().as_millis() - Timestamp::as_millis(World::system(Environment::default()).now());
    assert!((30_000..=60_000).contains(&life), "{life}");
    // Nothing is overwritten.
    assert_eq!(node.check(&["--permit-out", &out]).code(), "file.exists");
    // A permit needs a node, and a time to live a permit.
    let (pack, policy, trust) = (&node.pack, &node.policy, &node.trust);
    let words = ["policy", "check", "--pack", pack, "--policy", policy, "--trust", trust, "--request", &node.request];
    assert_eq!(reach(&[&words[..], &["--permit-out", &out]].concat()).exit, 2);
    assert_eq!(reach(&[&words[..], &["--permit-ttl", "1m"]].concat()).exit, 2);
    node.request = node.demo.beside("none.json");
    assert_eq!(node.redeem(&out, &[]).code(), "file.missing");
}
