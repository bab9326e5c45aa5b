//! `fs.write`: one JSON file into the run's own output directory, whole or not at all.

use std::io::Write;

use cap_std::fs::OpenOptions;
use reach_types::Blake3Digest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ToolError, builtin::Workspace, list::inside};

const TOOL: &str = "fs.write";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    path: String,
    json: Value,
}

pub(super) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<Value, ToolError> {
    let name = arguments.path.as_str();
    inside(TOOL, name)?;
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(ToolError::Arguments {
            tool: TOOL,
            detail: "`path` is one file name that does not begin with `.`".to_owned(),
        });
    }
    let mut text = serde_json::to_string_pretty(&arguments.json).map_err(|e| io(&e))?;
    text.push('\n');
    place(workspace, name, text.as_bytes()).map_err(|e| io(&e))?;
    Ok(json!({ "path": name, "bytes": text.len(), "blake3": Blake3Digest::of(text.as_bytes()) }))
}

fn place(workspace: &Workspace, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = format!(".{name}.tmp");
    let mut file = workspace.write.open_with(&temporary, OpenOptions::new().write(true).create(true).truncate(true))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    workspace.write.rename(&temporary, &workspace.write, name)
}

fn io(error: &dyn std::fmt::Display) -> ToolError {
    ToolError::Io { tool: TOOL, detail: error.to_string() }
}
