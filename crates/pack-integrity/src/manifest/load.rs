//! From what TOML spells to what is checked, field by field.

use std::collections::BTreeMap;

use reach_types::{
    Blake3Digest, Class, Code as _, Grant, Grants, IdentError, ModelId, ModelKey, PackName, PackVersion,
    ToolDefinition, ToolId,
};

use super::{
    MAX_DECLARED, MAX_DESCRIPTION_BYTES, MAX_MANIFEST_BYTES, Manifest, ManifestError, graph, raw, spec::SpecNeeds,
};
use crate::{ArchivePath, printable::is_plain};

pub(super) fn load(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    if bytes.len() > MAX_MANIFEST_BYTES {
        return Err(ManifestError::TooLarge { actual: bytes.len() as u64 });
    }
    let raw = raw::parse(bytes)?;
    let scopes = scopes(&raw.scopes)?;
    let tools = tools(&raw.tools)?;
    let definitions = definitions(&raw.definitions, &tools)?;
    Ok(Manifest {
        name: PackName::parse(&raw.name).map_err(identifier("name"))?,
        version: PackVersion::parse(&raw.version).map_err(|_| ManifestError::Version)?,
        description: description(raw.description)?,
        deterministic: raw.deterministic,
        models: models(&raw.models)?,
        files: files(&raw.files)?,
        spec: SpecNeeds::check(raw.spec)?,
        graph: graph::check(raw.graph, &tools, &scopes).map_err(ManifestError::Graph)?,
        scopes,
        tools,
        definitions,
    })
}

fn identifier(field: &'static str) -> impl FnOnce(IdentError) -> ManifestError {
    move |error| ManifestError::Identifier { field, error }
}

fn bounded(field: &'static str, actual: usize) -> Result<(), ManifestError> {
    if actual > MAX_DECLARED { Err(ManifestError::TooMany { field, limit: MAX_DECLARED, actual }) } else { Ok(()) }
}

fn description(text: String) -> Result<String, ManifestError> {
    if text.len() > MAX_DESCRIPTION_BYTES || !is_plain(&text) { Err(ManifestError::Description) } else { Ok(text) }
}

fn scopes(raw: &[String]) -> Result<Grants, ManifestError> {
    bounded("scopes", raw.len())?;
    let grant = |(index, text): (usize, &String)| Grant::parse(text).map_err(|_| ManifestError::Scope { index });
    raw.iter().enumerate().map(grant).collect()
}

fn models(raw: &BTreeMap<String, String>) -> Result<BTreeMap<ModelKey, ModelId>, ManifestError> {
    bounded("models", raw.len())?;
    let pair = |(key, model): (&String, &String)| {
        let key = ModelKey::parse(key).map_err(identifier("models"))?;
        Ok((key, ModelId::parse(model).map_err(identifier("models"))?))
    };
    raw.iter().map(pair).collect()
}

fn tools(raw: &BTreeMap<String, String>) -> Result<BTreeMap<ToolId, Blake3Digest>, ManifestError> {
    bounded("tools", raw.len())?;
    let pair = |(tool, digest): (&String, &String)| {
        let tool = ToolId::parse(tool).map_err(identifier("tools"))?;
        match Blake3Digest::parse(digest) {
            Ok(digest) => Ok((tool, digest)),
            Err(_) => Err(ManifestError::ToolDigest { tool }),
        }
    };
    raw.iter().map(pair).collect()
}

/// A definition is carried for nothing but a declared tool, and says exactly what its pin says: the
/// pack's readers may take either for the other.
fn definitions(
    raw: &BTreeMap<String, String>,
    tools: &BTreeMap<ToolId, Blake3Digest>,
) -> Result<BTreeMap<ToolId, ToolDefinition>, ManifestError> {
    bounded("definitions", raw.len())?;
    let pair = |(tool, text): (&String, &String)| {
        let tool = ToolId::parse(tool).map_err(identifier("definitions"))?;
        let Some(pinned) = tools.get(&tool) else { return Err(ManifestError::DefinitionUndeclared { tool }) };
        match ToolDefinition::from_json(text.as_bytes()) {
            Err(error) if error.class() == Class::Limit => Err(ManifestError::DefinitionLimit { tool, error }),
            Err(error) => Err(ManifestError::DefinitionMalformed { tool, error }),
            Ok(definition) if definition.digest() != pinned => Err(ManifestError::DefinitionMismatch { tool }),
            Ok(definition) => Ok((tool, definition)),
        }
    };
    raw.iter().map(pair).collect()
}

fn files(raw: &[String]) -> Result<Vec<ArchivePath>, ManifestError> {
    bounded("files", raw.len())?;
    raw.iter().map(|path| ArchivePath::parse(path)).collect::<Result<_, _>>().map_err(ManifestError::File)
}
