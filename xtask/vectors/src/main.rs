//! `reach-vectors [--check]`: writes `docs/vectors`, or says what there differs from it.
//!
//! Nothing here uses a crate of this project: headers, encodings and signatures are made by hand, so
//! that a mistake in the code under test is not repeated in the cases that test it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what it did is its output")]
#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::expect_used,
    reason = "every byte is fixed: a case that cannot be made stops the run, and nothing is written"
)]

mod case;
mod cases;
mod corpus;
mod envelope;
mod exit;
mod gzip;
mod key;
mod output;
mod readme;
mod spec;
mod statement;
mod tar;
mod text;
mod trust;

use std::{path::Path, process::ExitCode};

use output::Files;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let step: fn(&Path, &str, &Files) -> Result<String, String> =
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => output::write,
            ["--check"] => output::check,
            _ => |_, _, _| Err("usage: reach-vectors [--check]".to_owned()),
        };
    let corpora = [("docs/vectors/pack", cases::corpus().files()), ("docs/vectors/spec", spec::files())];
    let done: Result<Vec<String>, String> = corpora.iter().map(|(name, files)| step(&root, name, files)).collect();
    match done {
        Ok(summaries) => {
            summaries.iter().for_each(|summary| println!("{summary}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
