//! The organization's rules, and one tenant's, compiled and in one shape.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Grant, ModelId, ModelKey, Scope, TenantId, ToolId};

use crate::{
    Asks, Limit,
    index::{ByName, ScopeIndex, Seed},
    policy::Body,
    refinements::{GrantIndex, Refinements},
    violation::listed,
};

/// What of a policy is looked up call by call, made once when the policy is loaded.
#[derive(Debug, Clone)]
pub(crate) struct PolicyIndex {
    organization: Compiled,
    tenants: BTreeMap<TenantId, Compiled>,
}

/// Follows from the policy it belongs to, so it makes no two policies different.
impl PartialEq for PolicyIndex {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for PolicyIndex {}

impl PolicyIndex {
    pub(crate) fn of(body: &Body, refinements: &Refinements) -> Self {
        let organization = Compiled {
            scopes: ScopeIndex::of(&body.scopes, Seed::POLICY),
            asks: ScopeIndex::of(&refinements.asks.scopes, Seed::POLICY),
            asks_ordered: GrantIndex::of(&refinements.asks.scopes),
            limits: by_tool(&refinements.limits),
            tools_named: listed(&body.tools),
            scopes_named: listed(&body.scopes),
            models_named: named(&body.models),
        };
        let tenants = refinements.tenants.iter().map(|(tenant, rules)| {
            let compiled = Compiled {
                scopes: ScopeIndex::of(rules.scopes.iter().flatten(), Seed::POLICY),
                asks: ScopeIndex::of(&rules.asks.scopes, Seed::POLICY),
                asks_ordered: GrantIndex::of(&rules.asks.scopes),
                limits: by_tool(&rules.limits),
                tools_named: listed(rules.tools.iter().flatten()),
                scopes_named: listed(rules.scopes.iter().flatten()),
                models_named: rules.models.as_ref().map_or_else(BTreeMap::new, named),
            };
            (tenant.clone(), compiled)
        });
        Self { organization, tenants: tenants.collect() }
    }
}

#[derive(Debug, Clone)]
struct Compiled {
    scopes: ScopeIndex,
    asks: ScopeIndex,
    asks_ordered: GrantIndex,
    /// Which of the limits are about a tool.
    limits: ByName<ToolId, Vec<usize>>,
    tools_named: Box<str>,
    scopes_named: Box<str>,
    models_named: BTreeMap<ModelKey, Box<str>>,
}

fn named(models: &BTreeMap<ModelKey, BTreeSet<ModelId>>) -> BTreeMap<ModelKey, Box<str>> {
    models.iter().map(|(key, models)| (key.clone(), listed(models))).collect()
}

fn by_tool(limits: &[Limit]) -> ByName<ToolId, Vec<usize>> {
    let mut tools = ByName::with_hasher(Seed::POLICY);
    for (index, limit) in limits.iter().enumerate() {
        tools.entry(limit.tool.clone()).or_insert_with(Vec::new).push(index);
    }
    tools
}

/// How reasons name the fields of a layer: stable.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) tools: &'static str,
    pub(crate) scopes: &'static str,
    pub(crate) models: &'static str,
    pub(crate) require_deterministic: &'static str,
    pub(crate) asks: &'static str,
}

const ORGANIZATION: Names = Names {
    tools: "policy.tools",
    scopes: "policy.scopes",
    models: "policy.models",
    require_deterministic: "policy.require_deterministic",
    asks: "policy.asks",
};

const TENANT: Names = Names {
    tools: "tenant.tools",
    scopes: "tenant.scopes",
    models: "tenant.models",
    require_deterministic: "tenant.require_deterministic",
    asks: "tenant.asks",
};

/// One author's rules: what each of them allows is what is allowed. `None` leaves it to the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'p> {
    tools: Option<&'p BTreeSet<ToolId>>,
    scopes: Option<&'p ScopeIndex>,
    models: Option<&'p BTreeMap<ModelKey, BTreeSet<ModelId>>>,
    asks: &'p Asks,
    limits: &'p [Limit],
    compiled: &'p Compiled,
    pub(crate) require_deterministic: bool,
    pub(crate) names: &'static Names,
}

impl<'p> Layer<'p> {
    pub(crate) fn organization(body: &'p Body, refinements: &'p Refinements, index: &'p PolicyIndex) -> Self {
        Self {
            tools: Some(&body.tools),
            scopes: Some(&index.organization.scopes),
            models: Some(&body.models),
            asks: &refinements.asks,
            limits: &refinements.limits,
            compiled: &index.organization,
            require_deterministic: body.require_deterministic,
            names: &ORGANIZATION,
        }
    }

    /// The tenant's own rules, if the policy lists it.
    pub(crate) fn tenant(refinements: &'p Refinements, index: &'p PolicyIndex, tenant: &TenantId) -> Option<Self> {
        let (rules, compiled) = (refinements.tenants.get(tenant)?, index.tenants.get(tenant)?);
        Some(Self {
            tools: rules.tools.as_ref(),
            scopes: rules.scopes.is_some().then_some(&compiled.scopes),
            models: rules.models.as_ref(),
            asks: &rules.asks,
            limits: &rules.limits,
            compiled,
            require_deterministic: rules.require_deterministic,
            names: &TENANT,
        })
    }

    pub(crate) fn allows_tool(&self, tool: &ToolId) -> bool {
        self.tools.is_none_or(|tools| tools.contains(tool))
    }

    pub(crate) fn grants(&self, scope: &Scope) -> bool {
        self.scopes.is_none_or(|scopes| scopes.covers(scope))
    }

    /// Whether `scope` stands in its grants or questions as it is.
    pub(crate) fn lists_scope(&self, scope: &Scope) -> bool {
        self.scopes.is_some_and(|scopes| scopes.lists(scope)) || self.compiled.asks.lists(scope)
    }

    /// Whether it grants every scope that `grant` covers.
    pub(crate) fn grants_all(&self, grant: &Grant) -> bool {
        self.scopes.is_none_or(|scopes| scopes.contains(grant))
    }

    /// A key that is not listed allows no model.
    pub(crate) fn allows_model(&self, key: &ModelKey, model: &ModelId) -> bool {
        self.models.is_none_or(|models| models.get(key).is_some_and(|models| models.contains(model)))
    }

    pub(crate) fn asks_for_tool(&self, tool: &ToolId) -> bool {
        self.asks.tools.contains(tool)
    }

    pub(crate) fn asks_for_scope(&self, scope: &Scope) -> bool {
        self.compiled.asks.covers(scope)
    }

    /// Whether a person has to approve anything that `grant` covers.
    pub(crate) fn asks_within(&self, grant: &Grant) -> bool {
        self.compiled.asks_ordered.overlaps(grant)
    }

    pub(crate) fn limits_of<'t>(self, tool: &'t ToolId) -> impl Iterator<Item = &'p Limit> + use<'p, 't> {
        let (limits, chosen) = (self.limits, self.compiled.limits.get(tool));
        chosen.into_iter().flatten().filter_map(|index| limits.get(*index))
    }

    pub(crate) fn tools_named(&self) -> &str {
        &self.compiled.tools_named
    }

    pub(crate) fn scopes_named(&self) -> &str {
        &self.compiled.scopes_named
    }

    pub(crate) fn models_named(&self, key: &ModelKey) -> &str {
        self.compiled.models_named.get(key).map_or("nothing", |named| named)
    }
}
