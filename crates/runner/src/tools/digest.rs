//! `digest.files`: SHA-256 and BLAKE3 of each listed file, in one pass over it.

use std::io::Read;

use reach_types::{Blake3Digest, Sha256Digest};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Progress, ToolError,
    builtin::Workspace,
    list::{MAX_FILES, Skipped, inside},
};

const TOOL: &str = "digest.files";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    files: Vec<Named>,
    #[serde(default)]
    skipped: Vec<Skipped>,
}

/// Any listed file: further fields are whatever the step that listed it knew.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) path: String,
}

#[derive(Serialize)]
struct Digested {
    path: String,
    size: u64,
    sha256: Sha256Digest,
    blake3: Blake3Digest,
}

pub(super) fn run(workspace: &Workspace, arguments: Arguments, progress: Progress<'_>) -> Result<Value, ToolError> {
    let mut skipped = arguments.skipped;
    let total = arguments.files.len();
    if total > MAX_FILES {
        return Err(ToolError::Limit { tool: TOOL, limit: MAX_FILES, what: "files" });
    }
    let mut files = Vec::with_capacity(total);
    let mut buffer = vec![0; 256 * 1024];
    for (done, Named { path }) in arguments.files.into_iter().enumerate() {
        inside(TOOL, &path)?;
        match digest(workspace, &path, &mut buffer) {
            Ok((size, sha256, blake3)) => files.push(Digested { path, size, sha256, blake3 }),
            Err(_) => skipped.push(Skipped::new(&path, "unreadable")),
        }
        progress(u64::try_from(done).unwrap_or(u64::MAX), u64::try_from(total).ok());
    }
    skipped.sort();
    Ok(json!({ "files": files, "skipped": skipped }))
}

fn digest(workspace: &Workspace, path: &str, buffer: &mut [u8]) -> std::io::Result<(u64, Sha256Digest, Blake3Digest)> {
    let mut file = workspace.open_regular(path)?;
    let mut sha256 = Context::new(&SHA256);
    let mut blake3 = blake3::Hasher::new();
    let mut size = 0;
    loop {
        let count = file.read(buffer)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        sha256.update(part);
        blake3.update(part);
        size += u64::try_from(count).unwrap_or_default();
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(sha256.finish().as_ref());
    Ok((size, Sha256Digest::from_bytes(bytes), Blake3Digest::from_bytes(*blake3.finalize().as_bytes())))
}
