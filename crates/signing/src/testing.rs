//! Fixed keys and small trust documents for the tests of this crate.

use reach_types::Timestamp;

use crate::{KeyEntry, NamePattern, Role, Signer, SignerEntry, SigningKey, TrustDocument, VerifiedTrust};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub(crate) fn day(offset: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis().checked_add_signed(offset * 86_400_000).unwrap())
}

pub(crate) fn key(role: Role, seed: u8) -> SigningKey {
    SigningKey::from_seed(role, &[seed; 32]).unwrap()
}

pub(crate) fn entry(key: &SigningKey) -> KeyEntry {
    KeyEntry {
        public: key.public_key(),
        role: key.role(),
        not_before: day(-10),
        not_after: day(10),
        retired: None,
        revoked: None,
    }
}

pub(crate) fn signer(name: &str, keys: Vec<KeyEntry>) -> SignerEntry {
    SignerEntry { name: name.to_owned(), keys, packs: vec![NamePattern::Any] }
}

/// Root `r` (seed 1); pack signers `a` (seed 2) and `b` (seed 3).
pub(crate) fn document() -> TrustDocument {
    TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created: day(-5),
        expires: day(5),
        max_key_age_days: None,
        thresholds: [(Role::Root, 1), (Role::Pack, 1)].into(),
        signers: vec![
            signer("r", vec![entry(&key(Role::Root, 1))]),
            signer("a", vec![entry(&key(Role::Pack, 2))]),
            signer("b", vec![entry(&key(Role::Pack, 3))]),
        ],
        revoked_packs: vec![],
    }
}

pub(crate) fn trusted(document: &TrustDocument) -> VerifiedTrust {
    let file = document.sign_first(&[&key(Role::Root, 1)]).unwrap();
    VerifiedTrust::verify(file.as_bytes(), None, NOW).unwrap()
}
