//! Fixed keys, one trust document, small runs, and an independent writer of the format.

use std::sync::LazyLock;

use reach_replay::{
    Approved, CallResult, EndReason, Event, ExpectedGuards, Frame, Header, Limits, Outcome, PolicyMode, Recorder,
    ReplayError, Report, ResultOutcome, Verdict, VerdictOutcome, Warned, engine_digest, verify,
};
use reach_signing::{
    KeyEntry, Revocation, RevocationReason, Role, Signer, SignerEntry, SigningKey, TrustDocument, VerifiedTrust,
};
use reach_types::{Blake3Digest, Code, NodeId, Scope, Sha256Digest, TenantId, Timestamp, ToolId, encode_strict};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const PREAMBLE: &[u8] = b"reachlog\x01\x00";
pub(crate) const FRAMING: usize = 8 + 32;

pub(crate) fn day(offset: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis().checked_add_signed(offset * 86_400_000).unwrap())
}

pub(crate) fn key(role: Role, seed: u8) -> SigningKey {
    SigningKey::from_seed(role, &[seed; 32]).unwrap()
}

/// The recorder's good key.
pub(crate) fn run_key() -> SigningKey {
    key(Role::Run, 2)
}

fn entry(key: &SigningKey, change: impl FnOnce(&mut KeyEntry)) -> KeyEntry {
    let mut entry = KeyEntry {
        public: key.public_key(),
        role: key.role(),
        not_before: day(-1000),
        not_after: day(1000),
        retired: None,
        revoked: None,
    };
    change(&mut entry);
    entry
}

/// Root 1; run keys 2 (good), 3 (revoked), 4 (expired), 5 (retired), 6 (not yet valid); 7 packs;
/// run key 8 (over age).
pub(crate) fn trust() -> &'static VerifiedTrust {
    static TRUST: LazyLock<VerifiedTrust> = LazyLock::new(make_trust);
    &TRUST
}

fn make_trust() -> VerifiedTrust {
    let compromised = Revocation { since: day(10), reason: RevocationReason::Compromised };
    let keys = vec![
        entry(&key(Role::Root, 1), |_| ()),
        entry(&key(Role::Run, 2), |_| ()),
        entry(&key(Role::Run, 3), |entry| entry.revoked = Some(compromised)),
        entry(&key(Role::Run, 4), |entry| entry.not_after = NOW),
        entry(&key(Role::Run, 5), |entry| entry.retired = Some(NOW)),
        entry(&key(Role::Run, 6), |entry| entry.not_before = day(1)),
        entry(&key(Role::Pack, 7), |_| ()),
        entry(&key(Role::Run, 8), |entry| entry.not_before = day(-1500)),
    ];
    let document = TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created: day(-1000),
        expires: day(1000),
        max_key_age_days: Some(1500),
        thresholds: [(Role::Root, 1)].into(),
        signers: vec![SignerEntry { name: "recorder".to_owned(), keys, packs: vec![] }],
        revoked_packs: vec![],
    };
    let file = document.sign_first(&[&key(Role::Root, 1)]).unwrap();
    VerifiedTrust::verify(file.as_bytes(), None, NOW).unwrap()
}

pub(crate) fn held() -> ExpectedGuards {
    ExpectedGuards {
        pack: Blake3Digest::of(b"pack"),
        bundle: Blake3Digest::of(b"bundle"),
        registry: Blake3Digest::of(b"registry"),
        transcript: Blake3Digest::of(b"transcript"),
        engine: engine_digest("reach", "0.1.0"),
        chain: Some(Blake3Digest::of(b"chain")),
    }
}

/// The header of run number `nonce`.
pub(crate) fn header(nonce: u8) -> Header {
    let origin = NodeId(Sha256Digest::from_bytes([7; 32]));
    Header::new(origin, [nonce; 32], TenantId::parse("acme").unwrap(), day(-2), &held())
}

pub(crate) fn verdict(call: u64) -> Verdict {
    Verdict {
        call,
        node: "list".to_owned(),
        tool: ToolId::parse("fs.list").unwrap(),
        definition: Blake3Digest::of(b"definition"),
        scopes: [Scope::parse("workspace:read").unwrap()].into(),
        arguments: br#"{"path":"."}"#.to_vec().into(),
        mode: PolicyMode::Warn,
        outcome: VerdictOutcome::Warned,
        codes: vec!["policy.scope_not_granted".to_owned()],
        now: day(-1),
    }
}

pub(crate) fn result(call: u64) -> CallResult {
    CallResult { call, outcome: ResultOutcome::Ok, payload: br#"["a","b"]"#.to_vec().into(), at: day(-1) }
}

pub(crate) fn warned(call: u64) -> Warned {
    Warned { call, permit: Blake3Digest::of(b"permit"), until: day(1), at: day(-1) }
}

pub(crate) fn approved(call: u64) -> Approved {
    Approved {
        call,
        request: Blake3Digest::of(b"request"),
        nonce: [9; 32],
        asked_until: day(0),
        approvers: vec!["alice".to_owned()],
        keys: vec![key(Role::Operator, 9).public_key().key_id()],
        statement: Blake3Digest::of(b"statement"),
        issued: day(-1),
        until: day(0),
        at: day(-1),
    }
}

/// Header, `calls` times verdict and result, a checkpoint after the first call, end.
pub(crate) fn record(nonce: u8, calls: u64) -> Vec<u8> {
    let mut log = Vec::new();
    let mut recorder = Recorder::start(&mut log, header(nonce), Limits::default()).unwrap();
    for call in 0..calls {
        let _ = recorder.record(Event::Verdict(verdict(call))).unwrap();
        let _ = recorder.record(Event::Result(result(call))).unwrap();
        if call == 0 {
            let _ = recorder.checkpoint(&run_key()).unwrap();
        }
    }
    recorder.finish(EndReason::Completed, day(-1), &run_key()).unwrap();
    log
}

pub(crate) fn judge(log: &[u8]) -> Result<Report, ReplayError> {
    verify(log, trust(), Some(&held()), &Limits::default(), NOW)
}

/// `verified`, `sealed`, or the code of what is wrong.
pub(crate) fn answer(log: &[u8]) -> &'static str {
    word(judge(log))
}

pub(crate) fn word(judged: Result<Report, ReplayError>) -> &'static str {
    match judged.map(|report| report.outcome) {
        Ok(Outcome::Verified) => "verified",
        Ok(Outcome::Sealed) => "sealed",
        Ok(Outcome::Incomplete(why)) => why.code(),
        Err(error) => error.code(),
    }
}

/// The code of the rejection and the frame it names.
pub(crate) fn rejection(log: &[u8]) -> (&'static str, u64) {
    let error = judge(log).unwrap_err();
    (error.code(), error.sequence())
}

/// The frames of a log as they stand in it, framing included.
pub(crate) fn framed(log: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut rest = &log[PREAMBLE.len()..];
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[..4].try_into().unwrap());
        let (frame, after) = rest.split_at(FRAMING + usize::try_from(length).unwrap());
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}

/// The bytes of each frame without the framing.
pub(crate) fn bodies(log: &[u8]) -> Vec<Vec<u8>> {
    framed(log).iter().map(|frame| frame[8..frame.len() - 32].to_vec()).collect()
}

/// A log of these framed frames, as they are.
pub(crate) fn join(frames: &[Vec<u8>]) -> Vec<u8> {
    [PREAMBLE, &frames.concat()].concat()
}

/// The chain's heads after each of `bodies`, written from the format's description.
pub(crate) fn heads(bodies: &[Vec<u8>]) -> Vec<Blake3Digest> {
    let mut heads: Vec<Blake3Digest> = Vec::new();
    for body in bodies {
        heads.push(match heads.last() {
            None => Blake3Digest::derive("reach 2026 run log header v1", &[PREAMBLE, body]),
            Some(head) => Blake3Digest::derive("reach 2026 run log frame v1", &[head.as_bytes(), body]),
        });
    }
    heads
}

/// What somebody without the sealing key can do: frames of any content, with all heads right.
pub(crate) fn rechain(bodies: &[Vec<u8>]) -> Vec<u8> {
    let framed = bodies.iter().zip(heads(bodies)).map(|(body, head)| {
        let length = u32::try_from(body.len()).unwrap();
        [&length.to_le_bytes()[..], &(!length).to_le_bytes(), body, head.as_bytes()].concat()
    });
    join(&framed.collect::<Vec<_>>())
}

pub(crate) fn encode(frame: &Frame) -> Vec<u8> {
    encode_strict(frame).unwrap()
}

/// A copy with one bit flipped.
pub(crate) fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}
