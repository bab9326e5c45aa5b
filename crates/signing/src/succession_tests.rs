//! Next versions of trust documents: made, signed by both sides, refused.

use reach_types::{Blake3Digest, Code, Timestamp};

use crate::{
    MAX_TRUST_HISTORY, NamePattern, RevocationReason, Role, Signer, SigningKey, TrustChain, TrustChange, TrustDocument,
    TrustDraft, VerifiedTrust,
    testing::{NOW, day, document, entry, key, signer},
};

fn signers<'k>(keys: &'k [&'k SigningKey]) -> Vec<&'k dyn Signer> {
    keys.iter().map(|key| *key as &dyn Signer).collect()
}

fn chain(document: &TrustDocument, roots: &[&SigningKey]) -> TrustChain {
    let file = document.sign_first(&signers(roots)).unwrap();
    TrustChain::verify(file.as_bytes(), None, NOW).unwrap()
}

fn first() -> TrustChain {
    chain(&document(), &[&key(Role::Root, 1)])
}

fn id(key: &SigningKey) -> reach_types::KeyId {
    key.public_key().key_id()
}

fn retire(key: &SigningKey) -> TrustChange {
    TrustChange::RetireKey { key: id(key), at: None }
}

fn add(signer: &str, key: &SigningKey) -> TrustChange {
    TrustChange::AddKey { signer: signer.to_owned(), public: key.public_key(), role: key.role() }
}

fn threshold(role: Role, required: u32) -> TrustChange {
    TrustChange::SetThreshold { role, required }
}

fn succeed(from: &TrustChain, changes: &[TrustChange], roots: &[&SigningKey]) -> Result<TrustDraft, &'static str> {
    from.succeed(changes, None, &signers(roots), NOW).map_err(|error| error.code())
}

/// The chain that the file of a complete draft verifies to.
fn again(draft: TrustDraft) -> TrustChain {
    let chain = TrustChain::verify(draft.to_file().as_bytes(), None, NOW).unwrap();
    assert_eq!(chain, draft.complete().unwrap());
    chain
}

#[test]
fn k26_the_next_version_is_one_more_and_carries_the_whole_chain() {
    let root = key(Role::Root, 1);
    let one = first();
    let two = again(succeed(&one, &[add("c", &key(Role::Pack, 4))], &[&root]).unwrap());
    let three = again(succeed(&two, &[retire(&key(Role::Pack, 2))], &[&root]).unwrap());
    let versions: Vec<u64> = three.versions().map(|version| version.document().version).collect();
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!(three.root(), one.newest().digest());
    assert_eq!(three.digest_of(1), one.digest_of(1));
    assert_eq!(three.digest_of(2), Some(two.newest().digest()));
    assert_eq!((three.digest_of(0), three.digest_of(4)), (None, None));
    assert!(three.newest().signed_by().eq([("r", &id(&root))]));
    let dates: Vec<Timestamp> = three.versions().map(|version| version.document().created).collect();
    assert_eq!(dates, [day(-5), NOW, NOW]);
    // The pin holds for the whole chain, and only the pinned one.
    let file = three.clone().in_force(NOW).unwrap();
    assert!(!file.pinned());
    let pin = *one.root();
    let text = again_file(&three);
    assert!(VerifiedTrust::verify(text.as_bytes(), Some(&pin), NOW).unwrap().pinned());
    let wrong = VerifiedTrust::verify(text.as_bytes(), Some(&Blake3Digest::of(b"x")), NOW);
    assert_eq!(wrong.unwrap_err().code(), "trust.root_mismatch");
}

fn again_file(chain: &TrustChain) -> String {
    let earlier: Vec<_> = chain.versions().take(chain.versions().count() - 1).cloned().collect();
    crate::chain::file_of(chain.newest().envelope(), &earlier)
}

#[test]
fn k26_a_version_that_is_skipped_removed_or_reordered_breaks_the_chain() {
    let root = key(Role::Root, 1);
    let two = again(succeed(&first(), &[add("c", &key(Role::Pack, 4))], &[&root]).unwrap());
    let three = again(succeed(&two, &[retire(&key(Role::Pack, 2))], &[&root]).unwrap());
    let value: serde_json::Value = serde_json::from_str(&again_file(&three)).unwrap();
    let judge = |history: Vec<serde_json::Value>| {
        let mut value = value.clone();
        value["history"] = serde_json::Value::Array(history);
        VerifiedTrust::verify(value.to_string().as_bytes(), None, NOW).map_or_else(|e| e.code(), |_| "ok")
    };
    let (v1, v2) = (value["history"][0].clone(), value["history"][1].clone());
    assert_eq!(judge(vec![v1.clone(), v2.clone()]), "ok");
    assert_eq!(judge(vec![v1.clone()]), "trust.chain_broken");
    assert_eq!(judge(vec![v2.clone()]), "trust.chain_broken");
    assert_eq!(judge(vec![v2.clone(), v1.clone()]), "trust.chain_broken");
    assert_eq!(judge(vec![v1.clone(), v1.clone(), v2.clone()]), "trust.chain_broken");
    assert_eq!(judge(vec![]), "trust.chain_broken");
    assert_eq!(judge(vec![v1.clone(), v2, v1]), "trust.chain_broken");
}

#[test]
fn k15_k18_root_thresholds_count_signers_on_both_sides() {
    let (r, s, t) = (key(Role::Root, 1), key(Role::Root, 5), key(Role::Root, 6));
    let mut two_of_three = document();
    two_of_three.thresholds.insert(Role::Root, 2);
    two_of_three.signers.push(signer("s", vec![entry(&s)]));
    two_of_three.signers.push(signer("t", vec![entry(&t)]));
    let one = chain(&two_of_three, &[&r, &s]);
    let change = [add("c", &key(Role::Pack, 4))];
    let code = |roots: &[&SigningKey]| {
        let draft = succeed(&one, &change, roots)?;
        draft.complete().map(|_| "ok").map_err(|error| error.code())
    };
    assert_eq!(code(&[&r, &t]), Ok("ok"));
    assert_eq!(code(&[&r]), Err("sign.threshold"));
    // The same root twice, and the old and the new key of one root, are one signer.
    assert_eq!(code(&[&r, &r]), Err("sign.threshold"));
    let r_new = key(Role::Root, 7);
    let rotate = [TrustChange::RotateKey { signer: "r".to_owned(), key: id(&r), new: r_new.public_key() }];
    let half = succeed(&one, &rotate, &[&r, &r_new]).unwrap();
    let missing: Vec<_> = half.missing().iter().map(|m| (m.version, m.required, m.actual)).collect();
    assert_eq!(missing, [(1, 2, 1), (2, 2, 1)]);
    assert_eq!(half.clone().complete().unwrap_err().code(), "sign.threshold");
    let whole = again(half.countersign(&signers(&[&s]), NOW).unwrap());
    // The rotated root's old key signs nothing more, its new one does.
    let next = [add("d", &key(Role::Pack, 8))];
    assert_eq!(succeed(&whole, &next, &[&r, &s]).unwrap_err(), "sign.key_retired");
    again(succeed(&whole, &next, &[&r_new, &s]).unwrap());
}

#[test]
fn signatures_are_collected_on_several_machines() {
    let (r, s) = (key(Role::Root, 1), key(Role::Root, 5));
    let mut both = document();
    both.thresholds.insert(Role::Root, 2);
    both.signers.push(signer("s", vec![entry(&s)]));
    let start = TrustDraft::start(&both, &signers(&[&r]), NOW).unwrap();
    let file = start.to_file();
    assert_eq!(VerifiedTrust::verify(file.as_bytes(), None, NOW).unwrap_err().code(), "sign.threshold");
    let read = TrustDraft::read(file.as_bytes(), None, NOW).unwrap();
    let code = |roots: &[&SigningKey]| read.countersign(&signers(roots), NOW).map_or_else(|e| e.code(), |_| "ok");
    assert_eq!(code(&[&s]), "ok");
    assert_eq!(code(&[&r]), "trust.already_signed");
    assert_eq!(code(&[&key(Role::Root, 9)]), "sign.untrusted");
    assert_eq!(code(&[&key(Role::Pack, 2)]), "sign.role_mismatch");
    let done = read.countersign(&signers(&[&s]), NOW).unwrap();
    // The trust root is the payload's, so it does not depend on who signed first.
    assert_eq!(done.root(), start.root());
    let chain = again(done);
    assert!(chain.newest().signed_by().eq([("r", &id(&r)), ("s", &id(&s))]));
    // A version whose signatures are still missing is succeeded by nothing.
    let next = chain.succeed(&[retire(&key(Role::Pack, 2))], None, &signers(&[&r]), NOW).unwrap();
    assert_eq!(TrustChain::verify(next.to_file().as_bytes(), None, NOW).unwrap_err().code(), "sign.threshold");
}

#[test]
fn k26_new_roots_alone_and_old_roots_alone_hand_nothing_over() {
    let (old, new) = (key(Role::Root, 1), key(Role::Root, 5));
    let rotate = [TrustChange::RotateKey { signer: "r".to_owned(), key: id(&old), new: new.public_key() }];
    let code = |roots: &[&SigningKey]| {
        let draft = succeed(&first(), &rotate, roots)?;
        draft.complete().map(|_| "ok").map_err(|error| error.code())
    };
    assert_eq!(code(&[&old, &new]), Ok("ok"));
    assert_eq!(code(&[&new]), Err("trust.chain_broken"));
    assert_eq!(code(&[&old]), Err("sign.threshold"));
    assert_eq!(code(&[&key(Role::Root, 9)]), Err("sign.untrusted"));
}

#[test]
fn an_expired_document_is_succeeded_by_the_roots_it_had() {
    let root = key(Role::Root, 1);
    let mut over = document();
    // As `trust init` makes it: the root ends with the document.
    over.expires = day(-1);
    over.signers[0].keys[0].not_after = day(-1);
    let one = chain(&over, &[&root]);
    assert_eq!(one.clone().in_force(NOW).unwrap_err().code(), "trust.expired");
    assert_eq!(succeed(&one, &[add("c", &key(Role::Pack, 4))], &[&root]).unwrap_err(), "trust.still_expired");
    let renewed = one.succeed(&[], Some(day(300)), &signers(&[&root]), NOW).unwrap();
    let two = again(renewed);
    two.clone().in_force(NOW).unwrap();
    let (_, entry) = two.newest().key(&id(&root)).unwrap();
    assert_eq!(entry.not_after, day(300));
    // Its other keys have their own ends.
    assert_eq!(two.newest().key(&id(&key(Role::Pack, 2))).unwrap().1.not_after, day(10));
    // A root that was over before the document was, or retired, or revoked, hands nothing over.
    let judge = |change: &dyn Fn(&mut TrustDocument)| {
        let mut document = over.clone();
        let other = key(Role::Root, 5);
        document.signers.push(signer("s", vec![entry_until(&other, day(-1))]));
        change(&mut document);
        let one = chain(&document, &[&other]);
        one.succeed(&[], Some(day(300)), &signers(&[&root]), NOW).map_or_else(|e| e.code(), |_| "ok")
    };
    assert_eq!(judge(&|_| {}), "ok");
    // It is valid again in the new version, which it signs, but not in the one it would follow.
    let earlier = judge(&|d| d.signers[0].keys[0].not_after = day(-2));
    assert_eq!(earlier, "ok");
    let short = {
        let mut document = over.clone();
        document.signers.push(signer("s", vec![entry_until(&key(Role::Root, 5), day(-1))]));
        document.signers[0].keys[0].not_after = day(-2);
        chain(&document, &[&key(Role::Root, 5)])
    };
    let draft = short.succeed(&[], Some(day(300)), &signers(&[&root]), NOW).unwrap();
    assert_eq!(draft.complete().unwrap_err().code(), "trust.chain_broken");
    assert_eq!(judge(&|d| d.signers[0].keys[0].retired = Some(day(-2))), "sign.key_retired");
    assert_eq!(judge(&|d| d.signers[0].keys[0].retired = Some(day(20))), "sign.key_retired");
    let reason = RevocationReason::Superseded;
    let revoked = crate::Revocation { since: day(20), reason };
    assert_eq!(judge(&|d| d.signers[0].keys[0].revoked = Some(revoked.clone())), "sign.key_revoked");
}

fn entry_until(key: &SigningKey, end: Timestamp) -> crate::KeyEntry {
    crate::KeyEntry { not_after: end, ..entry(key) }
}

#[test]
fn k21_a_root_that_is_to_retire_signs_no_next_version() {
    // Otherwise whoever holds it later could date a version back to before its retirement.
    let root = key(Role::Root, 1);
    let mut leaving = document();
    leaving.signers.push(signer("s", vec![entry(&key(Role::Root, 5))]));
    leaving.signers[0].keys[0].retired = Some(day(2));
    let one = chain(&leaving, &[&key(Role::Root, 5)]);
    let change = [add("c", &key(Role::Pack, 4))];
    assert_eq!(succeed(&one, &change, &[&root]).unwrap_err(), "sign.key_retired");
    again(succeed(&one, &change, &[&key(Role::Root, 5)]).unwrap());
}

#[test]
fn a_root_that_is_over_age_hands_over_to_another_and_stays_out() {
    let (old, new) = (key(Role::Root, 1), key(Role::Root, 5));
    let mut aged = document();
    aged.max_key_age_days = Some(8);
    aged.signers[1].keys[0].not_before = day(-1);
    aged.signers[2].keys[0].not_before = day(-1);
    let one = chain(&aged, &[&old]);
    let add_pack = [add("c", &key(Role::Pack, 4))];
    assert_eq!(one.succeed(&add_pack, None, &signers(&[&old]), NOW).unwrap_err().code(), "trust.bad_threshold");
    let rotate = [TrustChange::RotateKey { signer: "r".to_owned(), key: id(&old), new: new.public_key() }];
    let two = again(succeed(&one, &rotate, &[&old, &new]).unwrap());
    again(succeed(&two, &add_pack, &[&new]).unwrap());
}

#[test]
fn a_change_that_does_nothing_or_takes_something_back_is_refused() {
    let root = key(Role::Root, 1);
    let (a, b) = (key(Role::Pack, 2), key(Role::Pack, 3));
    let code = |from: &TrustChain, changes: &[TrustChange]| {
        succeed(from, changes, &[&root]).map_or_else(|code| code, |_| "ok")
    };
    let revoke = |key: &SigningKey, since, reason| TrustChange::RevokeKey { key: id(key), since, reason };
    let (superseded, compromised) = (RevocationReason::Superseded, RevocationReason::Compromised);
    let one = first();
    assert_eq!(code(&one, &[]), "trust.nothing_changed");
    assert_eq!(code(&one, &[threshold(Role::Pack, 1)]), "trust.nothing_changed");
    assert_eq!(code(&one, &[threshold(Role::Pack, 2)]), "ok");
    assert_eq!(code(&one, &[threshold(Role::Pack, 0)]), "trust.bad_threshold");
    assert_eq!(code(&one, &[threshold(Role::Pack, 3)]), "trust.bad_threshold");
    assert_eq!(code(&one, &[add("b", &a)]), "trust.duplicate_public_key");
    assert_eq!(code(&one, &[add("B", &key(Role::Pack, 4))]), "trust.signer_name");
    let any = TrustChange::SetPacks { signer: "a".to_owned(), packs: vec![NamePattern::Any] };
    assert_eq!(code(&one, &[any]), "trust.nothing_changed");
    let nobody = TrustChange::SetPacks { signer: "x".to_owned(), packs: vec![] };
    assert_eq!(code(&one, &[nobody]), "trust.signer_unknown");
    assert_eq!(code(&one, &[retire(&key(Role::Pack, 9))]), "trust.key_unknown");
    let stolen = TrustChange::RotateKey { signer: "b".to_owned(), key: id(&a), new: key(Role::Pack, 4).public_key() };
    assert_eq!(code(&one, &[stolen]), "trust.key_of_another");
    assert_eq!(code(&one, &[retire(&root)]), "trust.bad_threshold");

    let ended = [retire(&a), revoke(&b, None, superseded)];
    assert_eq!(code(&one, &ended), "trust.bad_threshold");
    let replaced = [&[add("c", &key(Role::Pack, 4))], &ended[..]].concat();
    let two = again(succeed(&one, &replaced, &[&root]).unwrap());
    assert_eq!(code(&two, &[retire(&a)]), "trust.nothing_changed");
    assert_eq!(code(&two, &[TrustChange::RetireKey { key: id(&a), at: Some(day(1)) }]), "trust.takes_back");
    assert_eq!(code(&two, &[TrustChange::RetireKey { key: id(&a), at: Some(day(-1)) }]), "ok");
    assert_eq!(code(&two, &[retire(&b)]), "trust.takes_back");
    assert_eq!(code(&two, &[TrustChange::RenewKey { key: id(&a) }]), "trust.takes_back");
    assert_eq!(code(&two, &[revoke(&a, None, superseded)]), "ok");
    assert_eq!(code(&two, &[revoke(&b, None, superseded)]), "trust.nothing_changed");
    assert_eq!(code(&two, &[revoke(&b, Some(day(1)), superseded)]), "trust.takes_back");
    assert_eq!(code(&two, &[revoke(&b, None, compromised)]), "ok");
    let three = again(succeed(&two, &[revoke(&b, None, compromised)], &[&root]).unwrap());
    assert_eq!(code(&three, &[revoke(&b, None, superseded)]), "trust.takes_back");

    let pack = |reason: &str| TrustChange::RevokePack { digest: Blake3Digest::of(b"p"), reason: reason.to_owned() };
    let four = again(succeed(&three, &[pack("bad")], &[&root]).unwrap());
    assert_eq!(code(&four, &[pack("worse")]), "trust.nothing_changed");
    assert!(four.newest().document().pack_revocation(&Blake3Digest::of(b"p")).is_some());
}

#[test]
fn keys_are_named_by_enough_of_their_id() {
    let document = document();
    let whole = id(&key(Role::Pack, 2)).to_string();
    let code = |text: &str| document.key_named(text).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(code(&whole), "ok");
    assert_eq!(code(whole.split_at(8).0), "ok");
    assert_eq!(code(whole.split_at(7).0), "trust.key_prefix");
    assert_eq!(code(""), "trust.key_prefix");
    assert_eq!(code(&whole.to_uppercase()), "trust.key_prefix");
    assert_eq!(code(&format!("{whole}0")), "trust.key_prefix");
    assert_eq!(code("00000000"), "trust.key_unknown");
    // A search over 70,000 seeds found two keys whose ids begin alike.
    let seed = |number: u32| number.to_le_bytes().repeat(8).try_into().unwrap();
    let alike = [53_567, 69_106].map(|number| SigningKey::from_seed(Role::Pack, &seed(number)).unwrap());
    let mut document = document;
    document.signers.push(signer("c", alike.iter().map(entry).collect()));
    let [one, other] = alike.map(|key| id(&key).to_string());
    let code = |text: &str| document.key_named(text).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(one.split_at(8).0, other.split_at(8).0);
    assert_eq!(code(one.split_at(8).0), "trust.key_ambiguous");
    assert_eq!(code(one.split_at(9).0), "ok");
    assert_eq!(code(other.split_at(9).0), "ok");
}

#[test]
fn a_file_carries_so_many_versions_and_no_more() {
    let root = key(Role::Root, 1);
    let mut chain = first();
    for step in 0..MAX_TRUST_HISTORY {
        let required = if step % 2 == 0 { 2 } else { 1 };
        chain = next_unchecked(&chain, required, &root);
    }
    let file = again_file(&chain);
    let read = TrustChain::verify(file.as_bytes(), None, NOW).unwrap();
    assert_eq!(read.newest().document().version, u64::try_from(MAX_TRUST_HISTORY).unwrap() + 1);
    let more = read.succeed(&[threshold(Role::Pack, 2)], None, &signers(&[&root]), NOW);
    assert_eq!(more.unwrap_err().code(), "trust.history_too_long");
    let mut value: serde_json::Value = serde_json::from_str(&file).unwrap();
    let one = value["history"][0].clone();
    value["history"].as_array_mut().unwrap().insert(0, one);
    let long = TrustChain::verify(value.to_string().as_bytes(), None, NOW);
    assert_eq!(long.unwrap_err().code(), "trust.history_too_long");
}

/// As [`TrustChain::succeed`] without reading the whole file back, which a loop would do squared.
fn next_unchecked(chain: &TrustChain, required: u32, root: &SigningKey) -> TrustChain {
    let mut next = chain.newest().document().clone();
    next.version += 1;
    next.thresholds.insert(Role::Pack, required);
    chain.followed_by(&next, &[root])
}

#[test]
fn what_is_due_is_said_in_time() {
    let due = |change: &dyn Fn(&mut TrustDocument), at: Timestamp| {
        let mut document = document();
        document.created = day(-10);
        document.expires = day(1000);
        for key in document.signers.iter_mut().flat_map(|signer| signer.keys.iter_mut()) {
            key.not_after = day(1000);
        }
        change(&mut document);
        let trust = chain(&document, &[&key(Role::Root, 1)]).in_force(at).unwrap();
        let due = trust.due(at);
        due.iter().map(|one| (one.kind, one.is_over(at), one.key.clone().map(|key| key.0))).collect::<Vec<_>>()
    };
    use crate::DueKind::{Age, Document, Validity};
    let a = || Some("a".to_owned());
    let millis = |at: Timestamp, more: i64| Timestamp::from_millis(at.as_millis().checked_add_signed(more).unwrap());
    assert_eq!(due(&|_| {}, NOW), []);
    assert_eq!(due(&|d| d.expires = day(30), NOW), [], "a tenth of 40 days is 4");
    assert_eq!(due(&|d| d.expires = day(30), day(26)), [(Document, false, None)]);
    assert_eq!(due(&|d| d.expires = day(500), day(470)), [(Document, false, None)]);
    assert_eq!(due(&|d| d.expires = day(500), millis(day(470), -1)), []);
    let short = |d: &mut TrustDocument| d.signers[1].keys[0].not_after = day(2);
    assert_eq!(due(&short, NOW), []);
    assert_eq!(due(&short, day(1)), [(Validity, false, a())]);
    assert_eq!(due(&short, day(2)), [], "what is over is not due");
    let aged = |d: &mut TrustDocument| {
        d.max_key_age_days = Some(100);
        d.signers[0].keys[0].not_before = day(-1);
        d.signers[2].keys[0].not_before = day(-1);
        d.signers[0].keys[0].not_before = day(-10);
    };
    assert_eq!(due(&aged, millis(day(80), -1)), []);
    let at_80 = due(&aged, day(80));
    assert_eq!(at_80.iter().filter(|one| **one == (Age, false, a())).count(), 1, "{at_80:?}");
    let at_90 = due(&aged, day(90));
    assert!(at_90.contains(&(Age, true, a())), "{at_90:?}");
    let retired = |d: &mut TrustDocument| {
        aged(d);
        d.signers[1].keys[0].retired = Some(day(1));
    };
    assert!(!due(&retired, day(90)).contains(&(Age, true, a())));
}

#[test]
fn differences_name_everything_that_changed() {
    let root = key(Role::Root, 1);
    let one = first();
    let (a, c) = (key(Role::Pack, 2), key(Role::Pack, 4));
    let changes = [
        TrustChange::RotateKey { signer: "a".to_owned(), key: id(&a), new: c.public_key() },
        threshold(Role::Pack, 2),
        TrustChange::SetMaxKeyAge { days: 90 },
        TrustChange::SetPacks { signer: "b".to_owned(), packs: vec![NamePattern::parse("acme-*").unwrap()] },
        TrustChange::RevokePack { digest: Blake3Digest::of(b"p"), reason: "bad".to_owned() },
    ];
    let two = again(succeed(&one, &changes, &[&root]).unwrap());
    let differences = two.newest().document().differences(Some(one.newest().document()));
    let what: Vec<String> = differences.iter().map(|one| one.what.clone()).collect();
    let mut expected = vec![
        format!("key a pack {} retired", id(&a)),
        format!("key a pack {}", id(&c)),
        "longest age of a key".to_owned(),
        format!("pack {} revoked", Blake3Digest::of(b"p")),
        "signer b packs".to_owned(),
        "threshold pack".to_owned(),
    ];
    expected.sort();
    assert_eq!(what, expected);
    let packs = differences.iter().find(|one| one.what == "signer b packs").unwrap();
    assert_eq!((packs.from.as_deref(), packs.to.as_deref()), (Some("*"), Some("acme-*")));
    assert_eq!(two.newest().document().differences(Some(two.newest().document())), []);
}
