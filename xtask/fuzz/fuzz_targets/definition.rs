//! Any bytes end in a definition or an error; its canonical text reads back as itself and is no
//! longer than what was read, and every change of it has a class, whose reverse is told the other way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reach_policy::{DriftClass, classify};
use reach_types::{MAX_DEFINITION_BYTES, ToolDefinition};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    // Two definitions, apart by a line feed of which JSON needs none; or one, and a change of it.
    let (first, second) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], Some(&bytes[at..])),
        None => (bytes, None),
    };
    let Ok(old) = ToolDefinition::from_json(first) else { return };
    assert!(old.text().len() <= first.len() && first.len() <= MAX_DEFINITION_BYTES);
    assert_eq!(ToolDefinition::from_json(old.text().as_bytes()).as_ref(), Ok(&old));
    assert!(classify(Some(&old), Some(&old)).is_empty());
    let new = match second {
        Some(second) => ToolDefinition::from_json(second).ok(),
        None => mutated(&old),
    };
    let Some(new) = new else { return };
    let (there, back) = (classify(Some(&old), Some(&new)), classify(Some(&new), Some(&old)));
    assert_eq!(there.is_empty(), old.digest() == new.digest());
    let reversed = back.into_iter().map(|class| match class {
        DriftClass::SchemaWidened => DriftClass::SchemaNarrowed,
        DriftClass::SchemaNarrowed => DriftClass::SchemaWidened,
        same => same,
    });
    assert_eq!(there, reversed.collect());
});

/// The definition without the first member of each object in it.
fn mutated(old: &ToolDefinition) -> Option<ToolDefinition> {
    let mut members = old.members().clone();
    members.iter_mut().filter(|(name, _)| *name != "name").for_each(|(_, value)| drop_first(value));
    ToolDefinition::from_json(Value::Object(members).to_string().as_bytes()).ok()
}

fn drop_first(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let first = members.keys().next().cloned();
            first.map(|name| members.remove(&name));
            members.values_mut().for_each(drop_first);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_first),
        _ => {}
    }
}
