//! Chains that are none: forged, cut, spliced, too deep, in circles, for or from somebody else.

use reach_signing::{Envelope, Reader, Role, SigningKey};
use reach_types::{Class, Code, NodeId, Sha256Digest, encode_strict};

use crate::{AcceptLimits, LINK_PAYLOAD_TYPE, MAX_CHAIN_BYTES, inspect, testing::*};

#[test]
fn d01_an_issuer_that_is_no_trusted_node_is_refused() {
    let receiver = Receiver::new(C);
    assert_eq!(receiver.code(root(STRANGER, C)), "mesh.issuer_unknown");
    let through_stranger = extended(&root(A, STRANGER), STRANGER, terms(C));
    assert_eq!(receiver.code(through_stranger), "mesh.issuer_unknown");
    assert_eq!(receiver.code(root(A, C)), "ok");
}

#[test]
fn d01_a_node_whose_key_has_lost_its_authority_is_refused() {
    let receiver = Receiver::new(C);
    let refused = |seed| receiver.accept(&root(seed, C)).unwrap_err();
    assert_eq!(refused(B_REVOKED).code(), "sign.key_revoked");
    assert_eq!(refused(B_REVOKED).class(), Class::Expired);
    assert_eq!(refused(B_EXPIRED).code(), "sign.key_expired");
    assert_eq!(refused(B_EXPIRED).class(), Class::Expired);
    let just_before = Receiver { now: earlier(NOW, 1), ..Receiver::new(C) };
    assert_eq!(just_before.code(root(B_EXPIRED, C)), "ok");
}

#[test]
fn d02_a_link_carries_exactly_one_signature_by_its_issuer() {
    let receiver = Receiver::new(C);
    let good = root(A, C);
    let link = inspect(good.as_bytes()).unwrap().remove(0);
    let value: serde_json::Value = serde_json::from_str(&good).unwrap();
    let one = value[0]["signatures"][0].clone();
    let with = |signatures: serde_json::Value| {
        let mut value = value.clone();
        value[0]["signatures"] = signatures;
        receiver.code(value.to_string())
    };
    assert_eq!(with(serde_json::json!([one])), "ok");
    assert_eq!(with(serde_json::json!([])), "mesh.link_signature_invalid");
    assert_eq!(with(serde_json::json!([one, one])), "mesh.link_signature_invalid");
    assert_eq!(with(serde_json::json!([{"keyid": one["keyid"], "sig": ""}])), "mesh.link_signature_invalid");
    assert_eq!(with(serde_json::json!([{"keyid": one["keyid"], "sig": "AAAA"}])), "mesh.link_signature_invalid");
    assert_eq!(
        with(serde_json::json!([{"keyid": id(B).to_string(), "sig": one["sig"]}])),
        "mesh.link_signature_invalid"
    );
    assert_eq!(receiver.code(listed(&[forged(&link, B)])), "mesh.link_signature_invalid");
}

#[test]
fn d02_a_signature_of_another_domain_is_no_signature_of_a_link() {
    let link = inspect(root(A, C).as_bytes()).unwrap().remove(0);
    let payload = encode_strict(&link).unwrap();
    let receipt = Envelope::sign("application/vnd.reach.mesh.receipt.v1", payload.clone(), &[&node(A)]).unwrap();
    let receiver = Receiver::new(C);
    assert_eq!(receiver.code(listed(&[receipt.to_json()])), "mesh.link_signature_invalid");
    let relabelled = receipt.to_json().replace("receipt.v1", "link.v1");
    assert_eq!(receiver.code(listed(&[relabelled])), "mesh.link_signature_invalid");
    let policy = SigningKey::from_seed(Role::Policy, &[A; 32]).unwrap();
    let other_role = Envelope::sign("application/vnd.reach.policy.v1", payload, &[&policy]).unwrap();
    let relabelled = other_role.to_json().replace("application/vnd.reach.policy.v1", LINK_PAYLOAD_TYPE);
    assert_eq!(receiver.code(listed(&[relabelled])), "mesh.link_signature_invalid");
}

#[test]
fn d03_a_chain_cut_at_its_tail_ends_with_its_sender() {
    let whole = through(&[A, B, C]);
    let cut = listed(&envelopes(&whole)[..1]);
    let receiver = Receiver { peer: Some(B), ..Receiver::new(C) };
    assert_eq!(receiver.code(&whole), "ok");
    assert_eq!(receiver.code(&cut), "mesh.chain_truncated");
    assert_eq!(Receiver::new(C).code(&cut), "mesh.audience_mismatch");
}

#[test]
fn d03_whoever_sees_a_chain_cannot_pass_it_on() {
    let stolen = root(A, B);
    let mut link = inspect(through(&[A, B, D]).as_bytes()).unwrap().remove(1);
    link.issuer = id(C);
    let passed_on = listed(&[envelopes(&stolen)[0].clone(), forged(&link, C)]);
    assert_eq!(Receiver::new(D).code(passed_on), "mesh.issuer_mismatch");
    assert_eq!(Receiver::new(D).code(through(&[A, B, D])), "ok");
}

#[test]
fn d04_a_chain_cut_at_its_head_has_no_root() {
    let whole = through(&[A, B, C]);
    let cut = listed(&envelopes(&whole)[1..]);
    assert_eq!(Receiver::new(C).code(&cut), "mesh.prev_hash_mismatch");
    let as_root = edited(&cut, B, |link| link.prev = None);
    assert_eq!(Receiver::new(C).code(&as_root), "mesh.link_index");
    let as_first = edited(&cut, B, |link| {
        link.prev = None;
        link.index = 0;
    });
    assert_eq!(Receiver::new(C).code(&as_first), "mesh.root_untrusted");
    assert_eq!(Receiver::new(C).code(&whole), "ok");
}

#[test]
fn d05_links_of_two_chains_do_not_splice() {
    let first = through(&[A, B, C, D]);
    let mut other = terms(B);
    other.nonce = [200; 32];
    let second = extended(&extended(&root_with(A, other), B, terms(C)), C, terms(D));
    let receiver = Receiver::new(D);
    assert_eq!([receiver.code(&first), receiver.code(&second)], ["ok"; 2]);
    let spliced = listed(&[&envelopes(&first)[..2], &envelopes(&second)[2..]].concat());
    assert_eq!(receiver.code(spliced), "mesh.prev_hash_mismatch");
}

#[test]
fn d06_links_stand_in_one_order_and_once() {
    let chain = through(&[A, B, C, D]);
    let links = envelopes(&chain);
    let pick = |order: &[usize]| listed(&order.iter().map(|i| links[*i].clone()).collect::<Vec<_>>());
    let receiver = Receiver::new(D);
    assert_eq!(receiver.code(pick(&[0, 1, 2])), "ok");
    for order in [&[1, 0, 2][..], &[0, 2, 1], &[0, 0, 1, 2], &[0, 1, 1, 2], &[0, 1, 2, 2], &[0, 2], &[2, 1, 0]] {
        assert_eq!(receiver.code(pick(order)), "mesh.prev_hash_mismatch", "{order:?}");
    }
}

#[test]
fn d07_depth_is_counted_never_declared() {
    let five = through(&[A, B, C, D, E, F]);
    assert_eq!(Receiver::new(F).code(&five), "ok");
    let mut link = inspect(five.as_bytes()).unwrap().pop().unwrap();
    link.issuer = id(F);
    link.terms.audience = id(G);
    let six = listed(&[envelopes(&five), vec![forged(&link, F)]].concat());
    assert_eq!(Receiver::new(G).code(six), "mesh.depth_exceeded");
    for declared in [0, 3, 5, u8::MAX] {
        let lying = edited(&five, E, |link| link.index = declared);
        assert_eq!(Receiver::new(F).code(lying), "mesh.link_index", "{declared}");
    }
    let limits = AcceptLimits::new(crate::DEFAULT_SKEW, crate::DEFAULT_TTL, 4).unwrap();
    assert_eq!(Receiver { limits, ..Receiver::new(F) }.code(&five), "mesh.depth_exceeded");
    assert_eq!(Receiver { limits, ..Receiver::new(E) }.code(through(&[A, B, C, D, E])), "ok");
}

#[test]
fn d08_size_and_count_are_checked_before_any_link_is_read() {
    let receiver = Receiver::new(C);
    assert_eq!(receiver.code(vec![b' '; 10 << 20]), "mesh.chain_too_large");
    assert_eq!(receiver.code(vec![b'['; MAX_CHAIN_BYTES + 1]), "mesh.chain_too_large");
    assert_eq!(receiver.code(vec![b'['; MAX_CHAIN_BYTES]), "input.json_too_deep");
    assert_eq!(receiver.code(format!("[{}{{}}]", "{},".repeat(99_999))), "mesh.depth_exceeded");
    let link = &envelopes(&root(A, C))[0];
    assert_eq!(receiver.code(listed(&vec![link.clone(); 100_000])), "mesh.chain_too_large");
    assert_eq!(receiver.code("[]"), "mesh.chain_malformed");
    assert_eq!(receiver.code(link), "mesh.chain_malformed");
    assert_eq!(receiver.code(""), "input.json_malformed");
}

#[test]
fn d09_d10_no_node_stands_in_a_chain_twice() {
    let back = |chain: &str, from: u8, to: u8| {
        let mut link = inspect(chain.as_bytes()).unwrap().pop().unwrap();
        link.prev = Some(last_digest(chain));
        link.index += 1;
        link.issuer = id(from);
        link.terms = by(from, terms(to));
        listed(&[envelopes(chain), vec![forged(&link, from)]].concat())
    };
    assert_eq!(Receiver::new(B).code(back(&through(&[A, B, C]), C, B)), "mesh.cycle");
    assert_eq!(Receiver::new(A).code(back(&root(A, B), B, A)), "mesh.cycle");
    assert_eq!(Receiver::new(A).code(back(&through(&[A, B, C, D]), D, A)), "mesh.cycle");
    assert_eq!(Receiver::new(B).code(back(&root(A, B), B, B)), "mesh.self_delegation");
    let to_itself = edited(&root(A, B), A, |link| link.terms.audience = id(A));
    assert_eq!(Receiver::new(A).code(to_itself), "mesh.self_delegation");
    assert_eq!(Receiver::new(D).code(back(&through(&[A, B, C]), C, D)), "ok");
}

#[test]
fn d09_two_keys_of_one_node_are_one_node() {
    let chain = extended(&extended(&root(A, B), B, terms(A_TOO)), A_TOO, terms(C));
    assert_eq!(Receiver::new(C).code(chain), "mesh.identity_conflict");
    // The receiver counts as well, by whichever of its keys it goes.
    assert_eq!(Receiver::new(A_TOO).code(through(&[A, B, A_TOO])), "mesh.identity_conflict");
    assert_eq!(Receiver::new(C).code(through(&[A_TOO, B, C])), "ok");
}

#[test]
fn d11_a_chain_is_for_exactly_one_node() {
    let chain = root(A, B);
    assert_eq!(Receiver::new(B).code(&chain), "ok");
    assert_eq!(Receiver::new(C).code(&chain), "mesh.audience_mismatch");
    // B's retired key is not B: a node goes by the key it has now.
    assert_eq!(Receiver::new(B_REVOKED).code(&chain), "mesh.audience_mismatch");
    let nobody = edited(&chain, A, |link| link.terms.audience = NodeId(Sha256Digest::from_bytes([0; 32])));
    assert_eq!(Receiver::new(B).code(nobody), "mesh.audience_mismatch");
}

#[test]
fn d23_a_chain_has_one_spelling() {
    let good = root(A, B);
    let receiver = Receiver::new(B);
    assert_eq!(receiver.code(&good), "ok");
    let value: serde_json::Value = serde_json::from_str(&good).unwrap();
    let sig = value[0]["signatures"][0]["sig"].as_str().unwrap();
    let other = |text: &str| receiver.code(good.replace(sig, text));
    assert_eq!(other(sig.trim_end_matches('=')), "mesh.encoding_noncanonical");
    assert_eq!(other(&sig.replace('+', "-").replace('/', "_")), "mesh.encoding_noncanonical");
    // The last character before the padding holds spare bits.
    let mut spare = sig.trim_end_matches('=').to_owned();
    spare.pop();
    spare.push_str("x==");
    assert_eq!(other(&spare), "mesh.encoding_noncanonical");
    assert_eq!(other(&format!("{sig}\\n")), "mesh.encoding_noncanonical");
    let (first, rest) = sig.split_at(1);
    let escaped = format!("\\u{:04x}{rest}", first.as_bytes()[0]);
    assert_eq!(other(&escaped), "mesh.encoding_noncanonical");
    assert_eq!(receiver.code(format!("{good}\n")), "mesh.encoding_noncanonical");
    assert_eq!(receiver.code(good.replace(',', ", ")), "mesh.encoding_noncanonical");
    let upper = good.replace(&id(A).to_string(), &id(A).to_string().to_uppercase());
    assert_eq!(receiver.code(upper), "mesh.encoding_noncanonical");
}

#[test]
fn d23_a_signature_with_another_s_does_not_verify() {
    let good = root(A, B);
    let value: serde_json::Value = serde_json::from_str(&good).unwrap();
    let envelope = Envelope::read(value[0].to_string().as_bytes(), Reader::Own, MAX_CHAIN_BYTES).unwrap();
    let mut signature = envelope.signatures()[0].signature.clone();
    // The order of the group, little-endian, added to S.
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10_u8,
    ];
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert_eq!(carry, 0);
    let mut other = value.clone();
    other[0]["signatures"][0]["sig"] = base64(&signature).into();
    assert_eq!(Receiver::new(B).code(other.to_string()), "mesh.link_signature_invalid");
}

/// Padded standard base64, written out so that the crate needs no dependency for one test.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let group = u32::from_be_bytes(group);
        for place in 0..4 {
            let six = usize::try_from(group >> (18 - 6 * place) & 63).unwrap();
            text.push(if place > chunk.len() { '=' } else { ALPHABET[six].into() });
        }
    }
    text
}

#[test]
fn d31_a_chain_comes_from_the_node_that_issued_it() {
    let chain = through(&[A, B, C]);
    let from = |peer| Receiver { peer, ..Receiver::new(C) }.code(&chain);
    assert_eq!(from(Some(B)), "ok");
    assert_eq!(from(None), "ok");
    assert_eq!(from(Some(A)), "mesh.peer_binding_mismatch");
    assert_eq!(from(Some(D)), "mesh.peer_binding_mismatch");
}

#[test]
fn a_link_of_another_version_is_named_as_such() {
    let payload = encode_strict(&inspect(root(A, B).as_bytes()).unwrap()[0]).unwrap();
    for version in [0_u8, 2, 0x81] {
        let other = [&[version], &payload[1..]].concat();
        let other = sealed(other);
        assert_eq!(Receiver::new(B).code(listed(&[other])), "mesh.link_version", "{version}");
    }
    let trailing = [&payload[..], &[0]].concat();
    let trailing = sealed(trailing);
    assert_eq!(Receiver::new(B).code(listed(&[trailing])), "input.non_canonical");
    let empty = sealed(Vec::new());
    assert_eq!(Receiver::new(B).code(listed(&[empty])), "mesh.link_version");
}
