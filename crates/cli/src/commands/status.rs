//! `reach status`.

use std::path::Path;

use reach_runner::{Access, BuiltinTools, Environment, Stage, State, ToolHost, unfinished};
use serde_json::{Value, json};

use crate::{
    World,
    arguments::{Status, TrustSource},
    commands::{
        registry::tables,
        run::{recovered, running, stopped},
        source::Trusted,
        trust::with_due,
    },
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Status, world: &World) -> Result<Report, Failure> {
    let report = match &command.trust {
        None => Report::new("ok"),
        Some(trust) => trust_report(trust, command, world)?,
    };
    let report = match &command.state {
        Some(dir) => node(report, dir, world)?,
        None => report,
    };
    Ok(if command.registry { registry(report, command.toml) } else { report })
}

/// The tools with the digests that packs pin, and with their definitions for packs to carry.
fn registry(report: Report, toml: bool) -> Report {
    let host = BuiltinTools::definitions_only();
    let definitions = host.definitions();
    let objects = definitions.values().map(|one| Value::Object(one.members().clone())).collect();
    let report = report.field("registry", json!(host.registry())).field("definitions", Value::Array(objects));
    if toml {
        let tables = tables(&definitions);
        return report.field("toml", tables.as_str()).line(tables.trim_end());
    }
    report.lines(definitions.iter().map(|(tool, one)| format!("\"{tool}\" = \"{}\"", one.digest())))
}

/// What is due in the trust document, under the state directory's pin and floor if there is one.
fn trust_report(trust: &Path, command: &Status, world: &World) -> Result<Report, Failure> {
    let source = TrustSource { trust: trust.to_path_buf(), trust_root: None, state: command.state.clone() };
    let Trusted { trust, now, .. } = Trusted::load(&source, world)?;
    Ok(with_due(&trust, now, |report| {
        let document = trust.document();
        report
            .field("trust_version", document.version)
            .field("trust_expires", document.expires.to_string())
            .line(format!("trust   version {}, valid until {}", document.version, document.expires))
    }))
}

fn node(report: Report, dir: &Path, world: &World) -> Result<Report, Failure> {
    let state = State::open(dir, Access::Read)?;
    let found = unfinished(&state)?;
    let config = state.config();
    let size = state.ledger().head()?.size;
    let report = report
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
    let development = (environment.stage == Stage::Development).then_some("REACH_ENV=development");
    development.into_iter().chain(environment.relaxations()).collect()
}
