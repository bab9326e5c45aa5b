//! `reach spec`.

use std::path::Path;

use reach_runner::files;
use reach_spec_version::{Agreement, MAX_OFFER_JSON_BYTES, Offer, SpecVersion, negotiate, own_offer, registry};
use serde_json::json;

use crate::{
    arguments::Spec,
    report::{Failure, Report},
};

pub(crate) fn run(command: &Spec) -> Result<Report, Failure> {
    match command {
        Spec::Parse { token } => {
            let version = SpecVersion::parse(token)?;
            Ok(Report::new("ok").field("version", version.to_string()).line(version.to_string()))
        }
        Spec::Offer => {
            let text = own_offer()?.to_json()?;
            Ok(Report::new("ok").field("offer", text.clone()).line(text))
        }
        Spec::List => Ok(list()),
        Spec::Negotiate { a, b } => {
            let agreement = negotiate(&offer(a)?, &offer(b)?)?;
            Ok(show(&agreement))
        }
    }
}

fn offer(path: &Path) -> Result<Offer, Failure> {
    let limit = u64::try_from(MAX_OFFER_JSON_BYTES).unwrap_or(u64::MAX);
    Ok(Offer::from_json(&files::read(path, limit)?)?)
}

fn show(agreement: &Agreement) -> Report {
    let features = agreement.features().iter().map(|f| format!("  {} revision {}", f.id, f.revision));
    Report::new("agreed")
        .check("majors are equal")
        .check("the common minor is under neither floor")
        .check("every critical feature is understood by both")
        .field("agreement", json!(agreement))
        .line(format!("agreed on spec {}", agreement.spec()))
        .lines(features)
}

fn list() -> Report {
    let rows = registry()
        .iter()
        .map(|f| format!("{:<16} revisions {}..{}  since {}  {}", f.id, f.min, f.max, f.since, f.what));
    Report::new("ok").field("spec", SpecVersion::CURRENT.to_string()).field("features", json!(registry())).lines(rows)
}
