//! The manifests: inherited settings, names, and arrows that only go down.

use toml::{Table, Value};

use crate::{
    tidy::Finding,
    tree::{self, File},
};

/// The floor of each crate. A crate may use those on lower floors only; `docs/architecture.md` draws it.
const FLOORS: &[(&str, u8)] = &[
    ("types", 0),
    ("signing", 1),
    ("spec-version", 2),
    ("tlog", 2),
    ("mcp-wire", 2),
    ("pack-integrity", 3),
    ("policy", 3),
    ("mesh-delegation", 3),
    ("replay", 3),
    ("audit-ledger", 3),
    ("runner", 4),
    ("cli", 5),
];

/// What every crate takes from the workspace.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let manifests = files.iter().filter(|file| {
        let parts: Vec<_> = file.path.split('/').collect();
        matches!(parts.as_slice(), ["crates", _, "Cargo.toml"] | ["xtask", "Cargo.toml"])
    });
    manifests.flat_map(manifest).collect()
}

fn manifest(file: &File) -> Vec<Finding> {
    let table: Table = match file.text.parse() {
        Ok(table) => table,
        Err(_) => return vec![Finding::new(&file.path, 0, "not a manifest", "use valid TOML")],
    };
    let mut findings = inheritance(file, &table);
    if let Some(folder) = tree::crate_folder(&file.path) {
        findings.extend(name(file, &table, folder));
        findings.extend(arrows(file, &table, folder));
    }
    findings
}

fn inheritance(file: &File, table: &Table) -> Vec<Finding> {
    let inherits = |section: &str, key: Option<&str>| {
        let value = table.get(section).and_then(|section| key.map_or(Some(section), |key| section.get(key)));
        value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
    };
    let mut findings = Vec::new();
    if !inherits("lints", None) {
        findings.push(Finding::new(&file.path, 0, "own lints", "use `[lints]` with `workspace = true`"));
    }
    for key in INHERITED.iter().filter(|key| !inherits("package", Some(key))) {
        let line = line_of(file, key);
        findings.push(Finding::new(&file.path, line, format!("own `{key}`"), format!("use `{key}.workspace = true`")));
    }
    findings
}

fn name(file: &File, table: &Table, folder: &str) -> Option<Finding> {
    let name = table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str).unwrap_or_default();
    let wanted = format!("reach-{folder}");
    let what = format!("the crate in `{folder}` is named `{name}`");
    (name != wanted).then(|| Finding::new(&file.path, line_of(file, "name"), what, format!("use `{wanted}` instead")))
}

fn arrows(file: &File, table: &Table, folder: &str) -> Vec<Finding> {
    let Some(own) = floor(folder) else {
        let instead = "give it one in `FLOORS` of xtask's tidy, and draw it in `docs/architecture.md`";
        return vec![Finding::new(&file.path, 0, "a crate without a floor", instead)];
    };
    let mut findings = Vec::new();
    for (section, name) in dependencies(table) {
        let line = line_of(file, &name);
        if name == "xtask" {
            findings.push(Finding::new(&file.path, line, "uses `xtask`", "nothing may know the tasks"));
        }
        let Some(other) = name.strip_prefix("reach-") else { continue };
        let what = match floor(other) {
            Some(floor) if floor < own => continue,
            Some(floor) => format!("[{section}] {name}: an arrow from floor {own} to floor {floor}"),
            None => format!("[{section}] {name}: no crate with a floor"),
        };
        findings.push(Finding::new(&file.path, line, what, "use a type of a lower floor, and compose in the runner"));
    }
    findings
}

fn floor(folder: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == folder).map(|(_, floor)| *floor)
}

/// Every dependency as (section, package), those for one target only included.
fn dependencies(table: &Table) -> Vec<(&'static str, String)> {
    let targets = table.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables: Vec<_> = std::iter::once(table).chain(targets.filter_map(Value::as_table)).collect();
    let mut found = Vec::new();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for entries in tables.iter().filter_map(|table| table.get(section)?.as_table()) {
            let package = |(key, value): (&String, &Value)| {
                let renamed = value.get("package").and_then(Value::as_str);
                (section, renamed.unwrap_or(key).to_owned())
            };
            found.extend(entries.iter().map(package));
        }
    }
    found
}

fn line_of(file: &File, key: &str) -> usize {
    let starts = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    file.text.lines().position(starts).map_or(0, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "version.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n\
                        license.workspace = true\npublish.workspace = true\n[lints]\nworkspace = true\n";

    fn whats(folder: &str, rest: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"reach-{folder}\"\n{HEAD}{rest}");
        whats_of(folder, text)
    }

    fn whats_of(folder: &str, text: String) -> Vec<String> {
        let file = File { path: format!("crates/{folder}/Cargo.toml"), text };
        check(&[file]).into_iter().map(|f| f.what).collect()
    }

    #[test]
    fn arrows_go_down_only() {
        assert_eq!(whats("policy", "[dependencies]\nreach-types.workspace = true\n"), [""; 0]);
        let up = "[dependencies]\nreach-runner.workspace = true\n";
        assert_eq!(whats("policy", up), ["[dependencies] reach-runner: an arrow from floor 3 to floor 4"]);
        let beside = "[dev-dependencies]\nreach-replay.workspace = true\n";
        assert_eq!(whats("policy", beside), ["[dev-dependencies] reach-replay: an arrow from floor 3 to floor 3"]);
        assert_eq!(whats("runner", "[dev-dependencies]\nreach-replay.workspace = true\n"), [""; 0]);
    }

    #[test]
    fn renamed_and_target_dependencies_are_seen() {
        let renamed = "[dependencies]\nx = { package = \"reach-cli\", path = \"../cli\" }\n";
        assert_eq!(whats("policy", renamed), ["[dependencies] reach-cli: an arrow from floor 3 to floor 5"]);
        let target = "[target.'cfg(unix)'.build-dependencies]\nreach-tlog.workspace = true\n";
        assert_eq!(whats("signing", target), ["[build-dependencies] reach-tlog: an arrow from floor 1 to floor 2"]);
        assert_eq!(whats("signing", "[dependencies]\nxtask = { path = \"../../xtask\" }\n"), ["uses `xtask`"]);
    }

    #[test]
    fn every_crate_has_a_floor_and_the_name_of_its_folder() {
        assert_eq!(whats("attic", ""), ["a crate without a floor"]);
        assert_eq!(
            whats("types", "[dependencies]\nreach-attic.workspace = true\n"),
            ["[dependencies] reach-attic: no crate with a floor"]
        );
        let other = format!("[package]\nname = \"reach-kinds\"\n{HEAD}");
        assert_eq!(whats_of("types", other), ["the crate in `types` is named `reach-kinds`"]);
    }

    #[test]
    fn settings_are_inherited() {
        let own = format!("[package]\nname = \"reach-types\"\n{HEAD}")
            .replace("edition.workspace = true", "edition = \"2021\"");
        assert_eq!(whats_of("types", own), ["own `edition`"]);
        let lints =
            format!("[package]\nname = \"reach-types\"\n{HEAD}").replace("workspace = true\n", "workspace = false\n");
        assert!(whats_of("types", lints).contains(&"own lints".to_owned()));
        assert_eq!(whats_of("types", "[package".to_owned()), ["not a manifest"]);
    }
}
