//! What is due: documents and keys that end soon, and keys that grow too old.

use std::time::Duration;

use reach_types::{KeyId, Timestamp};

use crate::{KeyStanding, Role, VerifiedTrust};

/// The longest time in advance of which something is called due.
const NOTICE: Duration = Duration::from_secs(30 * 86_400);

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueKind {
    /// The document: nothing is authorized after it.
    Document,
    /// A key's validity.
    Validity,
    /// The age that the document allows a key: it signs nothing after that.
    Age,
}

/// Something that ends soon, or a key that is over age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What ends.
    pub kind: DueKind,
    /// The key and its signer and role; `None` for the document.
    pub key: Option<(String, Role, KeyId)>,
    /// When.
    pub at: Timestamp,
}

impl Due {
    /// Whether it is over already: only a key's age can be, of what is listed.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.at
    }
}

impl VerifiedTrust {
    /// What ends within 30 days of `now`, or within the last tenth of its time if that is shorter,
    /// the first to end first. Keys that are retired, revoked or at their end are not listed; active
    /// keys that are over age are.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<Due> {
        let document = self.document();
        let mut due: Vec<Due> = Vec::new();
        let mut note = |kind, key: Option<(String, Role, KeyId)>, from: Timestamp, at: Timestamp| {
            let length = Duration::from_millis(at.as_millis().saturating_sub(from.as_millis()));
            if now >= at.saturating_sub(NOTICE.min(length / 10)) {
                due.push(Due { kind, key, at });
            }
        };
        note(DueKind::Document, None, document.created, document.expires);
        for (signer, key) in document.keys() {
            if !matches!(document.standing(key, now), KeyStanding::Active | KeyStanding::Overdue) {
                continue;
            }
            let named = || Some((signer.name.clone(), key.role, key.public.key_id()));
            match document.overdue_from(key).filter(|overdue| *overdue < key.not_after) {
                Some(overdue) => note(DueKind::Age, named(), key.not_before, overdue),
                None => note(DueKind::Validity, named(), key.not_before, key.not_after),
            }
        }
        due.sort_by(|a, b| (a.at, a.kind, &a.key).cmp(&(b.at, b.kind, &b.key)));
        due
    }
}
