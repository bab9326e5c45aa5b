//! What an older peer does: each registered feature taken out of its offer, or cut to its first revision.

use reach_spec_version::{
    Agreement, Feature, NegotiateError, Offer, Registered, Revision, negotiate, offer_at, own_offer, registry,
    released_offers,
};
use reach_types::Code;

use crate::support::id;

/// `offer` with the feature `name` changed by `change`, or left out where that gives nothing.
fn changed(offer: &Offer, name: &str, change: impl Fn(&Feature) -> Option<Feature>) -> Offer {
    let kept = |f: &Feature| if f.id().as_str() == name { change(f) } else { Some(f.clone()) };
    Offer::new(offer.spec(), offer.floor(), offer.features().iter().filter_map(kept).collect()).unwrap()
}

fn ranged(name: &str, min: u16, max: u16, critical: bool) -> Feature {
    Feature::new(id(name), min, max, critical).unwrap()
}

fn critical(f: &Feature) -> Option<Feature> {
    Some(ranged(f.id().as_str(), f.min(), f.max(), true))
}

fn agreed(agreement: &Agreement) -> Vec<(&str, u16)> {
    agreement.features().iter().map(|f| (f.id.as_str(), f.revision)).collect()
}

/// Both sides come to the same, which is returned.
fn both(a: &Offer, b: &Offer) -> Result<Agreement, NegotiateError> {
    let (there, back) = (negotiate(a, b), negotiate(b, a));
    assert_eq!(there.as_ref().ok(), back.as_ref().ok());
    assert_eq!(there.as_ref().err().map(Code::code), back.as_ref().err().map(Code::code));
    there
}

#[test]
fn an_older_peer_without_a_feature_agrees_on_everything_else() {
    let own = own_offer().unwrap();
    let whole = both(&own, &own).unwrap();
    for Registered { id: name, .. } in registry() {
        let older = changed(&own, name, |_| None);
        let mut expected = agreed(&whole);
        expected.retain(|(id, _)| id != name);
        let agreement = both(&own, &older).unwrap();
        assert_eq!(agreed(&agreement), expected, "{name}");
        assert_eq!(agreement.spec(), whole.spec(), "{name}");
        let code = agreement.check_use(&id(name), 1).unwrap_err().code();
        assert_eq!(code, "spec.feature_not_agreed", "{name}: nobody uses it then");
    }
}

#[test]
fn a_feature_that_one_side_cannot_do_without_refuses_the_side_that_lacks_it() {
    let own = own_offer().unwrap();
    for Registered { id: name, .. } in registry() {
        let (needs, lacks) = (changed(&own, name, critical), changed(&own, name, |_| None));
        assert_eq!(both(&needs, &own).unwrap(), both(&own, &own).unwrap(), "{name}: the nearest good neighbour");
        for (ours, theirs) in [(&needs, &lacks), (&lacks, &needs)] {
            let error = negotiate(ours, theirs).unwrap_err();
            assert_eq!(error.code(), "spec.feature_required", "{name}");
            let NegotiateError::FeatureRequired { missing } = &error else { panic!("{name}: {error}") };
            let named: Vec<_> = missing.iter().filter_map(|m| m.ours.as_ref().or(m.theirs.as_ref())).collect();
            assert_eq!(named.iter().map(|f| f.id().as_str()).collect::<Vec<_>>(), [*name]);
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(error.redact().to_string(), "the spec version or its features are not accepted");
        }
    }
}

#[test]
fn an_older_peer_gets_the_highest_revision_that_it_has() {
    let own = own_offer().unwrap();
    for Registered { id: name, revisions, .. } in registry() {
        let first = revisions.first().unwrap().number;
        for Revision { number, .. } in *revisions {
            let older = changed(&own, name, |_| Some(ranged(name, first, *number, false)));
            let agreement = both(&own, &older).unwrap();
            assert_eq!(agreement.revision(name), Some(*number), "{name}");
            let rest = |agreement: &Agreement| {
                let all = agreed(agreement).into_iter().map(|(id, revision)| (id.to_owned(), revision));
                all.filter(|(id, _)| id != name).collect::<Vec<_>>()
            };
            assert_eq!(rest(&agreement), rest(&both(&own, &own).unwrap()), "{name}");
        }
        // A later peer that dropped every revision of ours: as if it lacked the feature.
        let past = revisions.last().unwrap().number + 1;
        let later = |critical| changed(&own, name, |_| Some(ranged(name, past, past, critical)));
        assert_eq!(both(&own, &later(false)).unwrap().revision(name), None, "{name}");
        assert_eq!(both(&own, &later(true)).unwrap_err().code(), "spec.feature_required", "{name}");
    }
}

#[test]
fn every_release_of_this_major_agrees_with_this_one_on_what_it_had() {
    let own = own_offer().unwrap();
    for older in released_offers().unwrap() {
        assert_eq!(older, offer_at(older.spec()).unwrap());
        let agreement = both(&own, &older).unwrap();
        assert_eq!(agreement.spec(), older.spec().line());
        let removed_since = registry().iter().filter(|row| row.removed.is_some()).count();
        // Everything it offered but the grease, and what was removed since.
        assert!(agreement.features().len() + 1 + removed_since >= older.features().len(), "{}", older.spec());
    }
}

#[test]
fn what_a_side_does_without_a_feature_is_said_for_each() {
    for row in registry() {
        assert!(row.absent.len() >= 10 && !row.absent.ends_with('.'), "{}", row.id);
        assert_ne!(row.absent, row.what, "{}", row.id);
    }
}
