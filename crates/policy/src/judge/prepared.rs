//! Calls whose tool and scopes are known before their arguments are.

use std::{collections::BTreeSet, ptr};

use reach_types::{Blake3Digest, Scope, Timestamp, ToolCall, ToolId};

use super::{Findings, Judge};
use crate::{Decision, ExactCall, binding::request_digest, decision::JudgedCall};

/// A call of one judge's run without its arguments: what can be said of it is said.
#[derive(Clone)]
pub struct Prepared<'j> {
    judge: &'j Judge<'j>,
    tool: ToolId,
    scopes: BTreeSet<Scope>,
    request: Blake3Digest,
    definition: Option<Blake3Digest>,
    /// Nothing speaks against it but, perhaps, the moment.
    clear: bool,
}

crate::unseen::debug_only!(Prepared<'_> { tool, scopes, clear });

impl<'p> Judge<'p> {
    /// Prepares calls of `tool` that use `scopes`: those of a node in a pack's graph, whose
    /// arguments come from earlier results.
    #[must_use]
    pub fn prepare(&self, tool: &ToolId, scopes: &BTreeSet<Scope>) -> Prepared<'_> {
        let mut findings = Findings::default();
        self.judge_facts(&mut findings);
        let limits = self.tool(tool, &mut findings);
        scopes.iter().for_each(|scope| self.scope(scope, &mut findings));
        Prepared {
            judge: self,
            request: request_digest(tool, scopes),
            definition: self.definition(tool).copied(),
            clear: findings.is_empty() && limits == 0,
            tool: tool.clone(),
            scopes: scopes.clone(),
        }
    }

    /// Judges a prepared call with its exact argument bytes, as [`Judge::evaluate_call`] does.
    ///
    /// What another judge prepared is judged anew: answers are never taken over.
    #[must_use]
    pub fn call(&self, prepared: &Prepared<'_>, arguments: &[u8], now: Timestamp) -> Decision {
        let own = ptr::eq(self, prepared.judge);
        let clear = own && prepared.clear && self.policy.check_validity(now).is_ok();
        let findings =
            if clear { Findings::default() } else { self.judge_call(&prepared.tool, &prepared.scopes, arguments, now) };
        let definition = if own { prepared.definition } else { self.definition(&prepared.tool).copied() };
        let call = ExactCall { request: prepared.request, arguments: ToolCall::digest_of_arguments(arguments) };
        self.decision(findings, now, definition.map(|definition| JudgedCall { call, definition }))
    }
}
