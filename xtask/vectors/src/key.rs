//! The test keys: their seeds are published, so that everybody can make more cases.

use data_encoding::HEXLOWER;
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use serde::Serialize;

/// A key of the corpus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The signer it belongs to in most trust documents; none for strangers.
    pub(crate) signer: Option<&'static str>,
    /// The role it has there.
    pub(crate) role: &'static str,
    // The seed is this byte 32 times.
    seed: u8,
}

const fn key(name: &'static str, signer: Option<&'static str>, role: &'static str, seed: u8) -> Key {
    Key { name, signer, role, seed }
}

pub(crate) const ROOT: Key = key("root", Some("root"), "root", 0xc8);
pub(crate) const ROOT_2: Key = key("root-2", Some("root"), "root", 0xc9);
pub(crate) const ADA: Key = key("ada", Some("ada"), "pack", 0x01);
pub(crate) const ADA_2: Key = key("ada-2", Some("ada"), "pack", 0x04);
pub(crate) const BEN: Key = key("ben", Some("ben"), "pack", 0x02);
pub(crate) const CLEO: Key = key("cleo", Some("cleo"), "pack", 0x03);
pub(crate) const PIA: Key = key("pia", Some("pia"), "policy", 0x05);
pub(crate) const MALLORY: Key = key("mallory", None, "pack", 0x0a);
pub(crate) const MALLORY_ROOT: Key = key("mallory-root", None, "root", 0x0b);

const ALL: [Key; 9] = [ROOT, ROOT_2, ADA, ADA_2, BEN, CLEO, PIA, MALLORY, MALLORY_ROOT];

impl Key {
    pub(crate) fn sign(self, bytes: &[u8]) -> Vec<u8> {
        self.pair().sign(bytes).as_ref().to_vec()
    }

    /// The public key in hex.
    pub(crate) fn public(self) -> String {
        HEXLOWER.encode(self.pair().public_key().as_ref())
    }

    /// SHA-256 of the key's canonical JSON form.
    pub(crate) fn id(self) -> String {
        let public = self.public();
        let json = format!(r#"{{"keytype":"ed25519","keyval":{{"public":"{public}"}},"scheme":"ed25519"}}"#);
        HEXLOWER.encode(digest(&SHA256, json.as_bytes()).as_ref())
    }

    /// The private seed in hex.
    pub(crate) fn seed(self) -> String {
        HEXLOWER.encode(&[self.seed; 32])
    }

    fn pair(self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[self.seed; 32]).expect("every seed is a key")
    }
}

#[derive(Serialize)]
struct Published {
    name: &'static str,
    signer: Option<&'static str>,
    role: &'static str,
    seed: String,
    public: String,
    keyid: String,
}

/// `keys.json`.
pub(crate) fn listing() -> String {
    let keys: Vec<_> = ALL
        .into_iter()
        .map(|key| Published {
            name: key.name,
            signer: key.signer,
            role: key.role,
            seed: key.seed(),
            public: key.public(),
            keyid: key.id(),
        })
        .collect();
    let text = serde_json::to_string_pretty(&serde_json::json!({ "keys": keys })).expect("texts are JSON");
    text + "\n"
}
