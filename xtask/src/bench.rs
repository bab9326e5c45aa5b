//! `bench`: ratios of interleaved runs, from the benchmark package, which stands outside the workspace.

use std::fs;

use crate::{error::Error, process, tree};

const PACKAGE: &str = "xtask/bench/Cargo.toml";
const PAGE: &str = "docs/benchmarks.md";

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let (flags, names): (Vec<_>, Vec<_>) = arguments.iter().cloned().partition(|word| word.starts_with('-'));
    let [write] = crate::flags("bench", &flags, ["--write"])?;
    let mut cargo = vec!["run", "--release", "--quiet", "--manifest-path", PACKAGE, "--"];
    cargo.extend(names.iter().map(String::as_str));
    if !write {
        return process::cargo(&cargo);
    }
    let table = process::capture("cargo", &cargo)?;
    let path = tree::root().join(PAGE);
    fs::write(&path, page(&table)).map_err(|source| Error::Write { path, source })?;
    println!("{table}\nwrote {PAGE}");
    Ok(())
}

fn page(table: &str) -> String {
    format!(
        "<!-- Written by `cargo xtask bench --write`; run it again instead of changing this. -->\n\n\
         # Benchmarks\n\n\
         Only ratios count: both sides ran interleaved, batch by batch, in one process. Times are of the\n\
         machine that wrote this page, and differ from machine to machine and from minute to minute; they\n\
         are processor times where one thread does the work. Versions of what the\n\
         gate is compared with stand in `xtask/bench/Cargo.lock`.\n\n{table}"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_ends_with_the_table() {
        assert!(super::page("| a |\n").ends_with("Cargo.lock`.\n\n| a |\n"));
    }
}
