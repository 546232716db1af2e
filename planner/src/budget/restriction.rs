//! How a tier restricts one service.

use std::fmt;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::capacity::{BudgetRestriction, SpotMode};
use crate::error::{Error, Result};
use crate::fleet::Fleet;
use crate::model::format_duration;

/// How one service is restricted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Restriction {
    /// Stay on Spot even when Spot has no capacity.
    pub spot_only: bool,
    /// So many minutes of scheduled downtime more, at each end of every window; at most 720.
    #[cfg_attr(feature = "schema", schemars(range(max = 720)))]
    pub longer_downtime_minutes: u32,
    /// Run no tasks until the budget period ends.
    pub scale_to_zero: bool,
    /// At most so many tasks: from the service's `floor` to its `baseline.max`.
    pub max_tasks: Option<u32>,
}

/// Longest extension at each end of scheduled downtime, in minutes: both ends together fill a day.
const LONGEST_EXTENSION: u32 = 12 * 60;

impl Restriction {
    /// Both together: the stricter of each.
    #[must_use]
    pub fn and(&self, other: &Restriction) -> Restriction {
        let max_tasks = [self.max_tasks, other.max_tasks].into_iter().flatten().min();
        Restriction {
            spot_only: self.spot_only || other.spot_only,
            longer_downtime_minutes: self.longer_downtime_minutes.max(other.longer_downtime_minutes),
            scale_to_zero: self.scale_to_zero || other.scale_to_zero,
            max_tasks,
        }
    }

    pub(super) fn validate(&self, path: &str, name: &str, fleet: &Fleet) -> Result<()> {
        let Some(service) = fleet.service(name) else {
            let known: Vec<&str> = fleet.services.iter().map(|service| service.name.as_str()).collect();
            return Err(Error::bad_field(path, name, &format!("one of {}", known.join(", "))));
        };
        if *self == Restriction::default() {
            let expected = "spot_only, longer_downtime_minutes, scale_to_zero or max_tasks";
            return Err(Error::bad_field(path, "nothing", expected));
        }
        if self.longer_downtime_minutes > LONGEST_EXTENSION {
            let expected = format!("at most {LONGEST_EXTENSION}");
            return Err(Error::bad_field(
                &format!("{path}.longer_downtime_minutes"),
                self.longer_downtime_minutes,
                &expected,
            ));
        }
        // The capacity planner would ignore a restriction that cannot apply; it is refused here.
        let on_spot = service.spot.is_some_and(|spot| spot.mode != SpotMode::Off);
        if self.spot_only && !on_spot {
            return Err(Error::bad_field(&format!("{path}.spot_only"), true, "a service whose spot.mode is not off"));
        }
        if self.longer_downtime_minutes > 0 && service.sleep.is_none() {
            let path = format!("{path}.longer_downtime_minutes");
            return Err(Error::bad_field(
                &path,
                self.longer_downtime_minutes,
                "a service with scheduled downtime (`sleep`)",
            ));
        }
        let (floor, max) = (service.floor.unwrap_or(service.baseline.min), service.baseline.max);
        match self.max_tasks {
            Some(max_tasks) if max_tasks < floor || max_tasks > max => {
                let expected = format!("{floor} to {max}, its floor to its baseline.max");
                Err(Error::bad_field(&format!("{path}.max_tasks"), max_tasks, &expected))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Restriction {
    /// `on Spot only, at most 3 tasks`. Scaled to zero includes everything else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale_to_zero {
            return f.write_str("scaled to zero");
        }
        let longer = format_duration(SignedDuration::from_mins(self.longer_downtime_minutes.into()));
        let longer = format!("scheduled downtime {longer} longer at each end");
        let max = self.max_tasks.map(|max_tasks| match max_tasks {
            1 => "at most 1 task".to_owned(),
            max_tasks => format!("at most {max_tasks} tasks"),
        });
        let parts = [
            self.spot_only.then(|| "on Spot only".to_owned()),
            (self.longer_downtime_minutes > 0).then_some(longer),
            max,
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

impl From<&BudgetRestriction> for Restriction {
    fn from(fact: &BudgetRestriction) -> Restriction {
        Restriction {
            spot_only: fact.spot_only,
            longer_downtime_minutes: fact.longer_downtime_minutes,
            scale_to_zero: fact.scale_to_zero,
            max_tasks: fact.max_tasks,
        }
    }
}
