//! `mutants`: changes the code of one package bit by bit and names the changes that no test notices.

use crate::{error::Error, process};

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let usage = crate::usage("mutants");
    let package = match arguments {
        [package] if !package.starts_with('-') => package,
        _ => return Err(Error::Argument { task: "mutants", argument: arguments.join(" "), usage }),
    };
    if !process::has_cargo_command("mutants") {
        return Err(Error::Missing { tool: "cargo-mutants", install: "cargo install --locked cargo-mutants" });
    }
    process::cargo(&["mutants", "--package", package])
}
