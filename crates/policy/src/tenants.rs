//! What is narrower for one tenant, and what a person has to approve.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Grants, ModelId, ModelKey, ToolId};
use serde::{Deserialize, Serialize};

use crate::Limit;

/// What is allowed only with a person's approval, call by call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asks {
    /// Calls of these tools.
    pub tools: BTreeSet<ToolId>,
    /// Calls that use a scope under these grants.
    pub scopes: Grants,
}

impl Asks {
    /// Whether nothing waits for a person.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.scopes.is_empty()
    }
}

/// One tenant's own rules. `None` means the organization's; what is there only narrows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TenantRules {
    /// The tools left to it.
    pub tools: Option<BTreeSet<ToolId>>,
    /// The scopes left to it.
    pub scopes: Option<Grants>,
    /// The models left to it, by what for.
    pub models: Option<BTreeMap<ModelKey, BTreeSet<ModelId>>>,
    /// Whether its packs must be deterministic, wherever the organization does not say so already.
    pub require_deterministic: bool,
    /// Whether mode warn never lets anything of it through.
    pub enforce: bool,
    /// What a person has to approve for it, beside what the organization says.
    pub asks: Asks,
    /// Limits beside the organization's.
    pub limits: Vec<Limit>,
}
