//! `threats`: every threat, residual risk, backlog item and attack row, and the tests that try it.

mod execute;
mod fill;
mod model;
mod render;
mod report;
mod scan;

use std::fs;

use model::Register;

use crate::{
    error::Error,
    tidy::{self, Finding},
    tree::{self, File},
};

/// The register, kept by hand but for its lists of tests.
pub(crate) const REGISTER: &str = "docs/threats.toml";
/// What people read; rendered from the register.
pub(crate) const PAGE: &str = "docs/threat-model.md";

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let [fill, run, json] = crate::flags("threats", arguments, ["--fill", "--run", "--json"])?;
    if fill {
        write_up_to_date()?;
    }
    let files = tree::read(&tree::root())?;
    let register = register(&files)?;
    let outcome = run.then(|| execute::run(&register, &scan::tests(&files))).transpose()?;
    if json {
        println!("{}", report::json(&register, outcome.as_ref())?);
    } else {
        print!("{}", report::text(&register, outcome.as_ref()));
    }
    tidy::report(&stale_tests(&files, &register))?;
    match outcome.map_or(0, |outcome| outcome.failed.len()) {
        0 => Ok(()),
        count => Err(Error::TestsFailed { count }),
    }
}

/// Lists the tests that exist in the register, and renders its page.
fn write_up_to_date() -> Result<(), Error> {
    let files = tree::read(&tree::root())?;
    let mut register = register(&files)?;
    fill::fill(&mut register, &scan::tests(&files));
    write(REGISTER, &fill::write(&register))?;
    write(PAGE, &render::page(&register))
}

/// The page, as the register in `files` would render it.
pub(crate) fn page(files: &[File]) -> Result<String, Error> {
    Ok(render::page(&register(files)?))
}

/// Whatever in the register or its page does not fit the tests that exist.
pub(crate) fn stale(files: &[File]) -> Result<Vec<Finding>, Error> {
    let register = register(files)?;
    let mut findings = stale_tests(files, &register);
    if text(files, PAGE) != render::page(&register) {
        findings.push(Finding::new(PAGE, 0, "is not what the register renders", "run `cargo xtask docs`"));
    }
    Ok(findings)
}

fn stale_tests(files: &[File], register: &Register) -> Vec<Finding> {
    let found = scan::tests(files);
    let mut findings = register.contradictions();
    findings.extend(scan::unknown_rows(register, &found));
    let mut filled = register.clone();
    fill::fill(&mut filled, &found);
    for (row, wanted) in register.attacks.iter().zip(&filled.attacks) {
        let gone = row.tests.iter().filter(|test| !wanted.tests.contains(test));
        let new = wanted.tests.iter().filter(|test| !row.tests.contains(test));
        let gone = gone.map(|test| format!("{}: there is no test `{test}`", row.id));
        let new = new.map(|test| format!("{}: `{test}` is not listed", row.id));
        for what in gone.chain(new) {
            findings.push(Finding::new(REGISTER, register.line_of(&row.id), what, "run `cargo xtask threats --fill`"));
        }
    }
    findings
}

fn register(files: &[File]) -> Result<Register, Error> {
    Register::parse(text(files, REGISTER))
}

fn text<'a>(files: &'a [File], path: &str) -> &'a str {
    files.iter().find(|file| file.path == path).map_or("", |file| &file.text)
}

fn write(path: &str, text: &str) -> Result<(), Error> {
    let path = tree::root().join(path);
    fs::write(&path, text).map_err(|source| Error::Write { path, source })
}
