//! The difference against the gate itself, asked about everything there is.

use proptest::prelude::*;
use reach_types::{Blake3Digest, Grant, PackFacts, PackName, PackVersion, Request, Scope, TenantId};

use crate::{
    Aspect, Change, Direction, Gate, Mode, Outcome, Policy, PolicyDiff, RightsChange, Subject,
    testing::{definition, grant, now, registry_of, request, scope},
};

const TOOLS: [&str; 3] = ["t1", "t2", "t3"];
const MODELS: [&str; 3] = ["m1", "m2", "m3"];
const GRANTS: [&str; 9] = ["a", "a:*", "a:a", "a:a:*", "a:b", "a:b:*", "b:*", "b:a", "b:a:b"];
/// The last is named by no policy.
const TENANTS: [&str; 3] = ["acme", "beta", "other"];

#[derive(Debug, Clone)]
struct Lists {
    tools: Vec<&'static str>,
    scopes: Vec<&'static str>,
    models: Vec<&'static str>,
}

impl Lists {
    fn toml(&self) -> String {
        format!("tools = {:?}\nscopes = {:?}\n", self.tools, self.scopes)
    }

    fn models(&self) -> String {
        if self.models.is_empty() { String::new() } else { format!("key = {:?}\n", self.models) }
    }
}

/// What both of two lists of names hold.
fn both(one: &[&'static str], two: &[&'static str]) -> Vec<&'static str> {
    one.iter().filter(|name| two.contains(name)).copied().collect()
}

/// The grants of `two` that one grant of `one` contains.
fn within(one: &[&'static str], two: &[&'static str]) -> Vec<&'static str> {
    two.iter().filter(|text| one.iter().any(|own| grant(own).contains(&grant(text)))).copied().collect()
}

impl Lists {
    fn narrowed(&self, by: &Self) -> Self {
        Self {
            tools: both(&self.tools, &by.tools),
            scopes: within(&self.scopes, &by.scopes),
            models: both(&self.models, &by.models),
        }
    }
}

fn lists() -> impl Strategy<Value = Lists> {
    let some = |names: &'static [&'static str], most| proptest::sample::subsequence(names, 0..=most);
    (some(&TOOLS, 3), some(&GRANTS, 4), some(&MODELS, 3)).prop_map(|(tools, scopes, models)| Lists {
        tools,
        scopes,
        models,
    })
}

/// A policy with a tenant or two, or none.
fn policies() -> impl Strategy<Value = Policy> {
    let tenant = (lists(), lists(), any::<bool>(), any::<bool>());
    let tenants = proptest::collection::vec(tenant, 0..3);
    (lists(), lists(), tenants, any::<bool>(), any::<bool>()).prop_map(
        |(organization, asks, tenants, listed, strict)| {
            let mut toml = format!(
                "schema = \"reach-policy/1\"\nname = \"p\"\nversion = 1\nnot_before = \"2026-01-01T00:00:00Z\"\n\
             expires = \"2027-01-01T00:00:00Z\"\nrequire_deterministic = {strict}\nlisted_tenants_only = {listed}\n{}",
                organization.toml()
            );
            toml += &format!("[models]\n{}", organization.models());
            toml += &format!("[asks]\n{}", organization.narrowed(&asks).toml());
            for (name, (own, asks, has_lists, strict)) in TENANTS.iter().zip(&tenants) {
                let mut own = organization.narrowed(own);
                // A tenant without a tool is refused when the policy is loaded.
                if own.tools.is_empty() {
                    own.tools.clone_from(&organization.tools);
                }
                toml += &format!("[tenants.{name}]\nrequire_deterministic = {strict}\n");
                let has_lists = *has_lists && !own.tools.is_empty();
                if has_lists {
                    toml += &own.toml();
                    toml += &format!("[tenants.{name}.models]\n{}", own.models());
                }
                let allowed = if has_lists { &own } else { &organization };
                toml += &format!("[tenants.{name}.asks]\n{}", allowed.narrowed(asks).toml());
            }
            Policy::from_toml(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"))
        },
    )
}

/// What the gate says to a request of a pack that declares it, for one tenant.
fn judge(policy: &Policy, tenant: &str, request: &Request, deterministic: bool) -> Outcome {
    let facts = PackFacts {
        digest: Blake3Digest::of(b"pack"),
        name: PackName::parse("pack").unwrap(),
        version: PackVersion::parse("1.0.0").unwrap(),
        tools: request.tools.iter().map(|tool| (tool.clone(), definition(tool.as_str()))).collect(),
        scopes: request.scopes.iter().map(Grant::exact).collect(),
        models: request.models.clone(),
        deterministic,
    };
    let (registry, tenant) = (registry_of(&facts.tools), TenantId::parse(tenant).unwrap());
    let subject = Subject { facts: &facts, registry: &registry, drift: None, tenant: &tenant, rights: None };
    Gate::new(policy, Blake3Digest::of(b""), Mode::Enforce).unwrap().evaluate(&subject, request, now()).outcome()
}

/// The changes told for a tenant.
fn told<'d>(diff: &'d PolicyDiff, policies: [&Policy; 2], tenant: &str) -> Option<&'d RightsChange> {
    let tenant = TenantId::parse(tenant).unwrap();
    let named = policies.iter().any(|policy| policy.tenants().contains_key(&tenant));
    let of = |group: &&RightsChange| if named { group.whom.tenants.contains(&tenant) } else { group.whom.unnamed };
    let mut groups = diff.rights.iter().filter(of);
    let group = groups.next();
    assert_eq!(groups.next(), None, "{tenant} is told of twice");
    group
}

fn universe() -> Vec<Scope> {
    let parts = ["a", "b", "x"];
    let mut all: Vec<String> = parts.map(str::to_owned).to_vec();
    for from in 0..12 {
        let longer = parts.map(|part| format!("{}:{part}", all[from]));
        all.extend(longer);
    }
    all.iter().map(|text| scope(text)).collect()
}

/// Whether a change of `aspect` in `direction` is told of what `holds` finds.
fn is_told(changes: &[Change], aspect: Aspect, direction: Direction, holds: &dyn Fn(&Change) -> bool) -> bool {
    changes.iter().any(|change| change.aspect == aspect && change.direction == direction && holds(change))
}

fn covers(change: &Change, scope: &Scope) -> bool {
    grant(&change.subject).covers(scope) && !change.except.covers(scope)
}

/// That a question is told of as the gate answers it.
fn agrees(
    policies: [&Policy; 2],
    tenant: &str,
    changes: &[Change],
    request: &Request,
    (aspect, approval): (Aspect, Option<Aspect>),
    holds: &dyn Fn(&Change) -> bool,
) -> Result<(), TestCaseError> {
    let [old, new] = policies.map(|policy| judge(policy, tenant, request, true));
    let allowed = old == Outcome::Deny && new != Outcome::Deny;
    let refused = old != Outcome::Deny && new == Outcome::Deny;
    prop_assert_eq!(is_told(changes, aspect, Direction::Widened, holds), allowed, "{:?} {}", request, tenant);
    prop_assert_eq!(is_told(changes, aspect, Direction::Narrowed, holds), refused, "{:?} {}", request, tenant);
    if let Some(approval) = approval {
        let asks = new == Outcome::Ask && old != Outcome::Ask;
        let trusts = new == Outcome::Allow && old == Outcome::Ask;
        prop_assert_eq!(is_told(changes, approval, Direction::Narrowed, holds), asks, "{:?} {}", request, tenant);
        prop_assert_eq!(is_told(changes, approval, Direction::Widened, holds), trusts, "{:?} {}", request, tenant);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn a_difference_is_told_exactly_where_the_gate_differs(old in policies(), new in policies()) {
        let diff = PolicyDiff::between(&old, &new);
        let policies = [&old, &new];
        for tenant in TENANTS {
            let group = told(&diff, policies, tenant);
            let changes = group.map_or(&[][..], |group| &group.changes);
            for name in TOOLS {
                let asked = request(&[name], &[], &[]);
                let same = |change: &Change| change.subject == name && change.example.as_deref() == Some(name);
                agrees(policies, tenant, changes, &asked, (Aspect::Tool, Some(Aspect::ToolApproval)), &same)?;
            }
            for model in MODELS {
                let asked = request(&[], &[], &[("key", model)]);
                let same = |change: &Change| change.subject == format!("key={model}");
                agrees(policies, tenant, changes, &asked, (Aspect::Model, None), &same)?;
            }
            for scope in universe() {
                let asked = Request { scopes: [scope.clone()].into(), ..Request::default() };
                let holds = |change: &Change| covers(change, &scope);
                agrees(policies, tenant, changes, &asked, (Aspect::Scope, Some(Aspect::ScopeApproval)), &holds)?;
            }
            let strict = |policy| judge(policy, tenant, &Request::default(), false) == Outcome::Deny;
            let direction = match policies.map(strict) {
                [true, false] => Some(Direction::Widened),
                [false, true] => Some(Direction::Narrowed),
                [_, _] => None,
            };
            let determinism = changes.iter().find(|change| change.aspect == Aspect::Determinism);
            // Whoever is not listed is refused everything, whatever is said of determinism.
            let unlisted = policies.iter().any(|policy| judge(policy, tenant, &Request::default(), true) == Outcome::Deny);
            prop_assert!(unlisted || determinism.map(|change| change.direction) == direction);
            for change in changes.iter().filter(|change| change.aspect == Aspect::Scope || change.aspect == Aspect::ScopeApproval) {
                let example = scope(change.example.as_deref().unwrap());
                prop_assert!(covers(change, &example), "{:?}", change);
            }
            if let Some(group) = group {
                for (example, [yes, no]) in [(&group.allowed, [&new, &old]), (&group.refused, [&old, &new])] {
                    let Some(example) = example else { continue };
                    prop_assert_eq!(judge(no, tenant, example, true), Outcome::Deny);
                    prop_assert_ne!(judge(yes, tenant, example, true), Outcome::Deny);
                    prop_assert_eq!(example.tools.len(), 1);
                }
                let nothing = |policy| TOOLS.iter().all(|name| judge(policy, tenant, &request(&[name], &[], &[]), true) == Outcome::Deny);
                prop_assert_eq!([group.nothing_before, group.nothing_after], policies.map(nothing));
            }
        }
    }

    #[test]
    fn a_policy_differs_from_itself_in_nothing(policy in policies()) {
        let diff = PolicyDiff::between(&policy, &policy);
        prop_assert_eq!(diff.changes().count(), 0);
        prop_assert_eq!(diff.verdict().as_str(), "equal");
    }
}
