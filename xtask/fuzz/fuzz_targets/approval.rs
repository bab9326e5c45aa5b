//! Any bytes end in a question to a person, or a refusal with a code; a question can be written
//! again, and no larger than its limit. Any bytes signed by an operator end in an answer to this
//! very question, or in a refusal; unsigned ones never are an answer.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reach_policy::{
    APPROVAL_PAYLOAD_TYPE, ApprovalError, ApprovalRequest, MAX_APPROVAL_REQUEST_BYTES, VerifiedApproval,
};
use reach_signing::{Envelope, KeyEntry, Role, Signer, SignerEntry, SigningKey, TrustDocument, VerifiedTrust};
use reach_types::{Class, Code, Timestamp};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

static OPERATOR: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(Role::Operator, &[2; 32]).unwrap());
static TRUST: LazyLock<VerifiedTrust> = LazyLock::new(|| {
    let root = SigningKey::from_seed(Role::Root, &[1; 32]).unwrap();
    let end = Timestamp::from_millis(1_900_000_000_000);
    let entry = |key: &SigningKey| KeyEntry {
        public: key.public_key(),
        role: key.role(),
        not_before: Timestamp::default(),
        not_after: end,
        retired: None,
        revoked: None,
    };
    let document = TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created: Timestamp::default(),
        expires: end,
        max_key_age_days: None,
        thresholds: [].into(),
        signers: vec![SignerEntry {
            name: "here".to_owned(),
            keys: vec![entry(&root), entry(&OPERATOR)],
            packs: vec![],
        }],
        revoked_packs: vec![],
    };
    VerifiedTrust::verify(document.sign_first(&[&root]).unwrap().as_bytes(), None, NOW).unwrap()
});
static QUESTION: LazyLock<ApprovalRequest> = LazyLock::new(|| {
    let zeros = "0".repeat(64);
    let json = format!(
        r#"{{"schema":"reach-approval-request/1","tool":"fs.write","scopes":["output:write"],"arguments":{{"bytes":70000,"blake3":"{zeros}","text":null}},
        "questions":["fs.write"],"run":"{zeros}","index":0,"tenant":"acme","node":"{zeros}","pack":{{"name":"a","version":"1.0.0","blake3":"{zeros}"}},
        "policy":{{"name":"b","version":1,"digest":"{zeros}"}},"mode":"enforce","definition":"{zeros}","host":"{zeros}","chain":null,
        "asked":"2027-01-01T00:00:00Z","until":"2027-02-01T00:00:00Z","nonce":"{zeros}"}}"#
    );
    ApprovalRequest::from_json(json.as_bytes()).unwrap()
});

fuzz_target!(|data: &[u8]| {
    match ApprovalRequest::from_json(data) {
        Ok(request) => {
            let json = request.to_json().unwrap();
            assert!(json.is_ascii() && json.len() <= MAX_APPROVAL_REQUEST_BYTES);
            let again = ApprovalRequest::from_json(json.as_bytes()).unwrap();
            assert_eq!((again.digest(), &again), (request.digest(), &request));
        }
        Err(error) => assert!(matches!(error.class(), Class::Refused | Class::Limit)),
    }
    let unsigned = VerifiedApproval::verify(data, &QUESTION, &TRUST, NOW).unwrap_err();
    assert!(!matches!(unsigned, ApprovalError::Sign(_) | ApprovalError::Encoding(_)));
    let signed = Envelope::sign(APPROVAL_PAYLOAD_TYPE, data.to_vec(), &[&*OPERATOR as &dyn Signer]).unwrap().to_json();
    match VerifiedApproval::verify(signed.as_bytes(), &QUESTION, &TRUST, NOW) {
        Ok(approval) => assert!(*approval.request() == QUESTION.digest() && approval.expires() <= QUESTION.until()),
        Err(error) => assert!(matches!(error.class(), Class::Refused | Class::Limit | Class::Expired)),
    }
});
