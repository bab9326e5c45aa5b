//! `reach pack verify`.

use std::path::Path;

use reach_pack_integrity::{Check, Expected, Provenance, Verification};
use reach_runner::{
    ProofRequest, Stapled,
    packs::{self, Exemptions, Judged, PackFiles, ProvenPack},
    policies,
    trusting::refuse_inside,
};
use reach_types::{PackName, PackVersion};
use serde_json::{Value, json};

use crate::{
    World,
    arguments::{PackAsked, PackVerify},
    commands::{source::Trusted, trust::usage},
    report::{Failure, Report},
    terminal::shown,
};

use super::explain::step;

pub(super) fn run(world: &World, command: &PackVerify, extracted: Option<&Path>) -> Result<Report, Failure> {
    let trusted = Trusted::load(&command.asked.trust, world)?;
    let Judged { mut passed, verdict, .. } = match extracted {
        // An exception covers an archive, and no directory that somebody made from it.
        Some(dir) => ask(&command.asked, &trusted, |files, asked| packs::judge_extracted(files, asked, dir))?,
        None => judge(world, command, &trusted)?,
    };
    let proven = verdict?;
    refuse_inside(&command.asked.trust.trust, proven.pack.manifest_bytes())?;
    passed.extend(extracted.map(|_| Check::Extracted));
    let report = passed.iter().fold(Report::new(word(&proven)), |report, check| report.check(check.name()));
    let report = report.field("checks_prove", passed.iter().map(|check| step(*check)).collect::<Vec<_>>());
    Ok(trusted.note(describe(report, &proven)))
}

/// Judges the pack as the command line asks.
pub(super) fn judge(world: &World, command: &PackVerify, trusted: &Trusted) -> Result<Judged, Failure> {
    ask(&command.asked, trusted, |files, asked| {
        let judged = packs::judge(files, asked);
        let Some(policy) = &command.policy else { return Ok(judged) };
        let bundle = policies::verify(policy, asked.trust, asked.now, trusted.state.as_ref())?;
        let exemptions = Exemptions::of(&world.environment, bundle.policy())?;
        // What nobody signed can have no proof of its signing.
        Ok(if command.asked.require_proof { judged } else { packs::judge_exempt(judged, files, asked, &exemptions) })
    })?
}

/// Does `act` with what the command line says about the pack and what it is verified against.
pub(super) fn ask<T>(
    command: &PackAsked,
    trusted: &Trusted,
    act: impl FnOnce(&PackFiles<'_>, &Verification<'_>) -> T,
) -> Result<T, Failure> {
    let expected = expected(command)?;
    let files = PackFiles {
        pack: &command.pack,
        signature: command.signature.as_deref(),
        proof: ProofRequest { proof: command.proof.as_deref(), required: command.require_proof },
    };
    let (trust, now, seen) = (&trusted.trust, trusted.now, trusted.seen());
    Ok(act(&files, &Verification { trust, expected: &expected, now, seen, evidence: None }))
}

/// The verdict in one word: an unsigned pack is never called verified.
pub(super) fn word(proven: &ProvenPack) -> &'static str {
    match proven.pack.provenance() {
        Provenance::Signed { .. } => "verified",
        Provenance::LegacyUnsigned { .. } => "legacy_unsigned",
    }
}

pub(super) fn describe(report: Report, proven: &ProvenPack) -> Report {
    let verified = &proven.pack;
    let (signers, by) = match verified.provenance() {
        Provenance::Signed { signers } => (signers.clone(), format!("signed by {}", shown(&signers.join(", ")))),
        Provenance::LegacyUnsigned { .. } => (Vec::new(), "signed by NOBODY".to_owned()),
    };
    let facts = verified.facts();
    let report = report
        .field("name", facts.name.as_str())
        .field("version", facts.version.to_string())
        .field("blake3", facts.digest.to_string())
        .field("sha256", verified.sha256().to_string())
        .field("signers", json!(signers))
        .field("provenance", provenance(verified.provenance()))
        .field("expires", verified.expires().to_string())
        .field("provenance_log", log(proven.staple.as_ref()))
        .line(format!("{}: {} {}, {by}, until {}", word(proven), facts.name, facts.version, verified.expires()))
        .line(format!("blake3 {}", facts.digest))
        .lines(unsigned_line(verified.provenance()));
    report.line(log_line(proven.staple.as_ref()))
}

/// Who vouches for a pack, as JSON.
pub(crate) fn provenance(provenance: &Provenance) -> Value {
    match provenance {
        Provenance::Signed { signers } => json!({ "kind": "signed", "signers": signers }),
        Provenance::LegacyUnsigned { digest, reason, until } => {
            json!({ "kind": "legacy_unsigned", "digest": digest, "reason": reason, "until": until })
        }
    }
}

/// A line that nobody overlooks, where nobody signed.
pub(crate) fn unsigned_line(provenance: &Provenance) -> Option<String> {
    match provenance {
        Provenance::Signed { .. } => None,
        Provenance::LegacyUnsigned { reason, until, .. } => {
            Some(format!("UNSIGNED: accepted by an exception of the policy until {until}: {}", shown(reason)))
        }
    }
}

fn log(staple: Option<&Stapled>) -> Value {
    let Some(staple) = staple else { return json!("none") };
    json!({
        "origin": staple.origin,
        "index": staple.index,
        "dated_before": staple.evidence.as_ref().map(|evidence| evidence.before),
        "witnesses": staple.witnesses,
    })
}

fn log_line(staple: Option<&Stapled>) -> String {
    let Some(staple) = staple else { return "provenance_log: none".to_owned() };
    let dated = match &staple.evidence {
        Some(evidence) => format!("dated before {} by {}", evidence.before, shown(&staple.witnesses.join(", "))),
        None => "dated by nobody".to_owned(),
    };
    format!("provenance_log: entry {} of {}, {dated}", staple.index, shown(&staple.origin))
}

fn expected(command: &PackAsked) -> Result<Expected, Failure> {
    let name = command.name.as_deref().map(PackName::parse).transpose();
    let version = command.pack_version.as_deref().map(PackVersion::parse).transpose();
    Ok(Expected {
        name: name.map_err(|error| usage(format!("--name: {error}")))?,
        version: version.map_err(|error| usage(format!("--version: {error}")))?,
    })
}
