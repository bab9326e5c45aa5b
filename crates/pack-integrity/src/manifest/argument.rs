//! A call's arguments: JSON in which a value may stand for a place of an earlier result.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    GraphError, StepId,
    edge::check_pointer,
    graph::{bounded, known},
};

/// The deepest nesting of arguments: half of what the JSON reader takes, so that a result has room
/// where it is put in.
pub const MAX_ARGUMENT_DEPTH: usize = 16;
/// The most references in one call, so that few large results cannot become many.
pub const MAX_REFERENCES: usize = 64;

/// The key that makes a table a reference; no other key may begin with `$`.
const FROM: &str = "$from";

/// The arguments of one call, with references to earlier results.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments(Part);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(Value),
    List(Vec<Part>),
    Table(BTreeMap<String, Part>),
    Result { of: StepId, pointer: String },
}

/// Why references could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The node has not run.
    #[error("an argument refers to the result of `{node}`, which has not run")]
    NotRun {
        /// The node referred to.
        node: StepId,
    },
    /// Its result holds nothing there.
    #[error("an argument refers to a place that the result of `{node}` does not have")]
    NoSuchPlace {
        /// The node referred to.
        node: StepId,
    },
}

reach_types::codes!(ResolveError {
    NotRun => ("pack.result_not_run", Refused, "let the graph pass through the node before this one"),
    NoSuchPlace => ("pack.result_no_such_place", Refused, "check the pointer against what the tool returns"),
});

impl Arguments {
    /// The arguments with every reference replaced by what it points to; `result_of` gives the
    /// latest result of a node that has run.
    ///
    /// # Errors
    /// [`ResolveError::NotRun`] or [`ResolveError::NoSuchPlace`].
    pub fn resolve<'r>(&self, result_of: &dyn Fn(&StepId) -> Option<&'r Value>) -> Result<Value, ResolveError> {
        self.0.resolve(result_of)
    }

    /// The arguments as authored, each reference as `{"$from": …, "pointer": …}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

impl Part {
    fn resolve<'r>(&self, result_of: &dyn Fn(&StepId) -> Option<&'r Value>) -> Result<Value, ResolveError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::List(parts) => parts.iter().map(|part| part.resolve(result_of)).collect(),
            Self::Table(parts) => parts.iter().map(|(key, part)| Ok((key.clone(), part.resolve(result_of)?))).collect(),
            Self::Result { of, pointer } => {
                let result = result_of(of).ok_or_else(|| ResolveError::NotRun { node: of.clone() })?;
                let found = result.pointer(pointer).cloned();
                found.ok_or_else(|| ResolveError::NoSuchPlace { node: of.clone() })
            }
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::List(parts) => parts.iter().map(Self::to_json).collect(),
            Self::Table(parts) => parts.iter().map(|(key, part)| (key.clone(), part.to_json())).collect(),
            Self::Result { of, pointer } => serde_json::json!({ FROM: of.as_str(), "pointer": pointer }),
        }
    }

    fn references(&self) -> usize {
        match self {
            Self::Literal(_) => 0,
            Self::List(parts) => parts.iter().map(Self::references).sum(),
            Self::Table(parts) => parts.values().map(Self::references).sum(),
            Self::Result { .. } => 1,
        }
    }
}

pub(super) fn check(raw: toml::Table, node: &StepId, ids: &[StepId]) -> Result<Arguments, GraphError> {
    let part = Reader { node, ids }.table(raw, MAX_ARGUMENT_DEPTH)?;
    bounded("references in one node", MAX_REFERENCES, part.references())?;
    if matches!(part, Part::Table(_)) {
        Ok(Arguments(part))
    } else {
        Err(value(node, "arguments are a table, not a reference"))
    }
}

/// A value in which references have no meaning.
pub(super) fn literal(raw: toml::Value, node: &StepId) -> Result<Value, GraphError> {
    let part = Reader { node, ids: &[] }.part(raw, MAX_ARGUMENT_DEPTH)?;
    Ok(part.to_json())
}

fn value(node: &StepId, rule: &'static str) -> GraphError {
    GraphError::Value { node: node.clone(), rule }
}

struct Reader<'a> {
    node: &'a StepId,
    ids: &'a [StepId],
}

impl Reader<'_> {
    fn part(&self, raw: toml::Value, depth: usize) -> Result<Part, GraphError> {
        match raw {
            toml::Value::String(text) => Ok(Part::Literal(Value::String(text))),
            toml::Value::Integer(number) => self.integer(number),
            toml::Value::Boolean(flag) => Ok(Part::Literal(Value::Bool(flag))),
            toml::Value::Float(_) => Err(value(self.node, "fractions have no exact form")),
            toml::Value::Datetime(_) => Err(value(self.node, "dates are written as text")),
            toml::Value::Array(items) => {
                let depth = self.deeper(depth)?;
                items.into_iter().map(|item| self.part(item, depth)).collect::<Result<_, _>>().map(Part::List)
            }
            toml::Value::Table(table) => self.table(table, depth),
        }
    }

    fn integer(&self, number: i64) -> Result<Part, GraphError> {
        // What every JSON reader holds exactly, as the strict reader of results demands.
        if number.unsigned_abs() > 1 << 53 {
            return Err(value(self.node, "whole numbers reach up to 2^53"));
        }
        Ok(Part::Literal(Value::from(number)))
    }

    fn table(&self, table: toml::Table, depth: usize) -> Result<Part, GraphError> {
        let depth = self.deeper(depth)?;
        if table.contains_key(FROM) {
            return self.reference(table);
        }
        if table.keys().any(|key| key.starts_with('$')) {
            return Err(value(self.node, "keys that begin with `$` are reserved"));
        }
        let entry = |(key, raw)| Ok((key, self.part(raw, depth)?));
        table.into_iter().map(entry).collect::<Result<_, _>>().map(Part::Table)
    }

    fn reference(&self, mut table: toml::Table) -> Result<Part, GraphError> {
        let (from, pointer) = (table.remove(FROM), table.remove("pointer"));
        let (Some(toml::Value::String(from)), Some(toml::Value::String(pointer)), true) =
            (from, pointer, table.is_empty())
        else {
            return Err(value(self.node, "a reference is `{ \"$from\" = \"node\", pointer = \"/place\" }`"));
        };
        let of = known(self.ids, &from).ok_or_else(|| GraphError::UnknownReference { node: self.node.clone() })?;
        Ok(Part::Result { of, pointer: check_pointer(pointer, self.node)? })
    }

    fn deeper(&self, depth: usize) -> Result<usize, GraphError> {
        depth.checked_sub(1).ok_or_else(|| GraphError::TooDeep { node: self.node.clone() })
    }
}
