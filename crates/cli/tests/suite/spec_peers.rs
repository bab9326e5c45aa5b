//! Two nodes, one of which speaks whatever a test has it speak, and what operators sign about it.

use std::{cell::Cell, fs};

use reach_mesh_delegation::{Terms, inspect, issue};
use reach_runner::SpecException;
use reach_signing::{Envelope, Role, Signer, SigningKey};
use reach_spec_version::{Feature, FeatureId, Offer, Party, SpecVersion, negotiate, own_offer, transcript_hash};
use reach_types::{Blake3Digest, NodeId, Timestamp, encode_strict};
use serde_json::Value;

use crate::support::{Answer, Demo, reach, reach_shifted};

pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.reach.operator.spec-exception.v1";
pub(crate) const DAY: u64 = 86_400_000;

/// Two nodes, of which the first is not bound to what this release offers, and two operators.
pub(crate) struct Peers {
    pub(crate) demo: Demo,
    pub(crate) trust: String,
    pub(crate) count: Cell<u8>,
}

impl Peers {
    pub(crate) fn new() -> Self {
        let demo = Demo::new();
        let (mut trust, root) = (demo.path("trust.dsse.json"), demo.path("keys/root.pem"));
        for name in ["olga", "otto"] {
            let (key, out) = (demo.beside(&format!("{name}.pem")), demo.beside(&format!("trust-{name}.dsse.json")));
            assert_eq!(reach(&["key", "generate", "--role", "operator", "--out", &key]).exit, 0);
            let signer = format!("{name}={}:operator", key.replace(".pem", ".pub.pem"));
            let added = reach(&["trust", "add", &trust, "--signer", &signer, "--root", &root, "--out", &out]);
            assert_eq!(added.exit, 0, "{}", added.err);
            trust = out;
        }
        Self { demo, trust, count: Cell::new(0) }
    }

    pub(crate) fn key(&self, name: &str, role: Role) -> SigningKey {
        let path = if name.ends_with(".pem") { self.demo.path(name) } else { self.demo.beside(&format!("{name}.pem")) };
        SigningKey::from_pem(role, &fs::read(path).unwrap()).unwrap()
    }

    pub(crate) fn node(&self, name: &str) -> NodeId {
        NodeId(self.key(name, Role::Node).public_key().key_id().0)
    }

    pub(crate) fn number(&self) -> u8 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    pub(crate) fn subject(&self) -> Vec<String> {
        let [pack, policy] = ["inventory.reachpack", "policy.reachpolicy"].map(|name| self.demo.path(name));
        ["--pack", &pack, "--policy", &policy, "--trust", &self.trust].map(str::to_owned).to_vec()
    }

    /// What the first node's own program issues.
    pub(crate) fn issued(&self) -> Terms {
        let (state, out) = (self.demo.path("state"), self.demo.beside(&format!("issued-{}.json", self.number())));
        let subject = self.subject();
        let words = ["delegate", "issue", "--state", &state, "--to", "node-b", "--out", &out];
        let answer = reach(&words.into_iter().chain(subject.iter().map(String::as_str)).collect::<Vec<_>>());
        assert_eq!(answer.exit, 0, "{}", answer.err);
        inspect(&fs::read(out).unwrap()).unwrap().pop().unwrap().terms
    }

    /// A chain of the first node's with another offer, and the transcript that goes with it.
    pub(crate) fn chain(&self, offer: &Offer) -> String {
        self.chain_with(offer, |_| ())
    }

    pub(crate) fn chain_with(&self, offer: &Offer, edit: impl FnOnce(&mut Terms)) -> String {
        let mut terms = self.issued();
        terms.offer = offer.encode().unwrap();
        if let Some(transcript) = self.transcript(offer) {
            terms.transcript = transcript;
        }
        edit(&mut terms);
        let number = self.number();
        (terms.nonce, terms.attempts) = ([number; 32], 1);
        let chain = issue(&terms, &[number; 32], &self.key("keys/node.pem", Role::Node)).unwrap();
        let path = self.demo.beside(&format!("chain-{number}.json"));
        fs::write(&path, chain).unwrap();
        path
    }

    pub(crate) fn transcript(&self, offer: &Offer) -> Option<Blake3Digest> {
        let ours = own_offer().unwrap();
        let (from, to) = (self.node("keys/node.pem"), self.node("peer/node.pem"));
        let agreement = negotiate(&ours, offer).ok()?;
        let initiator = Party { id: from.0.as_bytes(), offer };
        let responder = Party { id: to.0.as_bytes(), offer: &ours };
        Some(transcript_hash(initiator, responder, &agreement).unwrap())
    }

    pub(crate) fn accept_words(&self, chain: &str, more: &[&str]) -> Vec<String> {
        let state = self.demo.path("peer/state");
        let words = ["delegate", "accept", chain, "--state", &state];
        words.iter().chain(more).map(|word| (*word).to_owned()).chain(self.subject()).collect()
    }

    pub(crate) fn accept_shifted(&self, chain: &str, more: &[&str], seconds: i64) -> Answer {
        let words = self.accept_words(chain, more);
        reach_shifted(&words.iter().map(String::as_str).collect::<Vec<_>>(), seconds)
    }

    pub(crate) fn accept(&self, chain: &str, more: &[&str]) -> Answer {
        self.accept_shifted(chain, more, 0)
    }

    /// The payload of the newest entry of the second node's ledger.
    pub(crate) fn last_entry(&self, state: &str) -> Value {
        let state = self.demo.path(state);
        let last = reach(&["status", "--state", &state]).json()["entries"].as_u64().unwrap() - 1;
        let name = format!("entry-{}", self.number());
        let proof = self.demo.beside(&format!("{name}.tlog-proof"));
        assert_eq!(reach(&["audit", "prove", "--state", &state, "--seq", &last.to_string(), "--out", &proof]).exit, 0);
        let opening: Value =
            serde_json::from_slice(&fs::read(self.demo.beside(&format!("{name}.opening.json"))).unwrap()).unwrap();
        let run = opening["run"].as_str().unwrap();
        let words = ["audit", "list", "--state", &state, "--tenant", "default", "--run", run];
        reach(&words).json()["entries"].as_array().unwrap().last().unwrap().clone()
    }

    /// The codes, version and transcript of the receipt at `path` for `chain`.
    pub(crate) fn receipt(&self, path: &str, chain: &str) -> (Vec<String>, u64, Option<String>) {
        let answer = reach(&["delegate", "receipt", path, "--chain", chain, "--trust", &self.trust]);
        assert_eq!(answer.code(), "ok", "{}", answer.err);
        let json = answer.json();
        let codes = json["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        (codes, json["version"].as_u64().unwrap(), json["transcript"].as_str().map(str::to_owned))
    }

    pub(crate) fn except(&self, more: &[&str]) -> Answer {
        let words = ["spec", "except", "--trust", &self.trust];
        reach(&words.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// A statement by olga that lets the first node go back to `floor` for ten days.
    pub(crate) fn statement(&self, floor: &str) -> String {
        let (out, key) = (self.demo.beside(&format!("exception-{}.json", self.number())), self.demo.beside("olga.pem"));
        let until = Timestamp::from_millis((now() / DAY + 10) * DAY).to_string();
        let words = ["--peer", "node-a", "--floor", floor, "--until", &until, "--key", &key, "--out", &out];
        let answer = self.except(&words);
        assert_eq!((answer.code().as_str(), answer.exit), ("ok", 0), "{}", answer.err);
        out
    }

    /// What a statement comes to, after `change`, signed by `signers`, with a chain that needs one.
    pub(crate) fn changed(
        &self,
        chain: &str,
        change: impl FnOnce(&mut SpecException),
        signers: &[&dyn Signer],
    ) -> String {
        let mut statement = SpecException {
            peer: self.node("keys/node.pem"),
            floor: SpecVersion::new(1, 0, 0),
            created: Timestamp::from_millis(now() - 1000),
            until: Timestamp::from_millis(now() - 1000 + 90 * DAY),
        };
        change(&mut statement);
        self.offered(chain, PAYLOAD_TYPE, &encode_strict(&(1u16, &statement)).unwrap(), signers)
    }

    pub(crate) fn offered(&self, chain: &str, payload_type: &str, payload: &[u8], signers: &[&dyn Signer]) -> String {
        let file = self.demo.beside("offered.json");
        fs::write(&file, Envelope::sign(payload_type, payload.to_vec(), signers).unwrap().to_json()).unwrap();
        self.accept(chain, &["--spec-exception", &file]).code()
    }
}

pub(crate) fn now() -> u64 {
    reach_runner::World::system(reach_runner::Environment::default()).now().as_millis()
}

pub(crate) fn feature(id: &str, min: u16, max: u16) -> Feature {
    Feature::new(FeatureId::parse(id).unwrap(), min, max, false).unwrap()
}

/// What this release offers, as one of another version.
pub(crate) fn offer(minor: u16, patch: u16) -> Offer {
    with_features(SpecVersion::new(1, minor, patch), own_offer().unwrap().features().to_vec())
}

pub(crate) fn with_features(spec: SpecVersion, features: Vec<Feature>) -> Offer {
    Offer::new(spec, SpecVersion::new(spec.line().major, 0, 0), features).unwrap()
}

/// This release's offer with `instead` of its own feature of that id.
pub(crate) fn replaced(id: &str, instead: Option<Feature>) -> Offer {
    let own = own_offer().unwrap();
    let others = own.features().iter().filter(|one| one.id().as_str() != id).cloned();
    let mut features: Vec<_> = others.chain(instead).collect();
    features.sort_by(|a, b| a.id().cmp(b.id()));
    with_features(own.spec(), features)
}
