//! What a run depended on: as its log claims, and as the verifier expects.

use std::fmt;

use reach_types::Blake3Digest;
use serde::{Deserialize, Serialize};

/// A digest that a log claims.
///
/// It can be shown to a person and compared by [`verify`](crate::verify). It never turns back into
/// a [`Blake3Digest`], so that it cannot stand where an expectation belongs.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claimed(Blake3Digest);

impl Claimed {
    fn is_absent(self) -> bool {
        self.0.as_bytes() == &[0; 32]
    }
}

impl From<Blake3Digest> for Claimed {
    fn from(digest: Blake3Digest) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claimed({self})")
    }
}

/// One of the things a run depended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// The pack.
    Pack,
    /// The policy bundle.
    Bundle,
    /// The registry snapshot.
    Registry,
    /// The spec transcript.
    Transcript,
    /// The engine and its version.
    Engine,
    /// The delegation chain.
    Chain,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pack => "pack",
            Self::Bundle => "bundle",
            Self::Registry => "registry",
            Self::Transcript => "transcript",
            Self::Engine => "engine",
            Self::Chain => "chain",
        })
    }
}

/// What a run depended on, as the header of its log claims. A digest of zeros counts as absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guards {
    /// The pack's archive.
    pub pack: Claimed,
    /// The policy bundle's payload.
    pub bundle: Claimed,
    /// The registry snapshot.
    pub registry: Claimed,
    /// The transcript of the spec negotiation.
    pub transcript: Claimed,
    /// The engine and its version: see [`engine_digest`].
    pub engine: Claimed,
    /// The delegation chain, if the run was delegated.
    pub chain: Option<Claimed>,
}

impl Guards {
    /// The first guard that is all zeros.
    pub(crate) fn absent(&self) -> Option<Guard> {
        let mandatory = [
            (Guard::Pack, Some(self.pack)),
            (Guard::Bundle, Some(self.bundle)),
            (Guard::Registry, Some(self.registry)),
            (Guard::Transcript, Some(self.transcript)),
            (Guard::Engine, Some(self.engine)),
            (Guard::Chain, self.chain),
        ];
        mandatory.into_iter().find(|(_, claim)| claim.is_some_and(Claimed::is_absent)).map(|(guard, _)| guard)
    }
}

impl From<&ExpectedGuards> for Guards {
    /// What a recorder claims is what it holds; there is no way back.
    fn from(held: &ExpectedGuards) -> Self {
        Self {
            pack: held.pack.into(),
            bundle: held.bundle.into(),
            registry: held.registry.into(),
            transcript: held.transcript.into(),
            engine: held.engine.into(),
            chain: held.chain.map(Claimed::from),
        }
    }
}

/// What the caller holds: digests of the verified pack, bundle, registry, and so on.
///
/// Nothing that comes out of a log fits in here:
///
/// ```compile_fail,E0277
/// // r09_no_expectation_is_made_from_a_log
/// # use reach_replay::{ExpectedGuards, Header};
/// fn from_the_log(header: &Header) -> ExpectedGuards {
///     ExpectedGuards::from(&header.guards)
/// }
/// ```
/// ```compile_fail,E0308
/// # use reach_replay::{ExpectedGuards, Header};
/// fn field_by_field(mut held: ExpectedGuards, header: &Header) -> ExpectedGuards {
///     held.pack = header.guards.pack;
///     held
/// }
/// ```
/// The other way is how a header is made:
///
/// ```
/// # use reach_replay::{ExpectedGuards, Guards};
/// fn to_the_log(held: &ExpectedGuards) -> Guards {
///     Guards::from(held)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedGuards {
    /// The verified pack's archive.
    pub pack: Blake3Digest,
    /// The verified bundle's payload.
    pub bundle: Blake3Digest,
    /// The registry snapshot of this node.
    pub registry: Blake3Digest,
    /// The transcript of the spec negotiation.
    pub transcript: Blake3Digest,
    /// The engine and its version: see [`engine_digest`].
    pub engine: Blake3Digest,
    /// The accepted delegation chain; `None` expects a run that was not delegated.
    pub chain: Option<Blake3Digest>,
}

impl ExpectedGuards {
    /// The first guard in which `claims` differ.
    pub(crate) fn mismatch(&self, claims: &Guards) -> Option<Guard> {
        let held = Guards::from(self);
        let pairs = [
            (Guard::Pack, held.pack == claims.pack),
            (Guard::Bundle, held.bundle == claims.bundle),
            (Guard::Registry, held.registry == claims.registry),
            (Guard::Transcript, held.transcript == claims.transcript),
            (Guard::Engine, held.engine == claims.engine),
            (Guard::Chain, held.chain == claims.chain),
        ];
        pairs.into_iter().find(|(_, same)| !same).map(|(guard, _)| guard)
    }
}

/// The digest that names an engine and its version.
#[must_use]
pub fn engine_digest(id: &str, version: &str) -> Blake3Digest {
    Blake3Digest::derive("reach 2026 run engine v1", &[id.as_bytes(), version.as_bytes()])
}
