//! Whether a key may sign at a moment, and what it signed before its end.

use std::time::Duration;

use reach_types::Timestamp;

use crate::{KeyEntry, RevocationReason, TrustDocument};

const DAY: Duration = Duration::from_secs(86_400);

/// Whether a key may sign at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStanding {
    /// It may.
    Active,
    /// Its time has not come.
    NotYetValid,
    /// Its time is over.
    Expired,
    /// It is older than the document allows.
    Overdue,
    /// It was retired.
    Retired,
    /// It was revoked, at whatever date.
    Revoked,
}

impl KeyEntry {
    /// What its own dates say at `now`, whatever the document says of its age.
    pub(crate) fn stated(&self, now: Timestamp) -> KeyStanding {
        if self.revoked.is_some() {
            KeyStanding::Revoked
        } else if self.retired.is_some_and(|since| now >= since) {
            KeyStanding::Retired
        } else if now < self.not_before {
            KeyStanding::NotYetValid
        } else if now >= self.not_after {
            KeyStanding::Expired
        } else {
            KeyStanding::Active
        }
    }
}

impl TrustDocument {
    /// Where `key` stands at `now`. A revocation counts at once, whatever its date: a signature's own
    /// claim to be older is no evidence.
    #[must_use]
    pub fn standing(&self, key: &KeyEntry, now: Timestamp) -> KeyStanding {
        match key.stated(now) {
            KeyStanding::Active if self.overdue_from(key).is_some_and(|since| now >= since) => KeyStanding::Overdue,
            stated => stated,
        }
    }

    /// From when on `key` is older than this document allows, if it limits the age of keys.
    #[must_use]
    pub fn overdue_from(&self, key: &KeyEntry) -> Option<Timestamp> {
        self.max_key_age_days.map(|days| key.not_before.saturating_add(DAY.saturating_mul(days)))
    }

    /// Whether `key` has lost its authority and still stood when a signature was made that existed
    /// before `before`. A compromised key's signatures are void whenever they were made: whoever holds
    /// it can have made them all.
    pub(crate) fn stood_before(&self, key: &KeyEntry, before: Timestamp) -> bool {
        let revoked = match &key.revoked {
            Some(revoked) if revoked.reason == RevocationReason::Compromised => return false,
            Some(revoked) => Some(revoked.since),
            None => None,
        };
        let ends = [Some(key.not_after), self.overdue_from(key), key.retired, revoked];
        // Strictly before `before`: at its first moment already, nothing was signed by then.
        key.not_before < before && ends.into_iter().flatten().all(|end| before <= end)
    }
}
