//! Meeting the issuer of a chain: what both speak, and whether it offers less than it once did.

use std::{cell::OnceCell, io};

use reach_mesh_delegation::{FIRST_RECEIPT_VERSION, Link, SpecRefusal};
use reach_spec_version::{FloorError, FloorStore, FloorVerdict, Offer, Party, SpecVersion, check_floor, own_offer};
use reach_types::{Blake3Digest, Timestamp};
use serde_json::{Value, json};

use super::LINK_FEATURE;
use crate::{
    agreeing::{AgreeError, Spoken},
    running::with_detail,
    spec_exception::Excepted,
    state::State,
};

/// The feature that receipts are.
const RECEIPT_FEATURE: &str = "mesh.receipt";

/// This node's side of a meeting, which takes place once the issuer's signature is verified.
pub(super) struct Meeting<'a> {
    state: &'a State,
    excepted: Option<&'a Excepted>,
    now: Timestamp,
    met: OnceCell<Met>,
}

/// What came of it.
pub(super) enum Met {
    /// They do not speak the same.
    Apart(AgreeError),
    /// They do, but this node does not go by it.
    Refused { spoken: Spoken, error: AgreeError },
    /// They do; the digest is of the exception that was needed for it.
    Held { spoken: Spoken, exception: Option<Blake3Digest> },
}

impl<'a> Meeting<'a> {
    pub(super) const fn new(state: &'a State, excepted: Option<&'a Excepted>, now: Timestamp) -> Self {
        Self { state, excepted, now, met: OnceCell::new() }
    }

    /// What became of it; `None` if the chain was refused before.
    pub(super) fn into_met(self) -> Option<Met> {
        self.met.into_inner()
    }

    /// The transcript that the last link of a chain must hold.
    pub(super) fn transcript(&self, link: &Link) -> Result<Blake3Digest, SpecRefusal> {
        match self.met.get_or_init(|| self.meet(link)) {
            Met::Held { spoken, .. } => Ok(spoken.transcript),
            Met::Apart(error) | Met::Refused { error, .. } => Err(SpecRefusal::of(error)),
        }
    }

    fn meet(&self, link: &Link) -> Met {
        let spoken = match speak(link) {
            Ok(spoken) => spoken,
            Err(error) => return Met::Apart(error),
        };
        match self.hold(link, &spoken) {
            Ok(exception) => Met::Held { spoken, exception },
            Err(error) => Met::Refused { spoken, error },
        }
    }

    /// Holds the issuer to what it offered before, and the link to what was agreed on.
    fn hold(&self, link: &Link, spoken: &Spoken) -> Result<Option<Blake3Digest>, AgreeError> {
        let (peer, exception) = (link.issuer.0.as_bytes(), self.excepted.map(|excepted| &excepted.exception));
        let offer = Offer::decode(&link.terms.offer).map_err(AgreeError::Offer)?;
        let verdict = check_floor(self.state, peer, &offer, exception, self.now)?;
        spoken.check_use(LINK_FEATURE, link.version)?;
        let used = self.excepted.filter(|_| verdict == FloorVerdict::Excepted);
        Ok(used.map(|excepted| excepted.digest))
    }
}

/// What the issuer of `link`, who began, and this release come to.
fn speak(link: &Link) -> Result<Spoken, AgreeError> {
    let theirs = Offer::decode(&link.terms.offer).map_err(AgreeError::Offer)?;
    let ours = own_offer().map_err(AgreeError::Offer)?;
    Spoken::between(
        Party { id: link.issuer.0.as_bytes(), offer: &theirs },
        Party { id: link.terms.audience.0.as_bytes(), offer: &ours },
    )
}

impl Met {
    pub(super) const fn spoken(&self) -> Option<&Spoken> {
        match self {
            Self::Apart(_) => None,
            Self::Refused { spoken, .. } | Self::Held { spoken, .. } => Some(spoken),
        }
    }

    /// `payload` with what an entry holds of the meeting.
    pub(super) fn record(&self, payload: Value) -> Value {
        let (exception, detail) = match self {
            Self::Held { exception, .. } => (*exception, None),
            Self::Apart(error) | Self::Refused { error, .. } => (None, error.detail()),
        };
        let spec = self.spoken().map(Spoken::recorded);
        let spec = spec.map(|spec| with_detail(spec, exception.map(|digest| ("exception", json!(digest)))));
        let payload = with_detail(payload, self.spoken().map(|spoken| ("transcript", json!(spoken.transcript))));
        with_detail(with_detail(payload, spec.map(|spec| ("spec", spec))), detail)
    }
}

/// The version in which the issuer reads receipts, if it reads any. Of one with which nothing was
/// agreed, nothing is known: the first version is the one that every release reads.
pub(super) fn receipt_version(spoken: Option<&Spoken>) -> Option<u16> {
    spoken.map_or(Some(FIRST_RECEIPT_VERSION), |spoken| spoken.agreement.revision(RECEIPT_FEATURE))
}

/// As `NodeMemory`, and held against the ledger: a floor that is not there was never raised only if
/// none is missing of those that the ledger has seen.
impl FloorStore for State {
    fn floor(&self, peer: &[u8; 32]) -> Result<Option<SpecVersion>, FloorError> {
        let kept = self.memory.floor(peer)?;
        let unavailable = |source| FloorError::Store { source };
        if kept.is_none() && self.floors_missing().map_err(|error| unavailable(io::Error::other(error)))? {
            return Err(unavailable(io::Error::other("fewer floors are kept than the ledger has seen")));
        }
        Ok(kept)
    }

    fn raise(&mut self, peer: &[u8; 32], seen: SpecVersion) -> Result<(), FloorError> {
        self.memory.raise(peer, seen)
    }
}
