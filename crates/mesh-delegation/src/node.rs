//! Envelopes with exactly one signature, by one named node.

use reach_signing::{AuthorityError, Envelope, Role, Signature, Signer, VerifiedTrust};
use reach_types::{KeyId, NodeId, Timestamp};

/// The id of the node whose key signs.
pub(crate) fn node_id(signer: &dyn Signer) -> NodeId {
    NodeId(signer.public_key().key_id().0)
}

/// Verifies that `envelope` carries one signature, by the `node` key of `node`, which may sign at
/// `now`; returns the name under which the trust document lists the node.
pub(crate) fn verify_node<'t>(
    envelope: &Envelope,
    node: &NodeId,
    trust: &'t VerifiedTrust,
    now: Timestamp,
) -> Result<&'t str, AuthorityError> {
    let key_id = KeyId(node.0);
    let [one] = envelope.signatures() else {
        return Err(AuthorityError::BadSignature);
    };
    if one.key_id != Some(key_id) {
        return Err(AuthorityError::BadSignature);
    }
    let signature = Signature::from_slice(&one.signature).ok_or(AuthorityError::BadSignature)?;
    trust.verify_one(Role::Node, &key_id, &envelope.message(), &signature, now)
}
