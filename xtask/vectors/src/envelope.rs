//! DSSE envelopes as text, signed as anybody with a key and tools of their own can.

use data_encoding::BASE64;

use crate::key::Key;

pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";

/// The pre-authentication encoding.
pub(crate) fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// One signature as it stands in an envelope.
#[derive(Clone)]
pub(crate) struct Signature {
    pub(crate) keyid: String,
    pub(crate) sig: String,
}

impl Signature {
    /// By `key`, over these exact bytes.
    pub(crate) fn over(key: Key, bytes: &[u8]) -> Self {
        Self { keyid: key.id(), sig: BASE64.encode(&key.sign(bytes)) }
    }

    pub(crate) fn text(&self) -> String {
        format!(r#"{{"keyid":"{}","sig":"{}"}}"#, self.keyid, self.sig)
    }
}

/// An envelope whose parts can be changed before it is written.
#[derive(Clone)]
pub(crate) struct Envelope {
    pub(crate) payload_type: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) signatures: Vec<Signature>,
}

impl Envelope {
    /// `payload` under `payload_type`, signed by each of `keys`.
    pub(crate) fn sign(payload_type: &str, payload: &[u8], keys: &[Key]) -> Self {
        let message = pae(payload_type, payload);
        Self {
            payload_type: payload_type.to_owned(),
            payload: payload.to_vec(),
            signatures: keys.iter().map(|key| Signature::over(*key, &message)).collect(),
        }
    }

    /// Compact, and with members in the order of their names.
    pub(crate) fn text(&self) -> String {
        let signatures: Vec<_> = self.signatures.iter().map(Signature::text).collect();
        format!(
            r#"{{"payload":"{}","payloadType":"{}","signatures":[{}]}}"#,
            self.payload_base64(),
            self.payload_type,
            signatures.join(",")
        )
    }

    pub(crate) fn payload_base64(&self) -> String {
        BASE64.encode(&self.payload)
    }
}
