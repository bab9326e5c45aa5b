//! Trust documents as text, and the digest that pins them.

use crate::{
    envelope::Envelope,
    key::{ADA, BEN, CLEO, Key, PIA, ROOT},
    text::swap,
};

pub(crate) const TRUST_TYPE: &str = "application/vnd.reach.trust.v1+json";
pub(crate) const FROM: &str = "2026-01-01T00:00:00Z";
pub(crate) const UNTIL: &str = "2027-01-01T00:00:00Z";

/// A trust file, and the root that a verifier was given for it.
#[derive(Clone)]
pub(crate) struct Trust {
    pub(crate) file: Vec<u8>,
    pub(crate) root: String,
}

/// One key of a signer.
pub(crate) fn entry(key: Key) -> String {
    let (public, role) = (key.public(), key.role);
    format!(r#"{{"public":"{public}","role":"{role}","not_before":"{FROM}","not_after":"{UNTIL}"}}"#)
}

/// As [`entry`], with more members.
pub(crate) fn entry_with(key: Key, more: &str) -> String {
    let entry = entry(key);
    format!("{},{more}}}", &entry[..entry.len() - 1])
}

/// A signer with these keys, who may sign packs of these names.
pub(crate) fn signer(name: &str, keys: &[Key], packs: &str) -> String {
    let keys: Vec<_> = keys.iter().map(|key| entry(*key)).collect();
    format!(r#"{{"name":"{name}","keys":[{}],"packs":[{packs}]}}"#, keys.join(","))
}

/// A version 1 with these signers.
pub(crate) fn document(signers: &[String]) -> String {
    format!(
        concat!(
            r#"{{"schema":"reach-trust/1","version":1,"created":"{}","expires":"{}","#,
            r#""thresholds":{{"root":1}},"signers":[{}],"revoked_packs":[]}}"#
        ),
        FROM,
        UNTIL,
        signers.join(",")
    )
}

/// Root, Ada, Ben and Cleo for packs of every name, and Pia for policies. One signer is enough.
pub(crate) fn basic() -> String {
    document(&[
        signer("root", &[ROOT], ""),
        signer("ada", &[ADA], r#""*""#),
        signer("ben", &[BEN], r#""*""#),
        signer("cleo", &[CLEO], r#""*""#),
        signer("pia", &[PIA], ""),
    ])
}

/// [`basic`] with its one `from` replaced.
pub(crate) fn changed(from: &str, to: &str) -> String {
    swap(&basic(), from, to)
}

/// `document` with packs needing `count` signers.
pub(crate) fn needing(document: &str, count: &str) -> String {
    swap(document, r#""thresholds":{"root":1}"#, &format!(r#""thresholds":{{"root":1,"pack":{count}}}"#))
}

/// BLAKE3 in `derive_key` mode over the payload after its length: what pins a document.
pub(crate) fn root_of(payload: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("reach 2026 trust root v1");
    let length = u64::try_from(payload.len()).expect("no text is that long");
    hasher.update(&length.to_le_bytes()).update(payload.as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// Version 1, signed by the root and pinned.
pub(crate) fn first(payload: &str) -> Trust {
    Trust { file: envelope(payload, &[ROOT]).text().into_bytes(), root: root_of(payload) }
}

pub(crate) fn envelope(payload: &str, keys: &[Key]) -> Envelope {
    Envelope::sign(TRUST_TYPE, payload.as_bytes(), keys)
}

/// A file whose newest version is `last`, after those of `history`, oldest first.
pub(crate) fn chain(history: &[Envelope], last: &Envelope) -> Vec<u8> {
    let before: Vec<_> = history.iter().map(Envelope::text).collect();
    let with = format!(r#"{{"history":[{}],"#, before.join(","));
    last.text().replacen('{', &with, 1).into_bytes()
}
