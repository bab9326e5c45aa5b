//! Statements that are validly signed and say the wrong thing.

use data_encoding::{BASE64, HEXLOWER};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA384, SHA512, SHA512_256};

use crate::{
    case::{Parts, Seen},
    corpus::{Corpus, Good, Group},
    statement::{self, CREATED, EXPIRES, blake3, hex, sha256},
    text::swap,
};

pub(super) fn add(corpus: &mut Corpus, good: &Good) {
    let mut group = corpus.group(140, "Statements");
    let text = statement::about(&good.parts.archive);
    form(&mut group, good, &text);
    subject(&mut group, good, &text);
    predicate(&mut group, good, &text);
    digests(&mut group, good, &text);
    values(&mut group, good, &text);
    wanted(&mut group, good);
    validity(&mut group, good, &text);
    seen(&mut group, good, &text);
}

/// A member put before all others.
fn noted(text: &str, member: &str) -> String {
    text.replacen('{', &format!("{{{member},"), 1)
}

fn form(group: &mut Group<'_>, good: &Good, text: &str) {
    let mut bad = |row, verdict, title: &str, how: &str, statement: &[u8]| {
        group.bad(good, row, verdict, title, how, good.parts.stating(statement));
    };
    let malformed = "pack.statement_malformed";
    bad("K10", malformed, "an empty payload", "no byte, validly signed", b"");
    bad("K10", malformed, "not UTF-8", "the payload is the byte `FF`", b"\xff");
    bad("K10", malformed, "a list", "the statement inside a list", format!("[{text}]").as_bytes());
    bad("K10", malformed, "a byte order mark", "`EF BB BF` before it", format!("\u{feff}{text}").as_bytes());
    bad("K10", malformed, "a second value", "`{}` after it", format!("{text}{{}}").as_bytes());
    let twice = "pack.statement_duplicate_key";
    for (title, member, value) in [
        ("_type twice", "\"_type\":", "\"_type\":\"x\","),
        ("subject twice, once escaped", "\"subject\":", "\"subj\\u0065ct\":[],"),
        ("a digest twice", "\"sha256\":", "\"sha256\":\"00\","),
        ("the predicate's version twice", "\"version\":", "\"version\":\"9.9.9\","),
    ] {
        let how = format!("`{value}` before the true one");
        bad("K05", twice, title, &how, swap(text, member, &format!("{value}{member}")).as_bytes());
    }
    for (title, how, from, to) in [
        ("Statement v0.1", "`_type` is `https://in-toto.io/Statement/v0.1`", "Statement/v1", "Statement/v0.1"),
        ("a `_type` with a space", "a space after `_type`'s text", "Statement/v1", "Statement/v1 "),
        ("no `_type`", "`_type` is called `type`", "\"_type\"", "\"type\""),
    ] {
        bad("K10", malformed, title, how, swap(text, from, to).as_bytes());
    }
    let (how, note) =
        ("`\"note\":{\"a\":[1,null]}` beside `_type`: in-toto says to ignore it", "\"note\":{\"a\":[1,null]}");
    group.good("K10", "an unknown member", how, good.parts.stating(noted(text, note)));
    let nested = |levels: usize| {
        good.parts.stating(noted(text, &format!("\"note\":{}{}", "[".repeat(levels), "]".repeat(levels))))
    };
    let deep = group.good("K45", "nested 32 deep", "an unknown member of 31 lists in each other", nested(31));
    group.bad(
        &deep,
        "K45",
        "pack.limit_depth",
        "nested 33 deep",
        "an unknown member of 32 lists in each other",
        nested(32),
    );
}

fn subject(group: &mut Group<'_>, good: &Good, text: &str) {
    let start = text.find("[{").expect("a list of subjects");
    let end = text.find("}],").expect("its end");
    let one = &text[start + 1..=end];
    let digest = &one[one.find("\"digest\"").expect("digests")..one.len() - 1];
    let mut bad = |title: &str, how: &str, from: &str, to: &str| {
        let parts = good.parts.stating(swap(text, from, to));
        group.bad(good, "K10", "pack.statement_malformed", title, how, parts);
    };
    bad("no subject", "`subject` is `[]`", one, "");
    bad("two subjects", "the same subject twice", one, &format!("{one},{one}"));
    bad("a subject that is no list", "`subject` is the object alone", &format!("[{one}]"), one);
    bad("subject missing", "`subject` is called `subjects`", "\"subject\"", "\"subjects\"");
    bad("a subject without digests", "`digest` is `{}`", digest, "\"digest\":{}");
    bad("a subject without the member digest", "`digest` is left out", &format!(",{digest}"), "");
    bad("a subject of another name", "the subject is `other.reachpack`", "sample.reachpack", "other.reachpack");
    let annotated = swap(text, "\"digest\"", "\"annotations\":{\"a\":1},\"digest\"");
    group.good(
        "K10",
        "annotations of the subject",
        "an unknown member `annotations` in the subject",
        good.parts.stating(annotated),
    );
}

fn predicate(group: &mut Group<'_>, good: &Good, text: &str) {
    let ours = "urn:reach:predicate:pack:v1";
    for (title, other) in [
        ("SLSA provenance", "https://slsa.dev/provenance/v1"),
        ("a verification summary", "https://slsa.dev/verification_summary/v1"),
        ("another version of the predicate", "urn:reach:predicate:pack:v2"),
        ("a predicate type in another case", "urn:reach:predicate:Pack:v1"),
    ] {
        let how = format!("`predicateType` is `{other}`, validly signed");
        group.bad(good, "K09", "pack.wrong_predicate", title, &how, good.parts.stating(swap(text, ours, other)));
    }
    let mut bad = |row, title: &str, how: &str, from: &str, to: &str| {
        group.bad(good, row, "pack.statement_malformed", title, how, good.parts.stating(swap(text, from, to)));
    };
    bad("K09", "no predicate type", "`predicateType` is called `type`", "\"predicateType\"", "\"type\"");
    bad("K10", "no predicate", "`predicate` is called `claims`", "\"predicate\":", "\"claims\":");
    bad(
        "K10",
        "an unknown member of the predicate",
        "`\"approved\":true` in the predicate",
        "\"version\"",
        "\"approved\":true,\"version\"",
    );
    bad(
        "K10",
        "a missing member of the predicate",
        "`expires` is left out",
        &format!(",\"expires\":\"{EXPIRES}\""),
        "",
    );
    bad(
        "K10",
        "a predicate that is a list",
        "the four values in a list",
        &text[text.find("{\"name\":\"sample\",\"version\"").expect("the predicate")..text.len() - 1],
        &format!("[\"sample\",\"1.0.0\",\"{CREATED}\",\"{EXPIRES}\"]"),
    );
    bad(
        "K10",
        "a name in upper case",
        "the predicate's name is `Sample`",
        "\"name\":\"sample\"",
        "\"name\":\"Sample\"",
    );
    for (title, version) in [
        ("a version with build metadata", "1.0.0+build"),
        ("a pre-release", "1.0.0-rc.1"),
        ("a version with a leading zero", "1.00.0"),
        ("a version of two numbers", "1.0"),
    ] {
        bad("K25", title, &format!("`version` is `{version}`"), "\"1.0.0\"", &format!("\"{version}\""));
    }
    for (title, date) in [
        ("a date without a zone", "2026-12-01T00:00:00"),
        ("a date with an offset", "2026-12-01T00:00:00+00:00"),
        ("a date with a fraction", "2026-12-01T00:00:00.0Z"),
        ("a day alone", "2026-12-01"),
        ("a day that does not exist", "2026-02-30T00:00:00Z"),
        ("the year 9999", "9999-12-31T23:59:59Z"),
        ("a leap second", "2026-12-31T23:59:60Z"),
    ] {
        bad("K23", title, &format!("`expires` is `{date}`"), EXPIRES, date);
    }
    let digests = format!("{:?}", EXPIRES);
    bad("K23", "a date as a number", "`expires` is `1796083200`", &digests, "1796083200");
}

fn digests(group: &mut Group<'_>, good: &Good, text: &str) {
    let archive = &good.parts.archive;
    let (sha, blake) = (sha256(archive), blake3(archive));
    let both = format!(r#""sha256":"{sha}","blake3":"{blake}""#);
    let stating = |set: String| good.parts.stating(swap(text, &both, &set));
    let one = |name: &str, value: &str| format!(r#""{name}":"{value}""#);
    let weak = "pack.weak_digest";
    for (title, set) in [
        ("md5 alone", one("md5", &"0".repeat(32))),
        ("sha1 alone", one("sha1", &hex(&SHA1_FOR_LEGACY_USE_ONLY, archive))),
        ("blake3 alone", one("blake3", &blake)),
        ("sha256 alone", one("sha256", &sha)),
        ("an unknown algorithm alone", one("quantum", "00")),
        ("upper-case names of algorithms", both.replace("sha256", "SHA256").replace("blake3", "BLAKE3")),
    ] {
        group.bad(good, "K12", weak, title, &format!("`digest` is `{{{set}}}`"), stating(set.clone()));
    }
    let also = |name: &str, value: &str| stating(format!("{both},{}", one(name, value)));
    let sha512 = hex(&SHA512, archive);
    group.good("K12", "an unknown algorithm beside them", "`gitCommit` beside the two", also("gitCommit", "00"));
    let more = group.good(
        "K13",
        "a true sha512 beside them",
        "`sha512` of the archive beside the two",
        also("sha512", &sha512),
    );
    let all: String =
        [("sha1", &SHA1_FOR_LEGACY_USE_ONLY), ("sha384", &SHA384), ("sha512", &SHA512), ("sha512_256", &SHA512_256)]
            .map(|(name, algorithm)| format!(",{}", one(name, &hex(algorithm, archive))))
            .concat();
    group.good(
        "K13",
        "six true digests",
        "`sha1`, `sha384`, `sha512` and `sha512_256` beside the two",
        stating(format!("{both}{all}")),
    );
    let mismatch = "pack.digest_mismatch";
    let zeros = |name: &str, digits: usize| also(name, &"0".repeat(digits));
    for (name, digits) in [("sha1", 40), ("sha384", 96), ("sha512", 128), ("sha512_256", 64)] {
        let title = format!("a wrong {name} beside true digests");
        group.bad(&more, "K13", mismatch, &title, &format!("`{name}` is zeros"), zeros(name, digits));
    }
    for (title, from) in
        [("a wrong blake3 beside a true sha256", &blake), ("a wrong sha256 beside a true blake3", &sha)]
    {
        let parts = good.parts.stating(swap(text, from, &"0".repeat(64)));
        group.bad(good, "K13", mismatch, title, "64 zeros for that digest", parts);
    }
    let raw = HEXLOWER.decode(sha.as_bytes()).expect("we wrote it");
    let spellings = |digest: &str| {
        [
            ("in upper case", "in upper case", digest.to_uppercase()),
            ("of 63 characters", "without its last character", digest[..63].to_owned()),
            ("of 62 characters", "without its last two characters", digest[..62].to_owned()),
            ("with 0x", "with `0x` before it", format!("0x{digest}")),
            ("with a space", "with a space after it", format!("{digest} ")),
            ("in base64", "base64 of its bytes", BASE64.encode(&raw)),
            ("empty", "an empty text", String::new()),
        ]
    };
    for (name, digest) in [("sha256", &sha), ("blake3", &blake)] {
        for (what, how, spelling) in spellings(digest) {
            let parts = good.parts.stating(swap(text, digest, &spelling));
            group.bad(good, "K14", "pack.digest_format", &format!("{name} {what}"), how, parts);
        }
    }
    let upper = also("sha512", &sha512.to_uppercase());
    group.bad(
        &more,
        "K14",
        "pack.digest_format",
        "sha512 in upper case",
        "a true digest beside the two, in upper case",
        upper,
    );
}

fn values(group: &mut Group<'_>, good: &Good, text: &str) {
    let with = |value: &str| good.parts.stating(noted(text, &format!("\"note\":{value}")));
    let how = |value: &str| format!("an unknown member `\"note\":{value}`");
    let mut pass = |title: &str, value: &str| group.good("K51", title, &how(value), with(value));
    let number = pass("2^53", "9007199254740992");
    pass("a big number as text", "\"9007199254740993\"");
    let pair = pass("a surrogate pair", r#""\ud83d\ude00""#);
    for (title, value) in [
        ("2^53 + 1", "9007199254740993"),
        ("-2^53 - 1", "-9007199254740993"),
        ("1e400", "1e400"),
        ("an exponent", "1e3"),
        ("minus zero", "-0"),
        ("a fraction", "1.5"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("a leading zero", "01"),
    ] {
        group.bad(&number, "K51", "pack.statement_malformed", title, &how(value), with(value));
    }
    let mut bad = |title: &str, how: &str, value: &str| {
        group.bad(&pair, "K51", "pack.statement_malformed", title, how, with(value));
    };
    bad("a lone high surrogate", &how(r#""\ud800""#), r#""\ud800""#);
    bad("a lone low surrogate", &how(r#""\udc00""#), r#""\udc00""#);
    bad("a raw line feed in a text", "an unknown member `note` whose text is a line feed, unescaped", "\"\n\"");
}

fn wanted(group: &mut Group<'_>, good: &Good) {
    let asking = |name, version| Parts { name, version, ..good.parts.clone() };
    let both = group.good(
        "K11",
        "the name and version asked for",
        "both are asked for",
        asking(Some("sample"), Some("1.0.0")),
    );
    for (title, name, version) in [
        ("another name", Some("samples"), None),
        ("another version", None, Some("1.0.1")),
        ("another name, the same version", Some("other"), Some("1.0.0")),
        ("the same name, another version", Some("sample"), Some("0.9.0")),
    ] {
        let how = format!("asked for {}", [name, version].into_iter().flatten().collect::<Vec<_>>().join(" "));
        group.bad(&both, "K11", "pack.subject_mismatch", title, &how, asking(name, version));
    }
}

fn validity(group: &mut Group<'_>, good: &Good, text: &str) {
    let last = group.good(
        "K24",
        "one second before it expires",
        "now is 2026-11-30T23:59:59Z",
        good.parts.at("2026-11-30T23:59:59Z"),
    );
    let expired = "pack.pack_expired";
    group.bad(&last, "K24", expired, "the moment it expires", "now is `expires`", good.parts.at(EXPIRES));
    group.bad(
        &last,
        "K24",
        expired,
        "long expired",
        "now is 2026-12-31T00:00:00Z",
        good.parts.at("2026-12-31T00:00:00Z"),
    );
    group.bad(
        good,
        "K24",
        expired,
        "expires when it is created",
        "`expires` is `created`",
        good.parts.stating(swap(text, EXPIRES, CREATED)),
    );
    let backwards = swap(&swap(text, CREATED, "2026-11-02T00:00:00Z"), EXPIRES, "2026-11-01T00:00:00Z");
    group.bad(
        good,
        "K24",
        expired,
        "expires before it is created, and still to come",
        "created 2026-11-02, expires 2026-11-01",
        good.parts.stating(backwards),
    );
    group.good(
        "K24",
        "created later than now",
        "`created` is 2026-07-01: it is the signer's word only",
        good.parts.stating(swap(text, CREATED, "2026-07-01T00:00:00Z")),
    );
}

fn seen(group: &mut Group<'_>, good: &Good, text: &str) {
    let own = blake3(&good.parts.archive);
    let other = blake3(b"another archive");
    let having =
        |version, blake3: &str| Parts { seen: Some(Seen { version, blake3: blake3.to_owned() }), ..good.parts.clone() };
    group.good("K25", "a lower version was seen", "0.9.9 was seen", having("0.9.9", &other));
    let same = group.good(
        "K25",
        "the same archive was seen",
        "1.0.0 was seen, with this archive's digest",
        having("1.0.0", &own),
    );
    group.bad(&same, "K25", "pack.rollback", "a higher version was seen", "1.0.1 was seen", having("1.0.1", &other));
    group.bad(
        &same,
        "K25",
        "pack.rollback",
        "a version that is higher as a number only",
        "1.0.10 was seen, and the pack signed as 1.0.9",
        {
            let stated = swap(text, "\"1.0.0\"", "\"1.0.9\"");
            Parts { seen: having("1.0.10", &other).seen, ..good.parts.stating(stated) }
        },
    );
    group.bad(
        &same,
        "K25",
        "pack.equivocation",
        "the same version of another archive was seen",
        "1.0.0 was seen, with another digest",
        having("1.0.0", &other),
    );
}
