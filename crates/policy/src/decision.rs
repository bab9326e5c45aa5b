//! What the gate decided, and why.

use std::fmt;

use reach_types::{Blake3Digest, Timestamp};
use serde::Serialize;

use crate::{ExactCall, Mode, Violation};

/// What a decision comes to. Exhaustive on purpose: a new outcome must break every caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// No rule is violated.
    Allow,
    /// No rule is violated, and a person has to approve the call before it is made.
    Ask,
    /// A rule is violated.
    Deny,
    /// Rules are violated, and mode warn lets it through all the same. A check on behalf of a
    /// person treats this as denied.
    Warned,
}

impl Outcome {
    /// The outcome's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
            Self::Warned => "warned",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The gate's answer, with every violated rule.
///
/// Only the gate makes one:
///
/// ```compile_fail,E0451
/// use reach_policy::{Decision, Mode, Outcome};
/// # let (earlier, now): (Decision, reach_types::Timestamp) = todo!();
/// let forged = Decision { outcome: Outcome::Allow, violations: Vec::new(), ..earlier };
/// ```
///
/// Serialised, and printed, it holds no digest: which pack and bundle it is about stays with the
/// caller, who knows whom they may be shown to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub(crate) outcome: Outcome,
    pub(crate) mode: Mode,
    pub(crate) now: Timestamp,
    // INVARIANT: sorted, each rule once for each name, at most `MAX_REASONS`.
    pub(crate) violations: Vec<Violation>,
    // INVARIANT: as `violations`, and each of rule `ApprovalRequired`.
    pub(crate) questions: Vec<Violation>,
    pub(crate) omitted: u64,
    pub(crate) unjudged: u64,
    #[serde(skip)]
    pub(crate) basis: Basis,
}

/// What a decision was made on, which a permit must be bound to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) bundle: Blake3Digest,
    pub(crate) pack: Blake3Digest,
    /// The digest of the tenant's name: a name would have to be allocated.
    pub(crate) tenant: Blake3Digest,
    pub(crate) delegated: bool,
    /// Nothing that this decision allows may happen from this moment on.
    pub(crate) until: Timestamp,
    /// The one call it was about, if it was about one.
    pub(crate) call: Option<JudgedCall>,
}

crate::unseen::debug_only!(Basis { delegated, until });

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JudgedCall {
    pub(crate) call: ExactCall,
    pub(crate) definition: Blake3Digest,
}

impl Decision {
    /// What it comes to.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The violated rules, sorted by code, subject and rule id, at most [`crate::MAX_REASONS`] of them.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What a person has to approve, whatever else was found: sorted, and at most
    /// [`crate::MAX_REASONS`]. They alone make it [`Outcome::Ask`]; beside a violation it is denied,
    /// in mode warn too.
    #[must_use]
    pub fn questions(&self) -> &[Violation] {
        &self.questions
    }

    /// How many limits on arguments were not looked at, because a request without arguments was
    /// judged: each may still refuse the call.
    #[must_use]
    pub const fn unjudged(&self) -> u64 {
        self.unjudged
    }

    /// How many more violations and questions there are than are listed.
    #[must_use]
    pub const fn omitted(&self) -> u64 {
        self.omitted
    }

    /// The mode it was made in.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The moment it was made for.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The digest of the bundle it was made under.
    #[must_use]
    pub const fn bundle(&self) -> &Blake3Digest {
        &self.basis.bundle
    }

    /// The pack it was made for.
    #[must_use]
    pub const fn pack(&self) -> &Blake3Digest {
        &self.basis.pack
    }
}

impl fmt::Display for Decision {
    /// The explanation for a person: the outcome, then one violation or question a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (mode {}, at {})", self.outcome, self.mode, self.now)?;
        for violation in self.violations.iter().chain(&self.questions) {
            write!(f, "\n{violation}")?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more", self.omitted)?;
        }
        if self.unjudged > 0 {
            write!(f, "\nlimits on arguments that were not judged, for want of arguments: {}", self.unjudged)?;
        }
        Ok(())
    }
}
