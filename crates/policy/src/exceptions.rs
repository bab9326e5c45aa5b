//! What the organization lets through unsigned, and which keyring its plugins are held against.

use reach_types::{Blake3Digest, LegacyException, Sha256Digest, is_reason};
use serde::{Deserialize, Serialize};

use crate::{Place, PolicyError, policy::check_count};

/// The most exceptions of one kind: an organization that needs more has not begun to sign.
pub const MAX_EXCEPTIONS: usize = 256;

/// The part of a policy's content that encoding 2 adds, in the order in which it is encoded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Exceptions {
    // INVARIANT, once `check` has passed: strictly ascending by digest.
    pub(crate) legacy_packs: Vec<LegacyException>,
    // INVARIANT, once `check` has passed: strictly ascending by digest.
    pub(crate) unsigned_plugins: Vec<LegacyException>,
    pub(crate) plugin_keyring: Option<Sha256Digest>,
}

impl Exceptions {
    #[cfg(feature = "bundle")]
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn lists(&self) -> [(&'static str, &[LegacyException]); 2] {
        [("legacy_packs", &self.legacy_packs), ("unsigned_plugins", &self.unsigned_plugins)]
    }

    /// Whether both lists are as sets are encoded: the order is part of the one encoding.
    #[cfg(feature = "bundle")]
    pub(crate) fn sorted(&self) -> bool {
        self.lists().into_iter().all(|(_, list)| list.is_sorted_by(|one, next| one.digest < next.digest))
    }

    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        self.lists().into_iter().try_for_each(|(list, entries)| check_list(list, entries))
    }
}

fn check_list(list: &'static str, entries: &[LegacyException]) -> Result<(), PolicyError> {
    check_count(list, MAX_EXCEPTIONS, entries.len())?;
    let place = |index| Place::field(list).at(index);
    match entries.iter().position(|entry| !is_reason(&entry.reason)) {
        Some(index) => Err(PolicyError::Reason { place: place(index) }),
        None => Ok(()),
    }
}

/// The entry of a sorted list for exactly this digest.
pub(crate) fn find<'e>(entries: &'e [LegacyException], digest: &Blake3Digest) -> Option<&'e LegacyException> {
    entries.binary_search_by(|entry| entry.digest.cmp(digest)).ok().and_then(|index| entries.get(index))
}
