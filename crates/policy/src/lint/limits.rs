//! Limits that say nothing new, and limits that get in each other's way.

use super::{Finding, Lint};
use crate::{Limit, Place, Policy};

pub(super) fn findings(policy: &Policy) -> Vec<Finding> {
    let organization = list(&[], policy.limits(), &|| Place::field("limits"));
    let tenants = policy.tenants().iter();
    let tenants =
        tenants.flat_map(|(name, rules)| list(policy.limits(), &rules.limits, &|| Place::tenant(name).then("limits")));
    organization.into_iter().chain(tenants).collect()
}

/// What is found in the list `own`, beside which `organization` holds as well.
fn list(organization: &[Limit], own: &[Limit], place: &dyn Fn() -> Place) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, limit) in own.iter().enumerate() {
        let earlier = organization.iter().chain(own.iter().take(index)).filter(|other| other.tool == limit.tool);
        let earlier = earlier.filter_map(|other| against_earlier(limit, other));
        // The later one may be the one that requires what this one leaves open.
        let later = own.iter().skip(index + 1).filter(|other| other.tool == limit.tool);
        let later = later.filter_map(|other| shadowed(limit, other));
        findings.extend(earlier.chain(later).map(|lint| Finding::new(lint, place().entry(&limit.id))));
    }
    findings
}

fn against_earlier(limit: &Limit, other: &Limit) -> Option<Lint> {
    let of = || other.id.clone();
    let repeated = limit.at == other.at && limit.check == other.check && limit.optional == other.optional;
    let inside = is_inside(limit, other) || is_inside(other, limit);
    if repeated {
        Some(Lint::RepeatedLimit { of: of() })
    } else if inside {
        Some(Lint::LimitInLimit { of: of() })
    } else {
        shadowed(limit, other)
    }
}

fn shadowed(limit: &Limit, other: &Limit) -> Option<Lint> {
    let shadowed = limit.at == other.at && limit.optional && !other.optional;
    shadowed.then(|| Lint::ShadowedOptional { of: other.id.clone() })
}

/// Whether `inner` is on a part of the value that `outer` is on. Every check asks for a value
/// without parts; only the argument text as a whole is not such a value.
fn is_inside(inner: &Limit, outer: &Limit) -> bool {
    let (inner, outer) = (inner.at.parts(), outer.at.parts());
    !outer.is_empty() && inner.len() > outer.len() && inner.starts_with(outer)
}
