//! Letting one peer offer less than it once did: signed by operators, until a date.

mod error;
mod statement;

pub use error::SpecExceptionError;
pub use statement::{
    MAX_SPEC_EXCEPTION_BYTES, MAX_SPEC_EXCEPTION_PAYLOAD_BYTES, MAX_SPEC_EXCEPTION_VALIDITY,
    SPEC_EXCEPTION_PAYLOAD_TYPE, SpecException,
};

use reach_signing::{Role, VerifiedTrust};
use reach_spec_version::{FloorException, SpecVersion};
use reach_types::{Blake3Digest, Timestamp};

use crate::{
    World,
    keys::{Signers, read_signers},
    nodes::find_node,
};

/// Signs a statement that lets `peer`, a node of `trust`, offer as little as `floor`, from `now` until
/// `until`. It lowers no floor: it is used with one delegation at a time, and the ledger names it.
///
/// # Errors
/// [`SpecExceptionError`] for the peer, the floor, the dates and the keys.
pub fn sign_spec_exception(
    world: &World,
    (trust, now): (&VerifiedTrust, Timestamp),
    operators: &Signers<'_>,
    peer: &str,
    floor: SpecVersion,
    until: Timestamp,
) -> Result<String, SpecExceptionError> {
    let peer = find_node(trust, peer, now).map_err(SpecExceptionError::Peer)?;
    let statement = SpecException { peer, floor, created: now, until };
    let signers = read_signers(world, Role::Operator, operators).map_err(SpecExceptionError::Key)?;
    statement.sign(&signers.iter().map(|signer| &**signer).collect::<Vec<_>>())
}

/// A statement that was verified, in the form in which it is used, and the digest of its file.
#[derive(Debug, Clone)]
pub(crate) struct Excepted {
    pub(crate) exception: FloorException,
    pub(crate) digest: Blake3Digest,
}

impl Excepted {
    /// Verifies the file of a statement at `now`.
    pub(crate) fn verify(file: &[u8], trust: &VerifiedTrust, now: Timestamp) -> Result<Self, SpecExceptionError> {
        let (statement, _) = SpecException::verify(file, trust, now)?;
        let SpecException { peer, floor, until, .. } = statement;
        let exception = FloorException { peer: *peer.0.as_bytes(), floor, until };
        Ok(Self { exception, digest: Blake3Digest::derive("reach 2026 spec exception v1", &[file]) })
    }
}
