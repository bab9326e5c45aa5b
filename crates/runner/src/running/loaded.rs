//! What a run is made of, verified: the trust document, the pack, the policy bundle.

use std::path::Path;

use reach_pack_integrity::{Expected, Provenance, SeenVersions, Verification, VerifiedPack};
use reach_policy::VerifiedBundle;
use reach_signing::VerifiedTrust;
use reach_types::Timestamp;

use super::RunError;
use crate::{
    World,
    packs::{self, Exemptions, PackFiles},
    policies,
    standing::FileMark,
    state::State,
    state_error::StateError,
};

/// The files a pack and its policy come from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'p> {
    /// The pack.
    pub pack: &'p Path,
    /// Its signature, if it is not beside it.
    pub signature: Option<&'p Path>,
    /// The policy bundle.
    pub policy: &'p Path,
    /// The trust document.
    pub trust: &'p Path,
}

/// What [`Sources`] verified to.
#[derive(Debug)]
pub struct Loaded {
    /// The trust document.
    pub trust: VerifiedTrust,
    /// The pack.
    pub pack: VerifiedPack,
    /// The policy bundle.
    pub bundle: VerifiedBundle,
    /// The moment they were verified for.
    pub now: Timestamp,
    /// What the trust file looked like before it was read, if that tells it from any later state.
    pub mark: Option<FileMark>,
}

impl Loaded {
    /// Verifies trust, pack and bundle under `state`'s pin and floors.
    ///
    /// # Errors
    /// [`RunError::State`], [`RunError::Pack`], [`RunError::Policy`].
    pub fn verify(world: &World, state: &State, sources: &Sources<'_>) -> Result<Self, RunError> {
        Self::verify_over(world, state, sources, true)
    }

    /// As [`Loaded::verify`], for looking back at a run: what came after it is no floor for it.
    ///
    /// # Errors
    /// As [`Loaded::verify`].
    pub fn verify_past(world: &World, state: &State, sources: &Sources<'_>) -> Result<Self, RunError> {
        Self::verify_over(world, state, sources, false)
    }

    fn verify_over(world: &World, state: &State, sources: &Sources<'_>, floors: bool) -> Result<Self, RunError> {
        let now = state.now(world)?;
        let mark = FileMark::of(sources.trust, world.now());
        let trust = state.load_trust(sources.trust, now)?;
        let seen = floors.then_some(&state.memory as &dyn SeenVersions);
        let asked = Verification { trust: &trust, expected: &Expected::default(), now, seen, evidence: None };
        let files = PackFiles::of(sources.pack, sources.signature, sources.trust);
        let pack = match packs::verify(&files, &asked) {
            Err(refusal) if !packs::is_unsigned(&refusal) => return Err(RunError::Pack(refusal)),
            pack => pack,
        };
        let bundle =
            policies::verify(sources.policy, &trust, now, floors.then_some(state)).map_err(RunError::Policy)?;
        // Only a verified bundle can say anything about a pack without a signature.
        let exemptions = Exemptions::of(&world.environment, bundle.policy()).map_err(RunError::Environment)?;
        let pack = pack.or_else(|refusal| packs::exempt(refusal, &files, &asked, &exemptions));
        let pack = pack.map_err(RunError::Pack)?;
        Ok(Self { trust, pack, bundle, now, mark })
    }

    /// Raises the floors to what was just verified, whatever the policy then decides about it: a
    /// bundle that denies is the very one that somebody would roll back. Nothing is remembered of
    /// what did not verify, nor the version that a pack says it has where nobody signed for that.
    ///
    /// # Errors
    /// [`RunError::State`].
    pub fn remember(&self, state: &State) -> Result<(), RunError> {
        let (facts, memory) = (self.pack.facts(), &state.memory);
        let raised = memory
            .raise_high_water(self.now)
            .and_then(|()| memory.raise_trust_floor(self.trust.document().version, *self.trust.digest()))
            .and_then(|()| memory.raise_bundle_floor(self.bundle.policy().name(), &self.bundle.floor()))
            .and_then(|()| match self.pack.provenance() {
                Provenance::Signed { .. } => memory.raise_pack_floor(&facts.name, facts.version, facts.digest),
                Provenance::LegacyUnsigned { .. } => Ok(()),
            });
        raised.map_err(|error| RunError::State(StateError::Memory(error)))
    }
}
