//! `--run`: the workspace's tests run once, and each listed test is looked up by name in what they print.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    process,
    threats::{model::Register, scan::Test},
};

/// What became of the listed tests.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    /// Those that failed or did not run.
    pub(crate) failed: Vec<String>,
}

/// Test programs by file name, each with its package: the output names only the program.
type Programs = BTreeMap<String, String>;

pub(crate) fn run(register: &Register, tests: &BTreeSet<Test>) -> Result<Outcome, Error> {
    let built =
        process::capture("cargo", &["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"])?;
    let (output, _) = process::tee("cargo", &["test", "--workspace", "--no-fail-fast"])?;
    Ok(outcome(register, tests, &results(&output, &programs(&built))))
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    package_id: String,
    #[serde(default)]
    executable: Option<String>,
}

/// Which package each test program belongs to, from cargo's JSON messages.
fn programs(messages: &str) -> Programs {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let pairs = messages.filter_map(|message| {
        let program = message.executable?;
        // `path+file:///…/crates/types#reach-types@0.1.0`, or `#0.1.0` where folder and package agree
        let (folder, name) = message.package_id.rsplit_once('#')?;
        let name = name.split('@').next().filter(|name| !name.starts_with(|c: char| c.is_ascii_digit()));
        let package = name.or_else(|| folder.rsplit('/').next())?;
        Some((file_name(&program).to_owned(), package.to_owned()))
    });
    pairs.collect()
}

/// Whether every test of a name passed: `crate::name`, or a file for its examples that must not compile.
type Results = BTreeMap<String, bool>;

fn results(output: &str, programs: &Programs) -> Results {
    let mut results = Results::new();
    let mut package = "";
    for line in output.lines() {
        let line = line.trim();
        if let Some(program) = line.strip_prefix("Running ").and_then(|rest| rest.split_once('(')) {
            let name = file_name(program.1.trim_end_matches(')'));
            package = programs.get(name).map_or("", String::as_str);
        }
        let Some((test, result)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) else {
            continue;
        };
        let key = if let Some((path, example)) = test.split_once(" - ") {
            if !example.ends_with("compile fail") {
                continue;
            }
            path.to_owned()
        } else {
            format!("{package}::{}", test.rsplit("::").next().unwrap_or(test))
        };
        *results.entry(key).or_insert(true) &= result == "ok";
    }
    results
}

fn outcome(register: &Register, tests: &BTreeSet<Test>, results: &Results) -> Outcome {
    let listed: BTreeSet<_> = register.attacks.iter().flat_map(|row| &row.tests).collect();
    let passed = |name: &String| {
        let places = tests.iter().filter(|test| test.name == *name);
        let mut keys = places.map(|test| if test.compile_fail { &test.path } else { &test.name }).peekable();
        keys.peek().is_some() && keys.all(|key| results.get(key) == Some(&true))
    };
    let (good, failed): (Vec<_>, Vec<_>) = listed.into_iter().partition(|name| passed(name));
    Outcome { passed: good.len(), failed: failed.into_iter().cloned().collect() }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threats::model::tests::SMALL;

    const MESSAGES: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///r/crates/policy#reach-policy@0.1.0","executable":"/t/debug/deps/suite-aa"}
{"reason":"compiler-artifact","package_id":"path+file:///r/crates/types#reach-types@0.1.0","executable":"/t/debug/deps/suite-bb"}
{"reason":"compiler-artifact","package_id":"path+file:///r/xtask#0.1.0","executable":"/t/debug/deps/xtask-cc"}
{"reason":"compiler-artifact","package_id":"path+file:///r/crates/types#reach-types@0.1.0","executable":null}
{"reason":"build-finished","success":true}"#;

    const OUTPUT: &str = "\
     Running tests/suite/main.rs (target/debug/deps/suite-aa)
test gate::p01_a ... ok
test gate::p01_b ... FAILED
     Running tests/suite/main.rs (target/debug/deps/suite-bb)
test p01_a ... FAILED
   Doc-tests reach_policy
test crates/policy/src/permit.rs - permit::Permit (line 9) - compile fail ... ok
test crates/policy/src/permit.rs - permit::Permit (line 2) ... ok
test result: ok. 1 passed; 0 failed
";

    #[test]
    fn programs_are_known_by_their_package() {
        let wanted = [("suite-aa", "reach-policy"), ("suite-bb", "reach-types"), ("xtask-cc", "xtask")];
        assert_eq!(programs(MESSAGES), wanted.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
    }

    #[test]
    fn equal_names_in_two_packages_are_told_apart() {
        let results = results(OUTPUT, &programs(MESSAGES));
        let wanted = [
            ("reach-policy::p01_a", true),
            ("reach-policy::p01_b", false),
            ("reach-types::p01_a", false),
            ("crates/policy/src/permit.rs", true),
        ];
        assert_eq!(results, wanted.map(|(name, good)| (name.to_owned(), good)).into());
    }

    #[test]
    fn a_listed_test_must_have_run_and_passed() {
        let test = |name: &str, compile_fail| Test {
            name: name.to_owned(),
            rows: vec!["P01".to_owned()],
            path: "crates/policy/src/permit.rs".to_owned(),
            compile_fail,
        };
        let tests = [
            test("reach-policy::p01_a", false),
            test("reach-policy::p01_b", false),
            test("reach-policy::p01_gone", false),
            test("reach-policy::p01_moved", true),
        ];
        let mut register = Register::parse(SMALL).unwrap();
        register.attacks[0].tests = tests.iter().map(|test| test.name.clone()).collect();
        let outcome = outcome(&register, &tests.into(), &results(OUTPUT, &programs(MESSAGES)));
        assert_eq!(outcome.passed, 2);
        assert_eq!(outcome.failed, ["reach-policy::p01_b", "reach-policy::p01_gone"]);
    }
}
