//! The built-in tools: one directory to read, one to write, both by capability.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use cap_std::{
    ambient_authority,
    fs::{Dir, File, OpenOptions, OpenOptionsExt},
};
use reach_types::{Blake3Digest, JsonLimits, Scope, ToolDefinition, ToolId, read_json};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Progress, ToolError, ToolHost, definitions, digest, list, search, write};
use crate::{
    admission::AllowedCall,
    files::{self, FileError},
};

/// The most bytes of one call's arguments: a list of 100,000 files with their digests fits.
pub(super) const MAX_ARGUMENT_BYTES: usize = 48 * 1024 * 1024;

/// What the built-in tools work on.
#[derive(Debug)]
pub struct Workspace {
    /// Where the directory to read is, for walking it.
    pub(super) root: PathBuf,
    /// The directory to read, as a capability: nothing outside it can be opened.
    pub(super) read: Dir,
    /// The directory that a run's own output goes to.
    pub(super) write: Dir,
    /// Paths below the root that are left out of every listing.
    pub(super) exclude: Vec<PathBuf>,
}

impl Workspace {
    /// Reads below `root`, leaving out `exclude`; writes below `output`.
    ///
    /// # Errors
    /// [`FileError`] if either directory cannot be opened.
    pub fn open(root: &Path, exclude: &[PathBuf], output: &Path) -> Result<Self, FileError> {
        let directory =
            |path: &Path| Dir::open_ambient_dir(path, ambient_authority()).map_err(|e| files::io_error(path, e));
        let exclude = exclude.iter().map(|path| files::absolute(path)).collect::<Result<_, _>>()?;
        Ok(Self { root: files::absolute(root)?, read: directory(root)?, write: directory(output)?, exclude })
    }
}

impl Workspace {
    /// Opens a regular file for reading, without ever waiting for a pipe or a device.
    pub(super) fn open_regular(&self, path: &str) -> io::Result<File> {
        let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
        let file = self.read.open_with(path, OpenOptions::new().read(true).custom_flags(nonblocking))?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Whether no part of `path` is a symbolic link.
    pub(super) fn is_plain(&self, path: &str) -> bool {
        let ancestors = Path::new(path).ancestors().filter(|part| !part.as_os_str().is_empty());
        ancestors.map(|part| self.read.symlink_metadata(part)).all(|meta| meta.is_ok_and(|meta| !meta.is_symlink()))
    }
}

/// The built-in host.
#[derive(Debug)]
pub struct BuiltinTools {
    workspace: Option<Workspace>,
}

impl BuiltinTools {
    /// Tools over `workspace`.
    #[must_use]
    pub const fn new(workspace: Workspace) -> Self {
        Self { workspace: Some(workspace) }
    }

    /// The tools' definitions only: every call is refused.
    #[must_use]
    pub const fn definitions_only() -> Self {
        Self { workspace: None }
    }
}

impl ToolHost for BuiltinTools {
    fn identity(&self) -> Blake3Digest {
        Blake3Digest::derive("reach 2026 tool host v1", &[b"builtin", b"1"])
    }

    fn definitions(&self) -> BTreeMap<ToolId, ToolDefinition> {
        definitions::ALL.clone()
    }

    fn scopes(&self, tool: &ToolId) -> BTreeSet<Scope> {
        let scope = definitions::ALL.get(tool).and_then(|one| one.members().get("scope")?.as_str());
        scope.and_then(|text| Scope::parse(text).ok()).into_iter().collect()
    }

    fn call(&mut self, call: &AllowedCall<'_>, progress: Progress<'_>) -> Result<Value, ToolError> {
        self.run(&call.call().tool, &call.call().arguments, progress)
    }
}

impl BuiltinTools {
    pub(super) fn run(&self, tool: &ToolId, arguments: &[u8], progress: Progress<'_>) -> Result<Value, ToolError> {
        let unknown = || ToolError::Unknown { tool: tool.clone() };
        let workspace = self.workspace.as_ref().ok_or_else(unknown)?;
        match tool.as_str() {
            "digest.files" => digest::run(workspace, parse("digest.files", arguments)?, progress),
            "fs.list" => list::run(workspace, &parse("fs.list", arguments)?, progress),
            "fs.write" => write::run(workspace, &parse("fs.write", arguments)?),
            "text.search" => search::run(workspace, parse("text.search", arguments)?, progress),
            _ => Err(unknown()),
        }
    }
}

fn parse<T: DeserializeOwned>(tool: &'static str, arguments: &[u8]) -> Result<T, ToolError> {
    let limits = JsonLimits::bytes(MAX_ARGUMENT_BYTES);
    read_json(arguments, limits).map_err(|error| ToolError::Arguments { tool, detail: error.to_string() })
}
