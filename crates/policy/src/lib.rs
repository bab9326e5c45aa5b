#![doc = include_str!("../README.md")]

mod binding;
#[cfg(feature = "bundle")]
mod bundle;
#[cfg(feature = "bundle")]
mod bundle_error;
mod decision;
mod exceptions;
#[cfg(feature = "bundle")]
mod floor;
mod gate;
mod mode;
mod permit;
mod policy;
mod policy_error;
mod policy_toml;
mod rule;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod violation;
#[cfg(feature = "bundle")]
mod wire;

pub use binding::{Binding, ExactCall};
#[cfg(feature = "bundle")]
pub use bundle::{BUNDLE_PAYLOAD_TYPE, MAX_BUNDLE_BYTES, VerifiedBundle, build_bundle};
#[cfg(feature = "bundle")]
pub use bundle_error::BundleError;
pub use decision::{Decision, Outcome};
pub use exceptions::MAX_EXCEPTIONS;
#[cfg(feature = "bundle")]
pub use floor::BundleFloor;
pub use gate::{Gate, Rights, Subject};
pub use mode::{Mode, ModeError};
pub use permit::{Permit, PermitError, Redeemed};
pub use policy::{MAX_GRANTS, MAX_MODEL_KEYS, MAX_MODELS_PER_KEY, MAX_POLICY_VERSION, MAX_TOOLS, Policy};
pub use policy_error::{Place, PolicyError};
pub use policy_toml::{MAX_POLICY_TOML_BYTES, POLICY_SCHEMA};
pub use rule::{Rule, ValidityError};
pub use violation::{MAX_REASONS, Violation};
#[cfg(feature = "bundle")]
pub use wire::MAX_BUNDLE_PAYLOAD_BYTES;

/// Every code this crate can refuse with.
pub const CODES: &[&[reach_types::CodeRow]] = &[
    #[cfg(feature = "bundle")]
    BundleError::ROWS,
    ModeError::ROWS,
    PermitError::ROWS,
    PolicyError::ROWS,
    Rule::ROWS,
    ValidityError::ROWS,
];
