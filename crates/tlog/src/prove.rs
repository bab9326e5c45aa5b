//! Making proofs from the hashes of complete subtrees (RFC 6962, section 2.1).

use reach_types::Sha256Digest;

use crate::{
    HashReader, MerkleError, empty_root,
    merkle::{complete_subtrees, fold_peaks},
};

/// The root of the first `size` leaves.
///
/// # Errors
/// What the reader fails with.
pub fn root_at<R: HashReader>(size: u64, reader: &R) -> Result<Sha256Digest, R::Error> {
    range_root(0, size, reader)
}

/// The siblings on the way from leaf `index` up to the root of the first `size` leaves.
///
/// # Errors
/// [`MerkleError::OutOfRange`], or what the reader fails with.
pub fn prove_inclusion<R: HashReader>(index: u64, size: u64, reader: &R) -> Result<Vec<Sha256Digest>, R::Error> {
    if index >= size {
        return Err(MerkleError::OutOfRange { index, size }.into());
    }
    let (mut low, mut high, mut path) = (0, size, Vec::new());
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range_root(middle, high, reader)?);
            high = middle;
        } else {
            path.push(range_root(low, middle, reader)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The hashes that show the tree of `first` leaves to be the beginning of the tree of `second`.
///
/// # Errors
/// [`MerkleError::Sizes`] unless `0 < first <= second`, or what the reader fails with.
pub fn prove_consistency<R: HashReader>(first: u64, second: u64, reader: &R) -> Result<Vec<Sha256Digest>, R::Error> {
    if first == 0 || first > second {
        return Err(MerkleError::Sizes { first, second }.into());
    }
    let (mut low, mut high, mut path) = (0, second, Vec::new());
    while first != high {
        let middle = low + split(high - low);
        if first <= middle {
            path.push(range_root(middle, high, reader)?);
            high = middle;
        } else {
            path.push(range_root(low, middle, reader)?);
            low = middle;
        }
    }
    // The verifier knows the first root itself: a subtree that begins at 0 needs no telling.
    if low != 0 {
        path.push(range_root(low, high, reader)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two smaller than `count`, which is at least 2.
const fn split(count: u64) -> u64 {
    match (count - 1).checked_ilog2() {
        Some(bits) => 1 << bits,
        None => 0,
    }
}

fn range_root<R: HashReader>(start: u64, end: u64, reader: &R) -> Result<Sha256Digest, R::Error> {
    let peaks = complete_subtrees(start, end).map(|(height, index)| reader.read(height, index));
    let peaks = peaks.collect::<Result<Vec<_>, _>>()?;
    Ok(fold_peaks(&peaks).unwrap_or_else(empty_root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::tests::{hash, naive_root, numbered, published};

    const N01: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
    const N23: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    const N0123: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
    const L0: &str = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    const L1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    const L4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    const N45: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    const N67: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    const N4567: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

    #[test]
    fn the_published_inclusion_proofs() {
        for (index, size, path) in [
            (0, 1, vec![]),
            (0, 8, vec![L1, N23, N4567]),
            (5, 8, vec![L4, N67, N0123]),
            (2, 3, vec![N01]),
            (1, 5, vec![L0, N23, L4]),
        ] {
            let path: Vec<_> = path.into_iter().map(hash).collect();
            assert_eq!(prove_inclusion(index, size, &published()), Ok(path), "{index} in {size}");
        }
    }

    #[test]
    fn the_published_consistency_proofs() {
        for (first, second, path) in
            [(1, 1, vec![]), (1, 8, vec![L1, N23, N4567]), (6, 8, vec![N45, N67, N0123]), (2, 5, vec![N23, L4])]
        {
            let path: Vec<_> = path.into_iter().map(hash).collect();
            assert_eq!(prove_consistency(first, second, &published()), Ok(path), "{first} to {second}");
        }
    }

    #[test]
    fn roots_of_every_prefix() {
        let tree = numbered(70);
        for size in 0..=70u8 {
            assert_eq!(root_at(u64::from(size), &tree), Ok(naive_root(&tree.0[..usize::from(size)])));
        }
    }

    #[test]
    fn a15_nothing_is_proven_outside_the_tree() {
        let tree = numbered(4);
        for index in [4, 5, u64::MAX] {
            assert_eq!(prove_inclusion(index, 4, &tree), Err(MerkleError::OutOfRange { index, size: 4 }));
        }
        for (first, second) in [(0, 4), (0, 0), (4, 3), (u64::MAX, 4)] {
            assert_eq!(prove_consistency(first, second, &tree), Err(MerkleError::Sizes { first, second }));
        }
    }
}
