//! One feature: its id, the revisions understood, and whether the other side must understand it.

use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer};

/// The longest feature id in bytes, as long as every other identifier of ours.
pub const MAX_FEATURE_ID_BYTES: usize = 64;

/// Why a feature was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// The id is empty, too long, or outside `[a-z0-9.-]`. It is not echoed: it may be hostile.
    #[error("a feature id is 1 to {MAX_FEATURE_ID_BYTES} bytes of `a-z 0-9 . -`")]
    Id,
    /// A range whose start lies above its end.
    #[error("`{id}` spans revisions {min} to {max}, which holds none")]
    Range {
        /// Which feature.
        id: FeatureId,
        /// The lowest revision.
        min: u16,
        /// The highest revision.
        max: u16,
    },
}

reach_types::codes!(FeatureError {
    Id => ("spec.feature_id_malformed", Refused, "use lower-case ASCII letters, digits, `.` and `-`"),
    Range => ("spec.revision_range", Refused, "write the lower revision as `min`"),
});

/// The name of a feature, such as `mesh.link`.
///
/// Construction guarantees 1 to [`MAX_FEATURE_ID_BYTES`] bytes of `[a-z0-9.-]`. Nothing is ever
/// folded or normalised, so two ids are the same feature exactly when their bytes are the same.
/// A clone shares the text: an agreement holds the ids of an offer and allocates none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureId(Arc<str>);

impl FeatureId {
    /// Parses a feature id exactly as written.
    ///
    /// # Errors
    /// [`FeatureError::Id`] if the text is outside the grammar.
    pub fn parse(text: &str) -> Result<Self, FeatureError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        let good = (1..=MAX_FEATURE_ID_BYTES).contains(&text.len()) && text.bytes().all(allowed);
        if good { Ok(Self(text.into())) } else { Err(FeatureError::Id) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FeatureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for FeatureId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A feature as one side offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feature {
    id: FeatureId,
    // INVARIANT: min <= max.
    min: u16,
    max: u16,
    critical: bool,
}

impl Feature {
    /// The feature `id` in every revision from `min` to `max`; `critical` when the other side must
    /// understand one of them.
    ///
    /// # Errors
    /// [`FeatureError::Range`] if `min` is above `max`.
    pub fn new(id: FeatureId, min: u16, max: u16, critical: bool) -> Result<Self, FeatureError> {
        if min > max { Err(FeatureError::Range { id, min, max }) } else { Ok(Self { id, min, max, critical }) }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &FeatureId {
        &self.id
    }

    /// The lowest revision understood.
    #[must_use]
    pub const fn min(&self) -> u16 {
        self.min
    }

    /// The highest revision understood.
    #[must_use]
    pub const fn max(&self) -> u16 {
        self.max
    }

    /// Whether the other side must understand it.
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        self.critical
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let critical = if self.critical { ", critical" } else { "" };
        write!(f, "{}-{}{critical}", self.min, self.max)
    }
}
