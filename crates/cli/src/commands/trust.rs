//! `reach trust`.

use std::path::PathBuf;

use reach_runner::{
    files::{self, Existing},
    load_trust,
    trusting::{self, SignerSpec},
};
use reach_signing::{Role, VerifiedTrust};
use reach_tlog::KeyName;
use reach_types::{Blake3Digest, Class, CodeRow};
use serde_json::json;

use crate::{
    World,
    arguments::Trust,
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Trust, world: &World) -> Result<Report, Failure> {
    match command {
        Trust::Init { root, signer, threshold, packs, days, out } => {
            let signers = signer.iter().map(|text| signer_spec(text)).collect::<Result<Vec<_>, _>>()?;
            let thresholds = threshold.iter().map(|text| role_threshold(text)).collect::<Result<Vec<_>, _>>()?;
            let packs = packs.iter().map(|text| pair(text, "--packs NAME=PATTERN")).collect::<Result<Vec<_>, _>>()?;
            let file = trusting::first_document(world, root, &signers, &thresholds, &packs, *days)?;
            files::write(out, file.as_bytes(), 0o644, Existing::Refuse)?;
            Ok(show(&load_trust(out, None, world.now())?))
        }
        Trust::Show { file, trust_root } => {
            let pin = trust_root.as_deref().map(parse_pin).transpose()?;
            Ok(show(&load_trust(file, pin.as_ref(), world.now())?))
        }
    }
}

/// A trust root given on the command line.
pub(crate) fn parse_pin(text: &str) -> Result<Blake3Digest, Failure> {
    Blake3Digest::parse(text).map_err(|error| usage(format!("--trust-root: {error}")))
}

const FLAG_VALUE: CodeRow =
    CodeRow { code: "cli.flag_value", class: Class::Usage, remedy: "see the command's --help for what the flag takes" };

/// The codes of the command line itself.
pub(crate) const CLI_CODES: &[CodeRow] = &[FLAG_VALUE];

/// The name of a ledger given on the command line.
pub(crate) fn check_origin(text: &str) -> Result<(), Failure> {
    KeyName::parse(text).map(drop).map_err(|error| usage(format!("--origin: {error}")))
}

/// A flag whose value cannot be read.
pub(crate) fn usage(message: String) -> Failure {
    Failure::new(FLAG_VALUE, message)
}

fn pair(text: &str, form: &str) -> Result<(String, String), Failure> {
    let (name, value) = text.split_once('=').ok_or_else(|| usage(format!("{form}: no `=` in it")))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn signer_spec(text: &str) -> Result<SignerSpec, Failure> {
    let form = "--signer NAME=KEY.pub.pem:ROLE";
    let (name, rest) = pair(text, form)?;
    let (path, role) = rest.rsplit_once(':').ok_or_else(|| usage(format!("{form}: no `:ROLE` in it")))?;
    Ok(SignerSpec { name, key: PathBuf::from(path), role: Role::parse(role)? })
}

fn role_threshold(text: &str) -> Result<(Role, u32), Failure> {
    let (role, number) = pair(text, "--threshold ROLE=N")?;
    let number = number.parse().map_err(|_| usage("--threshold ROLE=N: N is a number".to_owned()))?;
    Ok((Role::parse(&role)?, number))
}

fn show(trust: &VerifiedTrust) -> Report {
    let document = trust.document();
    let standing = if trust.pinned() { "pinned" } else { "caller_supplied" };
    let keys: Vec<_> = document
        .keys()
        .map(|(signer, key)| json!({"signer": signer.name, "role": key.role, "keyid": key.public.key_id(), "not_after": key.not_after}))
        .collect();
    let lines = document.keys().map(|(signer, key)| {
        format!(
            "  {:<10} {:<9} {}  until {}",
            shown(&signer.name),
            key.role.as_str(),
            key.public.key_id(),
            key.not_after
        )
    });
    Report::new("verified")
        .check("every version is signed by the root threshold")
        .check("the document has not expired")
        .field("version", document.version)
        .field("expires", document.expires.to_string())
        .field("trust_root", standing)
        .field("trust_root_digest", trust.root().to_string())
        .field("keys", keys)
        .line(format!("trust document version {}, valid until {}", document.version, document.expires))
        .line(format!("trust root {} ({standing})", trust.root()))
        .lines(lines)
}
