//! `fuzz`: the fuzz targets, run by `cargo-fuzz` with the nightly toolchain, which it needs.

use std::fs;

use toml::{Table, Value};

use crate::{error::Error, process, tree};

const FOLDER: &str = "xtask/fuzz";

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let targets = targets()?;
    let Request { target, seconds } = request(arguments)?;
    let Some(target) = target else {
        targets.iter().for_each(|name| println!("{name}"));
        return Ok(());
    };
    if !targets.contains(&target) {
        return Err(Error::UnknownTarget { name: target });
    }
    if !process::has_cargo_command("fuzz") {
        return Err(Error::Missing { tool: "cargo-fuzz", install: "cargo install --locked cargo-fuzz" });
    }
    if process::capture("cargo", &["+nightly", "--version"]).is_err() {
        return Err(Error::Missing { tool: "the nightly toolchain", install: "rustup toolchain install nightly" });
    }
    let limit = format!("-max_total_time={seconds}");
    process::cargo(&["+nightly", "fuzz", "run", "--fuzz-dir", FOLDER, &target, "--", &limit])
}

#[derive(Debug, PartialEq)]
struct Request {
    target: Option<String>,
    seconds: u32,
}

fn request(arguments: &[String]) -> Result<Request, Error> {
    let refuse = |argument: &String| {
        Err(Error::Argument { task: "fuzz", argument: argument.clone(), usage: crate::usage("fuzz") })
    };
    let mut request = Request { target: None, seconds: 60 };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            match words.next().map(|number| number.parse()) {
                Some(Ok(number)) => request.seconds = number,
                _ => return refuse(word),
            }
        } else if word.starts_with('-') || request.target.is_some() {
            return refuse(word);
        } else {
            request.target = Some(word.clone());
        }
    }
    Ok(request)
}

/// The names of the package's programs.
fn targets() -> Result<Vec<String>, Error> {
    let path = tree::root().join(FOLDER).join("Cargo.toml");
    let text = fs::read_to_string(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let manifest = text.parse::<Table>();
    let manifest =
        manifest.map_err(|error| Error::Toml { path: path.display().to_string(), source: Box::new(error) })?;
    let programs = manifest.get("bin").and_then(Value::as_array).into_iter().flatten();
    Ok(programs.filter_map(|program| program.get("name")?.as_str()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_target_and_a_time_are_read() {
        let wanted = Request { target: Some("json".to_owned()), seconds: 5 };
        assert_eq!(request(&words(&["json", "--seconds", "5"])).unwrap(), wanted);
        assert_eq!(request(&[]).unwrap(), Request { target: None, seconds: 60 });
        for bad in [&["json", "--seconds"][..], &["json", "--seconds", "x"], &["a", "b"], &["--fast"]] {
            assert!(matches!(request(&words(bad)), Err(Error::Argument { .. })), "{bad:?}");
        }
    }

    #[test]
    fn every_target_has_its_file_and_every_file_its_target() {
        let folder = tree::root().join(FOLDER).join("fuzz_targets");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        let mut named = targets().unwrap();
        files.sort();
        named.sort();
        assert_eq!(named, files);
    }
}
