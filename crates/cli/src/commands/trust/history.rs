//! `reach trust history`.

use reach_signing::{Difference, TrustChain, TrustError, TrustVersion};
use reach_types::{Code, Timestamp};
use serde_json::{Value, json};

use crate::{report::Report, terminal::shown};

/// Every version of `chain`, the oldest first. One whose newest version has expired is told so, and
/// is shown all the same.
pub(super) fn report(chain: &TrustChain, now: Timestamp) -> Report {
    let expired = chain.newest().document().expires;
    let report = if now >= expired {
        let error = TrustError::Expired { expired };
        Report::negative(error.row(), error.to_string())
    } else {
        Report::new("verified")
    };
    let mut versions = Vec::new();
    let mut lines = Vec::new();
    let mut previous: Option<&TrustVersion> = None;
    for version in chain.versions() {
        let differences = version.document().differences(previous.map(TrustVersion::document));
        versions.push(value(version, &differences));
        lines.push(format!("version {} of {}", version.document().version, version.document().created));
        lines.push(format!("  digest    {}", version.digest()));
        lines.extend(version.signed_by().map(|(name, key)| format!("  signed by {} {key}", shown(name))));
        lines.extend(differences.iter().map(line));
        previous = Some(version);
    }
    report
        .check("every version is signed by the root thresholds of both sides")
        .field("trust_root_digest", chain.root().to_string())
        .field("versions", versions)
        .lines(lines)
}

fn value(version: &TrustVersion, differences: &[Difference]) -> Value {
    let document = version.document();
    let signed: Vec<_> = version.signed_by().map(|(name, key)| json!({"signer": name, "keyid": key})).collect();
    json!({
        "version": document.version,
        "created": document.created,
        "expires": document.expires,
        "digest": version.digest(),
        "signed_by": signed,
        "changes": values(differences),
    })
}

fn values(differences: &[Difference]) -> Vec<Value> {
    differences.iter().map(|one| json!({"what": one.what, "from": one.from, "to": one.to})).collect()
}

/// Adds what a next version changes.
pub(super) fn changes(report: Report, differences: &[Difference]) -> Report {
    report.field("changes", values(differences)).lines(differences.iter().map(line))
}

fn line(one: &Difference) -> String {
    let Difference { what, from, to } = one;
    let text = match (from, to) {
        (Some(from), Some(to)) => format!("  ~ {what}: {from} -> {to}"),
        (Some(from), None) => format!("  - {what}: {from}"),
        (None, Some(to)) => format!("  + {what}: {to}"),
        (None, None) => format!("    {what}"),
    };
    shown(&text)
}
