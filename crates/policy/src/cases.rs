//! Tests of a policy as data: what is asked, and what the gate is to answer, reason by reason.

mod coverage;
mod error;
mod raw;
mod read;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use reach_types::{Blake3Digest, Code as _, PackFacts, RegistrySnapshot, Request, TenantId, Timestamp, ToolCall};
use serde::Serialize;

use crate::{Decision, Gate, Mode, Outcome, Policy, Rights, Subject, Violation};
use coverage::Coverage;
pub use coverage::{Side, Unexercised};
pub use error::CasesError;
pub use raw::{CASES_SCHEMA, MAX_CASES, MAX_CASES_TOML_BYTES};

/// Cases for a policy, at least one, each with a name of its own.
#[derive(Debug, Clone)]
pub struct PolicyCases(Vec<Case>);

#[derive(Debug, Clone)]
struct Case {
    name: String,
    /// The policy's `not_before` if it says nothing.
    now: Option<Timestamp>,
    tenant: TenantId,
    mode: Mode,
    facts: PackFacts,
    registry: RegistrySnapshot,
    rights: Option<Rights>,
    asked: Asked,
    expect: Outcome,
    reasons: BTreeSet<Reason>,
}

#[derive(Debug, Clone)]
enum Asked {
    Request(Request),
    Call(ToolCall),
}

/// What a case expects to be told: a code, a subject, and where two rules say the same of it, by
/// which rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Reason {
    code: String,
    subject: String,
    rule: Option<String>,
}

impl Reason {
    fn is(&self, violation: &Violation) -> bool {
        self.code == violation.code()
            && self.subject == violation.subject()
            && self.rule.as_ref().is_none_or(|rule| rule == violation.rule_id())
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.subject)?;
        self.rule.as_ref().map_or(Ok(()), |rule| write!(f, " {rule}"))
    }
}

/// What running the cases came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CasesReport {
    /// How many cases were answered as they say.
    pub passed: usize,
    /// The others, in the order of the file.
    pub failed: Vec<FailedCase>,
    /// The gate's codes that no case led to, sorted.
    pub codes_unexercised: Vec<&'static str>,
    /// The rules of this policy that no case met from one of their sides.
    pub rules_unexercised: Vec<Unexercised>,
}

/// A case that was answered otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedCase {
    /// The case.
    pub name: String,
    /// The outcome it expects.
    pub expected: Outcome,
    /// The outcome, or why the policy cannot be asked so, as a code.
    pub actual: &'static str,
    /// Reasons that it expects and that were not given.
    pub missing: Vec<String>,
    /// Reasons that were given and that it does not expect.
    pub surplus: Vec<String>,
    /// How many more were given than a decision lists.
    pub omitted: u64,
}

impl PolicyCases {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none: never.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks the gate of `policy` every case.
    #[must_use]
    pub fn run(&self, policy: &Policy) -> CasesReport {
        let mut coverage = Coverage::of(policy);
        let failed: Vec<_> = self.0.iter().filter_map(|case| case.run(policy, &mut coverage)).collect();
        CasesReport {
            passed: self.len().saturating_sub(failed.len()),
            failed,
            codes_unexercised: coverage.codes(),
            rules_unexercised: coverage.rules(),
        }
    }
}

impl Case {
    fn run(&self, policy: &Policy, coverage: &mut Coverage<'_>) -> Option<FailedCase> {
        match self.decide(policy) {
            Ok(decision) => {
                coverage.note(self, &decision);
                self.compare(&decision)
            }
            Err(code) => Some(self.failed(code, self.reasons.iter().map(Reason::to_string).collect(), Vec::new(), 0)),
        }
    }

    fn decide(&self, policy: &Policy) -> Result<Decision, &'static str> {
        // Nothing is bound to this bundle: a decision about a case is for no run.
        let bundle = Blake3Digest::of(b"");
        let gate = Gate::new(policy, bundle, self.mode).map_err(|error| error.code())?;
        let (facts, registry, tenant) = (&self.facts, &self.registry, &self.tenant);
        let subject = Subject { facts, registry, drift: None, tenant, rights: self.rights.as_ref() };
        let now = self.now.unwrap_or_else(|| policy.not_before());
        Ok(match &self.asked {
            Asked::Request(request) => gate.evaluate(&subject, request, now),
            Asked::Call(call) => gate.evaluate_call(&subject, call, now),
        })
    }

    fn compare(&self, decision: &Decision) -> Option<FailedCase> {
        let given: Vec<&Violation> = told(decision).collect();
        let missing = self.reasons.iter().filter(|reason| !given.iter().any(|violation| reason.is(violation)));
        let missing: Vec<_> = missing.map(Reason::to_string).collect();
        let surplus = given.iter().filter(|violation| !self.reasons.iter().any(|reason| reason.is(violation)));
        let text = |one: &&Violation| format!("{} {} {}", one.code(), one.subject(), one.rule_id());
        let surplus: Vec<_> = surplus.map(text).collect();
        let same = decision.outcome() == self.expect && decision.omitted() == 0;
        let passed = same && missing.is_empty() && surplus.is_empty();
        (!passed).then(|| self.failed(decision.outcome().as_str(), missing, surplus, decision.omitted()))
    }

    fn failed(&self, actual: &'static str, missing: Vec<String>, surplus: Vec<String>, omitted: u64) -> FailedCase {
        FailedCase { name: self.name.clone(), expected: self.expect, actual, missing, surplus, omitted }
    }
}

impl Asked {
    fn request(&self) -> Request {
        match self {
            Self::Request(request) => request.clone(),
            Self::Call(call) => call.request(),
        }
    }
}

/// Everything a decision says, what a person has to approve included.
fn told(decision: &Decision) -> impl Iterator<Item = &Violation> {
    decision.violations().iter().chain(decision.questions())
}
