//! Receipts: made, believed, and told apart.

use reach_signing::{Role, SigningKey};
use reach_types::Class;

use super::*;
use crate::{
    AcceptError, NonceError, chain_digest,
    testing::{A, B, C, NOW, Receiver, STRANGER, digest, id, later, node, root, trust},
};

fn rejected(chain: Blake3Digest, reason: &dyn Code, by: u8) -> String {
    sign_receipt(&Answer::Rejected { chain, run: None, reasons: &[reason] }, NOW, &node(by)).unwrap()
}

fn code(receipt: impl AsRef<[u8]>, chain: &Blake3Digest, by: u8) -> &'static str {
    verify_receipt(receipt.as_ref(), &trust(), chain, &id(by), NOW).map_or_else(|error| error.code(), |_| "ok")
}

/// `payload` signed as it is, past the checks of [`sign_receipt`].
fn forged(edit: impl FnOnce(&mut Payload)) -> String {
    let mut payload = Payload {
        version: RECEIPT_VERSION,
        chain: digest(1),
        run: None,
        verdict: Verdict::Rejected,
        codes: vec!["mesh.expired".to_owned()],
        at: NOW,
        node: id(B),
    };
    edit(&mut payload);
    let bytes = encode_strict(&payload).unwrap();
    Envelope::sign(RECEIPT_PAYLOAD_TYPE, bytes, &[&node(B)]).unwrap().to_json()
}

#[test]
fn both_answers_are_signed_and_verify() {
    let chain = root(A, B);
    let accepted = Receiver::new(B).accept(&chain).unwrap();
    let receipt = sign_receipt(&Answer::Accepted(&accepted), NOW, &node(B)).unwrap();
    let read = verify_receipt(receipt.as_bytes(), &trust(), accepted.digest(), &id(B), NOW).unwrap();
    assert_eq!((read.verdict(), read.run(), read.codes()), (Verdict::Accepted, Some(accepted.run()), &[][..]));
    assert_eq!((read.chain(), read.at(), *read.node()), (accepted.digest(), NOW, id(B)));

    let receiver = Receiver::new(C);
    let error = receiver.accept(&chain).unwrap_err();
    let digest = chain_digest(chain.as_bytes());
    let run = Some(*accepted.run());
    let answer = Answer::Rejected { chain: digest, run, reasons: &[&error] };
    let receipt = sign_receipt(&answer, NOW, &node(C)).unwrap();
    let read = verify_receipt(receipt.as_bytes(), &trust(), &digest, &id(C), NOW).unwrap();
    assert_eq!((read.verdict(), read.run()), (Verdict::Rejected, run.as_ref()));
    assert_eq!(read.codes(), ["mesh.audience_mismatch"]);
}

#[test]
fn d41_a_receipt_is_for_one_chain_by_one_node() {
    let receipt = rejected(digest(1), &AcceptError::NonceReplayed, B);
    assert_eq!(code(&receipt, &digest(1), B), "ok");
    assert_eq!(code(&receipt, &digest(2), B), "mesh.receipt_mismatch");
    assert_eq!(code(&receipt, &digest(1), C), "mesh.receipt_mismatch");
    let by_stranger = rejected(digest(1), &AcceptError::NonceReplayed, STRANGER);
    assert_eq!(code(by_stranger, &digest(1), STRANGER), "sign.key_unknown");
    // Signed by one node in the name of another.
    let named = forged(|payload| payload.node = id(C));
    assert_eq!(code(named, &digest(1), C), "sign.signature_invalid");
    let mut value: serde_json::Value = serde_json::from_str(&receipt).unwrap();
    value["signatures"] = serde_json::json!([]);
    assert_eq!(code(value.to_string(), &digest(1), B), "sign.no_signatures");
}

#[test]
fn d41_two_answers_to_one_chain_show() {
    let read = |receipt: &str, chain| verify_receipt(receipt.as_bytes(), &trust(), &chain, &id(B), NOW).unwrap();
    let chain = root(A, B);
    let accepted = Receiver::new(B).accept(&chain).unwrap();
    let digest_of = *accepted.digest();
    let yes = read(&sign_receipt(&Answer::Accepted(&accepted), NOW, &node(B)).unwrap(), digest_of);
    let no = read(&rejected(digest_of, &AcceptError::AudienceMismatch, B), digest_of);
    let other = read(&rejected(digest(1), &AcceptError::AudienceMismatch, B), digest(1));
    assert_eq!(yes.check_same(&no).unwrap_err().code(), "mesh.receipt_equivocation");
    assert_eq!([yes.check_same(&yes.clone()), yes.check_same(&other)], [Ok(()), Ok(())]);
}

#[test]
fn d41_a_link_is_no_receipt_and_a_receipt_by_another_kind_of_key_is_none() {
    let link = root(A, B);
    let link = link.trim_matches(['[', ']']);
    assert_eq!(code(link, &digest(1), A), "sign.wrong_payload_type");
    let log = SigningKey::from_seed(Role::Log, &[B; 32]).unwrap();
    let reason = AcceptError::NonceReplayed;
    let answer = Answer::Rejected { chain: digest(1), run: None, reasons: &[&reason] };
    assert_eq!(sign_receipt(&answer, NOW, &log).unwrap_err().code(), "sign.role_mismatch");
}

#[test]
fn d42_a_receipt_names_only_codes_that_are_the_senders_business() {
    let read = |reasons: &[&dyn Code]| {
        let answer = Answer::Rejected { chain: digest(1), run: None, reasons };
        let receipt = sign_receipt(&answer, NOW, &node(B)).unwrap();
        verify_receipt(receipt.as_bytes(), &trust(), &digest(1), &id(B), NOW).unwrap().codes().to_vec()
    };
    let rollback = AcceptError::ClockRollback { now: NOW, seen: later(NOW, 1) };
    let private: [&dyn Code; 4] = [
        &rollback,
        &AcceptError::IdentityConflict,
        &AcceptError::Nonce(NonceError::Unavailable),
        &reach_types::ScopeError::Malformed,
    ];
    assert_eq!(read(&private), ["mesh.refused"]);
    assert_eq!(read(&[&AcceptError::Chain(ChainError::Cycle), &rollback]), ["mesh.cycle", "mesh.refused"]);
    let rows = crate::CODES.iter().copied().flatten();
    let codes: Vec<_> = rows.map(|row| row.code).collect();
    assert!(PUBLIC.iter().all(|code| codes.contains(code)));
    let mut unique = codes.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), codes.len());
}

#[test]
fn an_answer_is_whole_and_bounded() {
    assert_eq!(code(forged(|_| {}), &digest(1), B), "ok");
    assert_eq!(code(forged(|p| p.codes.clear()), &digest(1), B), "mesh.receipt_malformed");
    assert_eq!(code(forged(|p| p.verdict = Verdict::Accepted), &digest(1), B), "mesh.receipt_malformed");
    let many = |n| forged(move |p| p.codes = vec!["mesh.expired".to_owned(); n]);
    assert_eq!(code(many(MAX_RECEIPT_CODES), &digest(1), B), "ok");
    assert_eq!(code(many(MAX_RECEIPT_CODES + 1), &digest(1), B), "mesh.receipt_malformed");
    for bad in ["", "mesh", "mesh.", ".x", "Mesh.x", "mesh.x\n", "mesh.a b", &format!("mesh.{}", "x".repeat(60))] {
        assert_eq!(code(forged(|p| p.codes = vec![bad.to_owned()]), &digest(1), B), "mesh.receipt_malformed", "{bad}");
    }
    let longest = format!("mesh.{}", "x".repeat(59));
    assert_eq!(code(forged(|p| p.codes = vec![longest; MAX_RECEIPT_CODES]), &digest(1), B), "ok");
    assert_eq!(code(forged(|p| p.version = 2), &digest(1), B), "mesh.receipt_version");
    assert_eq!(code(vec![b' '; MAX_RECEIPT_BYTES + 1], &digest(1), B), "sign.envelope_too_large");
    let nothing = Answer::Rejected { chain: digest(1), run: None, reasons: &[] };
    assert_eq!(sign_receipt(&nothing, NOW, &node(B)).unwrap_err().code(), "mesh.receipt_malformed");
}

#[test]
fn every_single_bit_flip_of_a_receipt_is_refused() {
    let receipt = rejected(digest(1), &AcceptError::NonceReplayed, B).into_bytes();
    let trust = trust();
    for at in 0..receipt.len() {
        for bit in 0..8 {
            let mut flipped = receipt.clone();
            flipped[at] ^= 1 << bit;
            let error = verify_receipt(&flipped, &trust, &digest(1), &id(B), NOW).unwrap_err();
            assert_ne!(error.class(), Class::Internal, "{at}:{bit} {}", error.code());
        }
    }
}
