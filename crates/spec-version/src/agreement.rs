//! What two offers come to, its one encoding, and whether a use of a feature keeps to it.

use reach_types::{StrictError, decode_strict, encode_strict};
use serde::{Deserialize, Serialize};

use crate::{FeatureError, FeatureId, MAX_FEATURES, MAX_OFFER_BYTES, SpecLine, wire::varints};

/// The most bytes of an encoded agreement: it never holds more than the smaller of its two offers.
pub const MAX_AGREEMENT_BYTES: usize = MAX_OFFER_BYTES;

/// The version of the encoding itself; it stands before everything else.
const AGREEMENT_ENCODING: u16 = 1;
/// The numbers between the encoding's version and the declared count: major and minor.
const NUMBERS_BEFORE_COUNT: usize = 2;

/// Why an encoded agreement was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AgreementError {
    /// The encoded bytes themselves.
    #[error(transparent)]
    Encoding(StrictError),
    /// One of the feature ids.
    #[error(transparent)]
    Feature(FeatureError),
    /// Encoded in another version of the encoding.
    #[error("an agreement in encoding {actual}, only {expected} is read")]
    Version {
        /// The encoding version read.
        expected: u16,
        /// The encoding version found.
        actual: u64,
    },
    /// More features than two offers can agree on.
    #[error("an agreement on {actual} features, at most {MAX_FEATURES} are possible")]
    TooManyFeatures {
        /// How many there were.
        actual: u64,
    },
    /// Features not sorted, or one of them twice: no negotiation ends like that.
    #[error("the features of an agreement are sorted by id and unique")]
    Order,
}

reach_types::codes!(AgreementError {
    Version => ("spec.agreement_encoding", Refused, "read it with the release that wrote it, or a later one"),
    TooManyFeatures => ("spec.agreement_too_large", Limit, "negotiate again from the two offers"),
    Order => ("spec.agreement_order", Unsafe, "negotiate again from the two offers"),
} wrap { Encoding, Feature });

/// Why a use of a feature was refused. Exhaustive: both cases end the exchange.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UseError {
    /// The feature is not in the agreement.
    #[error("`{id}` is used, but not agreed on")]
    NotAgreed {
        /// The feature.
        id: FeatureId,
    },
    /// Another revision than the agreed one.
    #[error("revision {actual} of `{id}` is used, revision {agreed} is agreed on")]
    Revision {
        /// The feature.
        id: FeatureId,
        /// The agreed revision.
        agreed: u16,
        /// The revision used.
        actual: u16,
    },
}

reach_types::codes!(UseError {
    NotAgreed => ("spec.feature_not_agreed", Refused, "use only the features of the agreement"),
    Revision => ("spec.revision_mismatch", Refused, "use the agreed revision, or negotiate again"),
});

/// A feature both sides understand, at the highest revision they share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgreedFeature {
    /// Its id.
    pub id: FeatureId,
    /// The agreed revision.
    pub revision: u16,
}

/// What two offers come to: the same value, and the same bytes, whichever side computes it.
///
/// One that was decoded is only what somebody wrote down; compare it with [`crate::negotiate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    spec: SpecLine,
    // INVARIANT: at most MAX_FEATURES, sorted by id, unique.
    features: Vec<AgreedFeature>,
}

#[derive(Serialize, Deserialize)]
struct RawAgreement {
    line: (u16, u16),
    features: Vec<(String, u16)>,
}

impl Agreement {
    /// For `negotiate`, whose input is sorted and bounded already.
    pub(crate) const fn from_sorted(spec: SpecLine, features: Vec<AgreedFeature>) -> Self {
        Self { spec, features }
    }

    /// The agreed major and minor.
    #[must_use]
    pub const fn spec(&self) -> SpecLine {
        self.spec
    }

    /// The agreed features, sorted by id.
    #[must_use]
    pub fn features(&self) -> &[AgreedFeature] {
        &self.features
    }

    /// The agreed revision of the feature called `id`, if there is one.
    #[must_use]
    pub fn revision(&self, id: &str) -> Option<u16> {
        let index = self.features.binary_search_by(|feature| feature.id.as_str().cmp(id)).ok()?;
        self.features.get(index).map(|feature| feature.revision)
    }

    /// Whether a message that uses `revision` of `id` keeps to this agreement.
    ///
    /// # Errors
    /// [`UseError::NotAgreed`] or [`UseError::Revision`].
    pub fn check_use(&self, id: &FeatureId, revision: u16) -> Result<(), UseError> {
        match self.revision(id.as_str()) {
            None => Err(UseError::NotAgreed { id: id.clone() }),
            Some(agreed) if agreed != revision => Err(UseError::Revision { id: id.clone(), agreed, actual: revision }),
            Some(_) => Ok(()),
        }
    }

    /// The one encoding of this agreement: strict postcard, the encoding's version first.
    ///
    /// # Errors
    /// [`StrictError::Unencodable`], which the types here rule out.
    pub fn encode(&self) -> Result<Vec<u8>, StrictError> {
        encode_strict(&(AGREEMENT_ENCODING, self))
    }

    /// Reads an encoded agreement: its one encoding and nothing else.
    ///
    /// # Errors
    /// [`AgreementError::Version`] and [`AgreementError::TooManyFeatures`] before anything is
    /// decoded; then [`AgreementError::Encoding`], [`AgreementError::Feature`] or
    /// [`AgreementError::Order`].
    pub fn decode(bytes: &[u8]) -> Result<Self, AgreementError> {
        check_head(bytes)?;
        let (_, raw): (u16, RawAgreement) =
            decode_strict(bytes, MAX_AGREEMENT_BYTES).map_err(AgreementError::Encoding)?;
        let agreed =
            |(id, revision): &(String, u16)| FeatureId::parse(id).map(|id| AgreedFeature { id, revision: *revision });
        let features: Vec<_> =
            raw.features.iter().map(agreed).collect::<Result<_, _>>().map_err(AgreementError::Feature)?;
        if !features.is_sorted_by(|a, b| a.id < b.id) {
            return Err(AgreementError::Order);
        }
        let (major, minor) = raw.line;
        Ok(Self { spec: SpecLine { major, minor }, features })
    }
}

fn check_head(bytes: &[u8]) -> Result<(), AgreementError> {
    let mut numbers = varints(bytes);
    let version = numbers.next().ok_or(AgreementError::Encoding(StrictError::Malformed))?;
    if version != u64::from(AGREEMENT_ENCODING) {
        return Err(AgreementError::Version { expected: AGREEMENT_ENCODING, actual: version });
    }
    let actual = numbers.nth(NUMBERS_BEFORE_COUNT).ok_or(AgreementError::Encoding(StrictError::Malformed))?;
    if actual > MAX_FEATURES as u64 { Err(AgreementError::TooManyFeatures { actual }) } else { Ok(()) }
}
