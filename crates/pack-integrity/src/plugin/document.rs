//! The three JSON documents of a plugin, read by one strict reader.

use std::fmt;

use reach_types::{JsonError, JsonLimits, read_json_value};
use serde_json::{Map, Value};

/// Which of a plugin's documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginDocument {
    /// The keyring: key id → PEM.
    Keyring,
    /// The signature metadata.
    Signature,
    /// The manifest.
    Manifest,
}

impl fmt::Display for PluginDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyring => "keyring",
            Self::Signature => "plugin's signature file",
            Self::Manifest => "plugin manifest",
        })
    }
}

/// Why a document was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PluginFormatError {
    /// More bytes than such a document may have.
    #[error("the {document} has {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Which one.
        document: PluginDocument,
        /// The limit in bytes.
        limit: usize,
        /// Its size in bytes.
        actual: usize,
    },
    /// Nested too deeply.
    #[error("the {document} is nested too deeply")]
    TooDeep {
        /// Which one.
        document: PluginDocument,
    },
    /// One object holds a key twice: in a keyring, two keys under one id.
    #[error("the {document} holds the same key twice")]
    DuplicateKey {
        /// Which one.
        document: PluginDocument,
    },
    /// Not of its form.
    #[error("the {document} is malformed: {rule}")]
    Malformed {
        /// Which one.
        document: PluginDocument,
        /// The rule it breaks.
        rule: &'static str,
    },
}

reach_types::codes!(PluginFormatError {
    TooLarge => ("plugin.document_too_large", Limit, "this cannot be the file that was meant"),
    TooDeep => ("plugin.document_too_deep", Limit, "nest less deeply"),
    DuplicateKey => ("plugin.duplicate_key", Refused, "name every key once; in a keyring, give every key an id of its own"),
    Malformed => ("plugin.malformed", Refused, "see the plugin part of docs/formats.md for the form of the file"),
});

impl PluginDocument {
    pub(super) const fn malformed(self, rule: &'static str) -> PluginFormatError {
        PluginFormatError::Malformed { document: self, rule }
    }

    /// Reads the one JSON object that the document is.
    pub(super) fn read(self, bytes: &[u8], limit: usize) -> Result<Map<String, Value>, PluginFormatError> {
        let value = read_json_value(bytes, JsonLimits::bytes(limit)).map_err(|error| match error {
            JsonError::TooLarge { limit, actual } => PluginFormatError::TooLarge { document: self, limit, actual },
            JsonError::TooDeep { .. } => PluginFormatError::TooDeep { document: self },
            JsonError::DuplicateKey { .. } => PluginFormatError::DuplicateKey { document: self },
            JsonError::Number { .. } => self.malformed("it holds a number that is not a whole one up to 2^53"),
            _ => self.malformed("it is not one JSON value in UTF-8"),
        })?;
        match value {
            Value::Object(object) => Ok(object),
            _ => Err(self.malformed("it is not a JSON object")),
        }
    }
}
