//! Reading an offer: from JSON, and from its encoding.

use reach_types::{JsonLimits, StrictError, decode_strict, read_json};
use serde::{Deserialize, Serialize};

use crate::{
    Feature, FeatureId, MAX_OFFER_BYTES, MAX_OFFER_JSON_BYTES, Offer, OfferError, SpecVersion,
    offer::{OFFER_ENCODING, check_count, check_size},
    wire::varints,
};

/// The numbers between the encoding's version and the declared count: two versions of three each.
const NUMBERS_BEFORE_COUNT: usize = 6;

/// An offer as it arrives, before anything is believed; `V` is how a version is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOffer<V> {
    spec: V,
    floor: V,
    features: Vec<RawFeature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFeature {
    id: String,
    min: u16,
    max: u16,
    critical: bool,
}

impl Offer {
    /// Reads `{"spec":"1.0.0","floor":"1.0.0","features":[{"id":"…","min":1,"max":1,"critical":true}]}`,
    /// every field required, at most [`MAX_OFFER_JSON_BYTES`] bytes.
    ///
    /// # Errors
    /// [`OfferError::Json`] for the JSON itself (unknown fields included),
    /// [`OfferError::TooManyFeatures`], [`OfferError::Token`], [`OfferError::Feature`], and what
    /// [`Offer::new`] refuses.
    pub fn from_json(bytes: &[u8]) -> Result<Self, OfferError> {
        let limits = JsonLimits::bytes(MAX_OFFER_JSON_BYTES);
        let raw: RawOffer<String> = read_json(bytes, limits).map_err(OfferError::Json)?;
        check_count(raw.features.len())?;
        let version = |text: &str| SpecVersion::parse(text).map_err(OfferError::Token);
        Self::new(version(&raw.spec)?, version(&raw.floor)?, features(&raw.features)?)
    }

    /// Reads an encoded offer: its one encoding and nothing else.
    ///
    /// # Errors
    /// [`OfferError::TooLarge`], [`OfferError::Version`] and [`OfferError::TooManyFeatures`] before
    /// anything is decoded; then [`OfferError::Encoding`], [`OfferError::Feature`], and what
    /// [`Offer::new`] refuses.
    pub fn decode(bytes: &[u8]) -> Result<Self, OfferError> {
        check_size(bytes.len())?;
        check_head(bytes)?;
        let (_, raw): (u16, RawOffer<SpecVersion>) =
            decode_strict(bytes, MAX_OFFER_BYTES).map_err(OfferError::Encoding)?;
        Self::new(raw.spec, raw.floor, features(&raw.features)?)
    }
}

fn check_head(bytes: &[u8]) -> Result<(), OfferError> {
    let mut numbers = varints(bytes);
    let actual = numbers.next().ok_or(OfferError::Encoding(StrictError::Malformed))?;
    if actual != u64::from(OFFER_ENCODING) {
        return Err(OfferError::Version { expected: OFFER_ENCODING, actual });
    }
    let declared = numbers.nth(NUMBERS_BEFORE_COUNT).ok_or(OfferError::Encoding(StrictError::Malformed))?;
    check_count(usize::try_from(declared).unwrap_or(usize::MAX))
}

fn features(raw: &[RawFeature]) -> Result<Vec<Feature>, OfferError> {
    let feature = |raw: &RawFeature| Feature::new(FeatureId::parse(&raw.id)?, raw.min, raw.max, raw.critical);
    raw.iter().map(feature).collect::<Result<_, _>>().map_err(OfferError::Feature)
}
