//! Openings: an entry with its salts, as the JSON that goes with a proof.

use data_encoding::{BASE64, HEXLOWER};
use reach_types::{JsonError, JsonLimits, RunId, TenantId, Timestamp, read_json};
use serde::{Deserialize, Serialize};

use crate::{Author, EntryKind, Header, MAX_PAYLOAD_BYTES, header::ENTRY_VERSION};

/// The most bytes of an opening's JSON: the longest payload in base64 (87,384), and 4 KiB for all
/// other fields at their longest.
pub const MAX_OPENING_JSON_BYTES: usize = MAX_PAYLOAD_BYTES / 3 * 4 + 8 + 4096;

/// Why an opening's JSON was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// The JSON itself.
    #[error(transparent)]
    Json(JsonError),
    /// A field outside its grammar.
    #[error("the opening's `{field}` is malformed")]
    Field {
        /// Which one.
        field: &'static str,
    },
    /// Another spelling of what a conforming writer writes.
    #[error("the opening is not in its one spelling: compact, fields in order, no final newline")]
    NonCanonical,
}

reach_types::codes!(OpeningError {
    Field => ("audit.opening_malformed", Refused, "fetch the opening again"),
    NonCanonical => ("audit.opening_non_canonical", Unsafe, "use the file as `reach audit prove` wrote it"),
} wrap { Json });

/// An entry with the salts that show it to be what a leaf commits to. Holding one proves nothing:
/// see [`crate::verify_opening`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Everything but the payload.
    pub header: Header,
    /// The payload.
    pub payload: Vec<u8>,
    /// The salt of the header's commitment.
    pub header_salt: [u8; 32],
    /// The salt of the payload's commitment.
    pub payload_salt: [u8; 32],
}

/// The JSON, field by field in its order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    version: u16,
    seq: u64,
    tenant: TenantId,
    run: RunId,
    index_in_run: u64,
    kind: EntryKind,
    author: String,
    /// Milliseconds since 1970.
    time: u64,
    raw_time: u64,
    idempotency: Option<String>,
    payload: String,
    header_salt: String,
    payload_salt: String,
}

impl Opening {
    /// The opening as compact JSON, in its one spelling.
    ///
    /// # Errors
    /// [`OpeningError::Field`], which no entry of a ledger gives.
    pub fn to_json(&self) -> Result<String, OpeningError> {
        let header = &self.header;
        let json = Json {
            version: header.version,
            seq: header.seq,
            tenant: header.tenant.clone(),
            run: header.run,
            index_in_run: header.index_in_run,
            kind: header.kind,
            author: header.author.to_string(),
            time: header.time.as_millis(),
            raw_time: header.raw_time.as_millis(),
            idempotency: header.idempotency.map(|key| HEXLOWER.encode(&key)),
            payload: BASE64.encode(&self.payload),
            header_salt: HEXLOWER.encode(&self.header_salt),
            payload_salt: HEXLOWER.encode(&self.payload_salt),
        };
        serde_json::to_string(&json).map_err(|_| OpeningError::Field { field: "version" })
    }

    /// Reads an opening, in exactly the spelling that [`Opening::to_json`] writes.
    ///
    /// # Errors
    /// Every variant of [`OpeningError`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, OpeningError> {
        let json: Json = read_json(bytes, JsonLimits::bytes(MAX_OPENING_JSON_BYTES)).map_err(OpeningError::Json)?;
        let opening = Self::from_fields(json)?;
        if opening.to_json()?.as_bytes() == bytes { Ok(opening) } else { Err(OpeningError::NonCanonical) }
    }

    fn from_fields(json: Json) -> Result<Self, OpeningError> {
        if json.version != ENTRY_VERSION {
            return Err(OpeningError::Field { field: "version" });
        }
        let payload = BASE64.decode(json.payload.as_bytes()).map_err(|_| OpeningError::Field { field: "payload" })?;
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(OpeningError::Field { field: "payload" });
        }
        let header = Header {
            version: json.version,
            seq: json.seq,
            tenant: json.tenant,
            run: json.run,
            index_in_run: json.index_in_run,
            kind: json.kind,
            author: Author::parse(&json.author).ok_or(OpeningError::Field { field: "author" })?,
            time: Timestamp::from_millis(json.time),
            raw_time: Timestamp::from_millis(json.raw_time),
            idempotency: json.idempotency.map(|key| hex(&key, "idempotency")).transpose()?,
            payload_len: u32::try_from(payload.len()).map_err(|_| OpeningError::Field { field: "payload" })?,
        };
        let header_salt = hex(&json.header_salt, "header_salt")?;
        let payload_salt = hex(&json.payload_salt, "payload_salt")?;
        Ok(Self { header, payload, header_salt, payload_salt })
    }
}

fn hex(text: &str, field: &'static str) -> Result<[u8; 32], OpeningError> {
    let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| OpeningError::Field { field })?;
    bytes.try_into().map_err(|_| OpeningError::Field { field })
}
