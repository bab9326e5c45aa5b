//! The manifest as TOML spells it, before anything in it is believed.

use std::collections::BTreeMap;

use reach_types::table;
use serde::Deserialize;

use super::ManifestError;
use crate::printable::printable;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) deterministic: bool,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) files: Vec<String>,
    #[serde(default)]
    pub(super) models: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) tools: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) definitions: BTreeMap<String, String>,
    #[serde(deserialize_with = "table::one")]
    pub(super) spec: RawSpec,
    #[serde(deserialize_with = "table::one")]
    pub(super) graph: RawGraph,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSpec {
    pub(super) version: String,
    pub(super) floor: String,
    #[serde(default, deserialize_with = "table::list")]
    pub(super) features: Vec<RawFeature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeature {
    pub(super) id: String,
    pub(super) min: u16,
    pub(super) max: u16,
    pub(super) critical: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGraph {
    pub(super) start: String,
    pub(super) max_steps: i64,
    #[serde(deserialize_with = "table::list")]
    pub(super) nodes: Vec<RawNode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNode {
    pub(super) id: String,
    pub(super) tool: String,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) arguments: toml::Table,
    #[serde(default, deserialize_with = "table::list")]
    pub(super) next: Vec<RawEdge>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEdge {
    pub(super) to: String,
    #[serde(default, deserialize_with = "table::optional")]
    pub(super) when: Option<RawCondition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCondition {
    pub(super) pointer: String,
    pub(super) equals: Option<toml::Value>,
    pub(super) not_equals: Option<toml::Value>,
    pub(super) exists: Option<bool>,
}

/// Parses the text; a manifest of another schema is refused as that, whatever its fields are.
pub(super) fn parse(bytes: &[u8]) -> Result<Raw, ManifestError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        ManifestError::Malformed { line, detail: "not UTF-8".to_owned() }
    })?;
    let raw: Raw = toml::from_str(text).map_err(|error| match schema(text) {
        Some(schema) if schema != super::Manifest::SCHEMA => ManifestError::Schema,
        _ => classify(text, &error),
    })?;
    if raw.schema == super::Manifest::SCHEMA { Ok(raw) } else { Err(ManifestError::Schema) }
}

fn schema(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    toml::from_str::<Head>(text).ok().map(|head| head.schema)
}

fn classify(text: &str, error: &toml::de::Error) -> ManifestError {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(0, |before| before.matches('\n').count() + 1);
    let message = error.message();
    // The library's errors carry no kind; these three beginnings are pinned by tests.
    if message.starts_with("duplicate key") {
        ManifestError::DuplicateKey { line }
    } else if message.starts_with("unknown field") {
        ManifestError::UnknownField { line, detail: printable(message) }
    } else if message.starts_with("cannot recurse further") || message.starts_with("recursion limit") {
        ManifestError::TooDeep
    } else {
        ManifestError::Malformed { line, detail: printable(message) }
    }
}
