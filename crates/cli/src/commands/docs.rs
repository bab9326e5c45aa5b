//! `reach docs`: the reference pages, printed from what the program itself knows.

use clap::{Command, CommandFactory};
use reach_types::{Class, CodeRow};

use crate::{
    arguments::{Arguments, DocsPage},
    commands::flags::CLI_CODES,
    report::{Failure, Report},
};

pub(crate) fn run(page: DocsPage) -> Result<Report, Failure> {
    Ok(match page {
        DocsPage::Codes => Report::new("ok").line("# Codes\n\nEvery rejection has one stable code. This page is printed by the program: do not edit it.\n").lines(codes()),
        DocsPage::Cli => Report::new("ok").line("# Command line\n\nThis page is printed by the program: do not edit it.").lines(cli()),
    })
}

/// Every code of every crate, sorted.
pub(crate) fn all_codes() -> Vec<CodeRow> {
    let crates = [
        crate::CODES,
        reach_types::CODES,
        reach_signing::CODES,
        reach_spec_version::CODES,
        reach_tlog::CODES,
        reach_pack_integrity::CODES,
        reach_policy::CODES,
        reach_mesh_delegation::CODES,
        reach_replay::CODES,
        reach_audit_ledger::CODES,
        reach_runner::CODES,
        &[
            CLI_CODES,
            super::quickstart::CODES,
            &[super::pack::WIDENED, super::policy::DIFF_WIDENS, super::policy::TEST_FAILED],
        ],
    ];
    let mut rows: Vec<CodeRow> = crates.into_iter().flatten().flat_map(|rows| rows.iter().copied()).collect();
    rows.sort_by_key(|row| row.code);
    rows
}

fn codes() -> Vec<String> {
    let rows = all_codes().into_iter().map(|row| {
        let remedy = row.remedy.replace('|', "\\|");
        format!("| `{}` | {} | {} | {remedy} |", row.code, class(row.class), row.class.exit_code())
    });
    ["| code | class | exit | what to do |".to_owned(), "|---|---|---|---|".to_owned()]
        .into_iter()
        .chain(rows)
        .collect()
}

const fn class(class: Class) -> &'static str {
    match class {
        Class::Refused => "refused",
        Class::Usage => "usage",
        Class::Unsigned => "unsigned",
        Class::Untrusted => "untrusted",
        Class::Expired => "expired",
        Class::Unsafe => "unsafe",
        Class::Limit => "limit",
        Class::Incomplete => "incomplete",
        Class::Internal => "internal",
        Class::Environment => "environment",
    }
}

fn cli() -> Vec<String> {
    let mut pages = Vec::new();
    let mut root = Arguments::command().term_width(100);
    root.build();
    page(&mut root, &mut pages);
    pages
}

fn page(command: &mut Command, pages: &mut Vec<String>) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    pages.push(format!("\n## `{name}`\n\n```text\n{}\n```", help.trim_end()));
    let shown = |command: &&mut Command| !command.is_hide_set() && command.get_name() != "help";
    for below in command.get_subcommands_mut().filter(shown) {
        page(below, pages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_well_formed() {
        let rows = all_codes();
        for pair in rows.windows(2) {
            assert_ne!(pair[0].code, pair[1].code);
        }
        for row in rows {
            let (surface, name) = row.code.split_once('.').unwrap();
            let plain = |text: &str| {
                !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            };
            assert!(plain(surface) && plain(name), "{}", row.code);
            assert!(!row.remedy.is_empty() && !row.remedy.ends_with('.'), "{}", row.code);
        }
    }
}
