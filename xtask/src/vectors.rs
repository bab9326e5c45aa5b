//! `vectors`: the published test vectors, made by a package that knows no crate of this project.

use crate::{error::Error, process};

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let [check] = crate::flags("vectors", arguments, ["--check"])?;
    make(if check { &["--check"] } else { &[] })
}

/// Fails if a published file is not what would be made.
pub(crate) fn check() -> Result<(), Error> {
    make(&["--check"])
}

fn make(flags: &[&str]) -> Result<(), Error> {
    process::cargo(&[&["run", "--quiet", "--package", "reach-vectors", "--"], flags].concat())
}
