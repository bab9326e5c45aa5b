//! What this node and another side speak: negotiated, kept to, and recorded.

use reach_spec_version::{
    Agreement, Feature, FeatureError, FeatureId, FloorError, NegotiateError, Offer, OfferError, Party, SpecVersion,
    TranscriptError, Unfit, UseError, deprecated, negotiate, transcript_hash,
};
use reach_types::{Blake3Digest, Code, CodeRow};
use serde_json::{Value, json};

/// Why this node and another side do not speak the same.
#[derive(Debug, thiserror::Error)]
pub enum AgreeError {
    /// An offer, or what stands in its place.
    #[error(transparent)]
    Offer(OfferError),
    /// The offers do not agree.
    #[error(transparent)]
    Negotiate(NegotiateError),
    /// The transcript of the agreement.
    #[error(transparent)]
    Transcript(TranscriptError),
    /// The name of a feature of our own.
    #[error(transparent)]
    Feature(FeatureError),
    /// Something other than what was agreed on is used.
    #[error(transparent)]
    Use(Misuse),
    /// The peer offers less than it once did.
    #[error(transparent)]
    Floor(FloorError),
    /// It does, and the exception that was given is for another peer.
    #[error("the peer offers {offered} after {floor}, and the exception is for another peer")]
    ExceptionPeer {
        /// What it offers now.
        offered: SpecVersion,
        /// The highest it offered before.
        floor: SpecVersion,
    },
    /// It does, and offers less than the exception that was given allows.
    #[error("the peer offers {offered} after {floor}, and the exception does not go down that far")]
    ExceptionFloor {
        /// What it offers now.
        offered: SpecVersion,
        /// The highest it offered before.
        floor: SpecVersion,
    },
}

reach_types::codes!(AgreeError {
    ExceptionPeer => ("spec.exception_other_peer", Refused, "have an exception signed for the node that issued the chain"),
    ExceptionFloor => ("spec.exception_too_high", Refused, "update the peer, or have an exception signed that goes down as far as it offers"),
} wrap { Offer, Negotiate, Transcript, Feature, Use, Floor });

/// A use of a feature that is not the agreed one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Misuse {
    error: UseError,
    used: u16,
}

impl Code for Misuse {
    fn row(&self) -> CodeRow {
        self.error.row()
    }
}

impl Misuse {
    fn detail(&self) -> Value {
        let (id, agreed) = match &self.error {
            UseError::NotAgreed { id } => (id, None),
            UseError::Revision { id, agreed, .. } => (id, Some(*agreed)),
        };
        json!({ "feature": id.as_str(), "agreed": agreed, "used": self.used })
    }
}

impl From<FloorError> for AgreeError {
    /// An exception that does not fit is named for what it is.
    fn from(error: FloorError) -> Self {
        match error {
            FloorError::Regressed { offered, floor, exception: Some(Unfit::OtherPeer) } => {
                Self::ExceptionPeer { offered, floor }
            }
            FloorError::Regressed { offered, floor, exception: Some(Unfit::Higher) } => {
                Self::ExceptionFloor { offered, floor }
            }
            error => Self::Floor(error),
        }
    }
}

impl AgreeError {
    /// What the ledger holds of it beside its code: for this side only.
    pub(crate) fn detail(&self) -> Option<(&'static str, Value)> {
        match self {
            Self::Use(misuse) => Some(("use", misuse.detail())),
            Self::Floor(FloorError::Regressed { offered, floor, .. })
            | Self::ExceptionPeer { offered, floor }
            | Self::ExceptionFloor { offered, floor } => {
                Some(("regressed", json!({ "offered": offered, "floor": floor })))
            }
            Self::Offer(_) | Self::Negotiate(_) | Self::Transcript(_) | Self::Feature(_) | Self::Floor(_) => None,
        }
    }
}

/// What two sides agreed on.
#[derive(Debug, Clone)]
pub(crate) struct Spoken {
    pub(crate) agreement: Agreement,
    pub(crate) transcript: Blake3Digest,
    /// The whole version of the side that began.
    pub(crate) peer: SpecVersion,
    /// How many features that side named and the other does not know: ignorable, so dropped.
    pub(crate) dropped: usize,
}

impl Spoken {
    /// What the side that began and the side that answers come to.
    pub(crate) fn between(initiator: Party<'_>, responder: Party<'_>) -> Result<Self, AgreeError> {
        // Whoever refuses is the one that answers: `ours` in an error is the responder's.
        let agreement = negotiate(responder.offer, initiator.offer).map_err(AgreeError::Negotiate)?;
        let transcript = transcript_hash(initiator, responder, &agreement).map_err(AgreeError::Transcript)?;
        let unknown = |feature: &&Feature| agreement.revision(feature.id().as_str()).is_none();
        let dropped = initiator.offer.features().iter().filter(unknown).count();
        Ok(Self { agreement, transcript, peer: initiator.offer.spec(), dropped })
    }

    /// Whether `revision` of the feature called `id` keeps to the agreement.
    pub(crate) fn check_use(&self, id: &str, revision: u16) -> Result<(), AgreeError> {
        let id = FeatureId::parse(id).map_err(AgreeError::Feature)?;
        let checked = self.agreement.check_use(&id, revision);
        checked.map_err(|error| AgreeError::Use(Misuse { error, used: revision }))
    }

    /// What an entry holds of it beside the transcript.
    pub(crate) fn recorded(&self) -> Value {
        let old: Vec<_> = deprecated(&self.agreement).map(|feature| feature.id).collect();
        recorded(&self.agreement, self.peer, &old)
    }
}

/// The agreed line, the whole version of the side that began, and which agreed features are deprecated, if any.
fn recorded(agreement: &Agreement, peer: SpecVersion, deprecated: &[&str]) -> Value {
    let mut value = json!({ "agreed": agreement.spec(), "peer": peer });
    if let Some(object) = value.as_object_mut().filter(|_| !deprecated.is_empty()) {
        object.insert("deprecated".to_owned(), json!(deprecated));
    }
    value
}

/// Whether a pack keeps to what it says it needs: of each feature that it names in `needs`, and that
/// is measured in `used`, the agreed revision is the one it is made in.
pub(crate) fn check_pack_use(spoken: &Spoken, needs: &Offer, used: &[(&str, u16)]) -> Result<(), AgreeError> {
    let named = |id: &str| needs.features().iter().any(|feature| feature.id().as_str() == id);
    let named = used.iter().filter(|(id, _)| named(id));
    named.copied().try_for_each(|(id, revision)| spoken.check_use(id, revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(features: &[(&str, u16, u16)]) -> Offer {
        let feature =
            |(id, min, max): &(&str, u16, u16)| Feature::new(FeatureId::parse(id).unwrap(), *min, *max, false);
        let features = features.iter().map(|one| feature(one).unwrap()).collect();
        Offer::new(SpecVersion::new(1, 0, 7), SpecVersion::new(1, 0, 0), features).unwrap()
    }

    fn spoken(needs: &Offer, ours: &Offer) -> Spoken {
        Spoken::between(Party { id: &[1; 32], offer: needs }, Party { id: &[2; 32], offer: ours }).unwrap()
    }

    #[test]
    fn v08_a_pack_is_made_in_the_revisions_that_were_agreed_on() {
        let ours = offer(&[("pack.definitions", 1, 2), ("pack.ustar", 1, 3)]);
        let code = |needs: &[(&str, u16, u16)], used: &[(&str, u16)]| {
            let needs = offer(needs);
            let checked = check_pack_use(&spoken(&needs, &ours), &needs, used);
            checked.map_or_else(|error| (error.code(), error.detail()), |()| ("ok", None))
        };
        let lie = |agreed: Value| Some(("use", agreed));
        assert_eq!(code(&[("pack.ustar", 1, 2)], &[("pack.ustar", 2)]), ("ok", None));
        let mismatch = lie(json!({ "feature": "pack.ustar", "agreed": 2, "used": 1 }));
        assert_eq!(code(&[("pack.ustar", 1, 2)], &[("pack.ustar", 1)]), ("spec.revision_mismatch", mismatch));
        // A revision that we do not know was never agreed on, and the pack is made in another.
        let unagreed = lie(json!({ "feature": "pack.ustar", "agreed": null, "used": 1 }));
        assert_eq!(code(&[("pack.ustar", 4, 9)], &[("pack.ustar", 1)]), ("spec.feature_not_agreed", unagreed));
        // What it does not name it does not lie about, and what it does not use is no use.
        assert_eq!(code(&[("pack.ustar", 1, 2)], &[("pack.ustar", 2), ("pack.definitions", 9)]), ("ok", None));
        assert_eq!(code(&[("pack.definitions", 1, 1), ("pack.ustar", 1, 2)], &[("pack.ustar", 2)]), ("ok", None));
        assert_eq!(code(&[], &[("pack.ustar", 1)]), ("ok", None));
    }

    #[test]
    fn v10_v11_the_whole_version_and_what_is_deprecated_are_recorded() {
        let both = offer(&[("pack.ustar", 1, 1)]);
        let spoken = spoken(&both, &both);
        assert_eq!(spoken.dropped, 0);
        assert_eq!(spoken.recorded(), json!({ "agreed": "1.0", "peer": "1.0.7" }));
        let old = recorded(&spoken.agreement, spoken.peer, &["old.way", "old.word"]);
        assert_eq!(old, json!({ "agreed": "1.0", "peer": "1.0.7", "deprecated": ["old.way", "old.word"] }));
    }

    #[test]
    fn v04_an_exception_that_does_not_fit_has_a_code_of_its_own() {
        let (offered, floor) = (SpecVersion::new(1, 0, 0), SpecVersion::new(1, 2, 0));
        let code = |exception| AgreeError::from(FloorError::Regressed { offered, floor, exception }).code();
        assert_eq!(code(None), "spec.regressed");
        assert_eq!(code(Some(Unfit::Ended)), "spec.regressed");
        assert_eq!(code(Some(Unfit::OtherPeer)), "spec.exception_other_peer");
        assert_eq!(code(Some(Unfit::Higher)), "spec.exception_too_high");
        let detail = AgreeError::from(FloorError::Regressed { offered, floor, exception: None }).detail();
        assert_eq!(detail, Some(("regressed", json!({ "offered": "1.0.0", "floor": "1.2.0" }))));
    }
}
