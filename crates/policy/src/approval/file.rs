//! The request's file: JSON that a person can read, and whose digest is computed from what it says.

use std::collections::BTreeSet;

use reach_types::{
    Blake3Digest, JsonLimits, MAX_SCOPE_BYTES, NodeId, PackName, PackVersion, Request, RunId, Scope, TenantId,
    Timestamp, ToolCall, ToolId, read_json,
};
use serde::{Deserialize, Serialize};

use super::{ApprovalError, ApprovalRequest, request::Arguments};
use crate::{Binding, ExactCall, MAX_REASONS, Mode};

/// The schema that a request's file names.
pub const APPROVAL_REQUEST_SCHEMA: &str = "reach-approval-request/1";
/// The most bytes of arguments that are shown: a person reads a few pages at the most. Longer ones
/// are named by their digest.
pub const MAX_SHOWN_ARGUMENT_BYTES: usize = 64 * 1024;
/// The most bytes of a request's file: arguments of which each byte takes six (`\u001b`), 1,024
/// scopes and 64 questions of 128 bytes on lines of their own, and 4 KiB for the rest.
pub const MAX_APPROVAL_REQUEST_BYTES: usize =
    6 * MAX_SHOWN_ARGUMENT_BYTES + (Request::MAX_ENTRIES + MAX_REASONS) * (MAX_SCOPE_BYTES + 16) + 4096;

/// The fields, in the order in which they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    schema: String,
    tool: ToolId,
    scopes: Vec<Scope>,
    arguments: RawArguments,
    questions: Vec<String>,
    run: RunId,
    index: u64,
    tenant: TenantId,
    node: NodeId,
    pack: RawPack,
    policy: RawPolicy,
    mode: String,
    definition: Blake3Digest,
    host: Blake3Digest,
    chain: Option<Blake3Digest>,
    asked: Timestamp,
    until: Timestamp,
    nonce: Blake3Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawArguments {
    bytes: u64,
    blake3: Blake3Digest,
    text: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    name: PackName,
    version: PackVersion,
    blake3: Blake3Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    name: PackName,
    version: u64,
    digest: Blake3Digest,
}

impl ApprovalRequest {
    /// The file: JSON on lines, in ASCII, so that no character of the arguments can hide another.
    ///
    /// # Errors
    /// [`ApprovalError::RequestMalformed`], which would be a fault of ours.
    pub fn to_json(&self) -> Result<String, ApprovalError> {
        let json = serde_json::to_string_pretty(&Raw::of(self)).map_err(|_| malformed("it cannot be written"))?;
        let mut ascii = String::with_capacity(json.len().saturating_add(1));
        // Outside of texts JSON is ASCII already.
        for c in json.chars() {
            if c.is_ascii() && c != '\x7f' {
                ascii.push(c);
            } else {
                let units = &mut [0; 2];
                ascii.extend(c.encode_utf16(units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
        ascii.push('\n');
        Ok(ascii)
    }

    /// Reads a file of [`ApprovalRequest::to_json`]. Anybody can have written it: an answer is about
    /// exactly what it says, and only the run that wrote it knows whether that is what it asked.
    ///
    /// # Errors
    /// [`ApprovalError::RequestJson`], [`ApprovalError::RequestMalformed`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, ApprovalError> {
        let limits = JsonLimits::bytes(MAX_APPROVAL_REQUEST_BYTES);
        read_json::<Raw>(bytes, limits).map_err(ApprovalError::RequestJson)?.parse()
    }
}

impl Raw {
    fn of(request: &ApprovalRequest) -> Self {
        let ApprovalRequest { binding, tool, scopes, arguments, pack, policy, questions, asked, until, nonce } =
            request;
        let text = arguments.text.clone();
        Self {
            schema: APPROVAL_REQUEST_SCHEMA.to_owned(),
            tool: tool.clone(),
            scopes: scopes.iter().cloned().collect(),
            arguments: RawArguments { bytes: arguments.bytes, blake3: binding.call.arguments, text },
            questions: questions.clone(),
            run: binding.run,
            index: binding.index,
            tenant: binding.tenant.clone(),
            node: binding.node,
            pack: RawPack { name: pack.0.clone(), version: pack.1, blake3: binding.pack },
            policy: RawPolicy { name: policy.0.clone(), version: policy.1, digest: binding.bundle },
            mode: binding.mode.as_str().to_owned(),
            definition: binding.definition,
            host: binding.host,
            chain: binding.chain,
            asked: *asked,
            until: *until,
            nonce: Blake3Digest::from_bytes(*nonce),
        }
    }

    fn parse(self) -> Result<ApprovalRequest, ApprovalError> {
        if self.schema != APPROVAL_REQUEST_SCHEMA {
            return Err(malformed("its schema is unknown"));
        }
        let scopes = self.scopes()?;
        if self.questions.len() > MAX_REASONS || !self.questions.iter().all(|one| is_question(one)) {
            return Err(malformed("its questions are no list of names"));
        }
        let mode = Mode::parse(Some(&self.mode)).map_err(|_| malformed("its mode is unknown"))?;
        let RawArguments { bytes, blake3, text } = self.arguments;
        let shown = text.as_deref().unwrap_or_default().as_bytes().to_vec();
        let call = ToolCall { tool: self.tool, scopes, arguments: shown };
        let exact = ExactCall::of(&call);
        // Text that is shown is the text that is meant.
        if text.is_some() && !is_shown(&call.arguments, bytes, exact.arguments == blake3) {
            return Err(malformed("the digest of its arguments is not that of the text it shows"));
        }
        let binding = Binding {
            run: self.run,
            index: self.index,
            node: self.node,
            tenant: self.tenant,
            host: self.host,
            definition: self.definition,
            call: ExactCall { arguments: blake3, ..exact },
            pack: self.pack.blake3,
            bundle: self.policy.digest,
            chain: self.chain,
            mode,
        };
        Ok(ApprovalRequest {
            binding,
            tool: call.tool,
            scopes: call.scopes,
            arguments: Arguments { bytes, text },
            pack: (self.pack.name, self.pack.version),
            policy: (self.policy.name, self.policy.version),
            questions: self.questions,
            asked: self.asked,
            until: self.until,
            nonce: *self.nonce.as_bytes(),
        })
    }

    /// The scopes, which are listed once each and in order.
    fn scopes(&self) -> Result<BTreeSet<Scope>, ApprovalError> {
        let sorted = self.scopes.iter().zip(self.scopes.iter().skip(1)).all(|(one, next)| one < next);
        if !sorted || self.scopes.len() > Request::MAX_ENTRIES {
            return Err(malformed("its scopes are no sorted list of at most 1,024"));
        }
        Ok(self.scopes.iter().cloned().collect())
    }
}

/// Whether `arguments` are as long as stated, not too long to show, and have the `same` digest.
fn is_shown(arguments: &[u8], bytes: u64, same: bool) -> bool {
    same && bytes == arguments.len() as u64 && arguments.len() <= MAX_SHOWN_ARGUMENT_BYTES
}

/// Whether `text` can be the subject of a question: the name of a tool, which is spelled as the one
/// segment of a scope is, or a scope.
fn is_question(text: &str) -> bool {
    Scope::parse(text).is_ok()
}

const fn malformed(detail: &'static str) -> ApprovalError {
    ApprovalError::RequestMalformed { detail }
}
