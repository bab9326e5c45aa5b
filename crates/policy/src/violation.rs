//! One violated rule and what violated it, and the bounded list of them.

use std::{borrow::Cow, fmt};

use reach_types::{Code as _, Grant, ModelId, ModelKey, PackName, Scope, ToolId};
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::{Actual, ArgumentPath, Kind, Rule, RuleId, Shown, redaction::is_telling_name};

/// The most violations one decision lists: a person acts on a screenful, and at 2 KiB each (a
/// longest pointer with everything escaped, eight longest grants) they stay below 130 KiB in a
/// record. The others are counted.
pub const MAX_REASONS: usize = 64;
/// How many entries of a list a reason names.
const SHOWN_ENTRIES: usize = 8;

/// One violated rule, and what violated it.
///
/// Ordered by code, then subject, then the rule's id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    rule: Rule,
    // INVARIANT: the text of a `Named`, so printable ASCII without spaces.
    subject: Box<str>,
    id: Set,
    // INVARIANT: printable ASCII, bounded, and nothing but the policy's, the pack's or our words.
    expected: Cow<'static, str>,
    actual: Actual,
}

/// Who sets a rule: a field of the policy, the pack or the delegation, or one limit by its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Set {
    By(&'static str),
    Limit(RuleId),
}

impl Violation {
    pub(crate) fn new(
        rule: Rule,
        id: Set,
        subject: Named<'_>,
        expected: impl Into<Cow<'static, str>>,
        actual: Actual,
    ) -> Self {
        Self { rule, subject: subject.text(), id, expected: expected.into(), actual }
    }

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

    /// Who sets the rule, and in which field, such as `policy.tools` or, where the organization
    /// allows and only the tenant's own rules do not, `tenant.tools`; a limit's own id for a limit.
    #[must_use]
    pub fn rule_id(&self) -> &str {
        match &self.id {
            Set::By(field) => field,
            Set::Limit(id) => id.as_str(),
        }
    }

    /// What violated it: a tool, a scope, `key=model`, a tool with the place in its arguments, the
    /// pack's name or the policy's. Parsed names only: it holds no digest, no space and no control
    /// character. Of a name that looks like a digest or a token, and that neither the policy nor
    /// the pack declares, it tells what it names and how long it is: `withheld-tool-64-bytes`. Two
    /// such names of one kind and length are two violations with one subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What the rule asks for, in words; a list is cut short, and says so.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What was found instead, as far as it may be seen.
    #[must_use]
    pub const fn actual(&self) -> &Actual {
        &self.actual
    }

    /// What can be done about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.rule.row().remedy
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, id, hint) = (self.code(), self.rule_id(), self.hint());
        write!(f, "{code} `{}`: {} ({id}); ", self.subject, self.rule)?;
        write!(f, "expected {}, found {}; {hint}", self.expected, self.actual)
    }
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Violation", 6)?;
        object.serialize_field("code", self.code())?;
        object.serialize_field("subject", &self.subject)?;
        object.serialize_field("rule", self.rule_id())?;
        object.serialize_field("expected", &self.expected)?;
        object.serialize_field("actual", &self.actual)?;
        object.serialize_field("hint", self.hint())?;
        object.end()
    }
}

/// What a violation can be about. Nothing unparsed fits in here, so nothing unparsed is echoed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named<'a> {
    Tool(Requested<'a, ToolId>),
    Scope(Requested<'a, Scope>),
    Grant(&'a Grant),
    Model(Requested<'a, ModelKey>, Requested<'a, ModelId>),
    /// A place in a tool's arguments.
    Place(&'a ToolId, &'a ArgumentPath),
    /// A pack, or the policy itself, whose name has the same grammar.
    Whole(&'a PackName),
}

impl Named<'_> {
    fn text(self) -> Box<str> {
        match self {
            Self::Tool(tool) => tool.text().into(),
            Self::Scope(scope) => scope.text().into(),
            Self::Grant(grant) => grant.to_string().into(),
            // Neither side can hold a `=`.
            Self::Model(key, model) => [&*key.text(), "=", &*model.text()].concat().into(),
            // A tool can hold no `/`, which a path begins with unless it is empty.
            Self::Place(tool, at) => format!("{tool}{}", escaped(&at.to_string())).into(),
            Self::Whole(name) => name.as_str().into(),
        }
    }
}

/// A name that somebody asks for: shown, unless it looks like a digest or a token and nobody who
/// signs declares it.
#[derive(Debug)]
pub(crate) struct Requested<'a, T> {
    name: &'a T,
    // INVARIANT: the text of `name`.
    text: &'a str,
    what: &'static str,
    shown: bool,
}

impl<T> Clone for Requested<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Requested<'_, T> {}

impl<'a, T> Requested<'a, T> {
    /// `name`, a `what` with this `text`. Whether it is `declared` is asked only if it matters.
    pub(crate) fn new(what: &'static str, name: &'a T, text: &'a str, declared: impl FnOnce() -> bool) -> Self {
        Self { name, text, what, shown: !is_telling_name(text) || declared() }
    }

    /// The name; of one that is not shown, its kind and length.
    fn text(self) -> Cow<'a, str> {
        if self.shown {
            return Cow::Borrowed(self.text);
        }
        Cow::Owned(format!("withheld-{}-{}-bytes", self.what, self.text.len()))
    }

    pub(crate) fn actual(self) -> Actual
    where
        Shown: From<&'a T>,
    {
        if self.shown { Actual::identifier(self.name) } else { Actual::withheld(Kind::Text, self.text.as_bytes()) }
    }
}

/// A pointer as it stands in an address (RFC 6901, 6): what could end or colour a line elsewhere
/// is written `%20`.
fn escaped(pointer: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/*".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    pointer.bytes().map(escape).collect()
}

/// The first few entries of a list, and how many more there are.
pub(crate) fn listed<'a, T: fmt::Display + 'a>(entries: impl IntoIterator<Item = &'a T>) -> Box<str> {
    let mut entries = entries.into_iter();
    let (first, second) = (entries.next(), entries.next());
    let mut text = match (&first, &second) {
        (None, _) => "nothing".to_owned(),
        (Some(only), None) => format!("`{only}`"),
        (Some(first), Some(second)) => format!("one of `{first}`, `{second}`"),
    };
    for entry in entries.by_ref().take(SHOWN_ENTRIES.saturating_sub(2)) {
        text.push_str(&format!(", `{entry}`"));
    }
    match entries.count() {
        0 => text.into(),
        more => format!("{text} and {more} more").into(),
    }
}

/// The violations found so far: the first [`MAX_REASONS`] in order, and how many more.
///
/// Nothing is allocated before the first violation. What is judged comes from sets, so that no
/// rule meets one name twice, and counting what falls out is exact: two names that are withheld
/// are two, though they read the same.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    kept: Vec<Violation>,
    omitted: u64,
    /// Whether a rule was violated that no mode lets through, listed or not.
    hard: bool,
}

impl Reasons {
    pub(crate) fn add(&mut self, violation: Violation) {
        self.hard |= !violation.rule.warnable();
        // What was put in order once begins with what is listed so far.
        let listed = self.kept.get(MAX_REASONS.saturating_sub(1)).filter(|_| self.omitted > 0);
        if listed.is_some_and(|last| violation > *last) {
            self.omitted = self.omitted.saturating_add(1);
            return;
        }
        if self.kept.len() >= MAX_REASONS.saturating_mul(2) {
            self.settle();
        } else if self.kept.is_empty() {
            // Room for what a person usually sees, at once.
            self.kept.reserve(8);
        }
        self.kept.push(violation);
    }

    /// Puts them in order, and lets go of those that are not listed.
    fn settle(&mut self) {
        self.kept.sort_unstable();
        let over = self.kept.len().saturating_sub(MAX_REASONS);
        self.omitted = self.omitted.saturating_add(over as u64);
        self.kept.truncate(MAX_REASONS);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) const fn hard(&self) -> bool {
        self.hard
    }

    pub(crate) fn into_parts(mut self) -> (Vec<Violation>, u64) {
        self.settle();
        (self.kept, self.omitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tool;

    #[test]
    fn p35_a_pointer_is_escaped() {
        let at = ArgumentPath::parse("/a b/~0~1/*/`x`/%\"<\\").unwrap();
        let text = Named::Place(&tool("fs.list"), &at).text();
        assert_eq!(&*text, "fs.list/a%20b/~0~1/*/%60x%60/%25%22%3C%5C");
        assert_eq!(&*Named::Place(&tool("fs.list"), &ArgumentPath::parse("").unwrap()).text(), "fs.list");
    }

    fn violation(rule: Rule, subject: &str) -> Violation {
        let tool = tool(subject);
        let named = Named::Tool(Requested::new("tool", &tool, tool.as_str(), || true));
        Violation::new(rule, Set::By("policy.tools"), named, "nothing", Actual::Absent)
    }

    #[test]
    fn p34_a_million_reasons_are_counted() {
        let (mut reasons, many) = (Reasons::default(), violation(Rule::ToolUndeclared, "z"));
        assert!(reasons.is_empty() && !reasons.hard());
        reasons.add(violation(Rule::ToolNotAllowed, "b"));
        assert!(!reasons.is_empty() && !reasons.hard());
        (0..999_998).for_each(|_| reasons.add(many.clone()));
        assert!(reasons.hard());
        reasons.add(violation(Rule::ToolNotAllowed, "a"));
        let (kept, omitted) = reasons.into_parts();
        assert_eq!((kept.len(), omitted), (MAX_REASONS, 1_000_000 - MAX_REASONS as u64));
        let first: Vec<_> = kept.iter().take(3).map(Violation::subject).collect();
        assert_eq!(first, ["a", "b", "z"]);
    }

    #[test]
    fn the_first_in_order_are_listed_whatever_order_they_come_in() {
        let names: Vec<String> = (0..300).map(|i| format!("t{:03}", i * 7 % 300)).collect();
        for count in [1, 63, 64, 65, 127, 128, 129, 300] {
            let mut reasons = Reasons::default();
            names.iter().take(count).for_each(|name| reasons.add(violation(Rule::ToolNotAllowed, name)));
            let mut sorted: Vec<&str> = names.iter().take(count).map(String::as_str).collect();
            sorted.sort_unstable();
            sorted.truncate(MAX_REASONS);
            let (kept, omitted) = reasons.into_parts();
            assert_eq!(kept.iter().map(Violation::subject).collect::<Vec<_>>(), sorted);
            assert_eq!(omitted, count.saturating_sub(MAX_REASONS) as u64, "{count}");
        }
    }

    #[test]
    fn lists_are_cut_short() {
        let tools: Vec<ToolId> = (0..10).map(|i| tool(&format!("t{i}"))).collect();
        assert_eq!(&*listed(&tools[..0]), "nothing");
        assert_eq!(&*listed(&tools[..1]), "`t0`");
        assert_eq!(&*listed(&tools[..2]), "one of `t0`, `t1`");
        assert_eq!(&*listed(&tools[..8]), "one of `t0`, `t1`, `t2`, `t3`, `t4`, `t5`, `t6`, `t7`");
        assert_eq!(&*listed(&tools), "one of `t0`, `t1`, `t2`, `t3`, `t4`, `t5`, `t6`, `t7` and 2 more");
    }
}
