//! What somebody hears who has not proved who they are: for every refusal the same bytes.

use std::collections::BTreeSet;

use reach_spec_version::{
    AgreementError, CODES, FeatureError, FloorError, NegotiateError, OfferError, PublicError, TokenError,
    TranscriptError, Unfit, UseError, negotiate,
};
use reach_types::{Code, JsonError, StrictError};
use serde_json::json;

use crate::support::{Row, id, offer, version};

/// A refusal: its code, its local text, and its public form. The local text is what must not get out.
struct Refusal {
    code: &'static str,
    local: String,
    public: PublicError,
}

macro_rules! refusals {
    ($($error:expr),* $(,)?) => {
        vec![$({
            let error = $error;
            Refusal { code: error.code(), local: error.to_string(), public: error.redact() }
        }),*]
    };
}

/// One of every kind of error that this crate has, with telling contents.
fn all() -> Vec<Refusal> {
    let secret = || id("secret.one");
    let (low, high) = (version("1.2.3"), version("1.9.8"));
    let below = negotiate(&offer("1.9.8", "1.9.0", &[]), &offer("1.2.3", "1.0.0", &[])).unwrap_err();
    let majors = negotiate(&offer("1.9.8", "1.0.0", &[]), &offer("3.0.0", "3.0.0", &[])).unwrap_err();
    let range = || FeatureError::Range { id: secret(), min: 2, max: 1 };
    refusals![
        TokenError::Malformed,
        FeatureError::Id,
        range(),
        OfferError::Json(JsonError::UnknownField { detail: "secret.one".to_owned() }),
        OfferError::Encoding(StrictError::Malformed),
        OfferError::Token(TokenError::Malformed),
        OfferError::Feature(range()),
        OfferError::Version { expected: 1, actual: 77 },
        OfferError::TooLarge { limit: 4096, actual: 5000 },
        OfferError::TooManyFeatures { limit: 64, actual: 65 },
        OfferError::Unsorted { index: 3 },
        OfferError::Duplicate { index: 3, id: secret() },
        OfferError::NotReleased { spec: high, current: low },
        OfferError::FloorAboveSpec { floor: high.line(), spec: low.line() },
        below,
        majors,
        required(1),
        required(60),
        AgreementError::Encoding(StrictError::Malformed),
        AgreementError::Feature(range()),
        AgreementError::Version { expected: 1, actual: 77 },
        AgreementError::TooManyFeatures { actual: 65 },
        AgreementError::Order,
        FloorError::Regressed { offered: low, floor: high, exception: None },
        FloorError::Regressed { offered: low, floor: high, exception: Some(Unfit::Ended) },
        FloorError::Store { source: std::io::Error::other("secret.one is unreadable") },
        TranscriptError::SameParty,
        TranscriptError::Encoding(StrictError::Unencodable),
        UseError::NotAgreed { id: secret() },
        UseError::Revision { id: secret(), agreed: 1, actual: 2 },
    ]
}

/// A refusal for so many critical features that the other side lacks.
fn required(count: usize) -> NegotiateError {
    let ids: Vec<String> = (0..count).map(|number| format!("secret.n{number:02}")).collect();
    let rows: Vec<Row<'_>> = ids.iter().map(|id| (id.as_str(), 1, 1, true)).collect();
    negotiate(&offer("1.7.0", "1.0.0", &rows), &offer("1.7.0", "1.0.0", &[])).unwrap_err()
}

/// The answer as a server would write it.
fn answer(error: &PublicError) -> String {
    json!({ "code": error.code(), "message": error.to_string(), "remedy": error.row().remedy }).to_string()
}

#[test]
fn v09_an_outsider_hears_one_answer() {
    let refusals = all();
    let codes: BTreeSet<_> = refusals.iter().map(|refusal| refusal.code).collect();
    let own = CODES.iter().copied().flatten().map(|row| row.code).filter(|code| *code != "spec.incompatible");
    for code in own {
        assert!(codes.contains(code), "{code} is not among the refusals here");
    }
    let expected = r#"{"code":"spec.incompatible","message":"the spec version or its features are not accepted","remedy":"ask the operator of the other side what it accepts"}"#;
    let locals: BTreeSet<_> = refusals.iter().map(|refusal| refusal.local.len()).collect();
    assert!(locals.len() > 10, "the local texts differ, so a constant length shows something");
    for Refusal { code, public, .. } in &refusals {
        assert_eq!(answer(public), expected, "{code}");
        assert_eq!(answer(public).len(), expected.len());
        assert_eq!(format!("{public:?}"), "PublicError(())");
        assert!(std::error::Error::source(public).is_none(), "no local error hangs behind it");
    }
    assert!(!expected.bytes().any(|byte| byte.is_ascii_digit()), "no version, no count");
    assert_eq!(size_of::<PublicError>(), 0, "there is nothing in it");
}

#[test]
fn v03_an_outsider_is_told_neither_which_features_nor_how_many() {
    let (one, many) = (required(1), required(60));
    assert!(one.to_string().starts_with("1 critical feature(s) without a common revision: secret.n00 "));
    assert!(many.to_string().starts_with("60 critical feature(s)") && many.to_string().contains("secret.n59"));
    assert_eq!(answer(&one.redact()), answer(&many.redact()));
    assert!(!answer(&many.redact()).contains("secret"));
}
