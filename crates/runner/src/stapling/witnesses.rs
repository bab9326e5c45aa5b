//! The moment that a quorum of witnesses vouches for.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reach_signing::{KeyStanding, Role, SignatureId, VerifiedTrust};
use reach_tlog::{CosignatureError, SignedNote};
use reach_types::Timestamp;

/// What enough witnesses say of a checkpoint.
pub(super) struct Quorum {
    /// The second in which the last witness that is needed saw it.
    pub(super) seen: Timestamp,
    /// The moment before which it existed: the end of that second.
    pub(super) before: Timestamp,
    /// The names of those that count.
    pub(super) witnesses: Vec<String>,
}

/// The witnesses of `note` that count, if there are as many as the trust document wants.
///
/// Signers are counted, not keys. One that runs the log or made a signature does not count: it would
/// date its own work. A key counts if it stood when it cosigned, and was not revoked since; a time
/// after `now` is none that a witness can have seen.
///
/// # Errors
/// [`CosignatureError`] if a cosignature under a trusted key's id does not verify, or is of no time.
pub(super) fn quorum(
    note: &SignedNote,
    trust: &VerifiedTrust,
    interested: &BTreeSet<&str>,
    now: Timestamp,
) -> Result<Option<Quorum>, CosignatureError> {
    let document = trust.document();
    let trusted: Vec<_> =
        document.keys().filter(|(_, key)| key.role == Role::Witness && key.revoked.is_none()).collect();
    let keys: Vec<_> = trusted.iter().map(|(_, key)| key.public).collect();
    let mut earliest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for one in note.cosignatures(&keys)? {
        let Some((signer, key)) = trusted.iter().find(|(_, key)| key.public == one.key) else { continue };
        let stood = document.standing(key, one.time) == KeyStanding::Active;
        if stood && one.time <= now && !interested.contains(signer.name.as_str()) {
            earliest.entry(&signer.name).and_modify(|time| *time = one.time.min(*time)).or_insert(one.time);
        }
    }
    let mut seen: Vec<(Timestamp, &str)> = earliest.into_iter().map(|(name, time)| (time, name)).collect();
    seen.sort_unstable();
    // A threshold of 0 is refused when the document is loaded; none is met by nobody.
    let needed = document.threshold(Role::Witness).max(1);
    let Some((last, _)) = seen.get(needed.saturating_sub(1)) else { return Ok(None) };
    Ok(Some(Quorum {
        seen: *last,
        before: last.saturating_add(Duration::from_secs(1)),
        witnesses: seen.iter().take(needed).map(|(_, name)| (*name).to_owned()).collect(),
    }))
}

/// The signers who have an interest in the date: whoever holds one of the keys that signed.
pub(super) fn signers_of<'t>(trust: &'t VerifiedTrust, signatures: &BTreeSet<SignatureId>) -> BTreeSet<&'t str> {
    let of = |(key_id, _): &SignatureId| trust.key(key_id).map(|(signer, _)| signer.name.as_str());
    signatures.iter().filter_map(of).collect()
}
