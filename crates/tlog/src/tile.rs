//! Tiles: where a published tree keeps its hashes and entries, as file names.

use std::fmt;

use crate::decimal::parse_decimal;

/// How many levels of the tree one tile spans.
pub const TILE_HEIGHT: u8 = 8;
/// How many hashes or entries a full tile holds.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;
/// The longest entry: its length is written in 16 bits.
pub const MAX_BUNDLE_ENTRY_BYTES: usize = 65_535;
/// The highest tile level that C2SP names; a tree of 2^64 leaves needs 8.
const MAX_LEVEL: u8 = 63;

/// Why a tile's path or content was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// Not a tile's path in its one spelling.
    #[error("not a tile path: `tile/<level or entries>/<index in groups of three digits>[.p/<width>]`")]
    Path,
    /// An entry longer than its 16-bit length can say.
    #[error("an entry of {actual} bytes, at most {MAX_BUNDLE_ENTRY_BYTES} fit a bundle")]
    EntryTooLarge {
        /// The entry's size.
        actual: usize,
    },
    /// A bundle that ends inside an entry, or holds another number of entries than its path says.
    #[error("the bundle does not hold exactly the entries that its path names")]
    Bundle,
}

reach_types::codes!(TileError {
    Path => ("tlog.tile_path", Refused, "name the tile as C2SP tlog-tiles does"),
    EntryTooLarge => ("tlog.entry_too_large", Limit, "log a digest of the entry"),
    Bundle => ("tlog.bundle_malformed", Refused, "fetch the bundle again"),
});

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of this tile level: at level 0 those of leaves.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// One tile of a published tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u64,
}

impl Tile {
    /// The tile at `index` with `width` hashes or entries; `None` unless the width is 1 to 256 and
    /// the level at most 63.
    #[must_use]
    pub fn new(kind: TileKind, index: u64, width: u64) -> Option<Self> {
        let level = if let TileKind::Hashes(level) = kind { level } else { 0 };
        let good = (1..=TILE_WIDTH).contains(&width) && level <= MAX_LEVEL;
        good.then_some(Self { kind, index, width })
    }

    /// Every tile that a tree of `size` leaves is published as, entries before hashes, each level
    /// from the left, the last tile of a level partial where it must be.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        let entries = Self::row(TileKind::Entries, size);
        let levels = (0..=MAX_LEVEL).map_while(move |level| {
            let shift = u32::from(level).checked_mul(u32::from(TILE_HEIGHT))?;
            let hashes = size.checked_shr(shift).filter(|hashes| *hashes > 0)?;
            Some(Self::row(TileKind::Hashes(level), hashes))
        });
        entries.chain(levels.flatten())
    }

    fn row(kind: TileKind, count: u64) -> impl Iterator<Item = Self> {
        let (full, rest) = (count / TILE_WIDTH, count % TILE_WIDTH);
        let last = (rest > 0).then_some(Self { kind, index: full, width: rest });
        (0..full).map(move |index| Self { kind, index, width: TILE_WIDTH }).chain(last)
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its index in its level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds: 256 if it is full.
    #[must_use]
    pub const fn width(&self) -> u64 {
        self.width
    }

    /// Parses a path in its one spelling.
    ///
    /// # Errors
    /// [`TileError::Path`].
    pub fn parse(path: &str) -> Result<Self, TileError> {
        let tile = Self::read(path).ok_or(TileError::Path)?;
        // Over-long indexes, missing `x`es and full tiles spelled as partial ones end here.
        if tile.to_string() == path { Ok(tile) } else { Err(TileError::Path) }
    }

    fn read(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(u8::try_from(parse_decimal(level)?).ok()?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, parse_decimal(width)?),
            None => (rest, TILE_WIDTH),
        };
        let mut index = 0u64;
        for group in groups.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        Self::new(kind, index, width)
    }
}

impl fmt::Display for Tile {
    /// The path below the log's prefix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let groups = std::iter::successors(Some(self.index), |n| (*n >= 1000).then_some(n / 1000));
        let mut groups: Vec<u64> = groups.map(|n| n % 1000).collect();
        groups.reverse();
        if let Some((last, others)) = groups.split_last() {
            others.iter().try_for_each(|group| write!(f, "x{group:03}/"))?;
            write!(f, "{last:03}")?;
        }
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The entries of a tile, each after its length in 16 bits, big-endian.
///
/// # Errors
/// [`TileError::EntryTooLarge`].
pub fn encode_bundle<'e>(entries: impl IntoIterator<Item = &'e [u8]>) -> Result<Vec<u8>, TileError> {
    let mut bundle = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLarge { actual: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// The entries of a bundle, which must be exactly `count`.
///
/// # Errors
/// [`TileError::Bundle`].
pub fn decode_bundle(bundle: &[u8], count: u64) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    for _ in 0..count.min(TILE_WIDTH) {
        let (length, after) = rest.split_first_chunk::<2>().ok_or(TileError::Bundle)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(TileError::Bundle)?;
        entries.push(entry);
        rest = after;
    }
    let whole = rest.is_empty() && count <= TILE_WIDTH;
    if whole { Ok(entries) } else { Err(TileError::Bundle) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_have_one_spelling() {
        for good in [
            "tile/0/000",
            "tile/0/x001/x234/067",
            "tile/0/x001/x234/067.p/1",
            "tile/63/999.p/255",
            "tile/entries/x001/000",
            "tile/0/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(Tile::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "tile/0",
            "tile/0/",
            "tile/0/1",
            "tile/0/0000",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/x1/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p/1/",
            "/tile/0/000",
            "tile/0/../000",
            "tile/Entries/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(Tile::parse(bad), Err(TileError::Path), "{bad}");
        }
    }

    #[test]
    fn the_tiles_of_the_specification_s_example() {
        let count = |size, kind: fn(&Tile) -> bool| Tile::all(size).filter(kind).count();
        assert_eq!(count(70_000, |tile| tile.kind() == TileKind::Hashes(0)), 274);
        assert_eq!(count(70_000, |tile| tile.kind() == TileKind::Entries), 274);
        let upper: Vec<_> = Tile::all(70_000)
            .filter(|tile| matches!(tile.kind(), TileKind::Hashes(1..)))
            .map(|tile| tile.to_string())
            .collect();
        assert_eq!(upper, ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]);
        let small: Vec<_> = Tile::all(256).map(|tile| tile.to_string()).collect();
        assert_eq!(small, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(Tile::all(0).count(), 0);
        assert_eq!(Tile::all(u64::MAX).next().unwrap().to_string(), "tile/entries/000");
    }

    #[test]
    fn a_bundle_holds_exactly_its_entries() {
        let long = vec![7; MAX_BUNDLE_ENTRY_BYTES];
        let bundle = encode_bundle([b"ab".as_slice(), b"", &long]).unwrap();
        assert_eq!(decode_bundle(&bundle, 3).unwrap(), [b"ab".as_slice(), b"", &long]);
        for count in [0, 2, 4, u64::MAX] {
            assert_eq!(decode_bundle(&bundle, count), Err(TileError::Bundle), "{count}");
        }
        assert_eq!(decode_bundle(&bundle[..bundle.len() - 1], 3), Err(TileError::Bundle));
        assert_eq!(decode_bundle(&[0], 1), Err(TileError::Bundle));
        let longer = vec![7; MAX_BUNDLE_ENTRY_BYTES + 1];
        assert_eq!(encode_bundle([longer.as_slice()]), Err(TileError::EntryTooLarge { actual: longer.len() }));
    }

    proptest! {
        #[test]
        fn every_tile_s_path_reads_back(level in 0u8..64, entries: bool, index: u64, width in 1u64..=256) {
            let kind = if entries { TileKind::Entries } else { TileKind::Hashes(level) };
            let tile = Tile::new(kind, index, width).unwrap();
            prop_assert_eq!(Tile::parse(&tile.to_string()), Ok(tile));
        }
    }
}
