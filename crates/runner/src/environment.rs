//! The one place that reads environment variables.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

/// Where this node stands, as `REACH_ENV` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// The default: nothing can be relaxed.
    #[default]
    Production,
    /// Continuous integration: nothing can be relaxed.
    Ci,
    /// A developer's machine: the policy bundle may relax some rules.
    Development,
}

/// The environment's switches, parsed. Unknown and empty values are errors, never defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// `REACH_ENV`.
    pub stage: Stage,
    /// `REACH_POLICY_MODE`, as written; the policy crate parses it.
    pub policy_mode: Option<String>,
    /// `REACH_ALLOW_LEGACY_UNSIGNED_PACKS`.
    pub allow_legacy_packs: bool,
    /// `DEV_ALLOW_UNSIGNED`.
    pub allow_unsigned_plugins: bool,
    /// `PLUGIN_TRUSTED_KEYS`.
    pub plugin_keys: Option<PathBuf>,
}

/// Why the environment was refused at start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A variable has a value that is not one of those it takes.
    #[error("`{variable}` must be {expected}, or unset")]
    Value {
        /// Which variable.
        variable: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// `development` on a continuous-integration machine.
    #[error("`REACH_ENV=development` while `CI` is set")]
    DevelopmentInCi,
    /// A relaxation where none is possible.
    #[error("`{variable}` relaxes a check, and this is {stage}")]
    Relaxation {
        /// Which variable.
        variable: &'static str,
        /// Where we are.
        stage: &'static str,
    },
}

reach_types::codes!(EnvironmentError {
    Value => ("runner.environment_value", Usage, "unset the variable, or give it one of the values it takes"),
    DevelopmentInCi => ("runner.development_in_ci", Usage, "set REACH_ENV=ci there"),
    Relaxation => ("runner.relaxation_refused", Usage, "unset the variable; only REACH_ENV=development may relax, and only what the signed policy bundle names"),
});

impl Environment {
    /// Reads the process environment.
    ///
    /// # Errors
    /// Every variant of [`EnvironmentError`].
    pub fn from_process() -> Result<Self, EnvironmentError> {
        Self::parse(&std::env::vars_os().collect())
    }

    /// Parses variables, given as a map so that tests need not touch the process.
    ///
    /// # Errors
    /// Every variant of [`EnvironmentError`].
    pub fn parse(variables: &BTreeMap<OsString, OsString>) -> Result<Self, EnvironmentError> {
        let get = |name: &str| variables.get(std::ffi::OsStr::new(name));
        let stage = match get("REACH_ENV").map(|value| value.to_str()) {
            None | Some(Some("production")) => Stage::Production,
            Some(Some("ci")) => Stage::Ci,
            Some(Some("development")) => Stage::Development,
            Some(_) => return Err(value("REACH_ENV", "`production`, `ci` or `development`")),
        };
        if stage == Stage::Development && get("CI").is_some() {
            return Err(EnvironmentError::DevelopmentInCi);
        }
        let switch = |name: &'static str| match get(name).map(|value| value.to_str()) {
            None | Some(Some("0")) => Ok(false),
            Some(Some("1")) => relaxed(name, stage),
            Some(_) => Err(value(name, "`1` or `0`")),
        };
        let policy_mode = match get("REACH_POLICY_MODE").map(|value| value.to_str()) {
            None => None,
            Some(Some("enforce")) => Some("enforce".to_owned()),
            Some(Some("warn")) => relaxed("REACH_POLICY_MODE", stage).map(|_| Some("warn".to_owned()))?,
            Some(_) => return Err(value("REACH_POLICY_MODE", "`enforce` or `warn`")),
        };
        let plugin_keys = match get("PLUGIN_TRUSTED_KEYS") {
            Some(path) if path.is_empty() => return Err(value("PLUGIN_TRUSTED_KEYS", "a path")),
            path => path.map(PathBuf::from),
        };
        Ok(Self {
            stage,
            policy_mode,
            allow_legacy_packs: switch("REACH_ALLOW_LEGACY_UNSIGNED_PACKS")?,
            allow_unsigned_plugins: switch("DEV_ALLOW_UNSIGNED")?,
            plugin_keys,
        })
    }
}

fn value(variable: &'static str, expected: &'static str) -> EnvironmentError {
    EnvironmentError::Value { variable, expected }
}

fn relaxed(variable: &'static str, stage: Stage) -> Result<bool, EnvironmentError> {
    match stage {
        Stage::Development => Ok(true),
        Stage::Production => Err(EnvironmentError::Relaxation { variable, stage: "production" }),
        Stage::Ci => Err(EnvironmentError::Relaxation { variable, stage: "ci" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach_types::Code;

    fn code(pairs: &[(&str, &str)]) -> &'static str {
        let variables = pairs.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Environment::parse(&variables).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn p24_unknown_and_empty_values_are_errors_not_defaults() {
        assert_eq!(code(&[]), "ok");
        assert_eq!(code(&[("REACH_ENV", "production"), ("REACH_POLICY_MODE", "enforce")]), "ok");
        for bad in ["Warn", "ENFORCE ", "", "off"] {
            assert_eq!(
                code(&[("REACH_ENV", "development"), ("REACH_POLICY_MODE", bad)]),
                "runner.environment_value",
                "{bad}"
            );
        }
        for bad in ["", "Production", "dev", "test "] {
            assert_eq!(code(&[("REACH_ENV", bad)]), "runner.environment_value", "{bad}");
        }
        assert_eq!(code(&[("PLUGIN_TRUSTED_KEYS", "")]), "runner.environment_value");
    }

    #[test]
    fn k53_nothing_is_relaxed_in_production_or_ci() {
        for name in ["REACH_ALLOW_LEGACY_UNSIGNED_PACKS", "DEV_ALLOW_UNSIGNED"] {
            assert_eq!(code(&[("REACH_ENV", "development"), (name, "1")]), "ok");
            assert_eq!(code(&[("REACH_ENV", "production"), (name, "1")]), "runner.relaxation_refused");
            assert_eq!(code(&[("REACH_ENV", "ci"), (name, "1")]), "runner.relaxation_refused");
            assert_eq!(code(&[(name, "1")]), "runner.relaxation_refused");
            assert_eq!(code(&[(name, "0")]), "ok");
            assert_eq!(code(&[("REACH_ENV", "development"), (name, "true")]), "runner.environment_value");
        }
        assert_eq!(code(&[("REACH_POLICY_MODE", "warn")]), "runner.relaxation_refused");
        assert_eq!(code(&[("REACH_ENV", "development"), ("REACH_POLICY_MODE", "warn")]), "ok");
        assert_eq!(code(&[("REACH_ENV", "development"), ("CI", "true")]), "runner.development_in_ci");
    }
}
