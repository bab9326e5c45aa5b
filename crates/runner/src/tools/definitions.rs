//! What the built-in tools are defined as. Packs pin each by its digest: a change of one character
//! is another tool.

use std::{collections::BTreeMap, sync::LazyLock};

use reach_types::{ToolDefinition, ToolId};
use serde_json::{Value, json};

/// Every built-in tool.
pub(super) static ALL: LazyLock<BTreeMap<ToolId, ToolDefinition>> =
    LazyLock::new(|| written().iter().filter_map(read).collect());

/// A definition that cannot be read is a tool that nobody can call; a test sees to it that there is none.
fn read(written: &Value) -> Option<(ToolId, ToolDefinition)> {
    let definition = ToolDefinition::from_json(written.to_string().as_bytes()).ok()?;
    Some((ToolId::parse(definition.name()).ok()?, definition))
}

fn written() -> [Value; 4] {
    [
        json!({
            "name": "digest.files",
            "version": 1,
            "description": "Digests each listed file of the workspace with SHA-256 and BLAKE3.",
            "scope": "workspace:read",
            "arguments": { "files": "list of {path, …}", "skipped": "optional list, passed on" },
            "result": { "files": "list of {path, size, sha256, blake3}", "skipped": "list of {path, reason}" },
        }),
        json!({
            "name": "fs.list",
            "version": 1,
            "description": "Lists the regular files below a directory of the workspace, without what version control ignores.",
            "scope": "workspace:read",
            "arguments": { "path": "a relative directory" },
            "result": { "count": "integer", "files": "list of {path, size}", "skipped": "list of {path, reason}" },
        }),
        json!({
            "name": "fs.write",
            "version": 1,
            "description": "Writes one JSON file into the run's own output directory.",
            "scope": "output:write",
            "arguments": { "path": "a file name", "json": "any value" },
            "result": { "path": "text", "bytes": "integer", "blake3": "hex" },
        }),
        json!({
            "name": "text.search",
            "version": 1,
            "description": "Searches the text files among those listed, line by line, by regular expressions; never returns the text found.",
            "scope": "workspace:read",
            "arguments": { "files": "list of {path, …}", "rules": "list of {id, pattern}", "skipped": "optional list, passed on" },
            "result": { "findings": "list of {path, rule, line}", "skipped": "list of {path, reason}" },
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p19_the_digests_that_packs_have_pinned_stay() {
        let digests: Vec<_> = ALL.iter().map(|(tool, one)| (tool.as_str(), one.digest().to_string())).collect();
        let pinned = [
            ("digest.files", "29c09e56dea7a46be43b494abbf4503dd744ab6f97e0c0ee9b88b7c4df37e348"),
            ("fs.list", "6dacb6c6e0cc0069d9e23c82b1f66431432e3b19717c0d2bf36f5d67fbe87fdc"),
            ("fs.write", "9005ba067992dda7be56ef50f96062b5c36d4c6867df37289d1fdb8fecd20f10"),
            ("text.search", "32a1ea2ba855897d59af834e3bb8953ab64f391aab9e26be6bd9a4337df4f2bf"),
        ];
        assert_eq!(digests, pinned.map(|(tool, digest)| (tool, digest.to_owned())));
        assert_eq!(ALL.len(), written().len());
    }
}
