//! A file of cases as it is written.

use std::collections::BTreeMap;

use reach_types::table;
use serde::Deserialize;

use super::CasesError;

/// The value of `schema`.
pub const CASES_SCHEMA: &str = "reach-policy-tests/1";
/// The most cases in one file: a hundred times what reads well.
pub const MAX_CASES: usize = 4096;
/// The most bytes of a file of cases, 4 MiB: a kilobyte for each of as many cases as there may be.
pub const MAX_CASES_TOML_BYTES: usize = 4 * 1024 * 1024;
/// The most characters of the TOML reader's own words that an error repeats.
const MAX_DETAIL_CHARS: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) schema: String,
    #[serde(default, deserialize_with = "table::list")]
    pub(super) cases: Vec<RawCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCase {
    pub(super) name: String,
    pub(super) now: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) mode: Option<String>,
    #[serde(default, deserialize_with = "table::optional")]
    pub(super) pack: Option<RawPack>,
    #[serde(default, deserialize_with = "table::optional")]
    pub(super) request: Option<RawRequest>,
    #[serde(default, deserialize_with = "table::optional")]
    pub(super) call: Option<RawCall>,
    #[serde(default)]
    pub(super) drifted: Vec<String>,
    #[serde(default, deserialize_with = "table::optional")]
    pub(super) delegated: Option<RawRights>,
    pub(super) expect: String,
    #[serde(default)]
    pub(super) reasons: Vec<String>,
}

/// What the pack declares; what is left out is what is asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPack {
    pub(super) name: Option<String>,
    pub(super) tools: Option<Vec<String>>,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) models: Option<BTreeMap<String, String>>,
    pub(super) deterministic: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRequest {
    #[serde(default)]
    pub(super) tools: Vec<String>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) models: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCall {
    pub(super) tool: String,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    pub(super) arguments: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRights {
    pub(super) tools: Vec<String>,
    pub(super) scopes: Vec<String>,
}

/// The file's own shape, before anything in it is looked at.
pub(super) fn parse(text: &str) -> Result<Vec<RawCase>, CasesError> {
    if text.len() > MAX_CASES_TOML_BYTES {
        return Err(CasesError::TooLarge { actual: text.len() });
    }
    let file: RawFile = toml::from_str(text).map_err(|error| toml_error(text, &error))?;
    match file.cases.len() {
        _ if file.schema != CASES_SCHEMA => Err(CasesError::Schema),
        0 => Err(CasesError::Empty),
        actual if actual > MAX_CASES => Err(CasesError::TooMany { actual }),
        _ => Ok(file.cases),
    }
}

fn toml_error(text: &str, error: &toml::de::Error) -> CasesError {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
    // The reader quotes the author's text, which may hold terminal escapes.
    let printable = |c: &char| c.is_ascii_graphic() || *c == ' ';
    let detail: String = error.message().chars().filter(printable).take(MAX_DETAIL_CHARS).collect();
    if detail.starts_with("unknown field") {
        CasesError::UnknownField { line, detail }
    } else {
        CasesError::Toml { line, detail }
    }
}
