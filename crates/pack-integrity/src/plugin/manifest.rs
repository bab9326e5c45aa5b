//! What is read of a plugin manifest: as little as the verdict needs, for the rest is its owner's.

use std::collections::BTreeMap;

use reach_types::Sha256Digest;
use serde_json::{Map, Value};

use super::{PLUGIN_ALGORITHM, PluginDocument, PluginError, PluginFormatError};
use crate::ArchivePath;

/// The most bytes of a manifest: every file it may pin, with paths of forty bytes.
pub const MAX_PLUGIN_MANIFEST_BYTES: usize = 1 << 20;
/// The most files that a manifest pins: ten times the largest connector we know of.
pub const MAX_PLUGIN_FILES: usize = 8192;

/// Where manifests name the file that is run first.
const ENTRY_POINTS: [&str; 5] = ["entry", "entryPoint", "entry_point", "entrypoint", "main"];
/// Where manifests name how they are signed.
const ALGORITHMS: [&str; 2] = ["alg", "algorithm"];
/// What JSON Web Signatures call the same algorithm (RFC 7518, §3.3).
const ALGORITHM_IN_JOSE: &str = "RS256";

/// A plugin manifest, as far as it is read: its members `name`, `version`, `files`, those that name
/// an entry point, and those that name an algorithm. The others mean what their owner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginManifest {
    name: Option<String>,
    version: Option<String>,
    files: BTreeMap<ArchivePath, Sha256Digest>,
    // Whether every entry point that is named is among `files`.
    entry_points_pinned: bool,
}

impl PluginManifest {
    pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, PluginFormatError> {
        PluginDocument::Manifest.read(bytes, MAX_PLUGIN_MANIFEST_BYTES)
    }

    pub(super) fn from_object(object: &Map<String, Value>) -> Result<Self, PluginError> {
        let text = |name| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let files = object.get("files").map_or(Ok(BTreeMap::new()), read_files)?;
        let pinned = |value: &Value| value.as_str().is_some_and(|path| is_pinned(path, &files));
        let entry_points_pinned = ENTRY_POINTS.iter().filter_map(|name| object.get(*name)).all(pinned);
        Ok(Self { name: text("name"), version: text("version"), files, entry_points_pinned })
    }

    /// The plugin's name, if it is a text: its owner's word, in its owner's characters.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The plugin's version, if it is a text; likewise.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The files it pins, with their SHA-256. It says nothing of any other file.
    #[must_use]
    pub const fn files(&self) -> &BTreeMap<ArchivePath, Sha256Digest> {
        &self.files
    }

    /// Why the files it pins are not the plugin, or `None` if they may be.
    pub(super) fn gap(&self) -> Option<&'static str> {
        if self.files.is_empty() {
            Some("its manifest pins no file by digest")
        } else if !self.entry_points_pinned {
            Some("its manifest names an entry point that is not among the files it pins")
        } else {
            None
        }
    }
}

/// Whether the manifest leaves the algorithm open or names the keyring's.
pub(super) fn names_algorithm(object: &Map<String, Value>) -> bool {
    let ours = |value: &Value| value == PLUGIN_ALGORITHM || value == ALGORITHM_IN_JOSE;
    ALGORITHMS.iter().filter_map(|name| object.get(*name)).all(ours)
}

fn is_pinned(path: &str, files: &BTreeMap<ArchivePath, Sha256Digest>) -> bool {
    let path = ArchivePath::parse(path.strip_prefix("./").unwrap_or(path));
    path.is_ok_and(|path| files.contains_key(&path))
}

fn read_files(value: &Value) -> Result<BTreeMap<ArchivePath, Sha256Digest>, PluginError> {
    let files = value.as_object().ok_or(malformed("`files` is not an object"))?;
    if files.len() > MAX_PLUGIN_FILES {
        return Err(PluginError::TooManyFiles { actual: files.len() });
    }
    files.iter().map(|(path, pin)| Ok((ArchivePath::parse(path).map_err(PluginError::Path)?, read_pin(pin)?))).collect()
}

/// `{"sha256": hex}` and nothing else: a digest that is not looked at would be one that some other
/// verifier prefers.
fn read_pin(pin: &Value) -> Result<Sha256Digest, PluginError> {
    let wrong = || malformed("a file is pinned by `{\"sha256\": 64 lower-case hex characters}` and nothing else");
    let pin = pin.as_object().filter(|pin| pin.len() == 1).ok_or_else(wrong)?;
    let hex = pin.get("sha256").and_then(Value::as_str).ok_or_else(wrong)?;
    Sha256Digest::parse(hex).map_err(|_| wrong())
}

fn malformed(rule: &'static str) -> PluginError {
    PluginError::Format(PluginDocument::Manifest.malformed(rule))
}
