//! Lowering a pack's floor: the one way back, and what is remembered of it.

use reach_types::{Blake3Digest, PackName, PackVersion, Timestamp};
use redb::ReadableTable;
use serde::Serialize;

use super::{Change, FLOORS, MemoryError, NodeMemory, corrupt, floors::Floor, seal};

/// The most versions of one pack that a node remembers to have left: for each of them operators
/// signed, and one a month is enough for twenty years. Their rows take less than 40 KiB.
pub const MAX_LEFT_VERSIONS: usize = 256;

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
    /// Every variant of [`MemoryError`]; [`MemoryError::Full`] changes nothing.
    pub fn lower_pack_floor(&self, lowered: &Lowered<'_>) -> Result<(), MemoryError> {
        let Lowered { name, to, from, created, statement } = *lowered;
        let rows = [
            row(format!("pack/{name}"), &text(to))?,
            row(left_key(name, from.0), &text(from))?,
            row(format!("pack-downgrade/{name}"), &(created.as_millis(), statement))?,
        ];
        let lowered = self.transact(|txn, _| {
            let mut floors = txn.open_table(FLOORS)?;
            for (key, value) in &rows {
                floors.insert(key.as_str(), value.as_slice())?;
            }
            let whole = count_left(&floors, name)? <= MAX_LEFT_VERSIONS;
            Ok((whole, if whole { Change::Made } else { Change::None }))
        })?;
        if lowered { Ok(()) } else { Err(MemoryError::Full { limit: MAX_LEFT_VERSIONS }) }
    }

    /// Refuses what [`NodeMemory::lower_pack_floor`] would refuse to remember, before anything else
    /// is done about it.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn check_room_to_leave(&self, name: &PackName, version: PackVersion) -> Result<(), MemoryError> {
        if self.left(name, version)?.is_some() {
            return Ok(());
        }
        let count = self.read(|txn| count_left(&txn.open_table(FLOORS)?, name))?;
        if count < MAX_LEFT_VERSIONS { Ok(()) } else { Err(MemoryError::Full { limit: MAX_LEFT_VERSIONS }) }
    }

    /// The archive that was `version` of this pack when a downgrade left that version.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn left(&self, name: &PackName, version: PackVersion) -> Result<Option<Blake3Digest>, MemoryError> {
        let left = self.kept::<Floor<String>>("pack-left", &format!("{name}/{version}"))?;
        Ok(left.map(|(_, digest)| digest))
    }

    /// When the last statement that lowered this pack's floor was made, and its digest.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn last_downgrade(&self, name: &PackName) -> Result<Option<(Timestamp, Blake3Digest)>, MemoryError> {
        let last = self.kept::<Floor<u64>>("pack-downgrade", name.as_str())?;
        Ok(last.map(|(created, statement)| (Timestamp::from_millis(created), statement)))
    }
}

fn text((version, digest): Seen) -> (String, Blake3Digest) {
    (version.to_string(), digest)
}

fn left_key(name: &PackName, version: PackVersion) -> String {
    format!("pack-left/{name}/{version}")
}

/// A pack's rows lie together: no name has a `/` in it, and `0` comes right after that.
fn count_left(floors: &impl ReadableTable<&'static str, &'static [u8]>, name: &PackName) -> Result<usize, redb::Error> {
    let (first, end) = (format!("pack-left/{name}/"), format!("pack-left/{name}0"));
    Ok(floors.range(first.as_str()..end.as_str())?.count())
}

fn row<V: Serialize>(key: String, value: &V) -> Result<(String, Vec<u8>), MemoryError> {
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
        assert_eq!(memory.left(&name, two.0).unwrap(), None);
        let before = memory.generation().unwrap();
        memory.lower_pack_floor(&lowered(&name, one, two, 7)).unwrap();
        assert_eq!(memory.generation().unwrap(), before + 1, "one step");
        drop(memory);
        let memory = NodeMemory::open(&path).unwrap();
        assert_eq!(memory.highest(&name).unwrap(), Some(one));
        assert_eq!(memory.left(&name, two.0).unwrap(), Some(two.1));
        assert_eq!(memory.last_downgrade(&name).unwrap().map(|(at, _)| at.as_millis()), Some(7));
        assert_eq!(memory.archive_of(&name, one.0).unwrap(), Some(one.1));
        assert_eq!(memory.archive_of(&name, two.0).unwrap(), Some(two.1));
        assert_eq!(memory.archive_of(&name, seen("1.5.0", 0).0).unwrap(), None);
        let other = PackName::parse("exporter").unwrap();
        assert_eq!((memory.highest(&other).unwrap(), memory.left(&other, two.0).unwrap()), (None, None));
    }

    #[test]
    fn k25_every_version_ever_left_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let memory = NodeMemory::create(&dir.path().join("node.redb")).unwrap();
        let name = name();
        let (one, two, three) = (seen("1.0.0", 1), seen("2.0.0", 2), seen("3.0.0", 3));
        memory.lower_pack_floor(&lowered(&name, two, three, 1)).unwrap();
        memory.lower_pack_floor(&lowered(&name, one, two, 2)).unwrap();
        for (version, digest) in [one, two, three] {
            assert_eq!(memory.archive_of(&name, version).unwrap(), Some(digest));
        }
        // A name that begins like this one has rows of its own.
        let longer = PackName::parse("inventory-2").unwrap();
        assert_eq!(memory.left(&longer, two.0).unwrap(), None);
    }

    #[test]
    fn k25_what_cannot_be_remembered_is_not_left() {
        let dir = tempfile::tempdir().unwrap();
        let memory = NodeMemory::create(&dir.path().join("node.redb")).unwrap();
        let name = name();
        let (one, two) = (seen("1.0.0", 1), seen("2.0.0", 2));
        let filled = memory.write(|txn| {
            let mut floors = txn.open_table(FLOORS)?;
            for patch in 0..MAX_LEFT_VERSIONS - 1 {
                let left = seen(&format!("3.0.{patch}"), 3);
                let (key, value) = row(left_key(&name, left.0), &text(left)).unwrap();
                floors.insert(key.as_str(), value.as_slice())?;
            }
            Ok(())
        });
        filled.unwrap();
        let three = seen("3.1.0", 3);
        memory.check_room_to_leave(&name, three.0).unwrap();
        memory.lower_pack_floor(&lowered(&name, two, three, 1)).unwrap();
        let full = MemoryError::Full { limit: MAX_LEFT_VERSIONS };
        assert_eq!(memory.check_room_to_leave(&name, two.0), Err(full.clone()));
        assert_eq!(memory.lower_pack_floor(&lowered(&name, one, two, 2)), Err(full));
        assert_eq!(memory.highest(&name).unwrap(), Some(two), "nothing was changed");
        // To leave the same version again needs no room.
        memory.check_room_to_leave(&name, three.0).unwrap();
        memory.lower_pack_floor(&lowered(&name, one, three, 3)).unwrap();
        assert_eq!(memory.highest(&name).unwrap(), Some(one));
    }
}
