//! What a pack's signature says: an in-toto Statement about one archive.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use reach_types::{Blake3Digest, JsonError, JsonLimits, PackName, PackVersion, Sha256Digest, Timestamp, read_json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    ArchiveDigests,
    digests::{OtherAlgorithm, OtherDigest},
};

/// The DSSE payload type of a statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The predicate type of a pack's statement.
pub const PREDICATE_TYPE: &str = "urn:reach:predicate:pack:v1";
/// The most bytes of a statement: ours have 600, and others may annotate theirs.
pub const MAX_STATEMENT_BYTES: usize = 64 * 1024;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const ARCHIVE_SUFFIX: &str = ".reachpack";

/// Why a statement was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Not a statement about one pack.
    #[error("the signed statement is malformed: {rule}")]
    Malformed {
        /// The rule it breaks.
        rule: &'static str,
    },
    /// More than [`MAX_STATEMENT_BYTES`].
    #[error("a statement of {actual} bytes, at most {MAX_STATEMENT_BYTES} are allowed")]
    TooLarge {
        /// Its size in bytes.
        actual: usize,
    },
    /// Nested deeper than any statement is.
    #[error("the signed statement is nested too deeply")]
    TooDeep,
    /// One object holds a key twice.
    #[error("the signed statement holds the same key twice")]
    DuplicateKey,
    /// A statement of something else.
    #[error("the signed statement's predicate type is not `{PREDICATE_TYPE}`")]
    WrongPredicate,
    /// Not both of the digests that name an archive.
    #[error("the signed statement does not give the archive's `sha256` and `blake3`")]
    WeakDigest,
    /// A digest in another spelling than lower-case hex.
    #[error("the signed statement's `{algorithm}` is not lower-case hex of the right length")]
    DigestFormat {
        /// Which one.
        algorithm: &'static str,
    },
}

reach_types::codes!(StatementError {
    Malformed => ("pack.statement_malformed", Refused, "have the pack signed again with `reach pack sign`"),
    TooLarge => ("pack.limit_statement", Limit, "sign a statement without annotations"),
    TooDeep => ("pack.limit_depth", Limit, "sign a statement without annotations"),
    DuplicateKey => ("pack.statement_duplicate_key", Refused, "have the pack signed again with `reach pack sign`"),
    WrongPredicate => ("pack.wrong_predicate", Refused, "use the pack's own signature: this one says something else about it"),
    WeakDigest => ("pack.weak_digest", Refused, "have the pack signed again with `reach pack sign`"),
    DigestFormat => ("pack.digest_format", Refused, "have the pack signed again with `reach pack sign`"),
});

/// A statement as read: it holds if its envelope was verified, and not otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The pack's name.
    pub name: PackName,
    /// The pack's version.
    pub version: PackVersion,
    /// When the signer says it was made.
    pub created: Timestamp,
    /// Valid until before this moment.
    pub expires: Timestamp,
    /// The archive it is about.
    pub digests: ArchiveDigests,
    // Beside `digests`, whatever else the signer stated and we can compute.
    pub(crate) others: Vec<OtherDigest>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<RawSubject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    predicate: Value,
}

#[derive(Deserialize)]
struct RawSubject {
    name: String,
    digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPredicate {
    name: String,
    version: String,
    created: String,
    expires: String,
}

impl Statement {
    /// Reads a statement from the payload of an envelope. Fields that in-toto's format does not
    /// know are ignored, as it demands; in our own predicate they are refused.
    ///
    /// # Errors
    /// Every variant of [`StatementError`].
    pub fn read(payload: &[u8]) -> Result<Self, StatementError> {
        let raw: Raw = read_json(payload, JsonLimits::bytes(MAX_STATEMENT_BYTES)).map_err(from_json)?;
        if raw.kind != STATEMENT_TYPE {
            return Err(malformed("its `_type` is not Statement v1"));
        }
        if raw.predicate_type != PREDICATE_TYPE {
            return Err(StatementError::WrongPredicate);
        }
        let [subject] = raw.subject.as_slice() else {
            return Err(malformed("it is not about exactly one subject"));
        };
        let (digests, others) = read_digests(&subject.digest)?;
        // A list would be read by position, and so go round the names of the fields.
        if !raw.predicate.is_object() {
            return Err(malformed("its predicate is not an object"));
        }
        let predicate = RawPredicate::deserialize(raw.predicate).map_err(|_| malformed("its predicate's fields"))?;
        let name = PackName::parse(&predicate.name).map_err(|_| malformed("its pack name"))?;
        if subject.name != archive_name(&name) {
            return Err(malformed("its subject is not named after the pack"));
        }
        Ok(Self {
            name,
            version: PackVersion::parse(&predicate.version).map_err(|_| malformed("its pack version"))?,
            created: Timestamp::parse(&predicate.created).map_err(|_| malformed("its date `created`"))?,
            expires: Timestamp::parse(&predicate.expires).map_err(|_| malformed("its date `expires`"))?,
            digests,
            others,
        })
    }

    /// The statement as compact JSON. Its dates must be whole seconds to be read again.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let statement = json!({
            "_type": STATEMENT_TYPE,
            "subject": [{
                "name": archive_name(&self.name),
                "digest": { "sha256": self.digests.sha256.to_string(), "blake3": self.digests.blake3.to_string() },
            }],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "name": self.name.as_str(),
                "version": self.version.to_string(),
                "created": self.created.to_string(),
                "expires": self.expires.to_string(),
            },
        });
        statement.to_string().into_bytes()
    }
}

/// The file name of the pack's archive.
fn archive_name(name: &PackName) -> String {
    format!("{name}{ARCHIVE_SUFFIX}")
}

const fn malformed(rule: &'static str) -> StatementError {
    StatementError::Malformed { rule }
}

fn from_json(error: JsonError) -> StatementError {
    match error {
        JsonError::TooLarge { actual, .. } => StatementError::TooLarge { actual },
        JsonError::TooDeep { .. } => StatementError::TooDeep,
        JsonError::DuplicateKey { .. } => StatementError::DuplicateKey,
        JsonError::Number { .. } => malformed("it holds a number that is not a whole one up to 2^53"),
        JsonError::Syntax { .. } => malformed("it is not one JSON value"),
        _ => malformed("its fields"),
    }
}

fn read_digests(stated: &BTreeMap<String, String>) -> Result<(ArchiveDigests, Vec<OtherDigest>), StatementError> {
    if stated.is_empty() {
        return Err(malformed("its subject has no digest"));
    }
    let (Some(sha256), Some(blake3)) = (stated.get("sha256"), stated.get("blake3")) else {
        return Err(StatementError::WeakDigest);
    };
    let digests = ArchiveDigests {
        sha256: Sha256Digest::parse(sha256).map_err(|_| StatementError::DigestFormat { algorithm: "sha256" })?,
        blake3: Blake3Digest::parse(blake3).map_err(|_| StatementError::DigestFormat { algorithm: "blake3" })?,
    };
    let other = |(name, text): (&String, &String)| Some(read_other(OtherAlgorithm::named(name)?, text));
    Ok((digests, stated.iter().filter_map(other).collect::<Result<_, _>>()?))
}

fn read_other(algorithm: OtherAlgorithm, text: &str) -> Result<OtherDigest, StatementError> {
    let value = HEXLOWER.decode(text.as_bytes()).ok().filter(|value| value.len() == algorithm.bytes());
    let value = value.ok_or(StatementError::DigestFormat { algorithm: algorithm.name() })?;
    Ok(OtherDigest { algorithm, value })
}
