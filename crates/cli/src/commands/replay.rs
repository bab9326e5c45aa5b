//! `reach replay`.

use std::path::Path;

use reach_replay::{
    Approved, Event, Frame, Header, Limits, Outcome, Report as LogReport, ResultOutcome, VerdictOutcome, read_frames,
};
use reach_runner::{Access, Sources, State, end_reason, files, verify_all, verify_seal};
use reach_types::{Blake3Digest, Code};
use serde_json::{Value, json};

use crate::{
    World,
    arguments::{Replay, TrustSource},
    commands::source::Trusted,
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Replay, world: &World) -> Result<Report, Failure> {
    match command {
        Replay::Verify { log, trust, pack, policy, signature } => match (pack, policy, &trust.state) {
            (Some(pack), Some(policy), Some(state)) => {
                let sources = Sources { pack, signature: signature.as_deref(), policy, trust: &trust.trust };
                let trusted = Trusted::load(trust, world)?;
                let state = State::open(state, Access::Read)?;
                Ok(trusted.note(describe(&verify_all(world, &state, log, &sources)?)))
            }
            _ => seal(world, log, trust),
        },
        Replay::Show { log } => show(log),
    }
}

fn seal(world: &World, log: &Path, source: &TrustSource) -> Result<Report, Failure> {
    let trusted = Trusted::load(source, world)?;
    let report = describe(&verify_seal(log, &trusted.trust, trusted.now)?);
    Ok(trusted.note(report))
}

fn describe(log: &LogReport) -> Report {
    let report = match log.outcome {
        Outcome::Verified => Report::new("verified")
            .check("chain")
            .check("seal")
            .check("guards")
            .check("verdicts")
            .check("ledger head")
            .line("verified: chain, seal, every guard, every verdict again, and the ledger's head"),
        Outcome::Sealed => Report::new("sealed")
            .check("chain")
            .check("seal")
            .line("sealed: chain and seal hold; no guards were given, so nothing says which pack and policy this was"),
        Outcome::Incomplete(why) => Report::negative(why.row(), why.to_string())
            .line("incomplete: every whole frame is chained, the end is missing"),
    };
    let run = log.header.as_ref().map_or_else(|| "?".to_owned(), |header| header.run.to_string());
    let head = log.head.map_or_else(|| "?".to_owned(), |head| head.to_string());
    report
        .line(format!("run {run}, {} frame(s)", log.frames))
        .line(format!("head {head}"))
        .field("run", run)
        .field("frames", log.frames)
        .field("head", head)
        .field("signer", json!(log.signer))
        .field("end", json!(log.end.map(end_reason)))
}

fn show(log: &Path) -> Result<Report, Failure> {
    let reader = std::io::BufReader::new(files::open(log)?);
    let (mut frames, mut lines) = (Vec::new(), Vec::new());
    let listing = read_frames(reader, &Limits::default(), &mut |sequence, frame| {
        let (line, value) = describe_frame(sequence, frame);
        lines.push(line);
        frames.push(value);
    })?;
    let report = match &listing.incomplete {
        Some(why) => Report::negative(why.row(), why.to_string()),
        None => Report::new("shown"),
    };
    Ok(report
        .field("frames", frames)
        .field("incomplete", listing.incomplete.is_some())
        .lines(lines)
        .line("nothing here is verified: see `reach replay verify`"))
}

fn describe_frame(sequence: u64, frame: &Frame) -> (String, Value) {
    let (text, kind, value) = match frame {
        Frame::Header(header) => describe_header(header),
        Frame::Event(event) => describe_event(event),
        Frame::Checkpoint(one) => (
            format!("checkpoint of {} frame(s)", one.count),
            "checkpoint",
            json!({ "head": one.head, "count": one.count, "keyid": one.key_id }),
        ),
        Frame::End(end) => (
            format!("end: {}, after {} frame(s)", end_reason(end.reason), end.count),
            "end",
            json!({ "reason": end_reason(end.reason), "head": end.head, "count": end.count, "at": end.at, "keyid": end.key_id }),
        ),
    };
    (format!("{sequence:>6}  {text}"), json!({ "sequence": sequence, "frame": kind, "content": value }))
}

fn describe_header(header: &Header) -> (String, &'static str, Value) {
    let text = format!("run {} of tenant {}, started {}", header.run, header.tenant, header.started);
    (text, "header", json!(header))
}

fn describe_event(event: &Event) -> (String, &'static str, Value) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match event {
        Event::Verdict(one) => {
            let outcome = match one.outcome {
                VerdictOutcome::Allowed => "allowed",
                VerdictOutcome::Warned => "warned",
                VerdictOutcome::Denied => "denied",
                VerdictOutcome::Asked => "asked",
            };
            let line = format!(
                "call {} {} {}: {outcome} {}",
                one.call,
                shown(&one.node),
                one.tool,
                shown(&one.codes.join(" "))
            );
            let arguments = text(one.arguments.bytes());
            let value = json!({ "call": one.call, "node": one.node, "tool": one.tool, "outcome": outcome, "codes": one.codes,
                                "scopes": one.scopes, "arguments": arguments, "now": one.now });
            (line.trim_end().to_owned(), "verdict", value)
        }
        Event::Result(one) => {
            let outcome = if one.outcome == ResultOutcome::Ok { "ok" } else { "failed" };
            let line = format!("result of call {}: {outcome}, {} bytes", one.call, one.payload.bytes().len());
            let value =
                json!({ "call": one.call, "outcome": outcome, "payload": text(one.payload.bytes()), "at": one.at });
            (line, "result", value)
        }
        Event::Warned(one) => (
            format!("call {} is let through all the same, until {}: mode warn", one.call, one.until),
            "warned",
            json!({ "call": one.call, "permit": one.permit, "until": one.until, "at": one.at }),
        ),
        Event::Approval(one) => describe_approval(one),
    }
}

fn describe_approval(one: &Approved) -> (String, &'static str, Value) {
    let line = format!("call {} is approved by {}, until {}", one.call, shown(&one.approvers.join(", ")), one.until);
    let nonce = Blake3Digest::from_bytes(one.nonce);
    let value = json!({ "call": one.call, "request": one.request, "nonce": nonce, "asked_until": one.asked_until,
                        "approvers": one.approvers, "keys": one.keys, "statement": one.statement,
                        "issued": one.issued, "until": one.until, "at": one.at });
    (line, "approval", value)
}
