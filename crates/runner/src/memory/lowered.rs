//! Lowering a pack's floor: the one way back, and what is remembered of it.

use reach_types::{Blake3Digest, PackName, PackVersion, Timestamp};
use serde::Serialize;

use super::{FLOORS, MemoryError, NodeMemory, corrupt, seal};

/// A version of a pack and its archive.
pub type Seen = (PackVersion, Blake3Digest);

/// A downgrade that was verified and recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lowered<'a> {
    /// The pack.
    pub name: &'a PackName,
    /// What may run again.
    pub to: Seen,
    /// The highest version seen until now.
    pub from: Seen,
    /// When the operators' statement was made.
    pub created: Timestamp,
    /// The statement's digest.
    pub statement: Blake3Digest,
}

impl NodeMemory {
    /// Lowers the floor of one pack, and remembers in the same step what it was and by which
    /// statement: that version stays one archive, and that statement is used up.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn lower_pack_floor(&self, lowered: &Lowered<'_>) -> Result<(), MemoryError> {
        let Lowered { name, to, from, created, statement } = *lowered;
        let left = self.left_above(name)?.filter(|left| left.0 > from.0).unwrap_or(from);
        let rows = [
            row("pack", name, &text(to))?,
            row("pack-left", name, &text(left))?,
            row("pack-downgrade", name, &(created.as_millis(), statement))?,
        ];
        self.write(|txn| {
            let mut floors = txn.open_table(FLOORS)?;
            for (key, value) in &rows {
                floors.insert(key.as_str(), value.as_slice())?;
            }
            Ok(())
        })
    }

    /// The highest version that a downgrade of this pack ever left.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn left_above(&self, name: &PackName) -> Result<Option<Seen>, MemoryError> {
        let left = self.floor::<String>("pack-left", name.as_str())?;
        let parse = |(version, digest): (String, Blake3Digest)| {
            PackVersion::parse(&version).map(|version| (version, digest)).map_err(|error| corrupt(&error))
        };
        left.map(parse).transpose()
    }

    /// When the last statement that lowered this pack's floor was made, and its digest.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn last_downgrade(&self, name: &PackName) -> Result<Option<(Timestamp, Blake3Digest)>, MemoryError> {
        let last = self.floor::<u64>("pack-downgrade", name.as_str())?;
        Ok(last.map(|(created, statement)| (Timestamp::from_millis(created), statement)))
    }
}

fn text((version, digest): Seen) -> (String, Blake3Digest) {
    (version.to_string(), digest)
}

fn row<V: Serialize>(kind: &str, name: &PackName, value: &V) -> Result<(String, Vec<u8>), MemoryError> {
    let key = format!("{kind}/{name}");
    let value = seal(key.as_bytes(), value).ok_or_else(|| corrupt(&"a floor cannot be written"))?;
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_pack_integrity::SeenVersions;

    fn seen(version: &str, byte: u8) -> Seen {
        (PackVersion::parse(version).unwrap(), Blake3Digest::from_bytes([byte; 32]))
    }

    fn name() -> PackName {
        PackName::parse("inventory").unwrap()
    }

    fn lowered(name: &PackName, to: Seen, from: Seen, created: u64) -> Lowered<'_> {
        let (created, statement) = (Timestamp::from_millis(created), Blake3Digest::of(&created.to_le_bytes()));
        Lowered { name, to, from, created, statement }
    }

    #[test]
    fn k25_a_lowered_floor_is_kept_with_what_it_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.redb");
        let (name, one, two) = (name(), seen("1.0.0", 1), seen("2.0.0", 2));
        let memory = NodeMemory::create(&path).unwrap();
        memory.raise_pack_floor(&name, two.0, two.1).unwrap();
        assert_eq!(memory.left_above(&name).unwrap(), None);
        let before = memory.generation().unwrap();
        memory.lower_pack_floor(&lowered(&name, one, two, 7)).unwrap();
        assert_eq!(memory.generation().unwrap(), before + 1, "one step");
        drop(memory);
        let memory = NodeMemory::open(&path).unwrap();
        assert_eq!(memory.highest(&name).unwrap(), Some(one));
        assert_eq!(memory.left_above(&name).unwrap(), Some(two));
        assert_eq!(memory.last_downgrade(&name).unwrap().map(|(at, _)| at.as_millis()), Some(7));
        assert_eq!(memory.archive_of(&name, one.0).unwrap(), Some(one.1));
        assert_eq!(memory.archive_of(&name, two.0).unwrap(), Some(two.1));
        assert_eq!(memory.archive_of(&name, seen("1.5.0", 0).0).unwrap(), None);
        let other = PackName::parse("exporter").unwrap();
        assert_eq!((memory.highest(&other).unwrap(), memory.left_above(&other).unwrap()), (None, None));
    }

    #[test]
    fn k25_the_highest_version_ever_left_is_what_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let memory = NodeMemory::create(&dir.path().join("node.redb")).unwrap();
        let name = name();
        let (one, two, three) = (seen("1.0.0", 1), seen("2.0.0", 2), seen("3.0.0", 3));
        memory.lower_pack_floor(&lowered(&name, two, three, 1)).unwrap();
        memory.lower_pack_floor(&lowered(&name, one, two, 2)).unwrap();
        assert_eq!(memory.left_above(&name).unwrap(), Some(three));
        assert_eq!(memory.archive_of(&name, three.0).unwrap(), Some(three.1));
    }
}
