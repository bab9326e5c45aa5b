//! Tags: what stands for a digest, an id or a secret wherever others can see it.

use std::fmt;

use data_encoding::HEXLOWER;
use reach_types::{Blake3Digest, KeyId, NodeId, RunId, Sha256Digest, TenantId, fold_length_prefixed};
use ring::hmac;
use serde::{Serialize, Serializer};
use zeroize::{Zeroize as _, Zeroizing};

use crate::Authenticated;

/// The domain that every tag is made in.
const DOMAIN: &[u8] = b"reach 2026 tag v1";

/// What a tagged value is. The name is under the tag: one value has another tag in another field.
///
/// Exhaustive on purpose, and ordered by name: names are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The arguments of a call, or one of them.
    Argument,
    /// A policy bundle.
    Bundle,
    /// A delegation chain.
    Chain,
    /// A tool's definition.
    Definition,
    /// A tool host.
    Host,
    /// A public key.
    Key,
    /// A node.
    Node,
    /// A pack.
    Pack,
    /// A permit.
    Permit,
    /// A registry snapshot.
    Registry,
    /// A run.
    Run,
    /// A secret of any kind.
    Secret,
    /// Who asks, within a tenant.
    Subject,
    /// A tenant.
    Tenant,
}

impl Field {
    /// Every field, by name.
    pub const ALL: &'static [Self] = &[
        Self::Argument,
        Self::Bundle,
        Self::Chain,
        Self::Definition,
        Self::Host,
        Self::Key,
        Self::Node,
        Self::Pack,
        Self::Permit,
        Self::Registry,
        Self::Run,
        Self::Secret,
        Self::Subject,
        Self::Tenant,
    ];

    /// The name, as it stands under the tag and before it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Bundle => "bundle",
            Self::Chain => "chain",
            Self::Definition => "definition",
            Self::Host => "host",
            Self::Key => "key",
            Self::Node => "node",
            Self::Pack => "pack",
            Self::Permit => "permit",
            Self::Registry => "registry",
            Self::Run => "run",
            Self::Secret => "secret",
            Self::Subject => "subject",
            Self::Tenant => "tenant",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a value is tagged by: its exact bytes.
pub trait Taggable {
    /// The bytes under the tag.
    fn tagged_bytes(&self) -> &[u8];
}

/// Bytes that nobody else may see. They have no `Debug` and no `Display`: a tag is all that can be
/// said of them.
///
/// ```compile_fail,E0277
/// println!("{:?}", reach_policy::Secret(b"token"));
/// ```
#[derive(Clone, Copy)]
pub struct Secret<'a>(pub &'a [u8]);

impl Taggable for Secret<'_> {
    fn tagged_bytes(&self) -> &[u8] {
        self.0
    }
}

impl Taggable for TenantId {
    fn tagged_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

macro_rules! taggable {
    ($($digest:ty => $bytes:expr;)*) => {$(
        impl Taggable for $digest {
            fn tagged_bytes(&self) -> &[u8] {
                let bytes: fn(&Self) -> &[u8; 32] = $bytes;
                bytes(self)
            }
        }
    )*};
}

taggable! {
    Blake3Digest => Self::as_bytes;
    Sha256Digest => Self::as_bytes;
    KeyId => |id| id.0.as_bytes();
    NodeId => |id| id.0.as_bytes();
    RunId => |id| id.0.as_bytes();
}

/// The key that a node's tags are made with. Wiped when it is dropped, and never shown:
///
/// ```compile_fail,E0277
/// println!("{:?}", reach_policy::TagKey::from_bytes([0; 32]));
/// ```
///
/// Whoever holds it can find out whether a value that they guess is under a tag.
pub struct TagKey(Zeroizing<[u8; 32]>);

impl TagKey {
    /// The tag key of a node with this secret of 32 random bytes: a domain of its own, so that whoever
    /// is lent this key learns nothing of the secret, nor of the other keys that are made of it.
    #[must_use]
    pub fn derive(secret: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("reach 2026 tag key v1");
        fold_length_prefixed(&mut hasher, &[secret]);
        Self(Zeroizing::new(*hasher.finalize().as_bytes()))
    }

    /// Takes 32 random bytes as a key. What the caller's copy was made of is the caller's to wipe.
    #[must_use]
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let key = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        key
    }

    /// The tag of `value` as a `field`: HMAC-SHA256 over the domain, the field's name and the
    /// value's bytes, each after its length as a little-endian `u64`; the first 128 bits of it.
    #[must_use]
    pub fn tag(&self, field: Field, value: &(impl Taggable + ?Sized)) -> Tag {
        self.mac(field, &[value.tagged_bytes()])
    }

    /// The tag of a subject, made as by [`TagKey::tag`] over three parts: its tenant, its kind and
    /// its name. One name in two tenants has two tags.
    #[must_use]
    pub fn subject(&self, who: &Authenticated) -> Tag {
        let (tenant, identity) = (who.tenant().as_str(), who.identity());
        self.mac(Field::Subject, &[tenant.as_bytes(), identity.kind().as_bytes(), identity.name()])
    }

    fn mac(&self, field: Field, value: &[&[u8]]) -> Tag {
        // Expanded for one tag and dropped: ring does not wipe it.
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &*self.0));
        for part in [DOMAIN, field.as_str().as_bytes()].iter().chain(value) {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        let mac = context.sign();
        let (first, _) = mac.as_ref().split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Tag { field, bytes: *first }
    }
}

/// Stands for a value: the same for the same key, field and value, and telling nothing of the value
/// to whoever lacks the key.
///
/// Only [`TagKey::tag`] makes one. Shown, and serialised, as `field~` and 32 hex characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    field: Field,
    bytes: [u8; 16],
}

impl Tag {
    /// What the value is.
    #[must_use]
    pub const fn field(&self) -> Field {
        self.field
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.field, HEXLOWER.encode(&self.bytes))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
