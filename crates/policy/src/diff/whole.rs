//! What two policies say of themselves, of tenants, and of what is not signed, compared.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Blake3Digest, Grants, LegacyException, TenantId};

use super::{Aspect, Change, Direction, rights::said_change};
use crate::Policy;

pub(super) fn compare(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes: Vec<Change> = said(old, new).collect();
    changes.extend(tenants(old, new));
    changes.extend(exceptions(Aspect::LegacyPack, old.legacy_packs(), new.legacy_packs()));
    changes.extend(exceptions(Aspect::UnsignedPlugin, old.unsigned_plugins(), new.unsigned_plugins()));
    changes.extend(keyring(old, new));
    changes.sort_by_key(|change| (std::cmp::Reverse(change.direction), change.aspect));
    changes
}

/// What allows neither more nor less: when a policy is in force is the business of its renewals,
/// and what becomes of tenants that are not listed is told as what they may do.
fn said(old: &Policy, new: &Policy) -> impl Iterator<Item = Change> {
    let facts = |policy: &Policy| {
        [
            (Aspect::Name, policy.name().to_owned()),
            (Aspect::Version, policy.version().to_string()),
            (Aspect::NotBefore, policy.not_before().to_string()),
            (Aspect::Expires, policy.expires().to_string()),
            (Aspect::ListedTenantsOnly, policy.listed_tenants_only().to_string()),
        ]
    };
    let differing = facts(old).into_iter().zip(facts(new)).filter(|(before, after)| before != after);
    differing.map(|((aspect, before), (_, after))| said_change(Direction::Changed, aspect, [Some(before), Some(after)]))
}

/// Tenants that came or went. What that does to them is told as what they may do.
fn tenants(old: &Policy, new: &Policy) -> Vec<Change> {
    let names = |policy: &Policy| policy.tenants().keys().cloned().collect::<BTreeSet<TenantId>>();
    let (before, after) = (names(old), names(new));
    let side = |names: &BTreeSet<TenantId>, tenant: &TenantId| names.contains(tenant).then(|| "listed".to_owned());
    let told = |tenant: &TenantId| Change {
        subject: tenant.to_string(),
        ..said_change(Direction::Changed, Aspect::Tenant, [side(&before, tenant), side(&after, tenant)])
    };
    before.symmetric_difference(&after).map(told).collect()
}

fn exceptions(aspect: Aspect, old: &[LegacyException], new: &[LegacyException]) -> Vec<Change> {
    let by_digest = |list: &[LegacyException]| -> BTreeMap<Blake3Digest, LegacyException> {
        list.iter().map(|entry| (entry.digest, entry.clone())).collect()
    };
    let (before, after) = (by_digest(old), by_digest(new));
    let digests: BTreeSet<&Blake3Digest> = before.keys().chain(after.keys()).collect();
    let told = |digest: &Blake3Digest| {
        let (before, after) = (before.get(digest), after.get(digest));
        let said =
            |entry: Option<&LegacyException>| entry.map(|entry| format!("until {}: {}", entry.until, entry.reason));
        let direction = match (before, after) {
            (before, after) if before == after => return None,
            (Some(before), Some(after)) if before.until == after.until => Direction::Changed,
            // No entry covers nothing, as one that is over.
            (before, after) if before.map(|entry| entry.until) < after.map(|entry| entry.until) => Direction::Widened,
            _ => Direction::Narrowed,
        };
        let (subject, except, example) = (digest.to_string(), Grants::default(), None);
        Some(Change { direction, aspect, subject, except, before: said(before), after: said(after), example })
    };
    digests.into_iter().filter_map(told).collect()
}

/// Another keyring may hold any key, so it counts as wider.
fn keyring(old: &Policy, new: &Policy) -> Option<Change> {
    let sides = [old, new].map(|policy| policy.plugin_keyring().map(ToString::to_string));
    let direction = match &sides {
        [before, after] if before == after => return None,
        [_, Some(_)] => Direction::Widened,
        [_, None] => Direction::Narrowed,
    };
    Some(said_change(direction, Aspect::PluginKeyring, sides))
}
