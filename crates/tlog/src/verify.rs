//! Verifying proofs, as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say, and nothing more lenient.

use reach_types::Sha256Digest;

use crate::node_hash;

/// The most hashes in a proof: the height of a tree of 2^64 leaves, and one for consistency.
pub const MAX_PROOF_HASHES: usize = 65;

/// Why a tree operation or a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MerkleError {
    /// A leaf index that is not inside the tree; an empty tree has none.
    #[error("index {index} is not inside a tree of {size} leaves")]
    OutOfRange {
        /// The index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// Sizes that nothing can be shown about: not `0 < first <= second`.
    #[error("no consistency can be shown from size {first} to size {second}")]
    Sizes {
        /// The smaller size.
        first: u64,
        /// The larger size.
        second: u64,
    },
    /// A proof with a hash missing or one too many.
    #[error("the proof does not have exactly the hashes that its index and sizes ask for")]
    ProofLength,
    /// The proof leads to another root.
    #[error("the proof does not lead to the root given")]
    RootMismatch,
    /// The tree has 2^64 - 1 leaves.
    #[error("the tree can hold no more leaves")]
    Full,
}

reach_types::codes!(MerkleError {
    OutOfRange => ("tlog.out_of_range", Refused, "ask for a leaf below the checkpoint's size"),
    Sizes => ("tlog.proof_sizes", Refused, "give the older, non-empty tree first"),
    ProofLength => ("tlog.proof_length", Refused, "fetch the proof again"),
    RootMismatch => ("tlog.root_mismatch", Refused, "the entry, the proof or the tree was changed: compare with another copy"),
    Full => ("tlog.tree_full", Limit, "start another log"),
});

/// Checks that the leaf hashing to `leaf` stands at `index` in the tree of `size` leaves under
/// `root`.
///
/// # Errors
/// [`MerkleError::OutOfRange`], [`MerkleError::ProofLength`], [`MerkleError::RootMismatch`].
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Sha256Digest,
    path: &[Sha256Digest],
    root: &Sha256Digest,
) -> Result<(), MerkleError> {
    // 1: compare index with size.
    if index >= size {
        return Err(MerkleError::OutOfRange { index, size });
    }
    // 2, 3: start at the leaf.
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    // 4: climb.
    for sibling in path {
        if last == 0 {
            return Err(MerkleError::ProofLength);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    // 5: the path must end at the root, and at this one.
    finish(last, hash == *root)
}

/// Checks that the tree of `first` leaves under `first_root` is the beginning of the tree of
/// `second` leaves under `second_root`.
///
/// # Errors
/// [`MerkleError::Sizes`], [`MerkleError::ProofLength`], [`MerkleError::RootMismatch`].
pub fn verify_consistency(
    first: u64,
    second: u64,
    first_root: &Sha256Digest,
    second_root: &Sha256Digest,
    path: &[Sha256Digest],
) -> Result<(), MerkleError> {
    if first == 0 || first > second {
        return Err(MerkleError::Sizes { first, second });
    }
    if first == second {
        return finish(u64::from(!path.is_empty()), first_root == second_root);
    }
    // 1, 2: the first root is itself a node of the second tree if its size is a power of two.
    let (start, rest) = match path.split_first() {
        _ if first.is_power_of_two() => (first_root, path),
        Some((start, rest)) => (start, rest),
        None => return Err(MerkleError::ProofLength),
    };
    // 3, 4: start at the last leaf of the first tree, above all that is complete.
    let (mut node, mut last) = (first - 1, second - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    // 5, 6: climb, computing both roots.
    let (mut old, mut new) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return Err(MerkleError::ProofLength);
        }
        if node & 1 == 1 || node == last {
            (old, new) = (node_hash(sibling, &old), node_hash(sibling, &new));
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    // 7: both must be the roots given.
    finish(last, old == *first_root && new == *second_root)
}

const fn finish(left_to_climb: u64, roots_match: bool) -> Result<(), MerkleError> {
    match (left_to_climb, roots_match) {
        (0, true) => Ok(()),
        (0, false) => Err(MerkleError::RootMismatch),
        _ => Err(MerkleError::ProofLength),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        merkle::tests::{Naive, naive_root, numbered},
        prove_consistency, prove_inclusion,
    };
    use proptest::prelude::*;

    fn root(tree: &Naive, size: u64) -> Sha256Digest {
        naive_root(&tree.0[..usize::try_from(size).unwrap()])
    }

    /// Everything close to a proof that is not it: a hash flipped, missing, doubled, swapped.
    fn near_misses(path: &[Sha256Digest]) -> Vec<Vec<Sha256Digest>> {
        let mut all = vec![[path, &[Sha256Digest::from_bytes([0; 32])]].concat()];
        for i in 0..path.len() {
            let mut missing = path.to_vec();
            missing.remove(i);
            let mut doubled = path.to_vec();
            doubled.insert(i, path[i]);
            let mut flipped = path.to_vec();
            let mut bytes = *flipped[i].as_bytes();
            bytes[31] ^= 1;
            flipped[i] = Sha256Digest::from_bytes(bytes);
            all.extend([missing, doubled, flipped]);
            if i > 0 {
                let mut swapped = path.to_vec();
                swapped.swap(i - 1, i);
                all.push(swapped);
            }
        }
        all
    }

    /// One hash more or less is a wrong length or a wrong root, depending on where it stands.
    fn assert_refused(result: Result<(), MerkleError>) {
        assert!(matches!(result, Err(MerkleError::ProofLength | MerkleError::RootMismatch)), "{result:?}");
    }

    #[test]
    fn a15_every_inclusion_proof_of_small_trees_and_every_near_miss() {
        let tree = numbered(20);
        for size in 1..=20 {
            let head = root(&tree, size);
            for index in 0..size {
                let leaf = tree.0[usize::try_from(index).unwrap()];
                let path = prove_inclusion(index, size, &tree).unwrap();
                assert_eq!(verify_inclusion(index, size, &leaf, &path, &head), Ok(()), "{index} in {size}");
                for bad in near_misses(&path) {
                    assert_refused(verify_inclusion(index, size, &leaf, &bad, &head));
                }
                for other in (0..size).filter(|other| *other != index) {
                    assert_refused(verify_inclusion(other, size, &leaf, &path, &head));
                }
                let wrong_leaf = node_hash(&leaf, &leaf);
                assert_eq!(
                    verify_inclusion(index, size, &wrong_leaf, &path, &head),
                    Err(MerkleError::RootMismatch),
                    "{index} in {size}"
                );
                for index in [size, size + 1, u64::MAX] {
                    let refused = verify_inclusion(index, size, &leaf, &path, &head);
                    assert_eq!(refused, Err(MerkleError::OutOfRange { index, size }));
                }
                let refused = verify_inclusion(index, 0, &leaf, &path, &head);
                assert_eq!(refused, Err(MerkleError::OutOfRange { index, size: 0 }));
                assert_eq!(
                    verify_inclusion(u64::MAX - 1, u64::MAX, &leaf, &path, &head),
                    Err(MerkleError::ProofLength)
                );
            }
        }
    }

    #[test]
    fn a15_every_consistency_proof_of_small_trees_and_every_near_miss() {
        let tree = numbered(20);
        for second in 1..=20 {
            let new = root(&tree, second);
            for first in 1..=second {
                let old = root(&tree, first);
                let path = prove_consistency(first, second, &tree).unwrap();
                let check = |f, s, o, n, p: &[_]| verify_consistency(f, s, &o, &n, p);
                assert_eq!(check(first, second, old, new, &path), Ok(()), "{first} to {second}");
                for bad in near_misses(&path) {
                    assert_refused(check(first, second, old, new, &bad));
                }
                if first != second {
                    let swapped = check(second, first, old, new, &path);
                    assert_eq!(swapped, Err(MerkleError::Sizes { first: second, second: first }));
                    assert_refused(check(first, second, new, old, &path));
                    assert_eq!(check(first, first, old, new, &[]), Err(MerkleError::RootMismatch));
                }
                assert_eq!(check(0, second, old, new, &path), Err(MerkleError::Sizes { first: 0, second }));
                assert_eq!(check(0, 0, old, new, &[]), Err(MerkleError::Sizes { first: 0, second: 0 }));
                assert_eq!(
                    check(u64::MAX, second, old, new, &path),
                    Err(MerkleError::Sizes { first: u64::MAX, second })
                );
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn proofs_of_larger_trees_verify(size in 1u64..600, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
            let tree = numbered(size);
            let head = root(&tree, size);
            let index = u64::try_from(a.index(tree.0.len())).unwrap();
            let path = prove_inclusion(index, size, &tree).unwrap();
            let leaf = tree.0[a.index(tree.0.len())];
            prop_assert_eq!(verify_inclusion(index, size, &leaf, &path, &head), Ok(()));
            let first = u64::try_from(b.index(tree.0.len())).unwrap() + 1;
            let path = prove_consistency(first, size, &tree).unwrap();
            prop_assert_eq!(verify_consistency(first, size, &root(&tree, first), &head, &path), Ok(()));
        }

        #[test]
        fn a15_no_sizes_make_the_verifiers_panic(
            index in any::<u64>(),
            size in any::<u64>(),
            count in 0usize..70,
        ) {
            let hash = Sha256Digest::from_bytes([3; 32]);
            let path = vec![hash; count];
            verify_inclusion(index, size, &hash, &path, &hash).unwrap_err();
            if !(index == size && index > 0 && count == 0) {
                verify_consistency(index, size, &hash, &hash, &path).unwrap_err();
            }
        }
    }
}
