//! What a permit is bound to.

use std::collections::BTreeSet;

use reach_types::{Blake3Digest, NodeId, RunId, Scope, TenantId, Timestamp, ToolCall, ToolId, fold_length_prefixed};

use crate::Mode;

/// One exact call, as digests: its tool and scopes, and its argument bytes. Made only from a whole
/// [`ToolCall`], so that the parts cannot come from different calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ExactCall {
    pub(crate) request: Blake3Digest,
    pub(crate) arguments: Blake3Digest,
}

crate::unseen::debug_only!(ExactCall {});

impl ExactCall {
    /// The digests of `call`.
    #[must_use]
    pub fn of(call: &ToolCall) -> Self {
        Self { request: request_digest(&call.tool, &call.scopes), arguments: call.arguments_digest() }
    }
}

/// BLAKE3 over the tool and the sorted scopes, each after its length.
pub(crate) fn request_digest(tool: &ToolId, scopes: &BTreeSet<Scope>) -> Blake3Digest {
    let mut hasher = blake3::Hasher::new_derive_key("reach 2026 call request v1");
    fold_length_prefixed(&mut hasher, &[tool.as_str().as_bytes()]);
    for scope in scopes {
        fold_length_prefixed(&mut hasher, &[scope.as_str().as_bytes()]);
    }
    Blake3Digest::from_bytes(*hasher.finalize().as_bytes())
}

/// The one call a permit is for, and everything the permission stands on.
///
/// Whoever redeems a permit states these again, from what is really about to happen.
#[derive(Clone, PartialEq, Eq)]
pub struct Binding {
    /// The run.
    pub run: RunId,
    /// Which call of the run, from 0.
    pub index: u64,
    /// The node the call happens on.
    pub node: NodeId,
    /// The tenant the run belongs to.
    pub tenant: TenantId,
    /// The tool host that carries the call out.
    pub host: Blake3Digest,
    /// The tool's definition, as the host has it.
    pub definition: Blake3Digest,
    /// The call.
    pub call: ExactCall,
    /// The pack.
    pub pack: Blake3Digest,
    /// The policy bundle.
    pub bundle: Blake3Digest,
    /// The delegation chain; `None` for a local run, and only for one.
    pub chain: Option<Blake3Digest>,
    /// The mode of the gate.
    pub mode: Mode,
}

crate::unseen::debug_only!(Binding { index, mode });

impl Binding {
    /// The digest that names a permit for this call which ends at `expires`.
    pub(crate) fn permit_digest(&self, expires: Timestamp, warned: bool) -> Blake3Digest {
        let chain = self.chain.as_ref().map_or(&[][..], |digest| digest.as_bytes());
        Blake3Digest::derive(
            "reach 2026 permit v1",
            &[
                self.run.0.as_bytes(),
                &self.index.to_le_bytes(),
                self.node.0.as_bytes(),
                self.tenant.as_str().as_bytes(),
                self.host.as_bytes(),
                self.definition.as_bytes(),
                self.call.request.as_bytes(),
                self.call.arguments.as_bytes(),
                self.pack.as_bytes(),
                self.bundle.as_bytes(),
                chain,
                self.mode.as_str().as_bytes(),
                &expires.as_millis().to_le_bytes(),
                &[u8::from(warned)],
            ],
        )
    }
}
