//! `reach key`.

use std::path::Path;

use reach_runner::{CommandSpec, keys};
use reach_signing::{KeyKind, Role};
use serde_json::Value;

use crate::{
    World,
    arguments::{Key, SignWith},
    commands::flags::check_origin,
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Key, world: &World) -> Result<Report, Failure> {
    match command {
        Key::Generate { role, out, origin, encrypt } => generate(world, role, out, origin, *encrypt),
        Key::Show { file } => show(world, file),
    }
}

/// The commands among the signers.
pub(crate) fn signing_commands(with: &SignWith) -> Result<Vec<CommandSpec>, Failure> {
    Ok(with.signer.iter().map(|text| CommandSpec::parse(text)).collect::<Result<_, _>>()?)
}

fn generate(world: &World, role: &str, out: &Path, origin: &str, encrypt: bool) -> Result<Report, Failure> {
    check_origin(origin)?;
    let role = Role::parse(role)?;
    let make = if encrypt { keys::generate_encrypted } else { keys::generate };
    let made = make(world, role, out, origin)?;
    let key_id = made.public.key_id();
    let sealed = if encrypt { " (encrypted)" } else { "" };
    let mut report = Report::new("ok")
        .field("role", role.as_str())
        .field("keyid", key_id.to_string())
        .field("encrypted", encrypt)
        .field("private", made.private_path.display().to_string())
        .field("public", made.public_path.display().to_string())
        .line(format!("{role} key {key_id}"))
        .line(format!("private {}{sealed}", shown(&made.private_path.display().to_string())))
        .line(format!("public  {}", shown(&made.public_path.display().to_string())));
    if let Some(path) = made.vkey_path {
        report = report
            .field("vkey", path.display().to_string())
            .line(format!("vkey    {}", shown(&path.display().to_string())));
    }
    Ok(report)
}

fn show(world: &World, file: &Path) -> Result<Report, Failure> {
    let described = keys::describe(world, file)?;
    let kind = match described.kind {
        KeyKind::Public => "public",
        KeyKind::Private => "private",
        KeyKind::EncryptedPrivate => "encrypted private",
    };
    let report = Report::new("ok").field("kind", kind).line(format!("kind    {kind}"));
    Ok(match described.public {
        Some(public) => report
            .field("keyid", public.key_id().to_string())
            .field("public", public.to_string())
            .line(format!("key id  {}", public.key_id()))
            .line(format!("public  {public}")),
        None => report
            .field("keyid", Value::Null)
            .field("public", Value::Null)
            .line("key id  not known without the passphrase: see --passphrase-file"),
    })
}
