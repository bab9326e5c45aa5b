//! Which entry of the policy, the pack and the delegation decides about each thing asked for.
//!
//! For a person at the node, on request: here alone stand digests and what the arguments hold.

mod found;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Blake3Digest, Grant, Grants, ModelId, ModelKey, Request, Scope, ToolId};
use serde::Serialize;

use crate::{Asks, Policy, Subject, TenantRules};
pub use found::{LimitFinding, MAX_SHOWN_VALUE_CHARS, MAX_SHOWN_VALUES};

/// Everything that was looked up for one request, in the order in which it is asked.
///
/// It decides nothing: what it comes to is the gate's word, beside which it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whose rules hold.
    pub tenant: TenantStanding,
    /// Each tool, then each scope, then each model.
    pub asked: Vec<Explained>,
    /// Each limit on the arguments of a tool that is asked for.
    pub limits: Vec<LimitFinding>,
}

/// How the tenant stands with the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenantStanding {
    /// The tenant.
    pub tenant: String,
    /// Whether the policy has rules of its own for it.
    pub listed: bool,
    /// Whether it is refused everything, because it is not listed.
    pub refused: bool,
}

/// What a thing asked for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Thing {
    /// A tool.
    Tool,
    /// A scope.
    Scope,
    /// A model for a key.
    Model,
}

impl Thing {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Scope => "scope",
            Self::Model => "model",
        }
    }
}

/// One thing asked for, and every entry that has a say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// What it is.
    pub what: Thing,
    /// Which: a tool, a scope, or `key=model`.
    pub subject: String,
    /// Who was asked, and what they say.
    pub entries: Vec<Entry>,
}

/// What one list says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The list, as reasons name it: `policy.tools`, `tenant.scopes`, `pack.models` and so on.
    pub list: &'static str,
    /// What it comes to.
    pub says: Says,
    /// The entry that decides; nothing if there is none.
    pub entry: Option<String>,
}

/// What an entry comes to. Exhaustive: a fourth would have to be shown everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// It lets it through.
    Yes,
    /// A person has to approve it.
    Asks,
    /// It refuses it.
    No,
}

impl Says {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Asks => "asks",
            Self::No => "no",
        }
    }
}

/// Explains what has a say in `request`, and with `arguments` what each limit finds in them.
#[must_use]
pub fn explain(policy: &Policy, subject: &Subject<'_>, request: &Request, arguments: Option<&[u8]>) -> Explanation {
    let sources = Sources { policy, own: policy.tenants().get(subject.tenant), subject };
    let tools = request.tools.iter().map(|tool| sources.tool(tool));
    let scopes = request.scopes.iter().map(|scope| sources.scope(scope));
    let models = request.models.iter().map(|(key, model)| sources.model(key, model));
    let limits = policy.limits().iter().chain(sources.own.into_iter().flat_map(|rules| &rules.limits));
    let limits = limits.filter(|limit| request.tools.contains(&limit.tool));
    Explanation {
        tenant: TenantStanding {
            tenant: subject.tenant.to_string(),
            listed: sources.own.is_some(),
            refused: sources.own.is_none() && policy.listed_tenants_only(),
        },
        asked: tools.chain(scopes).chain(models).collect(),
        limits: limits.map(|limit| found::finding(limit, arguments)).collect(),
    }
}

/// Everybody who has a say.
struct Sources<'a> {
    policy: &'a Policy,
    own: Option<&'a TenantRules>,
    subject: &'a Subject<'a>,
}

impl Sources<'_> {
    fn tool(&self, tool: &ToolId) -> Explained {
        let subject = self.subject;
        let (pinned, here) = (subject.facts.tools.get(tool), subject.registry.definition(tool));
        let listed = |tools: &BTreeSet<ToolId>| tools.get(tool).map(ToString::to_string);
        let mut entries = vec![
            entry("pack.tools", pinned.map(|digest| format!("definition {digest}"))),
            self.registry(tool, pinned, here),
            entry("policy.tools", listed(self.policy.tools())),
        ];
        entries.extend(self.own_list(|own| own.tools.as_ref()).map(|tools| entry("tenant.tools", listed(tools))));
        entries.extend(subject.rights.map(|rights| entry("delegation.tools", listed(&rights.tools))));
        entries.extend(self.asks(|asks| listed(&asks.tools)));
        Explained { what: Thing::Tool, subject: tool.to_string(), entries }
    }

    /// What this node has in the place of the pinned definition, and in what ways it differs.
    fn registry(&self, tool: &ToolId, pinned: Option<&Blake3Digest>, here: Option<&Blake3Digest>) -> Entry {
        let classes: Vec<String> =
            self.subject.drift.into_iter().flat_map(|drift| drift.classes(tool)).map(ToString::to_string).collect();
        let drift = if classes.is_empty() { String::new() } else { format!(", drift: {}", classes.join(", ")) };
        let says = if here.is_some() && here == pinned { Says::Yes } else { Says::No };
        let here = here.map(|digest| format!("definition {digest}{drift}"));
        let gone = (!classes.is_empty()).then(|| format!("no definition{drift}"));
        Entry { list: "registry.tools", says, entry: here.or(gone) }
    }

    fn scope(&self, scope: &Scope) -> Explained {
        let covering = |grants: &Grants| grants.iter().find(|grant| grant.covers(scope)).map(Grant::to_string);
        let mut entries = vec![
            entry("pack.scopes", covering(&self.subject.facts.scopes)),
            entry("policy.scopes", covering(self.policy.scopes())),
        ];
        entries.extend(self.own_list(|own| own.scopes.as_ref()).map(|grants| entry("tenant.scopes", covering(grants))));
        entries.extend(self.subject.rights.map(|rights| entry("delegation.scopes", covering(&rights.scopes))));
        entries.extend(self.asks(|asks| covering(&asks.scopes)));
        Explained { what: Thing::Scope, subject: scope.to_string(), entries }
    }

    fn model(&self, key: &ModelKey, model: &ModelId) -> Explained {
        let pair = |model: &ModelId| format!("{key}={model}");
        let listed = |models: &BTreeMap<ModelKey, BTreeSet<ModelId>>| models.get(key)?.get(model).map(pair);
        let declared = self.subject.facts.models.get(key);
        let says = if declared == Some(model) { Says::Yes } else { Says::No };
        let mut entries = vec![
            Entry { list: "pack.models", says, entry: declared.map(pair) },
            entry("policy.models", listed(self.policy.models())),
        ];
        entries.extend(self.own_list(|own| own.models.as_ref()).map(|models| entry("tenant.models", listed(models))));
        Explained { what: Thing::Model, subject: pair(model), entries }
    }

    /// A list of the tenant's own, if it has one.
    fn own_list<T>(&self, list: impl FnOnce(&TenantRules) -> Option<&T>) -> Option<&T> {
        self.own.and_then(list)
    }

    /// Who wants a person asked.
    fn asks(&self, asked: impl Fn(&Asks) -> Option<String>) -> Vec<Entry> {
        let all = [("policy.asks", Some(self.policy.asks())), ("tenant.asks", self.own.map(|own| &own.asks))];
        let asking = all.into_iter().filter_map(|(list, asks)| Some((list, asked(asks?)?)));
        asking.map(|(list, entry)| Entry { list, says: Says::Asks, entry: Some(entry) }).collect()
    }
}

fn entry(list: &'static str, entry: Option<String>) -> Entry {
    Entry { list, says: if entry.is_some() { Says::Yes } else { Says::No }, entry }
}
