//! The highest spec version that each peer has offered.

use std::io;

use reach_spec_version::{FloorError, FloorStore, SpecVersion};
use reach_types::Sha256Digest;

use super::{MemoryError, NodeMemory};

/// A row's key is the peer's node id, as people read it.
fn name(peer: &[u8; 32]) -> String {
    Sha256Digest::from_bytes(*peer).to_string()
}

fn unavailable(error: MemoryError) -> FloorError {
    FloorError::Store { source: io::Error::other(error) }
}

/// One row a peer, among the other floors: counted with them, and never dropped. A peer has a row
/// once a chain that it signed was accepted, so there are as many as the trust document ever listed.
impl FloorStore for NodeMemory {
    fn floor(&self, peer: &[u8; 32]) -> Result<Option<SpecVersion>, FloorError> {
        self.kept("peer", &name(peer)).map_err(unavailable)
    }

    fn raise(&mut self, peer: &[u8; 32], seen: SpecVersion) -> Result<(), FloorError> {
        self.raise_kept("peer", &name(peer), &seen, |seen: &SpecVersion| Some(*seen)).map_err(unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FLOORS, seal};
    use super::*;
    use reach_types::Code;

    const PEER: [u8; 32] = [7; 32];

    fn version(minor: u16, patch: u16) -> SpecVersion {
        SpecVersion::new(1, minor, patch)
    }

    #[test]
    fn v04_a_peers_floor_outlives_the_process_and_only_rises() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.redb");
        let mut memory = NodeMemory::create(&path).unwrap();
        assert_eq!(memory.floor(&PEER).unwrap(), None);
        let raised = [(version(1, 0), version(1, 0)), (version(0, 9), version(1, 0)), (version(1, 5), version(1, 5))];
        for (seen, kept) in raised {
            memory.raise(&PEER, seen).unwrap();
            assert_eq!(memory.floor(&PEER).unwrap(), Some(kept));
        }
        // As numbers, not as text.
        memory.raise(&PEER, version(10, 0)).unwrap();
        memory.raise(&PEER, version(9, 0)).unwrap();
        let before = (memory.generation().unwrap(), memory.floors().unwrap());
        memory.raise(&PEER, version(10, 0)).unwrap();
        assert_eq!((memory.generation().unwrap(), memory.floors().unwrap()), before, "no change is no write");
        drop(memory);
        let reader = NodeMemory::open_read_only(&path).unwrap();
        assert_eq!(reader.floor(&PEER).unwrap(), Some(version(10, 0)));
        assert_eq!(reader.floor(&[8; 32]).unwrap(), None);
        assert_eq!(before.1, 1);
        drop(reader);
        let mut reader = NodeMemory::open_read_only(&path).unwrap();
        assert_eq!(reader.raise(&PEER, version(11, 0)).unwrap_err().code(), "spec.floor_store");
    }

    #[test]
    fn v04_a_peers_floor_that_was_changed_or_dropped_is_no_answer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.redb");
        let mut memory = NodeMemory::create(&path).unwrap();
        memory.raise(&PEER, version(1, 0)).unwrap();
        let (key, other) = (format!("peer/{}", name(&PEER)), format!("peer/{}", name(&[8; 32])));
        // Another peer's row in this one's place, whole as it is.
        let row = seal(other.as_bytes(), &version(0, 0)).unwrap();
        let put = memory.write(|txn| {
            txn.open_table(FLOORS)?.insert(key.as_str(), row.as_slice())?;
            Ok(())
        });
        put.unwrap();
        assert_eq!(memory.floor(&PEER).unwrap_err().code(), "spec.floor_store");
        assert_eq!(memory.raise(&PEER, version(2, 0)).unwrap_err().code(), "spec.floor_store");
        drop(memory);
        // A row taken out past our own code: the count no longer holds.
        let raw = super::super::builder().open(&path).unwrap();
        let txn = raw.begin_write().unwrap();
        txn.open_table(FLOORS).unwrap().remove(key.as_str()).unwrap();
        txn.commit().unwrap();
        drop(raw);
        let memory = NodeMemory::open(&path).unwrap();
        assert_eq!(memory.floor(&PEER).unwrap_err().code(), "spec.floor_store");
    }
}
