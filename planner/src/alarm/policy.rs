//! The alarms document, a section of the configuration: what is done about each.

use std::collections::{BTreeMap, HashSet};

use jiff::SignedDuration;
use serde::Deserialize;

use super::remedy::RemedyPolicy;
use super::state_change::Suppression;
use crate::error::{Error, Result};
use crate::fleet::Fleet;
use crate::name::check_name;

/// The alarms that the automation announces, and what their messages link to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alarms {
    /// Name of the CloudWatch dashboard that messages link to; no link when left out.
    pub dashboard: Option<String>,
    /// Name of the log group by service; messages link to its logs.
    pub logs: BTreeMap<String, String>,
    /// The alarms. A state change of an alarm that is not listed is ignored.
    pub alarms: Vec<AlarmPolicy>,
}

/// What is done about one alarm.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlarmPolicy {
    /// Name of the alarm in CloudWatch.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub name: String,
    /// Its region, where that is not the region of the automation; alarms of one name in two regions are two alarms.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z]{2}(-[a-z]+)+-[0-9]+$")))]
    pub region: Option<String>,
    /// Name of the service in the fleet that the alarm is about; a remedy needs one.
    #[serde(default)]
    pub service: Option<String>,
    /// What is requested while the alarm is in ALARM; nothing when left out.
    #[serde(default)]
    pub remedy: RemedyPolicy,
    /// Severity of its messages; `critical` when left out.
    #[serde(default)]
    pub severity: AlarmSeverity,
    /// What is done in INSUFFICIENT_DATA; `ignore` when left out.
    #[serde(default)]
    pub insufficient_data: InsufficientDataPolicy,
    /// Minutes after a rollout, a restart, a move between on-demand and Spot, a Spot interruption or a stack update in which that explains the alarm; 0 when left out.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = 1440)))]
    pub grace_minutes: u32,
    /// Names of the mute rules of the service's scheduled downtime. They follow the clock, and a service that was woken is
    /// watched: only while the service is meant to run no tasks do they explain the alarm.
    #[serde(default)]
    pub downtime_mutes: Vec<String>,
    /// When the alarm counts as flapping.
    #[serde(default)]
    pub flapping: FlappingPolicy,
    /// File name of its runbook, `web-5xx.md`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[^/]+$")))]
    pub runbook: String,
}

/// Severity of the messages about an alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AlarmSeverity {
    /// An engineer should look now.
    #[default]
    Critical,
    /// An engineer should look today.
    Warning,
}

/// What is done when an alarm is in INSUFFICIENT_DATA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum InsufficientDataPolicy {
    /// Nothing.
    #[default]
    Ignore,
    /// It is announced, unless a planned change explains it.
    Announce,
}

/// When an alarm counts as flapping, and when as stable again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlappingPolicy {
    /// How often it enters ALARM within `within_minutes`; 4 by default.
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 20)))]
    pub times: u32,
    /// Minutes in which that is counted; 60 by default.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub within_minutes: u32,
    /// Minutes in one state after which it is stable; 30 by default.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub stable_minutes: u32,
}

impl Default for FlappingPolicy {
    fn default() -> Self {
        FlappingPolicy { times: 4, within_minutes: 60, stable_minutes: 30 }
    }
}

impl Alarms {
    /// Parses and checks the document against the fleet; an empty text lists no alarm.
    ///
    /// # Errors
    /// `Invalid`, naming the path, the value and what was expected.
    pub fn parse(text: &str, fleet: &Fleet) -> Result<Alarms> {
        if text.trim().is_empty() {
            return Ok(Alarms::default());
        }
        let de = &mut serde_json::Deserializer::from_str(text);
        let alarms: Alarms = serde_path_to_error::deserialize(de)
            .map_err(|error| Error::invalid(format!("alarms: {}: {}", error.path(), error.inner())))?;
        alarms.validate(fleet).map_err(|error| error.context("alarms"))?;
        Ok(alarms)
    }

    /// The alarm with this key: its name, or `<region>/<name>`.
    pub fn get(&self, key: &str) -> Option<&AlarmPolicy> {
        self.alarms.iter().find(|alarm| alarm.key() == key)
    }

    /// The alarm with this name in `region`; `home` is the region of the automation.
    pub fn in_region(&self, name: &str, region: &str, home: &str) -> Option<&AlarmPolicy> {
        self.alarms.iter().find(|alarm| alarm.name == name && alarm.region.as_deref().unwrap_or(home) == region)
    }

    /// The alarm that a request names by its key.
    ///
    /// # Errors
    /// `Invalid`, with the names that there are.
    pub fn named(&self, name: &str) -> Result<&AlarmPolicy> {
        self.get(name).ok_or_else(|| {
            let known: Vec<String> = self.alarms.iter().map(AlarmPolicy::key).collect();
            Error::bad_field("alarm", name, &format!("one of {}", known.join(", ")))
        })
    }

    fn validate(&self, fleet: &Fleet) -> Result<()> {
        let known = |path: &str, service: &str| match fleet.service(service) {
            Some(_) => Ok(()),
            None => Err(Error::bad_field(path, service, "a service of the fleet")),
        };
        for service in self.logs.keys() {
            known(&format!("logs.{service}"), service)?;
        }
        let mut names = HashSet::new();
        for (i, alarm) in self.alarms.iter().enumerate() {
            let path = format!("alarms[{i}]");
            if !names.insert(alarm.key()) {
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
        check_name(&format!("{path}.name"), &self.name)?;
        self.region.iter().try_for_each(|region| check_name(&format!("{path}.region"), region))?;
        if self.runbook.is_empty() || self.runbook.contains('/') {
            return Err(Error::bad_field(&format!("{path}.runbook"), &self.runbook, "the name of a file"));
        }
        if self.remedy != RemedyPolicy::None && self.service.is_none() {
            return Err(Error::bad_field(&format!("{path}.service"), "nothing", "the service that the remedy is for"));
        }
        minutes("grace_minutes", self.grace_minutes, 0)?;
        minutes("flapping.within_minutes", self.flapping.within_minutes, 1)?;
        minutes("flapping.stable_minutes", self.flapping.stable_minutes, 1)?;
        if !(2..=20).contains(&self.flapping.times) {
            return Err(Error::bad_field(&format!("{path}.flapping.times"), self.flapping.times, "2 to 20 times"));
        }
        self.remedy.validate(&format!("{path}.remedy"))
    }

    /// What it is called in the ledger and in requests: its name, or `<region>/<name>` outside the automation's region.
    pub fn key(&self) -> String {
        self.region.as_ref().map_or_else(|| self.name.clone(), |region| format!("{region}/{}", self.name))
    }

    /// Is it muted by a rule of the scheduled downtime?
    pub(super) fn is_downtime_mute(&self, muted: &Suppression) -> bool {
        self.downtime_mutes.iter().any(|rule| muted.by == Suppression::by_rule(rule))
    }

    /// How long a rollout or stack update explains an ALARM state.
    pub fn grace(&self) -> SignedDuration {
        SignedDuration::from_mins(self.grace_minutes.into())
    }
}

impl FlappingPolicy {
    /// The span in which starts of an ALARM state are counted.
    pub fn within(&self) -> SignedDuration {
        SignedDuration::from_mins(self.within_minutes.into())
    }

    /// How long it stays in one state until it is stable.
    pub fn stable(&self) -> SignedDuration {
        SignedDuration::from_mins(self.stable_minutes.into())
    }
}
