//! Running a command line of our own in this process, and showing it as a person would type it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::Parser;
use serde_json::{Value, json};

use crate::{
    World,
    arguments::{Arguments, Quickstart},
    report::{Failure, Report},
    shell_line,
    terminal::{Terminal, shown},
};

use super::UNEXPECTED;

/// One walk through the path.
pub(super) struct Tour<'a, 't> {
    dir: PathBuf,
    workspace: PathBuf,
    program: String,
    json: bool,
    world: &'a World,
    terminal: &'a mut Terminal<'t>,
    steps: Vec<Value>,
}

impl<'a, 't> Tour<'a, 't> {
    pub(super) fn new(
        command: &Quickstart,
        program: &str,
        json: bool,
        world: &'a World,
        terminal: &'a mut Terminal<'t>,
    ) -> Self {
        let (dir, workspace) = (command.dir.clone(), command.workspace.clone());
        Self { dir, workspace, program: program.to_owned(), json, world, terminal, steps: Vec::new() }
    }

    pub(super) fn into_steps(self) -> Vec<Value> {
        self.steps
    }

    pub(super) const fn world(&self) -> &World {
        self.world
    }

    /// A path in the directory that is being made.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Begins a part of the walk.
    pub(super) fn title(&mut self, text: &str) {
        self.say(&format!("\n{text}"));
    }

    /// A path as a shell needs it written.
    pub(super) fn word(path: &Path) -> String {
        crate::quoted(path.as_os_str())
    }

    /// Shows what was done beside the commands, as a shell would do it.
    pub(super) fn shell(&mut self, line: &str) {
        self.say(&format!("  $ {line}"));
        self.steps.push(json!({ "command": line }));
    }

    /// Shows a report's own lines.
    pub(super) fn lines(&mut self, report: &Report) {
        for line in report.text() {
            self.say(&format!("    {line}"));
        }
    }

    fn say(&mut self, text: &str) {
        if !self.json {
            self.terminal.line(text);
        }
    }

    /// Runs `reach` with `arguments`; anything but success ends the walk.
    pub(super) fn reach(&mut self, arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Result<Report, Failure> {
        let report = self.execute(arguments)?;
        if report.exit_code() != 0 {
            return Err(unexpected(&report));
        }
        self.say(&format!("    {}", report.headline()));
        Ok(report)
    }

    /// Runs `reach` with `arguments`, which must be refused with `code`; `layer` is what has that
    /// code.
    pub(super) fn refused(
        &mut self,
        arguments: &[&dyn AsRef<std::ffi::OsStr>],
        code: &str,
        layer: &str,
    ) -> Result<Report, Failure> {
        let report = self.execute(arguments)?;
        if report.code() != Some(code) {
            return Err(unexpected(&report));
        }
        let message = report.message().unwrap_or_default().to_owned();
        self.say(&format!("    refused [{code}], exit {}: {}", report.exit_code(), shown(&message)));
        self.say(&format!("    caught by {layer}"));
        if let Some(step) = self.steps.last_mut().and_then(Value::as_object_mut) {
            step.insert("caught_by".to_owned(), json!(layer));
        }
        Ok(report)
    }

    fn execute(&mut self, arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Result<Report, Failure> {
        let words: Vec<OsString> = arguments.iter().map(|word| word.as_ref().to_owned()).collect();
        let line = format!("{} {}", self.program, shell_line(&words));
        self.say(&format!("  $ {line}"));
        let words = std::iter::once(OsString::from("reach")).chain(words);
        let parsed = Arguments::try_parse_from(words).map_err(|error| Failure::new(UNEXPECTED, error.to_string()))?;
        let report =
            crate::dispatch(parsed, &self.program, self.world, self.terminal).unwrap_or_else(Failure::into_report);
        self.steps.push(json!({ "command": line, "exit": report.exit_code(), "code": report.code() }));
        Ok(report)
    }
}

/// A step that did not answer as the path needs it to.
fn unexpected(report: &Report) -> Failure {
    match (report.row(), report.message()) {
        // What the user's own disk or directory refuses keeps its own code.
        (Some(row), Some(message)) if row.class != reach_types::Class::Internal => {
            Failure::new(row, message.to_owned())
        }
        (_, message) => Failure::new(UNEXPECTED, message.unwrap_or(report.headline()).to_owned()),
    }
}
