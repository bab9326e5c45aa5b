//! Ratios of interleaved runs: `reach-bench [NAME]` prints one markdown table.

mod digest;
mod json;
mod pair;

use std::process::ExitCode;

use pair::{Pair, Summary};

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let pairs: Vec<Pair> = json::pairs().into_iter().chain(digest::pairs()).collect();
    let names = || pairs.iter().map(|pair| pair.name).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = wanted.iter().find(|name| !pairs.iter().any(|pair| pair.is(name))) {
        eprintln!("error: no benchmark `{unknown}`; there are: {}", names());
        return ExitCode::FAILURE;
    }
    println!("{}", Summary::HEAD);
    for pair in pairs.iter().filter(|pair| wanted.is_empty() || wanted.iter().any(|name| pair.is(name))) {
        println!("{}", pair.measure());
    }
    ExitCode::SUCCESS
}
