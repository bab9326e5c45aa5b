//! Version tokens: the one spelling, and hundreds that are not it.

use std::collections::BTreeSet;

use allocation_counter::measure;
use reach_spec_version::{MAX_TOKEN_BYTES, Offer, SpecVersion, TokenError, negotiate};
use reach_types::Code;

use crate::{support::offer, vectors::tokens};

#[test]
fn v01_malformed_tokens_are_refused_and_never_echoed() {
    let (bad, good) = tokens();
    let distinct: BTreeSet<&String> = bad.iter().collect();
    assert_eq!(distinct.len(), bad.len(), "each once");
    assert!(bad.len() >= 200, "{}", bad.len());
    for token in &bad {
        let error = SpecVersion::parse(token).map_or_else(|error| error, |v| panic!("{token:?} parsed as {v}"));
        assert_eq!(error, TokenError::Malformed);
        assert_eq!(error.code(), "spec.malformed");
        // The same in each place where an offer has a token, and in any other document.
        for (spec, floor) in [(token.as_str(), "1.0.0"), ("1.0.0", token.as_str())] {
            let json = serde_json::json!({ "spec": spec, "floor": floor, "features": [] }).to_string();
            assert_eq!(Offer::from_json(json.as_bytes()).unwrap_err().code(), "spec.malformed", "{token:?}");
        }
        let error = serde_json::from_value::<SpecVersion>(token.as_str().into()).unwrap_err();
        assert_eq!(error.to_string(), TokenError::Malformed.to_string());
    }
    // One text for all of them: nothing of the input can be in it.
    assert_eq!(
        TokenError::Malformed.to_string(),
        "a spec version is MAJOR.MINOR.PATCH, each from 0 to 65535, in digits without leading zeros"
    );
    for good in good {
        assert!(good.len() <= MAX_TOKEN_BYTES);
        assert_eq!(SpecVersion::parse(&good).unwrap().to_string(), good);
    }
}

#[test]
fn v01_ten_kilobytes_of_digits_cost_no_more_than_eighteen() {
    let long = "1".repeat(10_000);
    assert!(tokens().0.contains(&long), "the table has it");
    for token in [long.as_str(), &"1.".repeat(5_000), &"0".repeat(1 << 20)] {
        let cost = measure(|| assert_eq!(SpecVersion::parse(token), Err(TokenError::Malformed)));
        assert_eq!(cost.count_total, 0);
    }
    // The length is looked at before any byte: what comes first makes no difference.
    assert_eq!(SpecVersion::parse("1.0.0").map(|v| v.to_string()), Ok("1.0.0".to_owned()));
    assert_eq!(SpecVersion::parse(&format!("1.0.0{long}")), Err(TokenError::Malformed));
}

#[test]
fn d30_a_link_names_a_token_of_our_major() {
    for bad in ["2.0", "1", "1.x", "", "01.0", "v1.0", "1.0-rc", &"1".repeat(10_000)] {
        assert_eq!(SpecVersion::parse(bad).unwrap_err().code(), "spec.malformed");
    }
    let ours = offer("1.0.0", "1.0.0", &[]);
    let code = |spec: &str| negotiate(&ours, &offer(spec, spec, &[])).map_or_else(|e| e.code(), |_| "ok");
    assert_eq!(code("2.0.0"), "spec.major_mismatch");
    assert_eq!(code("0.0.0"), "spec.major_mismatch");
    assert_eq!(code("1.0.0"), "ok");
}

#[test]
fn versions_compare_as_numbers() {
    let mut tokens = ["1.10.0", "1.9.9", "10.0.0", "2.0.0", "1.9.10"].map(|text| SpecVersion::parse(text).unwrap());
    tokens.sort();
    assert_eq!(tokens.map(|v| v.to_string()), ["1.9.9", "1.9.10", "1.10.0", "2.0.0", "10.0.0"]);
}

#[test]
fn a_version_inside_another_document_is_as_strict() {
    assert_eq!(serde_json::from_str::<SpecVersion>("\"1.0.0\"").unwrap(), SpecVersion::CURRENT);
    let error = serde_json::from_str::<SpecVersion>("\"v1.0.0\"").unwrap_err();
    assert!(!error.to_string().contains("v1.0.0"), "{error}");
}
