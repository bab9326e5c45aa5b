//! Why a file of cases was refused.

use super::raw::{CASES_SCHEMA, MAX_CASES, MAX_CASES_TOML_BYTES};
use crate::Place;

/// Why a file of cases was refused. What stands in a refused entry is never echoed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CasesError {
    /// More bytes than allowed.
    #[error("the file has {actual} bytes, at most {MAX_CASES_TOML_BYTES} are allowed")]
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
    /// A field that a case does not have.
    #[error("line {line}: {detail}")]
    UnknownField {
        /// Line, from 1.
        line: usize,
        /// Which fields are known, in printable ASCII.
        detail: String,
    },
    /// Another schema.
    #[error("the file's schema is not `{CASES_SCHEMA}`")]
    Schema,
    /// A file that tests nothing.
    #[error("the file has no case, so it would pass whatever the policy says")]
    Empty,
    /// More cases than allowed.
    #[error("the file has {actual} cases, at most {MAX_CASES} are allowed")]
    TooMany {
        /// How many there are.
        actual: usize,
    },
    /// A name that stands there already, or an entry of a list that does.
    #[error("`{place}` repeats an earlier one")]
    Duplicate {
        /// Where.
        place: Place,
    },
    /// An entry outside its grammar.
    #[error("`{place}` is not {wanted}")]
    Entry {
        /// Where.
        place: Place,
        /// What belongs there.
        wanted: &'static str,
    },
    /// A case that asks nothing, or two things.
    #[error("`{place}` has not exactly one of `request` and `call`")]
    Asks {
        /// Which case.
        place: Place,
    },
}

reach_types::codes!(CasesError {
    TooLarge => ("policy.cases_too_large", Limit, "split the cases into several files"),
    Toml => ("policy.cases_malformed", Refused, "see the format's page for the fields and their types"),
    UnknownField => ("policy.cases_unknown_field", Refused, "remove the field, or check its spelling and case"),
    Schema => ("policy.cases_schema_unknown", Refused, "this file is not a file of cases of this version of the format"),
    Empty => ("policy.cases_empty", Refused, "write at least one `[[cases]]`"),
    TooMany => ("policy.cases_too_many", Limit, "split the cases into several files"),
    Duplicate => ("policy.case_duplicate", Refused, "give each case a name of its own, and list every entry once"),
    Entry => ("policy.case_entry_malformed", Refused, "see the format's page for what belongs there"),
    Asks => ("policy.case_asks_nothing", Refused, "ask with `request`, or with `call` where the arguments matter"),
});
