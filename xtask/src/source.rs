//! Rust source split into code, comments and test regions, so that a check never trips over text in a string.

use std::ops::Range;

/// One source file, in two views with the same lines.
pub(crate) struct Source {
    /// The code: comments and the contents of literals are blanks.
    pub(crate) code: String,
    /// The comments: everything else is blanks.
    pub(crate) comments: String,
    tests: Vec<Range<usize>>,
}

/// A `mod name;` item.
pub(crate) struct Module<'a> {
    pub(crate) name: &'a str,
    /// Whether `#[cfg(test)]` stands before it.
    pub(crate) test: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

impl Source {
    pub(crate) fn parse(text: &str) -> Self {
        let (mut code, mut comments) = (String::new(), String::new());
        let mut rest = text;
        let mut previous = ' ';
        while !rest.is_empty() {
            let (kind, length) = token(rest, previous);
            let (token, after) = rest.split_at(length);
            for c in token.chars() {
                let keep = |wanted| if c == '\n' || kind == wanted { c } else { ' ' };
                code.push(keep(Kind::Code));
                comments.push(keep(Kind::Comment));
                previous = c;
            }
            rest = after;
        }
        let tests = test_regions(&code);
        Self { code, comments, tests }
    }

    /// Whether the byte at `offset` of the code belongs to a `#[cfg(test)]` item.
    pub(crate) fn is_test(&self, offset: usize) -> bool {
        self.tests.iter().any(|region| region.contains(&offset))
    }

    /// How many lines stand outside `#[cfg(test)]` items.
    pub(crate) fn lines_outside_tests(&self) -> usize {
        let starts = std::iter::once(0).chain(self.code.match_indices('\n').map(|(at, _)| at + 1));
        starts.filter(|at| *at < self.code.len() && !self.is_test(*at)).count()
    }

    /// Every `mod name;` at any depth.
    pub(crate) fn modules(&self) -> impl Iterator<Item = Module<'_>> {
        words(&self.code, "mod").filter_map(|at| {
            let rest = self.code.get(at + 3..)?;
            let name = identifier(rest.trim_start())?;
            let after = rest.trim_start().strip_prefix(name)?.trim_start();
            after.starts_with(';').then(|| Module { name, test: self.is_test(at) })
        })
    }

    /// The names of all test functions: `#[test]`, further attributes, `fn name`.
    pub(crate) fn test_names(&self) -> impl Iterator<Item = &str> {
        self.code.match_indices("#[test]").filter_map(|(at, attribute)| {
            let mut rest = self.code.get(at + attribute.len()..)?.trim_start();
            while rest.starts_with("#[") {
                rest = rest.get(matching(rest, '[', ']')?..)?.trim_start();
            }
            identifier(rest.strip_prefix("fn")?.trim_start())
        })
    }
}

/// The line of a byte offset, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

/// The offsets at which `word` stands and is not part of a longer identifier.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).filter_map(move |(at, _)| {
        let joined = |c: Option<char>| c.is_some_and(in_identifier);
        let before = joined(text.get(..at)?.chars().next_back());
        let after = joined(word.chars().next_back()) && joined(text.get(at + word.len()..)?.chars().next());
        (!before && !after).then_some(at)
    })
}

/// The offset just after the bracket that closes the first `open` in `text`.
pub(crate) fn matching(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at + c.len_utf8());
            }
        }
    }
    None
}

pub(crate) fn identifier(text: &str) -> Option<&str> {
    let end = text.find(|c| !in_identifier(c)).unwrap_or(text.len());
    text.get(..end).filter(|name| !name.is_empty())
}

fn in_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The kind and the length in bytes of what `rest` starts with.
fn token(rest: &str, previous: char) -> (Kind, usize) {
    let until = |end: Option<usize>| end.unwrap_or(rest.len());
    if rest.starts_with("//") {
        return (Kind::Comment, until(rest.find('\n')));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, until(block_comment(rest)));
    }
    if rest.starts_with('"') {
        return (Kind::Literal, until(quoted(rest, '"')));
    }
    if !in_identifier(previous)
        && let Some(length) = raw_string(rest)
    {
        return (Kind::Literal, length);
    }
    if rest.starts_with('\'')
        && let Some(length) = char_literal(rest)
    {
        return (Kind::Literal, length);
    }
    (Kind::Code, rest.chars().next().map_or(0, char::len_utf8))
}

fn block_comment(rest: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let here = rest.get(at..)?;
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += here.chars().next()?.len_utf8();
        }
    }
}

/// The length of a literal that starts with `quote` and knows backslash escapes.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if !escaped && c == quote {
            return Some(at + c.len_utf8());
        }
        escaped = !escaped && c == '\\';
    }
    None
}

fn raw_string(rest: &str) -> Option<usize> {
    let after = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after.get(hashes..)?.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = body.find(&close).map_or(body.len(), |at| at + close.len());
    Some(rest.len() - body.len() + end)
}

/// The length of a char literal; a lifetime is none.
fn char_literal(rest: &str) -> Option<usize> {
    let mut chars = rest.chars().skip(1);
    match (chars.next()?, chars.next()?) {
        ('\\', _) => quoted(rest, '\''),
        (c, '\'') => Some(c.len_utf8() + 2),
        _ => None,
    }
}

fn test_regions(code: &str) -> Vec<Range<usize>> {
    if code.contains("#![cfg(test)]") {
        return std::iter::once(0..code.len()).collect();
    }
    let starts = ["#[cfg(test)]", "#[cfg(all(test"].iter().flat_map(|attribute| code.match_indices(attribute));
    starts.filter_map(|(at, _)| Some(at..at + item_length(code.get(at..)?)?)).collect()
}

/// The length of the item that `text` starts with: up to its `;` or the end of its braces.
fn item_length(text: &str) -> Option<usize> {
    let end = text.find(['{', ';'])?;
    if text.get(end..)?.starts_with(';') { Some(end + 1) } else { Some(end + matching(text.get(end..)?, '{', '}')?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_comments_are_not_code() {
        let text = "let a = \"todo!()\"; // todo!()\nlet b = r#\"\"todo!\"#; /* /* x */ todo! */ let c = '\"'; todo!()";
        let source = Source::parse(text);
        assert_eq!(source.code.matches("todo!").count(), 1);
        assert_eq!(source.comments.matches("todo!").count(), 2);
        assert_eq!(source.code.lines().count(), text.lines().count());
    }

    #[test]
    fn lifetimes_and_escapes_do_not_open_literals() {
        let source = Source::parse("fn f<'a>(x: &'a str) { g('\\'', b'\\\\', \"\\\"\", br\"\\\"); h() }");
        assert!(source.code.contains("'a str"));
        assert!(source.code.contains("h()"));
        assert!(Source::parse("r#type(x)").code.contains("type"));
    }

    #[test]
    fn test_regions_end_with_their_item() {
        let source = Source::parse("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { { } }\n}\nfn c() {}\n");
        let at = |needle: &str| source.is_test(source.code.find(needle).unwrap());
        assert!(!at("fn a"));
        assert!(at("fn b"));
        assert!(!at("fn c"));
        assert_eq!(source.lines_outside_tests(), 2);
    }

    #[test]
    fn modules_are_found_with_their_condition() {
        let source = Source::parse("mod a;\n#[cfg(test)]\nmod b;\nmod inline { }\n// mod c;\n");
        let found: Vec<_> = source.modules().map(|m| (m.name, m.test)).collect();
        assert_eq!(found, [("a", false), ("b", true)]);
    }

    #[test]
    fn test_functions_are_found_also_inside_proptest() {
        let text = "#[test]\nfn k01_x() {}\nproptest! {\n #[test]\n fn k02_y(a in 0..1) {}\n}\n\
                    #[test]\n#[expect(a, reason = \"]\")]\nfn k03_z() {}\nfn k04_no() {}";
        let source = Source::parse(text);
        assert_eq!(source.test_names().collect::<Vec<_>>(), ["k01_x", "k02_y", "k03_z"]);
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(words("print!() eprint!() print!x", "print!").count(), 2);
        assert_eq!(words("modern mod", "mod").count(), 1);
    }
}
