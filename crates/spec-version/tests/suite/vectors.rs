//! The published corpus `docs/vectors/spec`, which is made without this crate.

use reach_spec_version::{Agreement, Offer, Party, SpecVersion, negotiate, transcript_hash};
use reach_types::Code;
use serde_json::Value;

const CASES: &str = include_str!("../../../../docs/vectors/spec/cases.json");

/// The cases of one list, each of them listed.
fn cases(list: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(CASES).unwrap();
    assert_eq!(all["schema"], "reach-vectors/1");
    all[list].as_array().unwrap().clone()
}

fn text<'v>(case: &'v Value, member: &str) -> &'v str {
    case[member].as_str().unwrap_or_else(|| panic!("{}: no text `{member}`", case["id"]))
}

fn bytes(case: &Value, member: &str) -> Vec<u8> {
    let digit = |byte: &u8| u8::try_from(char::from(*byte).to_digit(16).unwrap()).unwrap();
    text(case, member).as_bytes().chunks(2).map(|pair| digit(&pair[0]) * 16 + digit(&pair[1])).collect()
}

/// Checks verdict and exit code of a case; returns the value if it was taken.
fn checked<T, E: Code>(case: &Value, outcome: Result<T, E>) -> Option<T> {
    let (code, exit) = outcome.as_ref().map_or_else(|e| (e.code(), e.class().exit_code()), |_| ("ok", 0));
    assert_eq!((code, &Value::from(exit)), (text(case, "verdict"), &case["exit"]), "{}", case["id"]);
    outcome.ok()
}

/// The malformed tokens, and the good ones.
pub(crate) fn tokens() -> (Vec<String>, Vec<String>) {
    let all = cases("tokens").into_iter().map(|case| (text(&case, "verdict") == "ok", text(&case, "token").to_owned()));
    let (good, bad): (Vec<_>, Vec<_>) = all.partition(|(good, _)| *good);
    let texts = |list: Vec<(bool, String)>| list.into_iter().map(|(_, token)| token).collect();
    (texts(bad), texts(good))
}

#[test]
fn v01_every_token_ends_as_listed() {
    let mut seen = 0;
    for case in cases("tokens") {
        let token = text(&case, "token");
        if let Some(version) = checked(&case, SpecVersion::parse(token)) {
            assert_eq!(version.to_string(), token);
        }
        seen += 1;
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn v05_every_offer_ends_as_listed_in_both_forms() {
    for case in cases("offers") {
        if let Some(offer) = checked(&case, Offer::from_json(text(&case, "json").as_bytes())) {
            assert_eq!(offer.encode().unwrap(), bytes(&case, "encoded"), "{}", case["id"]);
            assert_eq!(offer.to_json().unwrap(), text(&case, "json"));
        }
    }
    for case in cases("encodings") {
        let encoded = bytes(&case, "bytes");
        if let Some(offer) = checked(&case, Offer::decode(&encoded)) {
            assert_eq!(offer.encode().unwrap(), encoded, "{}", case["id"]);
            assert_eq!(offer.to_json().unwrap(), text(&case, "json"));
        }
    }
    assert!(cases("offers").len() >= 40 && cases("encodings").len() >= 40);
}

#[test]
fn v02_v03_v04_v05_v06_v10_every_negotiation_ends_as_listed() {
    let mut transcripts = Vec::new();
    for case in cases("negotiations") {
        let offer = |member| Offer::from_json(text(&case, member).as_bytes()).unwrap();
        let id = |member| <[u8; 32]>::try_from(bytes(&case, member)).unwrap();
        let (a, b) = (offer("initiator_offer"), offer("responder_offer"));
        checked(&case, negotiate(&b, &a));
        let Some(agreement) = checked(&case, negotiate(&a, &b)) else {
            assert!(case["agreement"].is_null() && case["transcript"].is_null());
            continue;
        };
        assert_eq!(serde_json::to_value(&agreement).unwrap(), case["agreement"], "{}", case["id"]);
        assert_eq!(agreement.encode().unwrap(), bytes(&case, "agreement_bytes"), "{}", case["id"]);
        assert_eq!(Agreement::decode(&bytes(&case, "agreement_bytes")).unwrap(), agreement);
        let (initiator, responder) = (id("initiator"), id("responder"));
        let (initiator, responder) = (Party { id: &initiator, offer: &a }, Party { id: &responder, offer: &b });
        let there = transcript_hash(initiator, responder, &agreement).unwrap().to_string();
        let back = transcript_hash(responder, initiator, &agreement).unwrap().to_string();
        assert_eq!(there, text(&case, "transcript"), "{}", case["id"]);
        assert_eq!(back, text(&case, "transcript_reflected"), "{}", case["id"]);
        transcripts.extend([there, back]);
    }
    let count = transcripts.len();
    assert!(count >= 24, "{count}");
    transcripts.sort_unstable();
    transcripts.dedup();
    assert_eq!(transcripts.len(), count, "no two exchanges have one transcript");
}
