//! Who caused an entry: a type the caller holds, never a text it was sent.

use std::fmt;

use reach_types::{NodeId, TenantId};
use serde::{Deserialize, Serialize};

/// Who caused an entry. The order is part of the format.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Author {
    /// Somebody with access to the state directory.
    Operator,
    /// A node, by its key.
    Node(NodeId),
    /// A tenant, authenticated by the interface it used.
    Tenant(TenantId),
}

impl Author {
    /// Parses what [`Author`]'s `Display` writes. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("operator", "local") => Some(Self::Operator),
            ("node", id) => NodeId::parse(id).ok().map(Self::Node),
            ("tenant", id) => TenantId::parse(id).ok().map(Self::Tenant),
            _ => None,
        }
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator:local"),
            Self::Node(id) => write!(f, "node:{id}"),
            Self::Tenant(id) => write!(f, "tenant:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a09_an_author_has_one_spelling() {
        let node = NodeId::parse(&"ab".repeat(32)).unwrap();
        for author in [Author::Operator, Author::Node(node), Author::Tenant(TenantId::parse("acme").unwrap())] {
            assert_eq!(Author::parse(&author.to_string()), Some(author));
        }
        for bad in ["", "operator", "operator:", "operator:root", "Operator:local", "tenant:", "tenant:A", "node:ab"] {
            assert_eq!(Author::parse(bad), None, "{bad}");
        }
    }
}
