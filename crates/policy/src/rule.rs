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
    /// Nothing waits for a person's approval: not a violation, but the question of an ask.
    #[error("a person has to approve this, call by call")]
    ApprovalRequired,
    /// The arguments of a tool that has limits are one strict JSON value.
    #[error("the arguments are not one strict JSON value, or name what a limit is about in two ways")]
    ArgumentMalformed,
    /// An argument that a limit is about is there.
    #[error("the argument is missing")]
    ArgumentMissing,
    /// An argument is within its limit.
    #[error("the policy does not allow this argument")]
    ArgumentNotAllowed,
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
    /// The policy lists the tenant.
    #[error("the policy is for the tenants it lists only, and this one is not among them")]
    TenantUnlisted,
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
    ApprovalRequired => ("policy.approval_required", Refused, "have an operator approve exactly this call"),
    ArgumentMalformed => ("policy.argument_malformed", Refused, "hand over one JSON value, every member named once and exactly as the tool defines it"),
    ArgumentMissing => ("policy.argument_missing", Refused, "name the argument, or have its limit made optional"),
    ArgumentNotAllowed => ("policy.argument_not_allowed", Refused, "hand over what the limit allows, or have the limit changed"),
    DeterminismRequired => ("policy.determinism_required", Refused, "use a pack that its author declares deterministic"),
    ModelNotAllowed => ("policy.model_not_allowed", Refused, "use a model the policy lists for this key, or have it added to `models`"),
    ModelUndeclared => ("policy.model_undeclared", Refused, "ask for the model the pack declares, or have its author declare this one"),
    ScopeNotDelegated => ("policy.scope_not_delegated", Refused, "ask the origin for a delegation that holds the scope"),
    ScopeNotGranted => ("policy.scope_not_granted", Refused, "do without the scope, or have it added to `scopes` of the policy"),
    ScopeUndeclared => ("policy.scope_undeclared", Refused, "have the pack's author declare the scope and sign the pack again"),
    TenantUnlisted => ("policy.tenant_unlisted", Refused, "have the tenant added to `tenants` of the policy"),
    ToolDefinitionDrift => ("policy.tool_definition_drift", Refused, "review the tool's new definition and have the pack signed again"),
    ToolNotAllowed => ("policy.tool_not_allowed", Refused, "do without the tool, or have it added to `tools` of the policy"),
    ToolNotDelegated => ("policy.tool_not_delegated", Refused, "ask the origin for a delegation that holds the tool"),
    ToolUndeclared => ("policy.tool_undeclared", Refused, "have the pack's author declare the tool and sign the pack again"),
} wrap { Validity });

impl Rule {
    /// Who sets the rule, and in which of its fields: stable, for machines and for looking it up.
    /// A violation can name it more closely: a tenant's own field, or one limit.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::ApprovalRequired => "policy.asks",
            Self::ArgumentMalformed | Self::ArgumentMissing | Self::ArgumentNotAllowed => "policy.limits",
            Self::Validity(ValidityError::Expired { .. }) => "policy.expires",
            Self::Validity(ValidityError::NotYetValid { .. }) => "policy.not_before",
            Self::DeterminismRequired => "policy.require_deterministic",
            Self::ModelNotAllowed => "policy.models",
            Self::ModelUndeclared => "pack.models",
            Self::ScopeNotDelegated => "delegation.scopes",
            Self::ScopeNotGranted => "policy.scopes",
            Self::ScopeUndeclared => "pack.scopes",
            Self::TenantUnlisted => "policy.listed_tenants_only",
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
            Self::ApprovalRequired
            | Self::ArgumentMalformed
            | Self::ArgumentMissing
            | Self::ArgumentNotAllowed
            | Self::Validity(_)
            | Self::ModelUndeclared
            | Self::ScopeNotDelegated
            | Self::ScopeUndeclared
            | Self::TenantUnlisted
            | Self::ToolDefinitionDrift
            | Self::ToolNotDelegated
            | Self::ToolUndeclared => false,
        }
    }
}
