//! Trust documents that do not load, and chains of them that do not follow.

use data_encoding::BASE64;

use crate::{
    corpus::{Corpus, Good, Group},
    envelope::Envelope,
    key::{ADA, ADA_2, BEN, CLEO, MALLORY, MALLORY_ROOT, ROOT},
    text::swap,
    trust::{FROM, TRUST_TYPE, Trust, UNTIL, basic, changed, entry, entry_with, envelope, needing, root_of},
};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(330, "Trust documents");
    json(&mut group, good);
    keys(&mut group, good);
    rules(&mut group, good);
    signatures(&mut group, good);
}

/// A document that only differs from the basic one in a text, under its own pin.
fn load(
    group: &mut Group<'_>,
    good: &Good,
    row: &'static str,
    verdict: &'static str,
    title: &str,
    how: &str,
    document: &str,
) {
    group.bad(good, row, verdict, title, how, good.parts.under(document));
}

fn json(group: &mut Group<'_>, good: &Good) {
    let mut bad = |row, verdict, title: &str, how: &str, from: &str, to: &str| {
        load(group, good, row, verdict, title, how, &changed(from, to));
    };
    let twice = "input.duplicate_key";
    bad(
        "K05",
        twice,
        "version twice",
        "`\"version\":9,` before the true one",
        "\"version\"",
        "\"version\":9,\"version\"",
    );
    bad(
        "K05",
        twice,
        "a key's role twice",
        "`\"role\":\"root\",` before Ada's",
        &entry(ADA),
        &entry(ADA).replace("\"role\"", "\"role\":\"root\",\"role\""),
    );
    bad(
        "",
        "input.unknown_field",
        "an unknown member",
        "`\"note\":1` beside `schema`",
        "\"schema\"",
        "\"note\":1,\"schema\"",
    );
    bad("", "trust.schema_unknown", "another schema", "`schema` is `reach-trust/2`", "reach-trust/1", "reach-trust/2");
    bad(
        "",
        "input.json_shape",
        "an unknown role",
        "Ada's key has the role `admin`",
        &entry(ADA),
        &entry(ADA).replace("\"pack\"", "\"admin\""),
    );
    bad(
        "K51",
        "input.number",
        "a version of 2^53 + 1",
        "`version` is 9007199254740993",
        "\"version\":1",
        "\"version\":9007199254740993",
    );
    bad("K51", "input.number", "a version with a fraction", "`version` is 1.0", "\"version\":1", "\"version\":1.0");
    for (title, date) in [
        ("a key's date that is none", "soon"),
        ("a key's date without a zone", "2027-01-01T00:00:00"),
        ("a key that expires in the year 9999", "9999-12-31T23:59:59Z"),
    ] {
        bad(
            "K23",
            "trust.dates_invalid",
            title,
            &format!("Ada's `not_after` is `{date}`"),
            &entry(ADA),
            &entry(ADA).replace(UNTIL, date),
        );
    }
}

fn keys(group: &mut Group<'_>, good: &Good) {
    let mut bad = |row, verdict, title: &str, how: &str, from: &str, to: &str| {
        load(group, good, row, verdict, title, how, &changed(from, to));
    };
    let duplicate = "trust.duplicate_public_key";
    bad("K16", duplicate, "one key of two signers", "Ben's key is Ada's", &BEN.public(), &ADA.public());
    bad(
        "K16",
        duplicate,
        "one key twice",
        "Ada's key is listed twice",
        &entry(ADA),
        &[entry(ADA), entry(ADA)].join(","),
    );
    bad(
        "K16",
        duplicate,
        "one key in two roles",
        "Ada's key is listed as her `policy` key too",
        &entry(ADA),
        &[entry(ADA), entry(ADA).replace("\"pack\"", "\"policy\"")].join(","),
    );
    bad(
        "K17",
        "trust.duplicate_signer",
        "one name for two signers",
        "Ben is called `ada`",
        "\"name\":\"ben\"",
        "\"name\":\"ada\"",
    );
    let hex = |first: &str, last: &str| format!("{first}{}{last}", "0".repeat(64 - first.len() - last.len()));
    let high = |first: &str, last: &str| format!("{first}{}{last}", "f".repeat(64 - first.len() - last.len()));
    for (title, how, key) in [
        ("a key of order 4", "Ada's key is the point with y = 0", hex("00", "")),
        ("the neutral element as a key", "Ada's key is the point with y = 1", hex("01", "")),
        ("a key of order 2", "Ada's key is the point with y = -1", high("ec", "7f")),
        (
            "a key of order 8",
            "Ada's key is a point of order 8",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05".to_owned(),
        ),
        ("y = p", "Ada's key spells y = 0 as p", high("ed", "7f")),
        ("y = p + 3", "Ada's key spells y = 3 as p + 3", high("f0", "7f")),
    ] {
        bad("K27", "sign.weak_key", title, how, &ADA.public(), &key);
    }
    let public = ADA.public();
    for (title, how, key) in [
        ("a key of 31 bytes", "Ada's key without its last byte", public[..62].to_owned()),
        ("a key of 33 bytes", "Ada's key with a zero byte after it", format!("{public}00")),
        ("a private key", "Ada's seed and public key, 64 bytes", format!("{}{public}", ADA.seed())),
        ("a key in upper case", "Ada's key in upper case", public.to_uppercase()),
        ("a key in PEM", "Ada's key as `-----BEGIN PUBLIC KEY-----`", "-----BEGIN PUBLIC KEY-----".to_owned()),
    ] {
        let verdict = if key.len() == 128 { "sign.private_key" } else { "sign.key_format" };
        bad("K28", verdict, title, how, &public, &key);
    }
}

fn rules(group: &mut Group<'_>, good: &Good) {
    let all = group.good(
        "K19",
        "as many as there are",
        "three of three are needed, and sign",
        good.parts.signed_by(&[ADA, BEN, CLEO]).under(&needing(&basic(), "3")),
    );
    let threshold = "trust.bad_threshold";
    load(group, &all, "K19", threshold, "none needed", "packs need 0 signers", &needing(&basic(), "0"));
    load(group, &all, "K19", threshold, "more than there are", "packs need 4 signers of 3", &needing(&basic(), "4"));
    load(
        group,
        &all,
        "K19",
        threshold,
        "keys counted for signers",
        "packs need 4 signers of 3, one of whom has two keys",
        &needing(&changed(&entry(ADA), &[entry(ADA), entry(ADA_2)].join(",")), "4"),
    );
    load(
        group,
        &all,
        "K19",
        threshold,
        "one of them revoked",
        "packs need 3 signers of 3, one of whose keys is revoked",
        &needing(
            &changed(
                &entry(ADA),
                &entry_with(ADA, &format!(r#""revoked":{{"since":"{FROM}","reason":"superseded"}}"#)),
            ),
            "3",
        ),
    );
    load(
        group,
        &all,
        "K19",
        threshold,
        "no root needed",
        "documents need 0 roots",
        &changed("\"root\":1", "\"root\":0"),
    );
    load(
        group,
        &all,
        "K19",
        "trust.bad_threshold",
        "a negative threshold",
        "packs need -1 signers",
        &needing(&basic(), "-1"),
    );
    let mut bad = |verdict, title: &str, how: &str, from: &str, to: &str| {
        load(group, good, "", verdict, title, how, &changed(from, to));
    };
    bad("trust.version_invalid", "version 0", "`version` is 0", "\"version\":1", "\"version\":0");
    bad(
        "trust.signer_name",
        "a signer's name in upper case",
        "Ada is called `Ada`",
        "\"name\":\"ada\"",
        "\"name\":\"Ada\"",
    );
    bad(
        "trust.dates_invalid",
        "a key that is never valid",
        "Ada's `not_after` is her `not_before`",
        &entry(ADA),
        &entry(ADA).replace(UNTIL, FROM),
    );
    bad(
        "trust.dates_invalid",
        "a document that is never valid",
        "its `expires` is its `created`",
        &format!("\"expires\":\"{UNTIL}\""),
        &format!("\"expires\":\"{FROM}\""),
    );
    let last = group.good(
        "K23",
        "a second before the document expires",
        "now is 2026-05-31T23:59:59Z",
        good.parts.under(&short()).at("2026-05-31T23:59:59Z"),
    );
    group.bad(
        &last,
        "K23",
        "trust.expired",
        "the moment the document expires",
        "now is its `expires`",
        good.parts.under(&short()),
    );
}

/// Expires at the moment everything is verified at.
fn short() -> String {
    changed(&format!("\"expires\":\"{UNTIL}\""), "\"expires\":\"2026-06-01T00:00:00Z\"")
}

fn signatures(group: &mut Group<'_>, good: &Good) {
    let text = envelope(&basic(), &[ROOT]).text();
    let root = root_of(&basic());
    let file = |file: String| good.parts.trusting(Trust { file: file.into_bytes(), root: root.clone() });
    let mut bad =
        |row, verdict, title: &str, how: &str, bytes: String| group.bad(good, row, verdict, title, how, file(bytes));
    bad(
        "",
        "sign.untrusted",
        "signed by a stranger",
        "another root key signs it",
        envelope(&basic(), &[MALLORY_ROOT]).text(),
    );
    bad("", "sign.untrusted", "signed by a key of another role", "Ada signs it", envelope(&basic(), &[ADA]).text());
    bad(
        "",
        "sign.untrusted",
        "a stranger beside the root",
        "the root and Mallory sign: every signature on our own documents must count",
        envelope(&basic(), &[ROOT, MALLORY]).text(),
    );
    let mut claimed = envelope(&basic(), &[MALLORY]);
    claimed.signatures[0].keyid = ROOT.id();
    bad(
        "K06",
        "sign.bad_signature",
        "a stranger's signature under the root's keyid",
        "Mallory signs with the root's `keyid`",
        claimed.text(),
    );
    bad(
        "K02",
        "sign.no_signatures",
        "no signature",
        "`signatures` is `[]`",
        swap(&text, &envelope(&basic(), &[ROOT]).signatures[0].text(), ""),
    );
    bad(
        "K08",
        "sign.wrong_payload_type",
        "another payload type",
        "the root signs it as a policy",
        Envelope::sign("application/vnd.reach.policy.v1", basic().as_bytes(), &[ROOT]).text(),
    );
    let malformed = "sign.envelope_malformed";
    bad(
        "",
        malformed,
        "an unknown member",
        "`\"note\":1` in the envelope: our own documents have none",
        swap(&text, "\"payload\"", "\"note\":1,\"payload\""),
    );
    bad("", malformed, "no keyid", "`keyid` is left out", swap(&text, &format!("\"keyid\":\"{}\",", ROOT.id()), ""));
    let url_safe = BASE64.encode(basic().as_bytes()).replace('+', "-").replace('/', "_");
    let special = envelope(&basic(), &[ROOT]).signatures[0].sig.clone();
    assert!(special.contains(['+', '/']), "the root's signature shows which alphabet it is in");
    let safe = special.replace('+', "-").replace('/', "_");
    bad(
        "K52",
        malformed,
        "URL-safe base64",
        "our own documents are in the standard alphabet",
        swap(&swap(&text, &BASE64.encode(basic().as_bytes()), &url_safe), &special, &safe),
    );
    bad("K03", "input.json_malformed", "a second value", "`{}` after it", format!("{text}{{}}"));
    bad(
        "K04",
        "input.duplicate_key",
        "payloadType twice",
        "`\"payloadType\":\"x\",` before the true one",
        swap(&text, "\"payloadType\"", "\"payloadType\":\"x\",\"payloadType\""),
    );
    assert!(text.contains(TRUST_TYPE), "it is a trust document");
}
