//! A command line in words, as a shell would split it if it did nothing else.

use super::CommandError;

/// What a shell acts on outside quotes, beside blanks and quotes.
const SHELL: &str = "|&;<>()$`*?[]{}#~!\n\r";

/// Splits at blanks. In single quotes everything stands for itself; in double quotes `\` goes
/// before `"`, `\`, `$` and `` ` ``, and what is left of `$` and `` ` `` is refused; elsewhere `\`
/// goes before anything.
pub(super) fn split(text: &str) -> Result<Vec<String>, CommandError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => single(&mut rest, word.get_or_insert_default())?,
            '"' => double(&mut rest, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(rest.next().ok_or(CommandError::Unfinished)?),
            c if SHELL.contains(c) => return Err(CommandError::Shell { character: c }),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn single(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), CommandError> {
    loop {
        match rest.next().ok_or(CommandError::Unfinished)? {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
}

fn double(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), CommandError> {
    loop {
        match rest.next().ok_or(CommandError::Unfinished)? {
            '"' => return Ok(()),
            '\\' => match rest.next().ok_or(CommandError::Unfinished)? {
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c @ ('$' | '`') => return Err(CommandError::Shell { character: c }),
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::Code;

    #[test]
    fn words_are_those_of_a_shell_that_does_nothing_else() {
        for (text, words) in [
            ("", &[][..]),
            ("  \t ", &[]),
            ("./sign.sh", &["./sign.sh"]),
            (" sign  --slot 1 ", &["sign", "--slot", "1"]),
            (r#"a 'b c' "d e" f\ g"#, &["a", "b c", "d e", "f g"]),
            (r#"a'b'"c"\d"#, &["abcd"]),
            (r#"'' """#, &["", ""]),
            (r#"'\' '$x|y' "\$x \"q\" \n""#, &["\\", "$x|y", "$x \"q\" \\n"]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
    }

    #[test]
    fn what_only_a_shell_could_do_is_refused() {
        let code = |text: &str| split(text).map_or_else(|e| e.code(), |_| "ok");
        for c in SHELL.chars() {
            assert_eq!(code(&format!("a{c}b")), "key.signer_shell", "{c:?}");
            assert_eq!(code(&format!("a'{c}'b")), "ok", "{c:?}");
        }
        assert_eq!(code("\"$HOME\""), "key.signer_shell");
        assert_eq!(code("'a"), "key.signer_unfinished");
        assert_eq!(code("\"a"), "key.signer_unfinished");
        assert_eq!(code("a\\"), "key.signer_unfinished");
    }
}
