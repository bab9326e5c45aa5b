//! Every class from definitions that differ in it, and schemas against a validator.

mod classes;
mod model;
mod report;

use reach_types::ToolDefinition;
use serde_json::Value;

fn definition(value: &Value) -> ToolDefinition {
    ToolDefinition::from_json(value.to_string().as_bytes()).unwrap()
}

/// The classes in words.
fn told(old: &Value, new: &Value) -> String {
    super::words(&super::classify(Some(&definition(old)), Some(&definition(new))))
}
