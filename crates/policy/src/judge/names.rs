//! What is asked for, by name, as far as the name may be seen.

use reach_types::{ModelId, ModelKey, Scope, ToolId};

use super::Judge;
use crate::violation::{Named, Requested};

/// What the policy or the pack declares may be seen: both are signed.
impl Judge<'_> {
    pub(super) fn tool_name<'n>(&self, tool: &'n ToolId) -> Requested<'n, ToolId> {
        let declared = || self.pack.facts.tools.contains_key(tool) || self.policy.tools().contains(tool);
        Requested::new("tool", tool, tool.as_str(), declared)
    }

    pub(super) fn scope_name<'n>(&self, scope: &'n Scope) -> Requested<'n, Scope> {
        let declared = || self.pack.scopes.lists(scope) || self.layers().any(|layer| layer.lists_scope(scope));
        Requested::new("scope", scope, scope.as_str(), declared)
    }

    pub(super) fn model_name<'n>(&self, model: &'n ModelId) -> Requested<'n, ModelId> {
        let (pack, policy) = (&self.pack.facts.models, self.policy.models());
        let declared = || pack.values().any(|one| one == model) || policy.values().any(|models| models.contains(model));
        Requested::new("model", model, model.as_str(), declared)
    }

    /// A model, and what it is asked for.
    pub(super) fn model_named<'n>(&self, key: &'n ModelKey, model: &'n ModelId) -> Named<'n> {
        let declared = || self.pack.facts.models.contains_key(key) || self.policy.models().contains_key(key);
        Named::Model(Requested::new("key", key, key.as_str(), declared), self.model_name(model))
    }
}
