//! Every way a manifest and its graph are refused.

use reach_types::{DefinitionError, IdentError, Scope, ToolId};

use super::{
    MAX_ARGUMENT_DEPTH, MAX_DESCRIPTION_BYTES, MAX_MANIFEST_BYTES, MAX_POINTER_BYTES, MAX_STEPS, Manifest, StepId,
};
use crate::PathError;

/// Why a manifest was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// More than [`MAX_MANIFEST_BYTES`].
    #[error("a manifest of {actual} bytes, at most {MAX_MANIFEST_BYTES} are allowed")]
    TooLarge {
        /// Its size in bytes.
        actual: u64,
    },
    /// Nested deeper than any manifest is.
    #[error("the manifest is nested too deeply")]
    TooDeep,
    /// Not TOML in UTF-8, or a field is missing or of another type.
    #[error("the manifest cannot be read (line {line}): {detail}")]
    Malformed {
        /// The line, from 1; 0 where it is not known.
        line: usize,
        /// What is wrong, escaped.
        detail: String,
    },
    /// One table holds a key twice.
    #[error("the manifest holds the same key twice (line {line})")]
    DuplicateKey {
        /// The line, from 1.
        line: usize,
    },
    /// A field that the format does not have.
    #[error("the manifest has a field this format does not know (line {line}): {detail}")]
    UnknownField {
        /// The line, from 1; 0 where it is not known.
        line: usize,
        /// Which one, escaped.
        detail: String,
    },
    /// Another format, or another version of it.
    #[error("the manifest's schema is not `{}`", Manifest::SCHEMA)]
    Schema,
    /// A name outside the grammar.
    #[error("`{field}`: {error}")]
    Identifier {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        error: IdentError,
    },
    /// The version is not `MAJOR.MINOR.PATCH`.
    #[error("`version` is MAJOR.MINOR.PATCH in plain decimal, without leading zeros, pre-release or build")]
    Version,
    /// The description is too long, or could change how the text around it is shown.
    #[error(
        "`description` is at most {MAX_DESCRIPTION_BYTES} bytes on one line, without control, invisible or direction characters"
    )]
    Description,
    /// A scope outside the grammar.
    #[error("`scopes[{index}]`: a scope is lower-case segments joined by `:`, with `:*` only at the end")]
    Scope {
        /// Which one, from 0.
        index: usize,
    },
    /// A tool without the digest of its definition.
    #[error("`tools.{tool}`: a definition digest is 64 lower-case hex characters")]
    ToolDigest {
        /// The tool.
        tool: ToolId,
    },
    /// A definition of a tool that the pack does not declare.
    #[error("`definitions.{tool}`: `tools` does not declare this tool")]
    DefinitionUndeclared {
        /// The tool.
        tool: ToolId,
    },
    /// A definition larger or deeper than any may be: [`reach_types::MAX_DEFINITION_BYTES`],
    /// [`reach_types::MAX_DEFINITION_DEPTH`].
    #[error("`definitions.{tool}`: {error}")]
    DefinitionLimit {
        /// The tool.
        tool: ToolId,
        /// Which limit.
        error: DefinitionError,
    },
    /// A definition that is none.
    #[error("`definitions.{tool}`: {error}")]
    DefinitionMalformed {
        /// The tool.
        tool: ToolId,
        /// What is wrong with it.
        error: DefinitionError,
    },
    /// A definition that is not the pinned one.
    #[error("`definitions.{tool}`: this is not the definition whose digest `tools` pins")]
    DefinitionMismatch {
        /// The tool.
        tool: ToolId,
    },
    /// A listed file with an unsafe path.
    #[error(transparent)]
    File(PathError),
    /// More of something than allowed.
    #[error("`{field}` has {actual} entries, at most {limit} are allowed")]
    TooMany {
        /// Which field.
        field: &'static str,
        /// The limit.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// What is needed of the spec is not well-formed.
    #[error("`spec`: {rule}")]
    Spec {
        /// The rule it breaks.
        rule: &'static str,
    },
    /// The graph.
    #[error(transparent)]
    Graph(GraphError),
}

reach_types::codes!(ManifestError {
    TooLarge => ("pack.limit_manifest", Limit, "move data out of the manifest into files of the pack"),
    TooDeep => ("pack.manifest_too_deep", Limit, "nest less deeply"),
    Malformed => ("pack.manifest_malformed", Refused, "see the format's page for the fields and their types"),
    DuplicateKey => ("pack.manifest_duplicate_key", Refused, "name every key once"),
    UnknownField => ("pack.manifest_unknown_field", Refused, "remove the field, or check its spelling"),
    Schema => ("pack.manifest_schema", Refused, "use the version of Reach that this pack was made for"),
    Identifier => ("pack.manifest_identifier", Refused, "use lower-case ASCII letters, digits, `.`, `_` and `-`"),
    Version => ("pack.manifest_version", Refused, "write the version as `1.2.3`"),
    Description => ("pack.manifest_description", Refused, "write plain text on one line"),
    Scope => ("pack.manifest_scope", Refused, "write the scope as lower-case segments joined by `:`"),
    ToolDigest => ("pack.manifest_tool_digest", Refused, "pin the digest that `reach status --registry` prints for the tool"),
    DefinitionUndeclared => ("pack.definition_undeclared", Refused, "declare the tool and its definition digest in `tools`, or leave its definition out"),
    DefinitionLimit => ("pack.limit_definition", Limit, "leave the definition out: the pin in `tools` is enough"),
    DefinitionMalformed => ("pack.definition_malformed", Refused, "copy the definition that `reach status --registry --toml` prints for the tool"),
    DefinitionMismatch => ("pack.definition_mismatch", Refused, "copy pin and definition together from `reach status --registry --toml`"),
    TooMany => ("pack.manifest_too_many", Limit, "declare less, or use wildcards in scopes"),
    Spec => ("pack.manifest_spec", Refused, "write `version` and `floor` as `1.2.3` and list every feature once"),
} wrap { File, Graph });

/// Why a graph was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// More nodes, or more of something in a node, than allowed.
    #[error("the graph has {actual} {what}, at most {limit} are allowed")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// `max_steps` is 0 or too high.
    #[error("`graph.max_steps` is {actual}, it must be 1 to {MAX_STEPS}")]
    MaxSteps {
        /// The value.
        actual: i64,
    },
    /// A node's id is outside the grammar.
    #[error("`graph.nodes[{index}].id`: {error}")]
    NodeId {
        /// Which node, from 0.
        index: usize,
        /// What is wrong with it.
        error: IdentError,
    },
    /// Two nodes with one id.
    #[error("two nodes have the id `{id}`")]
    DuplicateNode {
        /// The id.
        id: StepId,
    },
    /// The start is no node.
    #[error("`graph.start` names no node")]
    NoStart,
    /// An edge leads to no node.
    #[error("an edge of the node `{node}` leads to no node")]
    EdgeToNowhere {
        /// Where the edge begins.
        node: StepId,
    },
    /// A tool that the pack does not declare.
    #[error("the node `{node}` calls a tool that `tools` does not declare")]
    ToolUndeclared {
        /// The node.
        node: StepId,
    },
    /// A scope outside the grammar of exact scopes.
    #[error("a scope of the node `{node}` is not an exact scope of lower-case segments joined by `:`")]
    Scope {
        /// The node.
        node: StepId,
    },
    /// A scope that the pack does not declare.
    #[error("the node `{node}` uses the scope `{scope}`, which `scopes` does not cover")]
    ScopeUndeclared {
        /// The node.
        node: StepId,
        /// The scope.
        scope: Scope,
    },
    /// An argument that refers to no node.
    #[error("an argument of the node `{node}` refers to a node that does not exist")]
    UnknownReference {
        /// The node.
        node: StepId,
    },
    /// A pointer that is none.
    #[error("a pointer of the node `{node}` is not a JSON pointer (RFC 6901) of at most {MAX_POINTER_BYTES} bytes")]
    Pointer {
        /// The node.
        node: StepId,
    },
    /// A value that JSON cannot hold exactly, or a reserved key.
    #[error("a value of the node `{node}` is not allowed: {rule}")]
    Value {
        /// The node.
        node: StepId,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// Values nested too deeply.
    #[error("a value of the node `{node}` is nested deeper than {MAX_ARGUMENT_DEPTH}")]
    TooDeep {
        /// The node.
        node: StepId,
    },
    /// A condition without a test, or with more than one.
    #[error("a condition of the node `{node}` needs exactly one of `equals`, `not_equals` and `exists`")]
    Condition {
        /// The node.
        node: StepId,
    },
}

reach_types::codes!(GraphError {
    TooLarge => ("pack.graph_too_large", Limit, "let tools take lists instead of adding nodes"),
    MaxSteps => ("pack.graph_max_steps", Limit, "bound the number of steps"),
    NodeId => ("pack.graph_node_id", Refused, "use lower-case ASCII letters, digits, `.`, `_` and `-`"),
    DuplicateNode => ("pack.graph_duplicate_node", Refused, "give every node an id of its own"),
    NoStart => ("pack.graph_no_start", Refused, "name one of the nodes as `start`"),
    EdgeToNowhere => ("pack.graph_edge_to_nowhere", Refused, "let every edge lead to a node of this graph"),
    ToolUndeclared => ("pack.graph_tool_undeclared", Refused, "declare the tool and its definition digest in `tools`"),
    Scope => ("pack.graph_scope", Refused, "name each scope exactly"),
    ScopeUndeclared => ("pack.graph_scope_undeclared", Refused, "declare the scope in `scopes`"),
    UnknownReference => ("pack.graph_unknown_reference", Refused, "refer to a node of this graph"),
    Pointer => ("pack.graph_pointer", Refused, "write the pointer as `/key/0`, or `\"\"` for the whole result"),
    Value => ("pack.graph_value", Refused, "use texts, whole numbers up to 2^53, booleans, lists and tables"),
    TooDeep => ("pack.graph_value_too_deep", Limit, "nest less deeply"),
    Condition => ("pack.graph_condition", Refused, "give every condition exactly one test"),
});
