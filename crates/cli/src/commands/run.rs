//! `reach run`.

use std::{path::Path, time::Duration};

use reach_runner::{Access, Asking, Ending, Reach, RunReport, Sources, State, Unfinished, recover, run as run_pack};
use serde_json::{Value, json};

use crate::{
    World,
    arguments::Run,
    commands::pack::{provenance, unsigned_line},
    progress::Bar,
    report::{Failure, Report},
    terminal::{Terminal, shown},
};

pub(crate) fn run(command: &Run, world: &World, terminal: &mut Terminal<'_>) -> Result<Report, Failure> {
    let mut state = State::open(&command.state, Access::Write)?;
    let found = recover(world, &mut state, &command.trust)?;
    found.iter().for_each(|one| terminal.note(&recovered(one)));
    let sources = Sources {
        pack: &command.pack,
        signature: command.signature.as_deref(),
        policy: &command.policy,
        trust: &command.trust,
    };
    let reach = Reach { workspace: &command.workspace, exclude: &command.exclude };
    let bar = Bar::new(terminal);
    let mut notice = |request: &Path| bar.aside(|| terminal.note(&waiting(request)));
    let timeout = Duration::from_secs(command.ask_timeout);
    let asking = command.approvals.as_deref().map(|directory| Asking { directory, timeout, notice: &mut notice });
    let mut progress = |step: &str, done, total| bar.show(step, done, total);
    let report = run_pack(world, &mut state, &sources, &reach, asking, &mut progress)?;
    drop(bar);
    Ok(describe(&report, &found))
}

/// Where a question waits, and how it is answered.
fn waiting(request: &Path) -> String {
    let path = shown(&request.display().to_string());
    format!("waiting: a person has to approve a call: reach policy approve {path} --key OPERATOR.pem")
}

/// The runs that a killed process left.
pub(crate) fn stopped(found: &[Unfinished]) -> Value {
    json!(found.iter().filter(|one| !one.running).map(|one| one.run).collect::<Vec<_>>())
}

/// The runs that a process is working on.
pub(crate) fn running(found: &[Unfinished]) -> Value {
    json!(found.iter().filter(|one| one.running).map(|one| one.run).collect::<Vec<_>>())
}

/// What a killed run left, in one line.
pub(crate) fn recovered(one: &Unfinished) -> String {
    if one.running {
        return format!("running: run {}, {} whole frame(s) so far", one.run, one.frames);
    }
    let what = if one.sealed.is_some() {
        "its log is sealed, its last ledger entry was missing"
    } else {
        "it was interrupted"
    };
    format!("found: run {} did not end: {what}, {} whole frame(s) are durable", one.run, one.frames)
}

fn describe(report: &RunReport, found: &[Unfinished]) -> Report {
    let (verdict, lines) = match (report.rejection(), &report.ending) {
        (None, _) => (Report::new("completed"), vec![format!("completed: {} call(s)", report.calls)]),
        (Some((row, message)), ending) => (Report::negative(row, message), reasons(report, ending.as_ref())),
    };
    let verdict = report.checks.iter().fold(verdict, |verdict, check| verdict.check(check));
    let verdict = verdict
        .field("provenance", provenance(&report.provenance))
        .field("run", report.run.to_string())
        .field("calls", report.calls)
        .field("spec", spec(report))
        .field("recovered", json!(found.iter().map(|one| one.run).collect::<Vec<_>>()))
        .lines(unsigned_line(&report.provenance))
        .lines(lines)
        .line(format!("run    {}", report.run));
    let Some((head, frames)) = report.sealed else { return verdict };
    verdict
        .field("log", report.log.display().to_string())
        .field("output", report.output.display().to_string())
        .field("frames", frames)
        .field("head", head.to_string())
        .line(format!("log    {} ({frames} frames)", shown(&report.log.display().to_string())))
        .line(format!("output {}", shown(&report.output.display().to_string())))
}

/// What the pack and this node agreed on.
fn spec(report: &RunReport) -> Value {
    let agreed = &report.agreement;
    json!({ "agreed": agreed.spec(), "features": agreed.features().len(), "dropped": report.dropped })
}

fn reasons(report: &RunReport, ending: Option<&Ending>) -> Vec<String> {
    let decision = match ending {
        None => &report.admission,
        Some(Ending::Refused(decision)) => decision,
        Some(_) => return vec![format!("stopped after {} call(s)", report.calls)],
    };
    decision.to_string().lines().map(str::to_owned).collect()
}
