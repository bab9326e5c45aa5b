//! What a run asks for: a request to the gate, and one tool call with its exact bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Blake3Digest, IdentError, JsonError, JsonLimits, ModelId, ModelKey, Scope, ScopeError, ToolId, read_json,
    request_json::read_flawless,
};

/// Why a request was refused before any policy was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The JSON itself.
    #[error(transparent)]
    Json(JsonError),
    /// A tool, model key or model outside the grammar.
    #[error("`{field}[{index}]`: {error}")]
    Identifier {
        /// Which list or map.
        field: &'static str,
        /// Which entry of it, from 0.
        index: usize,
        /// What is wrong with it.
        error: IdentError,
    },
    /// A scope outside the grammar.
    #[error("`scopes[{index}]`: a scope is lower-case segments joined by `:`")]
    Scope {
        /// Which entry, from 0.
        index: usize,
    },
    /// A wildcard where only an exact scope may stand.
    #[error("`scopes[{index}]`: a request names exact scopes, never a wildcard")]
    Wildcard {
        /// Which entry, from 0.
        index: usize,
    },
    /// More entries than a request may have.
    #[error("`{field}` has {actual} entries, at most {limit} are allowed")]
    TooMany {
        /// Which list or map.
        field: &'static str,
        /// The limit.
        limit: usize,
        /// How many there were.
        actual: usize,
    },
}

crate::codes!(RequestError {
    Identifier => ("policy.identifier_malformed", Refused, "use lower-case ASCII letters, digits, `.`, `_` and `-`"),
    Scope => ("policy.scope_malformed", Refused, "write the scope as lower-case segments joined by `:`"),
    Wildcard => ("policy.scope_wildcard_in_request", Refused, "name each scope exactly"),
    TooMany => ("policy.request_too_large", Limit, "ask for less at once"),
} wrap { Json });

/// What a run asks the gate for. Nothing the asker says about itself is in here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Request {
    /// Tools it wants to call.
    pub tools: BTreeSet<ToolId>,
    /// Exact scopes it wants to use.
    pub scopes: BTreeSet<Scope>,
    /// Models it wants, by what for.
    pub models: BTreeMap<ModelKey, ModelId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    models: BTreeMap<String, String>,
}

impl Request {
    /// The most tools, scopes or models in one request: a hundred times what packs ask for.
    pub const MAX_ENTRIES: usize = 1024;
    /// The most bytes of a request's JSON: every list full of longest entries, and room for more.
    pub const MAX_JSON_BYTES: usize = 512 * 1024;

    /// Reads `{"tools":[…],"scopes":[…],"models":{…}}`; every field may be left out.
    ///
    /// # Errors
    /// [`RequestError::Json`] for the JSON itself (unknown fields included), then the first entry
    /// that is malformed, or [`RequestError::TooMany`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() <= Self::MAX_JSON_BYTES
            && let Some(request) = read_flawless(bytes)
        {
            return Ok(request);
        }
        Self::from_json_carefully(bytes)
    }

    /// What is wrong with the JSON, found out step by step.
    pub(crate) fn from_json_carefully(bytes: &[u8]) -> Result<Self, RequestError> {
        let raw: Raw = read_json(bytes, JsonLimits::bytes(Self::MAX_JSON_BYTES)).map_err(RequestError::Json)?;
        for (field, actual) in [("tools", raw.tools.len()), ("scopes", raw.scopes.len()), ("models", raw.models.len())]
        {
            if actual > Self::MAX_ENTRIES {
                return Err(RequestError::TooMany { field, limit: Self::MAX_ENTRIES, actual });
            }
        }
        let tool = |(index, text): (usize, &String)| ToolId::parse(text).map_err(ident("tools", index));
        let scope = |(index, text): (usize, &String)| {
            Scope::parse(text).map_err(|error| match error {
                ScopeError::Wildcard => RequestError::Wildcard { index },
                ScopeError::Malformed => RequestError::Scope { index },
            })
        };
        let model = |(index, (key, value)): (usize, (&String, &String))| {
            let key = ModelKey::parse(key).map_err(ident("models", index))?;
            Ok((key, ModelId::parse(value).map_err(ident("models", index))?))
        };
        Ok(Self {
            tools: raw.tools.iter().enumerate().map(tool).collect::<Result<_, _>>()?,
            scopes: raw.scopes.iter().enumerate().map(scope).collect::<Result<_, _>>()?,
            models: raw.models.iter().enumerate().map(model).collect::<Result<_, _>>()?,
        })
    }
}

fn ident(field: &'static str, index: usize) -> impl FnOnce(IdentError) -> RequestError {
    move |error| RequestError::Identifier { field, index, error }
}

/// One call of one tool, down to the bytes the tool will be handed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The tool.
    pub tool: ToolId,
    /// The scopes the call uses.
    pub scopes: BTreeSet<Scope>,
    /// The exact argument bytes.
    pub arguments: Vec<u8>,
}

impl ToolCall {
    /// BLAKE3 over the argument bytes in their own domain.
    #[must_use]
    pub fn arguments_digest(&self) -> Blake3Digest {
        Self::digest_of_arguments(&self.arguments)
    }

    /// The same for argument bytes alone.
    #[must_use]
    pub fn digest_of_arguments(arguments: &[u8]) -> Blake3Digest {
        Blake3Digest::derive("reach 2026 call arguments v1", &[arguments])
    }

    /// The request this call makes of the gate.
    #[must_use]
    pub fn request(&self) -> Request {
        Request { tools: BTreeSet::from([self.tool.clone()]), scopes: self.scopes.clone(), models: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn p05_p06_p11_a_request_holds_only_exact_names() {
        let code = |text: &str| Request::from_json(text.as_bytes()).map_or_else(|e| e.code(), |_| "ok");
        assert_eq!(
            code(r#"{"tools":["fs.list"],"scopes":["workspace:read"],"models":{"planner":"acme.large"}}"#),
            "ok"
        );
        assert_eq!(code(r#"{"tools":["Tool.Write"]}"#), "policy.identifier_malformed");
        assert_eq!(code(r#"{"scopes":["workspace:*"]}"#), "policy.scope_wildcard_in_request");
        assert_eq!(code(r#"{"scopes":["*"]}"#), "policy.scope_wildcard_in_request");
        assert_eq!(code(r#"{"scopes":["FS:READ"]}"#), "policy.scope_malformed");
        assert_eq!(code(r#"{"mode":"warn"}"#), "input.unknown_field");
        assert_eq!(code(r#"{"tools":"fs.list"}"#), "input.json_shape");
        assert_eq!(code(r#"[{"tools":[]}]"#), "input.json_shape");
    }

    #[test]
    fn p34_a_request_is_bounded_before_its_entries_are_read() {
        let many = format!(r#"{{"scopes":[{}"a"]}}"#, r#""a","#.repeat(Request::MAX_ENTRIES));
        assert_eq!(Request::from_json(many.as_bytes()).unwrap_err().code(), "policy.request_too_large");
        let big = vec![b' '; Request::MAX_JSON_BYTES + 1];
        assert_eq!(Request::from_json(&big).unwrap_err().code(), "input.json_too_large");
    }
}
