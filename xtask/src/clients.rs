//! `clients`: other people's programs that tests hold our formats against.

use std::fs;

use crate::{error::Error, process, tree};

/// Where they are put: the tests look there, and `cargo clean` takes them away.
const FOLDER: &str = "target/clients";

/// Pinned, so that a test fails for what we changed and not for what they did.
const PYTHON: &[&str] = &["securesystemslib[crypto]==1.6.0"];
const NODE: &[&str] = &["@sigstore/verify@3.1.1", "@sigstore/bundle@4.0.0", "@sigstore/protobuf-specs@0.5.2"];

/// Installs what can be installed and says plainly what could not: the tests that need it try
/// nothing then, and say so.
///
/// Succeeds only if every client is there afterwards.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let [] = crate::flags("clients", arguments, [])?;
    let folder = tree::root().join(FOLDER);
    fs::create_dir_all(&folder).map_err(|source| Error::Write { path: folder, source })?;
    let mut missing = Vec::new();
    for (name, install) in [("securesystemslib", python as fn() -> Result<(), Error>), ("@sigstore/verify", node)] {
        match install() {
            Ok(()) => println!("{name}: installed in {FOLDER}"),
            Err(error) => {
                println!("{name}: NOT installed: {}", crate::chain(&error));
                missing.push(name);
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::Steps { names: missing.join(", ") }) }
}

fn python() -> Result<(), Error> {
    let folder = format!("{FOLDER}/venv");
    process::run("python3", &["-m", "venv", &folder])?;
    let pip = [&["-m", "pip", "install", "--quiet", "--disable-pip-version-check"], PYTHON].concat();
    process::run(&tree::root().join(folder).join("bin/python").to_string_lossy(), &pip)
}

fn node() -> Result<(), Error> {
    let words = [&["install", "--prefix", FOLDER, "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"], NODE];
    process::run("npm", &words.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_pinned() {
        assert!(PYTHON.iter().all(|package| package.contains("==")));
        assert!(NODE.iter().all(|package| package.trim_start_matches('@').contains('@')));
    }

    #[test]
    fn it_takes_no_arguments() {
        let refused = run(&["--fast".to_owned()]).unwrap_err().to_string();
        assert_eq!(refused, "`clients` does not take `--fast`; usage: cargo xtask clients");
    }
}
