//! Where trust comes from on a command line: a document, and what pins it.

use reach_pack_integrity::SeenVersions;
use reach_runner::{Access, State, load_trust, trusting::LoadTrustError};
use reach_signing::{TrustError, VerifiedTrust};
use reach_types::Timestamp;

use crate::{
    World,
    arguments::TrustSource,
    commands::flags::parse_pin,
    report::{Failure, Report},
};

/// A trust document as a command was given it, and the state directory if there is one.
pub(crate) struct Trusted {
    pub(crate) trust: VerifiedTrust,
    pub(crate) state: Option<State>,
    pub(crate) now: Timestamp,
}

impl Trusted {
    pub(crate) fn load(source: &TrustSource, world: &World) -> Result<Self, Failure> {
        let pin = source.trust_root.as_deref().map(parse_pin).transpose()?;
        let Some(dir) = &source.state else {
            let now = world.now();
            return Ok(Self { trust: load_trust(&source.trust, pin.as_ref(), now)?, state: None, now });
        };
        let state = State::open(dir, Access::Read)?;
        let now = state.now(world)?;
        let trust = state.load_trust(&source.trust, now)?;
        if pin.is_some_and(|pin| pin != *trust.root()) {
            return Err(LoadTrustError::Trust { path: source.trust.clone(), error: TrustError::RootMismatch }.into());
        }
        Ok(Self { trust, state: Some(state), now })
    }

    /// The versions seen before, if a state directory remembers them.
    pub(crate) fn seen(&self) -> Option<&dyn SeenVersions> {
        self.state.as_ref().map(|state| &state.memory as &dyn SeenVersions)
    }

    /// Says what the verdict rests on.
    pub(crate) fn note(&self, report: Report) -> Report {
        let root = if self.trust.pinned() { "pinned" } else { "caller_supplied" };
        let rollback = if self.state.is_some() { "checked" } else { "not checked" };
        report
            .field("trust_root", root)
            .field("trust_root_digest", self.trust.root().to_string())
            .field("rollback", rollback)
            .line(format!("trust_root: {root}, rollback: {rollback}"))
    }
}
