//! `reach spec`, the registry against what the crates really have, and tokens wherever they come in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use reach_pack_integrity::{Manifest, PREDICATE_TYPE};
use reach_spec_version::{Offer, Registered, SpecVersion, registry};
use reach_types::Code;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Demo, reach};

/// The highest revision in the registry of each feature, and what the crate that owns the format says.
/// A new encoding, payload type or schema fails here until it is registered.
fn real() -> Vec<(&'static str, u16)> {
    vec![
        ("audit.leaf", reach_audit_ledger::ENTRY_VERSION),
        ("audit.opening", reach_audit_ledger::ENTRY_VERSION),
        ("mesh.link", reach_mesh_delegation::LINK_VERSION),
        ("mesh.receipt", reach_mesh_delegation::RECEIPT_VERSION),
        ("operator.downgrade", suffix(reach_runner::DOWNGRADE_PAYLOAD_TYPE, ".v")),
        ("operator.spec-exception", listed("application/vnd.reach.operator.spec-exception.v")),
        ("pack.definitions", listed("reach 2026 tool definition v")),
        ("pack.manifest", suffix(Manifest::SCHEMA, "/")),
        ("pack.statement", suffix(PREDICATE_TYPE, ":v")),
        // The archive has no number of its own: that of the magic is USTAR's.
        ("pack.ustar", 1),
        ("policy.approval", suffix(reach_policy::APPROVAL_PAYLOAD_TYPE, ".v")),
        ("policy.bundle", reach_policy::BUNDLE_ENCODING.into()),
        ("policy.permit", reach_policy::PERMIT_TOKEN_VERSION.into()),
        ("replay.log", reach_replay::FORMAT_VERSION),
        ("trust.document", suffix(reach_signing::TrustDocument::SCHEMA, "/")),
    ]
}

fn suffix(name: &str, before: &str) -> u16 {
    name.rsplit_once(before).unwrap().1.parse().unwrap()
}

fn formats() -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md")).unwrap()
}

/// The highest number that stands after `name` in `docs/formats.md`.
fn listed(name: &str) -> u16 {
    let text = formats();
    let numbers = text.split(name).skip(1).map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    });
    numbers.max().unwrap_or_else(|| panic!("docs/formats.md has no `{name}`"))
}

#[test]
fn each_registered_feature_is_at_the_revision_that_its_crate_has() {
    let highest = |row: &Registered| (row.id, row.revisions.last().unwrap().number);
    assert_eq!(registry().iter().map(highest).collect::<Vec<_>>(), real());
}

/// Which feature each payload type of `docs/formats.md` is a format of.
const PAYLOAD_TYPES: &[(&str, &str)] = &[
    ("application/vnd.in-toto+json", "pack.statement"),
    ("application/vnd.reach.mesh.link.v1", "mesh.link"),
    ("application/vnd.reach.mesh.receipt.v1", "mesh.receipt"),
    ("application/vnd.reach.operator.approval.v1", "policy.approval"),
    ("application/vnd.reach.operator.downgrade.v1", "operator.downgrade"),
    ("application/vnd.reach.operator.spec-exception.v1", "operator.spec-exception"),
    ("application/vnd.reach.policy.v1", "policy.bundle"),
    ("application/vnd.reach.run.checkpoint.v1", "replay.log"),
    ("application/vnd.reach.run.seal.v1", "replay.log"),
    ("application/vnd.reach.trust.v1+json", "trust.document"),
];

#[test]
fn no_payload_type_is_without_a_feature() {
    let text = formats();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `application/vnd.")?.split_once('`'));
    let types: BTreeSet<String> = rows.map(|(rest, _)| format!("application/vnd.{rest}")).collect();
    let known: BTreeMap<_, _> = PAYLOAD_TYPES.iter().copied().collect();
    for name in &types {
        let feature = known.get(name.as_str());
        let feature = feature.unwrap_or_else(|| panic!("register a feature for `{name}`, and name it here"));
        assert!(registry().iter().any(|row| row.id == *feature), "{feature}");
    }
    assert_eq!(types.len(), known.len());
}

fn golden(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../spec-version/tests/golden");
    fs::read_to_string(folder.join(SpecVersion::CURRENT.to_string()).join(name)).unwrap()
}

#[test]
fn v11_list_shows_each_feature_with_all_there_is_to_it() {
    let answer = reach(&["spec", "list"]);
    let listed = answer.json();
    let golden: Value = serde_json::from_str(&golden("registry.json")).unwrap();
    assert_eq!((&listed["spec"], &listed["features"]), (&golden["spec"], &golden["features"]));
    let receipt = listed["features"].as_array().unwrap().iter().find(|row| row["id"] == "mesh.receipt").unwrap();
    assert_eq!(receipt["revisions"][1]["number"], 2);
    assert_eq!(receipt["revisions"][1]["since"], "1.0.0");
    for member in ["deprecated", "removed"] {
        assert!(receipt.as_object().unwrap().contains_key(member), "{member}");
    }
    assert!(receipt["what"].is_string() && receipt["absent"].is_string());
}

#[test]
fn offer_prints_what_a_release_offers() {
    let offer = |words: &[&str]| reach(&[&["spec", "offer"], words].concat());
    let own = offer(&[]).json()["offer"].as_str().unwrap().to_owned();
    assert_eq!(own, golden("own.offer.json").trim_end());
    assert_eq!(offer(&["--at", "1.0.0"]).json()["offer"], own.as_str());
    let patched = offer(&["--at", "1.0.7"]).json()["offer"].as_str().unwrap().to_owned();
    assert_eq!(patched, own.replacen("1.0.0", "1.0.7", 1));
    for (token, code) in [
        ("1.1.0", "spec.not_released"),
        ("2.0.0", "spec.not_released"),
        ("0.9.0", "spec.not_released"),
        ("1.0", "cli.flag_value"),
        ("-1.0.0", "cli.flag_value"),
    ] {
        let answer = offer(&["--at", token]);
        assert_eq!((answer.code().as_str(), answer.exit), (code, 2), "{token}");
    }
}

/// Two offers in files, and what `spec negotiate` says of them.
struct Table(TempDir);

impl Table {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, offer: &Value) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, offer.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn negotiate(&self, a: &Value, b: &Value, flags: &[&str]) -> (u8, Value, String) {
        let (a, b) = (self.write("a.json", a), self.write("b.json", b));
        let answer = reach(&[&["spec", "negotiate", &a, &b], flags].concat());
        (answer.exit, answer.json(), answer.err)
    }
}

fn offer(spec: &str, floor: &str, rows: &[(&str, u16, u16, bool)]) -> Value {
    let feature = |(id, min, max, critical): &(&str, u16, u16, bool)| json!({ "id": id, "min": min, "max": max, "critical": critical });
    json!({ "spec": spec, "floor": floor, "features": rows.iter().map(feature).collect::<Vec<_>>() })
}

#[test]
fn negotiate_shows_agreement_and_transcript() {
    let table = Table::new();
    let (a, b) = (offer("1.4.0", "1.0.0", &[("a", 1, 3, true)]), offer("1.2.9", "1.1.0", &[("a", 2, 2, false)]));
    let (exit, plain, _) = table.negotiate(&a, &b, &[]);
    assert_eq!((exit, &plain["verdict"]), (0, &json!("agreed")));
    assert_eq!(plain["agreement"], json!({ "spec": "1.2", "features": [{ "id": "a", "revision": 2 }] }));
    assert_eq!(plain["deprecated"], json!([]));
    assert_eq!(plain["transcript"], Value::Null, "nobody said whose offers they are");

    let (here, there) = ("0a".repeat(32), "0b".repeat(32));
    let between = |a: &Value, b: &Value, i: &str, r: &str| {
        table.negotiate(a, b, &["--initiator", i, "--responder", r]).1["transcript"].clone()
    };
    let transcript = between(&a, &b, &here, &there);
    assert_eq!(transcript.as_str().unwrap().len(), 64);
    assert_ne!(transcript, between(&b, &a, &there, &here), "it has a direction");
    assert_eq!(transcript, between(&a, &b, &here, &there));
    let same = table.negotiate(&a, &b, &["--initiator", &here, "--responder", &here]);
    assert_eq!((same.0, &same.1["code"]), (1, &json!("spec.same_party")));
    let bad = table.negotiate(&a, &b, &["--initiator", "0a", "--responder", &there]);
    assert_eq!((bad.0, &bad.1["code"]), (2, &json!("cli.flag_value")));
}

#[test]
fn v06_v07_negotiate_agrees_with_the_published_vectors() {
    let table = Table::new();
    for case in cases("negotiations") {
        let read = |member: &str| serde_json::from_str::<Value>(case[member].as_str().unwrap()).unwrap();
        let ids = ["initiator", "responder"].map(|member| case[member].as_str().unwrap());
        let flags = ["--initiator", ids[0], "--responder", ids[1]];
        let (exit, shown, _) = table.negotiate(&read("initiator_offer"), &read("responder_offer"), &flags);
        assert_eq!(json!(exit), case["exit"], "{}", case["id"]);
        if exit == 0 {
            assert_eq!(shown["agreement"], case["agreement"], "{}", case["id"]);
            assert_eq!(shown["transcript"], case["transcript"], "{}", case["id"]);
        } else {
            assert_eq!(shown["code"], case["verdict"], "{}", case["id"]);
        }
    }
}

#[test]
fn v02_v03_v04_a_local_refusal_names_versions_floors_and_features() {
    let table = Table::new();
    let ours = offer("1.4.0", "1.3.0", &[("a", 1, 3, true), ("b", 1, 1, true)]);
    let (exit, majors, _) = table.negotiate(&ours, &offer("2.1.0", "2.0.0", &[]), &[]);
    assert_eq!((exit, &majors["code"]), (1, &json!("spec.major_mismatch")));
    assert_eq!((&majors["initiator"], &majors["responder"]), (&json!("1.4.0"), &json!("2.1.0")));

    let (exit, below, note) = table.negotiate(&ours, &offer("1.2.9", "1.0.0", &[]), &[]);
    assert_eq!((exit, &below["code"]), (1, &json!("spec.below_floor")));
    assert_eq!(below["common"], "1.2");
    assert_eq!((&below["initiator_floor"], &below["responder_floor"]), (&json!("1.3"), &json!("1.0")));
    assert!(note.starts_with("error[spec.below_floor]: both speak 1.2, but we accept 1.3 or later"), "{note}");

    let (exit, required, note) = table.negotiate(&ours, &offer("1.4.0", "1.0.0", &[("a", 4, 5, false)]), &[]);
    assert_eq!((exit, &required["code"]), (1, &json!("spec.feature_required")));
    assert_eq!(
        required["missing"],
        json!([
            {
                "id": "a",
                "initiator": { "min": 1, "max": 3, "critical": true },
                "responder": { "min": 4, "max": 5, "critical": false },
            },
            { "id": "b", "initiator": { "min": 1, "max": 1, "critical": true }, "responder": null },
        ])
    );
    assert!(note.contains("b (ours: 1-1, critical; theirs: none)"), "{note}");
}

/// A list of the published `docs/vectors/spec`.
fn cases(list: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/spec/cases.json");
    let all: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    all[list].as_array().unwrap().clone()
}

fn malformed() -> Vec<String> {
    let bad = cases("tokens").into_iter().filter(|case| case["verdict"] != "ok");
    bad.map(|case| case["token"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn v01_no_malformed_token_gets_through_the_command_line() {
    let tokens = malformed();
    assert!(tokens.len() >= 200);
    // What a process cannot be given as an argument is left out by the system itself.
    for token in tokens.iter().filter(|token| !token.contains('\0')) {
        // After `--`, so that `--help` and `-h` are tokens too.
        let answer = reach(&["spec", "parse", "--", token]);
        assert_eq!((answer.code().as_str(), answer.exit), ("spec.malformed", 1), "{token:?}");
        if token.len() > 8 {
            assert!(
                !answer.out.contains(token.as_str()) && !answer.err.contains(token.as_str()),
                "{token:?} is echoed"
            );
        }
    }
    assert_eq!(reach(&["spec", "parse", "1.2.65535"]).json()["line"], "1.2");
}

#[test]
fn v01_no_malformed_token_gets_through_a_manifest() {
    let demo = Demo::new();
    let archive = fs::read(demo.path("inventory.reachpack")).unwrap();
    // The manifest as the archive has it: up to the first zero byte of its block.
    let start = archive.windows(8).position(|bytes| bytes == b"schema =").unwrap();
    let length = archive[start..].iter().position(|byte| *byte == 0).unwrap();
    let good = std::str::from_utf8(&archive[start..start + length]).unwrap();
    let needs = |text: &str| Manifest::read(text.as_bytes()).map(|manifest| manifest.spec().to_offer_json().unwrap());
    let offer = needs(good).unwrap();
    assert_eq!(Offer::from_json(offer.as_bytes()).unwrap().spec(), SpecVersion::CURRENT);
    for token in malformed() {
        for member in ["version", "floor"] {
            let (from, to) = (format!("{member} = \"1.0.0\""), format!("{member} = {}", toml_text(&token)));
            let spec = good.find("[spec]").unwrap();
            let (before, after) = good.split_at(spec);
            let bad = format!("{before}{}", after.replacen(&from, &to, 1));
            assert_ne!(bad, good);
            let code = match needs(&bad) {
                Err(error) => error.code(),
                Ok(offer) => Offer::from_json(offer.as_bytes()).unwrap_err().code(),
            };
            assert!(["spec.malformed", "pack.manifest_spec"].contains(&code), "{token:?} as {member}: {code}");
        }
    }
}

/// A basic string of TOML.
fn toml_text(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
