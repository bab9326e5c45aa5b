//! Ratios of interleaved runs: `reach-bench [NAME]` prints markdown tables.

mod allocations;
mod digest;
mod json;
mod packs;
mod pair;
mod policy;
mod process;
mod spec;

use std::{ffi::OsString, path::Path, process::ExitCode};

use pair::{Pair, Summary};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let done = match words.split_first() {
        Some((first, rest)) if first == process::MEASURE => process::measure_one(rest),
        Some((first, [file])) if first == packs::SHA256_ALONE => {
            packs::sha256_alone(Path::new(file)).map_err(|error| error.to_string())
        }
        _ => all(&words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn all(wanted: &[String]) -> Result<(), String> {
    let groups = [json::pairs(), digest::pairs(), policy::pairs(), spec::pairs()];
    let pairs: Vec<Pair> = groups.into_iter().flatten().collect();
    let counted = [policy::ALLOCATIONS, spec::ALLOCATIONS];
    let names: Vec<&str> = pairs.iter().map(|pair| pair.name).chain(counted).chain(packs::NAMES).collect();
    if let Some(unknown) = wanted.iter().find(|word| !names.iter().any(|name| is(name, word))) {
        return Err(format!("no benchmark `{unknown}`; there are: {}", names.join(", ")));
    }
    let picked = |name: &str| wanted.is_empty() || wanted.iter().any(|word| is(name, word));
    if names.iter().any(|name| is(name, "policy") && picked(name)) {
        policy::check()?;
    }
    if pairs.iter().any(|pair| picked(pair.name)) {
        println!("{}", Summary::HEAD);
    }
    for pair in pairs.iter().filter(|pair| picked(pair.name)) {
        println!("{}", pair.measure());
    }
    if picked(policy::ALLOCATIONS) {
        policy::print_allocations();
    }
    if picked(spec::ALLOCATIONS) {
        spec::print_allocations();
    }
    if packs::NAMES.into_iter().any(picked) { processes(&picked) } else { Ok(()) }
}

/// Whether `word` picks the benchmark `name`: the whole name, or its group.
fn is(name: &str, word: &str) -> bool {
    name == word || name.split('.').next() == Some(word)
}

fn processes(picked: &dyn Fn(&str) -> bool) -> Result<(), String> {
    let fixtures = packs::Fixtures::make().map_err(|error| error.to_string())?;
    let (pairs, missing) = fixtures.pairs().map_err(|error| error.to_string())?;
    println!("\n{}", process::Summary::HEAD);
    for pair in pairs.iter().filter(|pair| picked(pair.name)) {
        println!("{}", pair.measure()?);
    }
    for peer in missing {
        println!("\nNot measured, because it is not installed: {peer}.");
    }
    Ok(())
}
