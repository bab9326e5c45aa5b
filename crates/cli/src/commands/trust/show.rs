//! What a trust document says, for people and machines.

use reach_signing::{KeyEntry, KeyStanding, SignerEntry, TrustChain, TrustDocument};
use reach_types::Timestamp;
use serde_json::{Value, json};

use crate::{report::Report, terminal::shown};

/// Adds everything that the newest version of `chain` says, as of `now`.
pub(super) fn describe(report: Report, chain: &TrustChain, pinned: bool, now: Timestamp) -> Report {
    let document = chain.newest().document();
    let pinned = if pinned { "pinned" } else { "caller_supplied" };
    let keys: Vec<Value> = document.keys().map(|(signer, key)| value(document, signer, key, now)).collect();
    let lines = document.keys().map(|(signer, key)| line(document, signer, key, now));
    let revoked = document.revoked_packs.iter();
    let revoked =
        revoked.map(|pack| shown(&format!("  revoked pack {} since {}: {}", pack.digest, pack.since, pack.reason)));
    let report = report.check("every version is signed by the root thresholds of both sides");
    let in_force = now < document.expires;
    let report = if in_force { report.check("the document has not expired") } else { report };
    let until = if in_force { "valid until" } else { "expired at" };
    report
        .field("version", document.version)
        .field("digest", chain.newest().digest().to_string())
        .field("created", document.created.to_string())
        .field("expires", document.expires.to_string())
        .field("max_key_age_days", document.max_key_age_days)
        .field("thresholds", json!(document.thresholds))
        .field("trust_root", pinned)
        .field("trust_root_digest", chain.root().to_string())
        .field("keys", keys)
        .field("revoked_packs", json!(document.revoked_packs))
        .line(format!("trust document version {}, {until} {}", document.version, document.expires))
        .line(format!("trust root {} ({pinned})", chain.root()))
        .lines(document.max_key_age_days.map(|days| format!("keys may be {days} days old")))
        .lines(lines)
        .lines(revoked)
}

fn value(document: &TrustDocument, signer: &SignerEntry, key: &KeyEntry, now: Timestamp) -> Value {
    json!({
        "signer": signer.name,
        "role": key.role,
        "keyid": key.public.key_id(),
        "not_before": key.not_before,
        "not_after": key.not_after,
        "standing": word(document.standing(key, now)),
        "retired": key.retired,
        "revoked": key.revoked,
        "packs": signer.packs,
    })
}

fn line(document: &TrustDocument, signer: &SignerEntry, key: &KeyEntry, now: Timestamp) -> String {
    let standing = document.standing(key, now);
    let ends = match (&key.revoked, key.retired) {
        (Some(revoked), _) => format!("revoked ({}) since {}", revoked.reason.as_str(), revoked.since),
        (None, Some(at)) if standing == KeyStanding::Retired => format!("retired since {at}"),
        (None, Some(at)) => format!("until {}, retires {at}", key.not_after),
        (None, None) => format!("until {}", key.not_after),
    };
    let note = if standing == KeyStanding::Overdue { ", over age" } else { "" };
    let (name, role, id) = (shown(&signer.name), key.role.as_str(), key.public.key_id());
    format!("  {name:<10} {role:<9} {id}  {ends}{note}")
}

const fn word(standing: KeyStanding) -> &'static str {
    match standing {
        KeyStanding::Active => "active",
        KeyStanding::NotYetValid => "not_yet_valid",
        KeyStanding::Expired => "expired",
        KeyStanding::Overdue => "overdue",
        KeyStanding::Retired => "retired",
        KeyStanding::Revoked => "revoked",
    }
}
