//! Tags, maskers and records: what must never come out of them.

use proptest::prelude::*;
use reach_types::{
    Blake3Digest, Code as _, KeyId, ModelId, ModelKey, NodeId, RunId, Sha256Digest, SubjectId, TenantId, Timestamp,
};
use ring::hmac;

use super::*;
use crate::{
    Actual, Authenticated, Kind, Mode, Outcome, PermitKey, Rule, Withheld,
    testing::{facts, judge, policy, reasons, request, tool},
};

fn key(byte: u8) -> TagKey {
    TagKey::from_bytes([byte; 32])
}

/// The first and the last four characters.
fn ends(text: &str) -> [&str; 2] {
    [text.split_at(4).0, text.split_at(text.len() - 4).1]
}

fn show_plain(text: &str) -> String {
    ShowPlain { max_bytes: 4096 }.mask(text.as_bytes()).unwrap()
}

#[test]
fn a_tag_key_is_derived_in_its_own_domain() {
    let (secret, pack) = ([7; 32], Blake3Digest::from_bytes([9; 32]));
    let derived = *Blake3Digest::derive("reach 2026 tag key v1", &[&secret]).as_bytes();
    let tag = |key: TagKey| key.tag(Field::Pack, &pack);
    assert_eq!(tag(TagKey::derive(&secret)), tag(TagKey::from_bytes(derived)));
    // Whoever is lent it has neither the secret nor the key that permits are sealed with.
    assert_ne!(tag(TagKey::derive(&secret)), tag(TagKey::from_bytes(secret)));
    let permits = |secret: &[u8; 32]| PermitKey::derive(secret).mac(b"body");
    assert_ne!(permits(&derived), permits(&secret));
}

#[test]
fn a_tag_is_what_its_format_says() {
    let parts: [&[u8]; 3] = [b"reach 2026 tag v1", b"pack", &[9; 32]];
    let message: Vec<u8> =
        parts.iter().flat_map(|part| [&(part.len() as u64).to_le_bytes()[..], part].concat()).collect();
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), &message);
    let hex: String = mac.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = key(7).tag(Field::Pack, &Blake3Digest::from_bytes([9; 32]));
    assert_eq!(tag.to_string(), format!("pack~{hex}"));
    assert_eq!(tag.to_string(), "pack~d2aedb6718e893cc6239d696ad6c29ed");
    assert_eq!(format!("{tag:?}"), tag.to_string());
    assert_eq!(serde_json::to_value(tag).unwrap(), tag.to_string());
    assert_eq!(tag.field(), Field::Pack);
}

#[test]
fn p35_a_tag_changes_with_key_field_and_value_and_holds_neither() {
    let digest = Blake3Digest::of(b"archive");
    let tag = key(1).tag(Field::Pack, &digest);
    assert_eq!(key(1).tag(Field::Pack, &digest), tag);
    for other in [
        key(2).tag(Field::Pack, &digest),
        key(1).tag(Field::Bundle, &digest),
        key(1).tag(Field::Pack, &Blake3Digest::of(b"other")),
    ] {
        let text = |tag: Tag| tag.to_string().split_once('~').unwrap().1.to_owned();
        assert_ne!(text(other), text(tag));
    }
    let hex = digest.to_string();
    assert!(!ends(&hex).iter().any(|end| tag.to_string().contains(end)), "{tag}");
}

#[test]
fn every_kind_of_value_is_tagged_by_its_bytes() {
    let (key, raw) = (key(3), [5; 32]);
    let same = [
        key.tag(Field::Key, &Blake3Digest::from_bytes(raw)),
        key.tag(Field::Key, &Sha256Digest::from_bytes(raw)),
        key.tag(Field::Key, &KeyId(Sha256Digest::from_bytes(raw))),
        key.tag(Field::Key, &NodeId(Sha256Digest::from_bytes(raw))),
        key.tag(Field::Key, &RunId(Blake3Digest::from_bytes(raw))),
        key.tag(Field::Key, &Secret(&raw)),
    ];
    assert!(same.iter().all(|tag| *tag == same[0]));
    let acme = TenantId::parse("acme").unwrap();
    assert_eq!(key.tag(Field::Tenant, &acme), key.tag(Field::Tenant, &Secret(b"acme")));
    assert_ne!(key.tag(Field::Tenant, &acme), key.tag(Field::Tenant, &Secret(b"acm")));
}

#[test]
fn a_subject_s_tag_tells_tenants_and_kinds_apart() {
    let tenant = |name: &str| TenantId::parse(name).unwrap();
    let caller = |of: &str, name: &str| Authenticated::caller(tenant(of), SubjectId::parse(name).unwrap());
    let key = key(3);
    let tags = [
        key.subject(&caller("acme", "a")),
        key.subject(&caller("acme", "b")),
        key.subject(&caller("zeta", "a")),
        key.subject(&Authenticated::operator(tenant("acme"))),
        key.subject(&Authenticated::node(tenant("acme"), NodeId(Sha256Digest::from_bytes([1; 32])))),
        key.subject(&Authenticated::node(tenant("acme"), NodeId(Sha256Digest::from_bytes([2; 32])))),
    ];
    assert_eq!(tags.iter().collect::<std::collections::BTreeSet<_>>().len(), tags.len());
    assert!(tags.iter().all(|tag| tag.field() == Field::Subject));
    assert_eq!(key.subject(&caller("acme", "a")), tags[0]);
}

#[test]
fn field_names_are_unique_sorted_and_stable() {
    let names: Vec<_> = Field::ALL.iter().map(|field| field.as_str()).collect();
    assert_eq!(
        names,
        [
            "argument",
            "bundle",
            "chain",
            "definition",
            "host",
            "key",
            "node",
            "pack",
            "permit",
            "registry",
            "run",
            "secret",
            "subject",
            "tenant"
        ]
    );
    assert!(Field::ALL.is_sorted());
}

#[test]
fn p35_what_a_violation_found_is_shown_or_withheld_by_type() {
    let secret = b"hunter2-hunter2";
    let key = key(4);
    let rows: [(Actual, &str, serde_json::Value); 6] = [
        (Actual::Absent, "nothing", serde_json::json!({"kind": "absent"})),
        (
            Actual::identifier(&tool("fs.list")),
            "`fs.list`",
            serde_json::json!({"kind": "identifier", "value": "fs.list"}),
        ),
        (Actual::Number(-5), "-5", serde_json::json!({"kind": "number", "value": -5})),
        (
            Actual::Time(Timestamp::from_millis(0)),
            "1970-01-01T00:00:00Z",
            serde_json::json!({"kind": "time", "value": "1970-01-01T00:00:00Z"}),
        ),
        (
            Actual::withheld(Kind::Text, secret),
            "withheld text of 15 bytes",
            serde_json::json!({"kind": "withheld", "value": {"type": "text", "bytes": 15}}),
        ),
        (
            Actual::Withheld(Withheld::tagged(Kind::Object, secret, &key, Field::Argument)),
            &format!("withheld object of 15 bytes ({})", key.tag(Field::Argument, &Secret(secret))),
            serde_json::json!({"kind": "withheld", "value": {
                "type": "object", "bytes": 15, "tag": key.tag(Field::Argument, &Secret(secret)).to_string(),
            }}),
        ),
    ];
    for (actual, text, json) in rows {
        assert_eq!(actual.to_string(), text);
        assert_eq!(serde_json::to_value(&actual).unwrap(), json);
    }
    let withheld = Withheld::tagged(Kind::Null, secret, &key, Field::Secret);
    assert_eq!((withheld.kind(), withheld.bytes()), (Kind::Null, None));
    assert_eq!(
        serde_json::to_value(Withheld::new(Kind::Boolean, b"true")).unwrap(),
        serde_json::json!({"type": "boolean"})
    );
    assert_eq!(withheld.tag(), Some(key.tag(Field::Secret, &Secret(secret))));
    assert_eq!(Withheld::new(Kind::Bytes, secret).tag(), None);
    let kinds = [Kind::Bytes, Kind::Text, Kind::Number, Kind::Boolean, Kind::Null, Kind::List, Kind::Object];
    let lengths = kinds.map(|kind| Withheld::new(kind, b"true").bytes());
    assert_eq!(lengths, [Some(4), Some(4), None, None, None, Some(4), Some(4)]);
    let names = kinds.map(Kind::as_str);
    assert_eq!(names, ["bytes", "text", "number", "boolean", "null", "list", "object"]);
}

/// In the system this replaces, reasons quoted the hashes they were about.
#[test]
fn p35_reasons_carry_no_hash_and_no_id() {
    let asked =
        request(&["shell.exec", "net.fetch", "fs.list"], &["net:get", "db:write"], &[("judge", "acme.large-1")]);
    let decision = judge(&policy(), Mode::Enforce, &asked);
    assert_eq!(decision.outcome(), Outcome::Deny);
    assert!(decision.violations().len() > 4, "{:?}", reasons(&decision));
    let said = format!("{decision} {}", serde_json::to_string(&decision).unwrap());
    let pins = facts().tools.into_values();
    for digest in pins.chain([facts().digest, *decision.bundle(), *decision.pack()]) {
        let hex = digest.to_string();
        assert!(!ends(&hex).iter().any(|end| said.contains(end)), "{said}");
    }
    let longest_hex = said.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap();
    assert!(longest_hex < 8, "{said}");
}

struct Failing;
impl Masker for Failing {
    fn mask(&self, _: &[u8]) -> Option<String> {
        None
    }
}

struct Panicking;
impl Masker for Panicking {
    fn mask(&self, _: &[u8]) -> Option<String> {
        panic!("a masker's own fault")
    }
}

#[test]
fn p36_a_masker_that_fails_or_panics_costs_the_content_and_not_the_event() {
    let secret = b"the secret is hunter2";
    let record = |masker: &dyn Masker| {
        Outbound::new("call_refused")
            .code(&Rule::ToolNotAllowed)
            .shown("tool", &tool("net.fetch"))
            .masked("arguments", Masked::of(masker, secret))
    };
    let rows: [(&dyn Masker, &str); 2] = [(&Failing, "masker_failed"), (&Panicking, "masker_panicked")];
    for (masker, why) in rows {
        let record = record(masker);
        assert_eq!(
            record.to_string(),
            format!("event=call_refused arguments=dropped:{why}:21 code=policy.tool_not_allowed tool=net.fetch")
        );
        let json = serde_json::to_value(&record).unwrap();
        assert_eq!(json["arguments"], serde_json::json!({"dropped": why, "bytes": 21}));
        assert_eq!((&json["event"], &json["tool"]), (&"call_refused".into(), &"net.fetch".into()));
    }
    let good = serde_json::to_value(record(&Withhold)).unwrap();
    assert_eq!(good["arguments"], serde_json::json!({"text": "[text, 21 bytes]"}));
}

#[test]
fn a_record_prints_every_kind_of_value() {
    let (key, digest) = (key(1), Blake3Digest::of(b"archive"));
    let tag = key.tag(Field::Pack, &digest);
    let model = Shown::model(&ModelKey::parse("planner").unwrap(), &ModelId::parse("acme.large-1").unwrap());
    let record = Outbound::new("e")
        .word("outcome", "deny")
        .shown("model", model)
        .number("asked", -1)
        .count("count", u64::MAX)
        .time("at", Timestamp::from_millis(1000))
        .tag(tag)
        .actual("actual", Actual::withheld(Kind::List, b"[]"))
        .masked("text", Masked::of(&ShowPlain { max_bytes: 9 }, b"a \"b\""))
        .count("count", 2);
    assert_eq!(
        record.to_string(),
        format!(
            "event=e actual=\"withheld list of 2 bytes\" asked=-1 at=1970-01-01T00:00:01Z count=2 \
             model=planner=acme.large-1 outcome=deny pack={tag} text=\"a \\\"b\\\"\""
        )
    );
    assert_eq!(
        serde_json::to_value(&record).unwrap(),
        serde_json::json!({
            "event": "e", "actual": {"kind": "withheld", "value": {"type": "list", "bytes": 2}}, "asked": -1,
            "at": "1970-01-01T00:00:01Z", "count": 2, "model": "planner=acme.large-1", "outcome": "deny",
            "pack": tag.to_string(), "text": {"text": "a \\\"b\\\""},
        })
    );
    assert_eq!(
        Outbound::new("e").code(&reach_types::IdentError::Malformed).to_string(),
        "event=e code=input.identifier_malformed"
    );
    assert_eq!(reach_types::IdentError::Malformed.code(), "input.identifier_malformed");
}

struct Verbatim;
impl Masker for Verbatim {
    fn mask(&self, content: &[u8]) -> Option<String> {
        String::from_utf8(content.to_vec()).ok()
    }
}

fn masked(masker: &dyn Masker, content: &str) -> String {
    match Masked::of(masker, content.as_bytes()) {
        Masked::Text(text) => text.as_str().to_owned(),
        Masked::Dropped { .. } => panic!("{content}"),
    }
}

#[test]
fn p35_masked_text_cannot_forge_a_line_or_act_on_a_terminal() {
    for (content, shown) in [
        ("fs.list", "fs.list"),
        ("a\nevent=allow", "a\\u{a}event=allow"),
        ("\r\n", "\\u{d}\\u{a}"),
        ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("a\u{202e}b\u{2066}c\u{200b}", "a\\u{202e}b\\u{2066}c\\u{200b}"),
        ("\u{3164}\u{435}é", "\\u{3164}\\u{435}\\u{e9}"),
        ("a\" tool=\"b", "a\\\" tool=\\\"b"),
        ("a\\u{a}", "a\\\\u{a}"),
        ("a\tb\0\u{7f}~ ", "a\\u{9}b\\u{0}\\u{7f}~ "),
    ] {
        assert_eq!(masked(&Verbatim, content), shown, "{content:?}");
        assert_eq!(Masked::of(&Verbatim, content.as_bytes()).to_string(), format!("\"{shown}\""));
    }
    // A tool name that is none is no identifier, and what was sent in its place is no more than text.
    reach_types::ToolId::parse("fs.list\u{1b}[2J\n").unwrap_err();
}

#[test]
fn masked_text_is_bounded() {
    let full = "a".repeat(MAX_MASKED_BYTES - 5);
    assert_eq!(masked(&Verbatim, &full), full);
    for more in [1, 5, 6, 1_000_000] {
        let cut = masked(&Verbatim, &"a".repeat(MAX_MASKED_BYTES - 5 + more));
        assert_eq!(cut, format!("{full}[cut]"));
    }
    // An escape is never cut in two.
    let cut = masked(&Verbatim, &"\u{202e}".repeat(MAX_MASKED_BYTES));
    assert_eq!(cut, format!("{}[cut]", "\\u{202e}".repeat((MAX_MASKED_BYTES - 5) / 8)));
}

#[test]
fn withholding_tells_type_and_length() {
    assert_eq!(masked(&Withhold, "hunter2"), "[text, 7 bytes]");
    assert_eq!(Withhold.mask(&[0xff, 0xfe]).unwrap(), "[binary, 2 bytes]");
    assert_eq!(ShowPlain { max_bytes: 100 }.mask(&[0xff, 0xfe]).unwrap(), "[binary, 2 bytes]");
}

#[test]
fn p35_what_looks_like_a_secret_is_replaced_whole() {
    let digest = Blake3Digest::of(b"archive").to_string();
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    for secret in [
        digest.as_str(),
        &digest.to_uppercase(),
        &format!("blake3:{digest}"),
        "deadbeefcafebabe",
        "1234567812345678",
        "de:ad:be:ef:ca:fe:ba:be",
        "123e4567-e89b-12d3-a456-426614174000",
        jwt,
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a-key",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "correcthorsebatterystapleandmores",
        "aB3!xY9#zQ7$",
        "https://user:pw@example.org/x",
        "password=hunter2",
        "DB_PASSWORD:hunter2",
        "x-api-key=1",
    ] {
        let expected = |before: &str, after: &str| format!("{before}[{} bytes masked]{after}", secret.len());
        for (before, after) in [("", ""), ("see ", " there"), ("(", ")"), ("{\"it\": \"", "\"}")] {
            // What a label announces goes on to the end of the line.
            let labelled = secret.contains("=") || secret.contains("WORD") || secret.ends_with("-key");
            let said = if labelled && after == " there" { " [5 bytes masked]" } else { after };
            assert_eq!(show_plain(&format!("{before}{secret}{after}")), expected(before, said));
        }
    }
    for plain in [
        "",
        "the tool `fs.list` is not allowed",
        "policy.tool_not_allowed: workspace:read",
        "2026-06-01T00:00:00Z",
        "crates/policy/src/lib",
        "internationalization",
        "error[policy.unsigned]: 15 of 20 -> 3",
        "deadbeefcafebab",
        "é ü 漢字 \u{1b}[0m",
        "a=b; c: d = e",
        "InventoryPack one two",
        "see https://example.org/a and me@example.org",
    ] {
        assert_eq!(show_plain(plain), plain);
    }
}

#[test]
fn the_boundaries_of_what_looks_like_a_secret() {
    let shown = |text: &str| show_plain(text) == text;
    assert!(shown("abcdefghijklmn1") && !shown("abcdefghijklmno1"));
    assert!(shown("Abcdefghijklmno") && !shown("Abcdefghijklmnop"));
    assert!(shown(&"x".repeat(31)) && !shown(&"x".repeat(32)));
    assert!(shown("Abcdefghi.1") && !shown("Abcdefghij.1"));
    assert!(shown(&"a".repeat(15)) && !shown(&"a".repeat(16)));
    assert!(shown("ab:cd:ef:01:23:45:67:8") && !shown("ab:cd:ef:01:23:45:67:89"));
    assert!(shown("xx:ab:cd:ef:01:23:45:67:89"));
    assert!(shown("file://etc/hosts") && !shown("a://b@c"));
}

#[test]
fn what_a_label_announces_is_masked_to_the_end_of_its_line() {
    for (text, shown) in [
        ("password: hunter2", "password: [7 bytes masked]"),
        ("Password = hunter2\nnext", "Password = [7 bytes masked]\nnext"),
        (
            "passphrase: correct horse battery\nnext",
            "passphrase: [7 bytes masked] [5 bytes masked] [7 bytes masked]\nnext",
        ),
        ("{\"password\":\"a b\",\"next\":1}", "{\"password\":\"[1 bytes masked] [1 bytes masked]\",\"next\":1}"),
        ("{\"token\": \"!!\"}", "{\"token\": \"[2 bytes masked]\"}"),
        ("Authorization: Basic dXNlcg==\nHost: x", "Authorization: Basic [8 bytes masked]\nHost: x"),
        ("authorization:bearer abc", "[20 bytes masked] [3 bytes masked]"),
        ("secret key: xyz", "secret [4 bytes masked] [3 bytes masked]"),
        ("password:\n  hunter2\nnext", "password:\n  [7 bytes masked]\nnext"),
        ("password=correct horse\nnext", "[16 bytes masked] [5 bytes masked]\nnext"),
        ("monkey bars", "monkey bars"),
    ] {
        assert_eq!(show_plain(text), shown, "{text:?}");
    }
}

#[test]
fn wrapped_base64_is_masked_to_its_last_short_line() {
    let line = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA".to_owned();
    assert_eq!(show_plain(&format!("{line}\nAQAB\nnext")), "[44 bytes masked]\n[4 bytes masked]\nnext");
    assert_eq!(show_plain(&format!("{line}\r\nAQAB next")), "[44 bytes masked]\r\n[4 bytes masked] [4 bytes masked]");
    assert_eq!(show_plain(&format!("{line} next")), "[44 bytes masked] next");
    assert_eq!(show_plain("0123456789abcdef\nnext"), "[16 bytes masked]\nnext");
    let (narrow, wide) = ("a1".repeat(19) + "b", "a1".repeat(20));
    assert_eq!(show_plain(&format!("{narrow}\nnext")), "[39 bytes masked]\nnext");
    assert_eq!(show_plain(&format!("{wide}\nnext")), "[40 bytes masked]\n[4 bytes masked]");
}

#[test]
fn a_pem_block_is_masked_whole() {
    let block = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\nabc\n-----END PRIVATE KEY-----";
    assert_eq!(
        show_plain(&format!("key\n{block}\nafter {block}")),
        "key\n-[PEM block masked]-\nafter -[PEM block masked]-"
    );
    assert_eq!(show_plain("x -----BEGIN PRIVATE KEY-----\nabc"), "x -[PEM block masked]");
    assert_eq!(show_plain("x -----BEGIN A-----\nabc\n-----END A"), "x -[PEM block masked]");
    assert_eq!(show_plain("---- BEGIN SSH2 KEY ----\nabc\n---- END SSH2 KEY ----\nb"), "[PEM block masked]\nb");
}

#[test]
fn plain_text_is_shown_up_to_its_limit_by_whole_words() {
    let mask = |max_bytes, text: &str| ShowPlain { max_bytes }.mask(text.as_bytes()).unwrap();
    assert_eq!(mask(7, "abc def"), "abc def");
    assert_eq!(mask(6, "abc def"), "abc [3 more bytes]");
    assert_eq!(mask(6, "abc def x"), "abc [5 more bytes]");
    assert_eq!(mask(0, "abc"), "[3 more bytes]");
    let secret = "a1".repeat(20);
    assert_eq!(mask(10, &format!("abc {secret}")), "abc [40 more bytes]");
    let block = format!("-----BEGIN A-----\n{secret}");
    assert_eq!(mask(4, &block), format!("-[{} more bytes]", block.len() - 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// The system this replaces showed the first and last four characters of what it redacted.
    #[test]
    fn p35_neither_the_first_nor_the_last_characters_of_a_secret_are_shown(
        secret in "[0-9a-f]{16,80}|[0-9A-F]{16,80}|[A-Za-z0-9+/]{24,100}={0,2}|[A-Za-z0-9_-]{24,60}",
        before in "(|id |value: |\\()", after in "(| and more|\\)|, more)",
    ) {
        let said = show_plain(&format!("{before}{secret}{after}"));
        prop_assert_eq!(&said, &format!("{before}[{} bytes masked]{after}", secret.len()));
        let (key, content) = (key(9), secret.as_bytes());
        let tag = key.tag(Field::Secret, &Secret(content));
        let withheld = Withheld::tagged(Kind::Text, content, &key, Field::Secret);
        prop_assert_eq!(withheld.to_string(), format!("withheld text of {} bytes ({tag})", secret.len()));
    }

    #[test]
    fn p35_any_text_comes_out_as_one_bounded_printable_line(text in any::<String>(), repeat in 1usize..200) {
        let text = text.repeat(repeat);
        for masker in [&Verbatim as &dyn Masker, &ShowPlain { max_bytes: 300 }] {
            let out = masked(masker, &text);
            prop_assert!(out.len() <= MAX_MASKED_BYTES);
            prop_assert!(out.bytes().all(|b| (b' '..=b'~').contains(&b)));
        }
    }

    #[test]
    fn escaped_text_can_be_read_back(text in "[ -~\u{0}-\u{20}\u{202e}é\\\\\"]{0,40}") {
        let out = masked(&Verbatim, &text);
        let mut rest = out.as_str();
        let mut back = String::new();
        while let Some(first) = rest.chars().next() {
            if let Some(escape) = rest.strip_prefix("\\u{") {
                let (hex, after) = escape.split_once('}').unwrap();
                back.push(char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap());
                rest = after;
            } else {
                let plain = rest.strip_prefix('\\').unwrap_or(rest);
                back.push(if first == '\\' { plain.chars().next().unwrap() } else { first });
                rest = plain.split_at(plain.chars().next().unwrap().len_utf8()).1;
            }
        }
        prop_assert_eq!(back, text);
    }
}

/// Each took time that grew with the square of its length: a suite with that in it does not end.
#[test]
fn p35_content_made_to_keep_a_masker_busy_takes_one_pass() {
    let pass = |text: &str| ShowPlain { max_bytes: usize::MAX }.mask(text.as_bytes()).unwrap();
    let filled = |part: &str, bytes: usize| part.repeat(bytes / part.len());
    for (part, bytes) in [(":", 1 << 20), ("=", 1 << 18), ("a:", 1 << 18), ("password-:", 1 << 18)] {
        let text = filled(part, bytes) + "x";
        let all = pass(&text);
        assert!(all == text || all == format!("[{} bytes masked]", text.len()), "{part}");
    }
    let blocks = pass(&filled("----BEGIN----END----", 1 << 20));
    assert!(blocks == filled("[PEM block masked]", 18 * ((1 << 20) / 20)));
    for open in ["----BEGIN", "---- BEGIN"] {
        assert!(pass(&filled(open, 1 << 18)) == "[PEM block masked]", "{open}");
    }
    for word in ["BEGIN", "BEGIN ", "---- ", "----END----\n"] {
        assert!(!pass(&filled(word, 1 << 18)).contains("PEM"), "{word}");
    }
}

#[test]
fn a_full_page_counts_what_it_does_not_show() {
    let mask = |max_bytes, text: &str| ShowPlain { max_bytes }.mask(text.as_bytes()).unwrap();
    let pem = "one two ----BEGIN KEY----\nAAAA\n----END KEY---- three";
    assert_eq!(mask(usize::MAX, pem), "one two [PEM block masked] three");
    assert_eq!(mask(8, pem), format!("one two [{} more bytes]", pem.len() - 8));
    assert_eq!(mask(26, pem), "one two [PEM block masked][6 more bytes]");
    assert_eq!(mask(25, pem), format!("one two [{} more bytes]", pem.len() - 8));
    assert_eq!(mask(0, pem), format!("[{} more bytes]", pem.len()));
    assert_eq!(mask(0, ""), "");
    // A mark is a word after dashes: neither alone is.
    for plain in ["-- BEGIN x", "---BEGIN", "----  BEGIN", "BEGIN ----"] {
        assert!(!mask(100, plain).contains("PEM"), "{plain}");
    }
    assert_eq!(mask(100, "BEGIN ----BEGIN x"), "BEGIN [PEM block masked]");
}
