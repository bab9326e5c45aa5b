//! The manifest: what a pack declares about itself, in `pack.toml` at the root of its archive.

mod argument;
mod edge;
mod error;
mod graph;
mod load;
mod raw;
mod spec;

use std::collections::BTreeMap;

use reach_types::{Blake3Digest, Grants, ModelId, ModelKey, PackFacts, PackName, PackVersion, ToolDefinition, ToolId};

use crate::ArchivePath;

pub use argument::{Arguments, MAX_ARGUMENT_DEPTH, MAX_REFERENCES, ResolveError};
pub use edge::{Condition, Edge, MAX_POINTER_BYTES, Test};
pub use error::{GraphError, ManifestError};
pub use graph::{Graph, MAX_EDGES, MAX_NODES, MAX_STEPS, Node, StepId};
pub use spec::{MAX_SPEC_FEATURES, SpecFeature, SpecNeeds};

/// Where the manifest stands in the archive.
pub const MANIFEST_PATH: &str = "pack.toml";
/// The most bytes of a manifest: a graph of 256 nodes with a kilobyte each.
pub const MAX_MANIFEST_BYTES: usize = 256 * 1024;
/// The most bytes of a description: two paragraphs.
pub const MAX_DESCRIPTION_BYTES: usize = 1024;
/// The most tools, scopes, models or listed files each: as many as one request to the gate may name.
pub const MAX_DECLARED: usize = 1024;

/// A manifest that was read and checked. Holding one proves nothing about who wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    name: PackName,
    version: PackVersion,
    description: String,
    deterministic: bool,
    scopes: Grants,
    models: BTreeMap<ModelKey, ModelId>,
    tools: BTreeMap<ToolId, Blake3Digest>,
    // INVARIANT: of tools in `tools` only, each with the digest pinned there.
    definitions: BTreeMap<ToolId, ToolDefinition>,
    files: Vec<ArchivePath>,
    spec: SpecNeeds,
    graph: Graph,
}

impl Manifest {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "reach-pack/1";

    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// Every variant of [`ManifestError`]; its size is checked first, then its syntax and schema,
    /// then its fields.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        load::load(bytes)
    }

    /// The pack's name.
    #[must_use]
    pub const fn name(&self) -> &PackName {
        &self.name
    }

    /// The pack's version.
    #[must_use]
    pub const fn version(&self) -> PackVersion {
        self.version
    }

    /// What the author says the pack is for: at most [`MAX_DESCRIPTION_BYTES`] of visible text on
    /// one line.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Whether the author declares the pack deterministic.
    #[must_use]
    pub const fn deterministic(&self) -> bool {
        self.deterministic
    }

    /// The permission scopes it declares.
    #[must_use]
    pub const fn scopes(&self) -> &Grants {
        &self.scopes
    }

    /// The models it needs, by what it needs them for.
    #[must_use]
    pub const fn models(&self) -> &BTreeMap<ModelKey, ModelId> {
        &self.models
    }

    /// The tools it declares, each with the digest of the definition it was written against.
    #[must_use]
    pub const fn tools(&self) -> &BTreeMap<ToolId, Blake3Digest> {
        &self.tools
    }

    /// The definitions it carries along, for telling what changed when a node's differ: of declared
    /// tools only, each with exactly the digest that [`Manifest::tools`] pins.
    #[must_use]
    pub const fn definitions(&self) -> &BTreeMap<ToolId, ToolDefinition> {
        &self.definitions
    }

    /// Files that must be in the archive.
    #[must_use]
    pub fn files(&self) -> &[ArchivePath] {
        &self.files
    }

    /// What it needs of the spec.
    #[must_use]
    pub const fn spec(&self) -> &SpecNeeds {
        &self.spec
    }

    /// What it does.
    #[must_use]
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The facts the gate decides on, for the pack whose archive has this digest.
    #[must_use]
    pub fn facts(&self, digest: Blake3Digest) -> PackFacts {
        PackFacts {
            digest,
            name: self.name.clone(),
            version: self.version,
            tools: self.tools.clone(),
            scopes: self.scopes.clone(),
            models: self.models.clone(),
            deterministic: self.deterministic,
        }
    }
}
