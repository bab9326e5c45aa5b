//! `reach init`.

use reach_runner::{InitOptions, init};
use reach_types::TenantId;
use serde_json::json;

use crate::{
    World,
    arguments::Init,
    commands::trust::{check_origin, parse_pin, usage},
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Init, world: &World) -> Result<Report, Failure> {
    check_origin(&command.origin)?;
    let options = InitOptions {
        dir: command.state.clone(),
        origin: command.origin.clone(),
        trust: command.trust.clone(),
        trust_root: command.trust_root.as_deref().map(parse_pin).transpose()?,
        anchor: command.anchor.clone(),
        tenant: TenantId::parse(&command.tenant).map_err(|error| usage(format!("--tenant: {error}")))?,
        keys: command.key.clone(),
    };
    let made = init(world, &options)?;
    let generated: Vec<_> = made.generated.iter().map(|role| role.as_str()).collect();
    let report = Report::new("ok")
        .field("state", command.state.display().to_string())
        .field("origin", made.config.origin.clone())
        .field("tenant", made.config.tenant.as_str())
        .field("node", made.node.to_string())
        .field("trust_root_digest", made.config.trust_root.to_string())
        .field("anchor", made.config.anchor.display().to_string())
        .field("generated_keys", json!(generated))
        .line(format!(
            "state directory {} for {}",
            shown(&command.state.display().to_string()),
            shown(&made.config.origin)
        ))
        .line(format!("node {}", made.node))
        .line(format!("trust root {} is pinned", made.config.trust_root))
        .line(format!("anchor {}", shown(&made.config.anchor.display().to_string())));
    if generated.is_empty() {
        return Ok(report);
    }
    let dir = command.state.join("keys");
    Ok(report.line(format!(
        "new keys for {}: add {}/*.pub.pem to the trust document before others can verify them",
        generated.join(", "),
        shown(&dir.display().to_string())
    )))
}
