//! Offers: each rule broken once, in JSON and in the encoding.

use serde_json::{Value, json};

use super::{
    Case,
    wire::{Row, head, hex, offer, offer_json, varint},
};

const V1: [u64; 3] = [1, 0, 0];
const A: Row<'_> = ("a.one", 1, 1, 1);
const B: Row<'_> = ("b.two", 1, 2, 0);

/// Ids that are none, each with what is wrong with it.
const BAD_IDS: &[(&str, &str)] = &[
    ("", "an empty id"),
    ("Mesh.link", "an upper-case letter"),
    ("MESH.LINK", "another case throughout"),
    ("mesh_link", "an underscore"),
    ("mesh link", "a space"),
    ("mesh:link", "a colon"),
    ("mesh/link", "a slash"),
    ("caf\u{e9}", "a letter beyond ASCII"),
    ("cafe\u{301}", "the same letter in another Unicode form"),
    ("\u{ff4d}esh", "a full-width letter"),
    ("mesh.link\u{200b}", "a zero-width space"),
    ("mesh.link\0", "a zero byte"),
];

/// The cases that both forms have: how it must end, what it is, and the features.
fn shared<'a>(over: &'a str, kilobyte: &'a str, many: &'a [String]) -> Vec<(&'static str, String, Vec<Row<'a>>)> {
    let features = |count: usize| many.iter().take(count).map(|id| (id.as_str(), 1, 1, 0)).collect::<Vec<Row<'_>>>();
    let mut cases: Vec<(&'static str, &str, Vec<Row<'_>>)> = vec![
        ("ok", "no features: the empty set", vec![]),
        ("ok", "two features, sorted", vec![A, B]),
        ("ok", "a feature that nobody knows, ignorable", vec![("zz.unknown", 1, 9, 0)]),
        (
            "ok",
            "a feature that nobody knows, critical: an offer may, a negotiation refuses it",
            vec![("zz.unknown", 1, 9, 1)],
        ),
        ("spec.features_unsorted", "two features, the later id first", vec![B, A]),
        ("spec.features_unsorted", "a feature twice, with another between", vec![A, B, A]),
        ("spec.feature_duplicate", "a feature twice", vec![A, A]),
        ("spec.feature_duplicate", "a feature twice, with other revisions", vec![A, ("a.one", 2, 2, 0)]),
        ("ok", "one revision", vec![("a.one", 2, 2, 0)]),
        ("ok", "every revision", vec![("a.one", 0, 65535, 0)]),
        ("spec.revision_range", "the lower revision above the higher", vec![("a.one", 2, 1, 0)]),
        ("ok", "an id of 64 bytes", vec![(&over[1..], 1, 1, 0)]),
        ("spec.feature_id_malformed", "an id of 65 bytes", vec![(over, 1, 1, 0)]),
        ("spec.feature_id_malformed", "an id of 1 kB", vec![(kilobyte, 1, 1, 0)]),
        ("ok", "64 features", features(64)),
        ("spec.too_many_features", "65 features", features(65)),
    ];
    cases.extend(BAD_IDS.iter().map(|(id, what)| ("spec.feature_id_malformed", *what, vec![(*id, 1, 1, 0)])));
    cases.into_iter().map(|(verdict, what, rows)| (verdict, what.to_owned(), rows)).collect()
}

fn ids() -> (String, String, Vec<String>) {
    ("a".repeat(65), "a".repeat(1024), (0..65).map(|number| format!("f{number:02}")).collect())
}

pub(super) fn json() -> Vec<Case> {
    let (over, kilobyte, many) = ids();
    let case = |row, verdict, what: String, json: String, encoded: Option<String>| Case {
        row,
        verdict,
        what,
        given: json!({ "json": json, "encoded": encoded }),
    };
    let mut cases: Vec<Case> = shared(&over, &kilobyte, &many)
        .into_iter()
        .map(|(verdict, what, rows)| {
            let encoded = (verdict == "ok").then(|| hex(&offer(V1, V1, &rows)));
            case("V05", verdict, what, offer_json(V1, V1, &rows), encoded)
        })
        .collect();
    let good = offer_json(V1, V1, &[("a", 1, 1, 1)]);
    for (from, to, verdict) in [
        (r#""spec":"1.0.0""#, r#""spec":"1.0""#, "spec.malformed"),
        (r#""spec":"1.0.0""#, r#""spec":1"#, "input.json_shape"),
        (r#""floor":"1.0.0""#, r#""floor":"v1.0.0""#, "spec.malformed"),
        (r#""floor":"1.0.0","#, "", "input.json_shape"),
        (r#""floor":"1.0.0""#, r#""floor":"1.1.0""#, "spec.floor_above_spec"),
        (r#""spec":"1.0.0""#, r#""spec":"1.0.0","spec":"1.0.0""#, "input.duplicate_key"),
        (r#""spec":"1.0.0""#, r#""spec":"1.0.0","Spec":"1.0.0""#, "input.unknown_field"),
        (r#""id":"a""#, r#""id":"a","since":"1.0.0""#, "input.unknown_field"),
        (r#","critical":true"#, "", "input.json_shape"),
        (r#""critical":true"#, r#""critical":1"#, "input.json_shape"),
        (r#""max":1"#, r#""max":65536"#, "input.json_shape"),
        (r#""min":1"#, r#""min":-1"#, "input.json_shape"),
        (r#""min":1"#, r#""min":1.0"#, "input.number"),
        ("]}", "]} {}", "input.json_malformed"),
    ] {
        let what = format!("`{from}` as `{to}`");
        cases.push(case("", verdict, what, crate::text::swap(&good, from, to), None));
    }
    cases
}

pub(super) fn encoded() -> Vec<Case> {
    let (over, kilobyte, many) = ids();
    let case = |row, verdict, what: &str, bytes: &[u8], json: Value| Case {
        row,
        verdict,
        what: what.to_owned(),
        given: json!({ "bytes": hex(bytes), "json": json }),
    };
    let mut cases: Vec<Case> = shared(&over, &kilobyte, &many)
        .iter()
        .map(|(verdict, what, rows)| {
            let json = if *verdict == "ok" { json!(offer_json(V1, V1, rows)) } else { Value::Null };
            case("V05", *verdict, what, &offer(V1, V1, rows), json)
        })
        .collect();
    let (good, start) = (offer(V1, V1, &[A]), head(1, V1, V1));
    let counted = |count| [start.clone(), varint(count)].concat();
    let last = good.len() - 1;
    let bad: [(&'static str, &'static str, &str, Vec<u8>); 13] = [
        ("V05", "spec.too_many_features", "100,000 features declared, none there", counted(100_000)),
        ("V05", "spec.too_many_features", "2^64 - 1 features declared, none there", counted(u64::MAX)),
        ("", "input.malformed", "64 features declared, none there", counted(64)),
        ("", "spec.offer_too_large", "4,097 bytes", vec![1; 4097]),
        ("", "input.malformed", "no bytes", vec![]),
        ("", "input.malformed", "cut before the last byte", good[..last].to_vec()),
        ("", "input.non_canonical", "a byte after the end", [&good[..], &[0]].concat()),
        ("", "input.non_canonical", "the encoding's version in two bytes", [&[0x81, 0], &good[1..]].concat()),
        ("", "spec.offer_encoding", "encoding 0", [&[0], &good[1..]].concat()),
        ("", "spec.offer_encoding", "encoding 2", [&[2], &good[1..]].concat()),
        ("", "input.malformed", "a yes/no that is 2", [&good[..last], &[2]].concat()),
        ("", "input.malformed", "a number of 65,536", offer([1, 0, 65_536], V1, &[A])),
        ("", "spec.floor_above_spec", "a floor above the version", offer(V1, [1, 1, 0], &[A])),
    ];
    cases.extend(bad.iter().map(|(row, verdict, what, bytes)| case(row, *verdict, what, bytes, Value::Null)));
    cases
}
