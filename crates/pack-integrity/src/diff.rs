//! What changed between two packs in what they may do, for whoever has to approve it again.
//!
//! Nobody is asked who vouches for either of them.

mod compare;
mod view;

#[cfg(test)]
mod tests;

use std::fmt;

use reach_types::Blake3Digest;
use serde::Serialize;

pub use view::{PackView, view_archive};

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The new pack may do less.
    Narrowed,
    /// It may do something else, or the change says nothing about what it may do.
    Changed,
    /// The new pack may do more.
    Widened,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Narrowed => "narrowed",
            Self::Changed => "changed",
            Self::Widened => "widened",
        })
    }
}

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The pack's name.
    Name,
    /// Its version.
    Version,
    /// What it says of itself.
    Description,
    /// Whether it is declared deterministic.
    Determinism,
    /// A tool it declares.
    Tool,
    /// The definition that a declared tool was pinned to.
    ToolDefinition,
    /// A permission scope it declares.
    Scope,
    /// A model it needs.
    Model,
    /// The spec version it was written for, or its floor.
    Spec,
    /// A feature of the spec that it needs.
    Feature,
    /// How its graph begins and how long it may go on.
    Graph,
    /// A node of its graph.
    Node,
    /// A file in its archive.
    File,
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Name => "name",
            Self::Version => "version",
            Self::Description => "description",
            Self::Determinism => "determinism",
            Self::Tool => "tool",
            Self::ToolDefinition => "tool_definition",
            Self::Scope => "scope",
            Self::Model => "model",
            Self::Spec => "spec",
            Self::Feature => "feature",
            Self::Graph => "graph",
            Self::Node => "node",
            Self::File => "file",
        })
    }
}

/// One change. Its texts are what the packs say: escape them before they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which way it goes.
    pub direction: Direction,
    /// What it is about.
    pub aspect: Aspect,
    /// Which tool, scope, file and so on.
    pub subject: String,
    /// What the old pack says, if it says anything.
    pub before: Option<String>,
    /// What the new pack says, if it says anything.
    pub after: Option<String>,
}

/// What all changes together amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DiffVerdict {
    /// The archives are the same, byte for byte.
    Equal,
    /// Every change takes something away.
    Narrowed,
    /// Nothing is widened, and not everything narrowed.
    Changed,
    /// Something is widened.
    Widened,
}

/// The changes from one pack to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// BLAKE3 of the old archive.
    pub old: Blake3Digest,
    /// BLAKE3 of the new archive.
    pub new: Blake3Digest,
    /// Every change: what is widened first, then by what it is about and its subject.
    pub changes: Vec<Change>,
}

impl Diff {
    /// What the changes amount to.
    #[must_use]
    pub fn verdict(&self) -> DiffVerdict {
        match self.changes.iter().map(|change| change.direction).max() {
            None => DiffVerdict::Equal,
            Some(Direction::Widened) => DiffVerdict::Widened,
            Some(Direction::Changed) => DiffVerdict::Changed,
            Some(Direction::Narrowed) => DiffVerdict::Narrowed,
        }
    }

    /// The changes that an approval of the old pack does not cover: whatever is widened, and a tool
    /// whose definition changed, which may mean anything.
    pub fn unapproved(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| change.direction == Direction::Widened || change.aspect == Aspect::ToolDefinition)
    }
}

/// Compares what two packs may do.
#[must_use]
pub fn diff_packs(old: &PackView, new: &PackView) -> Diff {
    let mut changes = compare::manifests(old.manifest(), new.manifest());
    changes.extend(compare::files(old, new, changes.is_empty()));
    changes.sort_by(|a, b| {
        let order = b.direction.cmp(&a.direction).then(a.aspect.cmp(&b.aspect));
        order.then_with(|| a.subject.cmp(&b.subject))
    });
    Diff { old: *old.digest(), new: *new.digest(), changes }
}
