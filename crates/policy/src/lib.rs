#![doc = include_str!("../README.md")]

mod actual;
#[cfg(feature = "bundle")]
mod approval;
mod argument_path;
mod arguments;
mod binding;
mod budget;
#[cfg(feature = "bundle")]
mod bundle;
#[cfg(feature = "bundle")]
mod bundle_draft;
#[cfg(feature = "bundle")]
mod bundle_error;
mod cases;
mod decision;
mod diff;
mod drift;
mod exceptions;
mod explain;
#[cfg(feature = "bundle")]
mod floor;
mod gate;
mod index;
mod judge;
mod layer;
mod limits;
mod lint;
mod mode;
mod permit;
mod permit_key;
mod permit_token;
mod place;
mod policy;
mod policy_error;
mod policy_toml;
mod redaction;
mod redemption;
mod refinements;
mod rule;
mod tenants;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unseen;
mod violation;
#[cfg(feature = "bundle")]
mod wire;

pub use actual::{Actual, Kind, Withheld};
#[cfg(feature = "bundle")]
pub use approval::{
    APPROVAL_PAYLOAD_TYPE, APPROVAL_REQUEST_SCHEMA, Approval, ApprovalError, ApprovalRequest, AskedCall,
    MAX_APPROVAL_BYTES, MAX_APPROVAL_PAYLOAD_BYTES, MAX_APPROVAL_REQUEST_BYTES, MAX_APPROVAL_VALIDITY,
    MAX_SHOWN_ARGUMENT_BYTES, VerifiedApproval,
};
pub use argument_path::{
    ArgumentPath, MAX_ARGUMENT_PATH_BYTES, MAX_ARGUMENT_PATH_PARTS, MAX_PATH_PREFIX_BYTES, Part, PathError, PathPrefix,
};
pub use arguments::MAX_LIMITED_ARGUMENT_BYTES;
pub use binding::{Binding, ExactCall};
pub use budget::{
    Allowance, Authenticated, BudgetLimits, BudgetLimitsError, BudgetOwner, DenialBudgetError, DenialBudgets,
    DenialRow, DenialSummary, DenialTally, Identity, MAX_BUDGET_SUBJECTS, MAX_BUDGET_TENANTS, MAX_RECOVERY,
    MAX_SUMMARY_ROWS, MAX_TENANT_ROWS, Times,
};
#[cfg(feature = "bundle")]
pub use bundle::{BUNDLE_PAYLOAD_TYPE, MAX_BUNDLE_BYTES, VerifiedBundle, build_bundle};
#[cfg(feature = "bundle")]
pub use bundle_draft::BundleDraft;
#[cfg(feature = "bundle")]
pub use bundle_error::BundleError;
pub use cases::{
    CASES_SCHEMA, CasesError, CasesReport, FailedCase, MAX_CASES, MAX_CASES_TOML_BYTES, PolicyCases, Side, Unexercised,
};
pub use decision::{Decision, Outcome};
pub use diff::{Aspect, Change, Direction, MAX_CHANGES, PolicyDiff, PolicyDiffVerdict, RightsChange, Whom};
pub use drift::{DriftClass, DriftReport, classify};
pub use exceptions::MAX_EXCEPTIONS;
pub use explain::{
    Entry, Explained, Explanation, LimitFinding, MAX_SHOWN_VALUE_CHARS, MAX_SHOWN_VALUES, Says, TenantStanding, Thing,
    explain,
};
#[cfg(feature = "bundle")]
pub use floor::{BundleFloor, Floor, FloorUnavailable, Floors};
pub use gate::{Gate, Rights, Subject};
pub use judge::{Judge, Prepared};
pub use limits::{Check, Limit, Literal, MAX_LITERAL_BYTES, MAX_LITERAL_NUMBER, RuleId};
pub use lint::{Finding, LINT_EXPIRY_DAYS, LINT_VALIDITY_DAYS, Lint, lint};
pub use mode::{Mode, ModeError};
pub use permit::{Permit, PermitError, Redeemed, Withdrawn};
pub use permit_key::PermitKey;
pub use permit_token::{MAX_PERMIT_TOKEN_BYTES, OpenedPermit, PERMIT_TOKEN_VERSION, PermitToken, RedeemError};
pub use place::Place;
pub use policy::{MAX_GRANTS, MAX_MODEL_KEYS, MAX_MODELS_PER_KEY, MAX_POLICY_VERSION, MAX_TOOLS, Policy};
pub use policy_error::{LimitDefect, PolicyError, Unmet};
pub use policy_toml::{MAX_POLICY_TOML_BYTES, POLICY_SCHEMA};
pub use redaction::{
    DropReason, Field, MAX_MASKED_BYTES, Masked, MaskedText, Masker, Outbound, Secret, ShowPlain, Shown, Tag, TagKey,
    Taggable, Withhold,
};
pub use redemption::{MAX_REDEMPTIONS, MemoryRedemptions, RedemptionError, RedemptionStore, Spending};
pub use refinements::{MAX_CHOICES, MAX_LIMITS, MAX_NARROWED, MAX_TENANTS};
pub use rule::{Rule, ValidityError};
pub use tenants::{Asks, TenantRules};
pub use violation::{MAX_REASONS, Violation};
#[cfg(feature = "bundle")]
pub use wire::{BUNDLE_ENCODING, MAX_BUNDLE_PAYLOAD_BYTES};

/// Every code this crate can refuse with.
pub const CODES: &[&[reach_types::CodeRow]] = &[
    #[cfg(feature = "bundle")]
    ApprovalError::ROWS,
    #[cfg(feature = "bundle")]
    BundleError::ROWS,
    BudgetLimitsError::ROWS,
    DenialBudgetError::ROWS,
    CasesError::ROWS,
    Lint::ROWS,
    ModeError::ROWS,
    PathError::ROWS,
    PermitError::ROWS,
    PolicyError::ROWS,
    RedeemError::ROWS,
    RedemptionError::ROWS,
    Rule::ROWS,
    ValidityError::ROWS,
];
