//! What the ledger holds of a run: the payloads of its entries.

use reach_audit_ledger::{EntryKind, MAX_PAYLOAD_BYTES};
use reach_pack_integrity::{Provenance, VerifiedPack};
use reach_policy::{Decision, Mode, Violation};
use reach_replay::{Approved, EndReason};
use reach_types::{Blake3Digest, Code};
use serde_json::{Value, json};

use super::RunError;
use crate::{
    admission::{Admission, AdmitError},
    execute::Ending,
    packs,
};

/// What a run was admitted or refused on.
pub(super) fn facts(admission: &Admission<'_>) -> Value {
    let (pack, guards) = (admission.pack().facts(), admission.guards());
    json!({
        "pack": { "name": pack.name, "version": pack.version, "blake3": pack.digest, "provenance": provenance(admission.pack()) },
        "bundle": { "name": admission.bundle().policy().name(), "version": admission.bundle().version(), "digest": guards.bundle },
        "registry": guards.registry,
        "transcript": guards.transcript,
        "spec": admission.spoken().recorded(),
        "engine": guards.engine,
        "decision": recorded(admission.decision()),
    })
}

/// What a run was refused on before anything was judged.
pub(super) fn refusal(error: &RunError) -> Value {
    let detail = match error {
        RunError::Admit(AdmitError::Spec(error)) => error.detail(),
        _ => None,
    };
    with_detail(json!({ "codes": [error.code()] }), detail)
}

/// `payload` with one more member, if there is one.
pub(crate) fn with_detail(mut payload: Value, detail: Option<(&str, Value)>) -> Value {
    if let (Some(object), Some((name, value))) = (payload.as_object_mut(), detail) {
        object.insert(name.to_owned(), value);
    }
    payload
}

/// The most bytes of the reasons of one decision in an entry: three quarters of a payload. What else
/// stands in it, names and digests, has less than 4 KiB.
const MAX_REASONS_BYTES: usize = MAX_PAYLOAD_BYTES / 4 * 3;

/// What the ledger holds of a decision, so that no refusal is too long to be recorded: of each reason
/// its code, subject and rule, violations first, as far as there is room; the others are counted with
/// those that the decision omits itself.
pub(crate) fn recorded(decision: &Decision) -> Value {
    let mut room = MAX_REASONS_BYTES;
    let (violations, more_violations) = fitting(decision.violations(), &mut room);
    let (questions, more_questions) = fitting(decision.questions(), &mut room);
    json!({
        "outcome": decision.outcome(),
        "mode": decision.mode(),
        "now": decision.now(),
        "violations": violations,
        "questions": questions,
        "omitted": decision.omitted().saturating_add(more_violations).saturating_add(more_questions),
        "unjudged": decision.unjudged(),
    })
}

/// The first of `reasons` that `room` bytes hold, and how many more there are. Once one did not fit,
/// there is room for none after it: those listed are always the first.
fn fitting(reasons: &[Violation], room: &mut usize) -> (Vec<Value>, u64) {
    let mut kept = Vec::new();
    for reason in reasons {
        let short = json!({ "code": reason.code(), "subject": reason.subject(), "rule": reason.rule_id() });
        // A comma goes with each.
        let Some(left) = room.checked_sub(short.to_string().len().saturating_add(1)) else {
            *room = 0;
            break;
        };
        *room = left;
        kept.push(short);
    }
    let more = reasons.len().saturating_sub(kept.len());
    (kept, u64::try_from(more).unwrap_or(u64::MAX))
}

/// How entries say who vouches for a pack.
fn provenance(pack: &VerifiedPack) -> &'static str {
    match pack.provenance() {
        Provenance::Signed { .. } => "signed",
        Provenance::LegacyUnsigned { .. } => "legacy_unsigned",
    }
}

/// What this run does without, for the ledger to hold before it starts.
pub(super) fn relaxations(admission: &Admission<'_>) -> Vec<(EntryKind, Value)> {
    let warns = (admission.decision().mode() == Mode::Warn).then(|| json!({ "mode": "warn" }));
    let legacy = packs::relaxation(admission.pack());
    [warns, legacy].into_iter().flatten().map(|payload| (EntryKind::RelaxationNoted, payload)).collect()
}

/// What the ledger holds of a call that was refused; what failed or was cut off is in the log.
pub(super) fn call_refusal(ending: &Ending) -> Option<Value> {
    match ending {
        Ending::Refused(decision) => Some(json!({ "decision": recorded(decision) })),
        Ending::Withdrawn(error) => Some(json!({ "codes": [error.code()] })),
        Ending::PermitRefused(error) => Some(json!({ "codes": [error.code()] })),
        // Who said no stands in the reason.
        Ending::NotApproved(error) => Some(json!({ "codes": [error.code()], "reason": error.to_string() })),
        Ending::Completed | Ending::Unresolved(_) | Ending::Failed(_) | Ending::Limit => None,
    }
}

/// What the ledger holds of a person's approval: who, when, and of which call, by the digest of the
/// request, which is over all of it.
pub(crate) fn approval(approved: &Approved) -> Value {
    let Approved { call, request, approvers, keys, statement, issued, until, .. } = approved;
    json!({
        "call": call,
        "request": request,
        "approvers": approvers,
        "keys": keys,
        "statement": statement,
        "issued": issued,
        "until": until,
    })
}

/// The payload of a run's last entry.
pub(crate) fn ended(reason: EndReason, head: &Blake3Digest, frames: u64) -> Value {
    json!({ "reason": end_reason(reason), "head": head, "frames": frames })
}

/// The name of a run's ending, as entries and output spell it.
#[must_use]
pub const fn end_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Completed => "completed",
        EndReason::Refused => "refused",
        EndReason::Failed => "failed",
        EndReason::Limit => "limit",
        EndReason::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests;
