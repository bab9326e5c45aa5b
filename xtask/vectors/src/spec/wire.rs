//! Offers, agreements and transcripts written by hand, from the tables in `docs/formats.md`.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

/// `(id, min, max, critical)`.
pub(super) type Row<'a> = (&'a str, u64, u64, u8);

/// A number in groups of seven bits, the low ones first.
pub(super) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn numbers(list: &[u64]) -> Vec<u8> {
    list.iter().flat_map(|number| varint(*number)).collect()
}

fn text(text: &str) -> Vec<u8> {
    [varint(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// What comes before the features: encoding, version, floor.
pub(super) fn head(encoding: u64, spec: [u64; 3], floor: [u64; 3]) -> Vec<u8> {
    [varint(encoding), numbers(&spec), numbers(&floor)].concat()
}

fn feature(&(id, min, max, critical): &Row<'_>) -> Vec<u8> {
    [text(id), numbers(&[min, max]), vec![critical]].concat()
}

/// The one encoding of an offer, or bytes as wrong as what is asked for.
pub(super) fn offer(spec: [u64; 3], floor: [u64; 3], rows: &[Row<'_>]) -> Vec<u8> {
    let features = rows.iter().flat_map(feature).collect();
    [head(1, spec, floor), varint(rows.len() as u64), features].concat()
}

/// The same in JSON.
pub(super) fn offer_json(spec: [u64; 3], floor: [u64; 3], rows: &[Row<'_>]) -> String {
    let token = |[major, minor, patch]: [u64; 3]| format!("{major}.{minor}.{patch}");
    let feature = |(id, min, max, critical): &Row<'_>| {
        format!(r#"{{"id":{},"min":{min},"max":{max},"critical":{}}}"#, json!(id), *critical == 1)
    };
    let features: Vec<String> = rows.iter().map(feature).collect();
    let (spec, floor) = (token(spec), token(floor));
    format!(r#"{{"spec":"{spec}","floor":"{floor}","features":[{}]}}"#, features.join(","))
}

pub(super) fn agreement(line: [u64; 2], features: &[(&str, u64)]) -> Vec<u8> {
    let feature = |(id, revision): &(&str, u64)| [text(id), varint(*revision)].concat();
    [varint(1), numbers(&line), varint(features.len() as u64), features.iter().flat_map(feature).collect()].concat()
}

pub(super) fn agreement_json([major, minor]: [u64; 2], features: &[(&str, u64)]) -> Value {
    let features: Vec<Value> =
        features.iter().map(|(id, revision)| json!({ "id": id, "revision": revision })).collect();
    json!({ "spec": format!("{major}.{minor}"), "features": features })
}

/// BLAKE3 in `derive_key` mode over each part after its length.
pub(super) fn transcript(parts: [&[u8]; 5]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("reach 2026 spec transcript v1");
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_hex().to_string()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}
