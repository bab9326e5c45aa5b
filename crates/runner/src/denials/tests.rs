//! The desk over a real state directory: what a flood leaves in the ledger.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use reach_audit_ledger::{Entry, MAX_PAYLOAD_BYTES};
use reach_policy::{Gate, Identity, MAX_SUMMARY_ROWS, Mode, Policy, Subject};
use reach_signing::{Role, Signer as _, SigningKey, TrustDocument};
use reach_types::{
    NodeId, PackFacts, PackName, PackVersion, RegistrySnapshot, Request, Sha256Digest, SubjectId, TenantId, ToolId,
};
use tempfile::TempDir;

use super::*;
use crate::{Access, Environment, FixedClock, InitOptions, init};

const INTERVAL: Duration = Duration::from_secs(60);

fn at(seconds: u64) -> Timestamp {
    Timestamp::parse("2026-06-01T00:00:00Z").unwrap().saturating_add(Duration::from_secs(seconds))
}

fn world(seconds: u64) -> World {
    World { clock: Box::new(FixedClock(at(seconds))), ..World::system(Environment::default()) }
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn caller(of: &str, name: &str) -> Authenticated {
    Authenticated::caller(tenant(of), SubjectId::parse(name).unwrap())
}

/// A trust document of one root.
fn trust() -> String {
    let root = SigningKey::from_seed(Role::Root, &[1; 32]).unwrap();
    let document = json!({
        "schema": "reach-trust/1", "version": 1, "thresholds": {},
        "created": "2026-01-01T00:00:00Z", "expires": "2027-01-01T00:00:00Z",
        "signers": [{ "name": "root", "packs": [], "keys": [{
            "public": root.public_key(), "role": "root",
            "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z",
        }] }],
    });
    serde_json::from_value::<TrustDocument>(document).unwrap().sign_first(&[&root]).unwrap()
}

/// A new node.
struct Node {
    dir: TempDir,
}

impl Node {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("trust"), trust()).unwrap();
        std::fs::set_permissions(path("trust"), std::fs::Permissions::from_mode(0o600)).unwrap();
        let options = InitOptions {
            dir: path("state"),
            origin: "example.org/node".to_owned(),
            trust: path("trust"),
            trust_root: None,
            anchor: path("anchor"),
            tenant: tenant("home"),
            keys: Vec::new(),
        };
        init(&world(0), &options).unwrap();
        Self { dir }
    }

    fn open(&self, access: Access) -> State {
        State::open(&self.dir.path().join("state"), access).unwrap()
    }
}

/// The summaries in the ledger, as they were written.
fn summaries(state: &State) -> Vec<Value> {
    let view = state.ledger().tenant(state.config().tenant.clone());
    let page = view.list(&node_run(&state.node()), 0, 1000).unwrap();
    let is_summary = |entry: &&Entry| entry.header.kind == EntryKind::DenialsSummarised;
    let read = |entry: &Entry| {
        assert_eq!(entry.header.author, Author::Node(state.node()));
        serde_json::from_slice(&entry.payload).unwrap()
    };
    page.entries.iter().filter(is_summary).map(read).collect()
}

/// What a gate decides on a tool that the pack declares, which its policy allows or does not.
fn decision(policy_tool: &str) -> Decision {
    let toml = format!(
        "schema = \"reach-policy/1\"\nname = \"example\"\nversion = 1\nnot_before = \"2026-01-01T00:00:00Z\"\n\
         expires = \"2027-01-01T00:00:00Z\"\nrequire_deterministic = false\ntools = [\"{policy_tool}\"]\nscopes = []\n"
    );
    let policy = Policy::from_toml(&toml).unwrap();
    let (tool, pinned) = (ToolId::parse("net.fetch").unwrap(), Blake3Digest::of(b"definition"));
    let facts = PackFacts {
        digest: Blake3Digest::of(b"archive"),
        name: PackName::parse("inventory").unwrap(),
        version: PackVersion::parse("1.0.0").unwrap(),
        tools: [(tool.clone(), pinned)].into(),
        scopes: reach_types::Grants::default(),
        models: std::collections::BTreeMap::new(),
        deterministic: true,
    };
    let registry = RegistrySnapshot::of([&tool], &[(tool.clone(), pinned)].into());
    let home = tenant("home");
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &home, rights: None };
    let gate = Gate::new(&policy, Blake3Digest::of(b"bundle"), Mode::Enforce).unwrap();
    gate.evaluate(&subject, &Request { tools: [tool].into(), ..Request::default() }, at(0))
}

fn denial() -> Decision {
    let denial = decision("fs.list");
    assert_eq!(denial.outcome(), Outcome::Deny);
    denial
}

fn desk() -> DenialDesk {
    DenialDesk::new(BudgetLimits::default(), INTERVAL).unwrap()
}

/// Asks `times` times at one moment; how often the caller was left to append an entry.
fn flood(desk: &mut DenialDesk, who: &Authenticated, denial: &Decision, times: usize, now: Timestamp) -> usize {
    let judged =
        (0..times).filter(|_| desk.check(who, now).is_ok() && desk.decided(who, denial, now) == Recording::Append);
    judged.count()
}

#[test]
fn d35_ten_thousand_denials_are_a_handful_of_entries_that_add_up() {
    let (node, denial, mut desk) = (Node::new(), denial(), desk());
    let mut state = node.open(Access::Write);
    let who = caller("acme", "agent");
    let peer = Authenticated::node(tenant("acme"), NodeId(Sha256Digest::from_bytes([0xab; 32])));
    let mut own = 0;
    // 100 a second for a minute and a half, and 1,000 of a peer.
    for second in 0..90 {
        own += flood(&mut desk, &who, &denial, 100, at(second));
        own += if second == 10 { flood(&mut desk, &peer, &denial, 1000, at(second)) } else { 0 };
        desk.settle(&world(second), &mut state).unwrap();
    }
    assert!(desk.flush(&world(90), &mut state).unwrap());
    state.checkpoint().unwrap();
    assert_eq!(own, 3 * MAX_OWN_ENTRIES);
    let written = summaries(&state);
    assert_eq!(written.len(), 2);
    let counted: u64 = written.iter().map(|entry| entry["denials"]["count"].as_u64().unwrap()).sum();
    assert_eq!(counted + own as u64, 10_000);
    for entry in &written {
        let rows = entry["rows"].as_array().unwrap();
        let sum: u64 = rows.iter().map(|row| row["count"].as_u64().unwrap()).sum();
        assert_eq!((sum, &entry["others"]), (entry["denials"]["count"].as_u64().unwrap(), &Value::Null));
    }
    // Of the judged ones the subject had 32 at once and one every two seconds.
    let of = |entry: &Value, by: &str, code: &str| {
        let rows = entry["rows"].as_array().unwrap().iter();
        let found = rows.filter(|row| row["by"] == by && row["code"] == code).map(|row| row["count"].as_u64().unwrap());
        found.sum::<u64>()
    };
    let [first, last] = &written[..] else { panic!("{written:?}") };
    assert_eq!(of(first, "node", "policy.denial_budget_spent"), 1000 - 32);
    assert_eq!(of(first, "node", "policy.tool_not_allowed"), 32 - MAX_OWN_ENTRIES as u64);
    let judged = of(first, "caller", "policy.tool_not_allowed") + of(last, "caller", "policy.tool_not_allowed");
    assert_eq!(judged + 2 * MAX_OWN_ENTRIES as u64, 32 + 44);
    assert_eq!(first["denials"]["first"], at(0).to_string());
    assert_eq!(last["denials"]["last"], at(89).to_string());
}

#[test]
fn p35_a_summary_names_nobody_but_to_the_holder_of_the_tag_key() {
    let (node, denial, mut desk) = (Node::new(), denial(), desk());
    let mut state = node.open(Access::Write);
    let peer = NodeId(Sha256Digest::from_bytes([0xab; 32]));
    let whos = [
        caller("zeta-tenant", "agent-smith"),
        Authenticated::node(tenant("zeta-tenant"), peer),
        Authenticated::operator(tenant("zeta-tenant")),
    ];
    for who in &whos {
        flood(&mut desk, who, &denial, 10, at(0));
    }
    assert!(desk.flush(&world(0), &mut state).unwrap());
    let written = summaries(&state);
    let text = written[0].to_string();
    for secret in ["zeta-tenant", "agent-smith", "abababab"] {
        assert!(!text.contains(secret), "{text}");
    }
    let key = state.tag_key().unwrap();
    for who in &whos {
        let row = |row: &&Value| row["subject"] == key.subject(who).to_string();
        let row = written[0]["rows"].as_array().unwrap().iter().find(row).unwrap().clone();
        let expected = json!({
            "event": "denied", "by": who.identity().kind(), "code": "policy.tool_not_allowed", "count": 6,
            "first": at(0), "last": at(0), "subject": key.subject(who).to_string(),
            "tenant": key.tag(Field::Tenant, who.tenant()).to_string(),
        });
        assert_eq!(row, expected);
    }
    assert_eq!(written[0]["denials"], json!({ "count": 18, "first": at(0), "last": at(0) }));
}

#[test]
fn a_summary_is_written_once_an_interval_and_at_the_end() {
    let (node, denial, mut desk) = (Node::new(), denial(), desk());
    let mut state = node.open(Access::Write);
    assert!(!desk.settle(&world(1000), &mut state).unwrap());
    assert!(!desk.flush(&world(1000), &mut state).unwrap());
    flood(&mut desk, &caller("acme", "a"), &denial, 10, at(1000));
    assert!(!desk.settle(&world(1059), &mut state).unwrap());
    flood(&mut desk, &caller("acme", "b"), &denial, 10, at(1059));
    assert!(desk.settle(&world(1060), &mut state).unwrap());
    assert!(!desk.settle(&world(2000), &mut state).unwrap());
    flood(&mut desk, &caller("acme", "a"), &denial, 5, at(2000));
    assert!(desk.flush(&world(2000), &mut state).unwrap());
    let counts: Vec<_> = summaries(&state).iter().map(|entry| entry["denials"]["count"].as_u64().unwrap()).collect();
    assert_eq!(counts, [12, 1]);
}

#[test]
fn an_interval_is_at_least_a_second() {
    let (node, denial) = (Node::new(), denial());
    let mut state = node.open(Access::Write);
    let mut desk = DenialDesk::new(BudgetLimits::default(), Duration::ZERO).unwrap();
    flood(&mut desk, &caller("acme", "a"), &denial, 10, at(0));
    assert!(!desk.settle(&world(0), &mut state).unwrap());
    assert!(desk.settle(&world(1), &mut state).unwrap());
}

#[test]
fn what_cannot_be_written_is_kept_and_written_once() {
    let (node, denial, mut desk) = (Node::new(), denial(), desk());
    flood(&mut desk, &caller("acme", "a"), &denial, 10, at(0));
    {
        let mut reading = node.open(Access::Read);
        let error = desk.flush(&world(0), &mut reading).unwrap_err();
        assert_eq!(reach_types::Code::code(&error), "state.read_only");
    }
    flood(&mut desk, &caller("acme", "a"), &denial, 1, at(1));
    let mut state = node.open(Access::Write);
    // The append may have happened although it was reported as failed.
    write(&world(1), &mut state, desk.unwritten.as_ref().unwrap()).unwrap();
    state.memory.raise_high_water(at(1)).unwrap();
    assert!(desk.settle(&world(1), &mut state).unwrap());
    let counts: Vec<_> = summaries(&state).iter().map(|entry| entry["denials"]["count"].as_u64().unwrap()).collect();
    assert_eq!(counts, [6, 1]);
    assert!(desk.unwritten.is_none());
}

#[test]
fn the_first_of_each_subject_and_tenant_have_entries_of_their_own() {
    let (denial, mut desk) = (denial(), desk());
    assert_eq!(flood(&mut desk, &caller("acme", "a"), &denial, 10, at(0)), MAX_OWN_ENTRIES);
    for (name, own) in [("b", 4), ("c", 4), ("d", 4), ("e", 0), ("f", 0)] {
        assert_eq!(flood(&mut desk, &caller("acme", name), &denial, 5, at(0)), own, "{name}");
    }
    assert_eq!(flood(&mut desk, &caller("zeta", "a"), &denial, 10, at(0)), MAX_OWN_ENTRIES);
    assert_eq!(flood(&mut desk, &caller("abel", "a"), &denial, 3, at(59)), 3);
    assert_eq!(flood(&mut desk, &caller("acme", "a"), &denial, 1, at(59)), 0);
    assert_eq!(flood(&mut desk, &caller("acme", "a"), &denial, 5, at(60)), MAX_OWN_ENTRIES);
}

#[test]
fn own_entries_are_bounded_whoever_asks() {
    let mut own = OwnEntries::default();
    for index in 0..MAX_BUDGET_TENANTS * MAX_TENANT_OWN_ENTRIES {
        let who = caller(&format!("t{}", index / MAX_TENANT_OWN_ENTRIES), &format!("s{index}"));
        assert!(own.admits(&who, INTERVAL, at(0)), "{index}");
    }
    assert!(!own.admits(&caller("another", "a"), INTERVAL, at(0)));
    assert!(own.admits(&caller("another", "a"), INTERVAL, at(60)));
}

#[test]
fn what_is_allowed_costs_nothing_and_is_not_recorded_here() {
    let (allowed, mut desk, who) = (decision("net.fetch"), desk(), caller("acme", "a"));
    assert_eq!(allowed.outcome(), Outcome::Allow);
    for _ in 0..1000 {
        desk.check(&who, at(0)).unwrap();
        assert_eq!(desk.decided(&who, &allowed, at(0)), Recording::Nothing);
    }
    assert!(desk.tally.is_empty());
}

#[test]
fn limits_are_checked() {
    let limits = BudgetLimits { tenant: BudgetLimits::default().subject, ..BudgetLimits::default() };
    assert_eq!(DenialDesk::new(limits, INTERVAL).unwrap_err().code(), "policy.budget_share");
}

#[test]
fn the_largest_summary_fits_an_entry() {
    let times = Times { count: u64::MAX, first: at(0), last: at(0) };
    let who = Authenticated::node(tenant(&"t".repeat(64)), NodeId(Sha256Digest::from_bytes([0xff; 32])));
    assert!(matches!(who.identity(), Identity::Node(_)));
    let code = "policy.a_code_that_is_much_longer_than_any_that_exists_in_all_of_this";
    let rows = vec![DenialRow { who, code, times }; MAX_SUMMARY_ROWS];
    let summary = DenialSummary { rows, others: Some(times) };
    let payload = payload(&TagKey::from_bytes([1; 32]), &summary).unwrap().to_string();
    assert!(payload.len() < MAX_PAYLOAD_BYTES * 3 / 4, "{}", payload.len());
    assert!(payload.contains("\"others\":{\"count\":18446744073709551615"));
}

#[test]
fn a_tag_key_that_others_can_read_or_that_is_cut_short_is_refused() {
    let node = Node::new();
    let state = node.open(Access::Read);
    let path = state.dir().join("keys/tag.key");
    let code = |state: &State| state.tag_key().map_or_else(|e| reach_types::Code::code(&e), |_| "ok");
    assert_eq!(code(&state), "ok");
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(&path, 0o640);
    assert_eq!(code(&state), "file.key_exposed");
    mode(&path, 0o600);
    std::fs::write(&path, [7; 31]).unwrap();
    assert_eq!(code(&state), "state.secret_malformed");
    std::fs::write(&path, [7; 33]).unwrap();
    assert_eq!(code(&state), "state.secret_malformed");
    std::fs::write(&path, [7; 32]).unwrap();
    let tag = state.tag_key().unwrap().tag(Field::Pack, &Blake3Digest::from_bytes([9; 32]));
    assert_eq!(tag.to_string(), "pack~879ae42b15996bf008bb21cf2e05df97");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(code(&state), "file.missing");
}
