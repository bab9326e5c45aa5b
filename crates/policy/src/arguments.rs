//! What a limit finds where it looks.

use std::str::FromStr as _;

use reach_types::{JsonLimits, read_json_any_number};
use serde_json::Value;

use crate::{Actual, Kind, Limit, MAX_LITERAL_NUMBER, Part};

/// The most bytes of arguments that a limit looks into: ten thousand paths of four hundred bytes.
/// More are not judged, and so refused; a limit on the length alone does not look into them.
pub const MAX_LIMITED_ARGUMENT_BYTES: usize = 4 * 1024 * 1024;

/// Reads arguments as strictly as a limit needs it: what two tools could read in two ways is no
/// value. A number of any kind may stand where no limit looks.
pub(crate) fn read(arguments: &[u8]) -> Option<Value> {
    read_json_any_number(arguments, JsonLimits::bytes(MAX_LIMITED_ARGUMENT_BYTES)).ok()
}

/// What speaks against the arguments at the places of one limit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Nothing is there, and something has to be.
    pub(crate) missing: bool,
    /// The first value that is not allowed, withheld.
    pub(crate) wrong: Option<Actual>,
    /// A member next to the one that is meant goes by its name in some other spelling, and some
    /// tools would take that one.
    pub(crate) ambiguous: bool,
}

/// What a pointer leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reached<'v> {
    /// What it points to.
    Value(&'v Value),
    /// Nothing is there.
    Nothing,
    /// Not the shape that it was written for: what a tool makes of it nobody knows.
    Misfit(&'v Value),
    /// A member beside the one that is meant, which some tools would take for it.
    Lookalike,
}

/// Follows a pointer to every place that it leads to.
pub(crate) fn walk<'v>(parts: &[Part], value: &'v Value, reach: &mut dyn FnMut(Reached<'v>)) {
    let step = |rest, found: Option<&'v Value>, reach: &mut dyn FnMut(Reached<'v>)| match found {
        Some(value) => walk(rest, value, reach),
        None => reach(Reached::Nothing),
    };
    match (parts.split_first(), value) {
        (None, value) => reach(Reached::Value(value)),
        (Some((Part::Every, rest)), Value::Array(items)) => items.iter().for_each(|item| walk(rest, item, reach)),
        (Some((Part::Named(name), rest)), Value::Object(members)) => {
            if members.keys().any(|key| is_lookalike(key, name)) {
                reach(Reached::Lookalike);
            }
            step(rest, members.get(&**name), reach);
        }
        (Some((Part::Named(name), rest)), Value::Array(items)) => match index(name) {
            Some(index) => step(rest, items.get(index), reach),
            None => reach(Reached::Misfit(value)),
        },
        (Some(_), value) => reach(Reached::Misfit(value)),
    }
}

/// Looks at every place of `limit` in `arguments`.
pub(crate) fn look(limit: &Limit, arguments: &Value) -> Found {
    let mut found = Found::default();
    walk(limit.at.parts(), arguments, &mut |reached| match reached {
        Reached::Value(value) if is_exact(value) && limit.check.holds(value) => {}
        Reached::Value(value) | Reached::Misfit(value) => found.refuse(value),
        Reached::Nothing => found.missing |= !limit.optional,
        Reached::Lookalike => found.ambiguous = true,
    });
    found
}

impl Found {
    fn refuse(&mut self, value: &Value) {
        self.wrong.get_or_insert_with(|| withheld(value));
    }
}

/// Whether every JSON reader makes the same of it: a fraction, an exponent or more than 2^53 comes
/// out as one number here and another there.
fn is_exact(value: &Value) -> bool {
    let exact = |number: i64| (-MAX_LITERAL_NUMBER..=MAX_LITERAL_NUMBER).contains(&number);
    !value.is_number() || value.as_i64().is_some_and(exact)
}

/// An element's number as RFC 6901 writes it: without sign or leading zeros.
fn index(name: &str) -> Option<usize> {
    usize::from_str(name).ok().filter(|index| index.to_string() == name)
}

/// Whether some reader takes `key` for `name` though it is not: readers fold case (Go's does,
/// beyond ASCII too), trim, or end a text at its first NUL.
fn is_lookalike(key: &str, name: &str) -> bool {
    key != name && folded(key).eq(folded(name))
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    let ended = text.split('\0').next().unwrap_or_default().trim();
    ended.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

fn withheld(value: &Value) -> Actual {
    let (kind, content) = match value {
        Value::Null => return Actual::withheld(Kind::Null, b""),
        Value::Bool(_) => return Actual::withheld(Kind::Boolean, b""),
        Value::Number(_) => return Actual::withheld(Kind::Number, b""),
        Value::String(text) => return Actual::withheld(Kind::Text, text.as_bytes()),
        Value::Array(_) => (Kind::List, value.to_string()),
        Value::Object(_) => (Kind::Object, value.to_string()),
    };
    Actual::withheld(kind, content.as_bytes())
}
