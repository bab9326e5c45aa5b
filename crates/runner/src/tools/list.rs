//! `fs.list`: the regular files below a directory, sorted, with what was skipped and why.

use std::path::{Component, Path};

use ignore::{DirEntry, WalkBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Progress, ToolError, builtin::Workspace, tracked::tracked};

const TOOL: &str = "fs.list";
/// The most files of one listing: with their digests they still fit in one frame of a run log.
pub(super) const MAX_FILES: usize = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    path: String,
}

/// A file, as listings name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) path: String,
    pub(super) size: u64,
}

/// Something that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Skipped {
    pub(super) path: String,
    pub(super) reason: String,
}

impl Skipped {
    pub(super) fn new(path: &str, reason: &str) -> Self {
        Self { path: path.to_owned(), reason: reason.to_owned() }
    }
}

/// Refuses every path that is absolute or climbs; for contents the capability would stop it too.
pub(super) fn inside(tool: &'static str, path: &str) -> Result<(), ToolError> {
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if Path::new(path).components().all(plain) { Ok(()) } else { Err(ToolError::Escape { tool }) }
}

pub(super) fn run(workspace: &Workspace, arguments: &Arguments, progress: Progress<'_>) -> Result<Value, ToolError> {
    inside(TOOL, &arguments.path)?;
    // The walk begins by path: a link on the way there would lead it out.
    if !workspace.is_plain(&arguments.path) {
        return Err(ToolError::Escape { tool: TOOL });
    }
    let start = workspace.root.join(&arguments.path);
    let mut files = Vec::new();
    let mut skipped = Vec::new();
    for entry in walker(workspace, &start).build() {
        match entry {
            Ok(entry) => sort_in(workspace, &entry, &mut files, &mut skipped),
            Err(error) => skipped.push(unreadable(workspace, &error)),
        }
        if files.len().max(skipped.len()) > MAX_FILES {
            return Err(ToolError::Limit { tool: TOOL, limit: MAX_FILES, what: "files" });
        }
        progress(u64::try_from(files.len()).unwrap_or(u64::MAX), None);
    }
    add_tracked(workspace, &arguments.path, &mut files, &mut skipped);
    files.sort();
    files.dedup_by(|a, b| a.path == b.path);
    skipped.sort();
    Ok(json!({ "count": files.len(), "files": files, "skipped": skipped }))
}

/// A pattern does not make git ignore a file that was added all the same.
fn add_tracked(workspace: &Workspace, start: &str, files: &mut Vec<Listed>, skipped: &mut Vec<Skipped>) {
    let paths = match tracked(&workspace.root) {
        Ok(paths) => paths,
        Err(fault) => return skipped.push(Skipped::new(".git/index", fault.reason())),
    };
    let start = workspace.root.join(start);
    for path in paths {
        let place = workspace.root.join(&path);
        let excluded = workspace.exclude.iter().any(|excluded| place.starts_with(excluded));
        if excluded || !place.starts_with(&start) || inside(TOOL, &path).is_err() {
            continue;
        }
        // A tracked file that was deleted, or replaced by something else, is not there to be listed.
        if let Ok(meta) = workspace.read.symlink_metadata(&path)
            && meta.is_file()
        {
            files.push(Listed { path, size: meta.len() });
        }
    }
}

/// What version control ignores is left out; hidden files are not. Only git's own files count.
fn walker(workspace: &Workspace, start: &Path) -> WalkBuilder {
    let exclude = workspace.exclude.clone();
    let mut builder = WalkBuilder::new(start);
    builder.hidden(false).ignore(false).follow_links(false).require_git(true);
    builder.filter_entry(move |entry| entry.file_name() != ".git" && !exclude.iter().any(|path| path == entry.path()));
    builder
}

fn sort_in(workspace: &Workspace, entry: &DirEntry, files: &mut Vec<Listed>, skipped: &mut Vec<Skipped>) {
    let kind = entry.file_type();
    if kind.is_some_and(|kind| kind.is_dir()) {
        return;
    }
    let (path, odd) = relative(workspace, entry.path());
    let regular = kind.is_some_and(|kind| kind.is_file());
    if odd {
        skipped.push(Skipped { path, reason: "name_not_utf8".to_owned() });
    } else if !regular {
        let reason = if entry.path_is_symlink() { "symlink" } else { "not_a_regular_file" };
        skipped.push(Skipped { path, reason: reason.to_owned() });
    } else {
        match entry.metadata() {
            Ok(meta) => files.push(Listed { path, size: meta.len() }),
            Err(_) => skipped.push(Skipped { path, reason: "unreadable".to_owned() }),
        }
    }
}

/// The path below the root with `/`, and whether it had to be changed to be text.
fn relative(workspace: &Workspace, path: &Path) -> (String, bool) {
    let below = path.strip_prefix(&workspace.root).unwrap_or(path);
    match below.to_str() {
        Some(text) => (text.to_owned(), false),
        None => (below.to_string_lossy().into_owned(), true),
    }
}

fn unreadable(workspace: &Workspace, error: &ignore::Error) -> Skipped {
    let path = path_of(error).map_or_else(String::new, |path| relative(workspace, path).0);
    Skipped { path, reason: "unreadable".to_owned() }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}
