//! The limits on arguments that two sets of rules hold, compared by their names.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::Grants;

use super::{Aspect, Change, Direction, Effective};
use crate::{Check, Limit, RuleId};

/// Every limit that came, went or says something else.
///
/// Each is compared with its namesake alone: where a limit goes because another one says the same,
/// that is told as widened, and a person decides.
pub(super) fn compare(old: &Effective<'_>, new: &Effective<'_>) -> Vec<Change> {
    let (before, after) = (by_id(old), by_id(new));
    let ids: BTreeSet<&RuleId> = before.keys().chain(after.keys()).copied().collect();
    let pairs = ids.into_iter().map(|id| (id, before.get(id).copied(), after.get(id).copied()));
    pairs.filter_map(|(id, before, after)| compare_one(id, before, after, new)).collect()
}

fn by_id<'p>(rules: &Effective<'p>) -> BTreeMap<&'p RuleId, &'p Limit> {
    rules.limits.iter().map(|limit| (&limit.id, *limit)).collect()
}

fn compare_one(id: &RuleId, before: Option<&Limit>, after: Option<&Limit>, new: &Effective<'_>) -> Option<Change> {
    let direction = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => Direction::Narrowed,
        (Some(gone), None) if !new.tools.contains(&gone.tool) => Direction::Changed,
        (Some(_), None) => Direction::Widened,
        (Some(before), Some(after)) if before == after => return None,
        (Some(before), Some(after)) if narrower(after, before) => Direction::Narrowed,
        (Some(_), Some(_)) => Direction::Widened,
    };
    Some(Change {
        direction,
        aspect: Aspect::Limit,
        subject: id.to_string(),
        except: Grants::default(),
        before: before.map(said),
        after: after.map(said),
        example: None,
    })
}

/// Whether whatever `new` lets through, `old` does too.
fn narrower(new: &Limit, old: &Limit) -> bool {
    let same_place = new.tool == old.tool && new.at == old.at;
    same_place && (old.optional || !new.optional) && within(&new.check, &old.check)
}

fn within(new: &Check, old: &Check) -> bool {
    match (new, old) {
        (Check::OneOf(new), Check::OneOf(old)) => new.is_subset(old),
        (Check::Below(new), Check::Below(old)) => new.iter().all(|new| old.iter().any(|old| old.contains(new))),
        (Check::Range { min, max }, Check::Range { min: old_min, max: old_max }) => {
            let above = old_min.is_none_or(|old| min.is_some_and(|new| old <= new));
            above && old_max.is_none_or(|old| max.is_some_and(|new| new <= old))
        }
        (Check::MaxBytes(new), Check::MaxBytes(old)) => new <= old,
        (Check::OneOf(_) | Check::Below(_) | Check::Range { .. } | Check::MaxBytes(_), _) => false,
    }
}

/// All that a limit says, in full: two that differ never read alike.
fn said(limit: &Limit) -> String {
    let check = serde_json::to_string(&limit.check).unwrap_or_default();
    let place = if limit.at.is_whole() { "the whole argument".to_owned() } else { limit.at.to_string() };
    let optional = if limit.optional { ", or absent" } else { "" };
    format!("{} {place}: {check}{optional}", limit.tool)
}
