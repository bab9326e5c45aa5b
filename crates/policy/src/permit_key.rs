//! The key that a node seals its permits with.

use blake3::Hash;
use reach_types::fold_length_prefixed;
use zeroize::Zeroizing;

/// The bytes of a token's MAC: BLAKE3's whole output.
pub(crate) const MAC_BYTES: usize = blake3::OUT_LEN;

/// What one node seals permits with, and knows its own again by. Wiped when it is dropped, and
/// never shown:
///
/// ```compile_fail,E0277
/// println!("{:?}", reach_policy::PermitKey::derive(&[0; 32]));
/// ```
///
/// Whoever holds it can make permits for any call that this node would carry out.
pub struct PermitKey(Zeroizing<[u8; 32]>);

impl PermitKey {
    /// The permit key of a node with this secret of 32 random bytes: its own domain, so that the
    /// secret can be the root of other keys as well.
    #[must_use]
    pub fn derive(secret: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("reach 2026 permit key v1");
        fold_length_prefixed(&mut hasher, &[secret]);
        Self(Zeroizing::new(*hasher.finalize().as_bytes()))
    }

    /// Keyed BLAKE3 over `body`. The key is used for nothing else, which makes this a domain of its
    /// own.
    pub(crate) fn mac(&self, body: &[u8]) -> [u8; MAC_BYTES] {
        *blake3::keyed_hash(&self.0, body).as_bytes()
    }

    /// Whether `mac` is the MAC of `body`, in a time that does not depend on either's content.
    pub(crate) fn verifies(&self, body: &[u8], mac: [u8; MAC_BYTES]) -> bool {
        // `Hash` compares in constant time, and only if both sides are one.
        Hash::from_bytes(self.mac(body)) == Hash::from_bytes(mac)
    }
}
