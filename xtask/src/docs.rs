//! `docs`: the pages that a program can print are printed by it, and never edited.

use std::fs;

use crate::{error::Error, process, threats, tree};

/// Pages that the `reach` binary prints, by the name of its subcommand.
const PRINTED: &[(&str, &str)] = &[("codes", "docs/codes.md"), ("cli", "docs/cli.md")];

pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let [check] = crate::flags("docs", arguments, ["--check"])?;
    let pages = pages()?;
    if check { compare(&pages) } else { write(&pages) }
}

/// Fails if a page on disk is not what would be written.
pub(crate) fn check() -> Result<(), Error> {
    compare(&pages()?)
}

struct Page {
    path: &'static str,
    text: String,
}

fn pages() -> Result<Vec<Page>, Error> {
    let mut pages = vec![Page { path: threats::PAGE, text: threats::page(&tree::read(&tree::root())?)? }];
    for (subcommand, path) in PRINTED {
        let arguments = ["run", "--quiet", "--package", "reach-cli", "--", "docs", subcommand];
        let text = process::capture("cargo", &arguments)?;
        if text.trim().is_empty() {
            return Err(Error::Silent { command: format!("cargo {}", arguments.join(" ")) });
        }
        pages.push(Page { path, text });
    }
    Ok(pages)
}

fn write(pages: &[Page]) -> Result<(), Error> {
    for page in pages {
        let path = tree::root().join(page.path);
        fs::write(&path, &page.text).map_err(|source| Error::Write { path, source })?;
        println!("wrote {}", page.path);
    }
    Ok(())
}

fn compare(pages: &[Page]) -> Result<(), Error> {
    let mut stale = Vec::new();
    for page in pages {
        let committed = fs::read_to_string(tree::root().join(page.path)).unwrap_or_default();
        if let Some(difference) = first_difference(&committed, &page.text) {
            println!("{}:{difference}", page.path);
            stale.push(page.path);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Error::Drift { names: stale.join(", "), remedy: "cargo xtask docs" })
}

/// The first line that differs: its number, what is there, and what should be.
fn first_difference(found: &str, wanted: &str) -> Option<String> {
    if found == wanted {
        return None;
    }
    let longest = found.lines().count().max(wanted.lines().count());
    let line = |text: &str, number: usize| text.lines().nth(number).map(str::to_owned);
    let number = (0..longest).find(|number| line(found, *number) != line(wanted, *number));
    let Some(number) = number else { return Some(format!("{longest}: differs only in how its lines end")) };
    let show = |text: &str| line(text, number).unwrap_or_else(|| "(the end)".to_owned());
    Some(format!("{}: is\n  {}\nand should be\n  {}", number + 1, show(found), show(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n").unwrap(), "2: is\n  b\nand should be\n  c");
        assert_eq!(first_difference("a\n", "a\nb\n").unwrap(), "2: is\n  (the end)\nand should be\n  b");
        assert_eq!(first_difference("a", "a\n").unwrap(), "1: differs only in how its lines end");
    }
}
