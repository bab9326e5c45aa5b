//! The execution graph: nodes are tool calls, edges lead on, and the number of steps is bounded.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use reach_types::{Blake3Digest, Grants, IdentError, PackName, Scope, ToolId};
use serde_json::Value;

use super::{
    GraphError,
    argument::{self, Arguments},
    edge::{self, Edge},
    raw::{RawGraph, RawNode},
};

/// The most nodes: tools take lists, so real graphs have a dozen.
pub const MAX_NODES: usize = 256;
/// The most edges that leave one node, and the most scopes it uses.
pub const MAX_EDGES: usize = 32;
/// The most steps a run may take: each is a durable record, so this is minutes of work.
pub const MAX_STEPS: u32 = 10_000;

/// The id of a node, with the grammar of a [`PackName`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(PackName);

impl StepId {
    /// Parses an id exactly as written.
    ///
    /// # Errors
    /// [`IdentError::Malformed`] if the text is outside the grammar.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        PackName::parse(text).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A checked graph: every id is unique, and every name in it leads somewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    start: StepId,
    max_steps: u32,
    nodes: Vec<Node>,
}

impl Graph {
    /// The node to begin with.
    #[must_use]
    pub const fn start(&self) -> &StepId {
        &self.start
    }

    /// The most calls a run makes, 1 to [`MAX_STEPS`].
    #[must_use]
    pub const fn max_steps(&self) -> u32 {
        self.max_steps
    }

    /// The nodes, as authored.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node with this id.
    #[must_use]
    pub fn node(&self, id: &StepId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == *id)
    }
}

/// One tool call.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    id: StepId,
    tool: ToolId,
    scopes: BTreeSet<Scope>,
    arguments: Arguments,
    next: Vec<Edge>,
}

impl Node {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &StepId {
        &self.id
    }

    /// The tool it calls, which the pack declares.
    #[must_use]
    pub const fn tool(&self) -> &ToolId {
        &self.tool
    }

    /// The exact scopes the call uses, which the pack's scopes cover.
    #[must_use]
    pub const fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// The call's arguments, with references to earlier results still open.
    #[must_use]
    pub const fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// The edges that leave it, as authored.
    #[must_use]
    pub fn next(&self) -> &[Edge] {
        &self.next
    }

    /// Where to go after this node's call returned `result`: along the first edge whose condition
    /// holds. `None` ends the run.
    #[must_use]
    pub fn after(&self, result: &Value) -> Option<&StepId> {
        self.next.iter().find(|edge| edge.is_open(result)).map(Edge::to)
    }
}

/// Checks a graph against what the pack declares.
pub(super) fn check(
    raw: RawGraph,
    tools: &BTreeMap<ToolId, Blake3Digest>,
    scopes: &Grants,
) -> Result<Graph, GraphError> {
    bounded("nodes", MAX_NODES, raw.nodes.len())?;
    let max_steps = u32::try_from(raw.max_steps).ok().filter(|steps| (1..=MAX_STEPS).contains(steps));
    let max_steps = max_steps.ok_or(GraphError::MaxSteps { actual: raw.max_steps })?;
    let ids = node_ids(&raw.nodes)?;
    let start = known(&ids, &raw.start).ok_or(GraphError::NoStart)?;
    let node = |(raw, id): (RawNode, &StepId)| check_node(raw, id, &ids, tools, scopes);
    let nodes = raw.nodes.into_iter().zip(&ids).map(node).collect::<Result<_, _>>()?;
    Ok(Graph { start, max_steps, nodes })
}

fn node_ids(nodes: &[RawNode]) -> Result<Vec<StepId>, GraphError> {
    let mut seen = BTreeSet::new();
    let id = |(index, node): (usize, &RawNode)| {
        let id = StepId::parse(&node.id).map_err(|error| GraphError::NodeId { index, error })?;
        if seen.insert(id.clone()) { Ok(id) } else { Err(GraphError::DuplicateNode { id }) }
    };
    nodes.iter().enumerate().map(id).collect()
}

/// The node that `text` names, if there is one.
pub(super) fn known(ids: &[StepId], text: &str) -> Option<StepId> {
    ids.iter().find(|id| id.as_str() == text).cloned()
}

pub(super) fn bounded(what: &'static str, limit: usize, actual: usize) -> Result<(), GraphError> {
    if actual > limit { Err(GraphError::TooLarge { what, limit, actual }) } else { Ok(()) }
}

fn check_node(
    raw: RawNode,
    id: &StepId,
    ids: &[StepId],
    tools: &BTreeMap<ToolId, Blake3Digest>,
    scopes: &Grants,
) -> Result<Node, GraphError> {
    bounded("scopes in one node", MAX_EDGES, raw.scopes.len())?;
    bounded("edges from one node", MAX_EDGES, raw.next.len())?;
    let declared = tools.get_key_value(raw.tool.as_str());
    let (tool, _) = declared.ok_or_else(|| GraphError::ToolUndeclared { node: id.clone() })?;
    Ok(Node {
        id: id.clone(),
        tool: tool.clone(),
        scopes: raw.scopes.iter().map(|text| check_scope(text, id, scopes)).collect::<Result<_, _>>()?,
        arguments: argument::check(raw.arguments, id, ids)?,
        next: raw.next.into_iter().map(|edge| edge::check(edge, id, ids)).collect::<Result<_, _>>()?,
    })
}

fn check_scope(text: &str, node: &StepId, declared: &Grants) -> Result<Scope, GraphError> {
    let scope = Scope::parse(text).map_err(|_| GraphError::Scope { node: node.clone() })?;
    if declared.covers(&scope) { Ok(scope) } else { Err(GraphError::ScopeUndeclared { node: node.clone(), scope }) }
}
