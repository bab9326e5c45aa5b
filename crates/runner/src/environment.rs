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
    /// `PATH` and `HOME`, where they are set: all that a signing command is given.
    pub inherited: BTreeMap<OsString, OsString>,
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
    #[error("`{switch}` relaxes a check, and this is {stage}")]
    Relaxation {
        /// Which variable, and its value.
        switch: &'static str,
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
            Some(Some("1")) => Ok(true),
            Some(_) => Err(value(name, "`1` or `0`")),
        };
        let policy_mode = match get("REACH_POLICY_MODE").map(|value| value.to_str()) {
            None => None,
            Some(Some("enforce")) => Some("enforce".to_owned()),
            Some(Some("warn")) => Some("warn".to_owned()),
            Some(_) => return Err(value("REACH_POLICY_MODE", "`enforce` or `warn`")),
        };
        let plugin_keys = match get("PLUGIN_TRUSTED_KEYS") {
            Some(path) if path.is_empty() => return Err(value("PLUGIN_TRUSTED_KEYS", "a path")),
            path => path.map(PathBuf::from),
        };
        let environment = Self {
            stage,
            policy_mode,
            allow_legacy_packs: switch("REACH_ALLOW_LEGACY_UNSIGNED_PACKS")?,
            allow_unsigned_plugins: switch("DEV_ALLOW_UNSIGNED")?,
            plugin_keys,
            inherited: ["PATH", "HOME"]
                .into_iter()
                .filter_map(|name| get(name).map(|value| (OsString::from(name), value.clone())))
                .collect(),
        };
        environment.check().map(|()| environment)
    }

    /// Every switch that is on and relaxes a check, as it would be set.
    #[must_use]
    pub fn relaxations(&self) -> Vec<&'static str> {
        let warns = self.policy_mode.as_deref() == Some("warn");
        let switches = [
            (warns, "REACH_POLICY_MODE=warn"),
            (self.allow_legacy_packs, "REACH_ALLOW_LEGACY_UNSIGNED_PACKS=1"),
            (self.allow_unsigned_plugins, "DEV_ALLOW_UNSIGNED=1"),
        ];
        switches.into_iter().filter_map(|(on, switch)| on.then_some(switch)).collect()
    }

    /// Refuses any relaxation where none is possible. Whoever applies one asks again: the fields
    /// may have been set by a program instead of an environment.
    ///
    /// # Errors
    /// [`EnvironmentError::Relaxation`].
    pub fn check(&self) -> Result<(), EnvironmentError> {
        let stage = match self.stage {
            Stage::Development => return Ok(()),
            Stage::Production => "production",
            Stage::Ci => "ci",
        };
        match self.relaxations().first() {
            Some(switch) => Err(EnvironmentError::Relaxation { switch, stage }),
            None => Ok(()),
        }
    }
}

fn value(variable: &'static str, expected: &'static str) -> EnvironmentError {
    EnvironmentError::Value { variable, expected }
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
        // A program that fills in the fields is asked again where a relaxation is used.
        for stage in [Stage::Production, Stage::Ci] {
            let strict = Environment { stage, ..Environment::default() };
            assert_eq!(strict.check(), Ok(()));
            let by_hand = [
                Environment { allow_legacy_packs: true, ..strict.clone() },
                Environment { allow_unsigned_plugins: true, ..strict.clone() },
                Environment { policy_mode: Some("warn".to_owned()), ..strict },
            ];
            for environment in by_hand {
                assert_eq!(environment.check().unwrap_err().code(), "runner.relaxation_refused");
                assert_eq!(Environment { stage: Stage::Development, ..environment }.check(), Ok(()));
            }
        }
        assert_eq!(code(&[("REACH_ENV", "development"), ("REACH_POLICY_MODE", "warn")]), "ok");
        assert_eq!(code(&[("REACH_ENV", "development"), ("CI", "true")]), "runner.development_in_ci");
    }
}
