//! The eight roles, and what a key of each may sign.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a key is for. A key holds exactly one role; a signer may hold several keys.
///
/// Exhaustive on purpose: a new role must decide everywhere what it may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Signs trust documents.
    Root,
    /// Signs exceptions, revocations, redactions, downgrades and restores.
    Operator,
    /// Signs packs.
    Pack,
    /// Signs policy bundles.
    Policy,
    /// Signs delegation links, receipts and a node's channel.
    Node,
    /// Signs checkpoints of a ledger.
    Log,
    /// Cosigns other logs' checkpoints.
    Witness,
    /// Seals run logs.
    Run,
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// Not one of the eight.
    #[error("a role is one of root, operator, pack, policy, node, log, witness, run")]
    Unknown,
}

reach_types::codes!(RoleError {
    Unknown => ("sign.role_unknown", Usage, "name one of the eight roles, in lower case"),
});

impl Role {
    /// All roles, in the order they are documented.
    pub const ALL: [Self; 8] =
        [Self::Root, Self::Operator, Self::Pack, Self::Policy, Self::Node, Self::Log, Self::Witness, Self::Run];

    /// The role's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Operator => "operator",
            Self::Pack => "pack",
            Self::Policy => "policy",
            Self::Node => "node",
            Self::Log => "log",
            Self::Witness => "witness",
            Self::Run => "run",
        }
    }

    /// Parses a role's name.
    ///
    /// # Errors
    /// [`RoleError::Unknown`].
    pub fn parse(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(RoleError::Unknown)
    }

    /// The beginning of every DSSE payload type a key of this role may sign; `None` for `log`, which
    /// signs note bodies only, and `witness`, which signs cosignatures only. No prefix is the beginning of another.
    #[must_use]
    pub const fn payload_prefix(self) -> Option<&'static str> {
        match self {
            Self::Root => Some("application/vnd.reach.trust."),
            Self::Operator => Some("application/vnd.reach.operator."),
            Self::Pack => Some("application/vnd.in-toto+json"),
            Self::Policy => Some("application/vnd.reach.policy."),
            Self::Node => Some("application/vnd.reach.mesh."),
            Self::Run => Some("application/vnd.reach.run."),
            Self::Log | Self::Witness => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
