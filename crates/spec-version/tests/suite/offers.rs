//! Offers and agreements: what is refused before, while and after it is decoded.

use std::fmt::Write as _;

use reach_spec_version::{
    Agreement, FeatureId, MAX_FEATURE_ID_BYTES, MAX_FEATURES, MAX_OFFER_BYTES, MAX_OFFER_JSON_BYTES, Offer, OfferError,
    negotiate,
};
use reach_types::{Code, encode_strict};

use crate::support::{Row, features, offer, version};

fn json_of(rows: &[Row<'_>]) -> String {
    let mut list = String::new();
    for (index, (id, min, max, critical)) in rows.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(list, r#"{comma}{{"id":"{id}","min":{min},"max":{max},"critical":{critical}}}"#).unwrap();
    }
    format!(r#"{{"spec":"1.0.0","floor":"1.0.0","features":[{list}]}}"#)
}

fn bytes_of(rows: &[Row<'_>]) -> Vec<u8> {
    encode_strict(&(1u16, (1u16, 0u16, 0u16), (1u16, 0u16, 0u16), rows)).unwrap()
}

fn json_code(text: &str) -> &'static str {
    Offer::from_json(text.as_bytes()).map_or_else(|error| error.code(), |_| "ok")
}

fn code(bytes: &[u8]) -> &'static str {
    Offer::decode(bytes).map_or_else(|error| error.code(), |_| "ok")
}

/// Both forms of an offer answer alike.
fn both(rows: &[Row<'_>]) -> &'static str {
    let (json, bytes) = (json_code(&json_of(rows)), code(&bytes_of(rows)));
    assert_eq!(json, bytes, "{rows:?}");
    bytes
}

#[test]
fn v05_features_are_sorted_unique_and_well_formed() {
    let (a, b) = (("a.one", 1, 1, true), ("b.two", 1, 2, false));
    assert_eq!(both(&[a, b]), "ok");
    assert_eq!(both(&[]), "ok", "the empty set");
    assert_eq!(both(&[b, a]), "spec.features_unsorted");
    assert_eq!(both(&[a, a]), "spec.feature_duplicate");
    assert_eq!(both(&[a, ("a.one", 2, 2, false), b]), "spec.feature_duplicate", "with another range");
    assert_eq!(both(&[a, b, a]), "spec.features_unsorted", "twice, apart");
    assert_eq!(both(&[("a.one", 2, 1, false)]), "spec.revision_range");
    assert_eq!(both(&[("a.one", 2, 2, false)]), "ok");
}

#[test]
fn v05_ids_are_never_folded() {
    let longest = "a".repeat(MAX_FEATURE_ID_BYTES);
    for good in ["a", "0", "mesh.link", "x-1", &longest] {
        assert_eq!(both(&[(good, 1, 1, false)]), "ok", "{good}");
    }
    let (over, kilobyte) = ("a".repeat(MAX_FEATURE_ID_BYTES + 1), "a".repeat(1024));
    for bad in [
        "",
        "Mesh.link",
        "MESH.LINK",
        "mesh_link",
        "mesh link",
        "mesh:link",
        "mesh/link",
        "caf\u{e9}",
        "cafe\u{301}",
        "\u{ff4d}esh",
        "mesh.link\u{200b}",
        "mesh.link\u{0}",
        &over,
        &kilobyte,
    ] {
        let error = FeatureId::parse(bad).unwrap_err();
        assert_eq!(error.code(), "spec.feature_id_malformed");
        assert_eq!(code(&bytes_of(&[(bad, 1, 1, false)])), "spec.feature_id_malformed", "{bad:?}");
        let text = serde_json::json!({"spec":"1.0.0","floor":"1.0.0","features":[
            {"id":bad,"min":1,"max":1,"critical":false}]});
        assert_eq!(json_code(&text.to_string()), "spec.feature_id_malformed", "{bad:?}");
    }
}

#[test]
fn v05_counts_and_sizes_are_refused_before_decoding() {
    let ids: Vec<String> = (0..100_000).map(|n| format!("f{n:05}")).collect();
    let rows: Vec<Row<'_>> = ids.iter().map(|id| (id.as_str(), 1, 1, false)).collect();
    assert_eq!(both(&rows[..MAX_FEATURES]), "ok");
    assert_eq!(both(&rows[..MAX_FEATURES + 1]), "spec.too_many_features");
    assert_eq!(json_code(&json_of(&rows)), "input.json_too_large");
    assert_eq!(code(&bytes_of(&rows)), "spec.offer_too_large");
    let built = Offer::new(version("1.0.0"), version("1.0.0"), features(&rows[..MAX_FEATURES + 1]));
    assert_eq!(built.unwrap_err().code(), "spec.too_many_features");

    // A count that nothing follows: the number alone is enough to refuse.
    let head = |count: u64| encode_strict(&(1u16, (1u16, 0u16, 0u16), (1u16, 0u16, 0u16), count)).unwrap();
    for count in [65, 100_000, u64::MAX] {
        assert_eq!(code(&head(count)), "spec.too_many_features", "{count}");
    }
    assert_eq!(code(&head(64)), "input.malformed");
    assert_eq!(code(&head(0)), "ok");
}

#[test]
fn an_offer_fits_its_bound_to_the_byte() {
    // 63 features of 64 bytes (4 of them overhead each), and one that fills what is left.
    let ids: Vec<String> = (0..63).map(|n| format!("{n:060}")).collect();
    let mut rows: Vec<Row<'_>> = ids.iter().map(|id| (id.as_str(), 1, 1, false)).collect();
    let left = MAX_OFFER_BYTES - bytes_of(&rows).len() - 4;
    let (fits, over) = ("z".repeat(left), "z".repeat(left + 1));
    rows.push((&fits, 1, 1, false));
    assert_eq!(bytes_of(&rows).len(), MAX_OFFER_BYTES);
    assert_eq!(both(&rows), "ok");
    rows[63].0 = &over;
    assert_eq!(both(&rows), "spec.offer_too_large");
    let built = Offer::new(version("1.0.0"), version("1.0.0"), features(&rows)).unwrap_err();
    assert_eq!(built, OfferError::TooLarge { limit: MAX_OFFER_BYTES, actual: MAX_OFFER_BYTES + 1 });

    rows[63].0 = &fits;
    let pretty = serde_json::to_string_pretty(&Offer::decode(&bytes_of(&rows)).unwrap()).unwrap();
    assert!(pretty.len() <= MAX_OFFER_JSON_BYTES);
    assert_eq!(json_code(&pretty), "ok", "the largest offer, indented");
}

#[test]
fn an_offer_has_one_encoding() {
    let good = offer("1.0.0", "1.0.0", &[("a.one", 1, 1, true)]).encode().unwrap();
    assert_eq!(code(&good), "ok");
    assert_eq!(code(&[]), "input.malformed");
    for end in 1..good.len() {
        assert_eq!(code(&good[..end]), "input.malformed", "{end}");
    }
    assert_eq!(code(&[&good[..], &[0]].concat()), "input.non_canonical");
    assert_eq!(code(&[&[0x81, 0x00], &good[1..]].concat()), "input.non_canonical");
    assert_eq!(code(&[&[2], &good[1..]].concat()), "spec.offer_encoding");
    assert_eq!(code(&[2]), "spec.offer_encoding", "the version is looked at before anything else");
    let mut boolean = good.clone();
    *boolean.last_mut().unwrap() = 2;
    assert_eq!(code(&boolean), "input.malformed");
    assert_eq!(Offer::decode(&good).unwrap().encode().unwrap(), good);
}

#[test]
fn the_json_is_strict() {
    let good = r#"{"spec":"1.0.0","floor":"1.0.0","features":[{"id":"a","min":1,"max":1,"critical":true}]}"#;
    assert_eq!(json_code(good), "ok");
    let cases = [
        (r#""spec":"1.0.0""#, r#""spec":"1.0""#, "spec.malformed"),
        (r#""floor":"1.0.0""#, r#""floor":"v1.0.0""#, "spec.malformed"),
        (r#""floor":"1.0.0","#, "", "input.json_shape"),
        (r#""floor":"1.0.0""#, r#""floor":"1.1.0""#, "spec.floor_above_spec"),
        (r#""floor":"1.0.0""#, r#""floor":"1.0.9""#, "ok"),
        (r#""spec":"1.0.0""#, r#""spec":"1.0.0","spec":"1.0.0""#, "input.duplicate_key"),
        (r#""spec":"1.0.0""#, r#""spec":"1.0.0","Spec":"1.0.0""#, "input.unknown_field"),
        (r#""id":"a""#, r#""id":"a","since":"1.0.0""#, "input.unknown_field"),
        (r#","critical":true"#, "", "input.json_shape"),
        (r#""critical":true"#, r#""critical":1"#, "input.json_shape"),
        (r#""max":1"#, r#""max":65535"#, "ok"),
        (r#""max":1"#, r#""max":65536"#, "input.json_shape"),
        (r#""min":1"#, r#""min":-1"#, "input.json_shape"),
        (r#""min":1"#, r#""min":1.0"#, "input.number"),
        (r#""min":1"#, r#""min":2"#, "spec.revision_range"),
        ("]}", "]} {}", "input.json_malformed"),
    ];
    for (from, to, expected) in cases {
        assert_eq!(json_code(&good.replace(from, to)), expected, "{to}");
    }
}

#[test]
fn an_agreement_has_one_encoding() {
    let rows = [("a.one", 1, 2, true), ("b.two", 1, 1, false)];
    let ours = offer("1.2.0", "1.0.0", &rows);
    let good = negotiate(&ours, &ours).unwrap().encode().unwrap();
    let code = |bytes: &[u8]| Agreement::decode(bytes).map_or_else(|error| error.code(), |_| "ok");
    let of = |rows: &[(&str, u16)]| encode_strict(&(1u16, (1u16, 2u16), rows)).unwrap();
    assert_eq!(of(&[("a.one", 2), ("b.two", 1)]), good);
    assert_eq!(code(&good), "ok");
    assert_eq!(code(&of(&[("b.two", 1), ("a.one", 2)])), "spec.agreement_order");
    assert_eq!(code(&of(&[("a.one", 2), ("a.one", 2)])), "spec.agreement_order");
    assert_eq!(code(&of(&[("A.one", 2)])), "spec.feature_id_malformed");
    assert_eq!(code(&[&good[..], &[0]].concat()), "input.non_canonical");
    assert_eq!(code(&[&[2], &good[1..]].concat()), "spec.agreement_encoding");
    assert_eq!(code(&[1, 1, 2, 65]), "spec.agreement_too_large");
    assert_eq!(code(&[1, 1, 2, 64]), "input.malformed");
    assert_eq!(code(&[]), "input.malformed");
    assert_eq!(code(&[&good[..], &[0; MAX_OFFER_BYTES]].concat()), "input.too_large");
}
