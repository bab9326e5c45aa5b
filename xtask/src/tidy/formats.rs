//! Every domain that bytes are hashed or signed in stands in `docs/formats.md`.

use super::Finding;
use crate::{
    source::{Source, line_of},
    tree::{self, File},
};

const PAGE: &str = "docs/formats.md";
/// How the domains begin: BLAKE3 contexts, DSSE payload types, predicate types.
const DOMAINS: &[&str] = &["\"reach 2026 ", "\"application/vnd.", "\"urn:reach:"];

pub(crate) fn check(files: &[File], sources: &[(&File, Source)]) -> Vec<Finding> {
    let page = files.iter().find(|file| file.path == PAGE).map_or("", |file| file.text.as_str());
    let library = |path: &str| tree::crate_folder(path).is_some() && path.contains("/src/") && !is_test(path);
    let mut findings = Vec::new();
    for (file, source) in sources.iter().filter(|(file, _)| library(&file.path)) {
        for (offset, domain) in domains(&file.text) {
            if !source.is_test(offset) && !page.contains(&format!("`{domain}`")) {
                let what = format!("the domain `{domain}` is not in {PAGE}");
                findings.push(Finding::new(
                    &file.path,
                    line_of(&file.text, offset),
                    what,
                    "list it with what stands in it",
                ));
            }
        }
    }
    findings
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.contains("/attacks/")
        || ["tests.rs", "testing.rs"].iter().any(|end| path.ends_with(end))
}

/// The quoted domains of a text; one that ends in `.` is only the beginning of some.
fn domains(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = DOMAINS.iter().flat_map(move |start| text.match_indices(start));
    starts.filter_map(move |(offset, _)| {
        let domain = text.get(offset + 1..)?.split('"').next()?;
        (!domain.ends_with('.')).then_some((offset, domain))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_is_not_on_the_page_is_found() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let found = |code: &str| {
            let files = [
                file("crates/a/src/b.rs", code),
                file("docs/formats.md", "| `reach 2026 known v1` | x |\n| `application/vnd.reach.known.v1` | y |\n"),
            ];
            check(&files, &tree::sources(&files)).len()
        };
        assert_eq!(found("const A: &str = \"reach 2026 known v1\";"), 0);
        assert_eq!(found("const A: &str = \"reach 2026 unknown v1\";"), 1);
        assert_eq!(found("const A: &str = \"application/vnd.reach.known.v1\";"), 0);
        assert_eq!(found("const A: &str = \"application/vnd.reach.other.v1\";"), 1);
        assert_eq!(found("const PREFIX: &str = \"application/vnd.reach.other.\";"), 0);
        assert_eq!(found("#[cfg(test)]\nmod tests {\n    const A: &str = \"reach 2026 unknown v1\";\n}\n"), 0);
    }
}
