//! The rules of the gate, each with its code.

use reach_types::Timestamp;

/// The policy is not in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ValidityError {
    /// Its time is over.
    #[error("the policy expired at {expired}")]
    Expired {
        /// When.
        expired: Timestamp,
    },
    /// Its time has not come.
    #[error("the policy is not in force before {from}")]
    NotYetValid {
        /// When it begins.
        from: Timestamp,
    },
}

reach_types::codes!(ValidityError {
    Expired => ("policy.bundle_expired", Expired, "get the next version of the policy bundle"),
    NotYetValid => ("policy.bundle_not_yet_valid", Expired, "wait, or check the clock"),
});

/// A rule that a request or a pack violated. Exhaustive: a new rule must be placed everywhere.
///
/// Rules are ordered as their codes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Rule {
    /// The policy is in force.
    #[error(transparent)]
    Validity(ValidityError),
    /// The policy wants deterministic packs only.
    #[error("the policy requires packs that are declared deterministic")]
    DeterminismRequired,
    /// The policy lists the model under the key.
    #[error("the policy does not allow this model for this key")]
    ModelNotAllowed,
    /// The pack declares exactly this model for the key.
    #[error("the pack does not declare this model for this key")]
    ModelUndeclared,
    /// The delegation hands the scope on.
    #[error("the delegation does not hand this scope on")]
    ScopeNotDelegated,
    /// The policy grants the scope.
    #[error("the policy does not grant this scope")]
    ScopeNotGranted,
    /// The pack declares the scope.
    #[error("the pack does not declare this scope")]
    ScopeUndeclared,
    /// The node's definition of the tool is the one that the pack pinned.
    #[error("the tool is unknown to this node, or not defined as when the pack was signed")]
    ToolDefinitionDrift,
    /// The policy allows the tool.
    #[error("the policy does not allow this tool")]
    ToolNotAllowed,
    /// The delegation hands the tool on.
    #[error("the delegation does not hand this tool on")]
    ToolNotDelegated,
    /// The pack declares the tool.
    #[error("the pack does not declare this tool")]
    ToolUndeclared,
}

reach_types::codes!(Rule {
    DeterminismRequired => ("policy.determinism_required", Refused, "use a pack that its author declares deterministic"),
    ModelNotAllowed => ("policy.model_not_allowed", Refused, "use a model the policy lists for this key, or have it added to `models`"),
    ModelUndeclared => ("policy.model_undeclared", Refused, "ask for the model the pack declares, or have its author declare this one"),
    ScopeNotDelegated => ("policy.scope_not_delegated", Refused, "ask the origin for a delegation that holds the scope"),
    ScopeNotGranted => ("policy.scope_not_granted", Refused, "do without the scope, or have it added to `scopes` of the policy"),
    ScopeUndeclared => ("policy.scope_undeclared", Refused, "have the pack's author declare the scope and sign the pack again"),
    ToolDefinitionDrift => ("policy.tool_definition_drift", Refused, "review the tool's new definition and have the pack signed again"),
    ToolNotAllowed => ("policy.tool_not_allowed", Refused, "do without the tool, or have it added to `tools` of the policy"),
    ToolNotDelegated => ("policy.tool_not_delegated", Refused, "ask the origin for a delegation that holds the tool"),
    ToolUndeclared => ("policy.tool_undeclared", Refused, "have the pack's author declare the tool and sign the pack again"),
} wrap { Validity });

impl Rule {
    /// Who sets the rule, and in which of its fields: stable, for machines and for looking it up.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Validity(ValidityError::Expired { .. }) => "policy.expires",
            Self::Validity(ValidityError::NotYetValid { .. }) => "policy.not_before",
            Self::DeterminismRequired => "policy.require_deterministic",
            Self::ModelNotAllowed => "policy.models",
            Self::ModelUndeclared => "pack.models",
            Self::ScopeNotDelegated => "delegation.scopes",
            Self::ScopeNotGranted => "policy.scopes",
            Self::ScopeUndeclared => "pack.scopes",
            Self::ToolDefinitionDrift => "registry.tools",
            Self::ToolNotAllowed => "policy.tools",
            Self::ToolNotDelegated => "delegation.tools",
            Self::ToolUndeclared => "pack.tools",
        }
    }

    /// Whether mode warn may let a violation of this rule through: only where it is the
    /// organization's own choice that is violated, and nothing that anybody signed or declared.
    #[must_use]
    pub const fn warnable(self) -> bool {
        match self {
            Self::DeterminismRequired | Self::ModelNotAllowed | Self::ScopeNotGranted | Self::ToolNotAllowed => true,
            Self::Validity(_)
            | Self::ModelUndeclared
            | Self::ScopeNotDelegated
            | Self::ScopeUndeclared
            | Self::ToolDefinitionDrift
            | Self::ToolNotDelegated
            | Self::ToolUndeclared => false,
        }
    }
}
