//! What of a trust document is due, and what is over.

use reach_signing::{AuthorityError, Due, DueKind, VerifiedTrust};
use reach_types::{Code, Timestamp};
use serde_json::{Value, json};

use crate::{report::Report, terminal::shown};

/// A report about `trust`, described by `describe`, that warns of what is due and is negative once
/// an active key is over age.
pub(crate) fn with_due(trust: &VerifiedTrust, now: Timestamp, describe: impl FnOnce(Report) -> Report) -> Report {
    let due = trust.due(now);
    let report = match due.iter().find(|one| one.kind == DueKind::Age && one.is_over(now)) {
        None => Report::new("verified"),
        Some(over) => {
            let error = AuthorityError::Overdue { since: over.at };
            Report::negative(error.row(), format!("{}: {error}", name(over)))
        }
    };
    describe(report)
        .field("due", due.iter().map(|one| value(one, now)).collect::<Vec<_>>())
        .lines(due.iter().map(|one| line(one, now)))
}

fn value(one: &Due, now: Timestamp) -> Value {
    let (signer, role, key) = match &one.key {
        Some((signer, role, key)) => (Some(signer), Some(role), Some(key)),
        None => (None, None, None),
    };
    let over = one.is_over(now);
    json!({"what": kind(one.kind), "at": one.at, "over": over, "signer": signer, "role": role, "keyid": key})
}

const fn kind(kind: DueKind) -> &'static str {
    match kind {
        DueKind::Document => "document",
        DueKind::Validity => "validity",
        DueKind::Age => "age",
    }
}

fn name(one: &Due) -> String {
    match &one.key {
        Some((signer, role, key)) => format!("{signer} {role} {key}"),
        None => "the document".to_owned(),
    }
}

fn line(one: &Due, now: Timestamp) -> String {
    let what = match (one.kind, one.is_over(now)) {
        (DueKind::Document, _) => "expires: `reach trust renew`",
        (DueKind::Validity, _) => "expires: `reach trust rotate`, or `renew --key`",
        (DueKind::Age, false) => "reaches the longest age of a key: `reach trust rotate`",
        (DueKind::Age, true) => "is over age since then and signs nothing any more: `reach trust rotate`",
    };
    format!("due {}  {} {what}", one.at, shown(&name(one)))
}
