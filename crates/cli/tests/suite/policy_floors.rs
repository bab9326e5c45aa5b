//! The policy in force: floors that are lost, and bundles that are replaced while a node runs.

use std::{cell::Cell, fs, path::Path, sync::Arc, time::Duration};

use reach_runner::{
    Access, Clock, Environment, NodeMemory, State, World,
    policies::{MIN_RELOAD_INTERVAL, PolicyKeeper, Reload},
};
use reach_types::{Code as _, Timestamp};

use super::support::{Demo, reach};

/// Builds a bundle of the demonstration's policy with `changes` made to it, at `out`.
fn build(demo: &Demo, changes: &[(&str, &str)], out: &str) {
    let mut source = String::from_utf8(demo.read("policy.toml")).unwrap();
    for (from, to) in changes {
        assert!(source.contains(from), "{from}");
        source = source.replacen(from, to, 1);
    }
    let (toml, key) = (demo.beside("next.toml"), demo.path("keys/policy.pem"));
    fs::write(&toml, source).unwrap();
    let _ = fs::remove_file(out);
    assert_eq!(reach(&["policy", "build", &toml, "--out", out, "--key", &key]).exit, 0);
}

#[test]
fn p25_a_floor_that_is_lost_after_first_use_is_missed() {
    let demo = Demo::new();
    let (pack, policy) = (demo.path("inventory.reachpack"), demo.path("policy.reachpolicy"));
    let verify = |state: &str| {
        let (trust, state) = (demo.path("trust.dsse.json"), demo.path(state));
        reach(&["policy", "verify", &policy, "--trust", &trust, "--state", &state])
    };
    assert_eq!(verify("peer/state").code(), "ok", "a node that never saw the policy");
    assert_eq!(demo.run(&pack, &policy).code(), "ok");
    assert_eq!(verify("state").code(), "ok");
    let path = demo.dir().join("state/node.redb");
    let whole = fs::read(&path).unwrap();
    forge(&path);
    let answer = verify("state");
    assert_eq!((answer.code().as_str(), answer.exit), ("policy.bundle_floor_missing", 5));
    fs::remove_file(&path).unwrap();
    let answer = verify("state");
    assert_eq!((answer.code().as_str(), answer.exit), ("state.memory_missing", 5));
    fs::write(&path, whole).unwrap();
    assert_eq!(verify("state").code(), "ok");
    forge(&path);
    assert_eq!(demo.run(&pack, &policy).code(), "policy.bundle_floor_missing");
}

/// Puts a memory at `path` that claims to have been written often enough, and holds nothing.
fn forge(path: &Path) {
    fs::remove_file(path).unwrap();
    let forged = NodeMemory::create(path).unwrap();
    for millis in 0..200 {
        forged.raise_high_water(Timestamp::from_millis(millis)).unwrap();
    }
}

/// A clock that the test moves.
struct Hand(Arc<std::sync::atomic::AtomicU64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

/// A node that keeps running, with a clock of its own.
struct Node {
    demo: Demo,
    world: World,
    state: State,
    clock: Arc<std::sync::atomic::AtomicU64>,
}

impl Node {
    fn new() -> Self {
        let demo = Demo::new();
        let system = World::system(Environment::default());
        let clock = Arc::new(system.now().as_millis().into());
        let world = World { clock: Box::new(Hand(Arc::clone(&clock))), ..system };
        let state = State::open(&demo.dir().join("state"), Access::Write).unwrap();
        Self { demo, world, state, clock }
    }

    fn policy(&self) -> String {
        self.demo.path("policy.reachpolicy")
    }

    fn start(&self) -> PolicyKeeper {
        let (policy, trust) = (self.policy(), self.demo.path("trust.dsse.json"));
        let keeper =
            PolicyKeeper::start(&self.world, &self.state, Path::new(&policy), Path::new(&trust), Duration::ZERO);
        keeper.unwrap()
    }

    fn wait(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.clock.fetch_add(millis, std::sync::atomic::Ordering::SeqCst);
    }

    /// Looks once more after the interval.
    fn reload(&self, keeper: &PolicyKeeper) -> Reload {
        self.wait(MIN_RELOAD_INTERVAL);
        keeper.reload(&self.world, &self.state)
    }

    fn version(&self, keeper: &PolicyKeeper) -> Result<u64, &'static str> {
        keeper.current(self.world.now()).map(|bundle| bundle.version()).map_err(|error| error.code())
    }
}

#[test]
fn p30_a_corrupt_bundle_leaves_the_last_good_one_until_its_own_end() {
    let node = Node::new();
    let keeper = node.start();
    assert_eq!(node.version(&keeper), Ok(1));
    let good = fs::read(node.policy()).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for (broken, why) in [(&b""[..], "policy.bundle_malformed"), (&flipped, "policy.bundle_signature_invalid")] {
        fs::write(node.policy(), broken).unwrap();
        match node.reload(&keeper) {
            Reload::Kept { error } => assert_eq!(error.code(), why),
            other => panic!("{other:?}"),
        }
        assert_eq!(node.version(&keeper), Ok(1));
    }
    fs::remove_file(node.policy()).unwrap();
    assert!(matches!(node.reload(&keeper), Reload::Kept { .. }));
    assert_eq!(node.version(&keeper), Ok(1));
    // Its own end comes all the same.
    let end = keeper.current(node.world.now()).unwrap().expires();
    assert_eq!(keeper.current(Timestamp::from_millis(end.as_millis() - 1)).map(|b| b.version()).ok(), Some(1));
    assert_eq!(keeper.current(end).map(|b| b.version()).unwrap_err().code(), "policy.bundle_expired");
    fs::write(node.policy(), good).unwrap();
    assert!(matches!(node.reload(&keeper), Reload::Unchanged));
}

#[test]
fn p30_there_is_one_attempt_in_each_interval() {
    let node = Node::new();
    let keeper = node.start();
    fs::write(node.policy(), "corrupt").unwrap();
    let attempts = Cell::new(0);
    let step = MIN_RELOAD_INTERVAL / 100;
    // A thousand requests that find a corrupt bundle, over ten intervals.
    for _ in 0..1000 {
        node.wait(step);
        match keeper.reload(&node.world, &node.state) {
            Reload::NotYet { next } => assert!(next > node.world.now()),
            Reload::Kept { .. } => attempts.set(attempts.get() + 1),
            other => panic!("{other:?}"),
        }
        assert_eq!(node.version(&keeper), Ok(1));
    }
    assert_eq!(attempts.get(), 10);
}

#[test]
fn p25_p30_a_newer_bundle_is_taken_whole_and_an_older_one_never() {
    let node = Node::new();
    let keeper = node.start();
    let first = fs::read(node.policy()).unwrap();
    let before = keeper.current(node.world.now()).unwrap();
    build(&node.demo, &[("version = 1", "version = 2"), ("\"fs.write\"", "\"fs.copy\"")], &node.policy());
    assert!(matches!(node.reload(&keeper), Reload::Replaced { version: 2 }));
    assert_eq!(node.version(&keeper), Ok(2));
    assert_eq!(before.version(), 1, "who holds a bundle keeps it");
    fs::write(node.policy(), first).unwrap();
    match node.reload(&keeper) {
        Reload::Kept { error } => assert_eq!(error.code(), "policy.bundle_rollback"),
        other => panic!("{other:?}"),
    }
    build(&node.demo, &[("version = 1", "version = 2"), ("\"fs.write\"", "\"fs.link\"")], &node.policy());
    match node.reload(&keeper) {
        Reload::Kept { error } => assert_eq!(error.code(), "policy.bundle_equivocation"),
        other => panic!("{other:?}"),
    }
    assert_eq!(node.version(&keeper), Ok(2));
    // The floor outlives the keeper: after a restart the older one is refused too.
    let (policy, trust) = (node.demo.path("older.reachpolicy"), node.demo.path("trust.dsse.json"));
    build(&node.demo, &[], &policy);
    let started = PolicyKeeper::start(&node.world, &node.state, Path::new(&policy), Path::new(&trust), Duration::ZERO);
    assert_eq!(started.map(drop).unwrap_err().code(), "policy.bundle_rollback");
}

#[test]
fn p28_p30_a_revoked_key_withdraws_the_bundle_in_force() {
    let node = Node::new();
    let keeper = node.start();
    let (trust, root) = (node.demo.path("trust.dsse.json"), node.demo.path("keys/root.pem"));
    let shown = reach(&["key", "show", &node.demo.path("keys/policy.pub.pem")]).json();
    let policy_key = shown["keyid"].as_str().unwrap().to_owned();
    let next = node.demo.beside("next.dsse.json");
    let words =
        ["trust", "revoke", &trust, "--key", &policy_key, "--reason", "compromised", "--root", &root, "--out", &next];
    assert_eq!(reach(&words).exit, 0);
    fs::rename(&next, &trust).unwrap();
    match node.reload(&keeper) {
        Reload::Withdrawn { error } => assert_eq!(error.code(), "policy.bundle_key_revoked"),
        other => panic!("{other:?}"),
    }
    assert_eq!(node.version(&keeper), Err("policy.bundle_key_revoked"));
    assert!(matches!(node.reload(&keeper), Reload::Withdrawn { .. }));
}

#[test]
fn p25_p30_only_a_newer_bundle_of_the_same_policy_is_taken() {
    let node = Node::new();
    let keeper = node.start();
    build(
        &node.demo,
        &[("name = \"quickstart\"", "name = \"staging\""), ("version = 1", "version = 9")],
        &node.policy(),
    );
    match node.reload(&keeper) {
        Reload::Kept { error } => assert_eq!(error.code(), "policy.other_policy"),
        other => panic!("{other:?}"),
    }
    assert_eq!(node.version(&keeper), Ok(1));
    build(&node.demo, &[("version = 1", "version = 2")], &node.policy());
    assert!(matches!(node.reload(&keeper), Reload::Replaced { version: 2 }));
}

#[test]
fn p30_a_bundle_is_in_force_no_longer_than_what_it_stands_on() {
    let node = Node::new();
    let trust = node.demo.path("trust.dsse.json");
    let first = fs::read(&trust).unwrap();
    let next = node.demo.beside("next.dsse.json");
    let root = node.demo.path("keys/root.pem");
    assert_eq!(reach(&["trust", "renew", &trust, "--days", "730", "--root", &root, "--out", &next]).exit, 0);
    let keeper = node.start();
    // What cannot be read withdraws nothing before the end of what was read.
    fs::write(&trust, "corrupt").unwrap();
    assert!(matches!(node.reload(&keeper), Reload::Kept { .. }));
    assert_eq!(node.version(&keeper), Ok(1));
    let year = Duration::from_secs(400 * 86_400);
    let later = node.world.now().saturating_add(year);
    assert_eq!(keeper.current(later).map(|b| b.version()).unwrap_err().code(), "policy.bundle_expired");
    // A step back withdraws it, and going on brings it back.
    fs::rename(&next, &trust).unwrap();
    assert!(matches!(node.reload(&keeper), Reload::Unchanged));
    fs::write(&trust, &first).unwrap();
    match node.reload(&keeper) {
        Reload::Withdrawn { error } => assert_eq!(error.code(), "policy.trust_stepped_back"),
        other => panic!("{other:?}"),
    }
    assert_eq!(node.version(&keeper), Err("policy.trust_stepped_back"));
}

#[test]
fn p30_a_bundle_lapses_with_the_trust_document() {
    let node = Node::new();
    let trust = node.demo.path("trust.dsse.json");
    // A bundle that outlives the trust document by far.
    let source = String::from_utf8(node.demo.read("policy.toml")).unwrap();
    let expires = source.lines().find(|line| line.starts_with("expires")).unwrap();
    let long = "expires = \"2099-01-01T00:00:00Z\"";
    build(&node.demo, &[("version = 1", "version = 2"), (expires, long)], &node.policy());
    let keeper = node.start();
    fs::write(&trust, "corrupt").unwrap();
    let shown = node.world.now().saturating_add(Duration::from_secs(364 * 86_400));
    assert_eq!(keeper.current(shown).map(|b| b.version()).ok(), Some(2));
    let later = node.world.now().saturating_add(Duration::from_secs(366 * 86_400));
    assert_eq!(keeper.current(later).map(|b| b.version()).unwrap_err().code(), "policy.standing_lapsed");
}

#[test]
fn p30_requests_and_reloads_do_not_wait_for_each_other() {
    let node = Node::new();
    let keeper = node.start();
    let now = node.world.now();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut seen, mut reads) = (1, 0_u64);
                    while !done.load(std::sync::atomic::Ordering::SeqCst) {
                        let bundle = keeper.current(now).unwrap();
                        // Never back, and never half of one: each version has its own scope.
                        assert!(bundle.version() >= seen);
                        seen = bundle.version();
                        let scopes = bundle.policy().scopes().len();
                        assert_eq!(u64::try_from(scopes).unwrap(), 1 + seen);
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        for version in 2..6 {
            let extra: String = (2..=version).map(|n| format!(", \"extra:v{n}\"")).collect();
            let scopes = format!("\"output:write\"{extra}");
            let number = format!("version = {version}");
            build(&node.demo, &[("version = 1", &number), ("\"output:write\"", &scopes)], &node.policy());
            assert!(matches!(node.reload(&keeper), Reload::Replaced { .. }));
        }
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    assert_eq!(node.version(&keeper), Ok(5));
}
