//! Where things stand: the root, each crate's README, and no file that nothing names.

use std::collections::BTreeSet;

use crate::{
    source::Source,
    tidy::Finding,
    tree::{self, File},
};

/// What the root may hold, beside licence files and dot-files.
const ROOT: &[&str] =
    &["Cargo.toml", "Cargo.lock", "README.md", "crates", "deny.toml", "docs", "rust-toolchain.toml", "xtask"];

/// The headings of every crate's README, in this order.
const HEADINGS: &[&str] = &["## In scope", "## Out of scope, and who does it", "## Limits", "## Trust", "## Features"];

pub(crate) fn check_root(entries: &BTreeSet<String>) -> Vec<Finding> {
    let allowed =
        |name: &str| ROOT.contains(&name) || name.starts_with('.') || name.to_uppercase().starts_with("LICENSE");
    let strangers = entries.iter().filter(|name| !allowed(name));
    strangers
        .map(|name| Finding::new(name, 0, "stands at the root", "use `docs/`, a dot-file or a crate instead"))
        .collect()
}

pub(crate) fn check(files: &[File], sources: &[(&File, Source)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folders: BTreeSet<_> = files.iter().filter_map(|file| tree::crate_folder(&file.path)).collect();
    for folder in folders {
        findings.extend(readme(files, folder));
    }
    let named = named_modules(sources);
    for (file, _) in sources {
        findings.extend(unwired(&file.path, &named));
        findings.extend(second_binary(&file.path));
    }
    findings
}

fn readme(files: &[File], folder: &str) -> Vec<Finding> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let (path, lib) = (format!("crates/{folder}/README.md"), format!("crates/{folder}/src/lib.rs"));
    let mut findings = Vec::new();
    let include = "#![doc = include_str!(\"../README.md\")]";
    if !text(&lib).is_some_and(|lib| lib.starts_with(include)) {
        let instead = format!("use `{include}` as the first line");
        findings.push(Finding::new(&lib, 1, "the crate's docs are not its README", instead));
    }
    let Some(text) = text(&path) else {
        findings.push(Finding::new(&path, 0, "no README", "write one; it is the crate's documentation"));
        return findings;
    };
    let found: Vec<_> = text.lines().filter(|line| line.starts_with("## ")).collect();
    let missing: Vec<_> = HEADINGS.iter().filter(|heading| !found.contains(heading)).collect();
    for heading in &missing {
        findings.push(Finding::new(&path, 0, format!("no heading `{heading}`"), "add the section"));
    }
    let ours: Vec<_> = found.iter().filter(|heading| HEADINGS.contains(heading)).collect();
    if missing.is_empty() && !ours.into_iter().eq(HEADINGS) {
        let instead = format!("use {} instead", HEADINGS.join(", "));
        findings.push(Finding::new(&path, 0, "headings in another order or twice", instead));
    }
    findings
}

/// The stems of every file that some `mod name;` names.
fn named_modules(sources: &[(&File, Source)]) -> BTreeSet<String> {
    let modules = sources
        .iter()
        .flat_map(|(file, source)| source.modules().map(|module| tree::module_stem(&file.path, module.name)));
    modules.collect()
}

/// A file that no `mod` names is never compiled, and its tests never run.
fn unwired(path: &str, named: &BTreeSet<String>) -> Option<Finding> {
    let inside = path.split_once("/src/").or_else(|| path.split_once("/tests/suite/"))?.1;
    if matches!(inside, "lib.rs" | "main.rs") || inside.starts_with("bin/") {
        return None;
    }
    let stem = path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix(".rs")).unwrap_or(path);
    let instead = "use `mod` in its parent to wire it in, or remove it";
    (!named.contains(stem)).then(|| Finding::new(path, 0, "a file that no `mod` names", instead))
}

/// Every file straight in `tests/` is linked as a program of its own, which costs time.
fn second_binary(path: &str) -> Option<Finding> {
    // A folder of tests below `src` is made of modules.
    let (before, inside) = path.split_once("/tests/").filter(|(before, _)| !before.contains("/src"))?;
    let instead = "use a module of `tests/suite/main.rs` instead";
    (tree::crate_folder(before).is_some() && !inside.contains('/'))
        .then(|| Finding::new(path, 0, "a test program of its own", instead))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INCLUDE: &str = "#![doc = include_str!(\"../README.md\")]\n";

    fn whats(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(path, text)| File { path: path.to_string(), text: text.to_string() }).collect();
        check(&files, &tree::sources(&files)).iter().map(|f| format!("{}: {}", f.path, f.what)).collect()
    }

    #[test]
    fn the_root_holds_only_what_it_may() {
        let entries = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let good = entries(&["Cargo.toml", "crates", "LICENSE-MIT", ".ci", ".gitignore", "docs"]);
        assert_eq!(check_root(&good), []);
        let bad = check_root(&entries(&["Cargo.toml", "scripts", "CHANGELOG.md"]));
        assert_eq!(bad.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["CHANGELOG.md", "scripts"]);
    }

    #[test]
    fn a_readme_has_every_heading_once_and_in_order() {
        let lib = ("crates/a/src/lib.rs", INCLUDE);
        let good = HEADINGS.join("\ntext\n");
        assert_eq!(whats(&[lib, ("crates/a/README.md", &format!("# A\n## Example\n{good}\n"))]), [""; 0]);
        assert_eq!(whats(&[lib]), ["crates/a/README.md: no README"]);
        let missing = good.replace("## Trust", "### Trust");
        assert_eq!(whats(&[lib, ("crates/a/README.md", &missing)]), ["crates/a/README.md: no heading `## Trust`"]);
        let twice = format!("{good}\n## Limits\n");
        let order = "crates/a/README.md: headings in another order or twice";
        assert_eq!(whats(&[lib, ("crates/a/README.md", &twice)]), [order]);
    }

    #[test]
    fn a_library_shows_its_readme() {
        let readme = ("crates/a/README.md", HEADINGS.join("\n"));
        let found = whats(&[("crates/a/src/lib.rs", "//! Other docs.\n"), (readme.0, &readme.1)]);
        assert_eq!(found, ["crates/a/src/lib.rs: the crate's docs are not its README"]);
    }

    #[test]
    fn a_file_that_nothing_names_is_found() {
        let main = ("xtask/tests/suite/main.rs", "#[cfg(test)]\nmod wired;\n");
        assert_eq!(
            whats(&[main, ("xtask/tests/suite/wired.rs", "mod deep;"), ("xtask/tests/suite/wired/deep.rs", "")]),
            [""; 0]
        );
        assert_eq!(
            whats(&[main, ("xtask/tests/suite/lost.rs", ""), ("xtask/src/lost/mod.rs", "")]),
            [
                "xtask/tests/suite/lost.rs: a file that no `mod` names",
                "xtask/src/lost/mod.rs: a file that no `mod` names"
            ]
        );
    }

    #[test]
    fn a_crate_has_one_test_program() {
        assert!(second_binary("crates/a/tests/other.rs").is_some());
        assert!(second_binary("crates/a/tests/suite/other.rs").is_none());
        assert!(second_binary("crates/a/src/tests.rs").is_none());
        assert!(second_binary("crates/a/src/tests/other.rs").is_none());
    }
}
