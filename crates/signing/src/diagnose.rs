//! Which of our own rules a trust document breaks that is not even of its shape.
//!
//! It is refused already; this only finds the words. The reader of JSON knows types, not why a text
//! is no key.

use data_encoding::HEXLOWER;
use reach_types::{JsonLimits, Timestamp, read_json_value};
use serde_json::Value;

use crate::{KeyError, MAX_TRUST_BYTES, PublicKey, Role, TrustError, pem};

/// The members that are dates, wherever they stand.
const DATES: [&str; 6] = ["created", "expires", "not_before", "not_after", "retired", "since"];

/// The first rule that `payload` breaks in a key, a threshold or a date.
pub(crate) fn diagnose(payload: &[u8]) -> Option<TrustError> {
    let document = read_json_value(payload, JsonLimits::bytes(MAX_TRUST_BYTES)).ok()?;
    let signers: Vec<&Value> = document.get("signers").and_then(Value::as_array).into_iter().flatten().collect();
    let key = signers.iter().flat_map(|signer| keys(signer)).find_map(|key| wrong_key(key.get("public")?.as_str()?));
    let mut thresholds = document.get("thresholds").and_then(Value::as_object).into_iter().flatten();
    let threshold = || thresholds.find_map(|(role, number)| wrong_threshold(role, number, &signers));
    key.map(TrustError::Key).or_else(threshold).or_else(|| wrong_date(&document).then_some(TrustError::Dates))
}

fn keys(signer: &Value) -> impl Iterator<Item = &Value> {
    signer.get("keys").and_then(Value::as_array).into_iter().flatten()
}

fn wrong_key(text: &str) -> Option<KeyError> {
    if pem::holds_private_key(text.as_bytes()) {
        return Some(KeyError::PrivateKey);
    }
    match HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        Some(bytes) => PublicKey::from_bytes(bytes).err(),
        None => Some(KeyError::Format { expected: "64 lower-case hex characters" }),
    }
}

fn wrong_threshold(name: &str, number: &Value, signers: &[&Value]) -> Option<TrustError> {
    let (role, required) = (Role::parse(name).ok()?, number.as_i64()?);
    let holds = |signer: &&&Value| keys(signer).any(|key| key.get("role").and_then(Value::as_str) == Some(name));
    let available = signers.iter().filter(holds).count();
    u32::try_from(required).is_err().then_some(TrustError::BadThreshold { role, required, available })
}

fn wrong_date(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(wrong_date),
        Value::Object(members) => members.iter().any(|(name, value)| match value {
            Value::String(text) if DATES.contains(&name.as_str()) => Timestamp::parse(text).is_err(),
            value => wrong_date(value),
        }),
        _ => false,
    }
}
