//! `reach init`.

use reach_runner::{InitOptions, init, reset_trust};
use reach_types::{Blake3Digest, TenantId};
use serde_json::json;

use crate::{
    World,
    arguments::Init,
    commands::flags::{check_origin, parse_pin, usage},
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Init, world: &World) -> Result<Report, Failure> {
    let trust_root = command.trust_root.as_deref().map(parse_pin).transpose()?;
    // The grammar demands both unless the trust root is reset.
    let (Some(origin), Some(anchor)) = (&command.origin, &command.anchor) else {
        return reset(world, command, trust_root.as_ref());
    };
    check_origin(origin)?;
    let options = InitOptions {
        dir: command.state.clone(),
        origin: origin.clone(),
        trust: command.trust.clone(),
        trust_root,
        anchor: anchor.clone(),
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

/// Pins another trust root in a state directory that exists.
fn reset(world: &World, command: &Init, root: Option<&Blake3Digest>) -> Result<Report, Failure> {
    let reset = reset_trust(world, &command.state, &command.trust, root)?;
    let unlisted: Vec<_> = reset.unlisted.iter().map(|role| role.as_str()).collect();
    let report = Report::new("ok")
        .check("the trust document is in force")
        .check("the reset is recorded in the ledger")
        .field("state", command.state.display().to_string())
        .field("trust_root_before", reset.from.to_string())
        .field("trust_root_digest", reset.to.to_string())
        .field("version", reset.version)
        .field("unlisted_keys", json!(unlisted))
        .line(format!("trust root {} is pinned in place of {}", reset.to, reset.from))
        .line("the reset is in the ledger; tell whoever relied on the old root".to_owned());
    if unlisted.is_empty() {
        return Ok(report);
    }
    Ok(report.line(format!("this node's keys for {} are not in the new trust document", unlisted.join(", "))))
}
