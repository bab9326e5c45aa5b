//! What a side that has not proved who it is gets to hear: always the same.

use reach_types::{Class, Code, CodeRow};

use crate::{
    AgreementError, FeatureError, FloorError, NegotiateError, OfferError, TokenError, TranscriptError, UseError,
};

/// The one public answer to every refusal of this crate: no version, no list, no count, no cause.
///
/// Only `redact` makes one. There is no `From`, so no `?` turns a local error into a public one
/// unnoticed, nor lets a local one through where a public one belongs:
///
/// ```
/// use reach_spec_version::{PublicError, SpecVersion};
///
/// fn answer(token: &str) -> Result<SpecVersion, PublicError> {
///     SpecVersion::parse(token).map_err(|error| error.redact())
/// }
/// assert_eq!(answer("v1").unwrap_err().to_string(), "the spec version or its features are not accepted");
/// ```
/// ```compile_fail,E0277
/// use reach_spec_version::{PublicError, SpecVersion};
///
/// fn answer(token: &str) -> Result<SpecVersion, PublicError> {
///     Ok(SpecVersion::parse(token)?)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the spec version or its features are not accepted")]
pub struct PublicError(());

const ROW: CodeRow = CodeRow {
    code: "spec.incompatible",
    class: Class::Refused,
    remedy: "ask the operator of the other side what it accepts",
};

impl PublicError {
    /// Every code of its own that this error can carry.
    pub const ROWS: &'static [CodeRow] = &[ROW];
}

impl Code for PublicError {
    fn row(&self) -> CodeRow {
        ROW
    }
}

macro_rules! redact {
    ($($error:ty),* $(,)?) => {
        $(impl $error {
            /// What a side that has not proved who it is may be told of this error: that it is one.
            #[must_use]
            pub const fn redact(&self) -> PublicError {
                PublicError(())
            }
        })*
    };
}
redact!(AgreementError, FeatureError, FloorError, NegotiateError, OfferError, TokenError, TranscriptError, UseError);
