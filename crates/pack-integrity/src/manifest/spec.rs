//! What a pack needs of the spec, as plain data: `reach-spec-version` negotiates with it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{ManifestError, raw::RawSpec};

/// The most features a pack may need: as many as one offer may hold.
pub const MAX_SPEC_FEATURES: usize = 64;
/// The longest version or feature id, as long as every identifier.
const MAX_TEXT_BYTES: usize = 64;

/// A feature that a pack needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpecFeature {
    /// Its id.
    pub id: String,
    /// The lowest revision the pack works with.
    pub min: u16,
    /// The highest.
    pub max: u16,
    /// Whether the pack cannot run without it.
    pub critical: bool,
}

/// The spec version and the features that a pack needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpecNeeds {
    #[serde(rename = "spec")]
    version: String,
    floor: String,
    // INVARIANT: sorted by the bytes of their ids, each id once.
    features: Vec<SpecFeature>,
}

impl SpecNeeds {
    /// The version the pack was written for.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The lowest version it runs under.
    #[must_use]
    pub fn floor(&self) -> &str {
        &self.floor
    }

    /// The features, sorted by id.
    #[must_use]
    pub fn features(&self) -> &[SpecFeature] {
        &self.features
    }

    /// The JSON of an offer: `{"spec":…,"floor":…,"features":[{"id":…,"min":…,"max":…,"critical":…}]}`.
    ///
    /// # Errors
    /// [`ManifestError::Spec`], which the types here rule out.
    pub fn to_offer_json(&self) -> Result<String, ManifestError> {
        serde_json::to_string(self).map_err(|_| ManifestError::Spec { rule: "it cannot be written as JSON" })
    }

    /// Bounds and order only: the grammar of versions and ids is `reach-spec-version`'s.
    pub(super) fn check(raw: RawSpec) -> Result<Self, ManifestError> {
        let actual = raw.features.len();
        if actual > MAX_SPEC_FEATURES {
            return Err(ManifestError::TooMany { field: "spec.features", limit: MAX_SPEC_FEATURES, actual });
        }
        let plain =
            |text: &str| (1..=MAX_TEXT_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        let texts = raw.features.iter().map(|feature| &feature.id).chain([&raw.version, &raw.floor]);
        if !texts.into_iter().all(|text| plain(text)) {
            return Err(ManifestError::Spec {
                rule: "versions and feature ids are 1 to 64 printable ASCII characters",
            });
        }
        if raw.features.iter().any(|feature| feature.min > feature.max) {
            return Err(ManifestError::Spec { rule: "a feature's `min` is above its `max`" });
        }
        let ids: BTreeSet<&str> = raw.features.iter().map(|feature| feature.id.as_str()).collect();
        if ids.len() != actual {
            return Err(ManifestError::Spec { rule: "a feature is listed twice" });
        }
        let feature = |raw: super::raw::RawFeature| SpecFeature {
            id: raw.id,
            min: raw.min,
            max: raw.max,
            critical: raw.critical,
        };
        let mut features: Vec<_> = raw.features.into_iter().map(feature).collect();
        features.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { version: raw.version, floor: raw.floor, features })
    }
}
