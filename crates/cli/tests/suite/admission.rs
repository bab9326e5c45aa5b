//! What a bad pack comes to where a run is admitted, in every mode.

use std::{fs, path::Path};

use reach_runner::{Environment, Stage};

use super::{
    bad_input::copy_tree,
    support::{Answer, Demo, reach, reach_under},
};

/// A demonstration with a policy under which mode warn works, and a pack to change.
struct Gatehouse {
    demo: Demo,
    policy: String,
    pack: String,
}

impl Gatehouse {
    fn new() -> Self {
        let demo = Demo::new();
        let source = String::from_utf8(demo.read("policy.toml")).unwrap();
        let expires = source.lines().find(|line| line.starts_with("expires")).unwrap().to_owned();
        let warning = source
            .replace("version = 1", "version = 2")
            .replace(&expires, &format!("{expires}\n{}", expires.replace("expires", "warn_until")));
        let (toml, policy, pack) =
            (demo.beside("warning.toml"), demo.beside("warning.reachpolicy"), demo.beside("x.reachpack"));
        fs::write(&toml, warning).unwrap();
        let key = demo.path("keys/policy.pem");
        assert_eq!(reach(&["policy", "build", &toml, "--out", &policy, "--key", &key]).exit, 0);
        fs::write(&pack, demo.read("inventory.reachpack")).unwrap();
        Self { demo, policy, pack }
    }

    fn envelope(&self) -> String {
        format!("{}.dsse.json", self.pack)
    }

    fn sign_as_published(&self) {
        fs::write(self.envelope(), self.demo.read("inventory.reachpack.dsse.json")).unwrap();
    }

    fn run(&self, environment: Environment) -> Answer {
        let (trust, state) = (self.demo.path("trust.dsse.json"), self.demo.path("state"));
        let tree = self.demo.path("keys");
        let words =
            ["run", &self.pack, "--policy", &self.policy, "--trust", &trust, "--state", &state, "--workspace", &tree];
        reach_under(&words, environment)
    }

    /// The code that a run ends as, which no mode and no switch changes.
    fn code(&self) -> String {
        let development = Environment { stage: Stage::Development, ..Environment::default() };
        let warning = Environment { policy_mode: Some("warn".to_owned()), ..development.clone() };
        let lenient = Environment { allow_legacy_packs: true, ..warning.clone() };
        let enforced = self.run(Environment::default()).code();
        for environment in [development, warning, lenient] {
            assert_eq!(self.run(environment).code(), enforced);
        }
        enforced
    }
}

#[test]
fn p01_a_bad_signature_is_refused_by_its_own_code_in_every_mode() {
    let house = Gatehouse::new();
    house.sign_as_published();
    assert_eq!(house.code(), "ok");
    let text = fs::read_to_string(house.envelope()).unwrap();
    fs::write(house.envelope(), text.replace("\"sig\":\"", "\"sig\":\"AAAA")).unwrap();
    assert_eq!(house.code(), "pack.bad_signature");
    // A good signature over the same bytes in another domain.
    fs::write(house.envelope(), text.replace("application/vnd.in-toto+json", "application/vnd.reach.policy.v1"))
        .unwrap();
    assert_eq!(house.code(), "pack.bad_signature");
    let eve = house.demo.beside("eve.pem");
    assert_eq!(reach(&["key", "generate", "--role", "pack", "--out", &eve]).exit, 0);
    fs::remove_file(house.envelope()).unwrap();
    assert_eq!(reach(&["pack", "sign", &house.pack, "--key", &eve]).exit, 0);
    assert_eq!(house.code(), "pack.untrusted");
}

#[test]
fn p02_an_unsigned_pack_cannot_say_that_it_needs_no_signature() {
    let house = Gatehouse::new();
    // The switch alone is not enough either: no policy names this pack.
    let lenient = Environment { stage: Stage::Development, allow_legacy_packs: true, ..Environment::default() };
    assert_eq!(house.run(Environment::default()).code(), "pack.unsigned");
    assert_eq!(house.run(lenient).code(), "pack.legacy_not_listed");
    for claim in ["legacy_unsigned = true", "LegacyUnsigned = true", "signed = true"] {
        let wider = house.demo.beside("claims");
        let _ = fs::remove_dir_all(&wider);
        copy_tree(&house.demo.dir().join("pack"), Path::new(&wider));
        let manifest = fs::read_to_string(format!("{wider}/pack.toml")).unwrap();
        fs::write(format!("{wider}/pack.toml"), format!("{claim}\n{manifest}")).unwrap();
        let out = house.demo.beside("claims.reachpack");
        assert_eq!(reach(&["pack", "build", &wider, "--out", &out]).code(), "pack.manifest_unknown_field", "{claim}");
    }
    house.sign_as_published();
    assert_eq!(house.run(Environment::default()).code(), "ok");
}

#[test]
fn p03_more_tools_under_an_old_signature_are_another_pack() {
    let house = Gatehouse::new();
    house.sign_as_published();
    assert_eq!(house.code(), "ok");
    let wider = house.demo.beside("wider");
    copy_tree(&house.demo.dir().join("pack"), Path::new(&wider));
    let manifest = fs::read_to_string(format!("{wider}/pack.toml")).unwrap();
    let pin = format!("[tools]\n\"fs.move\" = \"{}\"", "0".repeat(64));
    fs::write(format!("{wider}/pack.toml"), manifest.replace("[tools]", &pin)).unwrap();
    fs::remove_file(&house.pack).unwrap();
    assert_eq!(reach(&["pack", "build", &wider, "--out", &house.pack]).exit, 0);
    assert_eq!(house.code(), "pack.digest_mismatch");
}

#[test]
fn p37_every_refusal_of_a_pack_is_in_the_ledger() {
    let house = Gatehouse::new();
    assert_eq!(house.run(Environment::default()).code(), "pack.unsigned");
    house.sign_as_published();
    assert_eq!(house.run(Environment::default()).code(), "ok");
    let text = fs::read_to_string(house.envelope()).unwrap();
    fs::write(house.envelope(), text.replace("\"sig\":\"", "\"sig\":\"AAAA")).unwrap();
    assert_eq!(house.run(Environment::default()).code(), "pack.bad_signature");
    let (trust, state) = (house.demo.path("trust.dsse.json"), house.demo.path("state"));
    let audit = reach(&["audit", "verify", "--state", &state, "--trust", &trust]);
    // Two refusals, and the three entries of a run, after what the demonstration left.
    assert_eq!((audit.exit, audit.json()["entries"].as_u64()), (0, Some(5 + 2 + 3)));
}
