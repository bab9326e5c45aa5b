//! Tools: what a run can do, each under a definition that its pack pins by digest.

mod builtin;
mod definitions;
mod digest;
mod list;
mod search;
mod tracked;
mod write;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use reach_types::{Blake3Digest, Scope, ToolDefinition, ToolId};
use serde_json::Value;

pub use builtin::{BuiltinTools, Workspace};

use crate::admission::AllowedCall;

/// Why a call did not give a result. The run records it and ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// The host has no such tool.
    #[error("no tool `{tool}` here")]
    Unknown {
        /// Which.
        tool: ToolId,
    },
    /// The arguments are not what the tool's definition says.
    #[error("`{tool}`: {detail}")]
    Arguments {
        /// Which tool.
        tool: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// A path leaves the directory that the run was given.
    #[error("`{tool}`: a path must stay inside the run's directory")]
    Escape {
        /// Which tool.
        tool: &'static str,
    },
    /// The result would be larger than a run may hold.
    #[error("`{tool}`: more than {limit} {what}")]
    Limit {
        /// Which tool.
        tool: &'static str,
        /// The limit.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// The file system refused.
    #[error("`{tool}`: {detail}")]
    Io {
        /// Which tool.
        tool: &'static str,
        /// What it said.
        detail: String,
    },
}

reach_types::codes!(ToolError {
    Unknown => ("tool.unknown", Refused, "see `reach status --registry` for the tools of this node"),
    Arguments => ("tool.arguments", Refused, "see `reach status --registry` for the tool's definition"),
    Escape => ("tool.path_escape", Unsafe, "use relative paths without `..`"),
    Limit => ("tool.limit", Limit, "run the pack over a smaller directory"),
    Io => ("tool.io", Environment, "check the run's directory and the disk"),
});

/// How far a long call is: done, of how many, where that is known.
pub type Progress<'a> = &'a mut dyn FnMut(u64, Option<u64>);

/// The digests of these definitions: what packs pin.
pub(crate) fn digests(definitions: &BTreeMap<ToolId, ToolDefinition>) -> BTreeMap<ToolId, Blake3Digest> {
    definitions.iter().map(|(tool, definition)| (tool.clone(), *definition.digest())).collect()
}

/// Something that runs tool calls. Whatever it answers is recorded before the run goes on.
pub trait ToolHost {
    /// The host's own identity: part of what a permit is bound to.
    fn identity(&self) -> Blake3Digest;

    /// The tools it has, with their definitions.
    fn definitions(&self) -> BTreeMap<ToolId, ToolDefinition>;

    /// The tools it has, with the digests of their definitions.
    fn registry(&self) -> BTreeMap<ToolId, Blake3Digest> {
        digests(&self.definitions())
    }

    /// The scopes that a call of `tool` needs, whatever its pack says of it.
    fn scopes(&self, tool: &ToolId) -> BTreeSet<Scope>;

    /// Runs one call that was permitted and recorded, with exactly the argument bytes it holds.
    ///
    /// # Errors
    /// Every variant of [`ToolError`].
    fn call(&mut self, call: &AllowedCall<'_>, progress: Progress<'_>) -> Result<Value, ToolError>;
}
