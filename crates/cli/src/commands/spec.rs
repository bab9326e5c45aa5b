//! `reach spec`.

use std::path::Path;

use reach_runner::files;
use reach_spec_version::{
    Agreement, Feature, MAX_OFFER_JSON_BYTES, Missing, NegotiateError, Offer, Party, Registered, SpecVersion,
    deprecated, negotiate, offer_at, own_offer, registry, transcript_hash,
};
use reach_types::{Blake3Digest, Code};
use serde_json::{Value, json};

use crate::{
    World,
    arguments::{Spec, SpecNegotiate},
    commands::{
        flags::{digest, usage},
        spec_except,
    },
    report::{Failure, Report},
};

pub(crate) fn run(command: &Spec, world: &World) -> Result<Report, Failure> {
    match command {
        Spec::Parse { token } => {
            let version = SpecVersion::parse(token)?;
            let line = version.line().to_string();
            Ok(Report::new("ok").field("version", version.to_string()).field("line", line).line(version.to_string()))
        }
        Spec::Offer { at } => show_offer(at.as_deref()),
        Spec::Except(except) => spec_except::run(world, except),
        Spec::List => Ok(list()),
        Spec::Negotiate(asked) => agree(asked),
    }
}

fn show_offer(at: Option<&str>) -> Result<Report, Failure> {
    let offer = match at {
        None => own_offer()?,
        Some(token) => offer_at(SpecVersion::parse(token).map_err(|error| usage(format!("--at: {error}")))?)?,
    };
    let text = offer.to_json()?;
    Ok(Report::new("ok").field("offer", text.clone()).line(text))
}

fn agree(asked: &SpecNegotiate) -> Result<Report, Failure> {
    // The flags before the files: a mistake in them is found without reading anything.
    let ids = match (&asked.initiator, &asked.responder) {
        (Some(initiator), Some(responder)) => {
            Some((digest("--initiator", initiator)?, digest("--responder", responder)?))
        }
        _ => None,
    };
    let (a, b) = (read(&asked.a)?, read(&asked.b)?);
    match negotiate(&a, &b) {
        Ok(agreement) => show(&a, &b, &agreement, ids),
        Err(error) => Ok(refusal(&error)),
    }
}

fn read(path: &Path) -> Result<Offer, Failure> {
    let limit = u64::try_from(MAX_OFFER_JSON_BYTES).unwrap_or(u64::MAX);
    Ok(Offer::from_json(&files::read(path, limit)?)?)
}

fn show(
    a: &Offer,
    b: &Offer,
    agreement: &Agreement,
    ids: Option<(Blake3Digest, Blake3Digest)>,
) -> Result<Report, Failure> {
    let features = agreement.features().iter().map(|f| format!("  {} revision {}", f.id, f.revision));
    let old: Vec<&Registered> = deprecated(agreement).collect();
    let mut report = Report::new("agreed")
        .check("majors are equal")
        .check("the common minor is under neither floor")
        .check("every critical feature is understood by both")
        .field("agreement", json!(agreement))
        .field("deprecated", json!(old.iter().map(|row| row.id).collect::<Vec<_>>()))
        .line(format!("agreed on spec {}", agreement.spec()))
        .lines(features);
    report = report.lines(old.iter().map(|row| format!("deprecated: {}{}", row.id, removal(row))));
    if let Some((initiator, responder)) = ids {
        let party = |id, offer| Party { id, offer };
        let (initiator, responder) = (party(initiator.as_bytes(), a), party(responder.as_bytes(), b));
        let transcript = transcript_hash(initiator, responder, agreement)?.to_string();
        report = report.field("transcript", transcript.clone()).line(format!("transcript {transcript}"));
    }
    Ok(report)
}

/// What speaks against an agreement, for this side's eyes.
fn refusal(error: &NegotiateError) -> Report {
    let report = Report::negative(error.row(), error.to_string());
    match error {
        NegotiateError::MajorMismatch { ours, theirs } => {
            report.field("initiator", ours.to_string()).field("responder", theirs.to_string())
        }
        NegotiateError::BelowFloor { common, our_floor, their_floor } => report
            .field("common", common.to_string())
            .field("initiator_floor", our_floor.to_string())
            .field("responder_floor", their_floor.to_string()),
        NegotiateError::FeatureRequired { missing } => {
            report.field("missing", missing.iter().map(missing_json).collect::<Vec<_>>())
        }
    }
}

fn missing_json(missing: &Missing) -> Value {
    let id = missing.ours.as_ref().or(missing.theirs.as_ref()).map(|feature| feature.id().to_string());
    let side = |feature: &Option<Feature>| {
        feature.as_ref().map(|f| json!({ "min": f.min(), "max": f.max(), "critical": f.is_critical() }))
    };
    json!({ "id": id, "initiator": side(&missing.ours), "responder": side(&missing.theirs) })
}

fn list() -> Report {
    let head = format!("spec {}: {} features", SpecVersion::CURRENT, registry().len());
    let report = Report::new("ok").field("spec", SpecVersion::CURRENT.to_string()).field("features", json!(registry()));
    report.line(head).lines(registry().iter().flat_map(rows))
}

fn rows(row: &Registered) -> Vec<String> {
    let first = format!("{:<24} {}", row.id, row.what);
    let revisions = row.revisions.iter().map(|r| format!("  revision {} since {}: {}", r.number, r.since, r.what));
    let deprecated = row.deprecated.map(|at| format!("  deprecated from {at}{}", removal(row)));
    let absent = format!("  without it: {}", row.absent);
    [first].into_iter().chain(revisions).chain(deprecated).chain([absent]).collect()
}

fn removal(row: &Registered) -> String {
    row.removed.map_or_else(String::new, |at| format!(", removed from {at}"))
}
