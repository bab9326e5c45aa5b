//! `lint`: formatting and clippy, nothing else.

use crate::{error::Error, process};

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    crate::flags("lint", arguments, [])?;
    format()?;
    clippy()
}

/// The packages that are workspaces of their own, and so no part of `--all`.
const APART: &[&str] = &["xtask/bench/Cargo.toml", "xtask/fuzz/Cargo.toml"];

pub(crate) fn format() -> Result<(), Error> {
    process::cargo(&["fmt", "--all", "--check"])?;
    APART.iter().try_for_each(|manifest| process::cargo(&["fmt", "--manifest-path", manifest, "--check"]))
}

pub(crate) fn clippy() -> Result<(), Error> {
    process::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}
