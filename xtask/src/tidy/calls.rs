//! Calls that only the runner, the command line and the tasks may make, and macros that nobody may.

use crate::{
    source::{self, Source},
    tidy::Finding,
    tree::{self, File},
};

/// What code below the runner may not call, and what it does instead.
const FORBIDDEN: &[(&str, &str)] = &[
    ("SystemTime::now", "take `now: Timestamp` as an argument; use it instead"),
    ("Instant::now", "take the time as an argument; use it instead"),
    ("std::env", "use an argument instead; the runner reads the environment in one place"),
    ("println!", "use a return value instead; the cli prints"),
    ("print!", "use a return value instead; the cli prints"),
    ("eprintln!", "use an error with a code instead; the cli prints"),
    ("eprint!", "use an error with a code instead; the cli prints"),
    ("std::process", "use a trait that the runner implements instead"),
    ("thread::sleep", "use a deadline argument instead; the runner waits"),
    ("std::fs", "use bytes, `Read + Seek` or a store trait instead; the runner opens files"),
];

/// Macros that must not stay.
const LEFTOVERS: &[(&str, &str)] = &[
    ("todo!", "finish it, or use an error with a code instead"),
    ("unimplemented!", "finish it, or use an error with a code instead"),
    ("dbg!", "remove it; use an assertion in a test instead"),
];

pub(crate) fn check(sources: &[(&File, Source)]) -> Vec<Finding> {
    let only_tests = test_modules(sources);
    let mut findings = Vec::new();
    for (file, source) in sources {
        let in_tests = file.path.contains("/tests/") || only_tests.iter().any(|stem| below(&file.path, stem));
        if !in_tests {
            findings.extend(forbidden(&file.path, source));
        }
        findings.extend(leftovers(&file.path, source));
        findings.extend(attributes(&file.path, source));
    }
    findings
}

/// The stems of all `#[cfg(test)] mod name;`.
fn test_modules(sources: &[(&File, Source)]) -> Vec<String> {
    let modules = sources.iter().flat_map(|(file, source)| {
        source.modules().filter(|module| module.test).map(|module| tree::module_stem(&file.path, module.name))
    });
    modules.collect()
}

fn below(path: &str, stem: &str) -> bool {
    path.strip_prefix(stem).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn forbidden(path: &str, source: &Source) -> Vec<Finding> {
    let Some(folder) = tree::crate_folder(path) else { return Vec::new() };
    if matches!(folder, "runner" | "cli") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (call, instead) in FORBIDDEN {
        // The ledger's store is the one file that a surface opens by itself.
        if *call == "std::fs" && folder == "audit-ledger" {
            continue;
        }
        for at in source::words(&source.code, call).chain(grouped(&source.code, call)) {
            if !source.is_test(at) {
                let line = source::line_of(&source.code, at);
                findings.push(Finding::new(path, line, format!("`{call}` below the runner"), *instead));
            }
        }
    }
    findings
}

/// Where `std::{…}` names the module of `call` as one of its parts.
fn grouped<'a>(code: &'a str, call: &'a str) -> impl Iterator<Item = usize> + 'a {
    let module = call.strip_prefix("std::");
    code.match_indices("std::{").filter_map(move |(at, _)| {
        let group = code.get(at..)?;
        let group = group.get(..source::matching(group, '{', '}')?)?;
        top_level(group).any(|part| Some(part) == module).then_some(at)
    })
}

/// The first identifier of each part of `std::{a, b::c, d::{e, f}}`.
fn top_level(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let starts = group.char_indices().filter_map(move |(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 1 && matches!(c, '{' | ',')).then_some(at + 1)
    });
    starts.filter_map(|at| source::identifier(group.get(at..)?.trim_start()))
}

fn leftovers(path: &str, source: &Source) -> Vec<Finding> {
    let hits = LEFTOVERS.iter().flat_map(|(name, instead)| {
        source::words(&source.code, name).map(move |at| (source::line_of(&source.code, at), name, instead))
    });
    hits.map(|(line, name, instead)| Finding::new(path, line, format!("`{name}`"), *instead)).collect()
}

fn attributes(path: &str, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for attribute in ["#[allow(", "#![allow("] {
        for (at, _) in source.code.match_indices(attribute) {
            let text = source.code.get(at..).unwrap_or_default();
            let text = source::matching(text, '[', ']').and_then(|end| text.get(..end)).unwrap_or(text);
            if source::words(text, "reason").next().is_none() {
                let line = source::line_of(&source.code, at);
                let instead = "use `#[expect(…, reason = \"…\")]` instead";
                findings.push(Finding::new(path, line, "`allow` without a reason", instead));
            }
        }
    }
    for at in source::words(&source.code, "#[ignore") {
        let line = source::line_of(&source.code, at);
        findings.push(Finding::new(path, line, "an ignored test", "use a test that asserts today's answer instead"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(path, text)| File { path: path.to_string(), text: text.to_string() }).collect();
        check(&tree::sources(&files)).iter().map(|f| format!("{}:{}", f.line, f.what)).collect()
    }

    #[test]
    fn each_forbidden_call_is_caught_below_the_runner_only() {
        for (call, _) in FORBIDDEN {
            let text = format!("\nfn f() {{ {call}(); }}\n");
            let found = whats(&[("crates/policy/src/lib.rs", &text)]);
            assert!(found.contains(&format!("2:`{call}` below the runner")), "{call}: {found:?}");
            for place in ["crates/runner/src/lib.rs", "crates/cli/src/main.rs", "crates/policy/tests/suite/main.rs"] {
                assert_eq!(whats(&[(place, &text)]), [""; 0], "{place}");
            }
        }
    }

    #[test]
    fn near_misses_of_forbidden_calls_pass() {
        let text = "// SystemTime::now\nconst A: &str = \"std::env println!\";\nfn my_println() { std::environment() }\n\
                    #[cfg(test)]\nmod tests { fn f() { std::env::temp_dir(); } }\n";
        assert_eq!(whats(&[("crates/policy/src/lib.rs", text)]), [""; 0]);
        assert_eq!(whats(&[("crates/audit-ledger/src/lib.rs", "use std::fs;")]), [""; 0]);
    }

    #[test]
    fn grouped_imports_are_seen_through() {
        let found = whats(&[("crates/policy/src/lib.rs", "use std::{fmt, env::var, io::{self, process}};")]);
        assert_eq!(found, ["1:`std::env` below the runner"]);
    }

    #[test]
    fn a_test_module_in_its_own_file_is_test_code() {
        let declared = ("crates/policy/src/gate.rs", "#[cfg(test)]\nmod tests;\n");
        assert_eq!(whats(&[declared, ("crates/policy/src/gate/tests.rs", "use std::env;")]), [""; 0]);
        let declared = ("crates/policy/src/gate.rs", "mod tests;\n");
        assert_eq!(whats(&[declared, ("crates/policy/src/gate/tests.rs", "use std::env;")]).len(), 1);
    }

    #[test]
    fn leftover_macros_are_caught_in_tests_too() {
        for (name, _) in LEFTOVERS {
            let text = format!("#[cfg(test)]\nmod tests {{ fn f() {{ {name}() }} }}\n");
            assert_eq!(whats(&[("crates/cli/src/main.rs", &text)]), [format!("2:`{name}`")]);
        }
        assert_eq!(whats(&[("crates/cli/src/main.rs", "fn f() { my_todo!(); todo(); \"dbg!\"; }")]), [""; 0]);
    }

    #[test]
    fn an_allow_needs_a_reason_and_no_test_is_ignored() {
        let path = "crates/types/src/lib.rs";
        assert_eq!(whats(&[(path, "#[allow(dead_code)]")]), ["1:`allow` without a reason"]);
        assert_eq!(whats(&[(path, "#![allow(\n dead_code)]")]), ["1:`allow` without a reason"]);
        assert_eq!(whats(&[(path, "#[allow(dead_code, reason = \"x\")]\n#[expect(dead_code)]")]), [""; 0]);
        assert_eq!(whats(&[(path, "#[test]\n#[ignore = \"slow\"]")]), ["2:an ignored test"]);
        assert_eq!(whats(&[(path, "#[ignored_by_nobody] // #[ignore]")]), [""; 0]);
    }
}
