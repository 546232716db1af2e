//! Configuration: read once, at start; every mistake names the variable, the value and what was expected.

use std::fmt;

use crate::error::{Error, Kind, Result};
use planner::fleet::Fleet;

/// Where variables are looked up; the process's own environment, or a map in tests.
pub struct Env<'a> {
    lookup: Box<Lookup<'a>>,
}

/// Name to value.
type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the values: some are credentials.
        f.write_str("Env")
    }
}

impl<'a> Env<'a> {
    /// An environment over any lookup.
    pub fn over(lookup: impl Fn(&str) -> Option<String> + 'a) -> Env<'a> {
        Env { lookup: Box::new(lookup) }
    }

    /// The process's own environment.
    #[allow(clippy::disallowed_methods)] // the one place where it is read
    pub fn process() -> Env<'static> {
        Env::over(|name| std::env::var(name).ok())
    }

    /// A variable that may be missing; an empty one is.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A variable that must be there.
    ///
    /// # Errors
    /// `Invalid`, naming it.
    pub fn required(&self, name: &str) -> Result<String> {
        self.optional(name).ok_or_else(|| Error::bad_field(name, "nothing", "a value"))
    }

    /// A variable that says `true` or `false`.
    ///
    /// # Errors
    /// `Invalid`, naming it and what it says instead.
    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.required(name)?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(Error::bad_field(name, other, "`true` or `false`")),
        }
    }
}

/// What every function is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `FLEET`: what is looked after.
    pub fleet: Fleet,
    /// `LEDGER_TABLE`: name of the table of facts and records.
    pub ledger_table: String,
    /// `OPERATIONS_TOPIC_ARN`: where messages to people go.
    pub operations_topic: String,
    /// `DRY_RUN`: decide and report everything, change nothing.
    pub dry_run: bool,
}

impl Config {
    /// Reads and checks everything; all mistakes are told at once.
    ///
    /// # Errors
    /// `Invalid`, one sentence per variable.
    pub fn from_env(env: &Env) -> Result<Config> {
        let fleet = env.required("FLEET").and_then(|text| Fleet::parse(&text));
        let (table, topic) = (env.required("LEDGER_TABLE"), env.required("OPERATIONS_TOPIC_ARN"));
        match (fleet, table, topic, env.flag("DRY_RUN")) {
            (Ok(fleet), Ok(ledger_table), Ok(operations_topic), Ok(dry_run)) => {
                Ok(Config { fleet, ledger_table, operations_topic, dry_run })
            }
            (fleet, table, topic, dry_run) => {
                let mistakes = [fleet.err(), table.err(), topic.err(), dry_run.err()];
                let told: Vec<String> = mistakes.iter().flatten().map(Error::to_string).collect();
                Err(Error::new(Kind::Invalid, told.join("; ")).context("configuration"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLEET: &str = r#"{"system":"acme","stage":"prod","services":[]}"#;

    fn config(variables: &[(&str, &str)]) -> Result<Config> {
        let lookup = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Config::from_env(&Env::over(lookup))
    }

    #[test]
    fn reads_what_the_template_sets() {
        let all = [("FLEET", FLEET), ("LEDGER_TABLE", "t"), ("OPERATIONS_TOPIC_ARN", "arn"), ("DRY_RUN", "false")];
        let config = config(&all).unwrap();
        assert_eq!((config.fleet.title().as_str(), config.dry_run), ("acme prod", false));
    }

    #[test]
    fn tells_every_mistake_at_once_and_defaults_nothing() {
        let error = config(&[("FLEET", "{}"), ("LEDGER_TABLE", ""), ("DRY_RUN", "yes")]).unwrap_err().to_string();
        for expected in [
            "FLEET: .: missing field `system`",
            "LEDGER_TABLE: got `nothing`, expected a value",
            "OPERATIONS_TOPIC_ARN: got `nothing`",
            "DRY_RUN: got `yes`, expected `true` or `false`",
        ] {
            assert!(error.contains(expected), "{error}\nlacks\n{expected}");
        }
    }
}
