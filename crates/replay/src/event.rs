//! What happens in a run: a verdict for each call before it, a result after it.

use std::collections::BTreeSet;

use reach_types::{Blake3Digest, KeyId, Scope, Timestamp, ToolId};
use serde::{Deserialize, Serialize};

use crate::wire;

/// The most scopes one call uses: as many as a request may name.
pub const MAX_VERDICT_SCOPES: usize = 1024;
/// The most codes one verdict carries: several times the rules a gate has.
pub const MAX_VERDICT_CODES: usize = 64;
/// The longest code in bytes: twice the longest in use.
pub const MAX_CODE_BYTES: usize = 64;
/// The most people, or keys, that one approval names: as many as an envelope carries signatures.
pub const MAX_APPROVERS: usize = reach_signing::MAX_SIGNATURES;

/// Bytes that a log holds.
///
/// An enum on the wire so that a payload beside the log, or a commitment in place of one, can be
/// added without a second format. Exhaustive on purpose: whoever reads payloads must then decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    /// The bytes themselves.
    Inline(#[serde(with = "wire::bytes")] Vec<u8>),
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Inline(bytes)
    }
}

impl Payload {
    /// The bytes themselves.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Inline(bytes) => bytes,
        }
    }
}

/// What the gate answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerdictOutcome {
    /// The call may be made.
    Allowed,
    /// The call may be made, and would be denied once the policy is enforced. Only in logs from
    /// before there was [`Event::Warned`].
    Warned,
    /// The call is not made, unless [`Event::Warned`] follows.
    Denied,
    /// The call is not made, unless [`Event::Approval`] follows.
    Asked,
}

/// The mode the gate was in: the same call can be warned of in one and denied in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyMode {
    /// What is violated is denied.
    Enforce,
    /// What may be relaxed is only warned of.
    Warn,
}

/// One call the run asked for, with everything the gate's answer depended on beside the guards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Which call of the run.
    pub call: u64,
    /// The graph node that asked for it, in the grammar of identifiers.
    pub node: String,
    /// The tool.
    pub tool: ToolId,
    /// The digest of the tool's definition.
    pub definition: Blake3Digest,
    /// The scopes the call uses, at most [`MAX_VERDICT_SCOPES`].
    #[serde(deserialize_with = "wire::bounded::<_, _, _, MAX_VERDICT_SCOPES>")]
    pub scopes: BTreeSet<Scope>,
    /// The exact argument bytes.
    pub arguments: Payload,
    /// The mode the gate was in.
    pub mode: PolicyMode,
    /// The answer.
    pub outcome: VerdictOutcome,
    /// Every code the answer came with, at most [`MAX_VERDICT_CODES`].
    #[serde(deserialize_with = "wire::bounded::<_, _, _, MAX_VERDICT_CODES>")]
    pub codes: Vec<String>,
    /// The moment the gate was given.
    pub now: Timestamp,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultOutcome {
    /// The tool answered.
    Ok,
    /// The tool failed; the payload says how.
    Failed,
}

/// What a call brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallResult {
    /// Which call of the run.
    pub call: u64,
    /// How it ended.
    pub outcome: ResultOutcome,
    /// The exact bytes it brought.
    pub payload: Payload,
    /// When, by the recorder's clock.
    pub at: Timestamp,
}

/// That a call was let through all the same, though its verdict is a denial in mode warn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warned {
    /// Which call of the run.
    pub call: u64,
    /// The permit that lets it through.
    pub permit: Blake3Digest,
    /// The permit allows nothing from this moment on.
    pub until: Timestamp,
    /// When, by the recorder's clock.
    pub at: Timestamp,
}

/// That a person approved a call, which its verdict asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// Which call of the run.
    pub call: u64,
    /// The digest of the request that was put to the person.
    pub request: Blake3Digest,
    /// The request's nonce.
    pub nonce: [u8; 32],
    /// Nobody waited for the answer from this moment on.
    pub asked_until: Timestamp,
    /// Who approved, 1 to [`MAX_APPROVERS`] names of signers in the grammar of identifiers.
    #[serde(deserialize_with = "wire::bounded::<_, _, _, MAX_APPROVERS>")]
    pub approvers: Vec<String>,
    /// The keys they signed with, 1 to [`MAX_APPROVERS`].
    #[serde(deserialize_with = "wire::bounded::<_, _, KeyId, MAX_APPROVERS>")]
    pub keys: Vec<KeyId>,
    /// The digest of the whole file of the approval.
    pub statement: Blake3Digest,
    /// When they approved, by their own clock.
    pub issued: Timestamp,
    /// The approval allows nothing from this moment on.
    pub until: Timestamp,
    /// When, by the recorder's clock.
    pub at: Timestamp,
}

/// What a caller may record. Header, checkpoints and end are the recorder's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The gate's answer to a call, recorded before the call is made.
    Verdict(Verdict),
    /// What the call brought.
    Result(CallResult),
    /// What lets a call through that was denied in mode warn, recorded before the call is made.
    Warned(Warned),
    /// What lets a call through that a person was asked about, recorded before the call is made.
    Approval(Box<Approved>),
}

impl Event {
    /// The moment the event claims.
    pub(crate) const fn time(&self) -> Timestamp {
        match self {
            Self::Verdict(verdict) => verdict.now,
            Self::Result(result) => result.at,
            Self::Warned(warned) => warned.at,
            Self::Approval(approved) => approved.at,
        }
    }

    /// What the types alone do not rule out.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Verdict(verdict) => verdict.check(),
            Self::Approval(approved) => approved.check(),
            Self::Result(_) | Self::Warned(_) => Ok(()),
        }
    }
}

impl Approved {
    fn check(&self) -> Result<(), &'static str> {
        let fits = |count: usize| (1..=MAX_APPROVERS).contains(&count);
        if !fits(self.approvers.len()) || !fits(self.keys.len()) {
            return Err("nobody approved, or more people than an approval can name");
        }
        // All identifiers of Reach have one grammar; a signer's is a tool's.
        if self.approvers.iter().any(|name| ToolId::parse(name).is_err()) {
            return Err("the name of an approver is not an identifier");
        }
        Ok(())
    }
}

impl Verdict {
    fn check(&self) -> Result<(), &'static str> {
        let code = |code: &String| {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_');
            (1..=MAX_CODE_BYTES).contains(&code.len()) && code.bytes().all(plain)
        };
        // All identifiers of Reach have one grammar; a graph node's is a tool's.
        if ToolId::parse(&self.node).is_err() {
            return Err("the graph node is not an identifier");
        }
        if self.scopes.len() > MAX_VERDICT_SCOPES {
            return Err("more scopes than a call may use");
        }
        if self.codes.len() > MAX_VERDICT_CODES || !self.codes.iter().all(code) {
            return Err("more codes than a verdict may carry, or one that is no code");
        }
        Ok(())
    }
}
