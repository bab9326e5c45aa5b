//! How a verdict on a pack is shown.

use reach_pack_integrity::{Check, Provenance};
use reach_runner::{Stapled, packs::ProvenPack};
use serde_json::{Value, json};

use crate::{report::Report, terminal::shown};

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

/// A check with what it proves, as JSON.
pub(super) fn step(check: Check) -> Value {
    json!({ "check": check.name(), "proves": check.proves() })
}
