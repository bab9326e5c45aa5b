//! Properties of tokens, offers and negotiation, against models written the naive way.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reach_spec_version::{Agreement, Feature, Offer, SpecVersion, negotiate};
use reach_types::Code;

use crate::support::id;

const IDS: [&str; 5] = ["a", "b.two", "c-3", "grease.1", "zz"];

fn any_feature(name: &'static str) -> impl Strategy<Value = Feature> {
    let critical = proptest::bool::weighted(0.3);
    (0u16..4, 0u16..4, critical)
        .prop_map(move |(a, b, critical)| Feature::new(id(name), a.min(b), a.max(b), critical).unwrap())
}

fn any_offer() -> impl Strategy<Value = Offer> {
    let slots = IDS.map(|name| proptest::option::of(any_feature(name)));
    let major = proptest::sample::select(vec![1u16, 1, 1, 1, 1, 2]);
    (major, 0u16..4, 0u16..4, any::<[u16; 2]>(), slots).prop_map(|(major, minor, floor, [patch, other], slots)| {
        let (spec, floor) = (SpecVersion::new(major, minor, patch), SpecVersion::new(major, floor.min(minor), other));
        Offer::new(spec, floor, slots.into_iter().flatten().collect()).unwrap()
    })
}

fn outcome(ours: &Offer, theirs: &Offer) -> Result<Vec<u8>, &'static str> {
    negotiate(ours, theirs).map(|agreement| agreement.encode().unwrap()).map_err(|error| error.code())
}

fn with(offer: &Offer, feature: Feature) -> Offer {
    let mut features = offer.features().to_vec();
    features.push(feature);
    features.sort_by(|a, b| a.id().cmp(b.id()));
    Offer::new(offer.spec(), offer.floor(), features).unwrap()
}

/// A feature that no offer here has, before, between or after those that they have.
fn any_unknown(critical: bool) -> impl Strategy<Value = Feature> {
    let name = proptest::sample::select(vec!["0", "b.unknown", "grease.2", "zzz.unknown"]);
    (name, any::<[u16; 2]>())
        .prop_map(move |(name, [a, b])| Feature::new(id(name), a.min(b), a.max(b), critical).unwrap())
}

fn numbers(version: SpecVersion) -> [u16; 2] {
    [version.line().major, version.line().minor]
}

/// The same rules over maps and sets of revisions, one by one, with nothing clever.
fn model(ours: &Offer, theirs: &Offer) -> Result<(u16, BTreeMap<String, u16>), &'static str> {
    let ([major, our_minor], [their_major, their_minor]) = (numbers(ours.spec()), numbers(theirs.spec()));
    if major != their_major {
        return Err("spec.major_mismatch");
    }
    let minor = our_minor.min(their_minor);
    if [ours, theirs].iter().any(|offer| [major, minor] < numbers(offer.floor())) {
        return Err("spec.below_floor");
    }
    let mut agreed = BTreeMap::new();
    for (one, other) in [(ours, theirs), (theirs, ours)] {
        for feature in one.features() {
            let there =
                other.features().iter().find(|f| f.id() == feature.id() && !f.id().as_str().starts_with("grease."));
            let shared = (feature.min()..=feature.max())
                .rev()
                .find(|revision| there.is_some_and(|f| (f.min()..=f.max()).contains(revision)));
            match shared {
                Some(revision) => drop(agreed.insert(feature.id().to_string(), revision)),
                None if feature.is_critical() => return Err("spec.feature_required"),
                None => {}
            }
        }
    }
    Ok((minor, agreed))
}

/// A token checked character by character.
fn model_token(text: &str) -> Option<[u16; 3]> {
    let parts: Vec<_> = text.split('.').collect();
    let number = |part: &&str| part.parse::<u16>().ok().filter(|number| number.to_string() == **part);
    parts.iter().map(number).collect::<Option<Vec<_>>>()?.try_into().ok()
}

proptest! {
    #[test]
    fn a_token_parses_exactly_when_it_is_its_own_printed_form(text in "[0-9.]{0,18}|[0-9]{1,6}(\\.[0-9]{1,6}){2}|\\PC{0,12}") {
        let expected = model_token(&text).map(|[a, b, c]| SpecVersion::new(a, b, c));
        prop_assert_eq!(SpecVersion::parse(&text).ok(), expected);
    }

    #[test]
    fn every_version_reads_what_it_prints([a, b, c] in any::<[u16; 3]>()) {
        let version = SpecVersion::new(a, b, c);
        prop_assert_eq!(SpecVersion::parse(&version.to_string()), Ok(version));
    }

    #[test]
    fn negotiation_is_symmetric(a in any_offer(), b in any_offer()) {
        prop_assert_eq!(outcome(&a, &b), outcome(&b, &a));
    }

    #[test]
    fn negotiation_agrees_with_the_model(a in any_offer(), b in any_offer()) {
        let seen = negotiate(&a, &b).map_err(|error| error.code()).map(|agreement| {
            let features = agreement.features().iter().map(|f| (f.id.to_string(), f.revision)).collect();
            (agreement.spec().minor, features)
        });
        prop_assert_eq!(seen, model(&a, &b));
    }

    #[test]
    fn negotiation_is_idempotent(a in any_offer(), b in any_offer()) {
        let Ok(agreement) = negotiate(&a, &b) else { return Ok(()) };
        let feature = |f: &reach_spec_version::AgreedFeature| Feature::new(f.id.clone(), f.revision, f.revision, true).unwrap();
        let line = agreement.spec();
        let spec = SpecVersion::new(line.major, line.minor, 0);
        let again = Offer::new(spec, spec, agreement.features().iter().map(feature).collect()).unwrap();
        prop_assert_eq!(negotiate(&again, &again), Ok(agreement.clone()));
        prop_assert_eq!(negotiate(&again, &a), Ok(agreement.clone()));
        prop_assert_eq!(negotiate(&b, &again), Ok(agreement));
    }

    #[test]
    fn an_unknown_ignorable_feature_changes_nothing(a in any_offer(), b in any_offer(), unknown in any_unknown(false)) {
        prop_assert_eq!(outcome(&with(&a, unknown.clone()), &b), outcome(&a, &b));
        prop_assert_eq!(outcome(&a, &with(&b, unknown)), outcome(&a, &b));
    }

    #[test]
    fn an_unknown_critical_feature_always_refuses(a in any_offer(), b in any_offer(), unknown in any_unknown(true)) {
        let a = with(&a, unknown);
        let expected = match outcome(&a, &b) {
            Err(code @ ("spec.major_mismatch" | "spec.below_floor")) => code,
            _ => "spec.feature_required",
        };
        prop_assert_eq!(outcome(&a, &b), Err(expected));
        prop_assert_eq!(outcome(&b, &a), Err(expected));
    }

    #[test]
    fn a_patch_never_changes_an_outcome(a in any_offer(), b in any_offer(), patches in any::<[u16; 2]>()) {
        let [spec, floor] = [(a.spec(), patches[0]), (a.floor(), patches[1])]
            .map(|(v, patch)| SpecVersion::new(v.line().major, v.line().minor, patch));
        let patched = Offer::new(spec, floor, a.features().to_vec()).unwrap();
        prop_assert_eq!(outcome(&patched, &b), outcome(&a, &b));
    }

    #[test]
    fn a_higher_floor_only_refuses_more(a in any_offer(), b in any_offer(), up in 0u16..4, other in 0u16..4) {
        let raised = |offer: &Offer, up| {
            let (line, floor) = (offer.spec().line(), offer.floor().line());
            let floor = SpecVersion::new(line.major, floor.minor.saturating_add(up).min(line.minor), 0);
            Offer::new(offer.spec(), floor, offer.features().to_vec()).unwrap()
        };
        let before = outcome(&a, &b);
        match outcome(&raised(&a, up), &raised(&b, other)) {
            // A refusal stays one, if perhaps for the floor now.
            Err("spec.below_floor") => prop_assert_ne!(before, Err("spec.major_mismatch")),
            after => prop_assert_eq!(after, before),
        }
    }

    #[test]
    fn offers_and_agreements_survive_their_encodings(a in any_offer(), b in any_offer()) {
        prop_assert_eq!(&Offer::decode(&a.encode().unwrap()).unwrap(), &a);
        prop_assert_eq!(&Offer::from_json(a.to_json().unwrap().as_bytes()).unwrap(), &a);
        if let Ok(agreement) = negotiate(&a, &b) {
            prop_assert_eq!(Agreement::decode(&agreement.encode().unwrap()).unwrap(), agreement);
        }
    }

    #[test]
    fn what_decodes_is_what_encodes(bytes in proptest::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..40)) {
        if let Ok(offer) = Offer::decode(&bytes) {
            prop_assert_eq!(offer.encode().unwrap(), bytes.clone());
        }
        if let Ok(agreement) = Agreement::decode(&bytes) {
            prop_assert_eq!(agreement.encode().unwrap(), bytes.clone());
        }
    }

    #[test]
    fn arbitrary_json_text_never_panics(text in "\\PC{0,80}") {
        // Eighty characters can spell a JSON value, but no offer.
        let code = Offer::from_json(text.as_bytes()).unwrap_err().code();
        prop_assert!(["input.", "spec."].iter().any(|surface| code.starts_with(surface)), "{}", code);
    }
}
