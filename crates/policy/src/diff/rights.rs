//! What two policies let a tenant do, compared.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Grants, ModelId, ModelKey, Request, Scope, TenantId, ToolId};

use super::{
    Aspect, Change, Direction, Effective, RightsChange, Standing, Whom, limits,
    regions::{Region, common, difference},
};
use crate::Policy;

/// Tenants that stand alike with both policies.
pub(super) struct Group<'p> {
    policies: [&'p Policy; 2],
    standing: [Standing<'p>; 2],
    whom: Whom,
}

/// Everybody: first whoever neither policy names, then those that one of them does.
pub(super) fn groups<'p>(old: &'p Policy, new: &'p Policy) -> Vec<Group<'p>> {
    let policies = [old, new];
    let standing = |tenant| policies.map(|policy| Standing::of(policy, tenant));
    let unnamed = Whom { unnamed: true, tenants: BTreeSet::new() };
    let mut groups = vec![Group { policies, standing: standing(None), whom: unnamed }];
    let named: BTreeSet<&TenantId> = old.tenants().keys().chain(new.tenants().keys()).collect();
    for tenant in named {
        let standing = standing(Some(tenant));
        match groups.iter_mut().find(|group| group.standing == standing) {
            Some(group) => drop(group.whom.tenants.insert(tenant.clone())),
            None => {
                let whom = Whom { unnamed: false, tenants: [tenant.clone()].into() };
                groups.push(Group { policies, standing, whom });
            }
        }
    }
    groups
}

impl Group<'_> {
    /// What changed for this group; `None` if nothing did.
    pub(super) fn compare(self) -> Option<RightsChange> {
        let ([old, new], [before, after]) = (self.policies, self.standing);
        let (old, new) = (Effective::of(old, before), Effective::of(new, after));
        let [allowed, refused] = [Gained::of(&old, &new), Gained::of(&new, &old)];
        let mut changes = allowed.changes(Direction::Widened);
        changes.extend(refused.changes(Direction::Narrowed));
        changes.extend(approvals(&old, &new, Direction::Narrowed));
        changes.extend(approvals(&new, &old, Direction::Widened));
        changes.extend(limits::compare(&old, &new));
        changes.extend(determinism(&old, &new).into_iter().chain(warning(&old, &new)));
        changes.sort_by_key(|change| (std::cmp::Reverse(change.direction), change.aspect));
        let (nothing_before, nothing_after) = (old.tools.is_empty(), new.tools.is_empty());
        let (allowed, refused) = (allowed.request(&new), refused.request(&old));
        let change = RightsChange { whom: self.whom, changes, allowed, refused, nothing_before, nothing_after };
        (!change.changes.is_empty()).then_some(change)
    }
}

/// What the second of two sets of rules allows and the first does not.
struct Gained {
    tools: Vec<ToolId>,
    scopes: Vec<Region>,
    models: Vec<(ModelKey, ModelId)>,
}

impl Gained {
    fn of(less: &Effective<'_>, more: &Effective<'_>) -> Self {
        let unknown =
            |(key, model): &(&ModelKey, &ModelId)| !less.models.get(*key).is_some_and(|known| known.contains(*model));
        let models = more.models.iter().flat_map(|(key, models)| models.iter().map(move |model| (key, model)));
        Self {
            tools: more.tools.difference(&less.tools).cloned().collect(),
            scopes: difference(&more.scopes, &less.scopes),
            models: models.filter(unknown).map(|(key, model)| (key.clone(), model.clone())).collect(),
        }
    }

    fn changes(&self, direction: Direction) -> Vec<Change> {
        let told = |aspect, subject: String, example: String| {
            let [before, after] = sides(direction, "refused", "allowed");
            Change { direction, aspect, subject, except: Grants::default(), before, after, example: Some(example) }
        };
        let tools = self.tools.iter().map(|tool| told(Aspect::Tool, tool.to_string(), tool.to_string()));
        let scopes = self.scopes.iter().map(|region| Change {
            except: region.except.clone(),
            ..told(Aspect::Scope, region.grant.to_string(), region.example.to_string())
        });
        // Neither side can hold a `=`.
        let pairs = self.models.iter().map(|(key, model)| format!("{key}={model}"));
        let models = pairs.map(|pair| told(Aspect::Model, pair.clone(), pair));
        tools.chain(scopes).chain(models).collect()
    }

    /// A request for the first of everything gained, under the rules `more`, where there is a tool
    /// to ask for at all.
    fn request(&self, more: &Effective<'_>) -> Option<Request> {
        if self.tools.is_empty() && self.scopes.is_empty() && self.models.is_empty() {
            return None;
        }
        let tool = self.tools.first().or_else(|| more.tools.first())?;
        let scope: Option<&Scope> = self.scopes.first().map(|region| &region.example);
        let model: BTreeMap<_, _> = self.models.first().cloned().into_iter().collect();
        Some(Request { tools: [tool.clone()].into(), scopes: scope.cloned().into_iter().collect(), models: model })
    }
}

/// What a person has to approve under the rules `more`, and not under `less`.
fn approvals(less: &Effective<'_>, more: &Effective<'_>, direction: Direction) -> Vec<Change> {
    let told = |aspect, subject: String, example: String| {
        let [before, after] = sides(direction, "approval", "no approval");
        Change { direction, aspect, subject, except: Grants::default(), before, after, example: Some(example) }
    };
    // What is not allowed any more needs no approval either: that widens nothing.
    let tools = more.asks.tools.difference(&less.asks.tools);
    let tools = tools.filter(|tool| direction == Direction::Narrowed || less.tools.contains(*tool));
    let tools = tools.map(|tool| told(Aspect::ToolApproval, tool.to_string(), tool.to_string()));
    let asked = &more.asks.scopes;
    let asked = if direction == Direction::Narrowed { asked.clone() } else { common(asked, &less.scopes) };
    let scopes = difference(&asked, &less.asks.scopes).into_iter().map(|region| Change {
        except: region.except,
        ..told(Aspect::ScopeApproval, region.grant.to_string(), region.example.to_string())
    });
    tools.chain(scopes).collect()
}

/// What stands before and after a change in this direction from the lesser to the greater.
fn sides(direction: Direction, lesser: &str, greater: &str) -> [Option<String>; 2] {
    let sides = [Some(lesser.to_owned()), Some(greater.to_owned())];
    let [lesser, greater] = sides;
    if direction == Direction::Widened { [lesser, greater] } else { [greater, lesser] }
}

fn determinism(old: &Effective<'_>, new: &Effective<'_>) -> Option<Change> {
    let said = |required: bool| if required { "required" } else { "not required" };
    let direction = match (old.require_deterministic, new.require_deterministic) {
        (true, false) => Direction::Widened,
        (false, true) => Direction::Narrowed,
        (true, true) | (false, false) => return None,
    };
    Some(said_change(
        direction,
        Aspect::Determinism,
        [Some(said(old.require_deterministic).to_owned()), Some(said(new.require_deterministic).to_owned())],
    ))
}

fn warning(old: &Effective<'_>, new: &Effective<'_>) -> Option<Change> {
    let direction = match new.warn_until.cmp(&old.warn_until) {
        std::cmp::Ordering::Greater => Direction::Widened,
        std::cmp::Ordering::Less => Direction::Narrowed,
        std::cmp::Ordering::Equal => return None,
    };
    let said = [old, new].map(|rules| rules.warn_until.map(|until| until.to_string()));
    Some(said_change(direction, Aspect::WarnUntil, said))
}

/// A change of what a policy says once.
pub(super) fn said_change(direction: Direction, aspect: Aspect, [before, after]: [Option<String>; 2]) -> Change {
    let subject = aspect.to_string();
    Change { direction, aspect, subject, except: Grants::default(), before, after, example: None }
}
