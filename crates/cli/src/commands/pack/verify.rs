//! `reach pack verify`.

use reach_pack_integrity::{Expected, Provenance, Verification};
use reach_runner::packs;
use reach_types::{PackName, PackVersion};
use serde_json::json;

use crate::{
    World,
    arguments::PackVerify,
    commands::{source::Trusted, trust::usage},
    report::{Failure, Report},
    terminal::shown,
};

pub(super) fn run(world: &World, command: &PackVerify) -> Result<Report, Failure> {
    let expected = expected(command)?;
    let trusted = Trusted::load(&command.trust, world)?;
    let asked = Verification { trust: &trusted.trust, expected: &expected, now: trusted.now, seen: trusted.seen() };
    let verified = packs::verify(&command.pack, command.signature.as_deref(), &asked)?;
    let Provenance::Signed { signers } = verified.provenance();
    let facts = verified.facts();
    let report = verified.checks().iter().fold(Report::new("verified"), |report, check| report.check(check));
    let report = report
        .field("name", facts.name.as_str())
        .field("version", facts.version.to_string())
        .field("blake3", facts.digest.to_string())
        .field("sha256", verified.sha256().to_string())
        .field("signers", json!(signers))
        .field("expires", verified.expires().to_string())
        .line(format!(
            "verified: {} {}, signed by {}, until {}",
            facts.name,
            facts.version,
            shown(&signers.join(", ")),
            verified.expires()
        ))
        .line(format!("blake3 {}", facts.digest));
    Ok(trusted.note(report))
}

fn expected(command: &PackVerify) -> Result<Expected, Failure> {
    let name = command.name.as_deref().map(PackName::parse).transpose();
    let version = command.pack_version.as_deref().map(PackVersion::parse).transpose();
    Ok(Expected {
        name: name.map_err(|error| usage(format!("--name: {error}")))?,
        version: version.map_err(|error| usage(format!("--version: {error}")))?,
    })
}
