//! Every single-bit flip of a good pack and of its envelope.

use reach_types::{Class, Code};

use crate::testing::*;

const SMALLEST: &str = r#"
schema = "reach-pack/1"
name = "inventory"
version = "1.0.0"
deterministic = true
spec = { version = "1.0.0", floor = "1.0.0" }
graph = { start = "list", max_steps = 1, nodes = [{ id = "list", tool = "fs.list" }] }
[tools]
"fs.list" = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
"#;

/// The smallest pack: every flip of it costs two signature checks.
fn small() -> Vec<u8> {
    archive(&[("pack.toml", false, SMALLEST.as_bytes())])
}

#[test]
fn k06_k47_every_bit_of_the_archive_counts() {
    let envelope = sign(&small(), &[1]);
    let trust = trust(&document());
    let mut flipped = small();
    for bit in 0..flipped.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = verify_under(&flipped, &envelope, &trust, now()).unwrap_err();
        let expected = matches!(error.class(), Class::Refused | Class::Unsafe | Class::Limit);
        assert!(expected, "bit {bit}: {}", error.code());
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(code_under(&flipped, &envelope, &trust, now()), "ok");
}

#[test]
fn k06_every_bit_of_the_envelope_counts_but_for_the_hint() {
    let archive = small();
    let trust = trust(&document());
    let envelope = sign(&archive, &[1]);
    let start = envelope.find("\"keyid\"").unwrap();
    let hint = start..start + "\"keyid\":\"\"".len() + 64;
    let mut flipped = envelope.clone().into_bytes();
    for bit in (0..flipped.len() * 8).filter(|bit| !hint.contains(&(bit / 8))) {
        flipped[bit / 8] ^= 1 << (bit % 8);
        let expected = crate::Expected::default();
        let asked = crate::Verification { trust: &trust, expected: &expected, now: now(), seen: None, evidence: None };
        let result = crate::verify_pack(&archive[..], Some(&flipped), &asked);
        let error = result.unwrap_err();
        let expected = matches!(error.class(), Class::Refused | Class::Untrusted | Class::Limit);
        assert!(expected, "bit {bit}: {}", error.code());
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(code_under(&archive, &envelope, &trust, now()), "ok");
}
