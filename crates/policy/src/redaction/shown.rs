//! Texts that are safe to show because their grammar says so.

use std::fmt;

use reach_types::{Grant, ModelId, ModelKey, PackName, PackVersion, Scope, ToolId};
use serde::{Serialize, Serializer};

/// The text of a parsed identifier: ASCII without spaces, quotes or control characters, at most 129
/// bytes.
///
/// Only identifiers that name no person, node or tenant become one. Text of any other origin does
/// not:
///
/// ```compile_fail,E0277
/// # let tenant: reach_types::TenantId = todo!();
/// let shown = reach_policy::Shown::from(&tenant);
/// ```
///
/// ```compile_fail,E0277
/// let shown = reach_policy::Shown::from("whatever somebody sent");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown(Box<str>);

impl Shown {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A model with what it is for: `key=model`. Neither side can hold a `=`.
    #[must_use]
    pub fn model(key: &ModelKey, model: &ModelId) -> Self {
        Self(format!("{key}={model}").into())
    }
}

macro_rules! shown {
    ($($identifier:ty),* $(,)?) => {$(
        impl From<&$identifier> for Shown {
            fn from(identifier: &$identifier) -> Self {
                Self(identifier.as_str().into())
            }
        }
    )*};
}

shown!(ModelId, ModelKey, PackName, Scope, ToolId);

impl From<&Grant> for Shown {
    fn from(grant: &Grant) -> Self {
        Self(grant.to_string().into())
    }
}

impl From<&PackVersion> for Shown {
    fn from(version: &PackVersion) -> Self {
        Self(version.to_string().into())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
