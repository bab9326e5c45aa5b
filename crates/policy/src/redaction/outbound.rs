//! What goes out: a record that only safe values fit into.

use std::{collections::BTreeMap, fmt};

use reach_types::{Code, Timestamp};
use serde::{Serialize, Serializer};

use super::{mask::Masked, shown::Shown, tag::Tag};
use crate::Actual;

/// A response, or a line of a log: named values, each of a type that is safe to show.
///
/// ```
/// use reach_policy::{Field, Masked, Outbound, Rule, TagKey, Withhold};
/// use reach_types::{Blake3Digest, ToolId};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = TagKey::from_bytes([7; 32]);
/// let record = Outbound::new("call_refused")
///     .code(&Rule::ToolNotAllowed)
///     .shown("tool", &ToolId::parse("net.fetch")?)
///     .tag(key.tag(Field::Pack, &Blake3Digest::of(b"archive")))
///     .masked("arguments", Masked::of(&Withhold, b"{\"url\":\"https://example.org\"}"));
/// let line = record.to_string();
/// assert!(line.starts_with(
///     "event=call_refused arguments=\"[text, 29 bytes]\" code=policy.tool_not_allowed pack=pack~"
/// ));
/// # Ok(())
/// # }
/// ```
///
/// There is no way in for a digest, a node, a tenant or free text:
///
/// ```compile_fail,E0277
/// # use reach_policy::Outbound;
/// let record = Outbound::new("e").shown("pack", &reach_types::Blake3Digest::of(b"archive"));
/// ```
///
/// ```compile_fail,E0277
/// # use reach_policy::Outbound;
/// # let node: reach_types::NodeId = todo!();
/// let record = Outbound::new("e").shown("node", &node);
/// ```
///
/// ```compile_fail,E0277
/// # use reach_policy::Outbound;
/// # let tenant: reach_types::TenantId = todo!();
/// let record = Outbound::new("e").shown("tenant", &tenant);
/// ```
///
/// ```compile_fail,E0277
/// # use reach_policy::Outbound;
/// let record = Outbound::new("e").shown("why", "whatever somebody sent");
/// ```
///
/// ```compile_fail,E0308
/// # use reach_policy::Outbound;
/// let record = Outbound::new("e").masked("why", String::from("whatever somebody sent"));
/// ```
///
/// ```compile_fail,E0597
/// # use reach_policy::Outbound;
/// let sent = String::from("whatever somebody sent");
/// let record = Outbound::new("e").word("why", &sent);
/// ```
///
/// Names and words are texts of the program itself, written where they are used. A name that is
/// given twice keeps its last value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    event: &'static str,
    values: BTreeMap<&'static str, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Value {
    Word(&'static str),
    Shown(Shown),
    Number(i64),
    Count(u64),
    Time(Timestamp),
    Tag(Tag),
    Actual(Actual),
    Masked(Masked),
}

impl Outbound {
    /// A record of `event`.
    #[must_use]
    pub const fn new(event: &'static str) -> Self {
        Self { event, values: BTreeMap::new() }
    }

    fn with(mut self, name: &'static str, value: Value) -> Self {
        self.values.insert(name, value);
        self
    }

    /// The stable code of a rejection, and nothing of its message.
    #[must_use]
    pub fn code(self, rejection: &impl Code) -> Self {
        self.with("code", Value::Word(rejection.code()))
    }

    /// A word of the program's own.
    #[must_use]
    pub fn word(self, name: &'static str, word: &'static str) -> Self {
        self.with(name, Value::Word(word))
    }

    /// A parsed identifier.
    #[must_use]
    pub fn shown(self, name: &'static str, identifier: impl Into<Shown>) -> Self {
        self.with(name, Value::Shown(identifier.into()))
    }

    /// A whole number.
    #[must_use]
    pub fn number(self, name: &'static str, number: i64) -> Self {
        self.with(name, Value::Number(number))
    }

    /// How many or how long.
    #[must_use]
    pub fn count(self, name: &'static str, count: u64) -> Self {
        self.with(name, Value::Count(count))
    }

    /// A moment.
    #[must_use]
    pub fn time(self, name: &'static str, time: Timestamp) -> Self {
        self.with(name, Value::Time(time))
    }

    /// A tag, under the name of its field.
    #[must_use]
    pub fn tag(self, tag: Tag) -> Self {
        self.with(tag.field().as_str(), Value::Tag(tag))
    }

    /// What a violation found.
    #[must_use]
    pub fn actual(self, name: &'static str, actual: Actual) -> Self {
        self.with(name, Value::Actual(actual))
    }

    /// Content, as a masker left it.
    #[must_use]
    pub fn masked(self, name: &'static str, content: Masked) -> Self {
        self.with(name, Value::Masked(content))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Shown(text) => text.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Count(count) => count.fmt(f),
            Self::Time(time) => time.fmt(f),
            Self::Tag(tag) => tag.fmt(f),
            Self::Actual(actual) => write!(f, "\"{actual}\""),
            Self::Masked(masked) => masked.fmt(f),
        }
    }
}

impl fmt::Display for Outbound {
    /// One line: the event, then `name=value` in the order of the names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event={}", self.event)?;
        self.values.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl Serialize for Outbound {
    /// One object: the event, then the values in the order of their names.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = Value::Word(self.event);
        let values = self.values.iter().map(|(name, value)| (*name, value));
        serializer.collect_map([("event", &event)].into_iter().chain(values))
    }
}
