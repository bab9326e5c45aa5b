//! `reach plugin`.

use reach_pack_integrity::{PluginProvenance, VouchedManifest};
use reach_policy::{Policy, VerifiedBundle};
use reach_runner::{
    plugins::{self, PluginExemptions, PluginKeys, PluginPaths},
    policies,
};
use serde_json::json;

use crate::{
    World,
    arguments::{Plugin, PluginVerify},
    commands::{flags::usage, source::Trusted},
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Plugin, world: &World) -> Result<Report, Failure> {
    match command {
        Plugin::Verify(command) => verify(command, world),
    }
}

/// A verified policy, and what it was verified under.
struct Authority {
    trusted: Trusted,
    bundle: VerifiedBundle,
}

fn verify(command: &PluginVerify, world: &World) -> Result<Report, Failure> {
    let authority = authority(command, world)?;
    let policy = authority.as_ref().map(|authority| authority.bundle.policy());
    let keys = keyring(command, world, policy)?;
    let exemptions = policy.map(|policy| PluginExemptions::of(&world.environment, policy)).transpose()?;
    let now = authority.as_ref().map_or_else(|| world.now(), |authority| authority.trusted.now);
    let state = command.state.as_deref();
    let paths = PluginPaths { manifest: &command.manifest, signature: &command.signature, state };
    let judged = plugins::judge(world, &paths, &keys, exemptions.as_ref(), now);
    let report = match (judged.verdict, judged.vouched) {
        (Ok(verified), _) => describe(Report::new(word(verified.vouched())), verified.vouched())
            .line("files that the manifest does not pin were not looked at"),
        (Err(error), Some(vouched)) => describe(Failure::from(error).into_report(), &vouched),
        (Err(error), None) => Failure::from(error).into_report(),
    };
    let report = note_keyring(report, &keys);
    Ok(match authority {
        Some(authority) => authority.trusted.note(report),
        None => report.field("rollback", "not checked"),
    })
}

fn authority(command: &PluginVerify, world: &World) -> Result<Option<Authority>, Failure> {
    let Some((policy, source)) = command.authority() else { return Ok(None) };
    let trusted = Trusted::load(&source, world)?;
    let bundle = policies::verify(policy, &trusted.trust, trusted.now, trusted.state.as_ref())?;
    Ok(Some(Authority { trusted, bundle }))
}

fn keyring(command: &PluginVerify, world: &World, policy: Option<&Policy>) -> Result<PluginKeys, Failure> {
    match (&command.keys, &world.environment.plugin_keys, policy) {
        (Some(path), _, policy) => Ok(PluginKeys::given(path, policy)?),
        (None, Some(path), Some(policy)) => Ok(PluginKeys::configured(path, policy)?),
        (None, Some(_), None) => Err(usage(
            "PLUGIN_TRUSTED_KEYS counts only if a signed policy pins the keyring: give --policy and --trust".to_owned(),
        )),
        (None, None, _) => Err(usage("--keys is missing, and PLUGIN_TRUSTED_KEYS names no keyring".to_owned())),
    }
}

/// Whatever nobody signed never reads like what somebody did.
const fn word(vouched: &VouchedManifest) -> &'static str {
    match vouched.provenance() {
        PluginProvenance::Signed { .. } => "verified",
        PluginProvenance::UnsignedAllowed { .. } => "unsigned_allowed",
    }
}

fn describe(report: Report, vouched: &VouchedManifest) -> Report {
    let manifest = vouched.manifest();
    let text = |text: Option<&str>| text.map_or_else(|| "(none)".to_owned(), shown);
    let report = vouched.checks().iter().fold(report, |report, check| report.check(check));
    provenance(report, vouched.provenance())
        .field("name", manifest.name())
        .field("version", manifest.version())
        .field("sha256", vouched.sha256().to_string())
        .field("blake3", vouched.blake3().to_string())
        .field("pinned_files", manifest.files().len())
        .field("entry_point", manifest.entry_point().as_str())
        .line(format!("name {}, version {}", text(manifest.name()), text(manifest.version())))
        .line(format!("sha256 {}, {} file(s) pinned", vouched.sha256(), manifest.files().len()))
        .line(format!("entry point: {}", manifest.entry_point().as_str()))
}

fn provenance(report: Report, provenance: &PluginProvenance) -> Report {
    match provenance {
        PluginProvenance::Signed { key_id } => {
            report.field("key_id", key_id.as_str()).line(format!("signed with the key {key_id}"))
        }
        PluginProvenance::UnsignedAllowed { reason, until } => {
            report.field("exception", json!({ "reason": reason, "until": until })).line(format!(
                "UNSIGNED: nobody vouches for it; the policy lets it through until {until}: {}",
                shown(reason)
            ))
        }
    }
}

fn note_keyring(report: Report, keys: &PluginKeys) -> Report {
    let standing = if keys.pinned() { "pinned" } else { "caller_supplied" };
    let digest = keys.keyring().digest();
    report
        .field("keyring", standing)
        .field("keyring_sha256", digest.to_string())
        .line(format!("keyring: {standing}, sha256 {digest}"))
}
