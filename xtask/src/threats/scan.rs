//! Finding the tests: a test tries the rows whose ids its name starts with.

use std::collections::BTreeSet;

use crate::{
    source::{self, Source},
    threats::{REGISTER, model::Register},
    tidy::Finding,
    tree::{self, File},
};

/// A test that names at least one row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Test {
    /// `crate::name`.
    pub(crate) name: String,
    /// The rows it tries, such as `P07`.
    pub(crate) rows: Vec<String>,
    /// The file it stands in.
    pub(crate) path: String,
    /// Whether it is an example in the docs that must not compile.
    pub(crate) compile_fail: bool,
}

/// Every test of the crates that names a row: `p07_p08_…` names two.
///
/// An example that must not compile names its row in a comment of the same form: its first line
/// after the fence is `// p18_…`.
pub(crate) fn tests(files: &[File]) -> BTreeSet<Test> {
    let mut found = BTreeSet::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let Some(folder) = tree::crate_folder(&file.path) else { continue };
        let mut add = |name: &str, compile_fail| {
            let rows = rows_in(name);
            if !rows.is_empty() {
                let name = format!("reach-{folder}::{name}");
                found.insert(Test { name, rows, path: file.path.clone(), compile_fail });
            }
        };
        Source::parse(&file.text).test_names().for_each(|name| add(name, false));
        compile_fail_names(&file.text).for_each(|name| add(name, true));
    }
    found
}

/// The ids that a name starts with: `k06_` is K06.
fn rows_in(name: &str) -> Vec<String> {
    let ids = name.split('_').map_while(|part| {
        let (letter, number) = part.split_at_checked(1)?;
        let digits = number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit());
        (letter.bytes().all(|b| b"kpdrav".contains(&b)) && digits).then(|| part.to_ascii_uppercase())
    });
    ids.collect()
}

fn compile_fail_names(text: &str) -> impl Iterator<Item = &str> {
    let docs = text.lines().map(|line| {
        let line = line.trim_start();
        line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).unwrap_or_default().trim_start()
    });
    let pairs = docs.clone().zip(docs.skip(1));
    pairs.filter_map(|(fence, comment)| {
        let opens = fence.strip_prefix("```")?.split(',').any(|word| word.trim() == "compile_fail");
        let comment = comment.strip_prefix("# ").unwrap_or(comment).strip_prefix("// ")?;
        source::identifier(comment).filter(|_| opens)
    })
}

/// Tests whose name starts like a row that the register does not have.
pub(crate) fn unknown_rows(register: &Register, tests: &BTreeSet<Test>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for test in tests {
        for row in test.rows.iter().filter(|row| register.attack(row).is_none()) {
            let what = format!("`{}` names the row {row}, which `{REGISTER}` does not have", test.name);
            findings.push(Finding::new(&test.path, 0, what, "use the id of an attack row, or another name"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threats::model::tests::SMALL;

    fn files(text: &str) -> [File; 1] {
        [File { path: "crates/policy/src/gate.rs".to_owned(), text: text.to_owned() }]
    }

    #[test]
    fn names_carry_ids() {
        assert_eq!(rows_in("p07_p08_literal_grants"), ["P07", "P08"]);
        assert_eq!(rows_in("k06_flip"), ["K06"]);
        for other in ["flip_k06", "k6_x", "k006_x", "x01_y", "the_rest", "", "é1"] {
            assert_eq!(rows_in(other), [""; 0], "{other}");
        }
    }

    #[test]
    fn tests_are_found_and_helpers_are_not() {
        let text = "#[test]\nfn p01_p02_flip() {}\nfn p03_helper() {}\n#[test]\nfn other() {}\n";
        let found = tests(&files(text));
        let names: Vec<_> = found.iter().map(|test| (test.name.as_str(), test.rows.len())).collect();
        assert_eq!(names, [("reach-policy::p01_p02_flip", 2)]);
    }

    #[test]
    fn examples_that_must_not_compile_are_found() {
        let text = "/// ```compile_fail,E0382\n/// // p18_a_permit_moves\n/// x\n/// ```\n\
                    //! ```compile_fail\n//! # // p38_no_gate\n//! ```\n/// ```\n/// // p01_compiles\n/// ```\n";
        let found = tests(&files(text));
        let names: Vec<_> = found.iter().filter(|test| test.compile_fail).map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["reach-policy::p18_a_permit_moves", "reach-policy::p38_no_gate"]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_row_that_does_not_exist_is_reported() {
        let register = Register::parse(SMALL).unwrap();
        assert_eq!(unknown_rows(&register, &tests(&files("#[test]\nfn p01_x() {}"))), []);
        let found = unknown_rows(&register, &tests(&files("#[test]\nfn p01_p99_x() {}")));
        let wanted = "`reach-policy::p01_p99_x` names the row P99, which `docs/threats.toml` does not have";
        assert_eq!(found.iter().map(|f| f.what.as_str()).collect::<Vec<_>>(), [wanted]);
    }
}
