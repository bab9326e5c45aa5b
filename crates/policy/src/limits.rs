//! Limits on the arguments of a tool: which values, paths, numbers and lengths it may be handed.

use std::{collections::BTreeSet, fmt};

use reach_types::{IdentError, ToolId};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::{ArgumentPath, PathPrefix, argument_path::held_by_any};

/// The most bytes of a text that an argument is compared with: longer values are content, not a
/// choice between a few.
pub const MAX_LITERAL_BYTES: usize = 256;
/// The numbers that an argument is compared with go from minus this to this, 2^53: no others are
/// read from arguments.
pub const MAX_LITERAL_NUMBER: i64 = 1 << 53;
/// How many of a list's entries [`Check::expected`] names.
const SHOWN_ENTRIES: usize = 4;
/// How many characters of each entry [`Check::expected`] shows.
const SHOWN_CHARS: usize = 40;

/// The name of a rule that an author wrote, such as `reports-only`: it stands in reasons.
///
/// Construction guarantees the grammar of identifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(ToolId);

impl RuleId {
    /// Parses a rule's name exactly as written.
    ///
    /// # Errors
    /// [`IdentError::Malformed`] if the text is outside the grammar.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        // All identifiers of Reach have one grammar.
        ToolId::parse(text).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One limit on the arguments of one tool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Limit {
    /// The limit's own name, which is unique in its policy.
    pub id: RuleId,
    /// The tool.
    pub tool: ToolId,
    /// Which part of the arguments.
    pub at: ArgumentPath,
    /// What that part has to be.
    pub check: Check,
    /// Whether the part may be absent.
    pub optional: bool,
}

/// What a part of the arguments has to be. Exhaustive: a new check must be evaluated everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// One of these values.
    OneOf(BTreeSet<Literal>),
    /// A path that is one of these, or below one of them.
    Below(BTreeSet<PathPrefix>),
    /// A whole number between these, both inclusive.
    Range {
        /// The smallest.
        min: Option<i64>,
        /// The largest.
        max: Option<i64>,
    },
    /// A text, or the whole argument, of at most so many bytes.
    MaxBytes(u64),
}

impl Check {
    /// Whether `value`, a part of the arguments, is what this check asks for. A value of a type
    /// that the check is not about is not.
    #[must_use]
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::OneOf(literals) => literals.iter().any(|literal| literal.is(value)),
            Self::Below(prefixes) => value.as_str().is_some_and(|path| held_by_any(prefixes, path)),
            Self::Range { min, max } => value
                .as_i64()
                .is_some_and(|number| min.is_none_or(|min| min <= number) && max.is_none_or(|max| number <= max)),
            Self::MaxBytes(limit) => value.as_str().is_some_and(|text| fits(text.len(), *limit)),
        }
    }

    /// Whether `arguments`, the argument text as a whole, is what this check asks for. Only its
    /// length can be.
    #[must_use]
    pub fn holds_whole(&self, arguments: &[u8]) -> bool {
        match self {
            Self::MaxBytes(limit) => fits(arguments.len(), *limit),
            Self::OneOf(_) | Self::Below(_) | Self::Range { .. } => false,
        }
    }

    /// What it asks for, in printable ASCII of a few hundred characters at most: long lists are
    /// cut short, and say so.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::OneOf(literals) => format!("one of {}", some_of(literals)),
            Self::Below(prefixes) => format!("a plain path below {}", some_of(prefixes)),
            Self::Range { min: Some(min), max: Some(max) } => format!("a whole number from {min} to {max}"),
            Self::Range { min: Some(min), max: None } => format!("a whole number from {min}"),
            Self::Range { min: None, max: Some(max) } => format!("a whole number up to {max}"),
            Self::Range { min: None, max: None } => "a whole number".to_owned(),
            Self::MaxBytes(limit) => format!("at most {limit} bytes"),
        }
    }
}

fn fits(length: usize, limit: u64) -> bool {
    u64::try_from(length).is_ok_and(|length| length <= limit)
}

/// The first few entries, each cut to a bounded length.
fn some_of<T: fmt::Display>(entries: &BTreeSet<T>) -> String {
    let cut = |entry: &T| {
        let text = entry.to_string();
        match text.char_indices().nth(SHOWN_CHARS).and_then(|(end, _)| text.get(..end)) {
            Some(start) => format!("`{start}`..."),
            None => format!("`{text}`"),
        }
    };
    let shown: Vec<_> = entries.iter().take(SHOWN_ENTRIES).map(cut).collect();
    match entries.len().saturating_sub(SHOWN_ENTRIES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A value that an argument may be compared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Literal {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number, from minus [`MAX_LITERAL_NUMBER`] to that.
    Number(i64),
    /// A text of at most [`MAX_LITERAL_BYTES`] bytes without control characters, compared byte by
    /// byte.
    Text(String),
}

impl Literal {
    /// Whether `value` is this one: of the same type, and equal. `1` is neither `"1"` nor `true`.
    #[must_use]
    pub fn is(&self, value: &Value) -> bool {
        match self {
            Self::Flag(flag) => value.as_bool() == Some(*flag),
            Self::Number(number) => value.as_i64() == Some(*number),
            Self::Text(text) => value.as_str() == Some(text),
        }
    }

    /// Whether an argument can be this at all, and people can read it.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Self::Flag(_) => true,
            Self::Number(number) => (-MAX_LITERAL_NUMBER..=MAX_LITERAL_NUMBER).contains(number),
            Self::Text(text) => text.len() <= MAX_LITERAL_BYTES && !text.chars().any(char::is_control),
        }
    }
}

impl fmt::Display for Literal {
    /// As it is written in a policy: texts in quotes, in printable ASCII.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "\"{}\"", text.escape_default()),
        }
    }
}

/// The variants as they are encoded.
#[derive(Serialize)]
enum Encoded<'l> {
    Flag(bool),
    Number(i64),
    Text(&'l str),
}

impl Serialize for Literal {
    /// The plain value where people read it, and with its type where it is signed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self, serializer.is_human_readable()) {
            (Self::Flag(flag), true) => flag.serialize(serializer),
            (Self::Number(number), true) => number.serialize(serializer),
            (Self::Text(text), true) => text.serialize(serializer),
            (Self::Flag(flag), false) => Encoded::Flag(*flag).serialize(serializer),
            (Self::Number(number), false) => Encoded::Number(*number).serialize(serializer),
            (Self::Text(text), false) => Encoded::Text(text).serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }

    #[test]
    fn a_value_is_compared_with_its_type() {
        let values =
            [json!(true), json!(false), json!(1), json!("1"), json!("true"), json!(null), json!([1]), json!({"a": 1})];
        for (literal, same) in
            [(Literal::Flag(true), 0), (Literal::Flag(false), 1), (Literal::Number(1), 2), (text("1"), 3)]
        {
            for (index, value) in values.iter().enumerate() {
                assert_eq!(literal.is(value), index == same, "{literal} {value}");
            }
        }
        assert!(!text("a").is(&json!("A")) && !text("caf\u{e9}").is(&json!("cafe\u{301}")));
        assert!(!Literal::Number(1).is(&json!(1.0)) && !Literal::Number(-1).is(&json!(u64::MAX)));
    }

    #[test]
    fn a_check_holds_for_its_own_type_only() {
        let one_of = Check::OneOf([text("a"), Literal::Number(2)].into());
        assert_eq!(
            [json!("a"), json!(2), json!("b"), json!(["a"])].map(|value| one_of.holds(&value)),
            [true, true, false, false]
        );
        let below = Check::Below([PathPrefix::parse("a/b").unwrap()].into());
        let paths = [json!("a/b"), json!("a/b/c"), json!("a"), json!("a/b/../c"), json!(["a/b"]), json!(1)];
        assert_eq!(paths.map(|value| below.holds(&value)), [true, true, false, false, false, false]);
        let range = |min, max| move |number: i64| Check::Range { min, max }.holds(&json!(number));
        assert_eq!([0, 1, 2, 3].map(range(Some(1), Some(2))), [false, true, true, false]);
        assert_eq!([0, 1, i64::MAX].map(range(Some(1), None)), [false, true, true]);
        assert_eq!([i64::MIN, 2, 3].map(range(None, Some(2))), [true, true, false]);
        let range = Check::Range { min: Some(1), max: None };
        assert_eq!([json!("1"), json!(true), json!(1.5), json!(null)].map(|value| range.holds(&value)), [false; 4]);
        let bytes = Check::MaxBytes(3);
        let texts = [json!(""), json!("abc"), json!("abcd"), json!("caf\u{e9}"), json!(1), json!([])];
        assert_eq!(texts.map(|value| bytes.holds(&value)), [true, true, false, false, false, false]);
    }

    #[test]
    fn of_the_whole_argument_text_only_the_length_is_known() {
        assert!(Check::MaxBytes(3).holds_whole(b"abc") && Check::MaxBytes(0).holds_whole(b""));
        assert!(!Check::MaxBytes(3).holds_whole(b"abcd"));
        let range = Check::Range { min: None, max: None };
        assert!(!range.holds_whole(b"1") && !Check::OneOf([text("a")].into()).holds_whole(b"\"a\""));
        assert!(!Check::Below([PathPrefix::parse("a").unwrap()].into()).holds_whole(b"a"));
    }

    #[test]
    fn what_is_expected_is_said_in_bounded_plain_ascii() {
        let numbers = |n: i64| Check::OneOf((0..n).map(Literal::Number).collect()).expected();
        assert_eq!(numbers(1), "one of `0`");
        assert_eq!(numbers(4), "one of `0`, `1`, `2`, `3`");
        assert_eq!(numbers(6), "one of `0`, `1`, `2`, `3` and 2 more");
        let mixed = Check::OneOf([Literal::Flag(true), Literal::Number(1), text("1"), text("\u{202e}\"x")].into());
        assert_eq!(mixed.expected(), "one of `true`, `1`, `\"1\"`, `\"\\u{202e}\\\"x\"`");
        let prefix = |length: usize| Check::Below([PathPrefix::parse(&"x".repeat(length)).unwrap()].into()).expected();
        assert_eq!(prefix(40), format!("a plain path below `{}`", "x".repeat(40)));
        assert_eq!(prefix(41), format!("a plain path below `{}`...", "x".repeat(40)));
        let range = |min, max| Check::Range { min, max }.expected();
        assert_eq!(range(Some(-1), Some(2)), "a whole number from -1 to 2");
        assert_eq!(range(Some(-1), None), "a whole number from -1");
        assert_eq!(range(None, Some(2)), "a whole number up to 2");
        assert_eq!(range(None, None), "a whole number");
        assert_eq!(Check::MaxBytes(7).expected(), "at most 7 bytes");
        let longest: BTreeSet<_> = (0..9).map(|n| text(&"\u{10ffff}".repeat(40 + n))).collect();
        assert!(Check::OneOf(longest).expected().len() < 256);
    }

    #[test]
    fn a_rules_name_has_the_grammar_of_identifiers() {
        assert_eq!(RuleId::parse("reports-only").unwrap().as_str(), "reports-only");
        assert_eq!(RuleId::parse("Reports"), Err(IdentError::Malformed));
    }
}
