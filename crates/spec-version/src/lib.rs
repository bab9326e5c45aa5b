#![doc = include_str!("../README.md")]

mod agreement;
mod feature;
mod features;
mod floor;
mod negotiate;
mod offer;
mod public;
mod read;
mod registry;
mod token;
mod transcript;
mod wire;

pub use agreement::{AgreedFeature, Agreement, AgreementError, MAX_AGREEMENT_BYTES, UseError};
pub use feature::{Feature, FeatureError, FeatureId, MAX_FEATURE_ID_BYTES};
pub use floor::{FloorError, FloorException, FloorStore, FloorVerdict, MemoryFloors, Unfit, check_floor};
pub use negotiate::{Missing, NegotiateError, negotiate};
pub use offer::{MAX_FEATURES, MAX_OFFER_BYTES, MAX_OFFER_JSON_BYTES, Offer, OfferError};
pub use public::PublicError;
pub use registry::{
    GREASE_PREFIX, Lifecycle, Registered, Revision, deprecated, offer_at, own_offer, registry, released_offers,
};
pub use token::{MAX_TOKEN_BYTES, SpecLine, SpecVersion, TokenError};
pub use transcript::{Party, TranscriptError, transcript_hash};

/// Every code this crate can refuse with.
pub const CODES: &[&[reach_types::CodeRow]] = &[
    AgreementError::ROWS,
    FeatureError::ROWS,
    FloorError::ROWS,
    NegotiateError::ROWS,
    OfferError::ROWS,
    PublicError::ROWS,
    TokenError::ROWS,
    TranscriptError::ROWS,
    UseError::ROWS,
];
