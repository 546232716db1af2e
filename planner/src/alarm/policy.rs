//! What is done about which alarm: the document that the template outputs beside the fleet.

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::fleet::Fleet;

/// Every alarm that is looked after, and where people find more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarms {
    /// Name of the CloudWatch dashboard that messages link to; no link when left out.
    pub dashboard: Option<String>,
    /// Log group by service, for the links to its logs.
    pub logs: BTreeMap<String, String>,
    /// The alarms. One that is not named here is nobody's business here.
    pub alarms: Vec<AlarmPolicy>,
}

/// What is done about one alarm.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmPolicy {
    /// Its name in CloudWatch.
    pub name: String,
    /// The service it is about, by its name in the fleet.
    #[serde(default)]
    pub service: Option<String>,
    /// What is done while it rings; nothing when left out.
    #[serde(default)]
    pub remedy: Remedy,
    /// How soon somebody should look; `critical` when left out.
    #[serde(default)]
    pub severity: Urgency,
    /// Is it news that it gets no data? `nothing` when left out.
    #[serde(default)]
    pub insufficient_data: Gap,
    /// So many minutes after a rollout of its service or an update of the stack it rings because of that; 0 when left out.
    #[serde(default)]
    pub grace_minutes: u32,
    /// When it counts as flapping.
    #[serde(default)]
    pub flapping: Flapping,
    /// File below the runbooks that says what to do.
    pub runbook: String,
}

/// What is done while an alarm rings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Nothing; people are told.
    #[default]
    None,
    /// More tasks.
    Scale(Scale),
    /// New tasks of what runs.
    Restart(Restart),
    /// The release before.
    Rollback(Rollback),
}

/// More tasks, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// How many: `+1` for one more than run, `4` for that many. Never more than the baseline's most and the budget allow.
    pub tasks: Tasks,
    /// For how long; longer while it rings, and let go after that. 30 by default.
    #[serde(default = "thirty")]
    pub minutes: u32,
    /// How often in 24 hours; 4 by default.
    #[serde(default = "four")]
    pub daily: u32,
}

/// How many tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Tasks {
    /// So many more than the service should run.
    More(u32),
    /// So many.
    To(u32),
}

/// A forced deployment of what runs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Restart {
    /// Not again within so many minutes; 60 by default.
    pub cool_down_minutes: u32,
    /// How often in 24 hours; 3 by default.
    pub daily: u32,
}

impl Default for Restart {
    fn default() -> Self {
        Restart { cool_down_minutes: 60, daily: 3 }
    }
}

/// The release before, when the alarm rings soon after a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rollback {
    /// How long after a rollout it is taken for the cause; 30 by default.
    pub watch_minutes: u32,
    /// How often in 24 hours; 1 by default.
    pub daily: u32,
}

impl Default for Rollback {
    fn default() -> Self {
        Rollback { watch_minutes: 30, daily: 1 }
    }
}

/// How soon somebody should look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Now.
    #[default]
    Critical,
    /// Today.
    Warning,
}

/// Is it news that an alarm gets no data?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// It is not.
    #[default]
    Nothing,
    /// It is.
    News,
}

/// When an alarm counts as flapping, and when it is quiet again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Flapping {
    /// So many rings; 4 by default.
    pub times: u32,
    /// Within so many minutes; 60 by default.
    pub within_minutes: u32,
    /// Quiet for so long, or ringing for so long, is an end of it; 30 by default.
    pub quiet_minutes: u32,
}

impl Default for Flapping {
    fn default() -> Self {
        Flapping { times: 4, within_minutes: 60, quiet_minutes: 30 }
    }
}

impl Alarms {
    /// Parses and checks the document against the fleet; an empty text is no alarm.
    ///
    /// # Errors
    /// `Invalid`, naming the path, the value and what was expected.
    pub fn parse(text: &str, fleet: &Fleet) -> Result<Alarms> {
        if text.trim().is_empty() {
            return Ok(Alarms::default());
        }
        let de = &mut serde_json::Deserializer::from_str(text);
        let alarms: Alarms = serde_path_to_error::deserialize(de)
            .map_err(|error| Error::invalid(format!("ALARMS: {}: {}", error.path(), error.inner())))?;
        alarms.validate(fleet).map_err(|error| error.context("ALARMS"))?;
        Ok(alarms)
    }

    /// The alarm with this name.
    pub fn get(&self, name: &str) -> Option<&AlarmPolicy> {
        self.alarms.iter().find(|alarm| alarm.name == name)
    }

    fn validate(&self, fleet: &Fleet) -> Result<()> {
        let known = |path: &str, service: &str| match fleet.service(service) {
            Some(_) => Ok(()),
            None => Err(Error::bad_field(path, service, "a service of the fleet")),
        };
        for service in self.logs.keys() {
            known(&format!("logs.{service}"), service)?;
        }
        for (i, alarm) in self.alarms.iter().enumerate() {
            let path = format!("alarms[{i}]");
            if self.alarms[..i].iter().any(|other| other.name == alarm.name) {
                return Err(Error::bad_field(&format!("{path}.name"), &alarm.name, "each alarm once"));
            }
            if let Some(service) = &alarm.service {
                known(&format!("{path}.service"), service)?;
            }
            alarm.validate(&path)?;
        }
        Ok(())
    }
}

impl AlarmPolicy {
    fn validate(&self, path: &str) -> Result<()> {
        let minutes = |field: &str, minutes: u32, least: u32| match (least..=1440).contains(&minutes) {
            true => Ok(()),
            false => Err(Error::bad_field(&format!("{path}.{field}"), minutes, &format!("{least} to 1440 minutes"))),
        };
        let daily = |field: &str, daily: u32| match (1..=12).contains(&daily) {
            true => Ok(()),
            false => Err(Error::bad_field(&format!("{path}.{field}"), daily, "1 to 12 times")),
        };
        if self.name.is_empty() {
            return Err(Error::bad_field(&format!("{path}.name"), "", "the name of an alarm"));
        }
        if self.runbook.is_empty() || self.runbook.contains('/') {
            return Err(Error::bad_field(&format!("{path}.runbook"), &self.runbook, "the name of a file"));
        }
        if self.remedy != Remedy::None && self.service.is_none() {
            return Err(Error::bad_field(&format!("{path}.service"), "nothing", "the service that the remedy is for"));
        }
        minutes("grace_minutes", self.grace_minutes, 0)?;
        minutes("flapping.within_minutes", self.flapping.within_minutes, 1)?;
        minutes("flapping.quiet_minutes", self.flapping.quiet_minutes, 1)?;
        if !(2..=20).contains(&self.flapping.times) {
            return Err(Error::bad_field(&format!("{path}.flapping.times"), self.flapping.times, "2 to 20 rings"));
        }
        match &self.remedy {
            Remedy::None => Ok(()),
            Remedy::Scale(scale) => {
                minutes("remedy.scale.minutes", scale.minutes, 1)?;
                daily("remedy.scale.daily", scale.daily)
            }
            Remedy::Restart(restart) => {
                minutes("remedy.restart.cool_down_minutes", restart.cool_down_minutes, 1)?;
                daily("remedy.restart.daily", restart.daily)
            }
            Remedy::Rollback(rollback) => {
                minutes("remedy.rollback.watch_minutes", rollback.watch_minutes, 1)?;
                daily("remedy.rollback.daily", rollback.daily)
            }
        }
    }

    /// How long a rollout or stack update explains a ring.
    pub fn grace(&self) -> SignedDuration {
        SignedDuration::from_mins(self.grace_minutes.into())
    }
}

impl Flapping {
    /// The span in which rings are counted.
    pub fn within(&self) -> SignedDuration {
        SignedDuration::from_mins(self.within_minutes.into())
    }

    /// How long it stays one way before it is believed.
    pub fn quiet(&self) -> SignedDuration {
        SignedDuration::from_mins(self.quiet_minutes.into())
    }
}

impl TryFrom<String> for Tasks {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let (digits, tasks): (&str, fn(u32) -> Tasks) = match text.strip_prefix('+') {
            Some(digits) => (digits, Tasks::More),
            None => (text.as_str(), Tasks::To),
        };
        match digits.parse() {
            Ok(count @ 1..=100) if !digits.starts_with('+') => Ok(tasks(count)),
            _ => Err(Error::bad_field("tasks", &text, "`+1` for one more, or `4` for that many")),
        }
    }
}

impl fmt::Display for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tasks::More(count) => write!(f, "+{count}"),
            Tasks::To(count) => write!(f, "{count}"),
        }
    }
}

fn thirty() -> u32 {
    30
}

fn four() -> u32 {
    4
}
