//! The tools of a node as tables that a pack's author copies into `pack.toml`.

use std::collections::BTreeMap;

use reach_types::{ToolDefinition, ToolId};

/// `[tools]` and `[definitions]` of a manifest: what each tool is pinned to, and its definition.
pub(crate) fn tables(definitions: &BTreeMap<ToolId, ToolDefinition>) -> String {
    let pins = definitions.iter().map(|(tool, one)| format!("\"{tool}\" = \"{}\"\n", one.digest()));
    let texts = definitions.iter().map(|(tool, one)| format!("\"{tool}\" = {}\n", quoted(one.text())));
    format!("[tools]\n{}\n[definitions]\n{}", pins.collect::<String>(), texts.collect::<String>())
}

/// A TOML string of this text on one line: as it stands where TOML can hold it so, escaped where
/// it cannot.
fn quoted(json: &str) -> String {
    // Compact JSON holds no control character but this one, and ends in a brace.
    let literal = !json.contains('\u{7f}');
    if literal && !json.contains('\'') {
        format!("'{json}'")
    } else if literal && !json.contains("'''") {
        format!("'''{json}'''")
    } else {
        // What JSON escapes, TOML escapes the same way.
        serde_json::Value::from(json).to_string().replace('\u{7f}', "\\u007f")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_stands_in_a_manifest_as_it_is() {
        let tool = |text: &str| ToolDefinition::from_json(text.as_bytes()).unwrap();
        assert_eq!(quoted(r#"{"name":"x"}"#), r#"'{"name":"x"}'"#);
        assert_eq!(quoted(r#"{"name":"x's"}"#), r#"'''{"name":"x's"}'''"#);
        let hard = "{\"name\":\"a'''b\\n\\\"\\u0001\u{7f}\u{e9}\"}";
        assert_eq!(quoted(hard), "\"{\\\"name\\\":\\\"a'''b\\\\n\\\\\\\"\\\\u0001\\u007f\u{e9}\\\"}\"");
        let known = [(ToolId::parse("a.b").unwrap(), tool(r#"{"name":"x"}"#))].into();
        let digest = tool(r#"{"name":"x"}"#).digest().to_string();
        let expected = format!("[tools]\n\"a.b\" = \"{digest}\"\n\n[definitions]\n\"a.b\" = '{{\"name\":\"x\"}}'\n");
        assert_eq!(tables(&known), expected);
    }
}
