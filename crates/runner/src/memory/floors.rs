//! Floors: the highest version seen of each thing. Raising never lowers one.

use reach_policy::BundleFloor;
use reach_types::{Blake3Digest, PackName, PackVersion};
use redb::ReadableTable;
use serde::{Serialize, de::DeserializeOwned};

use super::{Change, FLOORS, MemoryError, NodeMemory, corrupt, seal, unseal};

/// A version and the digest of what has it.
pub(super) type Floor<V> = (V, Blake3Digest);

impl NodeMemory {
    /// What is kept under `kind` and `name`.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub(super) fn kept<T: Serialize + DeserializeOwned>(
        &self,
        kind: &str,
        name: &str,
    ) -> Result<Option<T>, MemoryError> {
        let key = format!("{kind}/{name}");
        let read = |txn: &redb::ReadTransaction| {
            Ok(txn.open_table(FLOORS)?.get(key.as_str())?.map(|value| value.value().to_vec()))
        };
        let open = |bytes: Vec<u8>| unseal(key.as_bytes(), &bytes).ok_or_else(|| corrupt(&CHANGED));
        self.summary()?;
        self.read(read)?.map(open).transpose()
    }

    /// Puts `floor` in the place of a lower one, or of none, in the transaction that compares them:
    /// whatever was seen before, and whoever else raises it, it does not go back.
    pub(super) fn raise_kept<T: Serialize + DeserializeOwned, R: Ord>(
        &self,
        kind: &str,
        name: &str,
        floor: &T,
        rank: impl Fn(&T) -> Option<R>,
    ) -> Result<(), MemoryError> {
        let key = format!("{kind}/{name}");
        let bytes = seal(key.as_bytes(), floor).ok_or_else(|| corrupt(&"a floor cannot be written"))?;
        let changed = || redb::Error::Corrupted(CHANGED.to_owned());
        self.transact(|txn, _| {
            let mut floors = txn.open_table(FLOORS)?;
            let seen = match floors.get(key.as_str())? {
                Some(row) => {
                    let seen = unseal::<T>(key.as_bytes(), row.value()).ok_or_else(changed)?;
                    Some(rank(&seen).ok_or_else(changed)?)
                }
                None => None,
            };
            if rank(floor) <= seen {
                return Ok(((), Change::None));
            }
            floors.insert(key.as_str(), bytes.as_slice())?;
            Ok(((), Change::Made))
        })
    }

    /// The floor of the policy called `name`.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn bundle_floor(&self, name: &str) -> Result<Option<BundleFloor>, MemoryError> {
        let floor = self.kept::<Floor<u64>>("bundle", name)?;
        Ok(floor.map(|(version, digest)| BundleFloor { version, digest }))
    }

    /// Raises the floor of the policy called `name`, after every check has passed; it never goes back.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn raise_bundle_floor(&self, name: &str, floor: &BundleFloor) -> Result<(), MemoryError> {
        self.raise_kept("bundle", name, &(floor.version, floor.digest), |floor: &Floor<u64>| Some(floor.0))
    }

    /// Remembers a pack that was admitted. It never goes back but by
    /// [`NodeMemory::lower_pack_floor`].
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn raise_pack_floor(
        &self,
        name: &PackName,
        version: PackVersion,
        digest: Blake3Digest,
    ) -> Result<(), MemoryError> {
        let rank = |floor: &Floor<String>| PackVersion::parse(&floor.0).ok();
        self.raise_kept("pack", name.as_str(), &(version.to_string(), digest), rank)
    }

    /// The highest trust document seen: its version and digest.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn trust_floor(&self) -> Result<Option<(u64, Blake3Digest)>, MemoryError> {
        self.kept("trust", "document")
    }

    /// Remembers a trust document, after every check has passed; it never goes back.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn raise_trust_floor(&self, version: u64, digest: Blake3Digest) -> Result<(), MemoryError> {
        self.raise_kept("trust", "document", &(version, digest), |floor: &Floor<u64>| Some(floor.0))
    }

    /// Forgets which trust document was the highest in favour of this one: only for another trust
    /// root, under which versions count anew.
    ///
    /// # Errors
    /// Every variant of [`MemoryError`].
    pub fn reset_trust_floor(&self, version: u64, digest: Blake3Digest) -> Result<(), MemoryError> {
        let key = "trust/document";
        let bytes = seal(key.as_bytes(), &(version, digest)).ok_or_else(|| corrupt(&"a floor cannot be written"))?;
        self.write(|txn| {
            txn.open_table(FLOORS)?.insert(key, bytes.as_slice())?;
            Ok(())
        })
    }
}

const CHANGED: &str = "a floor was changed";

#[cfg(test)]
mod tests {
    use super::*;
    use reach_pack_integrity::SeenVersions;

    fn digest(byte: u8) -> Blake3Digest {
        Blake3Digest::from_bytes([byte; 32])
    }

    fn bundle(version: u64, byte: u8) -> BundleFloor {
        BundleFloor { version, digest: digest(byte) }
    }

    #[test]
    fn p25_floors_are_kept_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.redb");
        NodeMemory::create(&path).unwrap().raise_bundle_floor("p", &bundle(9, 9)).unwrap();
        let memory = NodeMemory::open_read_only(&path).unwrap();
        assert_eq!(memory.bundle_floor("p").unwrap(), Some(bundle(9, 9)));
        assert_eq!(memory.bundle_floor("q").unwrap(), None);
        assert_eq!(memory.trust_floor().unwrap(), None);
    }

    #[test]
    fn k25_k26_p25_raising_a_floor_never_lowers_it() {
        let dir = tempfile::tempdir().unwrap();
        let memory = NodeMemory::create(&dir.path().join("node.redb")).unwrap();
        let name = PackName::parse("inventory").unwrap();
        let version = |text: &str| PackVersion::parse(text).unwrap();
        // As numbers, not as text; and what has the same version stays what it was.
        for (number, text, byte) in [(9, "9.0.0", 1), (10, "10.0.0", 2), (9, "9.0.0", 3), (10, "10.0.0", 4)] {
            memory.raise_bundle_floor("p", &bundle(number, byte)).unwrap();
            memory.raise_trust_floor(number, digest(byte)).unwrap();
            memory.raise_pack_floor(&name, version(text), digest(byte)).unwrap();
        }
        assert_eq!(memory.bundle_floor("p").unwrap(), Some(bundle(10, 2)));
        assert_eq!(memory.trust_floor().unwrap(), Some((10, digest(2))));
        assert_eq!(memory.highest(&name).unwrap(), Some((version("10.0.0"), digest(2))));
        // What changes nothing is no write either.
        let before = memory.generation().unwrap();
        memory.raise_trust_floor(10, digest(2)).unwrap();
        assert_eq!(memory.generation().unwrap(), before);
        memory.reset_trust_floor(1, digest(1)).unwrap();
        assert_eq!(memory.trust_floor().unwrap(), Some((1, digest(1))));
    }

    #[test]
    fn k25_a_floor_that_was_changed_is_not_raised_over() {
        let dir = tempfile::tempdir().unwrap();
        let memory = NodeMemory::create(&dir.path().join("node.redb")).unwrap();
        memory.raise_bundle_floor("p", &bundle(9, 9)).unwrap();
        let other = seal(b"bundle/q", &(9u64, digest(9))).unwrap();
        let put = memory.write(|txn| {
            txn.open_table(FLOORS)?.insert("bundle/p", other.as_slice())?;
            Ok(())
        });
        put.unwrap();
        assert!(matches!(memory.raise_bundle_floor("p", &bundle(10, 1)), Err(MemoryError::Corrupt { .. })));
    }
}
