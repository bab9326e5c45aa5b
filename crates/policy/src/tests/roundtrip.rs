//! What a file says is what is signed, and each policy is signed in one way only.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reach_types::{Blake3Digest, Code as _, LegacyException, TenantId, encode_strict};

use crate::{
    ArgumentPath, Asks, Check, Limit, Literal, MAX_BUNDLE_PAYLOAD_BYTES, MAX_CHOICES, MAX_GRANTS, MAX_LIMITS,
    MAX_MODEL_KEYS, MAX_MODELS_PER_KEY, MAX_NARROWED, MAX_POLICY_TOML_BYTES, MAX_TENANTS, MAX_TOOLS, Policy, RuleId,
    TenantRules,
    exceptions::Exceptions,
    refinements::Refinements,
    testing::{TOML, acme, at, grant, policy, tool},
    wire,
};

/// The policy of the tests with these refinements, as encoding 3 writes it, without any check.
fn encoded(refinements: &Refinements) -> Vec<u8> {
    encode_strict(&(3u16, policy().body(), Exceptions::default(), refinements)).unwrap()
}

fn read(payload: &[u8]) -> &'static str {
    wire::decode(payload).map_or_else(|error| error.code(), |_| "ok")
}

fn limit(id: &str, check: Check) -> Limit {
    let at = ArgumentPath::parse("/path").unwrap();
    Limit { id: RuleId::parse(id).unwrap(), tool: tool("fs.list"), at, check, optional: false }
}

fn limits(limits: Vec<Limit>) -> Refinements {
    Refinements { limits, ..Refinements::default() }
}

fn of_tenant(rules: TenantRules) -> Refinements {
    Refinements { tenants: [(acme(), rules)].into(), ..Refinements::default() }
}

#[test]
fn a_policy_is_written_in_the_lowest_encoding_that_can_say_it() {
    let written = |text: &str| wire::encode(&Policy::from_toml(text).unwrap()).unwrap()[0];
    let exceptions = "[[legacy_packs]]\ndigest = \"".to_owned()
        + &"ab".repeat(32)
        + "\"\nreason = \"x\"\nuntil = \"2026-02-01T00:00:00Z\"\n";
    assert_eq!(written(TOML), 1);
    assert_eq!(written(&format!("{TOML}{exceptions}")), 2);
    let third = [
        "[asks]\ntools = [\"fs.list\"]",
        "[asks]\nscopes = [\"fs:read\"]",
        "[tenants.acme]",
        "[[limits]]\nid = \"a\"\ntool = \"fs.list\"\nat = \"/a\"\nmin = 1",
    ];
    for text in third {
        assert_eq!(written(&format!("{TOML}{text}")), 3, "{text}");
        assert_eq!(written(&format!("{TOML}{exceptions}{text}")), 3, "{text}");
    }
    assert_eq!(written(&TOML.replace("version = 7", "version = 7\nlisted_tenants_only = true")), 3);
    // What says nothing is not there.
    assert_eq!(written(&format!("{TOML}[asks]\ntools = []\n[tenants]\n")), 1);
    assert_eq!(written(&TOML.replace("version = 7", "version = 7\nlisted_tenants_only = false")), 1);

    assert_eq!(read(&encoded(&Refinements::default())), "policy.bundle_non_canonical");
    let exception =
        LegacyException { digest: Blake3Digest::of(b"x"), reason: "x".to_owned(), until: at("2026-02-01T00:00:00Z") };
    let exceptions = Exceptions { legacy_packs: vec![exception.clone()], ..Exceptions::default() };
    let both = |exceptions: &Exceptions, refinements: &Refinements| {
        read(&encode_strict(&(3u16, policy().body(), exceptions, refinements)).unwrap())
    };
    assert_eq!(both(&exceptions, &Refinements::default()), "policy.bundle_non_canonical");
    let listed = Refinements { listed_tenants_only: true, ..Refinements::default() };
    assert_eq!(both(&exceptions, &listed), "ok");
    let twice = Exceptions { legacy_packs: vec![exception.clone(), exception], ..Exceptions::default() };
    assert_eq!(both(&twice, &listed), "policy.bundle_non_canonical");
}

#[test]
fn limits_are_encoded_in_one_order() {
    let (a, b) = (limit("a", Check::MaxBytes(1)), limit("b", Check::MaxBytes(2)));
    assert_eq!(read(&encoded(&limits(vec![a.clone(), b.clone()]))), "ok");
    assert_eq!(read(&encoded(&limits(vec![b.clone(), a.clone()]))), "policy.bundle_non_canonical");
    assert_eq!(read(&encoded(&limits(vec![a.clone(), a.clone()]))), "policy.bundle_non_canonical");
    let tenant = |list: Vec<Limit>| read(&encoded(&of_tenant(TenantRules { limits: list, ..TenantRules::default() })));
    assert_eq!(tenant(vec![a.clone(), b.clone()]), "ok");
    assert_eq!(tenant(vec![b, a]), "policy.bundle_non_canonical");
}

#[test]
fn what_is_signed_is_spelled_in_one_way() {
    let below = |path: &str| {
        let plain =
            encoded(&limits(vec![limit("a", Check::Below([crate::PathPrefix::parse("xx/xx").unwrap()].into()))]));
        read(&replaced(&plain, b"xx/xx", path.as_bytes()))
    };
    assert_eq!(below("aa/aa"), "ok");
    for bad in ["aa//a", "../aa", "/aaaa", "aaaa/", "aa\\aa", "aa/a."] {
        assert_eq!(below(bad), "policy.bundle_malformed", "{bad}");
    }
    let pointer = |text: &str| {
        read(&replaced(&encoded(&limits(vec![limit("a", Check::MaxBytes(1))])), b"/path", text.as_bytes()))
    };
    assert_eq!(pointer("/a~0b"), "ok");
    for bad in ["a/bcd", "/a~2b", "/a\nbc"] {
        assert_eq!(pointer(bad), "policy.bundle_malformed", "{bad:?}");
    }
    // Sets that are not sorted, or hold an entry twice.
    let two = encoded(&limits(vec![limit("a", Check::OneOf([Literal::Number(5), Literal::Number(9)].into()))]));
    assert_eq!(read(&two), "ok");
    assert_eq!(read(&replaced(&two, &[1, 10, 1, 18], &[1, 18, 1, 10])), "policy.bundle_non_canonical");
    assert_eq!(read(&replaced(&two, &[1, 10, 1, 18], &[1, 10, 1, 10])), "policy.bundle_non_canonical");
    let both = of_tenant(TenantRules {
        asks: Asks { tools: [tool("fs.list")].into(), scopes: [grant("fs:read"), grant("ns:*")].into_iter().collect() },
        ..TenantRules::default()
    });
    assert_eq!(read(&encoded(&both)), "ok");
    let swapped = replaced(&encoded(&both), b"\x02\x07fs:read\x04ns:*\0", b"\x02\x04ns:*\x07fs:read\0");
    assert_eq!(read(&swapped), "policy.bundle_non_canonical");
    // An unknown check, a flag that is neither, and an end too early or too late.
    let one = encoded(&limits(vec![limit("a", Check::MaxBytes(1))]));
    assert_eq!(read(&replaced(&one, b"/path\x03\x01\0", b"/path\x03\x01\x01")), "ok");
    assert_eq!(read(&replaced(&one, b"/path\x03\x01\0", b"/path\x03\x01\x02")), "policy.bundle_malformed");
    assert_eq!(read(&replaced(&one, b"/path\x03\x01\0", b"/path\x04\x01\0")), "policy.bundle_malformed");
    assert_eq!(read(&[&*one, &[0]].concat()), "policy.bundle_non_canonical");
    for end in 1..one.len() {
        assert_eq!(read(&one[..end]), "policy.bundle_malformed", "cut at {end}");
    }
}

/// `bytes` with the last occurrence of `from` replaced: what encoding 3 adds stands at the end.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let start = bytes.windows(from.len()).rposition(|window| window == from).unwrap();
    [&bytes[..start], to, &bytes[start + from.len()..]].concat()
}

#[test]
fn p33_the_load_checks_of_limits_hold_for_what_is_signed_too() {
    let tenant = |rules: TenantRules| read(&encoded(&of_tenant(rules)));
    let one = |check: Check| read(&encoded(&limits(vec![limit("a", check)])));
    assert_eq!(one(Check::Range { min: Some(1), max: Some(1) }), "ok");
    assert_eq!(one(Check::Range { min: Some(2), max: Some(1) }), "policy.unsatisfiable");
    assert_eq!(one(Check::Range { min: None, max: None }), "policy.limit_malformed");
    assert_eq!(one(Check::Range { min: Some(i64::MIN), max: None }), "policy.limit_malformed");
    assert_eq!(one(Check::OneOf([].into())), "policy.unsatisfiable");
    assert_eq!(one(Check::OneOf([Literal::Text("\n".to_owned())].into())), "policy.limit_malformed");
    assert_eq!(one(Check::Below([].into())), "policy.unsatisfiable");
    let duplicate = Refinements {
        limits: vec![limit("a", Check::MaxBytes(1))],
        ..of_tenant(TenantRules { limits: vec![limit("a", Check::MaxBytes(1))], ..TenantRules::default() })
    };
    assert_eq!(read(&encoded(&duplicate)), "policy.duplicate_id");
    assert_eq!(
        tenant(TenantRules { tools: Some([tool("fs.write")].into()), ..TenantRules::default() }),
        "policy.tenant_widens"
    );
    let asks = Asks { tools: [tool("fs.write")].into(), ..Asks::default() };
    assert_eq!(tenant(TenantRules { asks: asks.clone(), ..TenantRules::default() }), "policy.unsatisfiable");
    assert_eq!(read(&encoded(&Refinements { asks, ..Refinements::default() })), "policy.unsatisfiable");
    let many = |n: usize| {
        let tenants = (0..n).map(|i| (TenantId::parse(&format!("t{i}")).unwrap(), TenantRules::default()));
        read(&encoded(&Refinements { tenants: tenants.collect(), ..Refinements::default() }))
    };
    assert_eq!((many(MAX_TENANTS), many(MAX_TENANTS + 1)), ("ok", "policy.too_many_entries"));
}

/// The sum in the doc of [`MAX_BUNDLE_PAYLOAD_BYTES`], from the limits themselves.
#[test]
fn p34_the_longest_entries_of_every_list_fit_a_payload_and_a_file() {
    let (grant, name) = (130, 65);
    let names = MAX_TOOLS + MAX_MODEL_KEYS * (MAX_MODELS_PER_KEY + 1);
    let exceptions = 2 * crate::MAX_EXCEPTIONS * 298;
    let limit = 2 * name + 2 + crate::MAX_ARGUMENT_PATH_BYTES + 1 + 20 + 1;
    let choice = 1 + 2 + crate::MAX_LITERAL_BYTES.max(crate::MAX_PATH_PREFIX_BYTES);
    let payload = (MAX_GRANTS + MAX_NARROWED) * grant
        + names * name
        + exceptions
        + MAX_LIMITS * limit
        + MAX_CHOICES * choice
        + MAX_TENANTS * (name + 15)
        + 200;
    assert!(payload <= MAX_BUNDLE_PAYLOAD_BYTES, "{payload}");
    // In a file each entry has two quotes and a comma instead of its length, an exception 60 bytes
    // of names around it, a limit 120, and a tenant 90.
    let file = payload
        + (MAX_GRANTS + MAX_NARROWED + names + MAX_CHOICES) * 2
        + 2 * crate::MAX_EXCEPTIONS * 90
        + MAX_LIMITS * 160
        + MAX_TENANTS * 90;
    assert!(file <= MAX_POLICY_TOML_BYTES - 1024 * 1024, "{file}");
}

/// Blocks of a policy file that may stand together in any number and order.
fn blocks() -> impl Strategy<Value = BTreeMap<String, String>> {
    let check = prop_oneof![
        proptest::collection::btree_set("[a-c]{1,2}(/[a-c])?", 1..4).prop_map(|set| format!("below = {set:?}")),
        proptest::collection::btree_set(
            prop_oneof![
                "[ -!#-Z]{0,3}".prop_map(|text| format!("{text:?}")),
                any::<i32>().prop_map(|n| n.to_string()),
                any::<bool>().prop_map(|f| f.to_string())
            ],
            1..5
        )
        .prop_map(|set| format!("one_of = [{}]", set.into_iter().collect::<Vec<_>>().join(", "))),
        (any::<i32>(), any::<u16>())
            .prop_map(|(min, more)| format!("min = {min}\nmax = {}", i64::from(min) + i64::from(more))),
        any::<i32>().prop_map(|max| format!("max = {max}")),
        any::<u32>().prop_map(|bytes| format!("max_bytes = {bytes}")),
    ];
    let limit = (check, any::<bool>(), prop_oneof![Just("digest.files"), Just("fs.list")], "(/[a-z*]{0,3}){1,3}");
    let list = prop_oneof![Just("limits".to_owned()), "[a-c]".prop_map(|tenant| format!("tenants.{tenant}.limits"))];
    let limit = (list, limit, 0..1000u32).prop_map(|(list, (check, optional, tool, at), number)| {
        // Each at a place of its own, so that none contradicts another.
        (format!("limit-{number}"), format!("[[{list}]]\nid = \"limit-{number}\"\ntool = \"{tool}\"\nat = \"{at}/{number}\"\n{check}\noptional = {optional}\n"))
    });
    let scopes = || {
        proptest::collection::btree_set(prop_oneof![Just("ns:*"), Just("ns:a"), Just("ns:b:*"), Just("fs:read")], 0..4)
    };
    let tools = || proptest::collection::btree_set(prop_oneof![Just("digest.files"), Just("fs.list")], 1..3);
    let tenant = ("[d-f]", proptest::option::of(tools()), proptest::option::of(scopes()), any::<(bool, bool, bool)>()).prop_map(
        |(name, tools, scopes, (enforce, deterministic, model))| {
            let asks = tools.iter().flatten().next().map(|tool| format!("asks.tools = [\"{tool}\"]\n")).unwrap_or_default();
            let tools = tools.map(|set| format!("tools = {:?}\n", set.into_iter().collect::<Vec<_>>())).unwrap_or_default();
            let scopes = scopes.map(|set| format!("scopes = {:?}\n", set.into_iter().collect::<Vec<_>>())).unwrap_or_default();
            let model = if model { "models.planner = [\"acme.small-1\"]\n" } else { "" };
            (format!("tenant-{name}"), format!("[tenants.{name}]\n{tools}{scopes}{model}enforce = {enforce}\nrequire_deterministic = {deterministic}\n{asks}"))
        },
    );
    let asks = (tools(), scopes()).prop_map(|(tools, scopes)| {
        let (tools, scopes) = (tools.into_iter().collect::<Vec<_>>(), scopes.into_iter().collect::<Vec<_>>());
        ("asks".to_owned(), format!("[asks]\ntools = {tools:?}\nscopes = {scopes:?}\n"))
    });
    proptest::collection::vec(prop_oneof![6 => limit, 2 => tenant, 1 => asks], 0..10)
        .prop_map(|blocks| blocks.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_a_file_says_is_signed_and_read_again(blocks in blocks(), seed in any::<u64>()) {
        let mut blocks: Vec<_> = blocks.into_values().map(|block| block.replace("{\"", "[\"").replace("\"}", "\"]")).collect();
        let policy = Policy::from_toml(&format!("{TOML}{}", blocks.concat())).unwrap();
        let payload = wire::encode(&policy).unwrap();
        prop_assert_eq!(payload[0], if blocks.is_empty() { 1 } else { 3 });
        prop_assert_eq!(&wire::decode(&payload).unwrap(), &policy);
        // In any order, it is the same policy.
        blocks.sort_by_key(|block| Blake3Digest::of(format!("{seed}{block}").as_bytes()));
        let shuffled = Policy::from_toml(&format!("{TOML}{}", blocks.concat())).unwrap();
        prop_assert_eq!(wire::encode(&shuffled).unwrap(), payload);
    }

    #[test]
    fn no_changed_byte_is_another_spelling(position in any::<proptest::sample::Index>(), flip in 1..=255u8) {
        let policy = Policy::from_toml(include_str!("../../tests/golden/v3.toml")).unwrap();
        let mut payload = wire::encode(&policy).unwrap();
        let at = position.index(payload.len());
        payload[at] ^= flip;
        if let Ok(other) = wire::decode(&payload) {
            prop_assert_ne!(&other, &policy);
            prop_assert_eq!(wire::encode(&other).unwrap(), payload);
        }
    }
}
