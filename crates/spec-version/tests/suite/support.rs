//! Short ways to say an offer.

use reach_spec_version::{Feature, FeatureId, Offer, SpecVersion};

pub(crate) fn version(text: &str) -> SpecVersion {
    SpecVersion::parse(text).unwrap()
}

pub(crate) fn id(text: &str) -> FeatureId {
    FeatureId::parse(text).unwrap()
}

/// `(id, min, max, critical)`.
pub(crate) type Row<'a> = (&'a str, u16, u16, bool);

pub(crate) fn features(rows: &[Row<'_>]) -> Vec<Feature> {
    rows.iter().map(|(text, min, max, critical)| Feature::new(id(text), *min, *max, *critical).unwrap()).collect()
}

pub(crate) fn offer(spec: &str, floor: &str, rows: &[Row<'_>]) -> Offer {
    Offer::new(version(spec), version(floor), features(rows)).unwrap()
}
