//! The definition of a tool as a host gives it out, pinned by a digest over all its fields.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Blake3Digest, JsonError, JsonLimits, read_json_value};

/// The most bytes of one definition as text: the longest that public MCP servers give out have some
/// 10 KiB, and a manifest of 256 KiB must hold several.
pub const MAX_DEFINITION_BYTES: usize = 64 * 1024;
/// The deepest nesting of a definition: eight levels of objects or lists cost a schema two each
/// (`properties` and the property), and as much again is left for lists of alternatives.
pub const MAX_DEFINITION_DEPTH: usize = 32;

/// Why a tool definition was refused. Its text is never echoed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// A fraction, an exponent, `-0` or an integer beyond 2^53: one value with many spellings.
    #[error("a tool definition holds whole numbers up to 2^53 only (line {line}, column {column})")]
    Number {
        /// Line, from 1.
        line: usize,
        /// Column.
        column: usize,
    },
    /// Not one JSON value within the limits.
    #[error(transparent)]
    Json(JsonError),
    /// Some JSON value, and not an object with a text `name`.
    #[error("a tool definition is a JSON object with a `name`, which is a text and not empty")]
    Shape,
}

crate::codes!(DefinitionError {
    Number => ("input.definition_number", Refused, "have the tool's author state the bound as a whole number: a fraction has many spellings, and a pin has one"),
    Shape => ("input.definition_shape", Refused, "give the definition as the host prints it: one object with a `name`"),
} wrap { Json });

impl From<JsonError> for DefinitionError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Number { line, column } => Self::Number { line, column },
            other => Self::Json(other),
        }
    }
}

/// A tool's definition: one strict JSON object of which only `name` is understood here, and every
/// member counts.
///
/// Construction guarantees one canonical text (compact, keys sorted at every depth), no longer than
/// what was read and so at most [`MAX_DEFINITION_BYTES`], and a digest over all of it. What it says
/// is its host's word: no member of it grants anything, and its texts are to be escaped before they
/// are shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolDefinition {
    members: Map<String, Value>,
    // INVARIANT: the canonical text of `members`, and its digest.
    text: Box<str>,
    digest: Blake3Digest,
}

impl ToolDefinition {
    /// Reads a definition, in whatever order and spacing its host wrote it.
    ///
    /// # Errors
    /// [`DefinitionError::Json`] for more than [`MAX_DEFINITION_BYTES`], for more depth than
    /// [`MAX_DEFINITION_DEPTH`], and for what is not one strict JSON value;
    /// [`DefinitionError::Number`], [`DefinitionError::Shape`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, DefinitionError> {
        let limits = JsonLimits { bytes: MAX_DEFINITION_BYTES, depth: MAX_DEFINITION_DEPTH };
        let mut value = read_json_value(bytes, limits)?;
        // Sorted already, unless somebody's build of the library keeps the order of the input.
        value.sort_all_objects();
        let text = value.to_string().into_boxed_str();
        let Value::Object(members) = value else { return Err(DefinitionError::Shape) };
        match members.get("name") {
            Some(Value::String(name)) if !name.is_empty() => {}
            _ => return Err(DefinitionError::Shape),
        }
        let digest = Blake3Digest::derive("reach 2026 tool definition v1", &[text.as_bytes()]);
        Ok(Self { members, text, digest })
    }

    /// The name it gives itself: any text. A host may know the tool by another.
    #[must_use]
    pub fn name(&self) -> &str {
        self.members.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Its members.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The canonical text: compact JSON, keys sorted.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What packs pin: BLAKE3 over the canonical text, in its own domain.
    #[must_use]
    pub const fn digest(&self) -> &Blake3Digest {
        &self.digest
    }
}

impl fmt::Debug for ToolDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToolDefinition({})", self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn read(text: &str) -> ToolDefinition {
        ToolDefinition::from_json(text.as_bytes()).unwrap()
    }

    fn code(text: &str) -> &'static str {
        ToolDefinition::from_json(text.as_bytes()).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn order_and_spacing_are_nothing_and_every_member_counts() {
        let tool = read(r#"{"name":"fs.list","inputSchema":{"type":"object","required":["a"]}}"#);
        let same =
            read(" {\"inputSchema\": {\"required\":[\"a\"],\n\"type\":\"object\"}, \"n\\u0061me\":\"fs.list\"}\n");
        assert_eq!(tool, same);
        assert_eq!(tool.text(), r#"{"inputSchema":{"required":["a"],"type":"object"},"name":"fs.list"}"#);
        assert_eq!((tool.name(), tool.members().len()), ("fs.list", 2));
        for other in [
            r#"{"name":"fs.lisT","inputSchema":{"type":"object","required":["a"]}}"#,
            r#"{"name":"fs.list","inputSchema":{"type":"object","required":["b"]}}"#,
            r#"{"name":"fs.list","inputSchema":{"type":"object","required":["a"]},"x":null}"#,
            r#"{"name":"fs.list","inputSchema":{"type":"object"}}"#,
        ] {
            assert_ne!(read(other).digest(), tool.digest(), "{other}");
        }
    }

    #[test]
    fn the_digest_is_what_packs_have_pinned() {
        let tool = read(r#"{ "name": "x", "a": [1, "ä\u00e4"] }"#);
        let expected =
            Blake3Digest::derive("reach 2026 tool definition v1", &["{\"a\":[1,\"ää\"],\"name\":\"x\"}".as_bytes()]);
        assert_eq!(tool.digest(), &expected);
        assert_eq!(format!("{tool:?}"), format!("ToolDefinition({expected})"));
    }

    #[test]
    fn p14_p34_a_definition_is_one_bounded_strict_object() {
        assert_eq!(code(r#"{"name":"x"}"#), "ok");
        assert_eq!(code(r#"{"name":"x","name":"y"}"#), "input.duplicate_key");
        assert_eq!(code(r#"{"name":"x","a":{"b":1,"b":2}}"#), "input.duplicate_key");
        assert_eq!(code(r#"{"name":"x"} {}"#), "input.json_malformed");
        for shape in [r#"["name"]"#, r#""name""#, "{}", r#"{"name":1}"#, r#"{"name":""}"#, r#"{"Name":"x"}"#] {
            assert_eq!(code(shape), "input.definition_shape", "{shape}");
        }
        for number in ["0.5", "1.0", "1e2", "-0", "9007199254740993"] {
            assert_eq!(code(&format!(r#"{{"name":"x","minimum":{number}}}"#)), "input.definition_number", "{number}");
        }
        assert_eq!(code(r#"{"name":"x","minimum":9007199254740992}"#), "ok");
        let nested = |depth: usize| format!(r#"{{"name":"x","a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(code(&nested(MAX_DEFINITION_DEPTH - 1)), "ok");
        assert_eq!(code(&nested(MAX_DEFINITION_DEPTH)), "input.json_too_deep");
        let sized = |bytes: usize| format!(r#"{{"name":"{}"}}"#, "x".repeat(bytes - r#"{"name":""}"#.len()));
        assert_eq!(code(&sized(MAX_DEFINITION_BYTES)), "ok");
        assert_eq!(code(&sized(MAX_DEFINITION_BYTES + 1)), "input.json_too_large");
    }
}
