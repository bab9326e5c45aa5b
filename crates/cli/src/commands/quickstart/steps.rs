//! The path itself: from keys to a proof.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reach_runner::files::{self, Existing};
use serde_json::Value;

use crate::report::{Failure, Report};

use super::{files as texts, tour::Tour};

/// What the example pack found, and what was found of it.
pub(super) struct Found {
    pub(super) pack_checks: usize,
    /// The reasons against the one request that is refused.
    pub(super) reasons: usize,
    pub(super) files: usize,
    pub(super) findings: usize,
    pub(super) skipped: usize,
    /// What the pack and the node agreed on: the spec line, the features, those that were dropped.
    pub(super) spec: (String, u64, u64),
}

const ORIGIN: &str = "reach.local/quickstart";
const PEER_ORIGIN: &str = "reach.local/quickstart-peer";

pub(super) fn all(tour: &mut Tour<'_, '_>) -> Result<Found, Failure> {
    keys(tour)?;
    trust(tour)?;
    let pack_checks = pack(tour)?;
    policy(tour)?;
    nodes(tour)?;
    let found = run(tour)?;
    let found = Found { pack_checks, reasons: refused_call(tour)?, ..found };
    replay(tour)?;
    audit(tour)?;
    delegate(tour)?;
    Ok(found)
}

fn mkdir(tour: &mut Tour<'_, '_>, name: &str) -> Result<(), Failure> {
    let path = tour.path(name);
    files::create_directory(&path)?;
    tour.shell(&format!("mkdir {}", Tour::word(&path)));
    Ok(())
}

pub(super) fn write(tour: &mut Tour<'_, '_>, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let path = tour.path(name);
    files::write(&path, text.as_bytes(), 0o644, Existing::Refuse)?;
    tour.shell(&format!("cat > {} <<'END'\n{}\nEND", Tour::word(&path), text.trim_end()));
    Ok(path)
}

pub(super) fn copy(tour: &mut Tour<'_, '_>, from: &Path, to: &str) -> Result<PathBuf, Failure> {
    let shown = Tour::word(from);
    copy_as(tour, from, &shown, to)
}

/// Copies `from`, which a shell would find as `shown`.
fn copy_as(tour: &mut Tour<'_, '_>, from: &Path, shown: &str, to: &str) -> Result<PathBuf, Failure> {
    let to = tour.path(to);
    let bytes = files::read(from, u64::MAX)?;
    files::write(&to, &bytes, 0o644, Existing::Refuse)?;
    tour.shell(&format!("cp {shown} {}", Tour::word(&to)));
    Ok(to)
}

fn keys(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    tour.title("1. Keys, one for each role");
    let dir = Tour::word(tour.dir());
    tour.shell(&format!("mkdir {dir}"));
    mkdir(tour, "keys")?;
    mkdir(tour, "peer")?;
    for (role, name) in [
        ("root", "keys/root.pem"),
        ("pack", "keys/pack.pem"),
        ("policy", "keys/policy.pem"),
        ("run", "keys/run.pem"),
        ("node", "keys/node.pem"),
        ("run", "peer/run.pem"),
        ("node", "peer/node.pem"),
    ] {
        let out = tour.path(name);
        tour.reach(&[&"key", &"generate", &"--role", &role, &"--out", &out])?;
    }
    for (name, origin) in [("keys/log.pem", ORIGIN), ("peer/log.pem", PEER_ORIGIN)] {
        let out = tour.path(name);
        tour.reach(&[&"key", &"generate", &"--role", &"log", &"--origin", &origin, &"--out", &out])?;
    }
    let vkey = tour.path("keys/log.vkey");
    copy(tour, &vkey, "log.vkey").map(|_| ())
}

fn trust(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    tour.title("2. Trust: which signer may sign what");
    let (root, out) = (tour.path("keys/root.pem"), tour.path("trust.dsse.json"));
    let signer = |name: &str, file: &str, role: &str| format!("{name}={}:{role}", tour.path(file).display());
    let signers = [
        signer("publisher", "keys/pack.pub.pem", "pack"),
        signer("security", "keys/policy.pub.pem", "policy"),
        signer("node-a", "keys/run.pub.pem", "run"),
        signer("node-a", "keys/log.pub.pem", "log"),
        signer("node-a", "keys/node.pub.pem", "node"),
        signer("node-b", "peer/run.pub.pem", "run"),
        signer("node-b", "peer/log.pub.pem", "log"),
        signer("node-b", "peer/node.pub.pem", "node"),
    ];
    let mut words: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"trust", &"init", &"--root", &root];
    for signer in &signers {
        words.push(&"--signer");
        words.push(signer);
    }
    words.extend([&"--out" as &dyn AsRef<std::ffi::OsStr>, &out]);
    tour.reach(&words).map(|_| ())
}

/// The number of checks that the pack passed.
fn pack(tour: &mut Tour<'_, '_>) -> Result<usize, Failure> {
    tour.title("3. The example pack: list, digest, search, report");
    mkdir(tour, "pack")?;
    write(tour, "pack/pack.toml", &texts::manifest())?;
    write(tour, "pack/README.md", texts::PACK_README)?;
    let (dir, pack, key) = (tour.path("pack"), tour.path("inventory.reachpack"), tour.path("keys/pack.pem"));
    let trust = tour.path("trust.dsse.json");
    tour.reach(&[&"pack", &"build", &dir, &"--out", &pack])?;
    tour.reach(&[&"pack", &"sign", &pack, &"--key", &key])?;
    tour.reach(&[&"pack", &"verify", &pack, &"--trust", &trust])?;
    let copy = tour.path("extracted");
    tour.reach(&[&"pack", &"extract", &pack, &"--trust", &trust, &"--out", &copy])?;
    let same = tour.reach(&[&"pack", &"verify", &pack, &"--trust", &trust, &"--extracted", &copy])?;
    Ok(same.passed())
}

fn policy(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    tour.title("4. The organization's policy");
    let text = texts::policy(tour.world().now());
    let source = write(tour, "policy.toml", &text)?;
    let (bundle, key, trust) =
        (tour.path("policy.reachpolicy"), tour.path("keys/policy.pem"), tour.path("trust.dsse.json"));
    tour.reach(&[&"policy", &"lint", &source])?;
    tour.reach(&[&"policy", &"build", &source, &"--out", &bundle, &"--key", &key])?;
    tour.reach(&[&"policy", &"verify", &bundle, &"--trust", &trust])?;
    Ok(())
}

fn nodes(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    tour.title("5. Two nodes, each with a ledger and an anchor outside it");
    let trust = tour.path("trust.dsse.json");
    for (state, anchor, origin, keys) in
        [("state", "anchor", ORIGIN, "keys"), ("peer/state", "peer/anchor", PEER_ORIGIN, "peer")]
    {
        let (state, anchor) = (tour.path(state), tour.path(anchor));
        let [run, log, node] = ["run", "log", "node"].map(|role| tour.path(&format!("{keys}/{role}.pem")));
        tour.reach(&[
            &"init",
            &"--state",
            &state,
            &"--origin",
            &origin,
            &"--trust",
            &trust,
            &"--anchor",
            &anchor,
            &"--key",
            &run,
            &"--key",
            &log,
            &"--key",
            &node,
        ])?;
    }
    Ok(())
}

fn run(tour: &mut Tour<'_, '_>) -> Result<Found, Failure> {
    tour.title("6. The run: every call judged, recorded, then made");
    let workspace = tour.workspace().to_path_buf();
    let [pack, policy, trust, state] = sources(tour);
    let exclude = tour.dir().to_path_buf();
    let report = tour.reach(&[
        &"run",
        &pack,
        &"--policy",
        &policy,
        &"--trust",
        &trust,
        &"--state",
        &state,
        &"--workspace",
        &workspace,
        &"--exclude",
        &exclude,
    ])?;
    let text = |name: &str| PathBuf::from(report.get(name).and_then(Value::as_str).unwrap_or_default());
    let (log, output) = (text("log"), text("output").join("inventory.json"));
    // The run's id is new each time; there is one run, so a shell finds it by its place.
    let runs = Tour::word(&tour.path("state/runs"));
    copy_as(tour, &log, &format!("{runs}/*/run.rlog"), "run.rlog")?;
    let inventory = copy_as(tour, &output, &format!("{runs}/*/out/inventory.json"), "inventory.json")?;
    Ok(Found { spec: agreed(&report), ..count(&inventory)? })
}

/// The paths most commands take: pack, policy, trust, state.
pub(super) fn sources(tour: &Tour<'_, '_>) -> [PathBuf; 4] {
    ["inventory.reachpack", "policy.reachpolicy", "trust.dsse.json", "state"].map(|name| tour.path(name))
}

fn agreed(report: &Report) -> (String, u64, u64) {
    let spec = report.get("spec").cloned().unwrap_or_default();
    let number = |name: &str| spec.get(name).and_then(Value::as_u64).unwrap_or_default();
    let line = spec.get("agreed").and_then(Value::as_str).unwrap_or_default();
    (line.to_owned(), number("features"), number("dropped"))
}

fn count(inventory: &Path) -> Result<Found, Failure> {
    let bytes = fs::read(inventory).map_err(|error| files::io_error(inventory, error))?;
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let length = |name: &str| value.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    Ok(Found {
        pack_checks: 0,
        reasons: 0,
        files: length("files"),
        findings: length("findings"),
        skipped: length("skipped"),
        spec: Default::default(),
    })
}

/// The number of reasons.
fn refused_call(tour: &mut Tour<'_, '_>) -> Result<usize, Failure> {
    tour.title("7. A call the policy refuses, with every reason");
    let request = write(tour, "request.json", texts::WIDE_REQUEST)?;
    let [pack, policy, trust, _] = sources(tour);
    let words: [&dyn AsRef<std::ffi::OsStr>; 10] =
        [&"policy", &"check", &"--pack", &pack, &"--policy", &policy, &"--trust", &trust, &"--request", &request];
    let report = tour.refused(&words, "policy.model_not_allowed", "the gate, before anything ran")?;
    tour.lines(&report);
    let reasons = report.get("decision").and_then(|decision| decision.get("violations")?.as_array());
    Ok(reasons.map_or(0, Vec::len))
}

fn replay(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    tour.title("8. Replay: chain, seal, guards, every verdict again, and the ledger's head");
    let log = tour.path("run.rlog");
    let [pack, policy, trust, state] = sources(tour);
    tour.reach(&[
        &"replay",
        &"verify",
        &log,
        &"--trust",
        &trust,
        &"--pack",
        &pack,
        &"--policy",
        &policy,
        &"--state",
        &state,
    ])?;
    Ok(())
}

fn audit(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    tour.title("9. Audit: the whole ledger, and a proof that anybody can check");
    let [.., trust, state] = sources(tour);
    let [proof, leaf, opening, vkey, tree] =
        ["proof.tlog-proof", "proof.leaf", "proof.opening.json", "log.vkey", "tree"].map(|name| tour.path(name));
    tour.reach(&[&"audit", &"verify", &"--state", &state, &"--trust", &trust])?;
    tour.reach(&[&"audit", &"prove", &"--state", &state, &"--seq", &"3", &"--out", &proof])?;
    tour.reach(&[&"audit", &"verify-proof", &proof, &"--leaf", &leaf, &"--opening", &opening, &"--vkey", &vkey])?;
    tour.reach(&[&"audit", &"export", &"--state", &state, &"--out", &tree])?;
    Ok(())
}

fn delegate(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    tour.title("10. Delegation: one node hands the pack to another, narrowed");
    let [pack, policy, trust, state] = sources(tour);
    let (chain, peer) = (tour.path("chain.json"), tour.path("peer/state"));
    tour.reach(&[
        &"delegate",
        &"issue",
        &"--state",
        &state,
        &"--to",
        &"node-b",
        &"--pack",
        &pack,
        &"--policy",
        &policy,
        &"--trust",
        &trust,
        &"--scope",
        &"workspace:read",
        &"--out",
        &chain,
    ])?;
    let receipt = tour.path("receipt.dsse.json");
    tour.reach(&[
        &"delegate",
        &"accept",
        &chain,
        &"--state",
        &peer,
        &"--pack",
        &pack,
        &"--policy",
        &policy,
        &"--trust",
        &trust,
        &"--receipt",
        &receipt,
    ])?;
    tour.reach(&[&"delegate", &"receipt", &receipt, &"--chain", &chain, &"--trust", &trust])?;
    Ok(())
}
