//! What a person is asked: one exact call, with everything it stands on.

use std::{collections::BTreeSet, time::Duration};

use reach_types::{Blake3Digest, PackFacts, PackName, PackVersion, Scope, Timestamp, ToolCall, ToolId};

use crate::{Binding, Decision, ExactCall, Outcome, PermitError, Policy, approval::file::MAX_SHOWN_ARGUMENT_BYTES};

/// The one call that a decision asks a person about, and how the question is put.
pub struct AskedCall<'a> {
    /// What a permit for it will be bound to.
    pub binding: Binding,
    /// The call.
    pub call: &'a ToolCall,
    /// The pack that makes it.
    pub pack: &'a PackFacts,
    /// The policy that asks.
    pub policy: &'a Policy,
    /// Nobody waits for the answer from this moment on.
    pub until: Timestamp,
    /// 32 bytes that whoever asks draws at random for each question: an answer to one that was asked
    /// before, about the same call even, is an answer to another question.
    pub nonce: [u8; 32],
}

crate::unseen::debug_only!(AskedCall<'_> { until });

/// A request for an approval: what is asked, as a person reads it and as the answer names it.
///
/// It gives no permission, and is no secret but for what the arguments say. Times are whole seconds,
/// as its file writes them.
#[derive(Clone, PartialEq, Eq)]
pub struct ApprovalRequest {
    // INVARIANT: `binding.call` is the digests of `tool`, `scopes` and `arguments`.
    pub(crate) binding: Binding,
    pub(crate) tool: ToolId,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) arguments: Arguments,
    pub(crate) pack: (PackName, PackVersion),
    pub(crate) policy: (PackName, u64),
    pub(crate) questions: Vec<String>,
    pub(crate) asked: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) nonce: [u8; 32],
}

crate::unseen::debug_only!(ApprovalRequest { asked, until });

/// The argument bytes, shown if a person can read them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) bytes: u64,
    pub(crate) text: Option<String>,
}

crate::unseen::debug_only!(Arguments { bytes });

impl Arguments {
    fn of(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_SHOWN_ARGUMENT_BYTES);
        Self { bytes: bytes.len() as u64, text: text.map(str::to_owned) }
    }
}

impl Decision {
    /// The question that this decision puts to a person about one call.
    ///
    /// # Errors
    /// [`PermitError::Denied`] for any outcome but [`Outcome::Ask`]; what [`Decision::permit`]
    /// refuses of the binding; [`PermitError::CallMismatch`] if it is not that of the call;
    /// [`PermitError::Superseded`] for another pack or policy than the binding's.
    pub fn ask(&self, asked: AskedCall<'_>) -> Result<ApprovalRequest, PermitError> {
        let AskedCall { binding, call, pack, policy, until, nonce } = asked;
        if self.outcome != Outcome::Ask {
            return Err(PermitError::Denied);
        }
        self.check_binding(&binding)?;
        if binding.call != ExactCall::of(call) {
            return Err(PermitError::CallMismatch { field: "request" });
        }
        if binding.pack != pack.digest {
            return Err(PermitError::Superseded { field: "pack" });
        }
        Ok(ApprovalRequest {
            binding,
            tool: call.tool.clone(),
            scopes: call.scopes.clone(),
            arguments: Arguments::of(&call.arguments),
            pack: (pack.name.clone(), pack.version),
            policy: (policy.typed_name().clone(), policy.version()),
            questions: self.questions_asked(),
            asked: whole_seconds(self.now),
            // Rounded up, so that a second to answer is one.
            until: whole_seconds(until.saturating_add(Duration::from_millis(999))),
            nonce,
        })
    }

    /// What the person is asked about, one tool or scope each.
    fn questions_asked(&self) -> Vec<String> {
        self.questions.iter().map(|one| one.subject().to_owned()).collect()
    }
}

/// `time` as dates are written in files.
fn whole_seconds(time: Timestamp) -> Timestamp {
    let millis = time.as_millis();
    Timestamp::from_millis(millis.saturating_sub(millis % 1000))
}

impl ApprovalRequest {
    /// The digest that an answer names: over all that is asked, and the nonce.
    #[must_use]
    pub fn digest(&self) -> Blake3Digest {
        let Self { binding, arguments, pack, policy, questions, asked, until, nonce, tool: _, scopes: _ } = self;
        let version = pack.1.to_string();
        let numbers =
            [binding.index, arguments.bytes, policy.1, asked.as_millis(), until.as_millis()].map(u64::to_le_bytes);
        let [index, bytes, policy_version, asked, until] = &numbers;
        let count = (questions.len() as u64).to_le_bytes();
        let mut parts: Vec<&[u8]> = vec![
            binding.run.0.as_bytes(),
            index,
            binding.node.0.as_bytes(),
            binding.tenant.as_str().as_bytes(),
            binding.host.as_bytes(),
            binding.definition.as_bytes(),
            binding.call.request.as_bytes(),
            binding.call.arguments.as_bytes(),
            bytes,
            binding.pack.as_bytes(),
            pack.0.as_str().as_bytes(),
            version.as_bytes(),
            binding.bundle.as_bytes(),
            policy.0.as_str().as_bytes(),
            policy_version,
            binding.chain.as_ref().map_or(&[][..], |digest| digest.as_bytes()),
            binding.mode.as_str().as_bytes(),
            asked,
            until,
            nonce,
            &count,
        ];
        parts.extend(questions.iter().map(|one| one.as_bytes()));
        Blake3Digest::derive("reach 2026 approval request v1", &parts)
    }

    /// What a permit for the call will be bound to.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The tool.
    #[must_use]
    pub const fn tool(&self) -> &ToolId {
        &self.tool
    }

    /// The scopes that the call uses.
    #[must_use]
    pub const fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// The argument text, if it is one of at most [`MAX_SHOWN_ARGUMENT_BYTES`]. Somebody else wrote
    /// it: escape it before a terminal sees it.
    #[must_use]
    pub fn arguments(&self) -> Option<&str> {
        self.arguments.text.as_deref()
    }

    /// How many bytes of arguments there are.
    #[must_use]
    pub const fn argument_bytes(&self) -> u64 {
        self.arguments.bytes
    }

    /// The digest of the argument bytes.
    #[must_use]
    pub const fn arguments_digest(&self) -> &Blake3Digest {
        &self.binding.call.arguments
    }

    /// The pack's name and version.
    #[must_use]
    pub const fn pack(&self) -> (&PackName, PackVersion) {
        (&self.pack.0, self.pack.1)
    }

    /// The policy's name and version.
    #[must_use]
    pub const fn policy(&self) -> (&PackName, u64) {
        (&self.policy.0, self.policy.1)
    }

    /// What the person is asked about: tools and scopes, each a parsed identifier.
    #[must_use]
    pub fn questions(&self) -> &[String] {
        &self.questions
    }

    /// When it was asked.
    #[must_use]
    pub const fn asked(&self) -> Timestamp {
        self.asked
    }

    /// Nobody waits for the answer from this moment on.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// What tells this question from the same one asked again.
    #[must_use]
    pub const fn nonce(&self) -> &[u8; 32] {
        &self.nonce
    }
}
