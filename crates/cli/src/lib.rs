#![doc = include_str!("../README.md")]

mod arguments;
mod commands;
mod passphrase;
mod progress;
mod report;
mod terminal;

use std::ffi::{OsStr, OsString};

use clap::{CommandFactory, Parser};
use reach_runner::World;
use reach_types::{Class, Code, CodeRow};

pub use passphrase::AskOnTerminal;
pub use terminal::Terminal;

use arguments::{Arguments, Noun};
use report::{Failure, Report};

/// Runs one command line in `world` and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, world: World, terminal: &mut Terminal<'_>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // As it was typed, so that the command lines that quickstart prints work in the same place.
    let program = arguments.first().map_or_else(|| "reach".to_owned(), |program| quoted(program));
    let json = arguments.iter().any(|word| word == "--json");
    let code = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => {
            let world = passphrase::given(&arguments, world);
            let report = world.and_then(|world| dispatch(arguments, &program, &world, terminal));
            report.unwrap_or_else(Failure::into_report).print(json, terminal)
        }
        Err(error) => usage(&error, json, terminal),
    };
    match terminal.finish() {
        Ok(()) => code,
        Err(error) => Failure::from(error).into_report().print(false, terminal),
    }
}

/// Answers a command line that cannot be run because of `error`, as any other refusal is answered.
pub fn refuse<E: Code>(arguments: impl IntoIterator<Item = OsString>, error: E, terminal: &mut Terminal<'_>) -> u8 {
    let json = arguments.into_iter().any(|word| word == "--json");
    Failure::from(error).into_report().print(json, terminal)
}

/// The codes of the command line's own grammar and output.
const CODES: &[&[CodeRow]] = &[&[USAGE], terminal::OutputError::ROWS];

const USAGE: CodeRow = CodeRow { code: "cli.usage", class: Class::Usage, remedy: "see `--help` of the command" };

/// Help and version are answers; everything else the parser refuses is a usage error.
fn usage(error: &clap::Error, json: bool, terminal: &mut Terminal<'_>) -> u8 {
    let text = error.render().to_string();
    if !error.use_stderr() {
        terminal.line(text.trim_end());
        return 0;
    }
    // Without a subcommand clap answers with the help itself.
    let message = text.trim_end().strip_prefix("error: ").unwrap_or("a command is missing").to_owned();
    let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
    let report = Report::negative(USAGE, first.to_owned());
    let code = report.print(json, terminal);
    if !rest.trim().is_empty() {
        terminal.note(rest.trim_end());
    }
    code
}

fn dispatch(
    arguments: Arguments,
    program: &str,
    world: &World,
    terminal: &mut Terminal<'_>,
) -> Result<Report, Failure> {
    let json = arguments.json;
    match arguments.noun {
        Noun::Quickstart(command) => commands::quickstart::run(&command, program, json, world, terminal),
        Noun::Init(command) => commands::init::run(&command, world),
        Noun::Key(command) => commands::key::run(&command, world),
        Noun::Trust(command) => commands::trust::run(&command, world),
        Noun::Pack(command) => commands::pack::run(&command, world),
        Noun::Plugin(command) => commands::plugin::run(&command, world),
        Noun::Policy(command) => commands::policy::run(&command, world),
        Noun::Run(command) => commands::run::run(&command, world, terminal),
        Noun::Replay(command) => commands::replay::run(&command, world),
        Noun::Audit(command) => commands::audit::run(&command, world, terminal),
        Noun::Delegate(command) => commands::delegate::run(&command, world),
        Noun::Spec(command) => commands::spec::run(&command, world),
        Noun::Status(command) => commands::status::run(&command, world),
        Noun::Completions { shell } => Ok(completions(shell)),
        Noun::Docs { what } => commands::docs::run(what),
    }
}

fn completions(shell: clap_complete::Shell) -> Report {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "reach", &mut script);
    let text = String::from_utf8_lossy(&script).trim_end().to_owned();
    Report::new("ok").field("script", text.clone()).line(text)
}

/// The command line that quickstart ran, quoted for a shell.
fn shell_line(arguments: &[OsString]) -> String {
    arguments.iter().map(|argument| quoted(argument)).collect::<Vec<_>>().join(" ")
}

/// One word, quoted for a shell where it needs to be.
fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+%".contains(c);
    let bare = !text.is_empty() && text.chars().all(plain);
    if bare { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
