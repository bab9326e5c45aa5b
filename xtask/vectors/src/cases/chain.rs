//! Trust documents that follow on others, or do not.

use std::slice::from_ref;

use crate::{
    corpus::{Corpus, Good},
    envelope::Envelope,
    key::{ADA, Key, MALLORY, MALLORY_ROOT, ROOT, ROOT_2},
    text::swap,
    trust::{FROM, Trust, UNTIL, basic, chain, changed, document, entry, entry_with, envelope, first, root_of, signer},
};

/// A successor of the basic document, with this version and these roots, made a month later.
fn next(version: u32, roots: &[Key]) -> String {
    let created = format!("2026-{:02}-01T00:00:00Z", version);
    let text = document(&[signer("root", roots, ""), signer("ada", &[ADA], r#""*""#)]);
    let text = swap(&text, "\"version\":1", &format!("\"version\":{version}"));
    swap(&text, &format!("\"created\":\"{FROM}\""), &format!("\"created\":\"{created}\""))
}

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(400, "Chains of trust documents");
    let one = envelope(&basic(), &[ROOT]);
    let root = root_of(&basic());
    let file = |file: Vec<u8>| good.parts.trusting(Trust { file, root: root.clone() });
    let two = envelope(&next(2, &[ROOT]), &[ROOT]);
    let plain = group.good(
        "K26",
        "two versions",
        "version 2 with its history, both signed by the root",
        file(chain(from_ref(&one), &two)),
    );
    let both = envelope(&next(2, &[ROOT_2]), &[ROOT, ROOT_2]);
    let rotated = group.good(
        "K26",
        "a new root",
        "version 2 names another root; the old and the new one sign it",
        file(chain(from_ref(&one), &both)),
    );
    let three = envelope(&next(3, &[ROOT_2]), &[ROOT_2]);
    group.good(
        "K26",
        "three versions",
        "version 3 is signed by the root that version 2 brought",
        file(chain(&[one.clone(), both.clone()], &three)),
    );
    let expired = swap(&basic(), &format!("\"expires\":\"{UNTIL}\""), "\"expires\":\"2026-02-15T00:00:00Z\"");
    let succeeded = Trust { file: chain(&[envelope(&expired, &[ROOT])], &two), root: root_of(&expired) };
    group.good(
        "K26",
        "an expired version that was succeeded",
        "version 1 expired in February, version 2 did not",
        good.parts.trusting(succeeded),
    );
    let threshold = "sign.threshold";
    let chained = |last: &Envelope| file(chain(from_ref(&one), last));
    group.bad(
        &rotated,
        "K26",
        "trust.chain_broken",
        "signed by the new root only",
        "only the new root signs version 2",
        chained(&envelope(&next(2, &[ROOT_2]), &[ROOT_2])),
    );
    group.bad(
        &rotated,
        "K26",
        threshold,
        "signed by the old root only",
        "only the old root signs version 2",
        chained(&envelope(&next(2, &[ROOT_2]), &[ROOT])),
    );
    let broken = "trust.chain_broken";
    group.bad(
        &plain,
        "K26",
        broken,
        "a skipped version",
        "version 3 follows version 1",
        chained(&envelope(&next(3, &[ROOT]), &[ROOT])),
    );
    group.bad(
        &plain,
        "K26",
        broken,
        "the same version again",
        "another version 1 follows version 1",
        chained(&envelope(&swap(&next(2, &[ROOT]), "\"version\":2", "\"version\":1"), &[ROOT])),
    );
    group.bad(
        &plain,
        "K26",
        broken,
        "a lower version last",
        "version 1 follows version 2",
        file(chain(&[one.clone(), two.clone()], &one)),
    );
    group.bad(&plain, "K26", broken, "an empty history", "`history` is `[]`", file(chain(&[], &two)));
    let backdated = swap(&next(2, &[ROOT]), "2026-02-01T00:00:00Z", "2025-12-01T00:00:00Z");
    group.bad(
        &plain,
        "K26",
        broken,
        "a step that dates itself before the one it follows",
        "version 2 is created 2025-12-01",
        chained(&envelope(&backdated, &[ROOT])),
    );
    let mismatch = "trust.root_mismatch";
    group.bad(
        &plain,
        "K26",
        mismatch,
        "without its history",
        "version 2 alone, under the pin of version 1",
        file(two.text().into_bytes()),
    );
    let foreign = document(&[signer("root", &[MALLORY_ROOT], ""), signer("ada", &[MALLORY], r#""*""#)]);
    let foreign = envelope(&foreign, &[MALLORY_ROOT]);
    group.bad(
        good,
        "K26",
        mismatch,
        "another document altogether",
        "Mallory's own document, which is consistent in itself",
        file(foreign.text().into_bytes()),
    );
    group.bad(
        &plain,
        "K26",
        mismatch,
        "another document as the history",
        "version 2 after Mallory's version 1",
        file(chain(&[foreign], &two)),
    );
    let both_roots = [entry_with(ROOT, r#""retired":"2026-01-15T00:00:00Z""#), entry(ROOT_2)].join(",");
    let retired = changed(&entry(ROOT), &both_roots);
    let after = |by: Key| {
        let file = chain(&[envelope(&retired, &[ROOT_2])], &envelope(&next(2, &[ROOT_2]), &[by]));
        good.parts.trusting(Trust { file, root: root_of(&retired) })
    };
    let how = "version 1 has two roots and retires one on 2026-01-15; the other one signs version 2, made in February";
    let kept = group.good("K26", "a step by the root that was kept", how, after(ROOT_2));
    group.bad(&kept, "K26", "sign.key_retired", "a step by a retired root", "the retired one signs it", after(ROOT));
    group.bad(
        good,
        "K26",
        mismatch,
        "another pin",
        "the good document under the pin of another",
        good.parts.trusting(Trust { root: root_of(&next(2, &[ROOT])), ..first(&basic()) }),
    );
}
