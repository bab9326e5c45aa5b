//! RFC 6962 hashes, and the growing right edge of a tree.

use reach_types::Sha256Digest;
use ring::digest::{Context, SHA256};

use crate::MerkleError;

/// The hash of a leaf: SHA-256 over 0x00 and its bytes.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Sha256Digest {
    sha256(&[&[0], leaf])
}

/// The hash of an inner node: SHA-256 over 0x01, its left and its right child.
#[must_use]
pub fn node_hash(left: &Sha256Digest, right: &Sha256Digest) -> Sha256Digest {
    sha256(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root of a tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Sha256Digest {
    sha256(&[])
}

fn sha256(parts: &[&[u8]]) -> Sha256Digest {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    Sha256Digest::from_bytes(bytes)
}

/// Where the hashes of complete subtrees are kept.
pub trait HashReader {
    /// What reading can fail with.
    type Error: From<MerkleError>;

    /// The root of the complete subtree over the leaves `index * 2^height` up to, and without,
    /// `(index + 1) * 2^height`. Asked only for subtrees inside the tree in question.
    ///
    /// # Errors
    /// Whatever the store fails with.
    fn read(&self, height: u8, index: u64) -> Result<Sha256Digest, Self::Error>;
}

/// The right edge of a tree: enough to append to it and to know its root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// One complete subtree for each bit set in `size`, the largest first.
    peaks: Vec<Sha256Digest>,
}

impl Frontier {
    /// The edge of an empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of the tree of `size` leaves in `reader`.
    ///
    /// # Errors
    /// What the reader fails with.
    pub fn load<R: HashReader>(size: u64, reader: &R) -> Result<Self, R::Error> {
        let peaks = complete_subtrees(0, size).map(|(height, index)| reader.read(height, index));
        Ok(Self { size, peaks: peaks.collect::<Result<_, _>>()? })
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash, and tells `completed` of each subtree now complete: its height,
    /// its index at that height and its root, the leaf itself first.
    ///
    /// # Errors
    /// [`MerkleError::Full`] at 2^64 - 1 leaves.
    pub fn append(
        &mut self,
        leaf: Sha256Digest,
        completed: &mut dyn FnMut(u8, u64, Sha256Digest),
    ) -> Result<(), MerkleError> {
        let next = self.size.checked_add(1).ok_or(MerkleError::Full)?;
        let (mut height, mut index, mut root) = (0, self.size, leaf);
        completed(height, index, root);
        // Each trailing one in the size is a complete subtree on the left that is waiting.
        while index & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            (height, index, root) = (height + 1, index >> 1, node_hash(&left, &root));
            completed(height, index, root);
        }
        self.peaks.push(root);
        self.size = next;
        Ok(())
    }

    /// The root hash.
    #[must_use]
    pub fn root(&self) -> Sha256Digest {
        fold_peaks(&self.peaks).unwrap_or_else(empty_root)
    }
}

/// The root over complete subtrees that stand side by side, the largest first.
pub(crate) fn fold_peaks(peaks: &[Sha256Digest]) -> Option<Sha256Digest> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// The complete subtrees, as height and index, that the leaves `start` up to `end` consist of,
/// where `start` is a multiple of every power of two below `end - start` (as in every subtree of
/// an RFC 6962 tree).
pub(crate) fn complete_subtrees(start: u64, end: u64) -> impl Iterator<Item = (u8, u64)> {
    let (mut start, mut left) = (start, end.saturating_sub(start));
    std::iter::from_fn(move || {
        let height = u8::try_from(left.checked_ilog2()?).ok()?;
        let subtree = (height, start >> height);
        start = start.saturating_add(1 << height);
        left -= 1 << height;
        Some(subtree)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    /// The leaves of the test tree that the implementations of Certificate Transparency share.
    pub(crate) const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    /// Its root at each size.
    pub(crate) const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// The tree as the RFC defines it, from scratch.
    pub(crate) fn naive_root(leaves: &[Sha256Digest]) -> Sha256Digest {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&naive_root(left), &naive_root(right))
            }
        }
    }

    /// Leaves whose subtrees are computed from scratch at every question.
    pub(crate) struct Naive(pub(crate) Vec<Sha256Digest>);

    impl HashReader for Naive {
        type Error = MerkleError;

        fn read(&self, height: u8, index: u64) -> Result<Sha256Digest, MerkleError> {
            let at = |i: u64| usize::try_from(i << height).unwrap();
            Ok(naive_root(self.0.get(at(index)..at(index + 1)).expect("a subtree outside the tree")))
        }
    }

    pub(crate) fn published() -> Naive {
        Naive(LEAVES.iter().map(|leaf| leaf_hash(&HEXLOWER.decode(leaf.as_bytes()).unwrap())).collect())
    }

    pub(crate) fn hash(hex: &str) -> Sha256Digest {
        Sha256Digest::parse(hex).unwrap()
    }

    pub(crate) fn numbered(count: u64) -> Naive {
        Naive((0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect())
    }

    #[test]
    fn the_published_roots_at_every_size() {
        let mut frontier = Frontier::new();
        for (size, root) in ROOTS.iter().enumerate() {
            assert_eq!(frontier.root(), hash(root), "{size}");
            assert_eq!(naive_root(&published().0[..size]), hash(root), "{size}");
            if let Some(leaf) = published().0.get(size) {
                frontier.append(*leaf, &mut |_, _, _| {}).unwrap();
            }
        }
    }

    #[test]
    fn a15_a_full_tree_takes_no_more_leaves() {
        let mut frontier = Frontier { size: u64::MAX, peaks: vec![empty_root(); 64] };
        let before = frontier.clone();
        assert_eq!(frontier.append(empty_root(), &mut |_, _, _| {}), Err(MerkleError::Full));
        assert_eq!(frontier, before);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_frontier_agrees_with_the_recursive_definition(size in 0u64..300) {
            let tree = numbered(size);
            let mut frontier = Frontier::new();
            for leaf in &tree.0 {
                let mut told = Vec::new();
                frontier.append(*leaf, &mut |height, index, root| told.push((height, index, root))).unwrap();
                for (height, index, root) in told {
                    prop_assert_eq!(tree.read(height, index).unwrap(), root);
                }
            }
            prop_assert_eq!(frontier.root(), naive_root(&tree.0));
            prop_assert_eq!(Frontier::load(size, &tree).unwrap(), frontier);
        }
    }
}
