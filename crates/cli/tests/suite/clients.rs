//! Other people's programs, where they are installed: `cargo xtask clients` installs them.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output},
};

/// Where `cargo xtask clients` puts them.
fn installed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/clients")
}

/// Says on the test's own output that a client is missing: the test then tries nothing.
pub(crate) fn missing(client: &str) {
    // Captured by the test harness like any other output; shown with `--nocapture`.
    let _ = writeln!(std::io::stderr(), "not tried: {client} is not installed; `cargo xtask clients` installs it");
}

/// A Python that has `module`, if there is one.
pub(crate) fn python_with(module: &str) -> Option<PathBuf> {
    let candidates = [installed().join("venv/bin/python"), PathBuf::from("python3")];
    candidates.into_iter().find(|python| {
        let import = Command::new(python).args(["-c", &format!("import {module}")]).output();
        import.is_ok_and(|output| output.status.success())
    })
}

/// A node that finds `module`, if there is one: along `NODE_PATH`, or where we install it.
pub(crate) fn node_with(module: &str) -> Option<impl Fn(&str, &[&str]) -> Output> {
    let paths = [std::env::var_os("NODE_PATH").unwrap_or_default(), installed().join("node_modules").into()];
    let path = std::env::join_paths(paths.iter().filter(|path| !path.is_empty())).unwrap();
    let run = move |script: &str, words: &[&str]| {
        Command::new("node").arg("-e").arg(script).args(words).env("NODE_PATH", &path).output()
    };
    let found = run(&format!("require({module:?})"), &[]).is_ok_and(|output| output.status.success());
    found.then_some(move |script: &str, words: &[&str]| run(script, words).unwrap())
}

/// What a program said, for a failing assertion.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
