//! Writing the register: its lists of tests from the sources, everything else as it was.

use std::{
    collections::BTreeSet,
    fmt::{Display, Write as _},
};

use toml::Value;

use crate::threats::{
    model::{Register, Risk},
    scan::Test,
};

const HEAD: &str = "\
# The threat model: what `cargo xtask threats` reports and what `docs/threat-model.md` is rendered from.
# `tests` is written by `cargo xtask threats --fill`, from the tests whose names start with a row's id;
# the rest is written by hand, and this file's layout by the same command (comments are not kept).
# `rows` names the attack rows that try a threat. `later` says what will bring the tests of a row while it has none,
# and `rest` what the tests of a row do not try yet.
";

/// Gives every attack row the tests that name it.
pub(crate) fn fill(register: &mut Register, tests: &BTreeSet<Test>) {
    for row in &mut register.attacks {
        let named: BTreeSet<_> =
            tests.iter().filter(|test| test.rows.contains(&row.id)).map(|test| test.name.clone()).collect();
        row.tests = named.into_iter().collect();
    }
}

/// The register as TOML; the same register always gives the same text.
pub(crate) fn write(register: &Register) -> String {
    let mut text = HEAD.to_owned();
    for surface in &register.surfaces {
        table(&mut text, "surface");
        entry(&mut text, "id", &surface.id);
        entry(&mut text, "title", &surface.title);
        entry(&mut text, "assets", &surface.assets);
        entry(&mut text, "boundaries", &surface.boundaries);
        entry(&mut text, "impact", &surface.impact);
        entry(&mut text, "upstream", &surface.upstream);
    }
    for (name, risks) in
        [("threat", &register.threats), ("residual", &register.residuals), ("backlog", &register.backlog)]
    {
        risks.iter().for_each(|item| risk(&mut text, name, item));
    }
    for row in &register.attacks {
        table(&mut text, "attack");
        entry(&mut text, "id", &row.id);
        entry(&mut text, "surface", &row.surface);
        entry(&mut text, "input", &row.input);
        entry(&mut text, "ends_as", &row.ends_as);
        list(&mut text, "tests", &row.tests, "\n  ", ",\n");
        row.later.iter().for_each(|later| entry(&mut text, "later", later));
        row.rest.iter().for_each(|rest| entry(&mut text, "rest", rest));
    }
    text
}

fn risk(text: &mut String, name: &str, risk: &Risk) {
    table(text, name);
    entry(text, "id", &risk.id);
    entry(text, "surface", &risk.surface);
    entry(text, "title", &risk.title);
    list(text, "rows", &risk.rows, " ", "");
}

fn table(text: &mut String, name: &str) {
    line(text, format_args!("\n[[{name}]]"));
}

fn entry(text: &mut String, key: &str, value: &str) {
    line(text, format_args!("{key} = {}", quoted(value)));
}

/// A list with `before` in front of each item and `last` after the last one.
fn list(text: &mut String, key: &str, items: &[String], before: &str, last: &str) {
    let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
    let inner = items.join(&format!(",{before}"));
    match (items.is_empty(), last) {
        (true, _) => line(text, format_args!("{key} = []")),
        (false, "") => line(text, format_args!("{key} = [{inner}]")),
        (false, last) => line(text, format_args!("{key} = [{before}{inner}{last}]")),
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn line(text: &mut String, line: impl Display) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threats::model::tests::SMALL;

    fn test(name: &str, rows: &[&str]) -> Test {
        let rows = rows.iter().map(ToString::to_string).collect();
        Test { name: name.to_owned(), rows, path: String::new(), compile_fail: false }
    }

    #[test]
    fn a_row_gets_its_tests_and_loses_those_that_are_gone() {
        let mut register = Register::parse(SMALL).unwrap();
        let tests = [test("reach-policy::p02_b", &["P02"]), test("reach-policy::p01_p02_a", &["P01", "P02"])].into();
        fill(&mut register, &tests);
        assert_eq!(register.attacks[0].tests, ["reach-policy::p01_p02_a"]);
        assert_eq!(register.attacks[1].tests, ["reach-policy::p01_p02_a", "reach-policy::p02_b"]);
    }

    #[test]
    fn what_is_written_reads_back_and_is_written_the_same() {
        let odd = SMALL.replace("a flip", "C:\\\\x, \\\"q\\\", 'a', \\u0000");
        let once = write(&Register::parse(&odd).unwrap());
        let again = Register::parse(&once).unwrap();
        assert_eq!(again.attacks[0].input, "C:\\x, \"q\", 'a', \0");
        assert_eq!(write(&again), once);
        assert!(once.contains("tests = [\n  \"reach-policy::p01_a\",\n]\n"), "{once}");
        assert!(once.contains("rows = [\"P01\", \"P02\"]\n"), "{once}");
    }
}
