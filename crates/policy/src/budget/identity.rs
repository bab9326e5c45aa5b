//! Who is counted: only whoever was authenticated.

use std::fmt;

use reach_types::{NodeId, SubjectId, TenantId};

/// Who somebody is, by how that was found out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// Somebody with access to the node's state directory.
    Operator,
    /// A node that proved to hold its key.
    Node(NodeId),
    /// A caller of an interface, as the credential that it checked names them.
    Caller(SubjectId),
}

impl Identity {
    /// What it is, without who it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Node(_) => "node",
            Self::Caller(_) => "caller",
        }
    }

    /// The bytes that name it within its kind and tenant.
    pub(crate) fn name(&self) -> &[u8] {
        match self {
            Self::Operator => &[],
            Self::Node(id) => id.0.as_bytes(),
            Self::Caller(subject) => subject.as_str().as_bytes(),
        }
    }
}

/// A tenant and somebody in it, both authenticated.
///
/// Plain data, and worth what its maker is. Only code that has just checked a credential makes one:
/// the interface that verified a token, the connection that verified a peer's key, the command that
/// opened the state directory. Nothing of it is ever taken from a request's own body or headers,
/// which is why it can be read from no format, and why no constructor takes a text:
///
/// ```compile_fail,E0277
/// let who: reach_policy::Authenticated = serde_json::from_str("{}").unwrap();
/// ```
///
/// ```compile_fail,E0308
/// # let tenant: reach_types::TenantId = todo!();
/// let who = reach_policy::Authenticated::caller(tenant, "agent-1");
/// ```
///
/// Its `Debug` form names neither the tenant nor the subject.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Authenticated {
    tenant: TenantId,
    identity: Identity,
}

impl Authenticated {
    /// Whoever opened the state directory, acting for `tenant`.
    #[must_use]
    pub const fn operator(tenant: TenantId) -> Self {
        Self { tenant, identity: Identity::Operator }
    }

    /// A node whose key was verified on this connection, for the tenant that it is registered for.
    #[must_use]
    pub const fn node(tenant: TenantId, node: NodeId) -> Self {
        Self { tenant, identity: Identity::Node(node) }
    }

    /// A caller whose credential was verified, which names both.
    #[must_use]
    pub const fn caller(tenant: TenantId, subject: SubjectId) -> Self {
        Self { tenant, identity: Identity::Caller(subject) }
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Who, within the tenant.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.kind())
    }
}

impl fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticated({})", self.identity.kind())
    }
}
