//! `reach status`.

use std::path::Path;

use reach_runner::{Access, BuiltinTools, Environment, Stage, State, ToolHost, unfinished};
use serde_json::{Value, json};

use crate::{
    World,
    arguments::Status,
    commands::run::{recovered, running, stopped},
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Status, world: &World) -> Result<Report, Failure> {
    let report = match &command.state {
        Some(dir) => node(dir, world)?,
        None => Report::new("ok"),
    };
    Ok(if command.registry { registry(report) } else { report })
}

fn registry(report: Report) -> Report {
    let registry = BuiltinTools::definitions_only().registry();
    let lines = registry.iter().map(|(tool, digest)| format!("\"{tool}\" = \"{digest}\"")).collect::<Vec<_>>();
    report
        .field("registry", json!(registry))
        .field("definitions", Value::Array(BuiltinTools::definitions()))
        .lines(lines)
}

fn node(dir: &Path, world: &World) -> Result<Report, Failure> {
    let state = State::open(dir, Access::Read)?;
    let found = unfinished(&state)?;
    let config = state.config();
    let size = state.ledger().head()?.size;
    let report = Report::new("ok")
        .check("the ledger leads up to the anchor")
        .field("origin", config.origin.clone())
        .field("tenant", config.tenant.as_str())
        .field("node", state.node().to_string())
        .field("trust_root_digest", config.trust_root.to_string())
        .field("anchor", config.anchor.display().to_string())
        .field("entries", size)
        .field("now", state.now(world)?.to_string())
        .field("unfinished_runs", stopped(&found))
        .field("running_runs", running(&found))
        .field("relaxed", json!(relaxed(&world.environment)))
        .line(format!("{} (tenant {})", shown(&config.origin), config.tenant))
        .line(format!("node    {}", state.node()))
        .line(format!("trust   {} is pinned", config.trust_root))
        .line(format!(
            "ledger  {size} entries, leading up to the anchor {}",
            shown(&config.anchor.display().to_string())
        ))
        .lines(found.iter().map(recovered))
        .lines(relaxed(&world.environment).into_iter().map(|what| format!("relaxed {what}")));
    Ok(report)
}

/// What the environment relaxes, for everybody to see.
fn relaxed(environment: &Environment) -> Vec<&'static str> {
    let mode = environment.policy_mode.as_deref() == Some("warn");
    let candidates =
        [(environment.stage == Stage::Development, "REACH_ENV=development"), (mode, "REACH_POLICY_MODE=warn")];
    candidates.into_iter().filter_map(|(on, what)| on.then_some(what)).collect()
}
