//! Random sequences of trust changes against a naive model of who may sign.

use proptest::prelude::*;
use reach_types::{Code, Timestamp};

use crate::{
    Envelope, RevocationReason, Role, Signer, SigningKey, TrustChain, TrustChange, TrustDraft,
    testing::{NOW, day, document, key},
};

/// Root `r` holds seed 1 and may rotate to the seeds from 100 on; `a` and `b` begin with 2 and 3, and
/// every other pack key is drawn from 10 to 19.
#[derive(Debug, Clone)]
enum Act {
    Add { signer: u8, seed: u8 },
    Retire { seed: u8, at: i64 },
    Revoke { seed: u8, compromised: bool },
    Rotate { seed: u8, new: u8 },
    Renew { days: i64 },
    RotateRoot,
}

/// What the model knows of one pack key.
#[derive(Debug, Clone, Copy)]
struct Known {
    seed: u8,
    signer: u8,
    from: i64,
    to: i64,
    retired: Option<i64>,
    revoked: Option<bool>,
}

/// Days are counted from [`NOW`]; the chain's time moves on by one with each version.
struct Model {
    keys: Vec<Known>,
    expires: i64,
    today: i64,
    root: u8,
}

impl Model {
    fn code_at(&self, seed: u8, day: i64) -> &'static str {
        let Some(known) = self.keys.iter().find(|known| known.seed == seed) else { return "sign.untrusted" };
        if known.revoked.is_some() {
            "sign.key_revoked"
        } else if known.retired.is_some_and(|at| day >= at) {
            "sign.key_retired"
        } else if day < known.from {
            "sign.key_not_yet_valid"
        } else if day >= known.to {
            "sign.key_expired"
        } else {
            "ok"
        }
    }

    fn add(&mut self, signer: u8, seed: u8) -> Result<(), &'static str> {
        if self.keys.iter().any(|known| known.seed == seed) {
            return Err("trust.duplicate_public_key");
        }
        self.keys.push(Known { seed, signer, from: self.today, to: self.expires, retired: None, revoked: None });
        Ok(())
    }

    fn retire(&mut self, seed: u8, at: i64) -> Result<(), &'static str> {
        let known = self.keys.iter_mut().find(|known| known.seed == seed).ok_or("trust.key_unknown")?;
        if known.revoked.is_some() || known.retired.is_some_and(|old| old < at) {
            return Err("trust.takes_back");
        }
        if known.retired.replace(at) == Some(at) { Err("trust.nothing_changed") } else { Ok(()) }
    }

    fn act(&mut self, act: &Act) -> Result<(), &'static str> {
        if self.today >= self.expires && !matches!(act, Act::Renew { .. }) {
            return Err("trust.still_expired");
        }
        match *act {
            Act::Add { signer, seed } => self.add(signer, seed),
            Act::Retire { seed, at } => self.retire(seed, self.today + at),
            Act::Revoke { seed, compromised } => {
                let known = self.keys.iter_mut().find(|known| known.seed == seed).ok_or("trust.key_unknown")?;
                match known.revoked.replace(compromised) {
                    Some(true) if !compromised => Err("trust.takes_back"),
                    Some(old) if old == compromised => Err("trust.nothing_changed"),
                    _ => Ok(()),
                }
            }
            Act::Rotate { seed, new } => {
                let known = self.keys.iter().find(|known| known.seed == seed).copied();
                let signer = known.ok_or("trust.key_of_another")?.signer;
                match self.retire(seed, self.today) {
                    // The new key is a change, whatever became of the old one.
                    Err("trust.nothing_changed") | Ok(()) => self.add(signer, new),
                    Err(code) => Err(code),
                }
            }
            Act::Renew { days } => {
                let expires = self.today + days;
                if expires == self.expires {
                    return Err("trust.nothing_changed");
                }
                self.expires = expires;
                Ok(())
            }
            Act::RotateRoot => {
                self.root += 1;
                Ok(())
            }
        }
    }
}

fn name(signer: u8) -> String {
    if signer == 0 { "a".to_owned() } else { "b".to_owned() }
}

fn id(seed: u8) -> reach_types::KeyId {
    key(Role::Pack, seed).public_key().key_id()
}

fn root(number: u8) -> SigningKey {
    key(Role::Root, if number == 0 { 1 } else { 99 + number })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let seed = || prop_oneof![Just(2_u8), Just(3), 10_u8..14];
    let act = prop_oneof![
        (0_u8..2, 10_u8..14).prop_map(|(signer, seed)| Act::Add { signer, seed }),
        (seed(), 0_i64..3).prop_map(|(seed, at)| Act::Retire { seed, at }),
        (seed(), any::<bool>()).prop_map(|(seed, compromised)| Act::Revoke { seed, compromised }),
        (seed(), 10_u8..14).prop_map(|(seed, new)| Act::Rotate { seed, new }),
        (4_i64..30).prop_map(|days| Act::Renew { days }),
        Just(Act::RotateRoot),
    ];
    prop::collection::vec(act, 1..8)
}

/// The change that `act` is, and the roots that sign it.
fn change(act: &Act, model: &Model) -> (Vec<TrustChange>, Option<Timestamp>, Vec<SigningKey>) {
    let one = |change| (vec![change], None, vec![root(model.root)]);
    match *act {
        Act::Add { signer, seed } => {
            let public = key(Role::Pack, seed).public_key();
            one(TrustChange::AddKey { signer: name(signer), public, role: Role::Pack })
        }
        Act::Retire { seed, at } => one(TrustChange::RetireKey { key: id(seed), at: Some(day(model.today + at)) }),
        Act::Revoke { seed, compromised } => {
            let reason = if compromised { RevocationReason::Compromised } else { RevocationReason::Superseded };
            one(TrustChange::RevokeKey { key: id(seed), since: None, reason })
        }
        Act::Rotate { seed, new } => {
            let signer = model.keys.iter().find(|known| known.seed == seed).map_or(0, |known| known.signer);
            let new = key(Role::Pack, new).public_key();
            one(TrustChange::RotateKey { signer: name(signer), key: id(seed), new })
        }
        Act::Renew { days } => (vec![], Some(day(model.today + days)), vec![root(model.root)]),
        Act::RotateRoot => {
            let (old, new) = (root(model.root), root(model.root + 1));
            let rotate = TrustChange::RotateKey {
                signer: "r".to_owned(),
                key: old.public_key().key_id(),
                new: new.public_key(),
            };
            (vec![rotate], None, vec![old, new])
        }
    }
}

fn succeed(chain: &TrustChain, act: &Act, model: &Model) -> Result<TrustDraft, &'static str> {
    let (changes, expires, roots) = change(act, model);
    let roots: Vec<&dyn Signer> = roots.iter().map(|root| root as &dyn Signer).collect();
    chain.succeed(&changes, expires, &roots, day(model.today)).map_err(|error| error.code())
}

/// Whoever held the root before cannot make the next version, now or dated back.
fn old_roots_are_out(chain: &TrustChain, model: &Model) {
    for number in 0..model.root {
        let change = TrustChange::SetMaxKeyAge { days: 3000 };
        let forged = chain.succeed(&[change], Some(day(100)), &[&root(number)], day(model.today));
        assert_eq!(forged.unwrap_err().code(), "sign.key_retired", "root {number} of {}", model.root);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn k15_k18_k21_k23_k26_who_may_sign_after_any_changes(acts in acts()) {
        let mut first = document();
        // Nothing but the root's own threshold is stated, so that every key may end.
        first.thresholds.remove(&Role::Pack);
        first.expires = day(40);
        let known = |seed, signer| Known { seed, signer, from: -10, to: 10, retired: None, revoked: None };
        let mut model = Model { keys: vec![known(2, 0), known(3, 1)], expires: 40, today: 0, root: 0 };
        let file = first.sign_first(&[&root(0)]).unwrap();
        let mut chain = TrustChain::verify(file.as_bytes(), None, NOW).unwrap();
        for act in acts {
            model.today += 1;
            let before = (model.keys.clone(), model.expires, model.root);
            let made = succeed(&chain, &act, &model);
            match model.act(&act) {
                Ok(()) => chain = made.unwrap().complete().unwrap(),
                Err(code) => {
                    prop_assert_eq!(made.map(drop), Err(code), "{:?}", act);
                    (model.keys, model.expires, model.root) = before;
                }
            }
            let now = day(model.today);
            old_roots_are_out(&chain, &model);
            let trust = chain.clone().in_force(now);
            prop_assert_eq!(trust.is_ok(), model.today < model.expires);
            let Ok(trust) = trust else { continue };
            for seed in [2, 3, 10, 11, 12, 13] {
                let pack = Envelope::sign("application/vnd.in-toto+json", b"x".to_vec(), &[&key(Role::Pack, seed)]);
                let verified = pack.unwrap().verify(&trust, Role::Pack, None, "application/vnd.in-toto+json", now)
                    .map_or_else(|error| error.code(), |_| "ok");
                prop_assert_eq!(verified, model.code_at(seed, model.today), "seed {} after {:?}", seed, act);
            }
        }
    }
}
