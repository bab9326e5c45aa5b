//! Any bytes end in an offer or a refusal with a code, in either form, and an offer is written again as
//! it came. What two offers come to is the same from both sides, and to outsiders every refusal is.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reach_spec_version::{
    Agreement, MAX_AGREEMENT_BYTES, MAX_FEATURES, MAX_OFFER_BYTES, Offer, OfferError, Party, negotiate, own_offer,
    transcript_hash,
};
use reach_types::{Class, Code};

static OWN: LazyLock<Offer> = LazyLock::new(|| own_offer().unwrap());

fuzz_target!(|data: &[u8]| {
    if let Some(offer) = taken(Offer::decode(data)) {
        assert_eq!(offer.encode().unwrap(), data);
        meets(&offer, &OWN);
    }
    if let Some(offer) = taken(Offer::from_json(data)) {
        let again = Offer::from_json(offer.to_json().unwrap().as_bytes()).unwrap();
        assert_eq!((&again, Offer::decode(&offer.encode().unwrap()).unwrap()), (&offer, again.clone()));
        meets(&offer, &OWN);
    }
    // Two offers from the same bytes: one after the other.
    let at = data.len() / 2;
    if let (Ok(one), Ok(other)) = (Offer::decode(&data[..at]), Offer::decode(&data[at..])) {
        meets(&one, &other);
    }
    match Agreement::decode(data) {
        Ok(agreement) => assert_eq!(agreement.encode().unwrap(), data),
        Err(error) => assert!(matches!(error.class(), Class::Refused | Class::Limit | Class::Unsafe)),
    }
});

fn taken(outcome: Result<Offer, OfferError>) -> Option<Offer> {
    match outcome {
        Ok(offer) => {
            assert!(offer.features().len() <= MAX_FEATURES && offer.floor().line() <= offer.spec().line());
            assert!(offer.features().is_sorted_by(|a, b| a.id() < b.id()));
            assert!(offer.encode().unwrap().len() <= MAX_OFFER_BYTES);
            Some(offer)
        }
        Err(error) => {
            assert!(matches!(error.class(), Class::Refused | Class::Limit | Class::Unsafe));
            assert_eq!(error.redact().code(), "spec.incompatible");
            None
        }
    }
}

fn meets(one: &Offer, other: &Offer) {
    match (negotiate(one, other), negotiate(other, one)) {
        (Ok(there), Ok(back)) => {
            assert_eq!(there, back);
            let bytes = there.encode().unwrap();
            assert!(bytes.len() <= MAX_AGREEMENT_BYTES);
            assert_eq!(Agreement::decode(&bytes).unwrap(), there);
            let (one, other) = (Party { id: &[1; 32], offer: one }, Party { id: &[2; 32], offer: other });
            let hash = |a, b| transcript_hash(a, b, &there).unwrap();
            assert_ne!(hash(one, other), hash(other, one));
        }
        (Err(there), Err(back)) => {
            assert_eq!(there.code(), back.code());
            assert_eq!(there.redact(), back.redact());
        }
        (there, back) => panic!("one side agrees: {there:?}, {back:?}"),
    }
}
