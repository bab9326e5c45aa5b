//! One step of a trust document's history: who has to sign it, and as of when that is judged.

use std::{collections::BTreeSet, time::Duration};

use reach_types::{KeyId, Timestamp};

use crate::{
    AuthorityError, EnvelopeError, EnvelopeSignature, KeyEntry, KeyStanding, Message, Missing, Role, Signature,
    TRUST_PAYLOAD_TYPE, TrustError, TrustVersion,
};

/// Who signed a version, and what is still missing.
pub(crate) struct Counted {
    pub(crate) signed_by: BTreeSet<(String, KeyId)>,
    pub(crate) missing: Vec<Missing>,
}

/// One of the documents whose roots have to agree to a step.
struct Side<'t> {
    version: &'t TrustVersion,
    at: Timestamp,
    /// Whether it is the version that is followed, not the one that is signed.
    hands_over: bool,
}

/// Version N+1 must count exactly one more and not step back in time, and it carries the root
/// thresholds of N and of N+1; version 1 only its own. Every signature must be by a root of either.
pub(crate) fn check(
    previous: Option<&TrustVersion>,
    next: &TrustVersion,
    now: Timestamp,
) -> Result<Counted, TrustError> {
    let (document, version) = (next.document(), next.document().version);
    let follows = previous.map_or(Some(1), |previous| previous.document().version.checked_add(1));
    // A step that dates itself before the one it follows could bring back a retired root.
    let later = previous.is_none_or(|previous| previous.document().created <= document.created);
    if follows != Some(version) || !later {
        return Err(TrustError::Chain { version });
    }
    if next.envelope().unverified_payload_type() != TRUST_PAYLOAD_TYPE {
        return Err(TrustError::Envelope(EnvelopeError::WrongPayloadType { expected: TRUST_PAYLOAD_TYPE }));
    }
    let at = document.created.min(now);
    let before = previous.map(|version| Side { version, at: at.min(last_second(version)), hands_over: true });
    let sides: Vec<Side<'_>> = before.into_iter().chain([Side { version: next, at, hands_over: false }]).collect();
    count(next, &sides).map_err(TrustError::Envelope)
}

/// The last second in which a version is in force: its roots may still hand over after it.
fn last_second(version: &TrustVersion) -> Timestamp {
    version.document().expires.saturating_sub(Duration::from_secs(1))
}

fn count(next: &TrustVersion, sides: &[Side<'_>]) -> Result<Counted, EnvelopeError> {
    let message = next.envelope().message();
    let mut counted: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); sides.len()];
    let mut signed_by = BTreeSet::new();
    for one in next.envelope().signatures() {
        let (name, key) = count_one(one, &message, sides, &mut counted)?;
        signed_by.insert((name.to_owned(), key));
    }
    let missing = sides.iter().zip(&counted).filter_map(|(side, names)| side.missing(names.len()));
    Ok(Counted { signed_by, missing: missing.collect() })
}

/// Counts one signature on every side whose root made it; returns the last such root.
fn count_one<'t>(
    one: &EnvelopeSignature,
    message: &Message,
    sides: &[Side<'t>],
    counted: &mut [BTreeSet<&'t str>],
) -> Result<(&'t str, KeyId), EnvelopeError> {
    let key_id = one.key_id.ok_or(EnvelopeError::Untrusted)?;
    let signature = Signature::from_slice(&one.signature).ok_or(EnvelopeError::BadSignature)?;
    let mut found = Err(EnvelopeError::Untrusted);
    for (side, names) in sides.iter().zip(counted) {
        let Some((signer, key)) = side.version.key(&key_id).filter(|(_, key)| key.role == Role::Root) else { continue };
        if !key.public.verifies(message, &signature) {
            return Err(EnvelopeError::BadSignature);
        }
        match side.judge(key) {
            Ok(()) => {
                names.insert(&signer.name);
                found = Ok((signer.name.as_str(), key_id));
            }
            Err(lost) if found.is_err() => found = Err(EnvelopeError::Authority(lost)),
            Err(_) => {}
        }
    }
    found
}

impl Side<'_> {
    fn missing(&self, actual: usize) -> Option<Missing> {
        let document = self.version.document();
        let required = document.threshold(Role::Root);
        (actual < required).then_some(Missing { version: document.version, required, actual })
    }

    /// Whether the root `key` counts for this side. A retirement counts at once, as a revocation does:
    /// `created` is the signers' own word, and a root that is on its way out could write any date.
    ///
    /// A missed rotation does not bar a root from handing over to another, or every node would have
    /// to be pinned anew; it bars it from being a root of what it signs.
    fn judge(&self, key: &KeyEntry) -> Result<(), AuthorityError> {
        if key.retired.is_some() && key.revoked.is_none() {
            return Err(AuthorityError::Retired);
        }
        let document = self.version.document();
        let standing = if self.hands_over { key.stated(self.at) } else { document.standing(key, self.at) };
        standing_error(standing, key, document.overdue_from(key))
    }
}

/// What a key that does not stand is refused with.
pub(crate) fn standing_error(
    standing: KeyStanding,
    key: &KeyEntry,
    overdue: Option<Timestamp>,
) -> Result<(), AuthorityError> {
    match standing {
        KeyStanding::Active => Ok(()),
        KeyStanding::NotYetValid => Err(AuthorityError::NotYetValid { from: key.not_before }),
        KeyStanding::Expired => Err(AuthorityError::Expired { expired: key.not_after }),
        KeyStanding::Overdue => Err(AuthorityError::Overdue { since: overdue.unwrap_or(key.not_before) }),
        KeyStanding::Retired => Err(AuthorityError::Retired),
        KeyStanding::Revoked => Err(AuthorityError::Revoked),
    }
}
