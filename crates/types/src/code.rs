//! Stable codes for every rejection, and the one table from class to exit code.

/// What kind of answer a rejection is; it alone decides the exit code.
///
/// Exhaustive on purpose: a new class must be given an exit code everywhere at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Denied, tampered with, malformed or diverged.
    Refused,
    /// The caller's flags or configuration are wrong.
    Usage,
    /// There is no signature where one is needed.
    Unsigned,
    /// Signed, but not by enough signers that the trust document names.
    Untrusted,
    /// Expired, not yet valid, revoked, or rolled back.
    Expired,
    /// Unsafe to use or not in the one canonical form.
    Unsafe,
    /// Over a limit or a quota.
    Limit,
    /// Valid as far as it goes, but the end is missing.
    Incomplete,
    /// A fault of this program.
    Internal,
    /// The environment: disk, permission, lock.
    Environment,
}

impl Class {
    /// The process exit code for this class.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unsigned => 3,
            Self::Untrusted => 4,
            Self::Expired => 5,
            Self::Unsafe => 6,
            Self::Limit => 7,
            Self::Incomplete => 8,
            Self::Internal => 70,
            Self::Environment => 74,
        }
    }
}

/// One row of the published list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRow {
    /// `<surface>.<lower_snake>`, unique across the workspace.
    pub code: &'static str,
    /// The class, and so the exit code.
    pub class: Class,
    /// What a person can do about it: lower case, no final period.
    pub remedy: &'static str,
}

/// A rejection with a stable code, a class and a remedy.
pub trait Code: std::error::Error {
    /// The row that describes this rejection.
    fn row(&self) -> CodeRow;

    /// The stable code.
    fn code(&self) -> &'static str {
        self.row().code
    }

    /// The class, which decides the exit code.
    fn class(&self) -> Class {
        self.row().class
    }
}

/// Gives an error enum its codes: one row per variant, checked exhaustively by the compiler.
///
/// Variants named after `wrap` hold another coded error and answer with its row.
///
/// ```
/// use reach_types::{Code, codes};
///
/// #[derive(Debug, thiserror::Error)]
/// enum OpenError {
///     #[error("the door is locked")]
///     Locked,
/// }
/// codes!(OpenError {
///     Locked => ("door.locked", Refused, "ask for the key"),
/// });
/// assert_eq!(OpenError::Locked.code(), "door.locked");
/// assert_eq!(OpenError::ROWS.len(), 1);
/// ```
#[macro_export]
macro_rules! codes {
    ($error:ty { $($variant:ident => ($code:literal, $class:ident, $remedy:literal),)* }
     $(wrap { $($wrapped:ident),* $(,)? })?) => {
        impl $error {
            /// Every code of its own that this error can carry.
            pub const ROWS: &'static [$crate::CodeRow] = &[$($crate::CodeRow {
                code: $code,
                class: $crate::Class::$class,
                remedy: $remedy,
            }),*];
        }
        impl $crate::Code for $error {
            fn row(&self) -> $crate::CodeRow {
                match self {
                    $(Self::$variant { .. } => $crate::CodeRow {
                        code: $code,
                        class: $crate::Class::$class,
                        remedy: $remedy,
                    },)*
                    $($(Self::$wrapped(inner) => $crate::Code::row(inner),)*)?
                }
            }
        }
    };
}
