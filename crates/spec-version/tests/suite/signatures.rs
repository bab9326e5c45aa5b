//! An alteration in transit breaks the signature that the transcript stands in.

use std::sync::LazyLock;

use proptest::prelude::*;
use reach_signing::{Message, Role, Signature, Signer, SigningKey};
use reach_spec_version::{Offer, Party, negotiate, transcript_hash};

use crate::support::{Row, offer};

const INITIATOR: [u8; 32] = [0xa; 32];
const RESPONDER: [u8; 32] = [0xb; 32];
const ROWS: [Row<'_>; 3] = [("a.one", 1, 3, true), ("b.two", 2, 2, false), ("c.three", 1, 200, true)];
/// Any type that a node signs: the real ones hold the transcript among other fields.
const PAYLOAD_TYPE: &str = "application/vnd.reach.mesh.link.v1";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(Role::Node, &[7; 32]).unwrap());

/// What one side signs or verifies, having sent `ours` and seen `theirs`.
fn message(ours: &Offer, theirs: &Offer) -> Option<Message> {
    let agreement = negotiate(ours, theirs).ok()?;
    let (initiator, responder) = (Party { id: &INITIATOR, offer: ours }, Party { id: &RESPONDER, offer: theirs });
    let transcript = transcript_hash(initiator, responder, &agreement).unwrap();
    Some(Message::dsse(PAYLOAD_TYPE, transcript.as_bytes()))
}

struct Exchange {
    ours: Offer,
    theirs: Offer,
    signature: Signature,
}

static SIGNED: LazyLock<Exchange> = LazyLock::new(|| {
    let (ours, theirs) = (offer("1.2.0", "1.0.0", &ROWS), offer("1.2.3", "1.1.0", &ROWS));
    let signature = KEY.sign(&message(&ours, &theirs).unwrap()).unwrap();
    Exchange { ours, theirs, signature }
});

/// Whether the signature holds for the exchange as this side saw it; `None` without an agreement.
fn holds(ours: &Offer, theirs: &Offer) -> Option<bool> {
    message(ours, theirs).map(|message| KEY.public_key().verifies(&message, &SIGNED.signature))
}

#[test]
fn v06_a_stripped_or_weakened_feature_breaks_the_signature() {
    let [one, two, three] = ROWS;
    let altered = [
        ("a feature stripped", offer("1.2.3", "1.1.0", &[one, three])),
        ("criticality flipped", offer("1.2.3", "1.1.0", &[("a.one", 1, 3, false), two, three])),
        ("criticality flipped the other way", offer("1.2.3", "1.1.0", &[one, ("b.two", 2, 2, true), three])),
        ("a revision lowered", offer("1.2.3", "1.1.0", &[("a.one", 1, 2, true), two, three])),
        ("the version lowered", offer("1.1.3", "1.1.0", &ROWS)),
        ("the floor lowered", offer("1.2.3", "1.0.0", &ROWS)),
        ("the patch lowered", offer("1.2.2", "1.1.0", &ROWS)),
    ];
    for (what, theirs) in &altered {
        assert_eq!(holds(&SIGNED.ours, theirs), Some(false), "{what}");
    }
    let ours = offer("1.2.0", "1.0.0", &[one, three]);
    assert_eq!(holds(&ours, &SIGNED.theirs), Some(false), "in the other side's offer");
    assert_eq!(holds(&SIGNED.ours, &SIGNED.theirs), Some(true));
}

#[test]
fn v07_a_reflected_exchange_breaks_the_signature() {
    assert_eq!(holds(&SIGNED.theirs, &SIGNED.ours), Some(false), "the offers changed places");
    let agreement = negotiate(&SIGNED.ours, &SIGNED.theirs).unwrap();
    let party = |id, offer| Party { id, offer };
    for (initiator, responder) in [
        (party(&RESPONDER, &SIGNED.theirs), party(&INITIATOR, &SIGNED.ours)),
        (party(&RESPONDER, &SIGNED.ours), party(&INITIATOR, &SIGNED.theirs)),
    ] {
        let reflected = transcript_hash(initiator, responder, &agreement).unwrap();
        let message = Message::dsse(PAYLOAD_TYPE, reflected.as_bytes());
        assert!(!KEY.public_key().verifies(&message, &SIGNED.signature));
    }
}

proptest! {
    /// A byte replaced, put in or taken out, in either offer: refused as an offer, without an
    /// agreement, or under another transcript than the one that was signed.
    #[test]
    fn v06_any_one_byte_change_of_an_offer_breaks_the_signature(
        ours in any::<bool>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3
    ) {
        let victim = if ours { &SIGNED.ours } else { &SIGNED.theirs };
        let before = victim.encode().unwrap();
        let (mut changed, at) = (before.clone(), at.index(before.len()));
        match how {
            0 => changed[at] = byte,
            1 => changed.insert(at, byte),
            _ => drop(changed.remove(at)),
        }
        prop_assume!(changed != before);
        let Ok(victim) = Offer::decode(&changed) else { return Ok(()) };
        let seen = if ours { holds(&victim, &SIGNED.theirs) } else { holds(&SIGNED.ours, &victim) };
        prop_assert_ne!(seen, Some(true));
    }
}

#[test]
fn v06_every_single_byte_of_every_value_breaks_the_signature() {
    let before = SIGNED.theirs.encode().unwrap();
    let mut reached = 0;
    for at in 0..before.len() {
        // One bit at a time: the decoder lets enough of them through to get as far as a signature.
        for bit in 0..8 {
            let mut changed = before.clone();
            changed[at] ^= 1 << bit;
            if let Some(seen) = Offer::decode(&changed).ok().and_then(|theirs| holds(&SIGNED.ours, &theirs)) {
                reached += 1;
                assert!(!seen, "byte {at} bit {bit}");
            }
        }
    }
    assert!(reached > 40, "only {reached} changes got as far as a signature");
}
