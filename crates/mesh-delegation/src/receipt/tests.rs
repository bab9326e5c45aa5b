//! Receipts: made, believed, and told apart.

use reach_signing::{Role, SigningKey};
use reach_types::Class;

use super::*;
use crate::{
    AcceptError, NonceError, chain_digest,
    testing::{A, B, C, NOW, Receiver, STRANGER, digest, edited, id, later, node, root, trust},
};

fn refusal<'a>(chain: Blake3Digest, reasons: &'a [&'a dyn Code]) -> Answer<'a> {
    Answer::Rejected { chain, run: None, transcript: None, reasons }
}

fn rejected(chain: Blake3Digest, reason: &dyn Code, by: u8) -> String {
    sign_receipt(&refusal(chain, &[reason]), RECEIPT_VERSION, NOW, &node(by)).unwrap()
}

fn code(receipt: impl AsRef<[u8]>, chain: &Blake3Digest, by: u8) -> &'static str {
    verify_receipt(receipt.as_ref(), &trust(), chain, &id(by), NOW).map_or_else(|error| error.code(), |_| "ok")
}

/// `payload` signed as it is, past the checks of [`sign_receipt`].
fn forged(edit: impl FnOnce(&mut Payload)) -> String {
    let codes = vec!["mesh.expired".to_owned()];
    let said = Said { chain: digest(1), run: None, verdict: Verdict::Rejected, codes, at: NOW, node: id(B) };
    let mut payload = Payload { version: RECEIPT_VERSION, said, transcript: None };
    edit(&mut payload);
    let bytes = payload.encode().unwrap();
    Envelope::sign(RECEIPT_PAYLOAD_TYPE, bytes, &[&node(B)]).unwrap().to_json()
}

#[test]
fn both_answers_are_signed_and_verify() {
    let chain = root(A, B);
    let accepted = Receiver::new(B).accept(&chain).unwrap();
    let receipt = sign_receipt(&Answer::Accepted(&accepted), RECEIPT_VERSION, NOW, &node(B)).unwrap();
    let read = verify_receipt(receipt.as_bytes(), &trust(), accepted.digest(), &id(B), NOW).unwrap();
    assert_eq!((read.verdict(), read.run(), read.codes()), (Verdict::Accepted, Some(accepted.run()), &[][..]));
    assert_eq!((read.chain(), read.at(), *read.node()), (accepted.digest(), NOW, id(B)));

    let receiver = Receiver::new(C);
    let error = receiver.accept(&chain).unwrap_err();
    let digest = chain_digest(chain.as_bytes());
    let run = Some(*accepted.run());
    let answer = Answer::Rejected { chain: digest, run, transcript: None, reasons: &[&error] };
    let receipt = sign_receipt(&answer, RECEIPT_VERSION, NOW, &node(C)).unwrap();
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
    let named = forged(|payload| payload.said.node = id(C));
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
    let yes = read(&sign_receipt(&Answer::Accepted(&accepted), RECEIPT_VERSION, NOW, &node(B)).unwrap(), digest_of);
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
    let reasons: [&dyn Code; 1] = [&AcceptError::NonceReplayed];
    let answer = refusal(digest(1), &reasons);
    assert_eq!(sign_receipt(&answer, RECEIPT_VERSION, NOW, &log).unwrap_err().code(), "sign.role_mismatch");
}

#[test]
fn d42_a_receipt_names_only_codes_that_are_the_senders_business() {
    let read = |reasons: &[&dyn Code]| {
        let answer = refusal(digest(1), reasons);
        let receipt = sign_receipt(&answer, RECEIPT_VERSION, NOW, &node(B)).unwrap();
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
    assert_eq!(code(forged(|p| p.said.codes.clear()), &digest(1), B), "mesh.receipt_malformed");
    assert_eq!(code(forged(|p| p.said.verdict = Verdict::Accepted), &digest(1), B), "mesh.receipt_malformed");
    let many = |n| forged(move |p| p.said.codes = vec!["mesh.expired".to_owned(); n]);
    assert_eq!(code(many(MAX_RECEIPT_CODES), &digest(1), B), "ok");
    assert_eq!(code(many(MAX_RECEIPT_CODES + 1), &digest(1), B), "mesh.receipt_malformed");
    for bad in ["", "mesh", "mesh.", ".x", "Mesh.x", "mesh.x\n", "mesh.a b", &format!("mesh.{}", "x".repeat(60))] {
        assert_eq!(
            code(forged(|p| p.said.codes = vec![bad.to_owned()]), &digest(1), B),
            "mesh.receipt_malformed",
            "{bad}"
        );
    }
    let longest = format!("mesh.{}", "x".repeat(59));
    assert_eq!(code(forged(|p| p.said.codes = vec![longest; MAX_RECEIPT_CODES]), &digest(1), B), "ok");
    for version in [0, FIRST_RECEIPT_VERSION, RECEIPT_VERSION, RECEIPT_VERSION + 1] {
        let known = version == FIRST_RECEIPT_VERSION || version == RECEIPT_VERSION;
        let expected = if known { "ok" } else { "mesh.receipt_version" };
        assert_eq!(code(forged(|p| p.version = version), &digest(1), B), expected, "{version}");
        let signed = sign_receipt(&refusal(digest(1), &[&AcceptError::NonceReplayed]), version, NOW, &node(B));
        assert_eq!(signed.map_or_else(|error| error.code(), |_| "ok"), expected, "{version}");
    }
    assert_eq!(code(vec![b' '; MAX_RECEIPT_BYTES + 1], &digest(1), B), "sign.envelope_too_large");
    let nothing = refusal(digest(1), &[]);
    assert_eq!(sign_receipt(&nothing, RECEIPT_VERSION, NOW, &node(B)).unwrap_err().code(), "mesh.receipt_malformed");
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

const CHAIN: &str = include_str!("../../tests/golden/chain.json");

/// The answers of the golden files, given again.
fn golden(version: u16) -> [String; 2] {
    let accepted = Receiver::new(B).accept(CHAIN).unwrap();
    let yes = sign_receipt(&Answer::Accepted(&accepted), version, NOW, &node(B)).unwrap();
    let error = Receiver::new(C).accept(CHAIN).unwrap_err();
    let (chain, run) = (chain_digest(CHAIN.as_bytes()), Some(*accepted.run()));
    let answer = Answer::Rejected { chain, run, transcript: None, reasons: &[&error] };
    [yes, sign_receipt(&answer, version, NOW, &node(C)).unwrap()]
}

#[test]
fn receipts_of_every_version_are_read_and_written_alike() {
    let first = [
        include_str!("../../tests/golden/v1-accepted.receipt.json"),
        include_str!("../../tests/golden/v1-rejected.receipt.json"),
    ];
    let second = [
        include_str!("../../tests/golden/v2-accepted.receipt.json"),
        include_str!("../../tests/golden/v2-rejected.receipt.json"),
    ];
    let chain = chain_digest(CHAIN.as_bytes());
    let signed = crate::inspect(CHAIN.as_bytes()).unwrap()[0].terms.transcript;
    for (version, files) in [(FIRST_RECEIPT_VERSION, first), (RECEIPT_VERSION, second)] {
        assert_eq!(golden(version), files);
        let [yes, no] = [(files[0], B), (files[1], C)]
            .map(|(file, by)| verify_receipt(file.as_bytes(), &trust(), &chain, &id(by), NOW).unwrap());
        assert_eq!((yes.version(), no.version()), (version, version));
        assert_eq!((yes.verdict(), no.verdict()), (Verdict::Accepted, Verdict::Rejected));
        assert_eq!(no.codes(), ["mesh.audience_mismatch"]);
        assert_eq!(yes.transcript(), (version == RECEIPT_VERSION).then_some(&signed));
        assert_eq!(no.transcript(), None);
        assert_eq!((yes.check_transcript(&signed), no.check_transcript(&signed)), (Ok(()), Ok(())));
    }
}

#[test]
fn v06_an_acceptance_states_the_agreement_that_was_signed() {
    let read = |version, transcript| {
        let forged = forged(|p| {
            (p.version, p.transcript) = (version, transcript);
            (p.said.verdict, p.said.run) = (Verdict::Accepted, Some(RunId(digest(7))));
            p.said.codes.clear();
        });
        verify_receipt(forged.as_bytes(), &trust(), &digest(1), &id(B), NOW).map_err(|error| error.code())
    };
    let said = read(RECEIPT_VERSION, Some(digest(5))).unwrap();
    assert_eq!(said.check_transcript(&digest(5)), Ok(()));
    assert_eq!(said.check_transcript(&digest(6)).unwrap_err().code(), "mesh.receipt_transcript");
    assert_eq!(read(RECEIPT_VERSION, None).unwrap_err(), "mesh.receipt_malformed");
    // The first version is silent about it, and so agrees with whatever the second one states.
    let silent = read(FIRST_RECEIPT_VERSION, None).unwrap();
    assert_eq!(silent.check_transcript(&digest(6)), Ok(()));
    assert_eq!([silent.check_same(&said), said.check_same(&silent)], [Ok(()), Ok(())]);
    let other = read(RECEIPT_VERSION, Some(digest(6))).unwrap();
    assert_eq!(said.check_same(&other).unwrap_err().code(), "mesh.receipt_equivocation");
    assert_eq!(other.check_same(&other.clone()), Ok(()));
}

#[test]
fn v09_whatever_is_wrong_with_spec_versions_is_one_code_in_a_receipt() {
    let error = Receiver::new(B).accept(&edited(&root(A, B), A, |link| link.terms.offer = vec![0])).unwrap_err();
    assert_eq!((error.code(), error.class()), ("spec.malformed", Class::Refused));
    let read = |reasons: &[&dyn Code]| {
        let receipt = sign_receipt(&refusal(digest(1), reasons), RECEIPT_VERSION, NOW, &node(B)).unwrap();
        verify_receipt(receipt.as_bytes(), &trust(), &digest(1), &id(B), NOW).unwrap().codes().to_vec()
    };
    assert_eq!(read(&[&error]), ["mesh.spec_incompatible"]);
    // Another surface's code that only looks alike stays this node's own business.
    assert_eq!(read(&[&reach_types::ScopeError::Malformed]), ["mesh.refused"]);
}
