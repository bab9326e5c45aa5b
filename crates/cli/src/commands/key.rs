//! `reach key`.

use reach_runner::keys;
use reach_signing::Role;

use crate::{
    World,
    arguments::Key,
    commands::trust::check_origin,
    report::{Failure, Report},
    terminal::shown,
};

pub(crate) fn run(command: &Key, world: &World) -> Result<Report, Failure> {
    match command {
        Key::Generate { role, out, origin } => generate(world, role, out, origin),
        Key::Show { file } => {
            let (public, key_id) = keys::read_either(file)?;
            Ok(Report::new("ok")
                .field("keyid", key_id.to_string())
                .field("public", public.to_string())
                .line(format!("key id  {key_id}"))
                .line(format!("public  {public}")))
        }
    }
}

fn generate(world: &World, role: &str, out: &std::path::Path, origin: &str) -> Result<Report, Failure> {
    check_origin(origin)?;
    let role = Role::parse(role)?;
    let made = keys::generate(world, role, out, origin)?;
    let key_id = made.public.key_id();
    let mut report = Report::new("ok")
        .field("role", role.as_str())
        .field("keyid", key_id.to_string())
        .field("private", made.private_path.display().to_string())
        .field("public", made.public_path.display().to_string())
        .line(format!("{role} key {key_id}"))
        .line(format!("private {}", shown(&made.private_path.display().to_string())))
        .line(format!("public  {}", shown(&made.public_path.display().to_string())));
    if let Some(path) = made.vkey_path {
        report = report
            .field("vkey", path.display().to_string())
            .line(format!("vkey    {}", shown(&path.display().to_string())));
    }
    Ok(report)
}
