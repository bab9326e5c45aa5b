//! Acceptance against naive models, and against every flipped bit.

use std::collections::BTreeSet;

use proptest::prelude::*;
use reach_types::{Class, Code, RunId, Scope, Timestamp, encode_strict};

use crate::{Link, MemoryNonces, accept, inspect, link::link_digest, testing::*};

/// Flips each of `bits` of every byte in turn; none may be accepted, nor use up the nonce.
fn flip(chain: &str, us: u8, bits: impl Fn(usize) -> std::ops::Range<usize>) {
    let (receiver, nonces) = (Receiver::new(us), MemoryNonces::new());
    for at in 0..chain.len() {
        for bit in bits(at) {
            let mut flipped = chain.as_bytes().to_vec();
            flipped[at] ^= 1 << bit;
            let error = accept(&flipped, &receiver.context(), &nonces).unwrap_err();
            assert_ne!(error.class(), Class::Internal, "{at}:{bit} {}", error.code());
        }
    }
    assert_eq!(receiver.code_with(chain, &nonces), "ok");
}

#[test]
fn every_single_bit_flip_of_a_chain_is_refused() {
    flip(&root(A, B), B, |_| 0..8);
}

#[test]
fn a_bit_flip_in_every_byte_of_a_longer_chain_is_refused() {
    flip(&through(&[A, B, C]), C, |at| at % 8..at % 8 + 1);
}

/// Every scope of up to four segments over `a`, `b` and one letter that no grant uses.
fn universe() -> Vec<Scope> {
    let mut level = vec![String::new()];
    let mut all = Vec::new();
    for _ in 0..4 {
        level = level.iter().flat_map(|head| ["a", "b", "z"].map(|last| format!("{head}:{last}"))).collect();
        all.extend(level.iter().map(|text| Scope::parse(text.trim_start_matches(':')).unwrap()));
    }
    all
}

/// The naive meaning of a set of grants: the scopes of `universe` that it lets through.
fn meaning(grants: &[String], universe: &[Scope]) -> BTreeSet<Scope> {
    let allows = |grant: &String, scope: &Scope| match grant.strip_suffix('*') {
        Some(prefix) => scope.as_str().starts_with(prefix),
        None => scope.as_str() == grant,
    };
    universe.iter().filter(|scope| grants.iter().any(|grant| allows(grant, scope))).cloned().collect()
}

fn any_grants() -> impl Strategy<Value = Vec<String>> {
    let grant = (proptest::collection::vec("[ab]", 1..3), any::<bool>())
        .prop_map(|(parts, wild)| format!("{}{}", parts.join(":"), if wild { ":*" } else { "" }));
    proptest::collection::vec(grant, 0..4)
}

fn any_tools() -> impl Strategy<Value = BTreeSet<String>> {
    proptest::collection::btree_set("[abc]", 0..4)
}

fn texts<'a>(all: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    all.into_iter().map(String::as_str).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rights_are_what_every_link_and_the_pack_allow(
        declared in (any_tools(), any_grants()),
        links in proptest::collection::vec((any_tools(), any_grants()), 1..4),
        narrow in any::<bool>(),
    ) {
        let universe = universe();
        let (mut declared, mut links) = (declared, links);
        if narrow {
            // Most sets drawn at random widen: let each link keep to what the last one had.
            declared.0.extend(links[0].0.iter().cloned());
            for i in 1..links.len() {
                let before = links[i - 1].clone();
                links[i].0 = links[i].0.intersection(&before.0).cloned().collect();
                links[i].1 = before.1.into_iter().skip(usize::from(i % 2 == 0)).collect();
            }
        }
        let mut receiver = Receiver::new(G);
        receiver.pack.tools = tools(&texts(&declared.0)).into_iter().map(|tool| (tool, digest(5))).collect();
        receiver.pack.scopes = grants(&texts(&declared.1));
        let chain = naive_chain(&links, receiver.us);
        let meanings: Vec<_> = links.iter().map(|(_, grants)| meaning(grants, &universe)).collect();
        let tools_narrow = links.windows(2).all(|pair| pair[1].0.is_subset(&pair[0].0));
        let scopes_narrow = meanings.windows(2).all(|pair| pair[1].is_subset(&pair[0]));
        let known = links[0].0.is_subset(&declared.0);
        match receiver.accept(&chain) {
            Ok(accepted) => {
                prop_assert!(tools_narrow && scopes_narrow && known);
                let of_pack = meaning(&declared.1, &universe);
                for scope in &universe {
                    let all = of_pack.contains(scope) && meanings.iter().all(|one| one.contains(scope));
                    prop_assert_eq!(accepted.rights().scopes.covers(scope), all, "{}", scope);
                }
                let allowed = declared.0.iter().filter(|tool| links.iter().all(|(tools, _)| tools.contains(*tool)));
                prop_assert_eq!(&accepted.rights().tools, &tools(&texts(allowed)));
            }
            Err(error) => match error.code() {
                "mesh.tool_widened" => prop_assert!(!tools_narrow),
                "mesh.scope_widened" => prop_assert!(!scopes_narrow),
                code => prop_assert!(code == "mesh.pack_mismatch" && !known, "{}", code),
            },
        }
    }

    #[test]
    fn times_are_let_in_by_the_written_rule(
        issued in -95_000_i64..95_000,
        begins in -5_000_i64..95_000,
        lasts in -5_000_i64..3_700_000,
        now in -95_000_i64..3_700_000,
    ) {
        let at = |offset: i64| NOW.as_millis().checked_add_signed(offset).unwrap();
        let (issued, begins) = (at(issued), at(issued + begins));
        let expires = begins.checked_add_signed(lasts).unwrap();
        let now = at(now);
        let chain = edited(&root(A, B), A, |link| {
            let terms = &mut link.terms;
            terms.issued = Timestamp::from_millis(issued);
            terms.not_before = Timestamp::from_millis(begins);
            terms.expires = Timestamp::from_millis(expires);
        });
        let (skew, hour) = (30_000, 3_600_000);
        let good = issued <= begins
            && begins < expires
            && expires - issued <= hour
            && issued <= now + skew
            && begins <= now + skew
            && now <= expires + skew;
        let now = Timestamp::from_millis(now);
        let code = Receiver { now, high_water: now, ..Receiver::new(B) }.code(chain);
        prop_assert_eq!(code == "ok", good, "{}", code);
    }

    #[test]
    fn nothing_makes_acceptance_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
        at in any::<proptest::sample::Index>(),
    ) {
        let receiver = Receiver::new(C);
        let class = |chain: &[u8]| accept(chain, &receiver.context(), &MemoryNonces::new()).map_err(|e| e.class());
        prop_assert_ne!(class(&bytes).unwrap_err(), Class::Internal);
        let payload = encode_strict(&inspect(root(A, C).as_bytes()).unwrap()[0]).unwrap();
        let at = at.index(payload.len());
        let mixed = [&payload[..at], &bytes[..], &payload[at..]].concat();
        let refused = class(listed(&[sealed(mixed)]).as_bytes()).err();
        prop_assert_ne!(refused, Some(Class::Internal));
    }
}

/// A chain from A on with these tools and grants, ending at `us`, signed without any local check.
fn naive_chain(links: &[(BTreeSet<String>, Vec<String>)], us: u8) -> String {
    let nodes = [A, B, C, D];
    let mut envelopes = Vec::new();
    let mut prev = None;
    for (i, (names, scopes)) in links.iter().enumerate() {
        let last = i + 1 == links.len();
        let mut terms = by(nodes[i], terms(if last { us } else { nodes[i + 1] }));
        terms.tools = tools(&texts(names));
        terms.scopes = grants(&texts(scopes));
        let link = Link {
            version: 1,
            index: u8::try_from(i).unwrap(),
            prev,
            issuer: id(nodes[i]),
            run: RunId::derive(&id(A), &ORIGIN_NONCE),
            origin_nonce: ORIGIN_NONCE,
            terms,
        };
        prev = Some(link_digest(&encode_strict(&link).unwrap()));
        envelopes.push(forged(&link, nodes[i]));
    }
    listed(&envelopes)
}
