//! The sticky floor: a peer that once spoke a version does not go back below it unnoticed.

use std::collections::BTreeMap;

use reach_types::Timestamp;

use crate::{Offer, SpecVersion};

/// Why a peer's offer was refused against what the peer offered before. Exhaustive: both refuse.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// The peer offers less than it once did, and no exception covers that.
    #[error("the peer offers {offered} after {floor}{}", exception.map_or("", Unfit::text))]
    Regressed {
        /// What it offers now.
        offered: SpecVersion,
        /// The highest it offered before.
        floor: SpecVersion,
        /// Why the exception that was given does not cover it.
        exception: Option<Unfit>,
    },
    /// The floors cannot be read or written; without them nothing is accepted.
    #[error("the recorded floors cannot be used")]
    Store {
        /// What the store said.
        #[source]
        source: std::io::Error,
    },
}

reach_types::codes!(FloorError {
    Regressed => ("spec.regressed", Expired, "update the peer, or have an operator sign an exception for it"),
    Store => ("spec.floor_store", Environment, "check the state directory and its permissions"),
});

/// Why an exception does not cover an offer. Exhaustive: each case refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It names another peer.
    OtherPeer,
    /// Its end date has come.
    Ended,
    /// It does not go down as far as the offer does.
    Higher,
}

impl Unfit {
    const fn text(self) -> &'static str {
        match self {
            Self::OtherPeer => "; the exception names another peer",
            Self::Ended => "; the exception has ended",
            Self::Higher => "; the exception does not go down that far",
        }
    }
}

/// An operator's leave for one peer to go back, until a date.
///
/// Trust: plain data. Whoever builds one has verified the operator's signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorException {
    /// The peer it is for.
    pub peer: [u8; 32],
    /// The lowest version it lets through.
    pub floor: SpecVersion,
    /// The first moment at which it no longer holds.
    pub until: Timestamp,
}

/// Remembers the highest version each peer has offered.
pub trait FloorStore {
    /// The highest version `peer` has offered, if it ever did.
    ///
    /// # Errors
    /// [`FloorError::Store`] if the answer is not known for certain.
    fn floor(&self, peer: &[u8; 32]) -> Result<Option<SpecVersion>, FloorError>;

    /// Remembers that `peer` offered `seen`; never lowers what is remembered.
    ///
    /// Call it only once the peer's signature over the transcript is verified, or anybody could
    /// lock a peer out by offering a high version in its name.
    ///
    /// # Errors
    /// [`FloorError::Store`] if it is not remembered for certain.
    fn raise(&mut self, peer: &[u8; 32], seen: SpecVersion) -> Result<(), FloorError>;
}

/// Floors that last as long as the process; as many as there are peers with a verified signature.
#[derive(Debug, Clone, Default)]
pub struct MemoryFloors(BTreeMap<[u8; 32], SpecVersion>);

impl FloorStore for MemoryFloors {
    fn floor(&self, peer: &[u8; 32]) -> Result<Option<SpecVersion>, FloorError> {
        Ok(self.0.get(peer).copied())
    }

    fn raise(&mut self, peer: &[u8; 32], seen: SpecVersion) -> Result<(), FloorError> {
        let floor = self.0.entry(*peer).or_insert(seen);
        *floor = seen.max(*floor);
        Ok(())
    }
}

/// How an offer stands to what its peer offered before. Exhaustive, and worth recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloorVerdict {
    /// Nothing is remembered of this peer.
    FirstSeen,
    /// As high as before, or higher.
    Held,
    /// Lower, with an operator's leave.
    Excepted,
}

/// Checks `offer` against what `peer` offered before; changes nothing. Patches do not count.
///
/// # Errors
/// [`FloorError::Regressed`], or [`FloorError::Store`] if the store cannot answer.
pub fn check_floor(
    store: &impl FloorStore,
    peer: &[u8; 32],
    offer: &Offer,
    exception: Option<&FloorException>,
    now: Timestamp,
) -> Result<FloorVerdict, FloorError> {
    let offered = offer.spec();
    let Some(floor) = store.floor(peer)? else {
        return Ok(FloorVerdict::FirstSeen);
    };
    if offered.line() >= floor.line() {
        return Ok(FloorVerdict::Held);
    }
    let refused = |exception| FloorError::Regressed { offered, floor, exception };
    let exception = exception.ok_or_else(|| refused(None))?;
    match unfit(exception, peer, offered, now) {
        None => Ok(FloorVerdict::Excepted),
        unfit => Err(refused(unfit)),
    }
}

fn unfit(exception: &FloorException, peer: &[u8; 32], offered: SpecVersion, now: Timestamp) -> Option<Unfit> {
    if exception.peer != *peer {
        Some(Unfit::OtherPeer)
    } else if now >= exception.until {
        Some(Unfit::Ended)
    } else if offered.line() < exception.floor.line() {
        Some(Unfit::Higher)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::Code;

    const PEER: [u8; 32] = [7; 32];
    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn offer(minor: u16, patch: u16) -> Offer {
        let spec = SpecVersion::new(1, minor, patch);
        Offer::new(spec, SpecVersion::new(1, 0, 0), Vec::new()).unwrap()
    }

    fn exception(peer: [u8; 32], minor: u16, until: u64) -> FloorException {
        FloorException { peer, floor: SpecVersion::new(1, minor, 0), until: Timestamp::from_millis(until) }
    }

    #[test]
    fn v04_a_peer_does_not_go_back_without_a_fitting_exception() {
        let mut store = MemoryFloors::default();
        let first = check_floor(&store, &PEER, &offer(2, 0), None, NOW).unwrap();
        assert_eq!(first, FloorVerdict::FirstSeen);
        store.raise(&PEER, SpecVersion::new(1, 2, 5)).unwrap();
        store.raise(&PEER, SpecVersion::new(1, 1, 0)).unwrap();

        let seen = |offer: &Offer, exception: Option<FloorException>| {
            check_floor(&store, &PEER, offer, exception.as_ref(), NOW).map_err(|error| match error {
                FloorError::Regressed { exception, .. } => (error.code(), exception),
                FloorError::Store { .. } => (error.code(), None),
            })
        };
        assert_eq!(seen(&offer(2, 0), None), Ok(FloorVerdict::Held), "a lower patch is no regression");
        assert_eq!(seen(&offer(3, 0), None), Ok(FloorVerdict::Held));
        let refused = |unfit| Err(("spec.regressed", unfit));
        assert_eq!(seen(&offer(1, 9), None), refused(None));
        assert_eq!(seen(&offer(1, 0), Some(exception(PEER, 1, 1_001))), Ok(FloorVerdict::Excepted));
        assert_eq!(seen(&offer(1, 0), Some(exception(PEER, 1, 1_000))), refused(Some(Unfit::Ended)));
        assert_eq!(seen(&offer(0, 0), Some(exception(PEER, 1, 1_001))), refused(Some(Unfit::Higher)));
        assert_eq!(seen(&offer(1, 0), Some(exception([8; 32], 1, 1_001))), refused(Some(Unfit::OtherPeer)));
        let other = check_floor(&store, &[8; 32], &offer(0, 0), None, NOW).unwrap();
        assert_eq!(other, FloorVerdict::FirstSeen);
    }

    #[test]
    fn a_store_that_cannot_answer_refuses() {
        struct Broken;
        impl FloorStore for Broken {
            fn floor(&self, _: &[u8; 32]) -> Result<Option<SpecVersion>, FloorError> {
                Err(FloorError::Store { source: std::io::Error::other("unreadable") })
            }
            fn raise(&mut self, _: &[u8; 32], _: SpecVersion) -> Result<(), FloorError> {
                Err(FloorError::Store { source: std::io::Error::other("read-only") })
            }
        }
        let exception = exception(PEER, 0, u64::MAX);
        let error = check_floor(&Broken, &PEER, &offer(0, 0), Some(&exception), NOW).unwrap_err();
        assert_eq!(error.code(), "spec.floor_store");
        assert_eq!(Broken.raise(&PEER, SpecVersion::CURRENT).unwrap_err().code(), "spec.floor_store");
    }
}
