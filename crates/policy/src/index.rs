//! Names and grants that answer in one look-up, however many there are.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hasher},
};

use reach_types::{Blake3Digest, Grant, Scope};

/// A map whose keys are names.
pub(crate) type ByName<K, V> = HashMap<K, V, Seed>;

/// What the hashes of one map depend on beside the names.
///
/// Whoever chooses the names must not be able to choose them so that they collide. What a pack
/// declares is kept under a seed that its own digest is part of: other names are another pack, and
/// so another seed. What a policy lists is kept under a fixed seed: whoever signs policies could
/// slow down nothing but their own gate. A request's names are looked up and never kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    state: u64,
    key: u64,
}

impl Seed {
    /// For what a policy lists: the first digits of pi.
    pub(crate) const POLICY: Self = Self { state: 0x243f_6a88_85a3_08d3, key: 0x1319_8a2e_0370_7344 };

    /// For what the pack with this digest declares.
    pub(crate) fn of(pack: &Blake3Digest) -> Self {
        let (state, key) = pack.as_bytes().split_first_chunk::<8>().map_or((0, 0), |(first, rest)| {
            (u64::from_le_bytes(*first), rest.first_chunk().map_or(0, |second| u64::from_le_bytes(*second)))
        });
        Self { state: state ^ Self::POLICY.state, key: key ^ Self::POLICY.key }
    }
}

impl BuildHasher for Seed {
    type Hasher = NameHasher;

    fn build_hasher(&self) -> NameHasher {
        NameHasher { state: self.state, key: self.key }
    }
}

/// Hashes short texts: two words at a time are multiplied, and the halves of the product folded.
#[derive(Debug)]
pub(crate) struct NameHasher {
    state: u64,
    key: u64,
}

impl NameHasher {
    fn fold(&mut self, one: u64, two: u64) {
        let product = u128::from(one ^ self.state).wrapping_mul(u128::from(two ^ self.key));
        let [low, high] = halves(product);
        self.state = low ^ high;
    }
}

fn halves(number: u128) -> [u64; 2] {
    let half = |shift: u32| u64::try_from((number >> shift) & u128::from(u64::MAX)).unwrap_or_default();
    [half(0), half(64)]
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.state ^= (bytes.len() as u64).rotate_right(8);
        let mut rest = bytes;
        while let Some((sixteen, more)) = rest.split_first_chunk::<16>() {
            let [one, two] = halves(u128::from_le_bytes(*sixteen));
            self.fold(one, two);
            rest = more;
        }
        let (one, two) = ends(rest);
        self.fold(one, two);
    }

    // What ends every text alike.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.state
    }
}

/// The first and the last bytes, which overlap, of fewer than sixteen; with the length they tell
/// different texts apart.
fn ends(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
    }
    (bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), 0)
}

/// A set of grants as hash tables: one look-up for an exact scope, and one more for each number of
/// segments that some wildcard stands after.
#[derive(Debug, Clone)]
pub(crate) struct ScopeIndex {
    exact: HashSet<Box<str>, Seed>,
    /// Scopes of which everything below is granted.
    below: HashSet<Box<str>, Seed>,
    /// Bit n is set if one of `below` has n + 1 segments; there are at most 7.
    depths: u8,
}

impl ScopeIndex {
    pub(crate) fn of<'g>(grants: impl IntoIterator<Item = &'g Grant>, seed: Seed) -> Self {
        let mut index = Self { exact: HashSet::with_hasher(seed), below: HashSet::with_hasher(seed), depths: 0 };
        for grant in grants {
            if grant.is_wildcard() {
                let colons = grant.prefix().bytes().filter(|byte| *byte == b':').count();
                index.depths |= u32::try_from(colons).ok().and_then(|n| 1u8.checked_shl(n)).unwrap_or_default();
                index.below.insert(grant.prefix().into());
            } else {
                index.exact.insert(grant.prefix().into());
            }
        }
        index
    }

    /// As [`Grants::covers`].
    pub(crate) fn covers(&self, scope: &Scope) -> bool {
        self.exact.contains(scope.as_str()) || self.covers_above(scope.as_str())
    }

    /// As [`Grants::contains`].
    pub(crate) fn contains(&self, grant: &Grant) -> bool {
        let same = if grant.is_wildcard() { &self.below } else { &self.exact };
        same.contains(grant.prefix()) || self.covers_above(grant.prefix())
    }

    /// Whether it has `scope` itself, and not only what covers it.
    pub(crate) fn lists(&self, scope: &Scope) -> bool {
        self.exact.contains(scope.as_str())
    }

    /// Whether a wildcard on fewer segments covers `text`.
    fn covers_above(&self, text: &str) -> bool {
        let mut depths = self.depths;
        let mut colons = text.bytes().enumerate().filter(|(_, byte)| *byte == b':');
        while depths != 0
            && let Some((end, _)) = colons.next()
        {
            if depths & 1 == 1 && text.get(..end).is_some_and(|prefix| self.below.contains(prefix)) {
                return true;
            }
            depths >>= 1;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use reach_types::Grants;

    use super::*;
    use crate::testing::{grant, scope};

    fn hash(text: &str) -> u64 {
        Seed::POLICY.hash_one(text)
    }

    #[test]
    fn p31_different_names_have_different_hashes() {
        // Every length from nothing to three words, each byte changed in turn, and what a joined
        // key would confuse.
        let long = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn";
        let cut = |length| long.chars().take(length).collect::<String>();
        let mut texts: BTreeSet<String> = (0..=long.len()).map(cut).collect();
        for (length, at) in (1..=long.len()).flat_map(|length| (0..length).map(move |at| (length, at))) {
            let mut text = cut(length);
            text.replace_range(at..=at, "_");
            texts.insert(text);
        }
        texts.extend(["a$$b", "a,b", "a|b", "a\0b", "ab", "ba", "a:b", "a:b:"].map(str::to_owned));
        let hashes: BTreeSet<u64> = texts.iter().map(|text| hash(text)).collect();
        assert_eq!(hashes.len(), texts.len());
        // Spread over the bits that a table looks at: both ends of the word.
        let low: BTreeSet<u64> = hashes.iter().map(|hash| hash & 0xff).collect();
        let high: BTreeSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
        assert!(low.len() > 240 && high.len() == 128, "{} {}", low.len(), high.len());
    }

    #[test]
    fn another_pack_is_another_seed() {
        let of = |content: &[u8]| Seed::of(&Blake3Digest::of(content)).hash_one("fs.list");
        assert_eq!(of(b"one"), of(b"one"));
        assert_ne!(of(b"one"), of(b"two"));
        let mut bytes = [0; 32];
        let zero = Seed::of(&Blake3Digest::from_bytes(bytes));
        assert_eq!(zero.hash_one("fs.list"), Seed::POLICY.hash_one("fs.list"));
        for at in [0, 7, 8, 15] {
            bytes[at] = 1;
            assert_ne!(Seed::of(&Blake3Digest::from_bytes(bytes)).hash_one("x"), zero.hash_one("x"), "{at}");
            bytes[at] = 0;
        }
    }

    #[test]
    fn the_deepest_and_the_shallowest_wildcard_are_found() {
        let index = ScopeIndex::of(&[grant("a:*"), grant("b:b:b:b:b:b:b:*"), grant("c")], Seed::POLICY);
        assert_eq!(index.depths, 0b0100_0001);
        for (text, covered) in [
            ("a:x", true),
            ("a:x:y", true),
            ("a", false),
            ("ax:y", false),
            ("b:b:b:b:b:b:b:x", true),
            ("b:b:b:b:b:b:b", false),
            ("b:b:b:b:b:b:x:x", false),
            ("c", true),
            ("c:x", false),
        ] {
            assert_eq!(index.covers(&scope(text)), covered, "{text}");
        }
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        (proptest::collection::vec("[ab]", 1..4), any::<bool>()).prop_map(|(parts, wild)| {
            let text = parts.join(":");
            grant(&if wild { format!("{text}:*") } else { text })
        })
    }

    proptest! {
        #[test]
        fn an_index_agrees_with_its_grants(
            grants in proptest::collection::vec(any_grant(), 0..5),
            asked in any_grant(),
        ) {
            let grants: Grants = grants.into();
            let index = ScopeIndex::of(&grants, Seed::POLICY);
            prop_assert_eq!(index.contains(&asked), grants.iter().any(|own| own.contains(&asked)));
            let exact = scope(asked.prefix());
            prop_assert_eq!(index.covers(&exact), grants.iter().any(|own| own.covers(&exact)));
        }
    }
}
