//! `text.search`: which lines of which text files match which rule; never the text itself.

use std::io::{BufRead, BufReader, Read};

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Progress, ToolError,
    builtin::Workspace,
    digest::Named,
    list::{MAX_FILES, Skipped, inside},
};

const TOOL: &str = "text.search";
/// The most rules: each is run over every line.
const MAX_RULES: usize = 64;
/// The most bytes of a compiled rule: a counted repetition of a large class ends here.
const MAX_RULE_BYTES: usize = 1024 * 1024;
/// The most findings: a person reads the first hundred, a program needs to know there were more.
const MAX_FINDINGS: usize = 100_000;
/// A file with a zero byte in its first this many is not text: what git and grep look at.
const SNIFF_BYTES: usize = 8 * 1024;
/// How much of one line is looked at at once; longer lines are searched in overlapping pieces.
const PIECE_BYTES: u64 = 1024 * 1024;
/// How far two pieces overlap: longer than any match of a rule that names a key.
const OVERLAP_BYTES: usize = 4 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    files: Vec<Named>,
    rules: Vec<RawRule>,
    #[serde(default)]
    skipped: Vec<Skipped>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    pattern: String,
}

struct Rule {
    id: String,
    regex: Regex,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Finding {
    path: String,
    line: u64,
    rule: String,
}

pub(super) fn run(workspace: &Workspace, arguments: Arguments, progress: Progress<'_>) -> Result<Value, ToolError> {
    let rules = compile(arguments.rules)?;
    let total = arguments.files.len();
    if total > MAX_FILES {
        return Err(ToolError::Limit { tool: TOOL, limit: MAX_FILES, what: "files" });
    }
    let mut skipped = arguments.skipped;
    let mut findings = Vec::new();
    for (done, Named { path }) in arguments.files.iter().enumerate() {
        inside(TOOL, path)?;
        if search(workspace, path, &rules, &mut findings).is_err() {
            skipped.push(Skipped::new(path, "unreadable"));
        }
        if findings.len() > MAX_FINDINGS {
            return Err(ToolError::Limit { tool: TOOL, limit: MAX_FINDINGS, what: "findings" });
        }
        progress(u64::try_from(done).unwrap_or(u64::MAX), u64::try_from(total).ok());
    }
    findings.sort();
    findings.dedup();
    skipped.sort();
    skipped.dedup();
    Ok(json!({ "findings": findings, "skipped": skipped }))
}

fn compile(rules: Vec<RawRule>) -> Result<Vec<Rule>, ToolError> {
    if rules.len() > MAX_RULES {
        return Err(ToolError::Limit { tool: TOOL, limit: MAX_RULES, what: "rules" });
    }
    let rule = |RawRule { id, pattern }| {
        let wrong = |_| ToolError::Arguments { tool: TOOL, detail: format!("rule `{id}` is not a regular expression") };
        let regex = RegexBuilder::new(&pattern).unicode(false).size_limit(MAX_RULE_BYTES).build().map_err(wrong)?;
        Ok(Rule { id, regex })
    };
    rules.into_iter().map(rule).collect()
}

fn search(workspace: &Workspace, path: &str, rules: &[Rule], findings: &mut Vec<Finding>) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(64 * 1024, workspace.open_regular(path)?);
    let start = reader.fill_buf()?;
    if start.iter().take(SNIFF_BYTES).any(|byte| *byte == 0) {
        return Ok(());
    }
    let (mut line, mut piece) = (1, Vec::new());
    while findings.len() <= MAX_FINDINGS && reader.by_ref().take(PIECE_BYTES).read_until(b'\n', &mut piece)? > 0 {
        let hit = rules.iter().filter(|rule| rule.regex.is_match(&piece));
        findings.extend(hit.map(|rule| Finding { path: path.to_owned(), line, rule: rule.id.clone() }));
        if piece.ends_with(b"\n") {
            line += 1;
            piece.clear();
        } else {
            // A long line goes on: keep its end, so that a match across the cut is still whole.
            piece.drain(..piece.len().saturating_sub(OVERLAP_BYTES));
        }
    }
    Ok(())
}
