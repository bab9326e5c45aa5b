//! The rules of negotiation, the transcript, and what outsiders are told.

use reach_spec_version::{Agreement, NegotiateError, Offer, Party, SpecVersion, negotiate, transcript_hash};
use reach_types::{Blake3Digest, Code};

use crate::support::{Row, id, offer};

const A: [u8; 32] = [0xa; 32];
const B: [u8; 32] = [0xb; 32];

/// The code of a negotiation, which is the same from both sides.
fn code(ours: &Offer, theirs: &Offer) -> &'static str {
    let one = negotiate(ours, theirs).map_or_else(|error| error.code(), |_| "ok");
    let other = negotiate(theirs, ours).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(one, other);
    one
}

fn agree(ours: &Offer, theirs: &Offer) -> Agreement {
    negotiate(ours, theirs).unwrap()
}

fn transcript(initiator: (&[u8; 32], &Offer), responder: (&[u8; 32], &Offer)) -> Option<Blake3Digest> {
    let agreement = negotiate(initiator.1, responder.1).ok()?;
    let party = |(id, offer)| Party { id, offer };
    Some(transcript_hash(party(initiator), party(responder), &agreement).unwrap())
}

#[test]
fn v02_majors_must_be_equal() {
    let ours = offer("1.4.0", "1.0.0", &[]);
    assert_eq!(code(&ours, &offer("2.4.0", "1.0.0", &[])), "spec.major_mismatch");
    assert_eq!(code(&ours, &offer("0.4.0", "0.0.0", &[])), "spec.major_mismatch");
    assert_eq!(code(&ours, &offer("1.5.0", "1.0.0", &[])), "ok");
    assert_eq!(agree(&ours, &offer("1.5.0", "1.0.0", &[])).spec().to_string(), "1.4");
}

#[test]
fn v03_a_feature_we_lack_is_refused_when_it_is_critical() {
    let ours = offer("1.0.0", "1.0.0", &[("a", 1, 2, false)]);
    let newer = |critical, min| offer("1.1.0", "1.0.0", &[("a", min, 5, true), ("b.new", 1, 1, critical)]);
    assert_eq!(code(&ours, &newer(false, 2)), "ok");
    assert_eq!(code(&ours, &newer(true, 2)), "spec.feature_required");
    assert_eq!(code(&ours, &newer(false, 3)), "spec.feature_required", "known, but at no common revision");

    let error = negotiate(&ours, &newer(true, 3)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 critical feature(s) without a common revision: \
         a (ours: 1-2; theirs: 3-5, critical), b.new (ours: none; theirs: 1-1, critical)"
    );
    assert_eq!(error.redact().to_string(), "the spec version or its features are not accepted");
}

#[test]
fn v04_the_common_minor_is_never_under_a_floor() {
    let floored = |floor| offer("1.4.0", floor, &[]);
    let older = offer("1.2.9", "1.0.0", &[]);
    assert_eq!(code(&floored("1.3.0"), &older), "spec.below_floor");
    assert_eq!(code(&floored("1.2.0"), &older), "ok");
    assert_eq!(code(&floored("1.2.65535"), &older), "ok", "the patch of a floor decides nothing");
    assert_eq!(code(&floored("0.9.0"), &older), "ok", "a floor below the major is no floor");
}

#[test]
fn v05_unknown_features_are_ignored_unless_critical() {
    let ours = offer("1.0.0", "1.0.0", &[("a", 1, 1, false)]);
    let unknown = |critical| offer("1.0.0", "1.0.0", &[("a", 1, 1, false), ("zz.unknown", 1, 9, critical)]);
    assert_eq!(agree(&ours, &unknown(false)), agree(&ours, &ours));
    assert_eq!(code(&ours, &unknown(true)), "spec.feature_required");
    let empty = offer("1.0.0", "1.0.0", &[]);
    assert!(agree(&ours, &empty).features().is_empty());
    assert_eq!(code(&offer("1.0.0", "1.0.0", &[("grease.9", 1, 1, true)]), &empty), "spec.feature_required");
}

const ROWS: [Row<'_>; 3] = [("a.one", 1, 3, true), ("b.two", 2, 2, false), ("c.three", 1, 200, true)];

#[test]
fn v06_an_offer_altered_in_transit_changes_the_transcript() {
    let (ours, theirs) = (offer("1.2.0", "1.0.0", &ROWS), offer("1.2.3", "1.1.0", &ROWS));
    let signed = transcript((&A, &ours), (&B, &theirs)).unwrap();
    let [one, two, three] = ROWS;
    let altered = [
        offer("1.2.3", "1.1.0", &[one, three]),
        offer("1.2.3", "1.1.0", &[one, ("b.two", 2, 2, true), three]),
        offer("1.2.3", "1.1.0", &[("a.one", 1, 3, false), two, three]),
        offer("1.2.3", "1.1.0", &[("a.one", 1, 2, true), two, three]),
        offer("1.1.3", "1.1.0", &ROWS),
        offer("1.2.3", "1.0.0", &ROWS),
        offer("1.2.2", "1.1.0", &ROWS),
    ];
    for theirs in &altered {
        let seen = transcript((&A, &ours), (&B, theirs)).unwrap();
        assert_ne!(seen, signed, "{}", theirs.to_json().unwrap());
    }
    assert_eq!(transcript((&A, &ours), (&B, &theirs)).unwrap(), signed);
}

#[test]
fn v06_every_one_byte_change_of_an_offer_is_refused_or_changes_the_transcript() {
    let (ours, theirs) = (offer("1.2.0", "1.0.0", &ROWS), offer("1.2.3", "1.1.0", &ROWS));
    let signed = transcript((&A, &ours), (&B, &theirs)).unwrap();
    let bytes = theirs.encode().unwrap();
    let mut survived = 0;
    for at in 0..bytes.len() {
        for mask in 1..=255 {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            if let Some(seen) = Offer::decode(&changed).ok().and_then(|theirs| transcript((&A, &ours), (&B, &theirs))) {
                survived += 1;
                assert_ne!(seen, signed, "byte {at} mask {mask}");
            }
        }
    }
    assert!(survived > 100, "only {survived} changes got as far as a transcript");
}

#[test]
fn v07_an_agreement_has_no_direction_and_a_transcript_has_one() {
    let (ours, theirs) = (offer("1.2.0", "1.0.0", &ROWS), offer("1.1.0", "1.0.0", &ROWS[1..]));
    let theirs_with_a = offer("1.1.0", "1.0.0", &[("a.one", 3, 9, false), ROWS[1], ROWS[2]]);
    assert_eq!(code(&ours, &theirs), "spec.feature_required");
    let theirs = theirs_with_a;
    assert_eq!(agree(&ours, &theirs).encode().unwrap(), agree(&theirs, &ours).encode().unwrap());
    let signed = transcript((&A, &ours), (&B, &theirs)).unwrap();
    assert_ne!(transcript((&B, &theirs), (&A, &ours)).unwrap(), signed);

    // Our own offer sent back to us: the roles, the ids or both tell it from the honest exchange.
    let honest = transcript((&A, &ours), (&B, &ours)).unwrap();
    assert_ne!(transcript((&B, &ours), (&A, &ours)).unwrap(), honest);
    let agreement = agree(&ours, &ours);
    let own = Party { id: &A, offer: &ours };
    assert_eq!(transcript_hash(own, own, &agreement).unwrap_err().code(), "spec.same_party");
}

#[test]
fn v07_the_agreement_itself_is_part_of_the_transcript() {
    let ours = offer("1.2.0", "1.0.0", &ROWS);
    let parties = (Party { id: &A, offer: &ours }, Party { id: &B, offer: &ours });
    let hash = |agreement: &Agreement| transcript_hash(parties.0, parties.1, agreement).unwrap();
    assert_ne!(hash(&agree(&ours, &ours)), hash(&agree(&ours, &offer("1.1.0", "1.0.0", &ROWS))));
}

#[test]
fn v08_a_use_keeps_to_the_agreed_revision() {
    let agreement =
        agree(&offer("1.0.0", "1.0.0", &ROWS), &offer("1.0.0", "1.0.0", &[("a.one", 2, 9, false), ROWS[2]]));
    let used = |feature: &str, revision| {
        agreement.check_use(&id(feature), revision).map_or_else(|error| error.code(), |()| "ok")
    };
    assert_eq!(used("a.one", 3), "ok");
    assert_eq!(used("a.one", 2), "spec.revision_mismatch");
    assert_eq!(used("a.one", 9), "spec.revision_mismatch");
    assert_eq!(used("b.two", 2), "spec.feature_not_agreed");
    assert_eq!(used("grease.1", 1), "spec.feature_not_agreed");
}

#[test]
fn v10_a_patch_changes_no_outcome_and_is_recorded() {
    let ours = offer("1.2.0", "1.0.0", &ROWS);
    let [low, high] = ["1.2.0", "1.2.65535"].map(|spec| offer(spec, "1.0.0", &ROWS));
    assert_eq!(agree(&ours, &low).encode().unwrap(), agree(&ours, &high).encode().unwrap());
    assert_ne!(transcript((&A, &ours), (&B, &low)), transcript((&A, &ours), (&B, &high)));
    let [low, high] = ["2.0.0", "2.0.1"].map(|spec| offer(spec, "1.0.0", &[]));
    assert_eq!(code(&ours, &low), code(&ours, &high));
    assert_eq!(SpecVersion::CURRENT.line(), SpecVersion::new(1, 0, 9).line());
}

#[test]
fn every_code_is_listed_once_under_this_surface() {
    let mut codes: Vec<_> = reach_spec_version::CODES.iter().copied().flatten().map(|row| row.code).collect();
    let before = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), before);
    assert!(codes.iter().all(|code| code.starts_with("spec.")));
    assert!(codes.contains(&NegotiateError::ROWS[0].code));
}
