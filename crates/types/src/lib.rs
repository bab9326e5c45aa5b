#![doc = include_str!("../README.md")]

pub mod table;

mod call;
mod code;
mod definition;
mod digest;
mod exception;
mod facts;
mod ident;
mod json;
mod request_json;
mod scope;
mod strict;
mod time;

pub use call::{Request, RequestError, ToolCall};
pub use code::{Class, Code, CodeRow};
pub use definition::{DefinitionError, MAX_DEFINITION_BYTES, MAX_DEFINITION_DEPTH, ToolDefinition};
pub use digest::{Blake3Digest, DigestError, Sha256Digest, fold_length_prefixed};
pub use exception::{LegacyException, MAX_REASON_BYTES, is_reason};
pub use facts::{PackFacts, PackVersion, RegistrySnapshot, VersionError};
pub use ident::{
    IdentError, KeyId, MAX_IDENT_BYTES, ModelId, ModelKey, NodeId, PackName, RunId, SubjectId, TenantId, ToolId,
};
pub use json::{JsonError, JsonLimits, read_json, read_json_any_number, read_json_value};
pub use scope::{Grant, Grants, MAX_SCOPE_BYTES, MAX_SCOPE_SEGMENTS, Scope, ScopeError};
pub use strict::{StrictError, decode_strict, encode_strict};
pub use time::{TimeError, Timestamp};

/// Every code this crate can refuse with.
pub const CODES: &[&[CodeRow]] = &[
    DefinitionError::ROWS,
    DigestError::ROWS,
    IdentError::ROWS,
    JsonError::ROWS,
    RequestError::ROWS,
    ScopeError::ROWS,
    StrictError::ROWS,
    TimeError::ROWS,
    VersionError::ROWS,
];
