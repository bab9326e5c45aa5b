//! Two offers each, and what they come to: agreement and transcripts, or the refusal.

use serde_json::{Value, json};

use super::{
    Case,
    wire::{Row, agreement, agreement_json, hex, offer, offer_json, transcript},
};

const INITIATOR: [u8; 32] = [0x0a; 32];
const RESPONDER: [u8; 32] = [0x0b; 32];

struct Side<'a>([u64; 3], [u64; 3], &'a [Row<'a>]);

impl Side<'_> {
    fn encoded(&self) -> Vec<u8> {
        offer(self.0, self.1, self.2)
    }

    fn json(&self) -> String {
        offer_json(self.0, self.1, self.2)
    }
}

const V1: [u64; 3] = [1, 0, 0];
const A: Row<'_> = ("a.one", 1, 3, 1);
const B: Row<'_> = ("b.two", 2, 2, 0);
const C: Row<'_> = ("c.three", 1, 200, 1);
const ROWS: &[Row<'_>] = &[A, B, C];
const AGREED: &[(&str, u64)] = &[("a.one", 3), ("b.two", 2), ("c.three", 200)];

pub(super) fn all() -> Vec<Case> {
    let new = [1, 4, 0];
    let ours = || Side(new, V1, ROWS);
    let floored = |spec, floor| Side(spec, floor, &[]);
    let plain: Row<'_> = ("a.one", 1, 3, 0);
    let required = "spec.feature_required";
    vec![
        agreed("", "the same offer on both sides", &ours(), &ours(), [1, 4], AGREED),
        agreed("V02", "a later minor of the same major", &ours(), &Side([1, 5, 0], V1, ROWS), [1, 4], AGREED),
        refused("V02", "spec.major_mismatch", "a later major", &ours(), &Side([2, 4, 0], V1, ROWS)),
        refused("V02", "spec.major_mismatch", "an earlier major", &ours(), &Side([0, 4, 0], [0, 0, 0], ROWS)),
        agreed(
            "V03",
            "a later minor with a feature we lack, ignorable",
            &ours(),
            &Side([1, 5, 0], V1, &[A, B, C, ("d.new", 1, 1, 0)]),
            [1, 4],
            AGREED,
        ),
        refused(
            "V03",
            required,
            "a later minor with a feature we lack, critical",
            &ours(),
            &Side([1, 5, 0], V1, &[A, B, C, ("d.new", 1, 1, 1)]),
        ),
        refused(
            "V03",
            required,
            "a critical feature at no common revision",
            &ours(),
            &Side(new, V1, &[("a.one", 4, 9, 0), B, C]),
        ),
        refused("V03", required, "our critical feature, which they lack", &ours(), &Side(new, V1, &[B, C])),
        agreed(
            "V03",
            "the lowest common revision is enough",
            &ours(),
            &Side(new, V1, &[("a.one", 3, 9, 1), B, C]),
            [1, 4],
            AGREED,
        ),
        agreed("V04", "the common minor is the floor", &floored(new, [1, 2, 0]), &floored([1, 2, 9], V1), [1, 2], &[]),
        refused(
            "V04",
            "spec.below_floor",
            "the common minor is below our floor",
            &floored(new, [1, 3, 0]),
            &floored([1, 2, 9], V1),
        ),
        agreed(
            "V05",
            "an unknown ignorable feature changes nothing",
            &ours(),
            &Side(new, V1, &[A, B, C, ("zz.unknown", 1, 9, 0)]),
            [1, 4],
            AGREED,
        ),
        refused(
            "V05",
            required,
            "an unknown critical feature",
            &ours(),
            &Side(new, V1, &[A, B, C, ("zz.unknown", 1, 9, 1)]),
        ),
        agreed(
            "V05",
            "grease that both sides send is unknown to both",
            &Side(new, V1, &[plain, ("grease.1", 1, 1, 0)]),
            &Side(new, V1, &[plain, ("grease.1", 1, 1, 0)]),
            [1, 4],
            &[("a.one", 3)],
        ),
        refused(
            "V05",
            required,
            "grease that one side calls critical",
            &Side(new, V1, &[("grease.1", 1, 1, 1)]),
            &Side(new, V1, &[("grease.1", 1, 1, 0)]),
        ),
        agreed(
            "V06",
            "altered in transit: a feature stripped",
            &ours(),
            &Side(new, V1, &[A, C]),
            [1, 4],
            &[("a.one", 3), ("c.three", 200)],
        ),
        agreed(
            "V06",
            "altered in transit: criticality flipped",
            &ours(),
            &Side(new, V1, &[plain, B, C]),
            [1, 4],
            AGREED,
        ),
        agreed(
            "V06",
            "altered in transit: a revision lowered",
            &ours(),
            &Side(new, V1, &[("a.one", 1, 2, 1), B, C]),
            [1, 4],
            &[("a.one", 2), ("b.two", 2), ("c.three", 200)],
        ),
        agreed("V06", "altered in transit: the version lowered", &ours(), &Side([1, 1, 0], V1, ROWS), [1, 1], AGREED),
        agreed(
            "V10",
            "another patch: the same agreement, another transcript",
            &ours(),
            &Side([1, 4, 65_535], V1, ROWS),
            [1, 4],
            AGREED,
        ),
        refused(
            "V10",
            "spec.major_mismatch",
            "another patch does not save a refusal",
            &ours(),
            &Side([2, 0, 7], [2, 0, 0], ROWS),
        ),
        agreed("", "two empty offers", &Side(V1, V1, &[]), &Side(V1, V1, &[]), [1, 0], &[]),
        agreed("", "nothing in common, nothing critical", &Side(V1, V1, &[plain]), &Side(V1, V1, &[B]), [1, 0], &[]),
    ]
}

fn agreed(row: &'static str, what: &str, a: &Side<'_>, b: &Side<'_>, line: [u64; 2], features: &[(&str, u64)]) -> Case {
    let bytes = agreement(line, features);
    let (ours, theirs) = (a.encoded(), b.encoded());
    let given = json!({
        "initiator_offer": a.json(),
        "responder_offer": b.json(),
        "initiator": hex(&INITIATOR),
        "responder": hex(&RESPONDER),
        "agreement": agreement_json(line, features),
        "agreement_bytes": hex(&bytes),
        "transcript": transcript([&INITIATOR, &RESPONDER, &ours, &theirs, &bytes]),
        "transcript_reflected": transcript([&RESPONDER, &INITIATOR, &theirs, &ours, &bytes]),
    });
    Case { row, verdict: "ok", what: what.to_owned(), given }
}

fn refused(row: &'static str, verdict: &'static str, what: &str, a: &Side<'_>, b: &Side<'_>) -> Case {
    let given = json!({
        "initiator_offer": a.json(),
        "responder_offer": b.json(),
        "initiator": hex(&INITIATOR),
        "responder": hex(&RESPONDER),
        "agreement": Value::Null,
        "agreement_bytes": Value::Null,
        "transcript": Value::Null,
        "transcript_reflected": Value::Null,
    });
    Case { row, verdict, what: what.to_owned(), given }
}
