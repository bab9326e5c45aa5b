//! `reach audit`.

use std::path::Path;

use reach_audit_ledger::{Author, Entry, Header};
use reach_runner::{Access, AuditReport, ProofPaths, State, audit, check_proof, export, prove};
use reach_types::{JsonLimits, RunId, TenantId, read_json_value};
use serde_json::{Value, json};

use crate::{
    World,
    arguments::Audit,
    commands::{
        flags::usage,
        run::{recovered, running, stopped},
    },
    progress::Bar,
    report::{Failure, Report},
    terminal::{Terminal, shown},
};

pub(crate) fn run(command: &Audit, world: &World, terminal: &mut Terminal<'_>) -> Result<Report, Failure> {
    match command {
        Audit::List { state, tenant, run } => list(state, tenant, run),
        Audit::Verify { state, trust } => verify(world, terminal, state, trust),
        Audit::Checkpoint { state } => checkpoint(state),
        Audit::Prove { state, seq, out } => write_proof(state, *seq, out),
        Audit::VerifyProof { proof, leaf, opening, vkey } => {
            let paths = ProofPaths { proof: proof.clone(), leaf: leaf.clone(), opening: opening.clone() };
            verify_proof(&paths, vkey)
        }
        Audit::Export { state, out } => {
            let count = export(&State::open(state, Access::Read)?, out)?;
            let path = out.display().to_string();
            Ok(Report::new("ok")
                .field("files", count)
                .field("tree", path.clone())
                .line(format!("{count} files in {}", shown(&path))))
        }
    }
}

fn list(dir: &Path, tenant: &str, run: &str) -> Result<Report, Failure> {
    let tenant = TenantId::parse(tenant).map_err(|error| usage(format!("--tenant: {error}")))?;
    let run = RunId::parse(run).map_err(|error| usage(format!("--run: {error}")))?;
    let state = State::open(dir, Access::Read)?;
    let view = state.ledger().tenant(tenant);
    let (mut entries, mut from) = (Vec::new(), 0);
    loop {
        let page = view.list(&run, from, 256)?;
        entries.extend(page.entries);
        match page.next {
            Some(next) => from = next,
            None => break,
        }
    }
    let lines = entries.iter().map(|entry| header_line(&entry.header));
    let values: Vec<Value> = entries.iter().map(entry_value).collect();
    Ok(Report::new("ok").lines(lines.collect::<Vec<_>>()).field("entries", values))
}

fn header_line(header: &Header) -> String {
    format!("{:>6}  {}  {:<22} {}", header.seq, header.time, header.kind.name(), author(&header.author))
}

fn author(author: &Author) -> String {
    shown(&author.to_string())
}

fn entry_value(entry: &Entry) -> Value {
    let header = &entry.header;
    json!({
        "seq": header.seq,
        "index_in_run": header.index_in_run,
        "kind": header.kind.name(),
        "author": header.author.to_string(),
        "time": header.time,
        "raw_time": header.raw_time,
        "leaf_hash": entry.leaf_hash,
        "payload": payload(&entry.payload),
    })
}

/// Our own entries hold JSON; anything else is shown as the text it resembles.
fn payload(bytes: &[u8]) -> Value {
    let limits = JsonLimits::bytes(bytes.len());
    read_json_value(bytes, limits).unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes)))
}

fn verify(world: &World, terminal: &mut Terminal<'_>, dir: &Path, trust: &Path) -> Result<Report, Failure> {
    let state = State::open(dir, Access::Read)?;
    let now = state.now(world)?;
    let trust = state.load_trust(trust, now)?;
    let bar = Bar::new(terminal);
    let found = audit(&state, &trust, now, &mut |what, done, total| bar.show(what, done, total))?;
    drop(bar);
    Ok(describe(&found))
}

fn describe(found: &AuditReport) -> Report {
    let report = match found.rejection() {
        None => Report::new("verified")
            .check("anchor")
            .check("log key is trusted")
            .check("records, commitments and runs")
            .check("tree and checkpoint")
            .check("run logs")
            .line(format!(
                "verified: {} entries, {} run log(s), the checkpoint and the anchor",
                found.entries, found.logs
            )),
        Some((row, message)) => Report::negative(row, message).line(format!(
            "{} finding(s) in {} entries",
            found.findings.len(),
            found.entries
        )),
    };
    let findings = found
        .findings
        .iter()
        .map(|one| json!({ "code": one.code, "seq": one.seq, "what": one.what, "remedy": one.remedy }));
    let lines = found.findings.iter().map(|one| format!("  [{}] {}: {}", one.code, shown(&one.what), one.remedy));
    report
        .field("entries", found.entries)
        .field("run_logs", found.logs)
        .field("findings", findings.collect::<Vec<_>>())
        .field("unfinished_runs", stopped(&found.unfinished))
        .field("running_runs", running(&found.unfinished))
        .lines(lines.collect::<Vec<_>>())
        .lines(found.unfinished.iter().map(recovered))
}

fn checkpoint(dir: &Path) -> Result<Report, Failure> {
    let state = State::open(dir, Access::Read)?;
    let note = state.ledger().latest_checkpoint()?.map(|signed| signed.note).unwrap_or_default();
    Ok(Report::new("ok")
        .field("checkpoint", note.clone())
        .field("vkey", state.vkey().to_string())
        .line(note.trim_end().to_owned()))
}

fn write_proof(dir: &Path, seq: u64, out: &Path) -> Result<Report, Failure> {
    let paths = ProofPaths::beside(out)?;
    let proven = prove(&State::open(dir, Access::Read)?, seq, &paths)?;
    let name = |path: &Path| shown(&path.display().to_string());
    Ok(Report::new("ok")
        .field("seq", seq)
        .field("proof", paths.proof.display().to_string())
        .field("leaf", paths.leaf.display().to_string())
        .field("opening", paths.opening.display().to_string())
        .line(format!("proof of entry {seq} ({}) in {}", proven.opening.header.kind.name(), name(&paths.proof)))
        .line(format!("leaf in {}, opening in {}", name(&paths.leaf), name(&paths.opening))))
}

fn verify_proof(paths: &ProofPaths, vkey: &str) -> Result<Report, Failure> {
    let verified = check_proof(paths, vkey)?;
    let (checkpoint, header) = (&verified.checkpoint, &verified.header);
    Ok(Report::new("verified")
        .check("the checkpoint is signed by the log")
        .check("the leaf is in the tree at this index")
        .check("the opening is what the leaf commits to")
        .field("origin", checkpoint.origin.as_str())
        .field("size", checkpoint.size)
        .field("seq", header.seq)
        .field("kind", header.kind.name())
        .field("run", header.run.to_string())
        .field("tenant", header.tenant.as_str())
        .field("time", header.time.to_string())
        .field("payload", payload(&verified.payload))
        .line(format!(
            "verified: entry {} of {} under {}",
            header.seq,
            checkpoint.size,
            shown(checkpoint.origin.as_str())
        ))
        .line(header_line(header)))
}
