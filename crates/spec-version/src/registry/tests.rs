//! The registry as it is, and as later releases might have it.

use reach_types::Code;

use super::*;
use crate::{SpecLine, negotiate};

const NOW: SpecVersion = SpecVersion::CURRENT;
const fn v1(minor: u16) -> SpecVersion {
    SpecVersion::new(1, minor, 0)
}

#[test]
fn the_registry_is_sorted_unique_and_well_formed() {
    assert!(registry().is_sorted_by(|a, b| a.id < b.id));
    for row in registry() {
        let id = row.id;
        assert!(!id.starts_with(GREASE_PREFIX), "{id}");
        assert!(row.revisions.iter().zip(row.revisions.iter().skip(1)).all(|(a, b)| a.number + 1 == b.number), "{id}");
        assert!(row.revisions.is_sorted_by_key(|revision| revision.since), "{id}");
        assert!(row.revisions.iter().all(|revision| revision.since <= NOW && !revision.what.is_empty()), "{id}");
        assert!(row.deprecated.is_none_or(|at| row.since().unwrap() < at), "{id}");
        assert!(row.removed.is_none_or(|at| row.deprecated.is_some_and(|before| before < at)), "{id}");
        assert!(!row.what.is_empty() && !row.absent.is_empty(), "{id}");
    }
}

#[test]
fn our_offer_holds_the_registry_and_nothing_critical() {
    let offer = own_offer().unwrap();
    assert_eq!((offer.spec(), offer.floor()), (NOW, FLOOR));
    assert_eq!(offer.features().len(), registry().len() + 1);
    for row in registry() {
        let feature = offer.features().iter().find(|feature| feature.id().as_str() == row.id).unwrap();
        let numbers = (row.revisions.first().unwrap().number, row.revisions.last().unwrap().number);
        assert_eq!((feature.min(), feature.max(), feature.is_critical()), (numbers.0, numbers.1, false), "{}", row.id);
    }
}

#[test]
fn grease_is_always_offered_and_never_agreed() {
    for offer in released_offers().unwrap() {
        assert!(offer.features().iter().any(|f| f.id().as_str() == GREASE && !f.is_critical()));
        let agreement = negotiate(&offer, &offer).unwrap();
        assert_eq!(agreement.features().len() + 1, offer.features().len());
        assert_eq!(agreement.revision(GREASE), None);
        assert_eq!(agreement.revision("mesh.link"), Some(1));
    }
    let own = own_offer().unwrap();
    assert_eq!(deprecated(&negotiate(&own, &own).unwrap()).count(), 0);
}

#[test]
fn releases_are_known_and_other_versions_are_not() {
    assert!(RELEASES.is_sorted_by(|a, b| a < b) && RELEASES.last() == Some(&NOW));
    assert!(RELEASES.iter().all(|release| release.line().major == NOW.line().major));
    let offers = released_offers().unwrap();
    assert_eq!(offers.len(), RELEASES.len());
    assert_eq!(offers.first(), Some(&own_offer().unwrap()), "the newest first");

    let SpecLine { major, minor } = NOW.line();
    let code = |spec| offer_at(spec).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(code(SpecVersion::new(major, minor, u16::MAX)), "ok");
    assert_eq!(code(SpecVersion::new(major, minor + 1, 0)), "spec.not_released");
    assert_eq!(code(SpecVersion::new(major + 1, 0, 0)), "spec.not_released");
    assert_eq!(code(SpecVersion::new(major - 1, 0, 0)), "spec.not_released");
    let patched = offer_at(SpecVersion::new(major, minor, 7)).unwrap();
    assert_eq!(patched.spec().to_string(), format!("{major}.{minor}.7"));
    assert_eq!(patched.features(), own_offer().unwrap().features());
}

const fn revision(number: u16, since: SpecVersion) -> Revision {
    Revision { number, since, what: "an example" }
}

const fn example(id: &'static str, revisions: &'static [Revision]) -> Registered {
    Registered { id, revisions, deprecated: None, removed: None, what: "an example", absent: "nothing happens" }
}

/// What later releases might come to.
const LATER: &[Registered] = &[
    example("kept", &[revision(3, v1(0)), revision(4, v1(2)), revision(5, v1(2))]),
    Registered { deprecated: Some(v1(2)), removed: Some(v1(4)), ..example("old.way", &[revision(1, v1(0))]) },
    example("zz.new", &[revision(1, v1(3))]),
];

#[test]
fn an_offer_has_the_revisions_of_its_minor() {
    let range = |minor| {
        let offer = offer_of(LATER, SpecVersion::new(1, minor, 9)).unwrap();
        let kept = offer.features().iter().find(|feature| feature.id().as_str() == "kept").unwrap();
        (kept.min(), kept.max())
    };
    assert_eq!([0, 1, 2, 3].map(range), [(3, 3), (3, 3), (3, 5), (3, 5)]);
    let old = offer_of(LATER, v1(1)).unwrap();
    let new = offer_of(LATER, v1(3)).unwrap();
    assert_eq!(negotiate(&new, &old).unwrap().revision("kept"), Some(3), "the lower of the two ends");
    assert_eq!(negotiate(&new, &new).unwrap().revision("kept"), Some(5));
}

#[test]
fn v11_a_deprecated_feature_works_until_its_removal() {
    let seen = |minor| {
        let spec = SpecVersion::new(1, minor, 7);
        let offer = offer_of(LATER, spec).unwrap();
        let agreement = negotiate(&offer, &offer).unwrap();
        let recorded: Vec<_> = deprecated_of(LATER, spec, &agreement).map(|row| row.id).collect();
        (agreement.revision("old.way").is_some(), recorded, agreement.revision("zz.new").is_some())
    };
    assert_eq!(seen(1), (true, vec![], false));
    assert_eq!(seen(2), (true, vec!["old.way"], false));
    assert_eq!(seen(3), (true, vec!["old.way"], true));
    assert_eq!(seen(4), (false, vec![], true));
    let states = [0, 1, 2, 3, 4].map(|minor| LATER[1].state_at(v1(minor)));
    use Lifecycle::{Active, Deprecated, Removed};
    assert_eq!(states, [Active, Active, Deprecated, Deprecated, Removed]);
    assert_eq!([2, 3].map(|minor| LATER[2].state_at(v1(minor))), [Lifecycle::Coming, Active]);

    // One side is ahead of the removal: the other still offers it, and neither fails.
    let (before, after) = (offer_of(LATER, v1(3)).unwrap(), offer_of(LATER, v1(4)).unwrap());
    assert_eq!(negotiate(&before, &after).unwrap().revision("old.way"), None);
}

#[test]
fn v11_the_machine_readable_registry_lists_it() {
    let listed = serde_json::to_value(LATER).unwrap();
    assert_eq!(
        listed[1],
        serde_json::json!({
            "id": "old.way",
            "revisions": [{ "number": 1, "since": "1.0.0", "what": "an example" }],
            "deprecated": "1.2.0",
            "removed": "1.4.0",
            "what": "an example",
            "absent": "nothing happens",
        })
    );
    assert_eq!(listed[2]["removed"], serde_json::Value::Null);
}
