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

/// Where manifests name the file that is run first, in themselves or in one of their members.
const ENTRY_POINTS: [&str; 11] = [
    "bin",
    "command",
    "entry",
    "entry-point",
    "entryPoint",
    "entry_point",
    "entrypoint",
    "exec",
    "executable",
    "main",
    "script",
];
/// The member whose members are paths.
const FILES: &str = "files";
/// Where manifests name how they are signed.
const ALGORITHMS: [&str; 2] = ["alg", "algorithm"];
/// What JSON Web Signatures call the same algorithm (RFC 7518, §3.3).
const ALGORITHM_IN_JOSE: &str = "RS256";

/// What a manifest says of the file that is run first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryPoint {
    /// Nothing, under any of the names that are looked for.
    NotNamed,
    /// One or more, and each is pinned.
    Pinned,
    /// One at least that is not pinned.
    NotPinned,
}

impl EntryPoint {
    /// The same in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotNamed => "not named",
            Self::Pinned => "pinned",
            Self::NotPinned => "not pinned",
        }
    }

    fn of(manifest: &Map<String, Value>, files: &BTreeMap<ArchivePath, Sha256Digest>) -> Self {
        let within = manifest.iter().filter(|(name, _)| *name != FILES).filter_map(|(_, value)| value.as_object());
        let objects = within.chain([manifest]);
        let mut named = objects.flat_map(|object| ENTRY_POINTS.iter().filter_map(|name| object.get(*name))).peekable();
        if named.peek().is_none() {
            Self::NotNamed
        } else if named.all(|value| is_pinned(value, files)) {
            Self::Pinned
        } else {
            Self::NotPinned
        }
    }
}

/// A plugin manifest, as far as it is read: its members `name`, `version`, `files`, those that name
/// an entry point, and those that name an algorithm. The others mean what their owner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginManifest {
    name: Option<String>,
    version: Option<String>,
    files: BTreeMap<ArchivePath, Sha256Digest>,
    entry_point: EntryPoint,
}

impl PluginManifest {
    pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, PluginFormatError> {
        PluginDocument::Manifest.read(bytes, MAX_PLUGIN_MANIFEST_BYTES)
    }

    pub(super) fn from_object(object: &Map<String, Value>) -> Result<Self, PluginError> {
        let text = |name| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let files = object.get(FILES).map_or(Ok(BTreeMap::new()), read_files)?;
        let entry_point = EntryPoint::of(object, &files);
        Ok(Self { name: text("name"), version: text("version"), files, entry_point })
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

    /// What it says of the file that is run first. Where it names none, nothing says that what is run
    /// is among [`PluginManifest::files`].
    #[must_use]
    pub const fn entry_point(&self) -> EntryPoint {
        self.entry_point
    }

    /// Why the files it pins are not the plugin, or `None` if they may be.
    pub(super) fn gap(&self) -> Option<&'static str> {
        if self.files.is_empty() {
            Some("its manifest pins no file by digest")
        } else if self.entry_point == EntryPoint::NotPinned {
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

/// Whether an entry point is a pinned path, or an object of nothing but such paths.
fn is_pinned(entry: &Value, files: &BTreeMap<ArchivePath, Sha256Digest>) -> bool {
    let pinned = |path: &str| {
        let path = ArchivePath::parse(path.strip_prefix("./").unwrap_or(path));
        path.is_ok_and(|path| files.contains_key(&path))
    };
    match entry {
        Value::String(path) => pinned(path),
        Value::Object(each) => !each.is_empty() && each.values().all(|path| path.as_str().is_some_and(pinned)),
        _ => false,
    }
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
