//! What a policy that loads says in vain, or probably by mistake.

mod dates;
mod finding;
mod grants;
mod limits;
mod tenants;

use reach_types::Timestamp;

pub use self::{
    dates::{LINT_EXPIRY_DAYS, LINT_VALIDITY_DAYS},
    finding::{Finding, Lint},
};
use crate::Policy;

/// Everything that stands in `policy` to no effect or looks like a slip, with `now` also what is
/// over by then: what fails a check first, and information after it, each in the order of the file.
///
/// The load checks have refused what is wrong; nothing here keeps a policy from being used. There
/// are at most a few findings for each entry.
///
/// ```
/// use reach_policy::{Policy, lint};
///
/// let policy = Policy::from_toml(
///     r#"
///     schema = "reach-policy/1"
///     name = "example"
///     version = 1
///     not_before = "2026-01-01T00:00:00Z"
///     expires = "2027-01-01T00:00:00Z"
///     require_deterministic = true
///     tools = ["fs.list"]
///     scopes = ["db:read:*", "db:read:users"]
///     "#,
/// )?;
/// let findings = lint(&policy, None);
/// assert_eq!(findings[0].code(), "policy.lint_covered_grant");
/// assert_eq!(findings[0].place().to_string(), "scopes[db:read:users]");
/// # Ok::<(), reach_policy::PolicyError>(())
/// ```
#[must_use]
pub fn lint(policy: &Policy, now: Option<Timestamp>) -> Vec<Finding> {
    let mut findings =
        [dates::findings(policy, now), grants::findings(policy), limits::findings(policy), tenants::findings(policy)]
            .concat();
    findings.sort_by_key(Finding::is_information);
    findings
}
