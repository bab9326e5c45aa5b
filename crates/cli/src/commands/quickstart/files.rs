//! The texts that quickstart writes: the example pack, the policy, two requests.

use std::time::Duration;

use reach_runner::{BuiltinTools, ToolHost};
use reach_types::Timestamp;

use crate::commands::registry::tables;

/// Asks for what the pack did not declare and the organization does not grant.
pub(super) const WIDE_REQUEST: &str = r#"{"tools":["fs.list","shell.exec"],"scopes":["workspace:read","network:any"],"models":{"planner":"acme.large-1"}}
"#;
/// What a call is decided for.
pub(super) const PREFLIGHT: &str = r#"{"tools":["fs.list"],"scopes":["workspace:read"]}
"#;
/// What then arrives.
pub(super) const WIDENED: &str = r#"{"tools":["fs.list"],"scopes":["workspace:read","output:write"]}
"#;

pub(super) const PACK_README: &str = "# inventory

Lists a directory tree, digests every file, searches the text files for committed secrets, and
writes `inventory.json`.
";

/// The example pack's manifest, with the tools pinned as this node defines them, and the definitions
/// themselves, so that a later one can be told apart by what changed.
pub(super) fn manifest() -> String {
    let tables = tables(&BuiltinTools::definitions_only().definitions());
    format!("{MANIFEST_HEAD}\n{tables}{MANIFEST_GRAPH}")
}

const MANIFEST_HEAD: &str = r#"schema = "reach-pack/1"
name = "inventory"
version = "1.0.0"
description = "Lists a directory tree, digests every file and searches the text files for committed secrets."
deterministic = true
scopes = ["workspace:read", "output:write"]
files = ["README.md"]
"#;

const MANIFEST_GRAPH: &str = r#"
[spec]
version = "1.0.0"
floor = "1.0.0"

[[spec.features]]
id = "example.unknown"
min = 1
max = 1
critical = false

[[spec.features]]
id = "pack.ustar"
min = 1
max = 1
critical = true

[graph]
start = "list"
max_steps = 8

[[graph.nodes]]
id = "list"
tool = "fs.list"
scopes = ["workspace:read"]
arguments = { path = "." }
next = [{ to = "digest" }]

[[graph.nodes]]
id = "digest"
tool = "digest.files"
scopes = ["workspace:read"]
arguments = { files = { "$from" = "list", pointer = "/files" }, skipped = { "$from" = "list", pointer = "/skipped" } }
next = [{ to = "search" }]

[[graph.nodes]]
id = "search"
tool = "text.search"
scopes = ["workspace:read"]
next = [{ to = "report" }]

[graph.nodes.arguments]
files = { "$from" = "list", pointer = "/files" }
skipped = { "$from" = "digest", pointer = "/skipped" }
rules = [
    { id = "private-key", pattern = '-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----' },
    { id = "aws-access-key-id", pattern = '(^|[^A-Za-z0-9])(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}($|[^A-Za-z0-9])' },
    { id = "google-api-key", pattern = '(^|[^A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}($|[^A-Za-z0-9_-])' },
    { id = "alibaba-access-key-id", pattern = '(^|[^A-Za-z0-9])LTAI[A-Za-z0-9]{20}($|[^A-Za-z0-9])' },
]

[[graph.nodes]]
id = "report"
tool = "fs.write"
scopes = ["output:write"]

[graph.nodes.arguments]
path = "inventory.json"

[graph.nodes.arguments.json]
files = { "$from" = "digest", pointer = "/files" }
findings = { "$from" = "search", pointer = "/findings" }
skipped = { "$from" = "search", pointer = "/skipped" }
"#;

/// The policy, valid for a year from `now`.
pub(super) fn policy(now: Timestamp) -> String {
    let start = Timestamp::from_millis(now.as_millis() / 1000 * 1000);
    let end = start.saturating_add(Duration::from_secs(365 * 86_400));
    format!(
        r#"schema = "reach-policy/1"
name = "quickstart"
version = 1
not_before = "{start}"
expires = "{end}"
tools = ["fs.list", "digest.files", "text.search", "fs.write"]
scopes = ["workspace:read", "output:write"]
require_deterministic = true

[models]
planner = ["acme.small-1"]
"#
    )
}
