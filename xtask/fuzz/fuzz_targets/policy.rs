//! Any text ends in a policy or a refusal with a code, and a policy is what its bundle gives back.
//! Any bytes that are signed end in a policy that encodes to the same bytes, or in a refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_policy::{BUNDLE_PAYLOAD_TYPE, BundleDraft, Policy, build_bundle, lint};
use reach_signing::{Envelope, Reader, Role, SigningKey};
use reach_types::Code;

/// A policy to which the input adds tables: by chance alone, few texts are policies.
const FIELDS: &str = r#"
schema = "reach-policy/1"
name = "a"
version = 1
not_before = "2026-01-01T00:00:00Z"
expires = "2027-01-01T00:00:00Z"
require_deterministic = false
tools = ["a", "b"]
scopes = ["a", "b:*"]
models.a = ["a", "b"]
"#;

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        authored(text);
        authored(&format!("{FIELDS}{text}"));
    }
    signed(input);
    // Encoding 3 of the policy above: no exceptions, and then what the input says.
    if let Some(body) = Policy::from_toml(FIELDS).ok().and_then(|policy| payload(&policy)) {
        signed(&[&[3], body.get(1..).unwrap_or_default(), &[0, 0, 0], input].concat());
    }
});

fn authored(text: &str) {
    match Policy::from_toml(text) {
        Ok(policy) => {
            let _findings = lint(&policy, None);
            let Some(payload) = payload(&policy) else { panic!("what loads is encoded") };
            assert_eq!(signed(&payload).as_ref(), Some(&policy));
        }
        Err(error) => assert!(![0, 70].contains(&error.class().exit_code())),
    }
}

/// What these bytes say as the payload of a bundle.
fn signed(bytes: &[u8]) -> Option<Policy> {
    let file = Envelope::sign(BUNDLE_PAYLOAD_TYPE, bytes.to_vec(), &[&key()?]).ok()?.to_json();
    match BundleDraft::read(file.as_bytes()) {
        Ok(draft) => {
            assert_eq!(payload(draft.policy()).as_deref(), Some(bytes));
            Some(draft.policy().clone())
        }
        Err(error) => {
            assert!(![0, 70].contains(&error.class().exit_code()));
            None
        }
    }
}

/// The one encoding of a policy.
fn payload(policy: &Policy) -> Option<Vec<u8>> {
    let file = build_bundle(policy, &[&key()?]).ok()?;
    let envelope = Envelope::read(file.as_bytes(), Reader::Own, file.len()).ok()?;
    Some(envelope.unverified_payload().to_vec())
}

fn key() -> Option<SigningKey> {
    SigningKey::from_seed(Role::Policy, &[2; 32]).ok()
}
