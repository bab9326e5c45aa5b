//! What is over, will be soon, or lasts too long.

use std::time::Duration;

use reach_types::{LegacyException, Timestamp};

use super::{Finding, Lint};
use crate::{Place, Policy};

/// From how many days before its end on a policy is said to end soon: a month to review and sign.
pub const LINT_EXPIRY_DAYS: u64 = 30;
/// The most days a policy is valid before it is said to be long: two years, one of them a leap year.
pub const LINT_VALIDITY_DAYS: u64 = 731;

const DAY_MILLIS: u64 = 86_400_000;

pub(super) fn findings(policy: &Policy, now: Option<Timestamp>) -> Vec<Finding> {
    let warn = policy.warn_until().filter(|until| now.is_some_and(|now| now >= *until));
    let warn = warn.map(|since| Finding::new(Lint::WarnPast { since }, Place::field("warn_until")));
    let lists = [("legacy_packs", policy.legacy_packs()), ("unsigned_plugins", policy.unsigned_plugins())];
    let exceptions = lists.into_iter().flat_map(|(list, entries)| {
        entries.iter().filter_map(move |entry| {
            exception(policy, entry, now).map(|lint| Finding::new(lint, Place::field(list).entry(&entry.digest)))
        })
    });
    let end = [length(policy), now.and_then(|now| end(policy, now))].into_iter().flatten();
    end.map(|lint| Finding::new(lint, Place::field("expires"))).chain(warn).chain(exceptions).collect()
}

fn end(policy: &Policy, now: Timestamp) -> Option<Lint> {
    let expires = policy.expires();
    let soon = now.saturating_add(Duration::from_millis(LINT_EXPIRY_DAYS * DAY_MILLIS));
    if now >= expires {
        Some(Lint::Expired { expired: expires })
    } else {
        (soon >= expires).then_some(Lint::ExpiresSoon { expires })
    }
}

fn length(policy: &Policy) -> Option<Lint> {
    let millis = policy.expires().as_millis().saturating_sub(policy.not_before().as_millis());
    (millis > LINT_VALIDITY_DAYS * DAY_MILLIS).then_some(Lint::LongValidity { days: millis / DAY_MILLIS })
}

fn exception(policy: &Policy, entry: &LegacyException, now: Option<Timestamp>) -> Option<Lint> {
    let until = entry.until;
    // The policy is not in force before its first moment, and neither is what it lets through.
    let from = now.map_or(policy.not_before(), |now| now.max(policy.not_before()));
    if until <= from {
        Some(Lint::ExceptionPast { until })
    } else {
        (until > policy.expires()).then_some(Lint::ExceptionOutlives { until })
    }
}
