//! Configuration: read once, at start; every mistake names the variable, the value and what was expected.

use std::fmt;

use jiff::SignedDuration;

use crate::error::{Error, Kind, Result};

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
        self.optional(name).ok_or_else(|| Error::invalid(format!("{name}: not set")))
    }

    /// A variable with a number of seconds, which may be missing.
    ///
    /// # Errors
    /// `Invalid`, naming it and what it says instead.
    pub fn seconds(&self, name: &str) -> Result<Option<SignedDuration>> {
        let parse = |text: String| match text.parse::<u32>() {
            Ok(seconds) => Ok(SignedDuration::from_secs(seconds.into())),
            Err(_) => Err(Error::bad_field(name, text, "a number of seconds")),
        };
        self.optional(name).map(parse).transpose()
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

/// What every function is configured with, beside its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `LEDGER_TABLE`: name of the table of facts and records.
    pub ledger_table: String,
    /// `OPERATIONS_TOPIC_ARN`: where messages are sent.
    pub operations_topic: String,
    /// `WORK_QUEUE_URL`: the queue in front of the function, where what does not fit into an invocation is handed on.
    pub work_queue: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_NAME`, which Lambda sets: a dimension of metrics.
    pub function: String,
    /// `DRY_RUN`: decisions are logged, nothing is changed.
    pub dry_run: bool,
    /// `MAX_CLOCK_SKEW_SECONDS`: how far ahead of the clock the `at` of a request or event may be; 2 minutes when it is not
    /// set.
    pub max_clock_skew: SignedDuration,
}

impl Settings {
    /// Reads and checks everything; all mistakes are reported at once.
    ///
    /// # Errors
    /// `Invalid`, one sentence per variable.
    pub fn from_env(env: &Env<'_>) -> Result<Settings> {
        let (table, topic) = (env.required("LEDGER_TABLE"), env.required("OPERATIONS_TOPIC_ARN"));
        let function = env.optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        let work_queue = env.optional("WORK_QUEUE_URL");
        let skew = env.seconds("MAX_CLOCK_SKEW_SECONDS").map(|skew| skew.unwrap_or(SignedDuration::from_mins(2)));
        match (table, topic, env.flag("DRY_RUN"), skew) {
            (Ok(ledger_table), Ok(operations_topic), Ok(dry_run), Ok(max_clock_skew)) => {
                Ok(Settings { ledger_table, operations_topic, work_queue, function, dry_run, max_clock_skew })
            }
            (table, topic, dry_run, skew) => {
                let mistakes = [table.err(), topic.err(), dry_run.err(), skew.err()];
                let sentences: Vec<String> = mistakes.iter().flatten().map(Error::to_string).collect();
                Err(Error::new(Kind::Invalid, sentences.join("; ")).context("configuration"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Settings> {
        let lookup = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Settings::from_env(&Env::over(lookup))
    }

    #[test]
    fn reads_what_the_template_sets() {
        let all = [("LEDGER_TABLE", "t"), ("OPERATIONS_TOPIC_ARN", "arn"), ("DRY_RUN", "false")];
        assert!(!settings(&all).unwrap().dry_run);
    }

    #[test]
    fn reports_every_mistake_at_once_and_defaults_nothing() {
        let error = settings(&[("LEDGER_TABLE", ""), ("DRY_RUN", "yes"), ("MAX_CLOCK_SKEW_SECONDS", "5m")])
            .unwrap_err()
            .to_string();
        for expected in [
            "LEDGER_TABLE: not set",
            "OPERATIONS_TOPIC_ARN: not set",
            "DRY_RUN: got `yes`, expected `true` or `false`",
            "MAX_CLOCK_SKEW_SECONDS: got `5m`, expected a number of seconds",
        ] {
            assert!(error.contains(expected), "{error}\nlacks\n{expected}");
        }
    }
}
