//! Finding another node in the trust document.

use reach_signing::{KeyEntry, KeyStanding, Role, VerifiedTrust};
use reach_types::{NodeId, Timestamp};

/// Why a node was not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// The other node is not in the trust document.
    #[error("the trust document lists no active node `{name}`, or more than one")]
    Unknown {
        /// What was asked for.
        name: String,
    },
}

reach_types::codes!(NodeError {
    Unknown => ("mesh.node_unknown", Untrusted, "name a signer of the trust document that has one key of role node, or the key's id"),
});

/// The node called `name` in the trust document, or whose key has the id `name`.
pub(crate) fn find_node(trust: &VerifiedTrust, name: &str, now: Timestamp) -> Result<NodeId, NodeError> {
    let standing = |key: &KeyEntry| trust.document().standing(key, now);
    let active = |key: &KeyEntry| key.role == Role::Node && standing(key) == KeyStanding::Active;
    let nodes = trust.document().keys().filter(|(_, key)| active(key));
    let named = nodes.filter(|(signer, key)| signer.name == name || key.public.key_id().to_string() == name);
    let mut ids = named.map(|(_, key)| NodeId(key.public.key_id().0));
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id),
        _ => Err(NodeError::Unknown { name: name.to_owned() }),
    }
}
