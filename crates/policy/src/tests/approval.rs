//! Asking a person about one exact call: POLICY-R, and nothing that was approved can be used again.

use std::time::Duration;

use reach_signing::{
    Envelope, KeyEntry, Revocation, RevocationReason, Role, Signer, SignerEntry, SigningKey, TrustDocument,
    VerifiedTrust,
};
use reach_types::{Blake3Digest, Code as _, NodeId, RunId, Sha256Digest, TenantId, Timestamp, ToolCall, encode_strict};

use crate::{
    APPROVAL_PAYLOAD_TYPE, Approval, ApprovalRequest, AskedCall, Binding, Decision, ExactCall, MAX_APPROVAL_BYTES,
    MAX_APPROVAL_REQUEST_BYTES, MAX_APPROVAL_VALIDITY, MAX_SHOWN_ARGUMENT_BYTES, Mode, Outcome, PermitError, Policy,
    VerifiedApproval,
    testing::{TOML, at, binding, call, facts, judge_call, now, policy, scope, tool},
};

const ASKS: &str = "\n[asks]\ntools = [\"fs.list\"]\nscopes = [\"workspace:read\"]\n";

fn asking() -> Policy {
    Policy::from_toml(&TOML.replace("\n[models]", &format!("{ASKS}\n[models]"))).unwrap()
}

fn asks(call: &ToolCall) -> Decision {
    judge_call(&asking(), Mode::Enforce, call)
}

fn until() -> Timestamp {
    at("2026-06-01T00:10:00Z")
}

fn binding_of(call: &ToolCall) -> Binding {
    Binding { call: ExactCall::of(call), ..binding() }
}

fn asked(call: &ToolCall, change: impl FnOnce(&mut AskedCall<'_>)) -> Result<ApprovalRequest, PermitError> {
    let (facts, policy) = (facts(), asking());
    let mut asked =
        AskedCall { binding: binding_of(call), call, pack: &facts, policy: &policy, until: until(), nonce: [3; 32] };
    change(&mut asked);
    asks(call).ask(asked)
}

fn request() -> ApprovalRequest {
    asked(&call(), |_| ()).unwrap()
}

fn key(role: Role, seed: u8) -> SigningKey {
    SigningKey::from_seed(role, &[seed; 32]).unwrap()
}

fn operator() -> SigningKey {
    key(Role::Operator, 5)
}

fn entry(key: &SigningKey) -> KeyEntry {
    let (not_before, not_after) = (at("2020-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z"));
    KeyEntry { public: key.public_key(), role: key.role(), not_before, not_after, retired: None, revoked: None }
}

/// Alice (5) and bob (6) hold operator keys, and carol (7) a policy key; `spoil` changes alice's.
fn trust_with(threshold: u32, spoil: impl FnOnce(&mut KeyEntry)) -> VerifiedTrust {
    let mut alice = entry(&operator());
    spoil(&mut alice);
    let signer = |name: &str, keys| SignerEntry { name: name.to_owned(), keys, packs: vec![] };
    let document = TrustDocument {
        schema: TrustDocument::SCHEMA.to_owned(),
        version: 1,
        created: at("2020-01-01T00:00:00Z"),
        expires: at("2030-01-01T00:00:00Z"),
        max_key_age_days: None,
        thresholds: [(Role::Root, 1), (Role::Operator, threshold)].into(),
        signers: vec![
            signer("root", vec![entry(&key(Role::Root, 1))]),
            signer("alice", vec![alice]),
            signer("bob", vec![entry(&key(Role::Operator, 6))]),
            signer("carol", vec![entry(&key(Role::Policy, 7))]),
        ],
        revoked_packs: vec![],
    };
    let file = document.sign_first(&[&key(Role::Root, 1)]).unwrap();
    VerifiedTrust::verify(file.as_bytes(), None, now()).unwrap()
}

fn trust() -> VerifiedTrust {
    trust_with(1, |_| ())
}

fn yes() -> Approval {
    Approval { request: request().digest(), approved: true, issued: now(), expires: until() }
}

fn signed(approval: &Approval) -> String {
    approval.sign(&[&operator()]).unwrap()
}

/// What any payload under any type comes to, once it is signed by an operator.
fn of_payload(payload_type: &str, payload: Vec<u8>) -> String {
    Envelope::sign(payload_type, payload, &[&operator()]).unwrap().to_json()
}

fn verify(file: &str, trust: &VerifiedTrust, now: Timestamp) -> &'static str {
    VerifiedApproval::verify(file.as_bytes(), &request(), trust, now).map_or_else(|error| error.code(), |_| "ok")
}

fn approval() -> VerifiedApproval {
    VerifiedApproval::verify(signed(&yes()).as_bytes(), &request(), &trust(), now()).unwrap()
}

#[test]
fn policy_r_an_approval_says_who_when_and_of_which_call() {
    let (yes, file) = (yes(), signed(&yes()));
    let verified = approval();
    assert_eq!(verified.approvers(), ["alice"]);
    assert_eq!(verified.keys(), [operator().public_key().key_id()]);
    assert_eq!(*verified.request(), request().digest());
    assert_eq!(*verified.statement(), Blake3Digest::derive("reach 2026 approval v1", &[file.as_bytes()]));
    assert_eq!((verified.issued(), verified.expires()), (yes.issued, until()));
    // Who waits no longer than the request says holds it no longer.
    let long = Approval { expires: now().saturating_add(MAX_APPROVAL_VALIDITY), ..yes };
    let verified = VerifiedApproval::verify(signed(&long).as_bytes(), &request(), &trust(), now()).unwrap();
    assert_eq!(verified.expires(), until());
    let short = Approval { expires: now().saturating_add(Duration::from_secs(9)), ..yes };
    let verified = VerifiedApproval::verify(signed(&short).as_bytes(), &request(), &trust(), now()).unwrap();
    assert_eq!(verified.expires(), short.expires);
}

#[test]
fn policy_r_an_approved_call_gets_a_permit_and_names_the_request() {
    let decision = asks(&call());
    assert_eq!(decision.outcome(), Outcome::Ask);
    assert_eq!(decision.permit(binding(), until()), Err(PermitError::ApprovalRequired));
    let permit = decision.permit_approved(binding(), approval(), at("2026-12-01T00:00:00Z")).unwrap();
    assert_eq!((permit.approval(), permit.expires(), permit.warned()), (Some(&request().digest()), until(), false));
    assert_eq!(permit.redeem(&binding(), until()).unwrap_err().code(), "policy.permit_expired");
    let permit = decision.permit_approved(binding(), approval(), at("2026-06-01T00:00:01Z")).unwrap();
    assert_eq!(permit.expires(), at("2026-06-01T00:00:01Z"));
    assert_eq!(permit.redeem(&binding(), now()).unwrap().binding(), &binding());
    // What the gate allows by itself names no request.
    let allowed = judge_call(&policy(), Mode::Enforce, &call()).permit(binding(), until()).unwrap();
    assert_eq!(allowed.approval(), None);
}

#[test]
fn policy_r_no_approval_changes_a_decision_that_does_not_ask() {
    let code = |decision: &Decision| {
        decision.permit_approved(binding(), approval(), until()).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code(&asks(&call())), "ok");
    assert_eq!(code(&judge_call(&policy(), Mode::Enforce, &call())), "policy.permit_denied");
    let denied = ToolCall { tool: tool("net.fetch"), ..call() };
    assert_eq!(code(&asks(&denied)), "policy.permit_denied");
    assert_eq!(code(&judge_call(&asking(), Mode::Warn, &denied)), "policy.permit_denied");
    // Nor is a person asked about one.
    let (facts, policy) = (facts(), asking());
    let question = |call| AskedCall {
        binding: binding_of(call),
        call,
        pack: &facts,
        policy: &policy,
        until: until(),
        nonce: [0; 32],
    };
    assert_eq!(asks(&denied).ask(question(&denied)), Err(PermitError::Denied));
    let allowed = judge_call(&crate::testing::policy(), Mode::Enforce, &call());
    assert_eq!(allowed.ask(question(&call())), Err(PermitError::Denied));
}

#[test]
fn policy_r_an_approval_is_of_one_call_of_one_run() {
    let (decision, other) = (asks(&call()), Blake3Digest::of(b"other"));
    let code = |change: &dyn Fn(&mut Binding)| {
        let mut binding = binding();
        change(&mut binding);
        decision.permit_approved(binding, approval(), until()).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code(&|_| ()), "ok");
    assert_eq!(code(&|binding| binding.run = RunId(other)), "policy.permit_call_mismatch");
    assert_eq!(code(&|binding| binding.index = 1), "policy.permit_call_mismatch");
    assert_eq!(
        code(&|binding| binding.node = NodeId(Sha256Digest::from_bytes([2; 32]))),
        "policy.permit_call_mismatch"
    );
    assert_eq!(code(&|binding| binding.tenant = TenantId::parse("other").unwrap()), "policy.permit_call_mismatch");
    assert_eq!(code(&|binding| binding.host = other), "policy.permit_call_mismatch");
    assert_eq!(code(&|binding| binding.definition = other), "policy.permit_call_mismatch");
    assert_eq!(code(&|binding| binding.pack = other), "policy.permit_call_mismatch");
    assert_eq!(code(&|binding| binding.bundle = other), "policy.permit_call_mismatch");
    assert_eq!(code(&|binding| binding.chain = Some(other)), "policy.permit_call_mismatch");
    assert_eq!(code(&|binding| binding.mode = Mode::Warn), "policy.permit_call_mismatch");
    // A decision about another call is no basis either, whatever was approved.
    let wider = ToolCall { arguments: b"{}".to_vec(), ..call() };
    let refused = asks(&wider).permit_approved(binding(), approval(), until());
    assert_eq!(refused.unwrap_err().code(), "policy.permit_call_mismatch");
}

#[test]
fn policy_r_an_answer_to_any_other_question_is_no_answer() {
    let file = signed(&yes());
    let answers = |request: &ApprovalRequest| {
        VerifiedApproval::verify(file.as_bytes(), request, &trust(), now()).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(answers(&request()), "ok");
    let bound = |change: &dyn Fn(&mut Binding)| {
        let mut request = request();
        change(&mut request.binding);
        request
    };
    let (other, id) = (Blake3Digest::of(b"other"), Sha256Digest::from_bytes([2; 32]));
    let exact = ExactCall::of(&ToolCall { arguments: b"{}".to_vec(), ..call() });
    let tool_call = ExactCall::of(&ToolCall { tool: tool("digest.files"), ..call() });
    let mut all = vec![
        request(),
        bound(&|binding| binding.run = RunId(other)),
        bound(&|binding| binding.index = 1),
        bound(&|binding| binding.node = NodeId(id)),
        bound(&|binding| binding.tenant = TenantId::parse("other").unwrap()),
        bound(&|binding| binding.host = other),
        bound(&|binding| binding.definition = other),
        bound(&|binding| binding.call = exact),
        bound(&|binding| binding.call = tool_call),
        bound(&|binding| binding.pack = other),
        bound(&|binding| binding.bundle = other),
        bound(&|binding| binding.chain = Some(other)),
        bound(&|binding| binding.mode = Mode::Warn),
    ];
    let with = |change: &dyn Fn(&mut ApprovalRequest)| {
        let mut request = request();
        change(&mut request);
        request
    };
    all.extend([
        with(&|request| request.arguments.bytes += 1),
        with(&|request| request.pack.0 = reach_types::PackName::parse("other").unwrap()),
        with(&|request| request.pack.1 = reach_types::PackVersion::parse("1.0.1").unwrap()),
        with(&|request| request.policy.0 = reach_types::PackName::parse("other").unwrap()),
        with(&|request| request.policy.1 += 1),
        with(&|request| request.questions.push("fs.write".to_owned())),
        with(&|request| request.questions.clear()),
        with(&|request| request.asked = at("2026-06-01T00:00:01Z")),
        with(&|request| request.until = at("2026-06-01T00:10:01Z")),
        with(&|request| request.nonce = [4; 32]),
    ]);
    let digests: std::collections::BTreeSet<_> = all.iter().map(ApprovalRequest::digest).collect();
    assert_eq!(digests.len(), all.len());
    for one in &all[1..] {
        assert_eq!(answers(one), "policy.approval_mismatch", "{one:?}");
    }
}

#[test]
fn policy_r_a_question_follows_only_from_its_decision() {
    let code = |change: &dyn Fn(&mut AskedCall<'_>)| {
        asked(&call(), |asked| change(asked)).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code(&|_| ()), "ok");
    let wider = ToolCall { arguments: b"{}".to_vec(), ..call() };
    assert_eq!(code(&|asked| asked.binding = binding_of(&wider)), "policy.permit_call_mismatch");
    assert_eq!(code(&|asked| asked.binding.bundle = Blake3Digest::of(b"other")), "policy.permit_superseded");
    let other = asked(&wider, |asked| asked.binding = binding_of(&wider)).unwrap();
    assert_ne!(other.digest(), request().digest());
    // The call that is shown is the one that is meant.
    let (facts, policy, meant) = (facts(), asking(), call());
    let shown =
        AskedCall { binding: binding(), call: &wider, pack: &facts, policy: &policy, until: until(), nonce: [0; 32] };
    assert_eq!(asks(&meant).ask(shown), Err(PermitError::CallMismatch { field: "request" }));
    let mut foreign = facts.clone();
    foreign.digest = Blake3Digest::of(b"other");
    let shown =
        AskedCall { binding: binding(), call: &meant, pack: &foreign, policy: &policy, until: until(), nonce: [0; 32] };
    assert_eq!(asks(&meant).ask(shown), Err(PermitError::Superseded { field: "pack" }));
}

#[test]
fn policy_r_a_no_is_a_refusal_by_name_whatever_its_dates_say() {
    let no = Approval { approved: false, ..yes() };
    assert_eq!(verify(&signed(&no), &trust(), now()), "policy.approval_refused");
    assert_eq!(verify(&signed(&no), &trust(), until()), "policy.approval_refused");
    let error = VerifiedApproval::verify(signed(&no).as_bytes(), &request(), &trust(), now()).unwrap_err();
    assert_eq!(error.to_string(), "alice refused this call");
    let other = Approval { request: Blake3Digest::of(b"other"), ..no };
    assert_eq!(verify(&signed(&other), &trust(), now()), "policy.approval_mismatch");
}

#[test]
fn policy_r_an_approval_holds_from_its_date_to_its_end_and_an_hour_at_most() {
    let (file, trust) = (signed(&yes()), trust());
    assert_eq!(verify(&file, &trust, at("2026-05-31T23:59:59Z")), "policy.approval_not_yet_valid");
    assert_eq!(verify(&file, &trust, now()), "ok");
    assert_eq!(verify(&file, &trust, Timestamp::from_millis(until().as_millis() - 1)), "ok");
    assert_eq!(verify(&file, &trust, until()), "policy.approval_expired");
    let longest = now().saturating_add(MAX_APPROVAL_VALIDITY);
    let dates = |issued, expires| {
        let approval = Approval { issued, expires, ..yes() };
        let signed = approval.sign(&[&operator()]).map_or_else(|error| error.code(), |_| "ok");
        // What is not signed here is not believed from elsewhere.
        let file = of_payload(APPROVAL_PAYLOAD_TYPE, encode_strict(&(1u16, approval)).unwrap());
        assert_eq!(verify(&file, &trust, now()), signed);
        signed
    };
    assert_eq!(dates(now(), longest), "ok");
    assert_eq!(dates(now(), longest.saturating_add(Duration::from_millis(1))), "policy.approval_malformed");
    assert_eq!(dates(now(), now()), "policy.approval_malformed");
    assert_eq!(dates(now(), Timestamp::from_millis(now().as_millis() + 1)), "ok");
    assert_eq!(dates(until(), now()), "policy.approval_malformed");
}

#[test]
fn policy_r_only_an_operator_of_the_trust_document_approves() {
    let (good, approval) = (trust(), yes());
    let by = |signers: &[&dyn Signer], trust: &VerifiedTrust| verify(&approval.sign(signers).unwrap(), trust, now());
    assert_eq!(by(&[&operator()], &good), "ok");
    assert_eq!(by(&[&key(Role::Operator, 9)], &good), "policy.approval_untrusted");
    // Carol's key is a policy key, whatever she makes of it.
    assert_eq!(by(&[&key(Role::Operator, 7)], &good), "policy.approval_untrusted");
    assert_eq!(by(&[&operator(), &key(Role::Operator, 9)], &good), "policy.approval_untrusted");
    assert_eq!(approval.sign(&[]).unwrap_err().code(), "policy.approval_unsigned");
    assert_eq!(approval.sign(&[&key(Role::Policy, 7)]).unwrap_err().code(), "sign.role_mismatch");
    let mut bare: serde_json::Value = serde_json::from_str(&signed(&approval)).unwrap();
    bare["signatures"] = serde_json::json!([]);
    assert_eq!(verify(&bare.to_string(), &good, now()), "policy.approval_unsigned");
    let spoiled = |spoil: fn(&mut KeyEntry)| by(&[&operator()], &trust_with(1, spoil));
    let revoked = |key: &mut KeyEntry| {
        key.revoked = Some(Revocation { since: at("2026-01-01T00:00:00Z"), reason: RevocationReason::Compromised });
    };
    assert_eq!(spoiled(revoked), "sign.key_revoked");
    assert_eq!(spoiled(|key| key.retired = Some(at("2026-01-01T00:00:00Z"))), "sign.key_retired");
    assert_eq!(spoiled(|key| key.not_after = now()), "sign.key_expired");
    assert_eq!(spoiled(|key| key.not_before = until()), "sign.key_not_yet_valid");
    // Two have to agree where the trust document says so.
    let two = trust_with(2, |_| ());
    assert_eq!(by(&[&operator()], &two), "sign.threshold");
    let both = approval.sign(&[&key(Role::Operator, 6), &operator()]).unwrap();
    let both = VerifiedApproval::verify(both.as_bytes(), &request(), &two, now()).unwrap();
    assert_eq!(both.approvers(), ["alice", "bob"]);
    assert_eq!(both.keys(), [key(Role::Operator, 6).public_key().key_id(), operator().public_key().key_id()]);
}

#[test]
fn policy_r_an_approval_with_any_bit_flipped_is_refused() {
    let (file, trust, request) = (signed(&yes()).into_bytes(), trust(), request());
    let code = |file: &[u8]| {
        VerifiedApproval::verify(file, &request, &trust, now()).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code(&file), "ok");
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let code = code(&flipped);
        let known = ["policy.approval_malformed", "policy.approval_untrusted", "sign.bad_signature"];
        assert!(known.contains(&code), "{bit}: {code}");
    }
}

#[test]
fn policy_r_what_is_no_approval_is_malformed() {
    let trust = trust();
    let payload = encode_strict(&(1u16, yes())).unwrap();
    let code = |payload: &[u8]| verify(&of_payload(APPROVAL_PAYLOAD_TYPE, payload.to_vec()), &trust, now());
    assert_eq!(code(&payload), "ok");
    assert_eq!(code(&encode_strict(&(2u16, yes())).unwrap()), "policy.approval_malformed");
    assert_eq!(code(&[&payload[..], &[0]].concat()), "policy.approval_malformed");
    assert_eq!(code(&payload[..payload.len() - 1]), "policy.approval_malformed");
    assert_eq!(code(&[]), "policy.approval_malformed");
    let mut not_canonical = payload.clone();
    not_canonical[33] = 2;
    assert_eq!(code(&not_canonical), "policy.approval_malformed");
    let other = of_payload("application/vnd.reach.operator.downgrade.v1", payload);
    assert_eq!(verify(&other, &trust, now()), "policy.approval_malformed");
    assert_eq!(verify("{}", &trust, now()), "policy.approval_malformed");
    assert_eq!(verify(r#"{"payload":"","payload":""}"#, &trust, now()), "policy.approval_malformed");
    assert_eq!(verify(&"[".repeat(100), &trust, now()), "sign.envelope_too_deep");
    assert_eq!(verify(&" ".repeat(MAX_APPROVAL_BYTES + 1), &trust, now()), "sign.envelope_too_large");
    let many: Vec<_> = (0..16).map(|seed| key(Role::Operator, 100 + seed)).collect();
    let many: Vec<&dyn Signer> = many.iter().map(|key| key as &dyn Signer).collect();
    assert!(yes().sign(&many).unwrap().len() <= MAX_APPROVAL_BYTES);
}

#[test]
fn policy_r_a_question_is_read_back_from_its_file_and_shows_the_whole_call() {
    let request = request();
    let json = request.to_json().unwrap();
    assert_eq!(ApprovalRequest::from_json(json.as_bytes()).unwrap(), request);
    let shown: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(shown["tool"], "fs.list");
    assert_eq!(shown["scopes"], serde_json::json!(["workspace:read"]));
    assert_eq!(shown["arguments"]["text"], "{\"path\":\".\"}");
    assert_eq!(shown["arguments"]["bytes"], 12);
    assert_eq!(shown["questions"], serde_json::json!(["fs.list", "workspace:read"]));
    assert_eq!((&shown["index"], &shown["tenant"], &shown["mode"]), (&0.into(), &"acme".into(), &"enforce".into()));
    assert_eq!(shown["until"], "2026-06-01T00:10:00Z");
    assert_eq!(request.tool(), &tool("fs.list"));
    assert_eq!(request.scopes(), &[scope("workspace:read")].into());
    assert_eq!((request.arguments(), request.argument_bytes()), (Some("{\"path\":\".\"}"), 12));
    assert_eq!(request.arguments_digest(), &call().arguments_digest());
    assert_eq!((request.pack().0.as_str(), request.pack().1.to_string()), ("inventory", "1.0.0".to_owned()));
    assert_eq!((request.policy().0.as_str(), request.policy().1), ("example", 7));
    assert_eq!((request.asked(), request.until(), request.nonce()), (now(), until(), &[3; 32]));
    assert_eq!(request.binding(), &binding());
}

#[test]
fn policy_r_times_are_whole_seconds_and_a_second_to_answer_is_one() {
    let part = Timestamp::from_millis(until().as_millis() + 1);
    let request = asked(&call(), |asked| asked.until = part).unwrap();
    assert_eq!(request.until(), at("2026-06-01T00:10:01Z"));
    assert_eq!(asked(&call(), |_| ()).unwrap().until(), until());
    let json = request.to_json().unwrap();
    assert_eq!(ApprovalRequest::from_json(json.as_bytes()).unwrap(), request);
}

/// A question about a call with these arguments, as its file, and what that is read as.
fn with_arguments(arguments: Vec<u8>) -> (ApprovalRequest, String) {
    let call = ToolCall { arguments, ..call() };
    let request = asked(&call, |_| ()).unwrap();
    let json = request.to_json().unwrap();
    assert_eq!(ApprovalRequest::from_json(json.as_bytes()).unwrap(), request);
    assert_eq!(request.arguments_digest(), &call.arguments_digest());
    (request, json)
}

#[test]
fn p35_arguments_in_a_question_hide_nothing() {
    let (_, json) = with_arguments("\u{202e}\u{1b}[2J\n\u{7f}é\u{1f600}".into());
    assert!(json.bytes().all(|b| b == b'\n' || (b' '..0x7f).contains(&b)), "{json}");
    assert!(json.contains(r"\u202e\u001b[2J\n\u007f\u00e9\ud83d\ude00"), "{json}");
    // What is no text is named by its digest.
    let (request, _) = with_arguments(vec![0xff, 0]);
    assert_eq!((request.arguments(), request.argument_bytes()), (None, 2));
}

#[test]
fn p34_a_question_is_bounded_whatever_the_arguments_are() {
    let (request, json) = with_arguments(vec![0x1b; MAX_SHOWN_ARGUMENT_BYTES]);
    assert_eq!(request.arguments().map(str::len), Some(MAX_SHOWN_ARGUMENT_BYTES));
    assert!(json.len() <= MAX_APPROVAL_REQUEST_BYTES);
    assert_eq!(MAX_APPROVAL_REQUEST_BYTES, 553_984);
    let (request, json) = with_arguments(vec![b'a'; MAX_SHOWN_ARGUMENT_BYTES + 1]);
    assert_eq!((request.arguments(), request.argument_bytes()), (None, MAX_SHOWN_ARGUMENT_BYTES as u64 + 1));
    assert!(json.len() < 4096);
    let big = vec![b' '; MAX_APPROVAL_REQUEST_BYTES + 1];
    assert_eq!(ApprovalRequest::from_json(&big).unwrap_err().code(), "input.json_too_large");
}

#[test]
fn policy_r_a_questions_file_is_read_strictly() {
    let json = request().to_json().unwrap();
    let read = |json: &str| ApprovalRequest::from_json(json.as_bytes()).map_or_else(|error| error.code(), |_| "ok");
    let code = |from: &str, to: &str| {
        assert!(json.contains(from), "{from}\n{json}");
        read(&json.replacen(from, to, 1))
    };
    assert_eq!(read(&json), "ok");
    let malformed = "policy.approval_request_malformed";
    assert_eq!(code("reach-approval-request/1", "reach-approval-request/2"), malformed);
    assert_eq!(code("\"bytes\": 12", "\"bytes\": 13"), malformed);
    // Harmless arguments shown above the digest of others.
    assert_eq!(code(r#"{\"path\":\".\"}"#, r#"{\"path\":\"a\"}"#), malformed);
    assert_eq!(code("\"enforce\"", "\"ENFORCE\""), malformed);
    assert_eq!(code("[\n    \"workspace:read\"\n  ]", "[\"workspace:read\",\"workspace:read\"]"), malformed);
    assert_eq!(code("[\n    \"workspace:read\"\n  ]", "[\"b\",\"a\"]"), malformed);
    assert_eq!(code("[\n    \"workspace:read\"\n  ]", "[\"a\",\"b\"]"), "ok");
    assert_eq!(code("\"fs.list\",\n    \"workspace:read\"", "\"a b\""), malformed);
    assert_eq!(code("\"fs.list\",\n    \"workspace:read\"", "\"\""), malformed);
    let question = |bytes: usize| code("\"fs.list\",\n    \"workspace:read\"", &format!("\"{}\"", "a".repeat(bytes)));
    assert_eq!((question(128), question(129)), ("ok", malformed));
    let questions = |count: usize| code("\"fs.list\",\n    \"workspace:read\"", &vec!["\"a\""; count].join(","));
    assert_eq!((questions(64), questions(65)), ("ok", malformed));
    assert_eq!(code("\"schema\"", "\"approved\": true, \"schema\""), "input.unknown_field");
    assert_eq!(code("\"fs.list\"", "\"FS.list\""), "input.json_shape");
    assert_eq!(code("\"index\": 0", "\"index\": -1"), "input.json_shape");
    assert_eq!(read("{}"), "input.json_shape");
    assert_eq!(read(""), "input.json_malformed");
    let scopes = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| format!("\"s{n:04}\"")).collect();
        code("[\n    \"workspace:read\"\n  ]", &format!("[{}]", list.join(",")))
    };
    assert_eq!((scopes(1024), scopes(1025)), ("ok", malformed));
    // Text that is too long to be shown is not shown by others either.
    let long = "a".repeat(MAX_SHOWN_ARGUMENT_BYTES + 1);
    let digest = ToolCall { arguments: long.clone().into_bytes(), ..call() }.arguments_digest();
    let longer = json.replacen("\"bytes\": 12", &format!("\"bytes\": {}", long.len()), 1).replacen(
        &call().arguments_digest().to_string(),
        &digest.to_string(),
        1,
    );
    assert_eq!(read(&longer.replacen(r#""{\"path\":\".\"}""#, "null", 1)), "ok");
    assert_eq!(read(&longer.replacen(r#""{\"path\":\".\"}""#, &format!("\"{long}\""), 1)), malformed);
}

#[test]
fn p35_what_an_approval_is_printed_as_tells_nothing() {
    let printed = format!("{:?}", approval());
    assert!(printed.starts_with("VerifiedApproval { issued: ") && printed.ends_with(", .. }"), "{printed}");
    let hex = printed.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
    assert!(hex < Some(16) && !printed.contains("acme") && !printed.contains("[3, "), "{printed}");
}
