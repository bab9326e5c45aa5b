//! The moment that a quorum of witnesses vouches for.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reach_signing::{KeyEntry, KeyStanding, Role, SignatureId, TrustDocument, VerifiedTrust};
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

/// What one witness key states that may count.
struct Stated<'t> {
    witness: &'t str,
    key: &'t KeyEntry,
    time: Timestamp,
}

/// The witnesses of `note` that count, if there are as many as the trust document wants.
///
/// Signers are counted, not keys. One that runs the log or made a signature does not count: it would
/// date its own work. A key counts if it stood when it cosigned, and was not revoked since; a time
/// after `now` is none that a witness can have seen. A key that has ended dates nothing by its own
/// word: see [`corroborated`].
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
    let stated = stated(note, document, interested, now)?;
    let mut earliest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for (witness, time) in corroborated(&stated, document, now) {
        earliest.entry(witness).and_modify(|earliest| *earliest = time.min(*earliest)).or_insert(time);
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

fn stated<'t>(
    note: &SignedNote,
    document: &'t TrustDocument,
    interested: &BTreeSet<&str>,
    now: Timestamp,
) -> Result<Vec<Stated<'t>>, CosignatureError> {
    let trusted: Vec<_> =
        document.keys().filter(|(_, key)| key.role == Role::Witness && key.revoked.is_none()).collect();
    let keys: Vec<_> = trusted.iter().map(|(_, key)| key.public).collect();
    let mut counted = Vec::new();
    for one in note.cosignatures(&keys)? {
        let Some((signer, key)) = trusted.iter().find(|(_, key)| key.public == one.key) else { continue };
        let stated = Stated { witness: &signer.name, key, time: one.time };
        if stands(document, key, one.time) && one.time <= now && !interested.contains(stated.witness) {
            counted.push(stated);
        }
    }
    Ok(counted)
}

/// From when on each word counts. That of a key that stands now counts as it is. Whoever has a key
/// that has ended, by theft perhaps, can write any time of its life: its word counts from the first
/// time that a key which stands now states, and only if it stood then too. So it can add a witness,
/// and never an earlier date.
fn corroborated<'t>(
    stated: &[Stated<'t>],
    document: &TrustDocument,
    now: Timestamp,
) -> impl Iterator<Item = (&'t str, Timestamp)> {
    let standing = move |one: &Stated<'_>| stands(document, one.key, now);
    let first = stated.iter().filter(|one| standing(one)).map(|one| one.time).min();
    stated.iter().filter_map(move |one| {
        let from = if standing(one) { one.time } else { one.time.max(first?) };
        stands(document, one.key, from).then_some((one.witness, from))
    })
}

fn stands(document: &TrustDocument, key: &KeyEntry, at: Timestamp) -> bool {
    document.standing(key, at) == KeyStanding::Active
}

/// The signers who have an interest in the date: whoever holds one of the keys that signed.
pub(super) fn signers_of<'t>(trust: &'t VerifiedTrust, signatures: &BTreeSet<SignatureId>) -> BTreeSet<&'t str> {
    let of = |(key_id, _): &SignatureId| trust.key(key_id).map(|(signer, _)| signer.name.as_str());
    signatures.iter().filter_map(of).collect()
}
