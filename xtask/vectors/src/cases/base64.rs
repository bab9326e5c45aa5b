//! Base64: both alphabets, one spelling of each.

use crate::{
    case::Parts,
    corpus::{Corpus, Good},
    envelope::{Envelope, IN_TOTO},
    key::ADA,
    statement, tar,
    text::swap,
};

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn add(corpus: &mut Corpus) {
    let mut group = corpus.group(100, "Base64");
    let parts = Parts::of(tar::archive(&super::base::members()));
    let envelope = telling(&statement::about(&parts.archive));
    let (payload, sig) = (envelope.payload_base64(), envelope.signatures[0].sig.clone());
    let with = |payload: &str, sig: &str| {
        let text = swap(&envelope.text(), &envelope.payload_base64(), payload);
        parts.envelope(swap(&text, &envelope.signatures[0].sig, sig))
    };
    let good = group.good(
        "K52",
        "both special characters",
        "an unknown member `note` in the statement, chosen so that `+`, `/` and `==` stand in the base64 of payload and \
         signature",
        with(&payload, &sig),
    );
    group.good("K52", "URL-safe", "`-` and `_` for `+` and `/`", with(&url_safe(&payload), &url_safe(&sig)));
    group.good("K52", "each its own alphabet", "only the signature is URL-safe", with(&payload, &url_safe(&sig)));
    let mut bad = |title: &str, how: &str, change: &dyn Fn(&str) -> String| {
        for (what, parts) in [("payload", with(&change(&payload), &sig)), ("sig", with(&payload, &change(&sig)))] {
            let (title, how) = (format!("{title}, in {what}"), format!("{how} in `{what}`"));
            spoilt(&mut group, &good, &title, &how, parts);
        }
    };
    bad("mixed alphabets", "the first `+` is `-`, every `/` stays", &|text| text.replacen('+', "-", 1));
    bad("no padding", "without `==`", &|text| text.trim_end_matches('=').to_owned());
    bad("half the padding", "`=` for `==`", &|text| swap(text, "==", "="));
    bad("too much padding", "`===` for `==`", &|text| swap(text, "==", "==="));
    bad("spare bits", "the lowest spare bit of the last character is set", &spare_bit);
    bad("a space", "a space after the first four characters", &|text| inserted(text, " "));
    bad("a line feed", "an escaped line feed after the first four characters", &|text| inserted(text, "\\n"));
    bad("a foreign character", "`*` for the first character", &|text| format!("*{}", &text[1..]));
    bad("hex", "the bytes in hex", &|text| {
        data_encoding::HEXLOWER.encode(&data_encoding::BASE64.decode(text.as_bytes()).expect("we wrote it")) + "0"
    });
}

fn spoilt(group: &mut crate::corpus::Group<'_>, good: &Good, title: &str, how: &str, parts: Parts) {
    group.bad(good, "K52", "pack.envelope_malformed", title, how, parts);
}

/// The first annotation whose envelope has `+`, `/` and `==` in both of its base64 texts.
fn telling(statement: &str) -> Envelope {
    let noted = |number: u32| {
        let text = statement.replacen('{', &format!("{{\"note\":\">>>>>>??????{number}\","), 1);
        Envelope::sign(IN_TOTO, text.as_bytes(), &[ADA])
    };
    let tells = |text: &str| text.contains('+') && text.contains('/') && text.ends_with("==");
    let both = |envelope: &Envelope| tells(&envelope.payload_base64()) && tells(&envelope.signatures[0].sig);
    (0..1000).map(noted).find(both).expect("one in a few is like that")
}

fn url_safe(text: &str) -> String {
    text.replace('+', "-").replace('/', "_")
}

fn inserted(text: &str, what: &str) -> String {
    format!("{}{what}{}", &text[..4], &text[4..])
}

fn spare_bit(text: &str) -> String {
    let digits = text.trim_end_matches('=');
    let (before, last) = digits.split_at(digits.len() - 1);
    let value = ALPHABET.find(last).expect("a digit");
    format!("{before}{}==", &ALPHABET[value + 1..value + 2])
}
