//! DSSE v1.0 envelopes: read strictly, signed, and verified against a trust document.

use data_encoding::{BASE64, BASE64URL};
use reach_types::{JsonError, JsonLimits, KeyId, PackName, Timestamp, read_json_value};
use serde_json::{Map, Value};

use crate::{EnvelopeError, Judging, Message, Role, SignError, SignatureEvidence, Signer, VerifiedTrust};

/// The most signatures an envelope may carry: C2SP notes must allow 16, and so do we.
pub const MAX_SIGNATURES: usize = 16;

/// How strictly to read an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Anybody's DSSE: unknown fields are ignored, `keyid` may be missing or anything, base64 may be
    /// standard or URL-safe, as the DSSE specification demands of verifiers.
    Foreign,
    /// Reach's own statements: only the DSSE fields (and those named), each `keyid` present, and
    /// each one that names a key whose signature does not verify is refused.
    Own,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// The key it claims to be by: a hint, never evidence. `None` if missing or not one of our ids.
    pub key_id: Option<KeyId>,
    /// The signature; anything but 64 bytes never verifies.
    pub signature: Vec<u8>,
}

impl EnvelopeSignature {
    /// A token or agent is not believed: what it answers is verified before anybody else sees it.
    fn by(signer: &dyn Signer, message: &Message) -> Result<Self, SignError> {
        let (key, signature) = (signer.public_key(), signer.sign(message)?);
        let key_id = key.key_id();
        if !key.verifies(message, &signature) {
            return Err(SignError::Faulty { key_id });
        }
        Ok(Self { key_id: Some(key_id), signature: signature.0.to_vec() })
    }
}

/// A DSSE envelope as read: nothing in it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<EnvelopeSignature>,
    reader: Reader,
}

/// What a verified envelope says, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<'a> {
    /// The exact payload bytes that were signed.
    pub payload: &'a [u8],
    /// The names of the signers counted towards the threshold, sorted.
    pub signers: Vec<String>,
}

impl Envelope {
    /// Reads an envelope of at most `limit` bytes.
    ///
    /// # Errors
    /// [`EnvelopeError::TooLarge`], [`EnvelopeError::TooDeep`], [`EnvelopeError::DuplicateKey`], [`EnvelopeError::Malformed`],
    /// [`EnvelopeError::NoSignatures`] or [`EnvelopeError::TooManySignatures`]; no cryptography has
    /// run by then.
    pub fn read(bytes: &[u8], reader: Reader, limit: usize) -> Result<Self, EnvelopeError> {
        let value = read_json_value(bytes, JsonLimits::bytes(limit)).map_err(|error| match error {
            JsonError::TooLarge { limit, actual } => EnvelopeError::TooLarge { limit, actual },
            JsonError::TooDeep { limit } => EnvelopeError::TooDeep { limit },
            JsonError::DuplicateKey { .. } => EnvelopeError::DuplicateKey,
            JsonError::Number { .. } => malformed("it holds a number that is not a whole one up to 2^53"),
            _ => malformed("not one JSON object in UTF-8 without a byte order mark"),
        })?;
        Self::from_value(&value, reader, &[])
    }

    /// Reads an envelope from parsed JSON; `also` names fields that an [`Reader::Own`] envelope may
    /// carry beside the DSSE ones.
    pub(crate) fn from_value(value: &Value, reader: Reader, also: &[&str]) -> Result<Self, EnvelopeError> {
        let object = value.as_object().ok_or(malformed("not a JSON object"))?;
        known_fields(object, reader, &[&["payload", "payloadType", "signatures"], also].concat())?;
        let listed = object.get("signatures").and_then(Value::as_array).ok_or(malformed("no list `signatures`"))?;
        if listed.is_empty() {
            return Err(EnvelopeError::NoSignatures);
        }
        if listed.len() > MAX_SIGNATURES {
            return Err(EnvelopeError::TooManySignatures { actual: listed.len() });
        }
        let signatures = listed.iter().map(|one| read_signature(one, reader)).collect::<Result<_, _>>()?;
        let payload = base64(text(object, "payload")?, reader).ok_or(malformed("`payload` is not base64"))?;
        Ok(Self { payload_type: text(object, "payloadType")?.to_owned(), payload, signatures, reader })
    }

    /// Signs `payload` under `payload_type` with each of `signers`. None of them is believed: every
    /// signature is verified as it is made.
    ///
    /// # Errors
    /// [`SignError::Signers`] before anybody is asked; what [`Signer::sign`] refuses;
    /// [`SignError::Faulty`].
    pub fn sign(payload_type: &str, payload: Vec<u8>, signers: &[&dyn Signer]) -> Result<Self, SignError> {
        let payload_type = payload_type.to_owned();
        Self { payload_type, payload, signatures: Vec::new(), reader: Reader::Own }.countersigned(signers)
    }

    /// The same envelope with a signature of each of `signers` added, as [`Envelope::sign`] makes them.
    ///
    /// # Errors
    /// As [`Envelope::sign`]; [`SignError::Signers`] counts the signatures that are there too.
    pub fn countersigned(&self, signers: &[&dyn Signer]) -> Result<Self, SignError> {
        let actual = self.signatures.len().saturating_add(signers.len());
        if !(1..=MAX_SIGNATURES).contains(&actual) {
            return Err(SignError::Signers { actual });
        }
        let message = self.message();
        let mut signed = self.clone();
        for signer in signers {
            signed.signatures.push(EnvelopeSignature::by(*signer, &message)?);
        }
        Ok(signed)
    }

    /// The envelope as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    pub(crate) fn to_value(&self) -> Value {
        let signature = |one: &EnvelopeSignature| {
            let key_id = one.key_id.map(|id| id.to_string()).unwrap_or_default();
            serde_json::json!({ "keyid": key_id, "sig": BASE64.encode(&one.signature) })
        };
        let signatures: Vec<Value> = self.signatures.iter().map(signature).collect();
        serde_json::json!({
            "payload": BASE64.encode(&self.payload),
            "payloadType": self.payload_type,
            "signatures": signatures,
        })
    }

    /// The payload as it stands in the envelope: unverified.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload type as it stands in the envelope: unverified.
    #[must_use]
    pub fn unverified_payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The signatures as they stand in the envelope: unverified.
    #[must_use]
    pub fn signatures(&self) -> &[EnvelopeSignature] {
        &self.signatures
    }

    /// The message every signature of this envelope must be over.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::dsse(&self.payload_type, &self.payload)
    }

    /// Verifies the envelope: enough signers with `role` in `trust`, allowed for `name` if one is
    /// given, at `now`, over a payload of type `expected_type`.
    ///
    /// # Errors
    /// [`EnvelopeError::BadSignature`] if a signature that names a trusted key fails and the
    /// threshold is not met without it; [`EnvelopeError::Authority`], [`EnvelopeError::Untrusted`],
    /// [`EnvelopeError::Threshold`]; [`EnvelopeError::WrongPayloadType`] only for what is validly
    /// signed; [`EnvelopeError::TooManyTries`].
    pub fn verify(
        &self,
        trust: &VerifiedTrust,
        role: Role,
        name: Option<&PackName>,
        expected_type: &'static str,
        now: Timestamp,
    ) -> Result<Verified<'_>, EnvelopeError> {
        self.verify_dated(trust, role, name, expected_type, now, None)
    }

    /// As [`Envelope::verify`], where a key that has ended since (retired, superseded, expired or
    /// over age) still counts for the very signatures that `evidence` says existed before its end.
    /// Nothing dates the signatures of a compromised key.
    ///
    /// # Errors
    /// As [`Envelope::verify`].
    pub fn verify_dated(
        &self,
        trust: &VerifiedTrust,
        role: Role,
        name: Option<&PackName>,
        expected_type: &'static str,
        now: Timestamp,
        evidence: Option<&SignatureEvidence>,
    ) -> Result<Verified<'_>, EnvelopeError> {
        self.attribute(trust, role)?.judge(&Judging { name, expected_type, now, evidence })
    }

    pub(crate) const fn reader(&self) -> Reader {
        self.reader
    }
}

fn malformed(detail: &'static str) -> EnvelopeError {
    EnvelopeError::Malformed { detail }
}

fn known_fields(object: &Map<String, Value>, reader: Reader, known: &[&str]) -> Result<(), EnvelopeError> {
    let unknown = object.keys().any(|key| !known.contains(&key.as_str()));
    if unknown && reader == Reader::Own { Err(malformed("it has a field this format does not know")) } else { Ok(()) }
}

fn text<'v>(object: &'v Map<String, Value>, field: &'static str) -> Result<&'v str, EnvelopeError> {
    object.get(field).and_then(Value::as_str).ok_or(malformed(match field {
        "payload" => "no text `payload`",
        "payloadType" => "no text `payloadType`",
        _ => "no text `sig`",
    }))
}

fn read_signature(value: &Value, reader: Reader) -> Result<EnvelopeSignature, EnvelopeError> {
    let object = value.as_object().ok_or(malformed("a signature is not an object"))?;
    known_fields(object, reader, &["keyid", "sig"])?;
    let signature = base64(text(object, "sig")?, reader).ok_or(malformed("`sig` is not base64"))?;
    if signature.is_empty() {
        return Err(EnvelopeError::NoSignatures);
    }
    let key_id = match (object.get("keyid"), reader) {
        (Some(Value::String(text)), _) => KeyId::parse(text).ok(),
        (None | Some(Value::Null), Reader::Foreign) => None,
        _ => return Err(malformed("`keyid` is not text")),
    };
    if key_id.is_none() && reader == Reader::Own {
        return Err(malformed("`keyid` is not 64 lower-case hex characters"));
    }
    Ok(EnvelopeSignature { key_id, signature })
}

/// Padded base64 without spare bits, standard or, from others, URL-safe; never a mix of the two.
fn base64(text: &str, reader: Reader) -> Option<Vec<u8>> {
    let standard = BASE64.decode(text.as_bytes()).ok();
    match reader {
        Reader::Own => standard,
        Reader::Foreign => standard.or_else(|| BASE64URL.decode(text.as_bytes()).ok()),
    }
}
