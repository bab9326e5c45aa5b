//! Edges and the conditions on a result that open them.

use serde_json::Value;

use super::{
    GraphError, StepId, argument,
    graph::known,
    raw::{RawCondition, RawEdge},
};

/// The longest JSON pointer in bytes: deeper places than this are not addressed by hand.
pub const MAX_POINTER_BYTES: usize = 256;

/// A way from one node to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    to: StepId,
    when: Option<Condition>,
}

impl Edge {
    /// Where it leads.
    #[must_use]
    pub const fn to(&self) -> &StepId {
        &self.to
    }

    /// The condition; an edge without one is always open.
    #[must_use]
    pub const fn when(&self) -> Option<&Condition> {
        self.when.as_ref()
    }

    /// Whether it may be taken after `result`.
    #[must_use]
    pub fn is_open(&self, result: &Value) -> bool {
        self.when.as_ref().is_none_or(|condition| condition.holds(result))
    }
}

/// A test of one place of a node's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The place, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// The test.
    pub test: Test,
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is there and equal to this.
    Equals(Value),
    /// It is there and not equal to this.
    NotEquals(Value),
    /// It is there, or it is not.
    Exists(bool),
}

impl Condition {
    /// Whether `result` passes. A place that is not there passes only `exists = false`.
    #[must_use]
    pub fn holds(&self, result: &Value) -> bool {
        let found = result.pointer(&self.pointer);
        match &self.test {
            Test::Equals(value) => found == Some(value),
            Test::NotEquals(value) => found.is_some_and(|found| found != value),
            Test::Exists(expected) => found.is_some() == *expected,
        }
    }
}

pub(super) fn check(raw: RawEdge, node: &StepId, ids: &[StepId]) -> Result<Edge, GraphError> {
    let to = known(ids, &raw.to).ok_or_else(|| GraphError::EdgeToNowhere { node: node.clone() })?;
    let when = raw.when.map(|condition| check_condition(condition, node)).transpose()?;
    Ok(Edge { to, when })
}

fn check_condition(raw: RawCondition, node: &StepId) -> Result<Condition, GraphError> {
    let value = |value| argument::literal(value, node);
    let test = match (raw.equals, raw.not_equals, raw.exists) {
        (Some(equal), None, None) => Test::Equals(value(equal)?),
        (None, Some(other), None) => Test::NotEquals(value(other)?),
        (None, None, Some(exists)) => Test::Exists(exists),
        _ => return Err(GraphError::Condition { node: node.clone() }),
    };
    Ok(Condition { pointer: check_pointer(raw.pointer, node)?, test })
}

/// RFC 6901: nothing, or tokens that each begin with `/` and hold `~` only as `~0` and `~1`.
pub(super) fn check_pointer(text: String, node: &StepId) -> Result<String, GraphError> {
    let begins = text.is_empty() || text.starts_with('/');
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    let good = begins && escaped && text.len() <= MAX_POINTER_BYTES;
    if good { Ok(text) } else { Err(GraphError::Pointer { node: node.clone() }) }
}
