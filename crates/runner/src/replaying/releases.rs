//! Logs of earlier releases, which negotiated with earlier offers: the transcript they are bound to
//! is made again from those.

use reach_pack_integrity::VerifiedPack;
use reach_replay::{ExpectedGuards, Guard, ReplayError};
use reach_spec_version::Offer;
use reach_types::NodeId;

use super::ReplayRunError;
use crate::admission::{Admission, transcripts};

/// What a log may be bound to: what `admission` is, and the same with the transcript of each of
/// `offers`. All of it is this node's own; nothing is taken from the log.
pub(super) fn expected_guards(
    admission: &Admission<'_>,
    pack: &VerifiedPack,
    node: &NodeId,
    offers: &[Offer],
) -> Result<Vec<ExpectedGuards>, ReplayRunError> {
    let current = *admission.guards();
    let released = transcripts(pack, node, offers).map_err(ReplayRunError::Admit)?;
    let others = released.into_iter().filter(|transcript| *transcript != current.transcript);
    let others = others.map(|transcript| ExpectedGuards { transcript, ..current });
    Ok(std::iter::once(current).chain(others).collect())
}

/// What `verify` says of the first of `expected` that the log is bound to, as far as transcripts tell.
/// Guards stand in the first frame, so no more than that is read again; if it is bound to none, the
/// answer is that.
pub(super) fn first_bound<T>(
    expected: &[ExpectedGuards],
    verify: impl Fn(&ExpectedGuards) -> Result<T, ReplayRunError>,
) -> Result<T, ReplayRunError> {
    const OTHER: ReplayError = ReplayError::GuardMismatch { guard: Guard::Transcript };
    let none = Err(ReplayRunError::Log(OTHER));
    expected.iter().fold(none, |verified, expected| match verified {
        Err(ReplayRunError::Log(OTHER)) => verify(expected),
        verified => verified,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use reach_replay::{EndReason, Header, Limits, Outcome, Recorder, engine_digest, verify};
    use reach_signing::{Role, Signer as _, SigningKey, TrustDocument, VerifiedTrust};
    use reach_spec_version::{Feature, FeatureId, Party, SpecVersion, own_offer};
    use reach_types::{Blake3Digest, Code, Sha256Digest, TenantId, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::agreeing::Spoken;

    const NOW: &str = "2026-06-01T00:00:00Z";

    fn key(role: Role) -> SigningKey {
        SigningKey::from_seed(role, &[3; 32]).unwrap()
    }

    fn trust() -> VerifiedTrust {
        let root = SigningKey::from_seed(Role::Root, &[4; 32]).unwrap();
        let entry = |key: &SigningKey| {
            json!([{ "public": key.public_key(), "role": key.role(),
                     "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z" }])
        };
        let document = json!({
            "schema": "reach-trust/1", "version": 1, "thresholds": {},
            "created": "2026-01-01T00:00:00Z", "expires": "2027-01-01T00:00:00Z",
            "signers": [
                { "name": "root", "keys": entry(&root), "packs": [] },
                { "name": "node", "keys": entry(&key(Role::Run)), "packs": [] },
            ],
        });
        let document: TrustDocument = serde_json::from_value(document).unwrap();
        let file = document.sign_first(&[&root]).unwrap();
        VerifiedTrust::verify(file.as_bytes(), None, Timestamp::parse(NOW).unwrap()).unwrap()
    }

    /// The transcript of one pack with a node that offers `ours`.
    fn transcript(ours: &Offer) -> Blake3Digest {
        let ustar = Feature::new(FeatureId::parse("pack.ustar").unwrap(), 1, 1, true).unwrap();
        let one = SpecVersion::new(1, 0, 0);
        let needs = Offer::new(one, one, vec![ustar]).unwrap();
        let spoken =
            Spoken::between(Party { id: &[1; 32], offer: &needs }, Party { id: &[2; 32], offer: ours }).unwrap();
        spoken.transcript
    }

    fn guards(transcript: Blake3Digest) -> ExpectedGuards {
        let digest = |byte| Blake3Digest::from_bytes([byte; 32]);
        let engine = engine_digest("engine", "1");
        ExpectedGuards { pack: digest(1), bundle: digest(2), registry: digest(3), transcript, engine, chain: None }
    }

    fn log(guards: &ExpectedGuards) -> Vec<u8> {
        let (node, tenant) = (NodeId(Sha256Digest::from_bytes([2; 32])), TenantId::parse("default").unwrap());
        let now = Timestamp::parse(NOW).unwrap();
        let mut bytes = Vec::new();
        let recorder = Recorder::start(&mut bytes, Header::new(node, [7; 32], tenant, now, guards), Limits::default());
        recorder.unwrap().finish(EndReason::Completed, now, &key(Role::Run)).unwrap();
        bytes
    }

    #[test]
    fn v10_r09_a_log_of_an_earlier_release_stays_verified() {
        let (trust, now) = (trust(), Timestamp::parse(NOW).unwrap());
        let current = own_offer().unwrap();
        // What releases before and after this one might offer.
        let of = |minor, patch, features: usize| {
            let kept = current.features().iter().take(features).cloned().collect();
            let ustar = Feature::new(FeatureId::parse("pack.ustar").unwrap(), 1, 1, false).unwrap();
            let mut features: Vec<Feature> = kept;
            features.retain(|one| one.id() < ustar.id());
            features.push(ustar);
            Offer::new(SpecVersion::new(1, minor, patch), SpecVersion::new(1, 0, 0), features).unwrap()
        };
        let (older, oldest, unknown) = (of(0, 3, 4), of(0, 0, 1), of(7, 0, 4));
        let expected = [&current, &older, &oldest].map(|offer| guards(transcript(offer)));
        let tries = Cell::new(0);
        let answer = |log: &[u8]| {
            tries.set(0);
            let verified = first_bound(&expected, |expected| {
                tries.set(tries.get() + 1);
                verify(log, &trust, Some(expected), &Limits::default(), now).map_err(ReplayRunError::Log)
            });
            (verified.map(|report| report.outcome).map_err(|error| error.code()), tries.get())
        };
        for (at, guards) in (1..).zip(&expected) {
            assert_eq!(answer(&log(guards)), (Ok(Outcome::Verified), at));
        }
        assert_eq!(answer(&log(&guards(transcript(&unknown)))), (Err("replay.guard_mismatch"), 3));
        // Any other difference is one at once, and a broken log is not tried again.
        let other = ExpectedGuards { pack: Blake3Digest::from_bytes([9; 32]), ..guards(transcript(&older)) };
        assert_eq!(answer(&log(&other)), (Err("replay.guard_mismatch"), 1));
        let mut broken = log(&guards(transcript(&older)));
        let last = broken.len() - 33;
        broken[last] ^= 1;
        assert_eq!(answer(&broken).1, 2);
        assert_ne!(answer(&broken).0, Ok(Outcome::Verified));
    }
}
