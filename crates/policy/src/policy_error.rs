//! Why a policy was refused when it was loaded.

use std::fmt;

use reach_types::{IdentError, MAX_REASON_BYTES};

use crate::{
    MAX_LITERAL_BYTES, MAX_POLICY_VERSION, PathError, Place,
    policy_toml::{MAX_POLICY_TOML_BYTES, POLICY_SCHEMA},
};

/// Why nothing can ever meet a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unmet {
    /// A model key lists no model.
    NoModel,
    /// A limit lists no value or prefix.
    NoChoice,
    /// A range ends before it begins.
    EmptyRange,
    /// A limit is on a tool that nobody it is for may call.
    ToolNotAllowed,
    /// No value meets this limit and the others on the same argument of the same tool.
    Contradiction,
    /// What a person is to approve is not allowed to begin with.
    AskNotAllowed,
    /// A tenant that may call no tool has rules about calls.
    NoTool,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoModel => "it allows no model",
            Self::NoChoice => "it lists nothing that would be allowed",
            Self::EmptyRange => "its `min` is above its `max`",
            Self::ToolNotAllowed => "its tool is not allowed there",
            Self::Contradiction => "another limit on the same argument of its tool leaves no value",
            Self::AskNotAllowed => "it is not allowed there to begin with",
            Self::NoTool => "its `tools` is empty, so it is about no call",
        })
    }
}

/// What is wrong with a limit itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitDefect {
    /// Not exactly one kind of check.
    Checks,
    /// Its `at` is not an argument path.
    At(PathError),
    /// A path prefix is not one.
    Prefix(PathError),
    /// A value is of another type, too long or too big.
    Literal,
    /// A bound of a range is beyond what is read from arguments.
    Bound,
    /// The argument text as a whole has only a length, and is never absent.
    Whole,
}

impl fmt::Display for LimitDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checks => {
                f.write_str("a limit has exactly one of `one_of`, `below`, `min` and `max`, or `max_bytes`")
            }
            Self::At(error) | Self::Prefix(error) => error.fmt(f),
            Self::Literal => write!(
                f,
                "a value is true, false, a whole number up to 2^53, or a text of at most {MAX_LITERAL_BYTES} bytes without control characters"
            ),
            Self::Bound => f.write_str("`min` and `max` lie within 2^53 of 0"),
            Self::Whole => {
                f.write_str("with `at = \"\"` only `max_bytes` can be asked for, and nothing can be `optional`")
            }
        }
    }
}

/// Why a policy was refused. What stands in the refused entry is never echoed: `place` says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// More bytes than allowed.
    #[error("the policy has {actual} bytes, at most {MAX_POLICY_TOML_BYTES} are allowed")]
    TooLarge {
        /// The size offered.
        actual: usize,
    },
    /// Not TOML, a key twice, a field missing or of another type.
    #[error("line {line}: {detail}")]
    Toml {
        /// Line, from 1.
        line: usize,
        /// What the reader says, in printable ASCII.
        detail: String,
    },
    /// A field that a policy does not have.
    #[error("line {line}: {detail}")]
    UnknownField {
        /// Line, from 1.
        line: usize,
        /// Which fields are known, in printable ASCII.
        detail: String,
    },
    /// Another schema.
    #[error("the policy's schema is not `{POLICY_SCHEMA}`")]
    Schema,
    /// The policy's own name is outside the grammar.
    #[error("`name`: {error}")]
    Name {
        /// What is wrong with it.
        error: IdentError,
    },
    /// A version that is 0, beyond 2^53, or not a whole number.
    #[error("the version is a whole number from 1 to {MAX_POLICY_VERSION}")]
    Version,
    /// A date that does not parse.
    #[error("`{field}` is not a date written `YYYY-MM-DDTHH:MM:SSZ`, in quotes")]
    Date {
        /// Which field.
        field: &'static str,
    },
    /// Dates that leave no moment in which they hold.
    #[error("`not_before` must lie before `expires`, and `warn_until` between the two")]
    Dates,
    /// A tool, tenant, model key, model or limit's id outside the grammar.
    #[error("`{place}`: {error}")]
    Entry {
        /// Where.
        place: Place,
        /// What is wrong with it.
        error: IdentError,
    },
    /// A grant outside the grammar.
    #[error("`{place}`: a grant is lower-case segments joined by `:`, with `:*` at most at its end")]
    Grant {
        /// Where.
        place: Place,
    },
    /// An entry that stands there already.
    #[error("`{place}` repeats an earlier entry")]
    Duplicate {
        /// Where.
        place: Place,
    },
    /// An exception that names nothing, and so would cover everything.
    #[error("`{place}` has no `digest`: an exception covers the bytes of one file and no other")]
    NoDigest {
        /// Where.
        place: Place,
    },
    /// An exception's digest in another spelling.
    #[error("the `digest` of `{place}` is not 64 lower-case hex characters")]
    Digest {
        /// Where.
        place: Place,
    },
    /// An exception without a reason that can be shown.
    #[error("the `reason` of `{place}` is not 1 to {MAX_REASON_BYTES} bytes of printable ASCII")]
    Reason {
        /// Where.
        place: Place,
    },
    /// The pinned keyring's digest in another spelling.
    #[error("`plugin_keyring` is not 64 lower-case hex characters, the SHA-256 of the keyring file")]
    Keyring,
    /// A rule that nothing can ever meet.
    #[error("nothing can ever meet `{place}`: {why}")]
    Unsatisfiable {
        /// Where.
        place: Place,
        /// Why not.
        why: Unmet,
    },
    /// Two limits of one name.
    #[error("`{place}` has the `id` of another limit of this policy")]
    DuplicateId {
        /// Where.
        place: Place,
    },
    /// A limit that is none.
    #[error("`{place}`: {defect}")]
    LimitMalformed {
        /// Where.
        place: Place,
        /// What is wrong with it.
        defect: LimitDefect,
    },
    /// A tenant that would be allowed what the organization does not allow.
    #[error("`{place}` is more than the organization allows: a tenant's rules only narrow")]
    TenantWidens {
        /// Where.
        place: Place,
    },
    /// More entries than allowed.
    #[error("`{list}` has {actual} entries, at most {limit} are allowed")]
    TooMany {
        /// Which list or table.
        list: &'static str,
        /// The limit.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
}

reach_types::codes!(PolicyError {
    TooLarge => ("policy.file_too_large", Limit, "shorten the policy; wildcard grants replace long lists"),
    Toml => ("policy.toml_malformed", Refused, "see the format's page for the fields and their types"),
    UnknownField => ("policy.unknown_field", Refused, "remove the field, or check its spelling and case"),
    Schema => ("policy.schema_unknown", Refused, "this file is not a policy of this version of the format"),
    Name => ("policy.name_malformed", Refused, "use lower-case ASCII letters, digits, `.`, `_` and `-`"),
    Version => ("policy.bundle_version_invalid", Refused, "count versions up from 1, as whole numbers"),
    Date => ("policy.date_malformed", Refused, "write the date as `\"2026-01-31T12:00:00Z\"`"),
    Dates => ("policy.dates_invalid", Refused, "let the policy end after it begins, and warnings end within it"),
    Entry => ("policy.entry_malformed", Refused, "use lower-case ASCII letters, digits, `.`, `_` and `-`"),
    Grant => ("policy.grant_malformed", Refused, "write the grant as `area:action`, or `area:*` for everything below `area`"),
    Duplicate => ("policy.duplicate_entry", Refused, "list every entry once"),
    NoDigest => ("policy.exception_no_digest", Refused, "name the file's BLAKE3, as `b3sum` prints it"),
    Digest => ("policy.exception_digest", Refused, "write the file's BLAKE3 as `b3sum` prints it"),
    Reason => ("policy.exception_reason", Refused, "say in a sentence of plain ASCII why it may do without a signature"),
    Keyring => ("policy.keyring_digest", Refused, "write the keyring file's SHA-256 as `sha256sum` prints it"),
    Unsatisfiable => ("policy.unsatisfiable", Refused, "correct the rule, or leave it out"),
    DuplicateId => ("policy.duplicate_id", Refused, "give every limit a name of its own, across all tenants"),
    LimitMalformed => ("policy.limit_malformed", Refused, "see the format's page for how a limit is written"),
    TenantWidens => ("policy.tenant_widens", Refused, "allow it for the organization first, and narrow it for the other tenants"),
    TooMany => ("policy.too_many_entries", Limit, "shorten the list; wildcard grants replace long lists"),
});
