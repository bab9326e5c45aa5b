//! Pack signatures, verified by securesystemslib, and its own verified by us.

use std::{fs, process::Command};

use crate::{
    clients::{missing, python_with, said},
    support::{Demo, reach},
};

/// Verifies an envelope with the key id that securesystemslib computes itself.
const VERIFY: &str = r"
import json, sys
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
envelope, key = sys.argv[1:]
key = SSlibKey.from_crypto(load_pem_public_key(open(key, 'rb').read()))
accepted = Envelope.from_dict(json.load(open(envelope))).verify([key], 1)
print(' '.join(accepted))
";

/// Signs the payload of an envelope anew, and writes the new one with or without its key id.
const SIGN: &str = r"
import base64, json, sys
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner
envelope, key, out, style = sys.argv[1:]
signer = CryptoSigner(load_pem_private_key(open(key, 'rb').read(), None))
old = json.load(open(envelope))
made = Envelope(base64.b64decode(old['payload']), old['payloadType'], {})
made.sign(signer)
data = made.to_dict()
if style == 'foreign':
    for one in data['signatures']:
        del one['keyid']
        one['sig'] = base64.urlsafe_b64encode(base64.b64decode(one['sig'])).decode()
    data['payload'] = base64.urlsafe_b64encode(base64.b64decode(data['payload'])).decode()
    data['made_by'] = 'somebody else'
json.dump(data, open(out, 'w'), indent=2)
";

#[test]
fn k06_securesystemslib_verifies_the_envelope_with_the_key_id_it_computes() {
    let Some(python) = python_with("securesystemslib.dsse, cryptography") else { return missing("securesystemslib") };
    let demo = Demo::new();
    let verify = |envelope: &str| {
        Command::new(&python).args(["-c", VERIFY, envelope, &demo.path("keys/pack.pub.pem")]).output().unwrap()
    };
    let good = demo.path("inventory.reachpack.dsse.json");
    let accepted = verify(&good);
    assert!(accepted.status.success(), "{}", said(&accepted));
    let shown = reach(&["key", "show", &demo.path("keys/pack.pub.pem")]).json();
    assert_eq!(String::from_utf8_lossy(&accepted.stdout).trim(), shown["keyid"].as_str().unwrap());
    let mut text = fs::read_to_string(&good).unwrap();
    let at = text.find("\"sig\":\"").unwrap() + 20;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    text.replace_range(at..=at, other);
    let bad = demo.beside("bad.json");
    fs::write(&bad, text).unwrap();
    let refused = verify(&bad);
    assert!(!refused.status.success() && said(&refused).contains("VerificationError"), "{}", said(&refused));
}

#[test]
fn k52_what_securesystemslib_signs_verifies_here_in_either_alphabet_and_without_key_id() {
    let Some(python) = python_with("securesystemslib.dsse, cryptography") else { return missing("securesystemslib") };
    let demo = Demo::new();
    let (pack, trust) = (demo.path("inventory.reachpack"), demo.path("trust.dsse.json"));
    let sign = |key: &str, style: &str| {
        let out = demo.beside("theirs.json");
        let made = Command::new(&python)
            .args(["-c", SIGN, &demo.path("inventory.reachpack.dsse.json"), &demo.path(key), &out, style])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", said(&made));
        reach(&["pack", "verify", &pack, "--signature", &out, "--trust", &trust]).code()
    };
    assert_eq!(sign("keys/pack.pem", "own"), "ok");
    assert_eq!(sign("keys/pack.pem", "foreign"), "ok");
    assert_eq!(sign("keys/policy.pem", "own"), "pack.untrusted");
}
