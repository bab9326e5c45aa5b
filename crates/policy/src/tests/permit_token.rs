//! Sealed permits: as bytes, on the node that gave them, once.

use std::{sync::Barrier, thread};

use proptest::prelude::*;
use reach_types::{Blake3Digest, Code as _, NodeId, RunId, Sha256Digest, TenantId, Timestamp, ToolCall};

use crate::{
    Binding, ExactCall, MAX_PERMIT_TOKEN_BYTES, MemoryRedemptions, Mode, Permit, PermitError, PermitKey, PermitToken,
    RedeemError, Redeemed, RedemptionError, RedemptionStore, Spending, Withdrawn,
    permit_key::MAC_BYTES,
    testing::{at, binding, call, judge_call, now, policy, scope, tool},
};

const SERIAL: [u8; 32] = [9; 32];

fn key() -> PermitKey {
    PermitKey::derive(&[5; 32])
}

fn later() -> Timestamp {
    at("2026-06-01T00:01:00Z")
}

fn permit() -> Permit {
    judge_call(&policy(), Mode::Enforce, &call()).permit(binding(), later()).unwrap()
}

fn token() -> Vec<u8> {
    permit().seal(&key(), SERIAL).unwrap().to_bytes()
}

/// A body as a holder of the key could seal it, whatever it is.
fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &key().mac(body)].concat()
}

fn body() -> Vec<u8> {
    let token = token();
    token[..token.len() - MAC_BYTES].to_vec()
}

fn redeem(bytes: &[u8], store: &dyn RedemptionStore) -> Result<Redeemed, RedeemError> {
    PermitToken::redeem(bytes, &key(), &binding(), Ok(()), now(), store)
}

fn code<T>(result: Result<T, RedeemError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

/// A table that must not be asked.
struct Untouched;

impl RedemptionStore for Untouched {
    fn spend(&self, _: &Blake3Digest, _: Timestamp, _: Timestamp) -> Result<Spending, RedemptionError> {
        panic!("a refused permit was spent");
    }
}

#[test]
fn p18_a_sealed_permit_is_redeemed_once() {
    let store = MemoryRedemptions::new();
    let redeemed = redeem(&token(), &store).unwrap();
    assert_eq!((redeemed.binding(), redeemed.warned()), (&binding(), false));
    assert_eq!(code(redeem(&token(), &store)), "policy.permit_spent");
    // One opened twice is no second one.
    let store = MemoryRedemptions::new();
    let opened = PermitToken::parse(&token()).unwrap().open(&key()).unwrap();
    assert_eq!(*opened.digest(), *redeemed.digest());
    assert_eq!(code(opened.redeem(&binding(), Ok(()), now(), &store)), "ok");
    assert_eq!(code(opened.redeem(&binding(), Ok(()), now(), &store)), "policy.permit_spent");
    assert_eq!(code(redeem(&token(), &store)), "policy.permit_spent");
}

#[test]
fn p18_a_sealed_permit_is_for_one_call_of_one_run() {
    let other = Blake3Digest::of(b"other");
    let node = NodeId(Sha256Digest::from_bytes([2; 32]));
    let wider = ToolCall { scopes: [scope("workspace:read"), scope("workspace:write")].into(), ..call() };
    let changed = ToolCall { arguments: b"{\"path\":\"/\"}".to_vec(), ..call() };
    let another = ToolCall { tool: tool("digest.files"), ..call() };
    type Change<'a> = &'a dyn Fn(&mut Binding);
    let cases: [(&str, &str, Change<'_>); 14] = [
        ("run", "policy.permit_run_mismatch", &|actual| actual.run = RunId(other)),
        ("node", "policy.permit_run_mismatch", &|actual| actual.node = node),
        ("tenant", "policy.permit_run_mismatch", &|actual| actual.tenant = TenantId::parse("other").unwrap()),
        ("chain", "policy.permit_run_mismatch", &|actual| actual.chain = Some(other)),
        ("index", "policy.permit_call_mismatch", &|actual| actual.index = 1),
        ("host", "policy.permit_call_mismatch", &|actual| actual.host = other),
        ("definition", "policy.permit_call_mismatch", &|actual| actual.definition = other),
        ("request", "policy.permit_call_mismatch", &|actual| actual.call = ExactCall::of(&wider)),
        ("request", "policy.permit_call_mismatch", &|actual| actual.call = ExactCall::of(&another)),
        ("arguments", "policy.permit_call_mismatch", &|actual| actual.call = ExactCall::of(&changed)),
        ("bundle", "policy.permit_superseded", &|actual| actual.bundle = other),
        ("pack", "policy.permit_superseded", &|actual| actual.pack = other),
        ("mode", "policy.permit_superseded", &|actual| actual.mode = Mode::Warn),
        ("", "ok", &|_| ()),
    ];
    for (field, expected, change) in cases {
        let mut actual = binding();
        change(&mut actual);
        let store = MemoryRedemptions::new();
        let result = PermitToken::redeem(&token(), &key(), &actual, Ok(()), now(), &store);
        match &result {
            Err(error) => assert!(error.to_string().contains(field), "{error}"),
            Ok(redeemed) => assert_eq!(redeemed.binding(), &actual),
        }
        assert_eq!(code(result), expected, "{field}");
        // A refusal spends nothing: its holder may still make the call that it is for.
        let after = if expected == "ok" { "policy.permit_spent" } else { "ok" };
        assert_eq!(code(redeem(&token(), &store)), after, "{field}");
    }
}

#[test]
fn p18_a_sealed_permit_ends() {
    let opened = PermitToken::parse(&token()).unwrap().open(&key()).unwrap();
    assert_eq!(opened.expires(), later());
    let store = MemoryRedemptions::new();
    let at_end = opened.redeem(&binding(), Ok(()), later(), &Untouched);
    assert_eq!(at_end, Err(RedeemError::Permit(PermitError::Expired { expired: later() })));
    assert_eq!(code(at_end), "policy.permit_expired");
    let last = Timestamp::from_millis(later().as_millis() - 1);
    assert_eq!(code(opened.redeem(&binding(), Ok(()), last, &store)), "ok");
    // Nor does a clock that runs back bring it back once its entry may be gone.
    let after = Timestamp::from_millis(later().as_millis() + 1);
    let other = Blake3Digest::of(b"other");
    assert_eq!(store.spend(&other, after, after), Ok(Spending::Fresh));
    assert_eq!(code(opened.redeem(&binding(), Ok(()), now(), &store)), "policy.permit_spent");
}

#[test]
fn p18_a_withdrawn_bundle_or_pack_supersedes_the_permit() {
    for (withdrawn, field) in [(Withdrawn::Bundle, "bundle"), (Withdrawn::Pack, "pack")] {
        let result = PermitToken::redeem(&token(), &key(), &binding(), Err(withdrawn), now(), &Untouched);
        assert_eq!(result, Err(RedeemError::Permit(PermitError::Superseded { field })));
        assert_eq!(code(result), "policy.permit_superseded");
    }
    assert_eq!(code(redeem(&token(), &MemoryRedemptions::new())), "ok");
}

#[test]
fn p18_the_first_thing_that_is_wrong_is_what_is_said() {
    let other = Blake3Digest::of(b"other");
    let mut actual = Binding { run: RunId(other), index: 1, bundle: other, ..binding() };
    let mut code_of = |fix: fn(&mut Binding)| {
        let code = code(PermitToken::redeem(&token(), &key(), &actual, Err(Withdrawn::Pack), later(), &Untouched));
        fix(&mut actual);
        code
    };
    assert_eq!(code_of(|actual| actual.run = binding().run), "policy.permit_run_mismatch");
    assert_eq!(code_of(|actual| actual.index = 0), "policy.permit_call_mismatch");
    assert_eq!(code_of(|actual| actual.bundle = binding().bundle), "policy.permit_superseded");
    assert_eq!(code_of(|_| ()), "policy.permit_superseded");
    let ended = PermitToken::redeem(&token(), &key(), &actual, Ok(()), later(), &Untouched);
    assert_eq!(code(ended), "policy.permit_expired");
    // A used one that would be refused anyway does not say that it was used.
    let store = MemoryRedemptions::new();
    assert_eq!(code(redeem(&token(), &store)), "ok");
    actual.index = 7;
    let again = PermitToken::redeem(&token(), &key(), &actual, Ok(()), now(), &store);
    assert_eq!(code(again), "policy.permit_call_mismatch");
}

#[test]
fn p18_every_flipped_bit_is_found_before_anything_is_believed() {
    let good = token();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let expected = if bit < 8 { "policy.permit_malformed" } else { "policy.permit_forged" };
        assert_eq!(code(redeem(&bad, &Untouched)), expected, "bit {bit}");
    }
    for length in 0..good.len() {
        let expected = if length <= MAC_BYTES { "policy.permit_malformed" } else { "policy.permit_forged" };
        assert_eq!(code(redeem(&good[..length], &Untouched)), expected, "{length} bytes");
    }
    assert_eq!(code(redeem(&[&good[..], &[0]].concat(), &Untouched)), "policy.permit_forged");
    assert_eq!(code(redeem(&good, &MemoryRedemptions::new())), "ok");
}

#[test]
fn p18_another_nodes_seal_is_a_forgery() {
    let other = PermitKey::derive(&[6; 32]);
    let theirs = permit().seal(&other, SERIAL).unwrap().to_bytes();
    assert_eq!(code(redeem(&theirs, &Untouched)), "policy.permit_forged");
    // The secret itself is not the key, nor is a plain hash a MAC.
    let unkeyed = [&body()[..], Blake3Digest::of(&body()).as_bytes()].concat();
    assert_eq!(code(redeem(&unkeyed, &Untouched)), "policy.permit_forged");
    let raw = [&body()[..], blake3::keyed_hash(&[5; 32], &body()).as_bytes()].concat();
    assert_eq!(code(redeem(&raw, &Untouched)), "policy.permit_forged");
    assert_eq!(sealed(&body()), token());
}

#[test]
fn p18_what_is_sealed_has_one_encoding() {
    let good = body();
    // After the version and the run stands the index.
    let index = 33;
    assert_eq!(good[index], 0);
    let over_long = [&good[..index], &[0x80, 0], &good[index + 1..]].concat();
    let trailing = [&good[..], &[0]].concat();
    let short = &good[..good.len() - 1];
    let warned = good.len() - 34;
    let unknown = [&good[..warned], &[2], &good[warned + 1..]].concat();
    let tenant = good.windows(4).position(|window| window == b"acme").unwrap();
    let upper = [&good[..tenant], b"ACME", &good[tenant + 4..]].concat();
    for bad in [&over_long[..], &trailing, short, &unknown, &upper] {
        let result = redeem(&sealed(bad), &Untouched);
        assert_eq!(result, Err(RedeemError::Malformed { detail: "it is not the encoding of a permit" }));
        assert_eq!(code(result), "policy.permit_malformed");
    }
    for version in [0, 2, 0x81] {
        let later = sealed(&[&[version], &good[1..]].concat());
        assert_eq!(redeem(&later, &Untouched), Err(RedeemError::Malformed { detail: "its version is unknown" }));
    }
    assert_eq!(redeem(&sealed(&[]), &Untouched), Err(RedeemError::Malformed { detail: "it is too short" }));
    assert_eq!(redeem(&[1; 31], &Untouched), Err(RedeemError::Malformed { detail: "it is too short" }));
    assert_eq!(code(redeem(&sealed(&good), &MemoryRedemptions::new())), "ok");
}

#[test]
fn the_largest_token_is_as_large_as_the_limit_says() {
    let other = Blake3Digest::of(b"other");
    let tenant = TenantId::parse(&"a".repeat(64)).unwrap();
    let binding = Binding { index: u64::MAX, tenant, chain: Some(other), mode: Mode::Warn, ..binding() };
    let expires = Timestamp::from_millis(u64::MAX);
    let largest = Permit { binding, expires, warned: true, digest: other, approval: Some(other) };
    let largest = largest.seal(&key(), SERIAL).unwrap().to_bytes();
    assert_eq!((largest.len(), MAX_PERMIT_TOKEN_BYTES), (474, 474));
    let opened = PermitToken::parse(&largest).unwrap().open(&key()).unwrap();
    assert_eq!((opened.binding().index, opened.binding().mode, opened.warned()), (u64::MAX, Mode::Warn, true));
    let more = [&largest[..], &[0]].concat();
    assert_eq!(PermitToken::parse(&more), Err(RedeemError::Malformed { detail: "it is too long" }));
}

/// As docs/formats.md gives them, put together by hand.
#[test]
fn a_tokens_bytes_are_these() {
    let given = binding();
    let body = [
        &[1][..],
        given.run.0.as_bytes(),
        &[0],
        given.node.0.as_bytes(),
        b"\x04acme",
        given.host.as_bytes(),
        given.definition.as_bytes(),
        given.call.request.as_bytes(),
        given.call.arguments.as_bytes(),
        given.pack.as_bytes(),
        given.bundle.as_bytes(),
        &[0, 0],
        &[0xe0, 0xac, 0xef, 0x83, 0xe8, 0x33],
        &[0, 0],
        &SERIAL,
    ];
    let body = body.concat();
    let secret = [&32u64.to_le_bytes()[..], &[5; 32]].concat();
    let mac = blake3::keyed_hash(&blake3::derive_key("reach 2026 permit key v1", &secret), &body);
    assert_eq!(token(), [&body[..], mac.as_bytes()].concat());
    let sealed = given.permit_digest(later(), false);
    let digest = Blake3Digest::derive("reach 2026 permit token v1", &[sealed.as_bytes(), &SERIAL]);
    assert_eq!(*PermitToken::parse(&token()).unwrap().open(&key()).unwrap().digest(), digest);
}

/// Two permits for the same call, with the same end, are two.
#[test]
fn p18_a_digest_names_one_permit() {
    let tokens = [[1; 32], [2; 32]].map(|serial| permit().seal(&key(), serial).unwrap());
    let [one, two] = tokens.each_ref().map(|token| *token.open(&key()).unwrap().digest());
    assert_ne!(one, two);
    assert_ne!(one, *permit().digest(), "nor is either the one that was never sealed");
    let store = MemoryRedemptions::new();
    for token in &tokens {
        assert_eq!(code(redeem(&token.to_bytes(), &store)), "ok");
        assert_eq!(code(redeem(&token.to_bytes(), &store)), "policy.permit_spent");
    }
    // The same serial for another call is another permit too.
    let other = Permit { binding: Binding { index: 1, ..binding() }, ..permit() };
    assert_ne!(*other.seal(&key(), [1; 32]).unwrap().open(&key()).unwrap().digest(), one);
}

#[test]
fn p18_of_many_at_once_one_redeems() {
    let (token, store) = (token(), MemoryRedemptions::new());
    let start = Barrier::new(16);
    let codes: Vec<_> = thread::scope(|scope| {
        let one = || {
            start.wait();
            code(redeem(&token, &store))
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |code| codes.iter().filter(|found| **found == code).count();
    assert_eq!((count("ok"), count("policy.permit_spent")), (1, 15));
}

#[test]
fn p18_a_table_that_does_not_answer_redeems_nothing() {
    struct Broken(RedemptionError);
    impl RedemptionStore for Broken {
        fn spend(&self, _: &Blake3Digest, _: Timestamp, _: Timestamp) -> Result<Spending, RedemptionError> {
            Err(self.0)
        }
    }
    let code_of = |error| code(redeem(&token(), &Broken(error)));
    assert_eq!(code_of(RedemptionError::Capacity), "policy.redemption_capacity");
    assert_eq!(code_of(RedemptionError::Unavailable), "policy.redemption_unavailable");
    assert_eq!(code(redeem(&token(), &MemoryRedemptions::bounded(0))), "policy.redemption_capacity");
}

fn bindings() -> impl Strategy<Value = Binding> {
    let digest = || any::<[u8; 32]>().prop_map(Blake3Digest::from_bytes);
    let run = (digest(), any::<u64>(), any::<[u8; 32]>(), "[a-z0-9]{1,64}");
    let call = (digest(), digest(), digest(), digest());
    let stands = (digest(), digest(), proptest::option::of(digest()), any::<bool>());
    (run, call, stands).prop_map(|(run, (host, definition, request, arguments), (pack, bundle, chain, warn))| Binding {
        run: RunId(run.0),
        index: run.1,
        node: NodeId(Sha256Digest::from_bytes(run.2)),
        tenant: TenantId::parse(&run.3).unwrap(),
        host,
        definition,
        call: ExactCall { request, arguments },
        pack,
        bundle,
        chain,
        mode: if warn { Mode::Warn } else { Mode::Enforce },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_sealed_opens_as_it_was(binding in bindings(), millis: u64, warned: bool, approved: Option<[u8; 32]>, serial: [u8; 32]) {
        let (expires, digest) = (Timestamp::from_millis(millis), Blake3Digest::of(b""));
        let approval = approved.map(Blake3Digest::from_bytes);
        let permit = Permit { binding: binding.clone(), expires, warned, digest, approval };
        let bytes = permit.seal(&key(), serial).unwrap().to_bytes();
        prop_assert!(bytes.len() <= MAX_PERMIT_TOKEN_BYTES);
        let token = PermitToken::parse(&bytes).unwrap();
        prop_assert_eq!(token.to_bytes(), bytes);
        let opened = token.open(&key()).unwrap();
        prop_assert_eq!((opened.binding(), opened.expires(), opened.warned()), (&binding, expires, warned));
        prop_assert_eq!(opened.approval(), approval.as_ref());
    }

    #[test]
    fn no_bytes_are_a_permit_by_chance(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let code = code(redeem(&bytes, &Untouched));
        prop_assert!(["policy.permit_malformed", "policy.permit_forged"].contains(&code), "{}", code);
        // Even the node's own seal makes nothing else of them.
        if let Ok(opened) = PermitToken::parse(&sealed(&bytes)).and_then(|token| token.open(&key())) {
            let (binding, approval) = (opened.binding().clone(), opened.approval().copied());
            let (expires, warned) = (opened.expires(), opened.warned());
            let permit = Permit { binding, expires, warned, digest: *opened.digest(), approval };
            let serial = bytes.last_chunk::<32>().copied().unwrap();
            prop_assert_eq!(permit.seal(&key(), serial).unwrap().to_bytes(), sealed(&bytes));
        }
    }
}
