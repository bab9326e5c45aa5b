//! Rights: what a good chain gives, and how one that gives more is refused.

use std::collections::BTreeSet;

use reach_types::{PackFacts, RunId, encode_strict};

use crate::{Rights, Terms, chain_digest, inspect, testing::*};

#[test]
fn a_good_chain_gives_its_rights_and_nothing_more() {
    let mut narrow = terms(C);
    narrow.tools = tools(&["fs.list"]);
    narrow.scopes = grants(&["workspace:read"]);
    let chain = extended(&root(A, B), B, narrow);
    let accepted = Receiver { peer: Some(B), ..Receiver::new(C) }.accept(&chain).unwrap();
    assert_eq!(*accepted.origin(), id(A));
    assert_eq!(*accepted.issuer(), id(B));
    assert_eq!(*accepted.run(), RunId::derive(&id(A), &ORIGIN_NONCE));
    assert_eq!(*accepted.digest(), chain_digest(chain.as_bytes()));
    assert_eq!(Some(*accepted.transcript()), transcript(&id(B), &id(C), b"offer"));
    assert_eq!((accepted.depth(), accepted.expires(), accepted.attempts()), (2, EXPIRES, 3));
    let rights = Rights { tools: tools(&["fs.list"]), scopes: grants(&["workspace:read"]) };
    assert_eq!(*accepted.rights(), rights);
}

#[test]
fn d25_rights_only_narrow() {
    let chain = through(&[A, B, C]);
    let with = |edit: &dyn Fn(&mut Terms)| Receiver::new(C).code(edited(&chain, B, |link| edit(&mut link.terms)));
    let scopes = |texts: &[&str]| with(&|t| t.scopes = grants(texts));
    assert_eq!(scopes(&["workspace:*"]), "ok");
    assert_eq!(scopes(&["workspace:read", "workspace:a:*"]), "ok");
    assert_eq!(scopes(&["workspace"]), "mesh.scope_widened");
    assert_eq!(scopes(&["workspaces:read"]), "mesh.scope_widened");
    assert_eq!(scopes(&["workspace:read", "net:get"]), "mesh.scope_widened");
    assert_eq!(with(&|t| t.tools = tools(&["fs.list", "fs.write"])), "mesh.tool_widened");
    assert_eq!(with(&|t| t.attempts = 4), "mesh.attempts_widened");
    assert_eq!(with(&|t| t.attempts = 0), "mesh.attempts_exhausted");
    assert_eq!(with(&|t| t.deterministic = false), "mesh.pack_mismatch");
    // The empty set means none, never all, and stays so for whoever is next.
    let none = extended(&root(A, B), B, {
        let mut terms = terms(C);
        (terms.tools, terms.scopes) = (BTreeSet::new(), grants(&[]));
        terms
    });
    let accepted = Receiver::new(C).accept(&none).unwrap();
    assert_eq!(*accepted.rights(), Rights { tools: BTreeSet::new(), scopes: grants(&[]) });
    let refilled = extended(&through(&[A, B, C]), C, terms(D));
    let links = [&envelopes(&none)[..], &envelopes(&refilled)[2..]].concat();
    let prev = last_digest(&none);
    let refilled = edited(&listed(&links), C, |link| link.prev = Some(prev));
    assert_eq!(Receiver::new(D).code(refilled), "mesh.tool_widened");
}

#[test]
fn d25_a_bare_wildcard_cannot_be_written() {
    let payload = encode_strict(&inspect(root(A, B).as_bytes()).unwrap()[0]).unwrap();
    let text = b"\x0bworkspace:*";
    let at = payload.windows(text.len()).position(|window| window == text).unwrap();
    let wild = [&payload[..at], b"\x01*", &payload[at + text.len()..]].concat();
    let wild = sealed(wild);
    assert_eq!(Receiver::new(B).code(listed(&[wild])), "input.malformed");
}

#[test]
fn d26_no_two_links_have_one_encoding() {
    let link = |names: &[&str], offer: &[u8]| {
        let mut link = inspect(root(A, B).as_bytes()).unwrap().remove(0);
        link.terms.tools = tools(names);
        link.terms.offer = offer.to_vec();
        crate::link::link_digest(&encode_strict(&link).unwrap())
    };
    assert_ne!(link(&["a.b", "c"], b""), link(&["a", "b.c"], b""));
    assert_ne!(link(&["a"], b"ab"), link(&["a"], b"a"));
    assert_eq!(link(&["a", "b"], b"x"), link(&["b", "a"], b"x"));
}

#[test]
fn d27_a_chain_is_for_one_pack_as_it_declares_itself() {
    let chain = through(&[A, B, C]);
    let with = |edit: &dyn Fn(&mut PackFacts)| {
        let mut receiver = Receiver::new(C);
        edit(&mut receiver.pack);
        receiver.code(&chain)
    };
    assert_eq!(with(&|_| {}), "ok");
    assert_eq!(with(&|p| p.digest = digest(9)), "mesh.pack_mismatch");
    assert_eq!(with(&|p| p.deterministic = false), "mesh.pack_mismatch");
    assert_eq!(with(&|p| drop(p.tools.pop_first())), "mesh.pack_mismatch");
    assert_eq!(with(&|p| drop(p.tools.pop_last())), "ok");
    let other = edited(&chain, B, |link| link.terms.pack = digest(9));
    assert_eq!(Receiver::new(C).code(other), "mesh.pack_mismatch");
}

#[test]
fn d28_both_sides_know_the_same_tools() {
    let chain = root(A, B);
    let with = |registry| Receiver { registry, ..Receiver::new(B) }.code(&chain);
    assert_eq!(with(Some(digest(2))), "ok");
    assert_eq!(with(Some(digest(9))), "mesh.registry_mismatch");
    assert_eq!(with(None), "mesh.registry_unset");
    let unset = edited(&chain, A, |link| link.terms.registry = digest(0));
    assert_eq!(Receiver::new(B).code(unset), "mesh.registry_mismatch");
}

#[test]
fn d29_the_same_policy_is_demanded_of_every_issuer_where_it_is_demanded() {
    let mut other = terms(C);
    other.policy = digest(4);
    let chain = extended(&root(A, B), B, other);
    let with = |same_policy| Receiver { same_policy, ..Receiver::new(C) }.code(&chain);
    assert_eq!(with(None), "ok");
    assert_eq!(with(Some(digest(3))), "mesh.policy_mismatch");
    assert_eq!(with(Some(digest(4))), "mesh.policy_mismatch");
    let same = Receiver { same_policy: Some(digest(3)), ..Receiver::new(C) };
    assert_eq!(same.code(through(&[A, B, C])), "ok");
}

#[test]
fn d30_the_agreement_is_the_one_that_was_signed() {
    let receiver = Receiver::new(B);
    let with = |edit: &dyn Fn(&mut Terms)| receiver.code(edited(&root(A, B), A, |link| edit(&mut link.terms)));
    assert_eq!(with(&|_| {}), "ok");
    for offer in [&b"2.0"[..], b"1", b"1.x", b"", b"01.0", b"v1.0", b"1.0-rc"] {
        assert_eq!(with(&|t| t.offer = offer.to_vec()), "spec.malformed");
    }
    assert_eq!(with(&|t| t.offer = vec![b'9'; 10_000]), "mesh.link_too_large");
    assert_eq!(with(&|t| t.transcript = digest(9)), "mesh.transcript_mismatch");
    // The agreement in the other direction is another one.
    let back = transcript(&id(B), &id(A), b"offer").unwrap();
    assert_eq!(with(&|t| t.transcript = back), "mesh.transcript_mismatch");
}

#[test]
fn d45_only_what_is_signed_is_read() {
    let good = root(A, B);
    let mut value: serde_json::Value = serde_json::from_str(&good).unwrap();
    value[0]["registry"] = digest(9).to_string().into();
    let receiver = Receiver { registry: Some(digest(9)), ..Receiver::new(B) };
    assert_eq!(receiver.code(value.to_string()), "mesh.encoding_noncanonical");
    assert_eq!(receiver.code(&good), "mesh.registry_mismatch");
    assert_eq!(Receiver::new(B).code(&good), "ok");
}
