//! Signatures that verify, by keys that may not, or not enough of them.

use crate::{
    case::Parts,
    corpus::{Corpus, Good, Group},
    envelope::{Envelope, IN_TOTO},
    key::{ADA, ADA_2, BEN, CLEO, Key, MALLORY, ROOT},
    statement::{self, blake3},
    text::swap,
    trust::{FROM, UNTIL, basic, changed, document, entry, entry_with, needing, signer},
};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(270, "Who may sign");
    strangers(&mut group, good);
    thresholds(&mut group, good);
    standing(&mut group, good);
    names(&mut group, good);
    revoked_packs(&mut group, good);
}

fn strangers(group: &mut Group<'_>, good: &Good) {
    group.good("", "a stranger beside Ada", "Mallory signs too, before Ada", good.parts.signed_by(&[MALLORY, ADA]));
    group.bad(
        good,
        "",
        "pack.untrusted",
        "a stranger alone",
        "Mallory signs instead of Ada",
        good.parts.signed_by(&[MALLORY]),
    );
    group.bad(
        good,
        "",
        "pack.untrusted",
        "the root key",
        "the root signs the statement",
        good.parts.signed_by(&[ROOT]),
    );
}

/// The trust document in which Ada has two keys and two signers are needed.
fn two_keys() -> String {
    needing(&changed(&entry(ADA), &format!("{},{}", entry(ADA), entry(ADA_2))), "2")
}

fn thresholds(group: &mut Group<'_>, good: &Good) {
    let two = needing(&basic(), "2");
    let by = |document: &str, keys: &[Key]| good.parts.signed_by(keys).under(document);
    let threshold = "pack.threshold";
    let pair = group.good("K15", "two of three", "two signers are needed; Ada and Ben sign", by(&two, &[ADA, BEN]));
    group.good("K15", "another two of three", "Cleo and Ada sign", by(&two, &[CLEO, ADA]));
    group.bad(&pair, "K15", threshold, "one of three", "Ada signs alone", by(&two, &[ADA]));
    group.bad(&pair, "K15", threshold, "the same signature twice", "Ada's signature twice", by(&two, &[ADA, ADA]));
    group.bad(&pair, "K15", threshold, "one signer and a stranger", "Ada and Mallory sign", by(&two, &[ADA, MALLORY]));
    let hidden = good.parts.signed_by(&[ADA, ADA]);
    let text = String::from_utf8(hidden.envelope.clone().unwrap_or_default()).unwrap_or_default();
    let disguised = text.replacen(&ADA.id(), &BEN.id(), 1);
    group.bad(
        &pair,
        "K15",
        threshold,
        "the same signature under two keyids",
        "Ada's signature twice, once with Ben's `keyid`",
        hidden.envelope(disguised).under(&two),
    );
    let rotated = group.good(
        "K18",
        "one signer's two keys and another signer",
        "Ada's two keys and Ben sign",
        by(&two_keys(), &[ADA, ADA_2, BEN]),
    );
    group.bad(
        &rotated,
        "K18",
        threshold,
        "one signer's two keys",
        "Ada signs with her old and her new key",
        by(&two_keys(), &[ADA, ADA_2]),
    );
    let broken = broken_second(good);
    group.bad(
        &pair,
        "K06",
        "pack.bad_signature",
        "two needed, one of two broken",
        "Ada signs, and Ben's signature is of something else",
        broken.under(&two),
    );
    group.good("K06", "one needed, one of two broken", "the same envelope where one signer is enough", broken);
}

fn broken_second(good: &Good) -> Parts {
    let statement = statement::about(&good.parts.archive);
    let mut envelope = Envelope::sign(IN_TOTO, statement.as_bytes(), &[ADA, BEN]);
    envelope.signatures[1].sig = Envelope::sign(IN_TOTO, b"other", &[BEN]).signatures[0].sig.clone();
    good.parts.envelope(envelope.text())
}

fn standing(group: &mut Group<'_>, good: &Good) {
    let with = |more: &str| changed(&entry(ADA), &entry_with(ADA, more));
    for reason in ["superseded", "compromised"] {
        let revoked = with(&format!(r#""revoked":{{"since":"2026-04-15T00:00:00Z","reason":"{reason}"}}"#));
        let title = format!("revoked before it signed, as {reason}");
        group.bad(
            good,
            "K21",
            "pack.key_revoked",
            &title,
            "Ada's key is revoked since 2026-04-15",
            good.parts.under(&revoked),
        );
        let later = with(&format!(r#""revoked":{{"since":"2026-05-15T00:00:00Z","reason":"{reason}"}}"#));
        let title = format!("revoked after it says it signed, as {reason}");
        group.bad(
            good,
            "K22",
            "pack.key_revoked",
            &title,
            "revoked since 2026-05-15; only the statement's own `created` is older",
            good.parts.under(&later),
        );
    }
    let revoked = with(r#""revoked":{"since":"2026-04-15T00:00:00Z","reason":"compromised"}"#);
    group.good(
        "K21",
        "a revoked key beside a good one",
        "Ada's key is revoked; Ada and Ben sign",
        good.parts.signed_by(&[ADA, BEN]).under(&revoked),
    );
    let retiring = |date: &str| with(&format!(r#""retired":"{date}""#));
    let future = group.good(
        "K21",
        "a key that will be retired",
        "Ada's key is retired from 2026-07-01 on",
        good.parts.under(&retiring("2026-07-01T00:00:00Z")),
    );
    group.bad(
        &future,
        "K21",
        "pack.key_retired",
        "retired before it signed",
        "Ada's key is retired since 2026-04-15",
        good.parts.under(&retiring("2026-04-15T00:00:00Z")),
    );
    group.bad(
        &future,
        "K22",
        "pack.key_retired",
        "retired after it says it signed",
        "retired since 2026-05-15; only the statement's own `created` is older",
        good.parts.under(&retiring("2026-05-15T00:00:00Z")),
    );
    group.bad(
        &future,
        "K21",
        "pack.key_retired",
        "retired this moment",
        "retired since 2026-06-01T00:00:00Z, which is now",
        good.parts.under(&retiring("2026-06-01T00:00:00Z")),
    );
    let short = entry(ADA).replace(FROM, "2026-06-01T00:00:00Z").replace(UNTIL, "2026-06-02T00:00:00Z");
    let short = good.parts.under(&changed(&entry(ADA), &short));
    let first = group.good(
        "K23",
        "the first moment of a key",
        "Ada's key is valid from 2026-06-01T00:00:00Z, which is now",
        short.clone(),
    );
    group.bad(
        &first,
        "K23",
        "pack.key_not_yet_valid",
        "a second before a key is valid",
        "now is 2026-05-31T23:59:59Z",
        short.at("2026-05-31T23:59:59Z"),
    );
    let last = group.good(
        "K23",
        "the last second of a key",
        "valid until 2026-06-02T00:00:00Z; now is a second before",
        short.at("2026-06-01T23:59:59Z"),
    );
    group.bad(
        &last,
        "K23",
        "pack.key_expired",
        "the moment a key expires",
        "now is 2026-06-02T00:00:00Z",
        short.at("2026-06-02T00:00:00Z"),
    );
}

fn names(group: &mut Group<'_>, good: &Good) {
    let only = |patterns: &str| changed(&signer("ada", &[ADA], r#""*""#), &signer("ada", &[ADA], patterns));
    let prefix =
        group.good("", "a prefix that covers the name", "Ada may sign `sam*`", good.parts.under(&only(r#""sam*""#)));
    let exact = group.good("", "the name itself", "Ada may sign `sample`", good.parts.under(&only(r#""sample""#)));
    let scope = "pack.name_scope";
    group.bad(&exact, "", scope, "a longer name", "Ada may sign `sample2`", good.parts.under(&only(r#""sample2""#)));
    group.bad(&exact, "", scope, "no name", "Ada's list of names is empty", good.parts.under(&only("")));
    group.bad(
        &prefix,
        "",
        scope,
        "a prefix that does not cover it",
        "Ada may sign `sample-*`",
        good.parts.under(&only(r#""sample-*""#)),
    );
    let two = needing(&only(r#""other""#), "2");
    let enough = group.good(
        "",
        "two in scope and one out of it",
        "two are needed; Ada, who may not sign `sample`, Ben and Cleo sign",
        good.parts.signed_by(&[ADA, BEN, CLEO]).under(&two),
    );
    group.bad(
        &enough,
        "",
        scope,
        "out of scope towards a threshold",
        "two are needed; Ada, who may not sign `sample`, and Ben sign",
        good.parts.signed_by(&[ADA, BEN]).under(&two),
    );
}

fn revoked_packs(group: &mut Group<'_>, good: &Good) {
    let revoking = |digest: &str, since: &str| {
        let row = format!(r#""revoked_packs":[{{"digest":"{digest}","since":"{since}","reason":"leaks"}}]"#);
        good.parts.under(&swap(&basic(), r#""revoked_packs":[]"#, &row))
    };
    let own = blake3(&good.parts.archive);
    let other = group.good(
        "",
        "another pack is revoked",
        "another digest is in `revoked_packs`",
        revoking(&blake3(b"other"), "2026-05-15T00:00:00Z"),
    );
    group.bad(
        &other,
        "",
        "pack.pack_revoked",
        "this pack is revoked",
        "its digest is in `revoked_packs`",
        revoking(&own, "2026-05-15T00:00:00Z"),
    );
    group.bad(
        &other,
        "",
        "pack.pack_revoked",
        "this pack is revoked from a later date",
        "since 2026-07-01: a revocation counts as soon as it is known",
        revoking(&own, "2026-07-01T00:00:00Z"),
    );
    let without = document(&[signer("root", &[ROOT], ""), signer("ada", &[ADA], r#""*""#)]);
    group.good(
        "",
        "no list of revoked packs",
        "the member `revoked_packs` is left out",
        good.parts.under(&swap(&without, r#","revoked_packs":[]"#, "")),
    );
}
