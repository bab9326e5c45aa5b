//! Rules about the text itself: length, module docs, blanks, notes to oneself, machine paths.

use crate::{
    source::{self, Source},
    tidy::Finding,
    tree::File,
};

/// The most lines of code in one file; tests come on top.
const MAX_CODE_LINES: usize = 600;
/// The most lines of one file, its tests included.
const MAX_LINES: usize = 700;

/// Paths and tools of one machine, put together here so that this file does not hold them.
const MACHINE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!(".lib", "rary"),
    concat!("farm", "-studio"),
    concat!("farm", "-bench"),
];

pub(crate) fn check(files: &[File], sources: &[(&File, Source)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(blanks(file));
        findings.extend(machine_paths(file));
    }
    for (file, source) in sources {
        findings.extend(length(file, source));
        findings.extend(module_docs(file));
        findings.extend(notes(file, source));
    }
    findings
}

fn length(file: &File, source: &Source) -> Option<Finding> {
    let (all, code) = (file.text.lines().count(), source.lines_outside_tests());
    let only_tests = file.path.contains("/tests/") || file.path.ends_with("tests.rs");
    let what = if all > MAX_LINES {
        format!("{all} lines, at most {MAX_LINES}")
    } else if code > MAX_CODE_LINES && !only_tests {
        format!("{code} lines without tests, at most {MAX_CODE_LINES}")
    } else {
        return None;
    };
    Some(Finding::new(&file.path, 0, what, "use one file for each verb or noun instead"))
}

fn module_docs(file: &File) -> Option<Finding> {
    let first = file.text.lines().next().unwrap_or_default();
    let documented = first.starts_with("//! ") || first.starts_with("#![doc = include_str!(");
    let instead = "use a first line `//! …` that says what the file is for";
    (!documented).then(|| Finding::new(&file.path, 1, "no module docs", instead))
}

fn notes(file: &File, source: &Source) -> Vec<Finding> {
    let hits = ["FIXME", "XXX"].into_iter().flat_map(|note| {
        source::words(&source.comments, note).map(move |at| (note, source::line_of(&source.comments, at)))
    });
    hits.map(|(note, line)| Finding::new(&file.path, line, format!("`{note}`"), "mend it instead")).collect()
}

fn blanks(file: &File) -> Vec<Finding> {
    if ![".rs", ".toml", ".md"].iter().any(|ending| file.path.ends_with(ending)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.contains('\t') {
            findings.push(Finding::new(&file.path, number, "a tab", "use spaces instead, or `\\t` in a literal"));
        }
        if line.ends_with(char::is_whitespace) {
            findings.push(Finding::new(&file.path, number, "blanks at the end of the line", "remove them"));
        }
    }
    findings
}

fn machine_paths(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for name in MACHINE.iter().filter(|name| line.contains(**name)) {
            let instead = "use a path relative to the workspace instead";
            findings.push(Finding::new(&file.path, number, format!("`{name}`, which is of one machine"), instead));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    fn whats(path: &str, text: &str) -> Vec<String> {
        let files = [File { path: path.to_owned(), text: text.to_owned() }];
        check(&files, &tree::sources(&files)).iter().map(|f| format!("{}:{}", f.line, f.what)).collect()
    }

    #[test]
    fn length_counts_code_and_tests_apart() {
        let code = |lines: usize| format!("//! Doc.\n{}", "fn f() {}\n".repeat(lines - 1));
        let with_tests = |lines: usize| format!("#[cfg(test)]\nmod t {{\n{}}}\n", "//\n".repeat(lines - 3));
        assert_eq!(whats("a/lib.rs", &code(MAX_CODE_LINES)), [""; 0]);
        assert_eq!(whats("a/lib.rs", &code(601)), ["0:601 lines without tests, at most 600"]);
        assert_eq!(whats("a/lib.rs", &(code(600) + &with_tests(100))), [""; 0]);
        assert_eq!(whats("a/lib.rs", &(code(600) + &with_tests(101))), ["0:701 lines, at most 700"]);
        assert_eq!(whats("a/tests/suite/x.rs", &code(700)), [""; 0]);
    }

    #[test]
    fn the_first_line_is_module_docs() {
        assert_eq!(whats("a/b.rs", "use x;\n//! Late.\n"), ["1:no module docs"]);
        assert_eq!(whats("a/b.rs", "// Not a doc.\n"), ["1:no module docs"]);
        assert_eq!(whats("a/b.rs", "//! Doc.\n"), [""; 0]);
        assert_eq!(whats("a/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"), [""; 0]);
    }

    #[test]
    fn notes_to_oneself_are_found_in_comments_only() {
        assert_eq!(whats("a/b.rs", "//! D.\n// FIXME: x\n/* XXX */\n"), ["2:`FIXME`", "3:`XXX`"]);
        assert_eq!(whats("a/b.rs", "//! D.\nconst A: &str = \"XXX\"; // XXXL, FIXMEs\n"), [""; 0]);
    }

    #[test]
    fn tabs_and_trailing_blanks_are_found() {
        assert_eq!(whats("a/b.md", "a\tb\nc \n\nd\n"), ["1:a tab", "2:blanks at the end of the line"]);
        assert_eq!(whats("a/Makefile", "a\tb\n"), [""; 0]);
        assert_eq!(whats("a/b.md", "  a b\n"), [""; 0]);
    }

    #[test]
    fn paths_of_one_machine_are_found_in_any_file() {
        for name in MACHINE {
            let text = format!("x\ncd {name}y\n");
            assert_eq!(whats(".ci/run", &text), [format!("2:`{name}`, which is of one machine")]);
        }
        assert_eq!(whats(".ci/run", "the work/farm library\n"), [""; 0]);
    }
}
