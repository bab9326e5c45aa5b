//! The sigstore bundle of one signature: the same envelope, wrapped for sigstore's clients.

use data_encoding::BASE64;
use reach_signing::{Envelope, EnvelopeSignature, Reader};
use reach_types::KeyId;
use serde_json::json;

use crate::{MAX_ENVELOPE_BYTES, PAYLOAD_TYPE, VerifyError};

/// The media type of the bundles written here.
pub const BUNDLE_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Why no bundle was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigstoreError {
    /// The envelope is not one, or not a pack's.
    #[error(transparent)]
    Envelope(VerifyError),
    /// There are several signatures, and a bundle holds one.
    #[error("the envelope carries {actual} signatures, and a sigstore bundle holds one")]
    Ambiguous {
        /// How many there are.
        actual: usize,
    },
    /// No signature, or more than one, names this key.
    #[error("{actual} signatures of the envelope name the key {key_id}")]
    NoSuchSigner {
        /// The key.
        key_id: KeyId,
        /// How many name it.
        actual: usize,
    },
    /// The signature does not say which key made it.
    #[error("the signature names no key id, and a sigstore bundle points to its key by it")]
    NoKeyId,
}

reach_types::codes!(SigstoreError {
    Ambiguous => ("pack.signer_ambiguous", Usage, "name one with --signer KEYID"),
    NoSuchSigner => ("pack.signer_missing", Usage, "name the key id of exactly one of the signatures"),
    NoKeyId => ("pack.signer_unnamed", Refused, "have the pack signed by a client that writes `keyid`"),
} wrap { Envelope });

/// A sigstore bundle, as its file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigstoreBundle {
    /// The file.
    pub json: String,
    /// The key that it names; whether the signature is by it was not asked.
    pub key_id: KeyId,
}

/// The sigstore bundle v0.3 of one signature of `envelope`: that of `signer`, or the only one.
///
/// The envelope is read as strictly as for a verdict; its signature is copied and not verified, and
/// nobody is asked whether its key is trusted. The bundle names the key by its id, as `hint`; it
/// holds no log entries and no timestamps.
///
/// # Errors
/// [`SigstoreError::Envelope`], then [`SigstoreError::Ambiguous`] or
/// [`SigstoreError::NoSuchSigner`], then [`SigstoreError::NoKeyId`].
pub fn sigstore_bundle(envelope: &[u8], signer: Option<&KeyId>) -> Result<SigstoreBundle, SigstoreError> {
    let envelope = Envelope::read(envelope, Reader::Foreign, MAX_ENVELOPE_BYTES)
        .map_err(|error| SigstoreError::Envelope(error.into()))?;
    if envelope.unverified_payload_type() != PAYLOAD_TYPE {
        return Err(SigstoreError::Envelope(VerifyError::WrongPayloadType { expected: PAYLOAD_TYPE }));
    }
    let one = choose(envelope.signatures(), signer)?;
    let key_id = one.key_id.ok_or(SigstoreError::NoKeyId)?;
    let name = key_id.to_string();
    let bundle = json!({
        "mediaType": BUNDLE_MEDIA_TYPE,
        "verificationMaterial": { "publicKey": { "hint": name }, "tlogEntries": [] },
        "dsseEnvelope": {
            "payload": BASE64.encode(envelope.unverified_payload()),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{ "sig": BASE64.encode(&one.signature), "keyid": name }],
        },
    });
    Ok(SigstoreBundle { json: bundle.to_string(), key_id })
}

fn choose<'s>(
    signatures: &'s [EnvelopeSignature],
    signer: Option<&KeyId>,
) -> Result<&'s EnvelopeSignature, SigstoreError> {
    let wanted = |one: &&EnvelopeSignature| signer.is_none_or(|signer| one.key_id.as_ref() == Some(signer));
    let found: Vec<_> = signatures.iter().filter(wanted).collect();
    match (found.as_slice(), signer) {
        ([one], _) => Ok(one),
        (several, None) => Err(SigstoreError::Ambiguous { actual: several.len() }),
        (several, Some(key_id)) => Err(SigstoreError::NoSuchSigner { key_id: *key_id, actual: several.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{key, pack, sign};
    use reach_signing::Signer;
    use reach_types::Code;
    use serde_json::Value;

    fn code(envelope: &str, signer: Option<&KeyId>) -> &'static str {
        sigstore_bundle(envelope.as_bytes(), signer).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn a_bundle_holds_the_envelope_as_it_is() {
        let envelope = sign(&pack(), &[1]);
        let bundle: Value = serde_json::from_str(&sigstore_bundle(envelope.as_bytes(), None).unwrap().json).unwrap();
        let original: Value = serde_json::from_str(&envelope).unwrap();
        assert_eq!(bundle["dsseEnvelope"], original);
        assert_eq!(bundle["mediaType"], BUNDLE_MEDIA_TYPE);
        let id = key(1).public_key().key_id().to_string();
        assert_eq!(bundle["verificationMaterial"], json!({ "publicKey": { "hint": id }, "tlogEntries": [] }));
    }

    #[test]
    fn k52_a_bundle_is_of_one_named_signature() {
        let id = |seed| key(seed).public_key().key_id();
        let two = sign(&pack(), &[1, 2]);
        assert_eq!(code(&two, None), "pack.signer_ambiguous");
        assert_eq!(code(&two, Some(&id(2))), "ok");
        assert_eq!(code(&two, Some(&id(3))), "pack.signer_missing");
        let one = sign(&pack(), &[1]);
        assert_eq!(code(&one.replace(&id(1).to_string(), ""), None), "pack.signer_unnamed");
        assert_eq!(code(&one.replace("in-toto+json", "json"), None), "pack.wrong_payload_type");
        assert_eq!(code(&one.replace("\"payload\"", "\"payloadType\""), None), "pack.duplicate_key");
        assert_eq!(code("{}", None), "pack.envelope_malformed");
    }
}
