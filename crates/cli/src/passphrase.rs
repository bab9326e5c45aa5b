//! Where passphrases come from: a file, standard input, or a person at a terminal.

use std::{
    fs::File,
    io::{self, IsTerminal},
    os::fd::AsFd,
    path::Path,
};

use reach_runner::keys::{Ask, AskError, GivenPassphrase, PassphraseSource};
use reach_signing::Passphrase;
use zeroize::Zeroizing;

use crate::{
    World,
    arguments::{Arguments, Key, Noun},
    commands::flags::usage,
    report::Failure,
    terminal::shown,
};

/// `world`, with the passphrase that the command line names for every key it will read.
pub(crate) fn given(arguments: &Arguments, world: World) -> Result<World, Failure> {
    let Some(path) = &arguments.passphrase_file else { return Ok(world) };
    if matches!(arguments.noun, Noun::Key(Key::Generate { encrypt: false, .. })) {
        return Err(usage("--passphrase-file: only with --encrypt is the new key written under it".to_owned()));
    }
    let given = if path == Path::new("-") {
        GivenPassphrase::from_first_line(&mut unbuffered_input()?)
    } else {
        GivenPassphrase::from_file(path)
    };
    Ok(World { passphrases: Box::new(given?), ..world })
}

/// Standard input without the buffer that would keep what was read.
fn unbuffered_input() -> Result<File, AskError> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from).map_err(AskError::Input)
}

/// Asks the person at the terminal, if there is one, without showing what is typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct AskOnTerminal;

impl PassphraseSource for AskOnTerminal {
    fn passphrase(&self, ask: Ask<'_>) -> Result<Option<Passphrase>, AskError> {
        // A terminal can be opened from a script too; only somebody who sees the prompt is asked.
        if !io::stderr().is_terminal() {
            return Ok(None);
        }
        let path = |path: &Path| shown(&path.display().to_string());
        match ask {
            Ask::Describe(_) => Ok(None),
            Ask::Open(file) => prompt(&format!("passphrase of {}: ", path(file))).map(Some),
            Ask::Protect(file) => {
                let first = prompt(&format!("passphrase for {}: ", path(file)))?;
                let again = prompt("the same again: ")?;
                if first == again { Ok(Some(first)) } else { Err(AskError::Mismatch) }
            }
        }
    }
}

fn prompt(question: &str) -> Result<Passphrase, AskError> {
    let typed = rpassword::prompt_password(question).map(Zeroizing::new).map_err(AskError::Terminal)?;
    Passphrase::new(typed.as_bytes()).map_err(AskError::Passphrase)
}
