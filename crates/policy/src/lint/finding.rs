//! One finding, and the list of what can be found.

use std::fmt;

use reach_types::{Code as _, CodeRow, Grant, Timestamp};

use crate::{Place, RuleId};

/// What can be found in a policy that loads. Exhaustive: a new finding must be placed everywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lint {
    /// A grant that another of the same list contains.
    #[error("`{by}` of the same list covers it already")]
    CoveredGrant {
        /// The wider grant.
        by: Grant,
    },
    /// A grant of everything below one segment.
    #[error("it grants everything below its first segment, also what does not exist yet")]
    WideGrant,
    /// No tool is allowed.
    #[error("no tool is allowed, so nothing else of the policy can matter")]
    NoTools,
    /// Tenants are refused unless they are listed, and none is.
    #[error("tenants that are not listed are refused, and none is listed")]
    NoTenants,
    /// A tool that no tenant is left.
    #[error("only listed tenants are let in, and none of them is left this tool")]
    UnusedTool,
    /// A limit on a tool that no tenant is left.
    #[error("only listed tenants are let in, and none of them is left its tool")]
    UnusedLimit,
    /// A limit that says what another says.
    #[error("it repeats the limit `{of}`")]
    RepeatedLimit {
        /// The other limit.
        of: RuleId,
    },
    /// An optional limit on an argument that another limit requires.
    #[error("it is optional, but the limit `{of}` requires the same argument")]
    ShadowedOptional {
        /// The other limit.
        of: RuleId,
    },
    /// Two limits of which one is inside the value of the other.
    #[error("it and the limit `{of}` are one inside the other, and a value that is limited holds nothing")]
    LimitInLimit {
        /// The other limit.
        of: RuleId,
    },
    /// A tenant's question that the organization asks as well.
    #[error("the organization asks about it already")]
    CoveredAsk,
    /// A tenant's rule that says what holds anyway.
    #[error("the organization says the same, so it changes nothing")]
    SameAsOrganization,
    /// A tenant that never warns, under a policy that never does.
    #[error("the policy has no `warn_until`, so it is enforced for everybody")]
    EnforceUnused,
    /// A tenant about which nothing is said.
    #[error("it says nothing, and tenants that are not listed are let in all the same")]
    EmptyTenant,
    /// A time of warnings for nobody.
    #[error("mode warn works until then, but only listed tenants are let in, and all of them enforce")]
    WarnUnused,
    /// A time of warnings that is over.
    #[error("mode warn has not worked since {since}")]
    WarnPast {
        /// Since when.
        since: Timestamp,
    },
    /// An exception that lasts longer than the policy.
    #[error("it lasts until {until}, longer than the policy")]
    ExceptionOutlives {
        /// Until when.
        until: Timestamp,
    },
    /// An exception that covers nothing.
    #[error("it covers nothing, since it ended at {until}")]
    ExceptionPast {
        /// When it ended.
        until: Timestamp,
    },
    /// The policy's end.
    #[error("the policy expired at {expired}")]
    Expired {
        /// When.
        expired: Timestamp,
    },
    /// The policy's end is near.
    #[error("the policy expires at {expires}")]
    ExpiresSoon {
        /// When.
        expires: Timestamp,
    },
    /// The policy's end is far away.
    #[error("the policy is valid for {days} days, so whoever keeps it back keeps it in force as long")]
    LongValidity {
        /// How long.
        days: u64,
    },
}

reach_types::codes!(Lint {
    CoveredGrant => ("policy.lint_covered_grant", Refused, "remove it, or the wider grant if this one was meant"),
    WideGrant => ("policy.lint_wide_grant", Refused, "grant what is needed, segment by segment, unless everything is meant"),
    NoTools => ("policy.lint_no_tools", Refused, "allow a tool, unless nothing is to be allowed"),
    NoTenants => ("policy.lint_no_tenants", Refused, "list a tenant, unless all of them are to be refused"),
    UnusedTool => ("policy.lint_unused_tool", Refused, "remove the tool, or leave it to a tenant"),
    UnusedLimit => ("policy.lint_unused_limit", Refused, "remove the limit, or leave its tool to a tenant"),
    RepeatedLimit => ("policy.lint_repeated_limit", Refused, "remove one of the two limits"),
    ShadowedOptional => ("policy.lint_shadowed_optional", Refused, "make both limits optional, or neither"),
    LimitInLimit => ("policy.lint_limit_in_limit", Refused, "remove the limit that is on the wrong argument"),
    CoveredAsk => ("policy.lint_covered_ask", Refused, "remove it from the tenant's questions"),
    SameAsOrganization => ("policy.lint_same_as_organization", Refused, "remove it, so that the tenant follows the organization"),
    EnforceUnused => ("policy.lint_enforce_unused", Refused, "remove `enforce` there"),
    EmptyTenant => ("policy.lint_empty_tenant", Refused, "remove the tenant, or set `listed_tenants_only`"),
    WarnUnused => ("policy.lint_warn_unused", Refused, "remove `warn_until`"),
    WarnPast => ("policy.lint_warn_past", Refused, "remove `warn_until`"),
    ExceptionOutlives => ("policy.lint_exception_outlives", Refused, "let the exception end with the policy at the latest"),
    ExceptionPast => ("policy.lint_exception_past", Refused, "remove the exception"),
    Expired => ("policy.lint_expired", Refused, "build the next version with a new end"),
    ExpiresSoon => ("policy.lint_expires_soon", Refused, "build the next version in time"),
    LongValidity => ("policy.lint_long_validity", Refused, "let policies end within two years, and build the next version in time"),
});

/// One thing that was found in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    lint: Lint,
    place: Place,
}

impl Finding {
    pub(super) const fn new(lint: Lint, place: Place) -> Self {
        Self { lint, place }
    }

    /// What was found.
    #[must_use]
    pub const fn lint(&self) -> &Lint {
        &self.lint
    }

    /// Where.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.lint.code()
    }

    /// The code's row, with the remedy.
    #[must_use]
    pub fn row(&self) -> CodeRow {
        self.lint.row()
    }

    /// Whether it is something to know, and no reason to fail a check: it may well be meant.
    #[must_use]
    pub const fn is_information(&self) -> bool {
        matches!(self.lint, Lint::WideGrant)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.place, self.lint)
    }
}
