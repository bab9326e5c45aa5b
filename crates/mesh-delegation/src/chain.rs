//! A chain file: a JSON list of DSSE envelopes in the one form this crate writes.

use reach_signing::{Envelope, EnvelopeError, Reader};
use reach_types::{Blake3Digest, JsonError, JsonLimits, StrictError, read_json_value};
use serde_json::Value;

use crate::{LINK_PAYLOAD_TYPE, Link, MAX_DEPTH, link::link_digest};

/// The most bytes of a chain: [`MAX_DEPTH`] links of [`crate::MAX_LINK_BYTES`] in base64 with 400
/// bytes of envelope each are 376 KiB.
pub const MAX_CHAIN_BYTES: usize = 384 * 1024;

/// The deepest a chain file nests: list, envelope, signatures, signature.
const JSON_DEPTH: usize = 4;

/// Why something is no chain, whoever reads it. Links are counted from 0.
///
/// Exhaustive on purpose: a case that is not handled is a chain that is let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// More bytes than any chain has.
    #[error("the chain has {actual} bytes, at most {limit} are allowed")]
    ChainTooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size offered.
        actual: usize,
    },
    /// The JSON itself.
    #[error(transparent)]
    Json(JsonError),
    /// Not a list, or an empty one.
    #[error("a chain is a JSON list of at least one envelope")]
    ChainMalformed,
    /// More links than allowed.
    #[error("the chain has {actual} links, at most {limit} are allowed")]
    DepthExceeded {
        /// The limit.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// Readable, but not as this crate would have written it.
    #[error("the chain is not in its one form: compact JSON, only the DSSE fields, padded standard base64")]
    EncodingNoncanonical,
    /// No signature, several, or one over something else.
    #[error("link {index} does not carry exactly one valid signature by its issuer")]
    LinkSignatureInvalid {
        /// Which link.
        index: usize,
    },
    /// A payload of another version.
    #[error("link {index} is not of version 1")]
    LinkVersion {
        /// Which link.
        index: usize,
    },
    /// The payload's bytes.
    #[error(transparent)]
    Payload(StrictError),
    /// More entries than a link may have.
    #[error("`{field}` of link {index} has {actual} entries, at most {limit} are allowed")]
    LinkTooLarge {
        /// Which link.
        index: usize,
        /// Which field.
        field: &'static str,
        /// The limit.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// A nonce that nobody drew.
    #[error("the nonce of link {index} is all zero")]
    NonceInvalid {
        /// Which link.
        index: usize,
    },
    /// No attempt is left.
    #[error("link {index} allows no attempt")]
    AttemptsExhausted {
        /// Which link.
        index: usize,
    },
    /// Times that are not `issued <= not before < expires`.
    #[error("link {index} is not issued before it begins, or does not begin before it expires")]
    TtlInvalid {
        /// Which link.
        index: usize,
    },
    /// A link that does not follow the one it stands behind.
    #[error("link {index} names another link as the one before it")]
    PrevHashMismatch {
        /// Which link.
        index: usize,
    },
    /// A link that says it stands elsewhere.
    #[error("link {index} says that it is number {declared}")]
    LinkIndex {
        /// Which link.
        index: usize,
        /// Where it says it stands.
        declared: u8,
    },
    /// A link by a node that the link before it was not for.
    #[error("link {index} is issued by a node that the link before it was not for")]
    IssuerMismatch {
        /// Which link.
        index: usize,
    },
    /// A node delegates to itself.
    #[error("link {index} is from a node to itself")]
    SelfDelegation {
        /// Which link.
        index: usize,
    },
    /// A node stands twice in the chain.
    #[error("a node stands in the chain twice")]
    Cycle,
    /// The run is another node's.
    #[error("the run's id does not belong to the first issuer")]
    RootUntrusted,
    /// A link for another run.
    #[error("link {index} is for another run than the first link")]
    RunMismatch {
        /// Which link.
        index: usize,
    },
    /// A tool that was not passed on.
    #[error("link {index} passes on a tool that its issuer was not given")]
    ToolWidened {
        /// Which link.
        index: usize,
    },
    /// A scope that was not passed on.
    #[error("link {index} passes on a scope that its issuer was not given")]
    ScopeWidened {
        /// Which link.
        index: usize,
    },
    /// A time outside the one passed on.
    #[error("link {index} begins earlier or expires later than the link before it")]
    TtlWidened {
        /// Which link.
        index: usize,
    },
    /// More attempts than were passed on.
    #[error("link {index} allows more attempts than the link before it")]
    AttemptsWidened {
        /// Which link.
        index: usize,
    },
    /// A link for another pack, or for one that declares other things.
    #[error("link {index} is for another pack, or says of it what the pack does not declare")]
    PackMismatch {
        /// Which link.
        index: usize,
    },
    /// A link over another registry snapshot.
    #[error("link {index} was made where the pack's tools are defined differently")]
    RegistryMismatch {
        /// Which link.
        index: usize,
    },
}

reach_types::codes!(ChainError {
    ChainTooLarge => ("mesh.chain_too_large", Limit, "this is not a chain that Reach would write"),
    ChainMalformed => ("mesh.chain_malformed", Refused, "send the chain as `reach delegate issue` writes it"),
    DepthExceeded => ("mesh.depth_exceeded", Limit, "delegate through fewer nodes"),
    EncodingNoncanonical => ("mesh.encoding_noncanonical", Unsafe, "send the chain as `reach delegate issue` writes it, unformatted"),
    LinkSignatureInvalid => ("mesh.link_signature_invalid", Refused, "fetch the chain again from whoever issued it"),
    LinkVersion => ("mesh.link_version", Refused, "update the older of the two nodes"),
    LinkTooLarge => ("mesh.link_too_large", Limit, "delegate fewer tools and scopes at once"),
    NonceInvalid => ("mesh.nonce_invalid", Refused, "draw a nonce at random for every link"),
    AttemptsExhausted => ("mesh.attempts_exhausted", Refused, "allow at least one attempt"),
    TtlInvalid => ("mesh.ttl_invalid", Refused, "let the link begin when it is issued or later, and expire after that"),
    PrevHashMismatch => ("mesh.prev_hash_mismatch", Refused, "send the whole chain, every link in its place"),
    LinkIndex => ("mesh.link_index", Refused, "number the links from 0 in their order"),
    IssuerMismatch => ("mesh.issuer_mismatch", Refused, "only the node a link is for may pass it on"),
    SelfDelegation => ("mesh.self_delegation", Refused, "delegate to another node"),
    Cycle => ("mesh.cycle", Refused, "delegate to a node that is not in the chain yet"),
    RootUntrusted => ("mesh.root_untrusted", Untrusted, "send the whole chain, from the node that started the run"),
    RunMismatch => ("mesh.run_mismatch", Refused, "send links of one run only"),
    ToolWidened => ("mesh.tool_widened", Refused, "pass on only tools that were delegated"),
    ScopeWidened => ("mesh.scope_widened", Refused, "pass on only scopes that were delegated"),
    TtlWidened => ("mesh.ttl_widened", Refused, "stay within the time that was delegated"),
    AttemptsWidened => ("mesh.attempts_widened", Refused, "allow no more attempts than were delegated"),
    PackMismatch => ("mesh.pack_mismatch", Refused, "delegate the pack that is to run, with what it declares"),
    RegistryMismatch => ("mesh.registry_mismatch", Refused, "bring the tools of both nodes to the same definitions"),
} wrap { Json, Payload });

/// A link as read: its envelope is not verified yet.
#[derive(Debug, Clone)]
pub(crate) struct ReadLink {
    pub(crate) envelope: Envelope,
    pub(crate) link: Link,
    pub(crate) digest: Blake3Digest,
}

/// The digest by which receipts name a chain: BLAKE3 over the file's bytes in their own domain.
///
/// A chain has one form, so two files with one meaning do not exist; what is no chain at all has a
/// digest too, and can be refused by it.
#[must_use]
pub fn chain_digest(chain: &[u8]) -> Blake3Digest {
    Blake3Digest::derive("reach 2026 mesh chain v1", &[chain])
}

/// What a chain claims: for printing, and to learn which run a refused chain was about.
///
/// Trust: nothing of it is verified, neither signatures nor whether the links belong together.
///
/// # Errors
/// [`ChainError`], as far as a link can break a rule by itself.
pub fn inspect(chain: &[u8]) -> Result<Vec<Link>, ChainError> {
    Ok(read_chain(chain, MAX_DEPTH)?.into_iter().map(|one| one.link).collect())
}

/// Reads a chain of at most `max_depth` links. Size and count are checked before any link is read.
pub(crate) fn read_chain(chain: &[u8], max_depth: usize) -> Result<Vec<ReadLink>, ChainError> {
    if chain.len() > MAX_CHAIN_BYTES {
        return Err(ChainError::ChainTooLarge { limit: MAX_CHAIN_BYTES, actual: chain.len() });
    }
    let limits = JsonLimits { bytes: MAX_CHAIN_BYTES, depth: JSON_DEPTH };
    let value = read_json_value(chain, limits).map_err(ChainError::Json)?;
    let list = value.as_array().filter(|list| !list.is_empty()).ok_or(ChainError::ChainMalformed)?;
    if list.len() > max_depth {
        return Err(ChainError::DepthExceeded { limit: max_depth, actual: list.len() });
    }
    let envelopes = list.iter().enumerate().map(read_envelope).collect::<Result<Vec<_>, _>>()?;
    if write_chain(&envelopes).as_bytes() != chain {
        return Err(ChainError::EncodingNoncanonical);
    }
    envelopes.into_iter().enumerate().map(|(index, envelope)| read_link(index, envelope)).collect()
}

/// The one form of a chain.
pub(crate) fn write_chain(envelopes: &[Envelope]) -> String {
    let links: Vec<String> = envelopes.iter().map(Envelope::to_json).collect();
    format!("[{}]", links.join(","))
}

fn read_envelope((index, value): (usize, &Value)) -> Result<Envelope, ChainError> {
    Envelope::read(value.to_string().as_bytes(), Reader::Own, MAX_CHAIN_BYTES).map_err(|error| match error {
        EnvelopeError::Malformed { .. }
        | EnvelopeError::DuplicateKey
        | EnvelopeError::TooLarge { .. }
        | EnvelopeError::TooDeep { .. } => ChainError::EncodingNoncanonical,
        EnvelopeError::NoSignatures
        | EnvelopeError::TooManySignatures { .. }
        | EnvelopeError::BadSignature
        | EnvelopeError::Untrusted
        | EnvelopeError::Authority(_)
        | EnvelopeError::Threshold { .. }
        | EnvelopeError::TooManyTries
        | EnvelopeError::WrongPayloadType { .. } => ChainError::LinkSignatureInvalid { index },
    })
}

fn read_link(index: usize, envelope: Envelope) -> Result<ReadLink, ChainError> {
    // A signature over a payload of another type, a receipt's say, is no signature of a link.
    if envelope.unverified_payload_type() != LINK_PAYLOAD_TYPE {
        return Err(ChainError::LinkSignatureInvalid { index });
    }
    let link = Link::decode(envelope.unverified_payload(), index)?;
    let digest = link_digest(envelope.unverified_payload());
    Ok(ReadLink { envelope, link, digest })
}
