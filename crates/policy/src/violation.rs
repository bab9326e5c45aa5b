//! One violated rule and what violated it, and the bounded list of them.

use std::{collections::BTreeSet, fmt};

use reach_types::{Code as _, Grant, ModelId, ModelKey, PackName, Scope, ToolId};
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::Rule;

/// The most violations one decision lists: a person acts on a screenful, and at 260 bytes each
/// they stay below 17 KiB in a record. The others are counted.
pub const MAX_REASONS: usize = 64;

/// One violated rule, and what violated it.
///
/// Ordered by code, then subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    rule: Rule,
    // INVARIANT: the text of a `Named`, so printable ASCII without spaces.
    subject: String,
}

impl Violation {
    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// The rule's stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.rule.code()
    }

    /// What violated it: a tool, a scope, `key=model`, the pack's name or the policy's. Parsed
    /// identifiers only: it holds no digest, no space and no control character.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What can be done about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.rule.row().remedy
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}; {}", self.code(), self.subject, self.rule, self.hint())
    }
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Violation", 4)?;
        object.serialize_field("code", self.code())?;
        object.serialize_field("subject", &self.subject)?;
        object.serialize_field("rule", self.rule.id())?;
        object.serialize_field("hint", self.hint())?;
        object.end()
    }
}

/// What a violation can be about. Nothing unparsed fits in here, so nothing unparsed is echoed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named<'a> {
    Tool(&'a ToolId),
    Scope(&'a Scope),
    Grant(&'a Grant),
    Model(&'a ModelKey, &'a ModelId),
    /// A pack, or the policy itself, whose name has the same grammar.
    Whole(&'a PackName),
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool(tool) => tool.fmt(f),
            Self::Scope(scope) => scope.fmt(f),
            Self::Grant(grant) => grant.fmt(f),
            // Neither side can hold a `=`.
            Self::Model(key, model) => write!(f, "{key}={model}"),
            Self::Whole(name) => name.fmt(f),
        }
    }
}

/// The violations found so far: the first [`MAX_REASONS`] in order, and how many more.
///
/// Nothing is allocated before the first violation. What is judged comes from sets, so that no
/// rule meets one subject twice, and counting what falls out is exact.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    kept: BTreeSet<Violation>,
    omitted: u64,
    /// Whether a rule was violated that no mode lets through, listed or not.
    hard: bool,
}

impl Reasons {
    pub(crate) fn require(&mut self, met: bool, rule: Rule, subject: Named<'_>) {
        if !met {
            self.add(rule, subject);
        }
    }

    pub(crate) fn add(&mut self, rule: Rule, subject: Named<'_>) {
        self.hard |= !rule.warnable();
        self.kept.insert(Violation { rule, subject: subject.to_string() });
        if self.kept.len() > MAX_REASONS && self.kept.pop_last().is_some() {
            self.omitted = self.omitted.saturating_add(1);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) const fn hard(&self) -> bool {
        self.hard
    }

    pub(crate) fn into_parts(self) -> (Vec<Violation>, u64) {
        (self.kept.into_iter().collect(), self.omitted)
    }
}
