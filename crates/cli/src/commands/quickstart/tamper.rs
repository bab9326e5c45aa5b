//! One tampered thing for each surface, each refused with its own code.

use std::{ffi::OsStr, fs, path::Path};

use reach_runner::files::{self, Existing};

use crate::report::Failure;

use super::{
    UNEXPECTED, files as texts,
    steps::{copy, sources, write},
    tour::Tour,
};

type Attempt = fn(&mut Tour<'_, '_>) -> Result<(), Failure>;

/// Tries all six; returns how many were refused.
pub(super) fn all(tour: &mut Tour<'_, '_>) -> Result<usize, Failure> {
    tour.title("11. Six tampered versions, each refused");
    files::create_directory(&tour.path("tampered"))?;
    let dir = tour.path("tampered");
    tour.shell(&format!("mkdir {}", Tour::word(&dir)));
    let attempts: [Attempt; 6] =
        [pack_byte, widened_scope, replayed_delegation, dropped_frame, ledger_byte, downgraded_version];
    for attempt in attempts {
        attempt(tour)?;
    }
    Ok(attempts.len())
}

fn missing(what: &str) -> Failure {
    Failure::new(UNEXPECTED, format!("no {what} to tamper with"))
}

/// Changes one bit of the byte at `offset` and shows how a shell would.
fn flip(tour: &mut Tour<'_, '_>, path: &Path, offset: usize) -> Result<(), Failure> {
    let mut bytes = files::read(path, u64::MAX)?;
    let byte = bytes.get_mut(offset).ok_or_else(|| missing("byte"))?;
    *byte ^= 1;
    let line =
        format!("printf '\\{:03o}' | dd of={} bs=1 seek={offset} conv=notrunc status=none", *byte, Tour::word(path));
    files::write(path, &bytes, 0o600, Existing::Replace)?;
    tour.shell(&line);
    Ok(())
}

fn find(path: &Path, what: &[u8]) -> Result<usize, Failure> {
    let bytes = files::read(path, u64::MAX)?;
    bytes.windows(what.len()).position(|window| window == what).ok_or_else(|| missing("text"))
}

fn pack_byte(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    let [original, _, trust, _] = sources(tour);
    let signature = tour.path("inventory.reachpack.dsse.json");
    let pack = copy(tour, &original, "tampered/inventory.reachpack")?;
    copy(tour, &signature, "tampered/inventory.reachpack.dsse.json")?;
    let offset = find(&pack, b"Lists a directory tree")?;
    flip(tour, &pack, offset)?;
    let words: [&dyn AsRef<OsStr>; 5] = [&"pack", &"verify", &pack, &"--trust", &trust];
    tour.refused(&words, "pack.digest_mismatch", "pack-integrity: the archive's digests in the signed statement")
        .map(|_| ())
}

fn widened_scope(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    let [pack, policy, trust, _] = sources(tour);
    let preflight = write(tour, "tampered/preflight.json", texts::PREFLIGHT)?;
    let widened = write(tour, "tampered/widened.json", texts::WIDENED)?;
    let words: [&dyn AsRef<OsStr>; 12] = [
        &"policy",
        &"check",
        &"--pack",
        &pack,
        &"--policy",
        &policy,
        &"--trust",
        &trust,
        &"--request",
        &preflight,
        &"--redeem",
        &widened,
    ];
    tour.refused(&words, "policy.permit_call_mismatch", "policy: the permit, which is bound to the exact call")
        .map(|_| ())
}

fn replayed_delegation(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    let [pack, policy, trust, _] = sources(tour);
    let (chain, peer) = (tour.path("chain.json"), tour.path("peer/state"));
    let words: [&dyn AsRef<OsStr>; 11] =
        [&"delegate", &"accept", &chain, &"--state", &peer, &"--pack", &pack, &"--policy", &policy, &"--trust", &trust];
    tour.refused(&words, "mesh.nonce_replayed", "mesh-delegation: the durable nonce store of the accepting node")
        .map(|_| ())
}

fn dropped_frame(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    let [_, _, trust, _] = sources(tour);
    let original = tour.path("run.rlog");
    let frames = reach_replay::frame_offsets(&files::read(&original, u64::MAX)?);
    let (Some(start), Some(end)) = (frames.get(2).copied(), frames.get(3).copied()) else {
        return Err(missing("frame"));
    };
    let bytes = files::read(&original, u64::MAX)?;
    let (Some(head), Some(tail)) = (bytes.get(..start), bytes.get(end..)) else { return Err(missing("frame")) };
    let log = tour.path("tampered/run.rlog");
    files::write(&log, &[head, tail].concat(), 0o644, Existing::Refuse)?;
    let from = Tour::word(&original);
    tour.shell(&format!("(head -c {start} {from}; tail -c +{} {from}) > {}", end + 1, Tour::word(&log)));
    let words: [&dyn AsRef<OsStr>; 5] = [&"replay", &"verify", &log, &"--trust", &trust];
    tour.refused(&words, "replay.chain_broken", "replay: the chain, at the frame that is missing").map(|_| ())
}

fn ledger_byte(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    let [_, _, trust, state] = sources(tour);
    let copied = tour.path("tampered/state");
    copy_tree(&state, &copied)?;
    tour.shell(&format!("cp -r {} {}", Tour::word(&state), Tour::word(&copied)));
    let ledger = copied.join("ledger.redb");
    let offset = find(&ledger, b"\"reason\":\"completed\"")?;
    flip(tour, &ledger, offset + 11)?;
    let words: [&dyn AsRef<OsStr>; 6] = [&"audit", &"verify", &"--state", &copied, &"--trust", &trust];
    tour.refused(&words, "audit.fsck_leaf_mismatch", "audit-ledger: the leaf's commitment to its payload").map(|_| ())
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Failure> {
    files::create_directory(to)?;
    for entry in fs::read_dir(from).map_err(|error| files::io_error(from, error))? {
        let entry = entry.map_err(|error| files::io_error(from, error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(|error| files::io_error(&source, error))?;
        }
    }
    Ok(())
}

fn downgraded_version(tour: &mut Tour<'_, '_>) -> Result<(), Failure> {
    let offer = tour.reach(&[&"spec", &"offer"])?;
    let ours = offer.headline().to_owned();
    let a = write(tour, "tampered/ours.json", &format!("{ours}\n"))?;
    let lowered = ours.replacen("\"spec\":\"1.0.0\"", "\"spec\":\"0.9.0\"", 1).replacen(
        "\"floor\":\"1.0.0\"",
        "\"floor\":\"0.9.0\"",
        1,
    );
    let b = write(tour, "tampered/downgraded.json", &format!("{lowered}\n"))?;
    tour.refused(&[&"spec", &"negotiate", &a, &b], "spec.major_mismatch", "spec-version: the negotiation").map(|_| ())
}
