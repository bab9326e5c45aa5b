//! `README.md`, from the same list as `cases.json`.

use std::fmt::Write;

use crate::{case::Case, corpus::Corpus, exit, text::swap};

const INTRODUCTION: &str = include_str!("readme/introduction.md");
const LEFT_OUT: &str = include_str!("readme/left_out.md");

/// The page: what the corpus is, every case by group, the rows it tries, and what is not in it.
pub(crate) fn page(corpus: &Corpus) -> String {
    let cases = &corpus.cases;
    let good = cases.iter().filter(|case| case.good.is_none()).count();
    let counted = swap(INTRODUCTION, "{all}", &cases.len().to_string());
    let counted = swap(&swap(&counted, "{good}", &good.to_string()), "{bad}", &(cases.len() - good).to_string());
    let mut page = format!("{counted}\n{}\n{LEFT_OUT}", rows(cases));
    for (at, (first, title)) in corpus.groups.iter().enumerate() {
        let next = corpus.groups.get(at + 1).map_or(1000, |(next, _)| *next);
        let members = cases.iter().filter(|case| (*first..next).contains(&case.number()));
        let _ = write!(
            page,
            "\n## {title}\n\n| case | row | ends as | good | what | how made |\n|---|---|---|---|---|---|\n"
        );
        members.for_each(|case| page.push_str(&line(case)));
    }
    page
}

fn line(case: &Case) -> String {
    let exit = exit::of(case.verdict);
    let verdict = if exit == 0 { "ok".to_owned() } else { format!("`{}`, {exit}", case.verdict) };
    let (row, good) = (case.row.unwrap_or_default(), case.good.as_deref().unwrap_or_default());
    format!("| {} | {row} | {verdict} | {good} | {} | {} |\n", case.id, cell(&case.title), cell(&case.how))
}

/// A text that cannot end its cell of the table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Which cases try which attack row.
fn rows(cases: &[Case]) -> String {
    let mut rows: Vec<_> = cases.iter().filter_map(|case| case.row).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut table = "| row | must end otherwise than `ok` | near misses that pass |\n|---|---|---|\n".to_owned();
    for row in rows {
        let of = |bad: bool| {
            let ids = cases.iter().filter(|case| case.row == Some(row) && case.good.is_some() == bad);
            ids.map(|case| case.id.as_str()).collect::<Vec<_>>().join(" ")
        };
        let _ = writeln!(table, "| {row} | {} | {} |", of(true), of(false));
    }
    table
}
