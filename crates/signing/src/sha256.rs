//! SHA-256, as key ids and names of signatures are made of it.

use reach_types::Sha256Digest;
use ring::digest::{SHA256, digest};

pub(crate) fn sha256(bytes: &[u8]) -> Sha256Digest {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Sha256Digest::from_bytes(out)
}
