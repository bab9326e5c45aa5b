//! Asking a person about one exact call, and what the person answers.

mod error;
mod file;
mod request;
mod statement;

pub use error::ApprovalError;
pub use file::{APPROVAL_REQUEST_SCHEMA, MAX_APPROVAL_REQUEST_BYTES, MAX_SHOWN_ARGUMENT_BYTES};
pub use request::{ApprovalRequest, AskedCall};
pub use statement::{
    APPROVAL_PAYLOAD_TYPE, Approval, MAX_APPROVAL_BYTES, MAX_APPROVAL_PAYLOAD_BYTES, MAX_APPROVAL_VALIDITY,
    VerifiedApproval,
};
