//! `tidy`: the house rules no compiler knows. Every finding is reported, not the first.

mod calls;
mod formats;
mod layout;
mod manifests;
mod text;

use std::fmt;

use crate::{error::Error, threats, tree};

/// One place that breaks a rule, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// From 1; 0 stands for the whole file.
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) instead: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), instead: instead.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line.max(1), self.what, self.instead)
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    crate::flags("tidy", arguments, [])?;
    report(&findings()?)
}

/// Prints the findings; any is a failure.
pub(crate) fn report(findings: &[Finding]) -> Result<(), Error> {
    for finding in findings {
        println!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Findings { count: findings.len() }) }
}

/// Every finding in this workspace, by path and line.
fn findings() -> Result<Vec<Finding>, Error> {
    let root = tree::root();
    let files = tree::read(&root)?;
    let sources = tree::sources(&files);
    let mut findings = Vec::new();
    findings.extend(calls::check(&sources));
    findings.extend(formats::check(&files, &sources));
    findings.extend(text::check(&files, &sources));
    findings.extend(layout::check_root(&tree::root_entries(&root)?));
    findings.extend(layout::check(&files, &sources));
    findings.extend(manifests::check(&files));
    findings.extend(threats::stale(&files)?);
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let findings = findings().unwrap();
        let shown: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(shown.is_empty(), "\n{}\n", shown.join("\n"));
    }

    #[test]
    fn a_finding_reads_as_a_place_and_a_remedy() {
        let finding = Finding::new("a.rs", 3, "`todo!`", "finish it");
        assert_eq!(finding.to_string(), "a.rs:3: `todo!`; finish it");
        assert_eq!(report(&[finding]).unwrap_err().to_string(), "1 findings");
        report(&[]).unwrap();
    }
}
