//! An offer: what one side speaks, or what a pack needs.

use std::cmp::Ordering;

use reach_types::{JsonError, StrictError, encode_strict};
use serde::Serialize;

use crate::{Feature, FeatureError, FeatureId, SpecLine, SpecVersion, TokenError};

/// The most features in one offer: four times what the registry and its grease hold.
pub const MAX_FEATURES: usize = 64;
/// The most bytes of an encoded offer: 64 features with ids of 55 bytes, where real ones have 15.
pub const MAX_OFFER_BYTES: usize = 4096;
/// The most bytes of an offer's JSON: the largest offer, indented, with every field on its own line.
pub const MAX_OFFER_JSON_BYTES: usize = 16 * 1024;

/// The version of the encoding itself; it stands before everything else.
pub(crate) const OFFER_ENCODING: u16 = 1;

/// Why an offer was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// The JSON itself.
    #[error(transparent)]
    Json(JsonError),
    /// The encoded bytes themselves.
    #[error(transparent)]
    Encoding(StrictError),
    /// The spec or the floor is not a version token.
    #[error(transparent)]
    Token(TokenError),
    /// One of the features.
    #[error(transparent)]
    Feature(FeatureError),
    /// Encoded in another version of the encoding.
    #[error("an offer in encoding {actual}, only {expected} is read")]
    Version {
        /// The encoding version read.
        expected: u16,
        /// The encoding version found.
        actual: u64,
    },
    /// More bytes than an offer may have.
    #[error("an encoded offer of {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size in bytes.
        actual: usize,
    },
    /// More features than an offer may have.
    #[error("{actual} features, at most {limit} are allowed")]
    TooManyFeatures {
        /// The limit.
        limit: usize,
        /// How many there were.
        actual: usize,
    },
    /// A feature that sorts before the one in front of it.
    #[error("`features[{index}]` sorts before the feature in front of it")]
    Unsorted {
        /// Which feature, from 0.
        index: usize,
    },
    /// A feature offered twice.
    #[error("`features[{index}]` offers `{id}` a second time")]
    Duplicate {
        /// Which feature, from 0.
        index: usize,
        /// Its id.
        id: FeatureId,
    },
    /// A version whose offer is asked for, and not known: another major, or a later minor.
    #[error("what a release of {spec} offers is not known, this one is of {current}")]
    NotReleased {
        /// The version asked for.
        spec: SpecVersion,
        /// The version of this release.
        current: SpecVersion,
    },
    /// A floor that the offer's own version does not reach.
    #[error("the floor {floor} lies above the offered version {spec}")]
    FloorAboveSpec {
        /// The floor.
        floor: SpecLine,
        /// The offered version.
        spec: SpecLine,
    },
}

reach_types::codes!(OfferError {
    Version => ("spec.offer_encoding", Refused, "ask the other side for an offer in the older encoding"),
    TooLarge => ("spec.offer_too_large", Limit, "offer fewer features or shorter ids"),
    TooManyFeatures => ("spec.too_many_features", Limit, "offer fewer features"),
    Unsorted => ("spec.features_unsorted", Unsafe, "sort the features by the bytes of their ids"),
    Duplicate => ("spec.feature_duplicate", Refused, "offer every feature once, with its whole range"),
    NotReleased => ("spec.not_released", Usage, "name a version of this major, up to the one that `reach spec list` prints"),
    FloorAboveSpec => ("spec.floor_above_spec", Refused, "lower the floor, or offer the version it asks for"),
} wrap { Json, Encoding, Token, Feature });

/// What one side speaks: its version, the lowest it accepts, and its features.
///
/// Construction guarantees at most [`MAX_FEATURES`] features, sorted by the bytes of their ids and
/// unique, at most [`MAX_OFFER_BYTES`] bytes encoded, and a floor that is not above the version.
/// It does not say who made it: that is the signature over its transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    spec: SpecVersion,
    floor: SpecVersion,
    features: Vec<Feature>,
}

impl Offer {
    /// Puts an offer together. The patch of `floor` never decides anything.
    ///
    /// # Errors
    /// [`OfferError::TooManyFeatures`], [`OfferError::FloorAboveSpec`], [`OfferError::Unsorted`],
    /// [`OfferError::Duplicate`] or [`OfferError::TooLarge`], in this order.
    pub fn new(spec: SpecVersion, floor: SpecVersion, features: Vec<Feature>) -> Result<Self, OfferError> {
        check_count(features.len())?;
        if floor.line() > spec.line() {
            return Err(OfferError::FloorAboveSpec { floor: floor.line(), spec: spec.line() });
        }
        check_order(&features)?;
        let offer = Self { spec, floor, features };
        check_size(offer.encode().map_err(OfferError::Encoding)?.len())?;
        Ok(offer)
    }

    /// The version offered.
    #[must_use]
    pub const fn spec(&self) -> SpecVersion {
        self.spec
    }

    /// The lowest version accepted.
    #[must_use]
    pub const fn floor(&self) -> SpecVersion {
        self.floor
    }

    /// The features, sorted by id.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The one encoding of this offer: strict postcard, the encoding's version first.
    ///
    /// # Errors
    /// [`StrictError::Unencodable`], which the types here rule out.
    pub fn encode(&self) -> Result<Vec<u8>, StrictError> {
        encode_strict(&(OFFER_ENCODING, self))
    }

    /// The offer as compact JSON, as [`Offer::from_json`] reads it.
    ///
    /// # Errors
    /// [`StrictError::Unencodable`], which the types here rule out.
    pub fn to_json(&self) -> Result<String, StrictError> {
        serde_json::to_string(self).map_err(|_| StrictError::Unencodable)
    }
}

pub(crate) const fn check_size(actual: usize) -> Result<(), OfferError> {
    if actual > MAX_OFFER_BYTES {
        return Err(OfferError::TooLarge { limit: MAX_OFFER_BYTES, actual });
    }
    Ok(())
}

pub(crate) const fn check_count(actual: usize) -> Result<(), OfferError> {
    if actual > MAX_FEATURES {
        return Err(OfferError::TooManyFeatures { limit: MAX_FEATURES, actual });
    }
    Ok(())
}

fn check_order(features: &[Feature]) -> Result<(), OfferError> {
    for (index, (before, feature)) in (1..).zip(features.iter().zip(features.iter().skip(1))) {
        match before.id().cmp(feature.id()) {
            Ordering::Less => {}
            Ordering::Equal => return Err(OfferError::Duplicate { index, id: feature.id().clone() }),
            Ordering::Greater => return Err(OfferError::Unsorted { index }),
        }
    }
    Ok(())
}
