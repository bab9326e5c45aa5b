//! Help, completions, JSON, and the reference pages.

use clap_free::every_help;

use crate::support::reach;

/// Walks the help pages as a person would, by asking for them.
mod clap_free {
    use crate::support::reach;

    /// The help of `words` and of everything below.
    pub(super) fn every_help(words: &[&str]) -> Vec<(String, String)> {
        let help = reach(&[words, &["--help"]].concat());
        assert_eq!(help.exit, 0, "{words:?}");
        let below = help.out.split("Commands:\n").nth(1).unwrap_or_default();
        let names = below.lines().take_while(|line| line.starts_with("  ")).filter_map(|line| {
            let name = line.split_whitespace().next()?;
            (line.starts_with("  ") && !line.starts_with("   ") && name != "help").then(|| name.to_owned())
        });
        let mut pages = vec![(words.join(" "), help.out.clone())];
        for name in names.collect::<Vec<_>>() {
            pages.extend(every_help(&[words, &[name.as_str()]].concat()));
        }
        pages
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let pages = every_help(&[]);
    assert!(pages.len() >= 40, "{}", pages.len());
    for (name, text) in pages {
        assert!(text.contains("Example: reach "), "{name}");
    }
}

#[test]
fn completions_are_scripts() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = reach(&["completions", shell]);
        assert_eq!(answer.exit, 0);
        assert!(answer.json()["script"].as_str().unwrap().contains("quickstart"), "{shell}");
    }
}

#[test]
fn a_wrong_command_line_is_a_usage_error_in_the_same_form_as_every_other() {
    for words in [
        &["nonsense"][..],
        &[],
        &["pack"],
        &["pack", "verify"],
        &["pack", "verify", "x", "--trust"],
        &["key", "generate", "--role", "pack"],
        &["status"],
        &["completions", "foo"],
    ] {
        let answer = reach(words);
        assert_eq!((answer.exit, answer.code().as_str()), (2, "cli.usage"), "{words:?}: {}", answer.err);
        assert!(answer.err.starts_with("error[cli.usage]: "), "{}", answer.err);
    }
}

#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut reach = std::process::Command::new(env!("CARGO_BIN_EXE_reach"));
    let answer = reach.args(["spec", "offer"]).stdout(full).output().unwrap();
    assert_eq!(answer.status.code(), Some(74));
    assert!(String::from_utf8(answer.stderr).unwrap().starts_with("error[cli.output]: "));
}

#[test]
fn the_reference_pages_list_every_code() {
    let codes = reach(&["docs", "codes"]);
    assert_eq!(codes.exit, 0);
}
