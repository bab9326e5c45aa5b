//! The features this release has, in their revisions, and the offers that follow from them.

use serde::Serialize;

use crate::{Agreement, Feature, FeatureError, FeatureId, Offer, OfferError, SpecVersion, features::REGISTRY};

/// What ids that nobody will ever understand begin with.
///
/// One of them stands in every offer of ours, so that a peer which fails on an unknown ignorable
/// feature is found now and not when a real one is added.
pub const GREASE_PREFIX: &str = "grease.";
const GREASE: &str = "grease.1";
/// The lowest version that any release of this major accepts.
const FLOOR: SpecVersion = SpecVersion::new(1, 0, 0);
/// Every version that was ever released with this major, oldest first, the current one last. A
/// transcript holds the whole version of an offer, so the patch is kept here too.
const RELEASES: &[SpecVersion] = &[SpecVersion::CURRENT];

/// A feature of this release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Registered {
    /// Its id.
    pub id: &'static str,
    // INVARIANT: never empty, numbers ascending by one, `since` never descending.
    /// Every revision understood, the lowest first.
    pub revisions: &'static [Revision],
    /// The spec version from which its use is recorded as deprecated.
    pub deprecated: Option<SpecVersion>,
    /// The spec version from which it is no longer offered.
    pub removed: Option<SpecVersion>,
    /// What it is, in one line.
    pub what: &'static str,
    /// What a side does when the other lacks it, in one line.
    pub absent: &'static str,
}

/// One revision of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// Its number.
    pub number: u16,
    /// The spec version it came with.
    pub since: SpecVersion,
    /// What it is, or what it adds to the one before, in one line.
    pub what: &'static str,
}

/// Where a feature stands at some spec version. Exhaustive: each case is treated differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Not there yet.
    Coming,
    /// In use.
    Active,
    /// Still works; its use is recorded.
    Deprecated,
    /// No longer offered.
    Removed,
}

/// Every feature this release has, sorted by id.
#[must_use]
pub const fn registry() -> &'static [Registered] {
    REGISTRY
}

impl Registered {
    /// The spec version that its first revision came with.
    #[must_use]
    pub fn since(&self) -> Option<SpecVersion> {
        self.revisions.first().map(|revision| revision.since)
    }

    /// Where this feature stands at `spec`.
    #[must_use]
    pub fn state_at(&self, spec: SpecVersion) -> Lifecycle {
        let reached = |version: SpecVersion| version.line() <= spec.line();
        if self.removed.is_some_and(reached) {
            Lifecycle::Removed
        } else if !self.since().is_some_and(reached) {
            Lifecycle::Coming
        } else if self.deprecated.is_some_and(reached) {
            Lifecycle::Deprecated
        } else {
            Lifecycle::Active
        }
    }

    /// What a release of `spec` offers of this feature, if anything.
    fn offered_at(&self, spec: SpecVersion) -> Result<Option<Feature>, FeatureError> {
        let known = self.revisions.iter().filter(|revision| revision.since.line() <= spec.line());
        let numbers = known.map(|revision| revision.number);
        match (self.state_at(spec), numbers.clone().min(), numbers.max()) {
            (Lifecycle::Active | Lifecycle::Deprecated, Some(min), Some(max)) => {
                Feature::new(FeatureId::parse(self.id)?, min, max, false).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// What this release offers: every feature that is not removed, and one that nobody understands.
///
/// None is critical, because packs and peers face the same offer and neither needs all of it:
/// the side that cannot do without a feature marks it in its own offer.
///
/// # Errors
/// [`OfferError`] if the registry were not a valid offer, which a test rules out.
pub fn own_offer() -> Result<Offer, OfferError> {
    offer_at(SpecVersion::CURRENT)
}

/// What a release of `spec` offers: what the registry holds since then or before, and is not
/// removed by then. The patch of `spec` only stands in the offer.
///
/// # Errors
/// [`OfferError::NotReleased`] for another major, or a minor above the current one: what those
/// offer is not known here.
pub fn offer_at(spec: SpecVersion) -> Result<Offer, OfferError> {
    let (asked, current) = (spec.line(), SpecVersion::CURRENT.line());
    if asked.major != current.major || asked > current {
        return Err(OfferError::NotReleased { spec, current: SpecVersion::CURRENT });
    }
    offer_of(REGISTRY, spec)
}

/// The offer of every release of this major up to this one, the newest first: what a peer or a run
/// log of that release negotiated with.
///
/// # Errors
/// [`OfferError`] if the registry were not a valid offer, which a test rules out.
pub fn released_offers() -> Result<Vec<Offer>, OfferError> {
    RELEASES.iter().rev().copied().map(offer_at).collect()
}

fn offer_of(table: &[Registered], spec: SpecVersion) -> Result<Offer, OfferError> {
    let grease = FeatureId::parse(GREASE).and_then(|id| Feature::new(id, 1, 1, false));
    let offered = table.iter().filter_map(|row| row.offered_at(spec).transpose());
    let features = offered.chain([grease]).collect::<Result<Vec<_>, _>>();
    let mut features = features.map_err(OfferError::Feature)?;
    features.sort_by(|a, b| a.id().cmp(b.id()));
    Offer::new(spec, FLOOR, features)
}

/// The agreed features that this release calls deprecated; whoever uses the agreement records them.
pub fn deprecated(agreement: &Agreement) -> impl Iterator<Item = &'static Registered> {
    deprecated_of(REGISTRY, SpecVersion::CURRENT, agreement)
}

fn deprecated_of<'t>(
    table: &'t [Registered],
    spec: SpecVersion,
    agreement: &Agreement,
) -> impl Iterator<Item = &'t Registered> {
    table.iter().filter(move |row| row.state_at(spec) == Lifecycle::Deprecated && agreement.revision(row.id).is_some())
}

#[cfg(test)]
mod tests;
