//! Statements about archives, as text.

use data_encoding::HEXLOWER;
use ring::digest::{Algorithm, SHA256, digest};

pub(crate) const CREATED: &str = "2026-05-01T00:00:00Z";
pub(crate) const EXPIRES: &str = "2026-12-01T00:00:00Z";

pub(crate) fn hex(algorithm: &'static Algorithm, bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(algorithm, bytes).as_ref())
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&SHA256, bytes)
}

pub(crate) fn blake3(bytes: &[u8]) -> String {
    ::blake3::hash(bytes).to_hex().to_string()
}

/// The statement that `archive` is the pack `sample` 1.0.0.
pub(crate) fn about(archive: &[u8]) -> String {
    let (sha256, blake3) = (sha256(archive), blake3(archive));
    format!(
        concat!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","#,
            r#""subject":[{{"name":"sample.reachpack","digest":{{"sha256":"{}","blake3":"{}"}}}}],"#,
            r#""predicateType":"urn:reach:predicate:pack:v1","#,
            r#""predicate":{{"name":"sample","version":"1.0.0","created":"{}","expires":"{}"}}}}"#
        ),
        sha256, blake3, CREATED, EXPIRES
    )
}
