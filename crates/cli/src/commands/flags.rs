//! The texts that flags take, read once for every command.

use std::{path::PathBuf, time::Duration};

use reach_runner::trusting::SignerSpec;
use reach_signing::{RevocationReason, Role};
use reach_tlog::KeyName;
use reach_types::{Blake3Digest, Class, CodeRow, Timestamp};

use crate::report::Failure;

const FLAG_VALUE: CodeRow =
    CodeRow { code: "cli.flag_value", class: Class::Usage, remedy: "see the command's --help for what the flag takes" };

/// The codes of the command line itself.
pub(crate) const CLI_CODES: &[CodeRow] = &[FLAG_VALUE];

/// A flag whose value cannot be read.
pub(crate) fn usage(message: String) -> Failure {
    Failure::new(FLAG_VALUE, message)
}

/// A trust root given on the command line.
pub(crate) fn parse_pin(text: &str) -> Result<Blake3Digest, Failure> {
    digest("--trust-root", text)
}

/// The name of a ledger given on the command line.
pub(crate) fn check_origin(text: &str) -> Result<(), Failure> {
    KeyName::parse(text).map(drop).map_err(|error| usage(format!("--origin: {error}")))
}

pub(crate) fn digest(flag: &str, text: &str) -> Result<Blake3Digest, Failure> {
    Blake3Digest::parse(text).map_err(|error| usage(format!("{flag}: {error}")))
}

pub(crate) fn date(flag: &str, text: Option<&str>) -> Result<Option<Timestamp>, Failure> {
    text.map(Timestamp::parse).transpose().map_err(|error| usage(format!("{flag}: {error}")))
}

/// A whole number of seconds, minutes or hours.
pub(crate) fn time(flag: &str, text: &str) -> Result<Duration, Failure> {
    let wrong = || usage(format!("{flag}: a time is a number and `s`, `m` or `h`, as `60s`"));
    let unit = |end| text.strip_suffix(end).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let found = [('s', 1), ('m', 60), ('h', 3600)].into_iter().find_map(|(end, of)| Some((unit(end)?, of)));
    let (number, seconds) = found.ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number).saturating_mul(seconds)))
}

pub(crate) fn key_reason(text: &str) -> Result<RevocationReason, Failure> {
    let all = [RevocationReason::Superseded, RevocationReason::Compromised];
    let found = all.into_iter().find(|reason| reason.as_str() == text);
    found.ok_or_else(|| usage("--reason: a key is revoked as `superseded` or `compromised`".to_owned()))
}

pub(crate) fn signer_specs(texts: &[String]) -> Result<Vec<SignerSpec>, Failure> {
    texts.iter().map(|text| signer_spec(text)).collect()
}

pub(crate) fn thresholds(texts: &[String]) -> Result<Vec<(Role, u32)>, Failure> {
    texts.iter().map(|text| role_threshold(text)).collect()
}

pub(crate) fn packs(texts: &[String]) -> Result<Vec<(String, String)>, Failure> {
    texts.iter().map(|text| pair(text, "--packs NAME=PATTERN")).collect()
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
