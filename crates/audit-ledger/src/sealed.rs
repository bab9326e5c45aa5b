//! Rows that the tree does not vouch for: strict postcard with a check at the end.
//!
//! Entries are checked against their leaves. A run's count or the ledger's size is not, and redb
//! reads a page without looking at its checksum: the check keeps a changed bit from being believed.
//! Against somebody who writes the row anew it is nothing; `fsck` and the anchor are for that.

use reach_types::{Blake3Digest, decode_strict};
use serde::{Serialize, de::DeserializeOwned};

use crate::{StoreError, head::encode};

const CONTEXT: &str = "reach 2026 ledger row check v1";
/// The check's length in bytes.
pub(crate) const CHECK_BYTES: usize = 8;

pub(crate) fn seal<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    let mut row = encode(value)?;
    row.extend_from_slice(&check(&row));
    Ok(row)
}

/// The value, unless a bit was changed or it has more than `limit` bytes.
pub(crate) fn unseal<T: Serialize + DeserializeOwned>(row: &[u8], limit: usize) -> Option<T> {
    let (value, stored) = row.split_last_chunk::<CHECK_BYTES>()?;
    if check(value) == *stored { decode_strict(value, limit).ok() } else { None }
}

fn check(value: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Blake3Digest::derive(CONTEXT, &[value]);
    let mut check = [0; CHECK_BYTES];
    check.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a01_a_changed_bit_unseals_nothing() {
        let row = seal(&(7u64, "text".to_owned())).unwrap();
        let read = |row: &[u8]| unseal::<(u64, String)>(row, 64);
        assert_eq!(read(&row), Some((7, "text".to_owned())));
        for bit in 0..row.len() * 8 {
            let mut changed = row.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&changed), None, "bit {bit}");
        }
        assert_eq!(read(&row[..CHECK_BYTES - 1]), None);
        assert_eq!(unseal::<(u64, String)>(&row, 3), None);
    }
}
