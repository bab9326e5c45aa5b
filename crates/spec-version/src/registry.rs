//! The features this release has, and the offer that follows from them.

use serde::Serialize;

use crate::{Agreement, Feature, FeatureError, FeatureId, Offer, OfferError, SpecVersion};

/// What ids that nobody will ever understand begin with.
///
/// One of them stands in every offer of ours, so that a peer which fails on an unknown ignorable
/// feature is found now and not when a real one is added.
pub const GREASE_PREFIX: &str = "grease.";
const GREASE: &str = "grease.1";

/// A feature of this release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Registered {
    /// Its id.
    pub id: &'static str,
    /// The lowest revision understood.
    pub min: u16,
    /// The highest revision understood.
    pub max: u16,
    /// The spec version it came with.
    pub since: SpecVersion,
    /// The spec version from which its use is recorded as deprecated.
    pub deprecated: Option<SpecVersion>,
    /// The spec version from which it is no longer offered.
    pub removed: Option<SpecVersion>,
    /// What it is, in one line.
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

const fn first(id: &'static str, what: &'static str) -> Registered {
    let since = SpecVersion::new(1, 0, 0);
    Registered { id, min: 1, max: 1, since, deprecated: None, removed: None, what }
}

const REGISTRY: &[Registered] = &[
    first("audit.leaf", "ledger leaves that commit to header and payload and name the previous leaf of their run"),
    first("mesh.link", "delegation links, each signed by the node that hands the run on"),
    first("pack.statement", "pack signatures as in-toto statements in a DSSE envelope"),
    first("pack.ustar", "packs as deterministic USTAR archives"),
    first("policy.bundle", "policy bundles signed over their strict encoding"),
    first("replay.log", "run logs of chained frames with guards in the header and a signed end"),
];

/// Every feature this release has, sorted by id.
#[must_use]
pub const fn registry() -> &'static [Registered] {
    REGISTRY
}

impl Registered {
    /// Where this feature stands at `spec`.
    #[must_use]
    pub fn state_at(&self, spec: SpecVersion) -> Lifecycle {
        let reached = |version: SpecVersion| version.line() <= spec.line();
        if self.removed.is_some_and(reached) {
            Lifecycle::Removed
        } else if !reached(self.since) {
            Lifecycle::Coming
        } else if self.deprecated.is_some_and(reached) {
            Lifecycle::Deprecated
        } else {
            Lifecycle::Active
        }
    }

    fn feature(&self) -> Result<Feature, FeatureError> {
        Feature::new(FeatureId::parse(self.id)?, self.min, self.max, false)
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
    offer_of(REGISTRY, SpecVersion::CURRENT)
}

fn offer_of(table: &[Registered], spec: SpecVersion) -> Result<Offer, OfferError> {
    let offered = |row: &&Registered| matches!(row.state_at(spec), Lifecycle::Active | Lifecycle::Deprecated);
    let grease = FeatureId::parse(GREASE).and_then(|id| Feature::new(id, 1, 1, false));
    let features = table.iter().filter(offered).map(Registered::feature).chain([grease]);
    let mut features = features.collect::<Result<Vec<_>, _>>().map_err(OfferError::Feature)?;
    features.sort_by(|a, b| a.id().cmp(b.id()));
    Offer::new(spec, SpecVersion::new(1, 0, 0), features)
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
mod tests {
    use super::*;
    use crate::negotiate;

    const NOW: SpecVersion = SpecVersion::CURRENT;

    #[test]
    fn the_registry_is_sorted_unique_and_well_formed() {
        assert!(registry().is_sorted_by(|a, b| a.id < b.id));
        for row in registry() {
            row.feature().unwrap();
            assert!(!row.id.starts_with(GREASE_PREFIX) && row.since <= NOW && !row.what.is_empty(), "{}", row.id);
        }
        let offer = own_offer().unwrap();
        assert_eq!(offer.features().len(), registry().len() + 1);
        assert_eq!(offer.spec(), NOW);
    }

    #[test]
    fn grease_is_always_offered_and_never_agreed() {
        let offer = own_offer().unwrap();
        assert!(offer.features().iter().any(|f| f.id().as_str() == GREASE && !f.is_critical()));
        let agreement = negotiate(&offer, &offer).unwrap();
        assert_eq!(agreement.features().len(), registry().len());
        assert_eq!(agreement.revision(GREASE), None);
        assert_eq!(agreement.revision("mesh.link"), Some(1));
        assert_eq!(deprecated(&agreement).count(), 0);
    }

    #[test]
    fn v11_a_deprecated_feature_works_until_its_removal() {
        let old = Registered {
            deprecated: Some(SpecVersion::new(1, 2, 0)),
            removed: Some(SpecVersion::new(1, 4, 0)),
            ..first("old.way", "an example")
        };
        let table = [old, Registered { since: SpecVersion::new(1, 3, 0), ..first("zz.new", "another") }];
        let seen = |minor| {
            let spec = SpecVersion::new(1, minor, 7);
            let offer = offer_of(&table, spec).unwrap();
            let agreement = negotiate(&offer, &offer).unwrap();
            let recorded: Vec<_> = deprecated_of(&table, spec, &agreement).map(|row| row.id).collect();
            (agreement.revision("old.way").is_some(), recorded, agreement.revision("zz.new").is_some())
        };
        assert_eq!(seen(1), (true, vec![], false));
        assert_eq!(seen(2), (true, vec!["old.way"], false));
        assert_eq!(seen(3), (true, vec!["old.way"], true));
        assert_eq!(seen(4), (false, vec![], true));
        let listed = serde_json::to_value(table).unwrap();
        assert_eq!(listed[0]["deprecated"], "1.2.0");
        assert_eq!(listed[0]["removed"], "1.4.0");
        assert_eq!(listed[1]["removed"], serde_json::Value::Null);
    }
}
