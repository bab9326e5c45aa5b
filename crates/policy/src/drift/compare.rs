//! Which way the difference between two definitions goes. Where that cannot be told, it says
//! changed.

use std::collections::{BTreeMap, BTreeSet};

use reach_types::ToolDefinition;
use serde_json::{Map, Value};

use super::{
    DriftClass,
    schema::{Rules, Schema},
};

/// The most entries of two lists of different length that are compared with each other: more than
/// any tool offers as alternatives, and few enough that their product stays small.
const MAX_COMPARED: usize = 64;

/// How what is accepted differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Direction {
    #[default]
    Same,
    Widened,
    Narrowed,
    Changed,
}

use Direction::{Changed, Narrowed, Same, Widened};

impl Direction {
    /// Of two rules that must both be met, or of two schemas of one tool.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Same, one) | (one, Same) => one,
            (Widened, Widened) => Widened,
            (Narrowed, Narrowed) => Narrowed,
            _ => Changed,
        }
    }

    const fn reversed(self) -> Self {
        match self {
            Widened => Narrowed,
            Narrowed => Widened,
            Same | Changed => self,
        }
    }

    /// What follows from which of two sets lies within the other.
    const fn of_sets(old_within_new: bool, new_within_old: bool) -> Self {
        match (old_within_new, new_within_old) {
            (true, true) => Same,
            (true, false) => Widened,
            (false, true) => Narrowed,
            (false, false) => Changed,
        }
    }
}

/// How two schemas differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Difference {
    accepts: Direction,
    /// Whether a text in them differs.
    says: bool,
}

impl Difference {
    const UNCLEAR: Self = Self { accepts: Changed, says: false };

    fn and(self, other: Self) -> Self {
        Self { accepts: self.accepts.and(other.accepts), says: self.says || other.says }
    }

    const fn reversed(self) -> Self {
        Self { accepts: self.accepts.reversed(), says: self.says }
    }
}

impl From<Direction> for Difference {
    fn from(accepts: Direction) -> Self {
        Self { accepts, says: false }
    }
}

/// In what ways two definitions of one tool differ.
pub(super) fn definitions(old: &ToolDefinition, new: &ToolDefinition) -> BTreeSet<DriftClass> {
    let (old, new) = (old.members(), new.members());
    let mut classes = BTreeSet::new();
    let mut schemas = Difference::default();
    for name in either(old, new) {
        let (before, after) = (old.get(name), new.get(name));
        match name.as_str() {
            _ if before == after => {}
            "description" | "title" => drop(classes.insert(DriftClass::Description)),
            "annotations" => drop(classes.insert(DriftClass::Annotations)),
            "inputSchema" | "outputSchema" => schemas = schemas.and(documents(before, after)),
            "arguments" | "result" => schemas = schemas.and(members(before, after).into()),
            _ => drop(classes.insert(DriftClass::Other)),
        }
    }
    classes.extend(schemas.says.then_some(DriftClass::Description));
    classes.extend(match schemas.accepts {
        Same => None,
        Widened => Some(DriftClass::SchemaWidened),
        Narrowed => Some(DriftClass::SchemaNarrowed),
        Changed => Some(DriftClass::SchemaChanged),
    });
    classes
}

fn either<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> BTreeSet<&'a String> {
    old.keys().chain(new.keys()).collect()
}

/// Two JSON Schemas that are not the same. Without one, everything is accepted.
fn documents(old: Option<&Value>, new: Option<&Value>) -> Difference {
    let read = |document: Option<&Value>| document.map_or_else(|| Some(Schema::anything()), Schema::read);
    let Some((old, new)) = read(old).zip(read(new)) else { return Difference::UNCLEAR };
    match schemas(&old, &new) {
        // They differ in spelling, or in something that was read as nothing.
        Difference { accepts: Same, says: false } => Difference::UNCLEAR,
        told => told,
    }
}

/// The arguments or results of a built-in tool: an object of words, which begin with `optional`
/// where a member may be left out.
fn members(old: Option<&Value>, new: Option<&Value>) -> Direction {
    let (Some(Value::Object(old)), Some(Value::Object(new))) = (old, new) else { return Changed };
    let optional = |words: &Value| words.as_str().is_some_and(|words| words.starts_with("optional "));
    let told = either(old, new).into_iter().map(|name| match (old.get(name), new.get(name)) {
        (Some(before), None) if optional(before) => Narrowed,
        (None, Some(after)) if optional(after) => Widened,
        (before, after) if before == after => Same,
        _ => Changed,
    });
    told.fold(Same, Direction::and)
}

fn schemas(old: &Schema, new: &Schema) -> Difference {
    match (old, new) {
        (Schema::Nothing, Schema::Nothing) => Difference::default(),
        (Schema::Nothing, Schema::Rules(_)) => Widened.into(),
        (Schema::Rules(_), Schema::Nothing) => Narrowed.into(),
        (Schema::Rules(old), Schema::Rules(new)) => rules(old, new),
    }
}

/// Every rule must be met: if each accepts as much as before or more, so do all together.
fn rules(old: &Rules, new: &Rules) -> Difference {
    let alone = [
        rule(old.types.as_ref(), new.types.as_ref(), |a, b| Direction::of_sets(types_within(a, b), types_within(b, a))),
        rule(old.values.as_ref(), new.values.as_ref(), |a, b| Direction::of_sets(a.is_subset(b), b.is_subset(a))),
        each(&old.upper, &new.upper, |a, b| if a < b { Widened } else { Narrowed }),
        each(&old.lower, &new.lower, |a, b| if a > b { Widened } else { Narrowed }),
        each(&old.exact, &new.exact, |_, _| Changed),
        Direction::of_sets(new.required.is_subset(&old.required), old.required.is_subset(&new.required)),
        rule(old.refers_to.as_ref(), new.refers_to.as_ref(), |_, _| Changed),
        if old.hints == new.hints { Same } else { Changed },
    ];
    let says = old.texts != new.texts;
    let own = Difference { accepts: alone.into_iter().fold(Same, Direction::and), says };
    let parts = [
        properties(old, new),
        definitions_of(&old.definitions, &new.definitions),
        optional(old.items.as_ref(), new.items.as_ref()),
        alternatives(old.any_of.as_deref(), new.any_of.as_deref()),
        all(&old.all_of, &new.all_of),
    ];
    parts.into_iter().fold(own, Difference::and)
}

/// A rule that accepts everything where it is not there.
fn rule<T: PartialEq>(old: Option<&T>, new: Option<&T>, both: impl Fn(&T, &T) -> Direction) -> Direction {
    match (old, new) {
        (None, None) => Same,
        (Some(_), None) => Widened,
        (None, Some(_)) => Narrowed,
        (Some(old), Some(new)) if old == new => Same,
        (Some(old), Some(new)) => both(old, new),
    }
}

fn each<T: PartialEq>(
    old: &BTreeMap<&'static str, T>,
    new: &BTreeMap<&'static str, T>,
    both: impl Fn(&T, &T) -> Direction,
) -> Direction {
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    names.into_iter().map(|name| rule(old.get(name), new.get(name), &both)).fold(Same, Direction::and)
}

/// Whether every type of `inner` is among those of `outer`, of which a number may be whole.
fn types_within(inner: &BTreeSet<String>, outer: &BTreeSet<String>) -> bool {
    inner.iter().all(|name| outer.contains(name) || (name == "integer" && outer.contains("number")))
}

/// A schema that accepts everything where it is not there.
fn optional(old: Option<&Schema>, new: Option<&Schema>) -> Difference {
    match (old, new) {
        (None, None) => Difference::default(),
        (Some(old), None) => schemas(old, &Schema::anything()),
        (None, Some(new)) => schemas(&Schema::anything(), new),
        (Some(old), Some(new)) => schemas(old, new),
    }
}

/// A property that only one side names must on the other side be what all others must be.
fn properties(old: &Rules, new: &Rules) -> Difference {
    let names: BTreeSet<_> = old.properties.keys().chain(new.properties.keys()).collect();
    let told = names.into_iter().map(|name| match (old.properties.get(name), new.properties.get(name)) {
        (Some(before), None) => named_once(before, new.others.as_ref()).reversed(),
        (None, Some(after)) => named_once(after, old.others.as_ref()),
        (before, after) => optional(before, after),
    });
    told.fold(optional(old.others.as_ref(), new.others.as_ref()), Difference::and)
}

/// A property that is newly named, where all others had to be `others`. Naming it is a change, even
/// if it accepts the same.
fn named_once(named: &Schema, others: Option<&Schema>) -> Difference {
    let told = match others {
        None => optional(None, Some(named)),
        Some(Schema::Nothing) => schemas(&Schema::Nothing, named),
        // Each of many properties against one large schema would cost the product of both.
        Some(Schema::Rules(_)) => Difference::UNCLEAR,
    };
    if told.accepts == Same { Difference { accepts: Changed, ..told } } else { told }
}

/// Every definition counts, whether something refers to it or not.
fn definitions_of(old: &BTreeMap<String, Schema>, new: &BTreeMap<String, Schema>) -> Difference {
    if !old.keys().eq(new.keys()) {
        return Difference::UNCLEAR;
    }
    old.values().zip(new.values()).map(|(old, new)| schemas(old, new)).fold(Difference::default(), Difference::and)
}

/// One of these must be met: with more of them, more is accepted.
fn alternatives(old: Option<&[Schema]>, new: Option<&[Schema]>) -> Difference {
    match (old, new) {
        (None, None) => Difference::default(),
        (Some(_), None) => Widened.into(),
        (None, Some(_)) => Narrowed.into(),
        (Some(old), Some(new)) => lists(old, new, Widened),
    }
}

/// All of these must be met: with more of them, less is accepted.
fn all(old: &[Schema], new: &[Schema]) -> Difference {
    lists(old, new, Narrowed)
}

/// Two lists, of which a longer one accepts what `more` says.
fn lists(old: &[Schema], new: &[Schema], more: Direction) -> Difference {
    if old.len() == new.len() {
        return old.iter().zip(new).map(|(a, b)| schemas(a, b)).fold(Difference::default(), Difference::and);
    }
    if old.len().max(new.len()) > MAX_COMPARED {
        return Difference::UNCLEAR;
    }
    let within = |inner: &[Schema], outer: &[Schema]| inner.iter().all(|one| outer.contains(one));
    match (within(old, new), within(new, old)) {
        (true, false) => more.into(),
        (false, true) => more.reversed().into(),
        _ => Difference::UNCLEAR,
    }
}
