//! DSSE v1.0 envelopes: read strictly, signed, and verified against a trust document.

use data_encoding::{BASE64, BASE64URL};
use reach_types::{JsonError, JsonLimits, KeyId, PackName, Timestamp, read_json_value};
use serde_json::{Map, Value};

use crate::{EnvelopeError, Message, Role, SignError, Signature, SignatureEvidence, Signer, VerifiedTrust};

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
            _ => malformed("not one JSON object"),
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

    /// Signs `payload` under `payload_type` with each of `signers`.
    ///
    /// # Errors
    /// What [`Signer::sign`] refuses.
    pub fn sign(payload_type: &str, payload: Vec<u8>, signers: &[&dyn Signer]) -> Result<Self, SignError> {
        let payload_type = payload_type.to_owned();
        Self { payload_type, payload, signatures: Vec::new(), reader: Reader::Own }.countersigned(signers)
    }

    /// The same envelope with a signature of each of `signers` added.
    pub(crate) fn countersigned(&self, signers: &[&dyn Signer]) -> Result<Self, SignError> {
        let message = self.message();
        let mut signed = self.clone();
        for signer in signers {
            let signature = signer.sign(&message)?.0.to_vec();
            signed.signatures.push(EnvelopeSignature { key_id: Some(signer.public_key().key_id()), signature });
        }
        Ok(signed)
    }

    /// Whether the signatures are those of `signers`, one of each and in their order.
    ///
    /// A token or agent is not believed: whoever signs with one asks this before the envelope is
    /// handed out.
    #[must_use]
    pub fn signed_by(&self, signers: &[&dyn Signer]) -> bool {
        let message = self.message();
        let verifies = |(one, signer): (&EnvelopeSignature, &&dyn Signer)| {
            let signature = Signature::from_slice(&one.signature);
            signature.is_some_and(|signature| signer.public_key().verifies(&message, &signature))
        };
        self.signatures.len() == signers.len() && self.signatures.iter().zip(signers).all(verifies)
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
    /// signed.
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
        let signers = self.count_signers(&Asked { trust, role, name, now, evidence })?;
        if self.payload_type != expected_type {
            return Err(EnvelopeError::WrongPayloadType { expected: expected_type });
        }
        Ok(Verified { payload: &self.payload, signers })
    }

    /// The signers of the role whose signatures verify, if they reach the role's threshold.
    fn count_signers(&self, asked: &Asked<'_>) -> Result<Vec<String>, EnvelopeError> {
        let message = self.message();
        let mut signers = Vec::new();
        let mut worst = None;
        for one in &self.signatures {
            match self.signer_of(one, &message, asked) {
                Ok(signer) => signers.push(signer.to_owned()),
                // A lying or stale hint in our own format is refused outright: nothing but the
                // hint could have been changed, and our writers never write a wrong one.
                Err(error) if self.reader == Reader::Own => return Err(error),
                Err(error) => worst = worse(worst, error),
            }
        }
        // Signers are counted, not signatures and not keys.
        signers.sort();
        signers.dedup();
        let required = asked.trust.document().threshold(asked.role);
        if signers.len() >= required {
            return Ok(signers);
        }
        match worst {
            Some(error) if signers.is_empty() => Err(error),
            Some(error @ (EnvelopeError::BadSignature | EnvelopeError::Authority(_))) => Err(error),
            _ => Err(EnvelopeError::Threshold { required, actual: signers.len() }),
        }
    }

    fn signer_of<'t>(
        &self,
        one: &EnvelopeSignature,
        message: &Message,
        asked: &Asked<'t>,
    ) -> Result<&'t str, EnvelopeError> {
        let Asked { trust, role, .. } = *asked;
        let hinted = one.key_id.and_then(|id| trust.key(&id));
        let signature = Signature::from_slice(&one.signature);
        let verifies = |key: &crate::KeyEntry| signature.is_some_and(|s| key.public.verifies(message, &s));
        let candidates = trust.document().keys().filter(|(_, key)| key.role == role && self.reader == Reader::Foreign);
        let Some((signer, key)) = hinted.into_iter().chain(candidates).find(|(_, key)| verifies(key)) else {
            // Naming a key that is trusted for this role and failing is tampering, not a stranger.
            let known = hinted.is_some_and(|(_, key)| key.role == role);
            return Err(if known { EnvelopeError::BadSignature } else { EnvelopeError::Untrusted });
        };
        if key.role != role {
            return Err(EnvelopeError::Untrusted);
        }
        // By the key that verified, not by the one that was named.
        let dated = asked.evidence.and_then(|evidence| evidence.dates(&key.public.key_id(), &one.signature));
        let authority = trust.check_authority(signer, key, asked.name, asked.now, dated);
        authority.map(|()| signer.name.as_str()).map_err(EnvelopeError::Authority)
    }
}

/// What signatures are counted for.
struct Asked<'t> {
    trust: &'t VerifiedTrust,
    role: Role,
    name: Option<&'t PackName>,
    now: Timestamp,
    evidence: Option<&'t SignatureEvidence>,
}

/// Keeps the error that says most: tampering before lost authority before a stranger.
fn worse(old: Option<EnvelopeError>, new: EnvelopeError) -> Option<EnvelopeError> {
    let rank = |error: &EnvelopeError| match error {
        EnvelopeError::BadSignature => 2,
        EnvelopeError::Authority(_) => 1,
        _ => 0,
    };
    match old {
        Some(old) if rank(&old) >= rank(&new) => Some(old),
        _ => Some(new),
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
