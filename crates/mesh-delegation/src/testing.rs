//! Seven nodes with fixed keys, one pack, and a chain from each to the next.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reach_signing::{
    Envelope, KeyEntry, Revocation, RevocationReason, Role, Signer, SignerEntry, SigningKey, TrustDocument,
    VerifiedTrust,
};
use reach_types::{
    Blake3Digest, Code, Grant, Grants, NodeId, PackFacts, PackName, PackVersion, Timestamp, ToolId, encode_strict,
};

use crate::{
    AcceptContext, AcceptLimits, AcceptedChain, LINK_PAYLOAD_TYPE, Link, MAX_DEPTH, MemoryNonces, NonceStore,
    SpecRefusal, Terms, accept, chain::read_chain, extend, inspect, issue,
};

pub(crate) const A: u8 = 1;
pub(crate) const B: u8 = 2;
pub(crate) const C: u8 = 3;
pub(crate) const D: u8 = 4;
pub(crate) const E: u8 = 5;
pub(crate) const F: u8 = 6;
pub(crate) const G: u8 = 7;
/// A node that the trust document does not list.
pub(crate) const STRANGER: u8 = 66;
/// A's second key, under the same signer.
pub(crate) const A_TOO: u8 = 11;
/// A key of B's that was revoked.
pub(crate) const B_REVOKED: u8 = 12;
/// A key of B's that expired.
pub(crate) const B_EXPIRED: u8 = 13;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const EXPIRES: Timestamp = Timestamp::from_millis(1_800_000_000_000 + 600_000);
pub(crate) const ORIGIN_NONCE: [u8; 32] = [77; 32];

const YEAR: Duration = Duration::from_secs(365 * 86_400);

pub(crate) fn later(time: Timestamp, millis: u64) -> Timestamp {
    time.saturating_add(Duration::from_millis(millis))
}

pub(crate) fn earlier(time: Timestamp, millis: u64) -> Timestamp {
    time.saturating_sub(Duration::from_millis(millis))
}

pub(crate) fn digest(byte: u8) -> Blake3Digest {
    Blake3Digest::from_bytes([byte; 32])
}

pub(crate) fn node(seed: u8) -> SigningKey {
    SigningKey::from_seed(Role::Node, &[seed; 32]).unwrap()
}

pub(crate) fn id(seed: u8) -> NodeId {
    NodeId(node(seed).public_key().key_id().0)
}

pub(crate) fn tools(names: &[&str]) -> BTreeSet<ToolId> {
    names.iter().map(|name| ToolId::parse(name).unwrap()).collect()
}

pub(crate) fn grants(texts: &[&str]) -> Grants {
    texts.iter().map(|text| Grant::parse(text).unwrap()).collect()
}

pub(crate) fn pack() -> PackFacts {
    PackFacts {
        digest: digest(1),
        name: PackName::parse("inventory").unwrap(),
        version: PackVersion::parse("1.0.0").unwrap(),
        tools: tools(&["fs.list", "fs.read", "fs.write"]).into_iter().map(|tool| (tool, digest(5))).collect(),
        scopes: grants(&["workspace:*", "net:*"]),
        models: BTreeMap::new(),
        deterministic: true,
    }
}

/// What a transcript is does not matter here, only who can compute it.
pub(crate) fn transcript(issuer: &NodeId, audience: &NodeId, offer: &[u8]) -> Option<Blake3Digest> {
    let parts = [issuer.0.as_bytes(), audience.0.as_bytes(), offer];
    (offer == b"offer").then(|| Blake3Digest::derive("reach 2026 test transcript", &parts))
}

/// Why an offer is none, as the crate that reads them would say it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoOffer {
    #[error("no offer")]
    Malformed,
}

reach_types::codes!(NoOffer {
    Malformed => ("spec.malformed", Refused, "send an offer"),
});

pub(crate) fn agreed(link: &Link) -> Result<Blake3Digest, SpecRefusal> {
    let terms = &link.terms;
    transcript(&link.issuer, &terms.audience, &terms.offer).ok_or_else(|| SpecRefusal::of(&NoOffer::Malformed))
}

/// Terms for `audience`, with a nonce of its own; the transcript is set by [`by`].
pub(crate) fn terms(audience: u8) -> Terms {
    Terms {
        audience: id(audience),
        pack: digest(1),
        registry: digest(2),
        policy: digest(3),
        offer: b"offer".to_vec(),
        transcript: digest(0),
        tools: tools(&["fs.list", "fs.read"]),
        scopes: grants(&["workspace:*"]),
        deterministic: true,
        issued: NOW,
        not_before: NOW,
        expires: EXPIRES,
        nonce: [audience; 32],
        attempts: 3,
    }
}

/// `terms` with the transcript between `issuer` and their audience.
pub(crate) fn by(issuer: u8, mut terms: Terms) -> Terms {
    terms.transcript = transcript(&id(issuer), &terms.audience, &terms.offer).unwrap_or(digest(0));
    terms
}

pub(crate) fn root(from: u8, to: u8) -> String {
    root_with(from, terms(to))
}

pub(crate) fn root_with(from: u8, terms: Terms) -> String {
    issue(&by(from, terms), &ORIGIN_NONCE, &node(from)).unwrap()
}

pub(crate) fn extended(chain: &str, from: u8, terms: Terms) -> String {
    extend(chain.as_bytes(), &by(from, terms), &node(from)).unwrap()
}

/// A chain through all of `nodes`, which honest nodes issued.
pub(crate) fn through(nodes: &[u8]) -> String {
    let hops: Vec<(u8, u8)> = nodes.windows(2).map(|hop| (hop[0], hop[1])).collect();
    let (first, rest) = hops.split_first().unwrap();
    rest.iter().fold(root(first.0, first.1), |chain, (from, to)| extended(&chain, *from, terms(*to)))
}

/// The envelopes of a chain, each as text.
pub(crate) fn envelopes(chain: &str) -> Vec<String> {
    let list: Vec<serde_json::Value> = serde_json::from_str(chain).unwrap();
    list.iter().map(ToString::to_string).collect()
}

pub(crate) fn listed(envelopes: &[String]) -> String {
    format!("[{}]", envelopes.join(","))
}

/// `payload` as a link's, whatever it holds, signed by A.
pub(crate) fn sealed(payload: Vec<u8>) -> String {
    Envelope::sign(LINK_PAYLOAD_TYPE, payload, &[&node(A)]).unwrap().to_json()
}

/// `link` signed by the key `by`, whoever it says issued it and whatever it says.
pub(crate) fn forged(link: &Link, by: u8) -> String {
    Envelope::sign(LINK_PAYLOAD_TYPE, encode_strict(link).unwrap(), &[&node(by)]).unwrap().to_json()
}

/// The last link of `chain` after `edit`, signed again by its own issuer `by`: what a malicious
/// node can do with its own key, past the checks of [`extend`].
pub(crate) fn edited(chain: &str, by: u8, edit: impl FnOnce(&mut Link)) -> String {
    let mut link = inspect(chain.as_bytes()).unwrap().pop().unwrap();
    edit(&mut link);
    let mut envelopes = envelopes(chain);
    envelopes.pop();
    envelopes.push(forged(&link, by));
    listed(&envelopes)
}

fn key_entry(seed: u8, revoked: Option<Revocation>, not_after: Timestamp) -> KeyEntry {
    KeyEntry {
        public: node(seed).public_key(),
        role: Role::Node,
        not_before: Timestamp::from_millis(0),
        not_after,
        retired: None,
        revoked,
    }
}

pub(crate) fn trust() -> VerifiedTrust {
    let far = NOW.saturating_add(YEAR);
    let root = SigningKey::from_seed(Role::Root, &[99; 32]).unwrap();
    let root_key = KeyEntry { public: root.public_key(), role: Role::Root, ..key_entry(99, None, far) };
    let signer = |name: &str, keys| SignerEntry { name: name.to_owned(), keys, packs: Vec::new() };
    let mut signers = vec![signer("root", vec![root_key])];
    for seed in [A, B, C, D, E, F, G] {
        let mut keys = vec![key_entry(seed, None, far)];
        if seed == A {
            keys.push(key_entry(A_TOO, None, far));
        }
        if seed == B {
            let revoked = Revocation { since: NOW, reason: RevocationReason::Compromised };
            keys.push(key_entry(B_REVOKED, Some(revoked), far));
            keys.push(key_entry(B_EXPIRED, None, NOW));
        }
        signers.push(signer(&format!("node-{seed}"), keys));
    }
    let document = TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created: Timestamp::from_millis(0),
        expires: far,
        max_key_age_days: None,
        thresholds: BTreeMap::from([(Role::Root, 1)]),
        signers,
        revoked_packs: Vec::new(),
    };
    VerifiedTrust::verify(document.sign_first(&[&root]).unwrap().as_bytes(), None, NOW).unwrap()
}

/// The digest by which a further link must name the last one of `chain`.
pub(crate) fn last_digest(chain: &str) -> Blake3Digest {
    read_chain(chain.as_bytes(), MAX_DEPTH).unwrap().pop().unwrap().digest
}

/// Everything one receiver knows, to be changed field by field.
pub(crate) struct Receiver {
    pub(crate) trust: VerifiedTrust,
    pub(crate) us: u8,
    pub(crate) peer: Option<u8>,
    pub(crate) now: Timestamp,
    pub(crate) high_water: Timestamp,
    pub(crate) pack: PackFacts,
    pub(crate) registry: Option<Blake3Digest>,
    pub(crate) same_policy: Option<Blake3Digest>,
    pub(crate) limits: AcceptLimits,
    pub(crate) nonces: MemoryNonces,
}

impl Receiver {
    pub(crate) fn new(us: u8) -> Self {
        Self {
            trust: trust(),
            us,
            peer: None,
            now: NOW,
            high_water: NOW,
            pack: pack(),
            registry: Some(digest(2)),
            same_policy: None,
            limits: AcceptLimits::default(),
            nonces: MemoryNonces::new(),
        }
    }

    pub(crate) fn context(&self) -> AcceptContext<'_> {
        AcceptContext {
            trust: &self.trust,
            us: id(self.us),
            peer: self.peer.map(id),
            now: self.now,
            high_water: self.high_water,
            pack: &self.pack,
            registry: self.registry,
            same_policy: self.same_policy,
            transcript: &|link: &Link| agreed(link),
            limits: self.limits,
        }
    }

    pub(crate) fn accept(&self, chain: &str) -> Result<AcceptedChain, crate::AcceptError> {
        accept(chain.as_bytes(), &self.context(), &self.nonces)
    }

    /// The code of accepting `chain` with nonces that nobody has used yet.
    pub(crate) fn code(&self, chain: impl AsRef<[u8]>) -> &'static str {
        self.code_with(chain, &MemoryNonces::new())
    }

    /// The code of accepting `chain` with these `nonces`.
    pub(crate) fn code_with(&self, chain: impl AsRef<[u8]>, nonces: &dyn NonceStore) -> &'static str {
        accept(chain.as_ref(), &self.context(), nonces).map_or_else(|error| error.code(), |_| "ok")
    }
}
