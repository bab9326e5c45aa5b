//! Envelopes that are missing, malformed, or not signed as they claim.

use data_encoding::{BASE64, HEXLOWER};

use crate::{
    case::Parts,
    corpus::{Corpus, Good, Group},
    envelope::{Envelope, IN_TOTO, Signature, pae},
    key::{ADA, BEN, MALLORY, PIA},
    statement,
    text::{flip, swap},
};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(10, "Envelopes");
    let envelope = Envelope::sign(IN_TOTO, statement::about(&good.parts.archive).as_bytes(), &[ADA]);
    form(&mut group, good, &envelope);
    hints(&mut group, good, &envelope);
    counts(&mut group, good, &envelope);
    tampering(&mut group, good, &envelope);
    encodings(&mut group, good);
    types(&mut group, good);
    depth(&mut group, good, &envelope);
}

fn form(group: &mut Group<'_>, good: &Good, envelope: &Envelope) {
    let unsigned = Parts { envelope: None, ..good.parts.clone() };
    group.bad(good, "K01", "pack.unsigned", "no envelope", "there is no signature file", unsigned);
    let text = envelope.text();
    let mut bad = |row, verdict, title: &str, how: &str, bytes: Vec<u8>| {
        group.bad(good, row, verdict, title, how, good.parts.envelope(bytes));
    };
    let none = swap(&text, &envelope.signatures[0].text(), "");
    bad("K02", "pack.no_signatures", "an empty list of signatures", "`signatures` is `[]`", none.into_bytes());
    let empty = swap(&text, &envelope.signatures[0].sig, "");
    bad("K02", "pack.no_signatures", "an empty signature", "`sig` is an empty text", empty.into_bytes());
    let malformed = "pack.envelope_malformed";
    bad("K03", malformed, "an empty file", "the signature file has no byte", Vec::new());
    bad("K03", malformed, "cut off", "only the first half of the file", text.as_bytes()[..text.len() / 2].to_vec());
    bad("K03", malformed, "a byte order mark", "`EF BB BF` before it", format!("\u{feff}{text}").into_bytes());
    bad("K03", malformed, "a second value", "`{}` after it", format!("{text}{{}}").into_bytes());
    bad("K03", malformed, "a zero byte at the end", "`00` after it", format!("{text}\0").into_bytes());
    bad("K03", malformed, "null", "the file is `null`", b"null".to_vec());
    bad("K03", malformed, "a list", "the envelope inside a list", format!("[{text}]").into_bytes());
    let not_utf8 = [b"{\"note\":\"\xff\",", &text.as_bytes()[1..]].concat();
    bad("K03", malformed, "not UTF-8", "an unknown member `note` whose text is the byte `FF`", not_utf8);
    for (title, how, from, to) in [
        ("no payload", "`payload` is called `Payload`", r#""payload":"#, r#""Payload":"#),
        ("no payload type", "`payloadType` is called `payloadtype`", "payloadType", "payloadtype"),
        ("no signatures", "`signatures` is called `signature`", "signatures", "signature"),
        (
            "a payload type that is no text",
            "`payloadType` is a list with the text",
            "\"application/vnd.in-toto+json\"",
            "[\"application/vnd.in-toto+json\"]",
        ),
        ("a signature that is no object", "`signatures` is a list with a list", r#"[{"keyid""#, r#"[[],{"keyid""#),
        ("no sig", "`sig` is called `Sig`", "\"sig\"", "\"Sig\""),
        ("a keyid that is no text", "`keyid` is a number", &format!("\"{}\"", ADA.id()), "1"),
    ] {
        bad("K03", malformed, title, how, swap(&text, from, to).into_bytes());
    }
    let twice = |from: &str, to: &str| swap(&text, from, &format!("{to}{from}")).into_bytes();
    let duplicate = "pack.duplicate_key";
    bad(
        "K04",
        duplicate,
        "payloadType twice",
        "`\"payloadType\":\"x\",` before the true one",
        twice("\"payloadType\"", "\"payloadType\":\"x\","),
    );
    bad(
        "K04",
        duplicate,
        "payload twice, once escaped",
        "`\"p\\u0061yload\":\"\",` before the true one",
        twice("\"payload\"", "\"p\\u0061yload\":\"\","),
    );
    bad("K04", duplicate, "sig twice", "`\"sig\":\"\",` before the true one", twice("\"sig\"", "\"sig\":\"\","));
    bad(
        "K04",
        duplicate,
        "a key twice in an unknown member",
        "an unknown member `\"note\":{\"a\":1,\"a\":1}`",
        twice("\"payload\"", r#""note":{"a":1,"a":1},"#),
    );
}

/// What other writers of DSSE do, and must go on to do.
fn hints(group: &mut Group<'_>, good: &Good, envelope: &Envelope) {
    let text = envelope.text();
    let keyid = format!(r#""keyid":"{}""#, ADA.id());
    let pass = |group: &mut Group<'_>, title, how, text: String| {
        group.good("", title, how, good.parts.envelope(text));
    };
    pass(group, "no keyid", "the member `keyid` is left out", swap(&text, &format!("{keyid},"), ""));
    pass(group, "keyid null", "`keyid` is `null`", swap(&text, &keyid, "\"keyid\":null"));
    pass(group, "a keyid of another kind", "`keyid` is `ada@example.org`", swap(&text, &ADA.id(), "ada@example.org"));
    pass(
        group,
        "a keyid that is not the signer's",
        "`keyid` is Ben's, the signature Ada's: it is a hint only",
        swap(&text, &ADA.id(), &BEN.id()),
    );
    pass(
        group,
        "unknown members",
        "`\"note\":{\"a\":[1,null]}` in the envelope and `\"cert\":\"\"` in the signature",
        swap(&swap(&text, "\"payload\"", "\"note\":{\"a\":[1,null]},\"payload\""), "\"sig\"", "\"cert\":\"\",\"sig\""),
    );
    let spaced = format!(
        "{{\n  \"signatures\": [\n    {}\n  ],\n  \"payloadType\": \"{IN_TOTO}\",\r\n\t\"payload\": \"{}\"\n}}\n",
        envelope.signatures[0].text(),
        envelope.payload_base64()
    );
    pass(
        group,
        "other white space and order",
        "members in another order, with spaces, tabs and both line ends between them",
        spaced,
    );
}

fn counts(group: &mut Group<'_>, good: &Good, envelope: &Envelope) {
    let message = pae(IN_TOTO, &envelope.payload);
    let stranger = Signature::over(MALLORY, &message);
    let with = |junk: Vec<Signature>| {
        let signatures = [junk, envelope.signatures.clone()].concat();
        good.parts.envelope(Envelope { signatures, ..envelope.clone() }.text())
    };
    let sixteen =
        group.good("K20", "sixteen signatures", "fifteen by a stranger before Ada's", with(vec![stranger.clone(); 15]));
    let many = "pack.too_many_signatures";
    group.bad(
        &sixteen,
        "K20",
        many,
        "seventeen signatures",
        "sixteen by a stranger before Ada's",
        with(vec![stranger; 16]),
    );
    let junk = Signature { keyid: String::new(), sig: "AA==".to_owned() };
    group.bad(
        &sixteen,
        "K20",
        many,
        "a thousand signatures of one byte",
        "a thousand times the signature `AA==` without a hint, then Ada's",
        with(vec![junk; 1000]),
    );
}

fn tampering(group: &mut Group<'_>, good: &Good, envelope: &Envelope) {
    let bad_signature = "pack.bad_signature";
    let payload = String::from_utf8(envelope.payload.clone()).expect("a statement is text");
    let over_other =
        |payload: &[u8]| good.parts.envelope(Envelope { payload: payload.to_vec(), ..envelope.clone() }.text());
    let mut bad = |row, title: &str, how: &str, parts| group.bad(good, row, bad_signature, title, how, parts);
    let middle = payload.len() / 2;
    bad(
        "K06",
        "a bit of the payload",
        "the lowest bit of the payload's middle byte is inverted",
        over_other(&flip(&envelope.payload, middle, 0)),
    );
    bad(
        "K06",
        "another version in the payload",
        "`1.0.0` is `1.0.1` in the signed payload",
        over_other(swap(&payload, r#""version":"1.0.0""#, r#""version":"1.0.1""#).as_bytes()),
    );
    bad(
        "K06",
        "a space more in the payload",
        "a space after the payload's first `{`",
        over_other(payload.replacen('{', "{ ", 1).as_bytes()),
    );
    bad(
        "K06",
        "another payload type",
        "`payloadType` is `application/json`",
        good.parts.envelope(swap(&envelope.text(), IN_TOTO, "application/json")),
    );
    let raw = BASE64.decode(envelope.signatures[0].sig.as_bytes()).expect("we wrote it");
    let with_sig =
        |sig: &[u8]| good.parts.envelope(swap(&envelope.text(), &envelope.signatures[0].sig, &BASE64.encode(sig)));
    bad(
        "K06",
        "a bit of the signature",
        "the lowest bit of the signature's first byte is inverted",
        with_sig(&flip(&raw, 0, 0)),
    );
    let ben = Signature { keyid: ADA.id(), ..Signature::over(MALLORY, &pae(IN_TOTO, &envelope.payload)) };
    bad(
        "K06",
        "a stranger's signature under a trusted keyid",
        "signed by Mallory, with Ada's `keyid`",
        good.parts.envelope(Envelope { signatures: vec![ben], ..envelope.clone() }.text()),
    );
    bad("K28", "S + L", "the order of the group is added to the signature's S", with_sig(&plus_order(&raw)));
    bad("K28", "S = L", "S is the order of the group", with_sig(&[&raw[..32], &ORDER].concat()));
    bad("K28", "a signature of 63 bytes", "without its last byte", with_sig(&raw[..63]));
    bad("K28", "a signature of 65 bytes", "with a zero byte after it", with_sig(&[&raw[..], &[0]].concat()));
    bad(
        "K28",
        "a signature in hex",
        "base64 of the signature's 128 hex characters",
        with_sig(HEXLOWER.encode(&raw).as_bytes()),
    );
    bad("K28", "a signature of zeros", "64 zero bytes", with_sig(&[0; 64]));
    let mut bad = |title: &str, how: &str, message: &[u8]| {
        let signatures = vec![Signature::over(ADA, message)];
        let parts = good.parts.envelope(Envelope { signatures, ..envelope.clone() }.text());
        group.bad(good, "K07", bad_signature, title, how, parts);
    };
    bad("signed without PAE", "Ada signs the payload's bytes alone", &envelope.payload);
    bad("signed in base64", "Ada signs the payload's base64 text", envelope.payload_base64().as_bytes());
    bad(
        "PAE over base64",
        "Ada signs the encoding of the base64 text",
        &pae(IN_TOTO, envelope.payload_base64().as_bytes()),
    );
    bad("PAE without its version", "Ada signs the encoding without `DSSEv1 `", &pae(IN_TOTO, &envelope.payload)[7..]);
    bad(
        "PAE with binary lengths",
        "Ada signs `DSSEv1`'s draft: count and lengths as little-endian u64",
        &draft(&envelope.payload),
    );
    // What nobody claims and nobody's key verifies is by a stranger, as far as anybody can tell.
    let nobody = swap(&envelope.text(), &format!(r#""keyid":"{}","#, ADA.id()), "");
    let nobody = swap(&nobody, &envelope.signatures[0].sig, &BASE64.encode(&flip(&raw, 0, 0)));
    group.bad(
        good,
        "K06",
        "pack.untrusted",
        "a bit of a signature without a keyid",
        "as the flipped signature above, and `keyid` is left out: nothing says whose it should be",
        good.parts.envelope(nobody),
    );
}

/// The order of Ed25519's group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn plus_order(signature: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let add = |(byte, order): (&u8, u8)| {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    };
    let s: Vec<u8> = signature[32..].iter().zip(ORDER).map(add).collect();
    [&signature[..32], &s].concat()
}

fn draft(payload: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).expect("short").to_le_bytes().to_vec();
    let kind = IN_TOTO.as_bytes();
    [2_u64.to_le_bytes().to_vec(), length(kind), kind.to_vec(), length(payload), payload.to_vec()].concat()
}

/// Lengths that count characters differ from bytes only where some character takes several.
fn encodings(group: &mut Group<'_>, good: &Good) {
    let parts = &good.parts;
    let statement = statement::about(&parts.archive).replacen('{', "{\"note\":\"caf\u{e9}\",", 1);
    let good = group.good(
        "K07",
        "a payload beyond ASCII",
        "an unknown member `\"note\":\"café\"` in the statement",
        parts.stating(&statement),
    );
    let characters = statement.chars().count();
    let message = format!("DSSEv1 {} {IN_TOTO} {characters} {statement}", IN_TOTO.len());
    let envelope = Envelope {
        payload_type: IN_TOTO.to_owned(),
        payload: statement.into_bytes(),
        signatures: vec![Signature::over(ADA, message.as_bytes())],
    };
    group.bad(
        &good,
        "K07",
        "pack.bad_signature",
        "PAE that counts characters",
        "the payload's length counts `é` once",
        parts.envelope(envelope.text()),
    );
}

fn types(group: &mut Group<'_>, good: &Good) {
    let statement = statement::about(&good.parts.archive);
    let mut bad = |verdict, title: &str, how: &str, payload_type: &str, key| {
        let envelope = Envelope::sign(payload_type, statement.as_bytes(), &[key]).text();
        group.bad(good, "K08", verdict, title, how, good.parts.envelope(envelope));
    };
    let wrong = "pack.wrong_payload_type";
    bad(wrong, "validly signed JSON", "Ada signs the statement as `application/json`", "application/json", ADA);
    bad(wrong, "another case", "Ada signs it as `application/vnd.in-toto+JSON`", "application/vnd.in-toto+JSON", ADA);
    bad(
        wrong,
        "a parameter",
        "Ada signs it as `application/vnd.in-toto+json; charset=utf-8`",
        "application/vnd.in-toto+json; charset=utf-8",
        ADA,
    );
    bad(wrong, "no type", "Ada signs it under an empty type", "", ADA);
    bad("pack.untrusted", "a key of another role", "Pia, whose key is for policies, signs the statement", IN_TOTO, PIA);
}

fn depth(group: &mut Group<'_>, good: &Good, envelope: &Envelope) {
    let nested = |levels: usize| {
        let note = format!("{{\"note\":{}{},", "[".repeat(levels), "]".repeat(levels));
        good.parts.envelope(envelope.text().replacen('{', &note, 1))
    };
    let deep = group.good("K45", "nested 32 deep", "an unknown member of 31 lists in each other", nested(31));
    group.bad(
        &deep,
        "K45",
        "pack.envelope_too_deep",
        "nested 33 deep",
        "an unknown member of 32 lists in each other",
        nested(32),
    );
    group.bad(
        &deep,
        "K45",
        "pack.envelope_too_deep",
        "nested a thousand deep, unclosed",
        "the file is a thousand `[`",
        good.parts.envelope("[".repeat(1000)),
    );
}
