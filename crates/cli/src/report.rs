//! What every command ends in: a report, or a failure with a code.

use std::error::Error;

use reach_types::{Class, Code, CodeRow};
use serde_json::{Map, Value, json};

use crate::terminal::{Terminal, shown};

/// A command's positive or negative finding.
#[derive(Debug, Default)]
pub(crate) struct Report {
    verdict: &'static str,
    row: Option<(CodeRow, String)>,
    checks: Vec<Value>,
    fields: Map<String, Value>,
    lines: Vec<String>,
}

impl Report {
    /// A positive finding.
    pub(crate) fn new(verdict: &'static str) -> Self {
        Self { verdict, ..Self::default() }
    }

    /// A negative finding that still has things to show, such as a denial with all its reasons.
    pub(crate) fn negative(row: CodeRow, message: String) -> Self {
        Self { verdict: word(row.class), row: Some((row, message)), ..Self::default() }
    }

    /// Adds a check that passed, in the order they were made.
    pub(crate) fn check(mut self, name: &str) -> Self {
        self.checks.push(json!(name));
        self
    }

    /// Adds a member to the JSON object.
    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a line of text; it must already be escaped where others wrote it.
    pub(crate) fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push(text.into());
        self
    }

    /// Adds lines of text.
    pub(crate) fn lines(mut self, text: impl IntoIterator<Item = String>) -> Self {
        self.lines.extend(text);
        self
    }

    /// The first line of text, for a summary.
    pub(crate) fn headline(&self) -> &str {
        self.lines.first().map_or(self.verdict, String::as_str)
    }

    /// How many checks passed.
    pub(crate) fn passed(&self) -> usize {
        self.checks.len()
    }

    /// The member `name` of the JSON object.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The code, if the finding is negative.
    pub(crate) fn code(&self) -> Option<&'static str> {
        self.row.as_ref().map(|(row, _)| row.code)
    }

    /// The rejection's message, if the finding is negative.
    pub(crate) fn message(&self) -> Option<&str> {
        self.row.as_ref().map(|(_, message)| message.as_str())
    }

    /// The rejection's row, if the finding is negative.
    pub(crate) fn row(&self) -> Option<CodeRow> {
        self.row.as_ref().map(|(row, _)| *row)
    }

    /// The lines of text.
    pub(crate) fn text(&self) -> &[String] {
        &self.lines
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.row.as_ref().map_or(0, |(row, _)| row.class.exit_code())
    }

    /// Prints the report and returns the exit code.
    pub(crate) fn print(&self, json: bool, terminal: &mut Terminal<'_>) -> u8 {
        if json {
            terminal.line(&self.to_json().to_string());
        } else {
            self.lines.iter().for_each(|line| terminal.line(line));
        }
        if let Some((row, message)) = &self.row {
            terminal.note(&format!("error[{}]: {}", row.code, shown(message)));
            terminal.note(&format!("  {}", row.remedy));
        }
        self.exit_code()
    }

    fn to_json(&self) -> Value {
        let mut object = self.fields.clone();
        object.insert("verdict".to_owned(), json!(self.verdict));
        object.insert("checks".to_owned(), json!(self.checks));
        object.insert("code".to_owned(), json!(self.code()));
        if let Some((row, message)) = &self.row {
            object.insert("message".to_owned(), json!(message));
            object.insert("remedy".to_owned(), json!(row.remedy));
        }
        Value::Object(object)
    }
}

/// Why a command did not get to a finding of its own.
#[derive(Debug)]
pub(crate) struct Failure {
    row: CodeRow,
    message: String,
}

impl Failure {
    pub(crate) fn new(row: CodeRow, message: String) -> Self {
        Self { row, message }
    }

    /// The same as a report, so that both print alike.
    pub(crate) fn into_report(self) -> Report {
        Report::negative(self.row, self.message)
    }
}

impl<E: Code> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { row: error.row(), message: chain(&error) }
    }
}

/// The error and what caused it, once each.
fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        next = cause.source();
    }
    message
}

/// The verdict that a class of rejection amounts to.
const fn word(class: Class) -> &'static str {
    match class {
        Class::Refused => "refused",
        Class::Usage => "usage",
        Class::Unsigned => "unsigned",
        Class::Untrusted => "untrusted",
        Class::Expired => "expired",
        Class::Unsafe => "unsafe",
        Class::Limit => "over_limit",
        Class::Incomplete => "incomplete",
        Class::Internal => "internal_fault",
        Class::Environment => "environment",
    }
}
