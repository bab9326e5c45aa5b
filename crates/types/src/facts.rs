//! Plain facts about a pack and about the tools a node knows: what the gate decides on.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Blake3Digest, Grants, ModelId, ModelKey, PackName, StrictError, ToolId, encode_strict};

/// Why a pack version was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// Not `MAJOR.MINOR.PATCH` in plain decimal without leading zeros.
    #[error("a pack version is MAJOR.MINOR.PATCH in plain decimal, without leading zeros, pre-release or build")]
    Malformed,
}

crate::codes!(VersionError {
    Malformed => ("input.version_malformed", Refused, "write the version as `1.2.3`"),
});

/// A pack's version: three numbers, compared as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackVersion([u32; 3]);

impl PackVersion {
    /// Parses `MAJOR.MINOR.PATCH`.
    ///
    /// # Errors
    /// [`VersionError::Malformed`]: a build or pre-release part would give one version two
    /// spellings or two orders.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let mut parts = text.split('.').map(|part| {
            let plain = part == "0" || (!part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit()));
            // `u32::from_str` would take a leading `+`; the digits check above has refused it.
            if plain { part.parse().map_err(|_| VersionError::Malformed) } else { Err(VersionError::Malformed) }
        });
        let mut next = || parts.next().unwrap_or(Err(VersionError::Malformed));
        let version = Self([next()?, next()?, next()?]);
        if parts.next().is_some() { Err(VersionError::Malformed) } else { Ok(version) }
    }
}

impl fmt::Display for PackVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl Serialize for PackVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PackVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// What a verified pack declares. Plain data: holding one proves nothing about where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFacts {
    /// BLAKE3 of the archive: the pack's id.
    pub digest: Blake3Digest,
    /// The pack's name.
    pub name: PackName,
    /// The pack's version.
    pub version: PackVersion,
    /// Declared tools, each with the digest of the definition its author pinned.
    pub tools: BTreeMap<ToolId, Blake3Digest>,
    /// Declared permission scopes.
    pub scopes: Grants,
    /// The models the pack needs, by what it needs them for.
    pub models: BTreeMap<ModelKey, ModelId>,
    /// Whether the author declares the pack deterministic.
    pub deterministic: bool,
}

/// The tools a pack declares, as a node knows them, named by one digest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RegistrySnapshot(BTreeMap<ToolId, Blake3Digest>);

impl RegistrySnapshot {
    /// The snapshot of the `declared` tools as `known` here. A declared tool that this node does
    /// not know is left out, and so changes the digest.
    #[must_use]
    pub fn of<'a>(declared: impl IntoIterator<Item = &'a ToolId>, known: &BTreeMap<ToolId, Blake3Digest>) -> Self {
        let pairs = declared.into_iter().filter_map(|tool| known.get_key_value(tool));
        Self(pairs.map(|(tool, digest)| (tool.clone(), *digest)).collect())
    }

    /// The definition digest of `tool`, if this snapshot holds it.
    #[must_use]
    pub fn definition(&self, tool: &ToolId) -> Option<&Blake3Digest> {
        self.0.get(tool)
    }

    /// The tools and their definition digests, sorted by tool.
    pub fn iter(&self) -> impl Iterator<Item = (&ToolId, &Blake3Digest)> {
        self.0.iter()
    }

    /// BLAKE3 over the sorted pairs in strict postcard, in its own domain.
    ///
    /// # Errors
    /// [`StrictError::Unencodable`], which the types here rule out.
    pub fn digest(&self) -> Result<Blake3Digest, StrictError> {
        let pairs: Vec<(&ToolId, &Blake3Digest)> = self.0.iter().collect();
        Ok(Blake3Digest::derive("reach 2026 registry snapshot v1", &[&encode_strict(&pairs)?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k25_versions_have_one_spelling_and_compare_as_numbers() {
        assert!(PackVersion::parse("1.10.0").unwrap() > PackVersion::parse("1.9.9").unwrap());
        assert_eq!(PackVersion::parse("0.0.4294967295").unwrap().to_string(), "0.0.4294967295");
        for bad in
            ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0+b", "1.0.0-rc", "v1.0.0", "+1.0.0", "1..0", "1.0.4294967296"]
        {
            assert_eq!(PackVersion::parse(bad), Err(VersionError::Malformed), "{bad}");
        }
    }

    #[test]
    fn a_snapshot_sees_every_change_of_a_declared_tool() {
        let tool = |name: &str| ToolId::parse(name).unwrap();
        let known: BTreeMap<_, _> = [(tool("a"), Blake3Digest::of(b"1")), (tool("b"), Blake3Digest::of(b"2"))].into();
        let both = RegistrySnapshot::of([&tool("a"), &tool("b")], &known).digest().unwrap();
        let one = RegistrySnapshot::of([&tool("a")], &known).digest().unwrap();
        let unknown = RegistrySnapshot::of([&tool("a"), &tool("c")], &known).digest().unwrap();
        let mut changed = known.clone();
        changed.insert(tool("b"), Blake3Digest::of(b"3"));
        assert_ne!(both, one);
        assert_eq!(one, unknown);
        assert_ne!(both, RegistrySnapshot::of([&tool("a"), &tool("b")], &changed).digest().unwrap());
    }
}
