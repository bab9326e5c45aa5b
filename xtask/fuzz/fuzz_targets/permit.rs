//! Any bytes end in a permit or an error, and nothing is spent by those that are none. What the node
//! itself sealed opens only as the bytes that it would seal again, and is redeemed once.
#![no_main]

use std::cell::Cell;

use libfuzzer_sys::fuzz_target;
use reach_policy::{
    Binding, ExactCall, MAX_PERMIT_TOKEN_BYTES, MemoryRedemptions, Mode, OpenedPermit, PermitKey, PermitToken,
    RedeemError, RedemptionError, RedemptionStore, Spending,
};
use reach_types::{
    Blake3Digest, Code, NodeId, RunId, Sha256Digest, TenantId, Timestamp, ToolCall, ToolId, fold_length_prefixed,
};

const SECRET: [u8; 32] = [5; 32];
const NOW: Timestamp = Timestamp::from_millis(0);

/// Counts how often it was asked.
struct Counting(Cell<u32>);

impl RedemptionStore for Counting {
    fn spend(&self, _: &Blake3Digest, _: Timestamp, _: Timestamp) -> Result<Spending, RedemptionError> {
        self.0.set(self.0.get() + 1);
        Ok(Spending::Fresh)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some(actual) = some_call() else { return };
    let (key, store) = (PermitKey::derive(&SECRET), Counting(Cell::new(0)));
    // Nobody makes a MAC by chance.
    let refused = PermitToken::redeem(bytes, &key, &actual, Ok(()), NOW, &store);
    assert!(refused.is_err_and(|error| coded(&error)));
    // As if the node had sealed these bytes, so that what comes after the MAC is reached.
    let sealed = [bytes, blake3::keyed_hash(&mac_key(), bytes).as_bytes()].concat();
    match PermitToken::parse(&sealed).and_then(|token| token.open(&key)) {
        Ok(opened) => {
            assert!(sealed.len() <= MAX_PERMIT_TOKEN_BYTES);
            another_call(&opened, &actual, &store);
            once(&opened);
        }
        Err(error) => assert!(matches!(error, RedeemError::Malformed { .. }) && coded(&error)),
    }
    assert_eq!(store.0.get(), 0);
});

fn coded(error: &RedeemError) -> bool {
    ![0, 70].contains(&error.class().exit_code())
}

/// It is for no other call than its own.
fn another_call(opened: &OpenedPermit, actual: &Binding, store: &Counting) {
    if opened.binding() != actual {
        assert!(opened.redeem(actual, Ok(()), NOW, store).is_err());
    }
}

fn once(opened: &OpenedPermit) {
    let table = MemoryRedemptions::bounded(1);
    let first = opened.redeem(opened.binding(), Ok(()), NOW, &table);
    assert_eq!(first.is_ok(), opened.expires() > NOW);
    assert!(opened.redeem(opened.binding(), Ok(()), NOW, &table).is_err());
}

fn mac_key() -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("reach 2026 permit key v1");
    fold_length_prefixed(&mut hasher, &[&SECRET]);
    *hasher.finalize().as_bytes()
}

fn some_call() -> Option<Binding> {
    let digest = Blake3Digest::from_bytes([1; 32]);
    let call = ToolCall { tool: ToolId::parse("a").ok()?, scopes: [].into(), arguments: Vec::new() };
    Some(Binding {
        run: RunId(digest),
        index: 0,
        node: NodeId(Sha256Digest::from_bytes([1; 32])),
        tenant: TenantId::parse("a").ok()?,
        host: digest,
        definition: digest,
        call: ExactCall::of(&call),
        pack: digest,
        bundle: digest,
        chain: None,
        mode: Mode::Enforce,
    })
}
