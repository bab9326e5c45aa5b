//! The published corpus `docs/vectors/pack`, run as an outsider would: from its files alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use reach_pack_integrity::{Expected, MemorySeen, Verification, verify_pack};
use reach_signing::VerifiedTrust;
use reach_types::{Blake3Digest, Code, PackName, PackVersion, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{listing, reach_at};

/// What stands beside the cases.
const BESIDE: [&str; 4] = [".gitattributes", "README.md", "cases.json", "keys.json"];

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/pack")
}

fn cases() -> Vec<Value> {
    let text = fs::read_to_string(corpus().join("cases.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all["schema"], "reach-vectors/1");
    all["pack"].as_array().unwrap().clone()
}

/// A member that must be there, if it is a text.
fn text<'v>(case: &'v Value, pointer: &str) -> Option<&'v str> {
    let value = case.pointer(pointer).unwrap_or_else(|| panic!("{}: no member {pointer}", case["id"]));
    value.as_str()
}

fn file(case: &Value, pointer: &str) -> Option<Vec<u8>> {
    text(case, pointer).map(|name| fs::read(corpus().join(name)).unwrap())
}

fn expected(case: &Value) -> Expected {
    Expected {
        name: text(case, "/asked/name").map(|name| PackName::parse(name).unwrap()),
        version: text(case, "/asked/version").map(|version| PackVersion::parse(version).unwrap()),
    }
}

fn seen(case: &Value) -> MemorySeen {
    let mut seen = MemorySeen::default();
    if !case["seen"].is_null() {
        let member = |name| text(case, &format!("/seen/{name}")).unwrap();
        let (name, version) = (PackName::parse(member("name")), PackVersion::parse(member("version")));
        seen.record(&name.unwrap(), version.unwrap(), Blake3Digest::parse(member("blake3")).unwrap());
    }
    seen
}

/// The verdict and the exit code of one case, through the library.
fn verdict(case: &Value) -> (&'static str, u8) {
    let now = Timestamp::parse(text(case, "/now").unwrap()).unwrap();
    let pin = Blake3Digest::parse(text(case, "/trust_root").unwrap()).unwrap();
    let trust = match VerifiedTrust::verify(&file(case, "/files/trust").unwrap(), Some(&pin), now) {
        Ok(trust) => trust,
        Err(error) => return (error.code(), error.class().exit_code()),
    };
    let (archive, envelope) = (file(case, "/files/archive").unwrap(), file(case, "/files/envelope"));
    let (expected, seen) = (expected(case), seen(case));
    let asked = Verification { trust: &trust, expected: &expected, now, seen: Some(&seen), evidence: None };
    match verify_pack(&archive[..], envelope.as_deref(), &asked) {
        Ok(_) => ("ok", 0),
        Err(error) => (error.code(), error.class().exit_code()),
    }
}

/// What a case is listed to end in.
fn listed(case: &Value) -> (&str, u8) {
    (text(case, "/verdict").unwrap(), u8::try_from(case["exit"].as_u64().unwrap()).unwrap())
}

/// Fails with every case that ends otherwise than listed.
fn compare(cases: &[Value], run: impl Fn(&Value) -> (String, u8)) {
    let differing = cases.iter().filter_map(|case| {
        let (code, exit) = run(case);
        let (id, wanted) = (text(case, "/id").unwrap(), listed(case));
        ((code.as_str(), exit) != wanted)
            .then(|| format!("{id} {}: {code} {exit}, listed as {wanted:?}", case["title"]))
    });
    let differing: Vec<_> = differing.collect();
    assert!(differing.is_empty(), "{} cases:\n{}", differing.len(), differing.join("\n"));
}

#[test]
fn every_case_ends_as_listed() {
    compare(&cases(), |case| {
        let (code, exit) = verdict(case);
        (code.to_owned(), exit)
    });
}

#[test]
fn every_case_ends_as_listed_on_the_command_line() {
    let copies = TempDir::new().unwrap();
    let without_state: Vec<_> = cases().into_iter().filter(|case| case["seen"].is_null()).collect();
    compare(&without_state, |case| {
        let path = |pointer: &str| corpus().join(text(case, pointer).unwrap()).to_str().unwrap().to_owned();
        // A checkout's permissions are its user's; a trust document has to be kept with care.
        let trust = copies.path().join("trust.dsse.json");
        fs::write(&trust, file(case, "/files/trust").unwrap()).unwrap();
        fs::set_permissions(&trust, fs::Permissions::from_mode(0o600)).unwrap();
        let (archive, trust) = (path("/files/archive"), trust.to_str().unwrap().to_owned());
        let mut words = vec!["pack", "verify", &archive, "--trust", &trust];
        words.extend(["--trust-root", text(case, "/trust_root").unwrap()]);
        let envelope = text(case, "/files/envelope").map(|_| path("/files/envelope"));
        for (flag, value) in [
            ("--signature", envelope.as_deref()),
            ("--name", text(case, "/asked/name")),
            ("--version", text(case, "/asked/version")),
        ] {
            words.extend(value.into_iter().flat_map(|value| [flag, value]));
        }
        let answer = reach_at(&words, Timestamp::parse(text(case, "/now").unwrap()).unwrap());
        (answer.code(), answer.exit)
    });
}

#[test]
fn every_bad_case_has_a_good_neighbour_that_passes() {
    let cases = cases();
    let by_id: BTreeMap<_, _> = cases.iter().map(|case| (text(case, "/id").unwrap(), case)).collect();
    assert_eq!(by_id.len(), cases.len(), "an id stands twice");
    for case in &cases {
        let (code, _) = listed(case);
        match text(case, "/good") {
            None => assert_eq!(code, "ok", "{} has no good neighbour", case["id"]),
            Some(good) => {
                assert_ne!(code, "ok", "{} passes and names a neighbour", case["id"]);
                assert_eq!(verdict(by_id[good]), ("ok", 0), "{good}, the neighbour of {}", case["id"]);
            }
        }
    }
}

#[test]
fn every_file_belongs_to_a_case_and_is_there() {
    let folder = corpus();
    let files = listing(&folder).into_iter().filter(|path| path.is_file());
    let present: BTreeSet<String> =
        files.map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned()).collect();
    let cases = cases();
    let named = cases.iter().flat_map(|case| {
        ["/files/archive", "/files/envelope", "/files/trust"].into_iter().filter_map(|pointer| text(case, pointer))
    });
    let wanted: BTreeSet<String> = named.chain(BESIDE).map(str::to_owned).collect();
    assert_eq!(present.difference(&wanted).collect::<Vec<_>>(), Vec::<&String>::new(), "files of no case");
    assert_eq!(wanted.difference(&present).collect::<Vec<_>>(), Vec::<&String>::new(), "files that are missing");
}
