//! The files of the workspace, read once, so that every check is a plain function over text.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{error::Error, source::Source};

/// One text file.
pub(crate) struct File {
    /// From the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is written by tools or by people running them, at any depth.
const SKIPPED: &[&str] = &["target", "corpus", "artifacts"];
/// The folders that hold what people wrote; the rest of the root is plain files.
const FOLDERS: &[&str] = &["crates", "xtask", "docs", ".ci", ".cargo"];

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// Every text file under the known folders, and the plain files of the root, sorted by path.
///
/// Other folders of the root are left alone: somebody may have run `reach quickstart` there.
pub(crate) fn read(root: &Path) -> Result<Vec<File>, Error> {
    let mut paths = Vec::new();
    for entry in list(root)? {
        let name = name(&entry);
        if entry.is_file() && name != "Cargo.lock" {
            paths.push(entry);
        } else if FOLDERS.contains(&name.as_str()) {
            walk(&entry, &mut paths)?;
        }
    }
    let mut files = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let relative = path.strip_prefix(root).unwrap_or(&path);
        let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        // What is not text has nothing to check.
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path: parts.join("/"), text });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in list(folder)? {
        let name = name(&entry);
        if entry.is_dir() && !SKIPPED.contains(&name.as_str()) && !entry.is_symlink() {
            walk(&entry, paths)?;
        } else if entry.is_file() && name != "Cargo.lock" {
            paths.push(entry);
        }
    }
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let fail = |source| Error::Read { path: folder.to_path_buf(), source };
    let entries = fs::read_dir(folder).map_err(fail)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(fail)).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The names at the root: those under version control, or where there is none all that `.gitignore`
/// does not name.
pub(crate) fn root_entries(root: &Path) -> Result<BTreeSet<String>, Error> {
    let git = Command::new("git").args(["ls-files"]).current_dir(root).stderr(Stdio::null()).output();
    let tracked = git.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let tops: BTreeSet<_> = tracked.lines().filter_map(|path| path.split('/').next()).map(str::to_owned).collect();
    if !tops.is_empty() {
        return Ok(tops);
    }
    let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let is_ignored = |name: &String| ignored.lines().any(|line| line.strip_prefix('/') == Some(name));
    Ok(list(root)?.iter().map(|path| name(path)).filter(|name| !is_ignored(name)).collect())
}

/// The workspace's own Rust files, each split into code and comments.
pub(crate) fn sources(files: &[File]) -> Vec<(&File, Source)> {
    let rust = files.iter().filter(|file| file.path.ends_with(".rs"));
    rust.map(|file| (file, Source::parse(&file.text))).collect()
}

/// The folder of the crate a path lies in: `types` for `crates/types/src/lib.rs`.
pub(crate) fn crate_folder(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

/// Where the file of `mod name;` stands, as seen from `path`: without its extension.
pub(crate) fn module_stem(path: &str, name: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file.trim_end_matches(".rs") {
        "lib" | "main" | "mod" => format!("{folder}/{name}"),
        stem => format!("{folder}/{stem}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_their_crate() {
        assert_eq!(crate_folder("crates/types/src/lib.rs"), Some("types"));
        assert_eq!(crate_folder("xtask/src/main.rs"), None);
    }

    #[test]
    fn a_module_stands_beside_its_root_or_below_its_parent() {
        assert_eq!(module_stem("crates/a/src/lib.rs", "x"), "crates/a/src/x");
        assert_eq!(module_stem("crates/a/src/b.rs", "x"), "crates/a/src/b/x");
        assert_eq!(module_stem("crates/a/src/b/mod.rs", "x"), "crates/a/src/b/x");
    }

    #[test]
    fn the_tree_holds_this_file_and_no_build_output() {
        let files = read(&root()).unwrap();
        assert!(files.iter().any(|file| file.path == "xtask/src/tree.rs"));
        assert!(!files.iter().any(|file| file.path.contains("/target/")));
    }
}
