//! What a tier takes from one service.

use std::fmt;

use serde::Deserialize;

use crate::capacity::{BudgetRestriction, SpotMode};
use crate::error::{Error, Result};
use crate::fleet::Fleet;

/// What is taken from one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Restriction {
    /// Stay on Spot even when Spot has no capacity.
    pub spot_only: bool,
    /// Sleep so many minutes longer at each end of the night.
    pub longer_downtime_minutes: u32,
    /// Sleep.
    pub scale_to_zero: bool,
    /// Run at most so many tasks; never below the service's floor.
    pub max_tasks: Option<u32>,
}

/// Longest that a night may be made longer at each end: with both, a day is left to nobody.
const LONGEST_NIGHT: u32 = 12 * 60;

impl Restriction {
    /// Both together: the harder of each.
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
            return Err(Error::bad_field(
                path,
                "nothing",
                "spot_only, longer_downtime_minutes, scale_to_zero or max_tasks",
            ));
        }
        if self.longer_downtime_minutes > LONGEST_NIGHT {
            let expected = format!("at most {LONGEST_NIGHT}");
            return Err(Error::bad_field(
                &format!("{path}.longer_downtime_minutes"),
                self.longer_downtime_minutes,
                &expected,
            ));
        }
        // What the capacity planner would pass over in silence is a mistake, told here.
        let on_spot = service.spot.is_some_and(|spot| spot.mode != SpotMode::Off);
        if self.spot_only && !on_spot {
            return Err(Error::bad_field(&format!("{path}.spot_only"), true, "a service whose spot.mode is not off"));
        }
        if self.longer_downtime_minutes > 0 && service.sleep.is_none() {
            let path = format!("{path}.longer_downtime_minutes");
            return Err(Error::bad_field(&path, self.longer_downtime_minutes, "a service with a night: `sleep`"));
        }
        let (floor, most) = (service.floor.unwrap_or(service.baseline.min), service.baseline.max);
        match self.max_tasks {
            Some(max_tasks) if max_tasks < floor || max_tasks > most => {
                let expected = format!("its floor to its baseline.max, {floor} to {most}");
                Err(Error::bad_field(&format!("{path}.max_tasks"), max_tasks, &expected))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Restriction {
    /// What people read: `runs on Spot only, runs at most 3 tasks`. Of one that sleeps there is no more to say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale_to_zero {
            return f.write_str("sleeps");
        }
        let longer = format!("sleeps {} minutes longer at each end of the night", self.longer_downtime_minutes);
        let most = self.max_tasks.map(|max_tasks| match max_tasks {
            1 => "runs at most 1 task".to_owned(),
            max_tasks => format!("runs at most {max_tasks} tasks"),
        });
        let parts = [
            self.spot_only.then(|| "runs on Spot only".to_owned()),
            (self.longer_downtime_minutes > 0).then_some(longer),
            most,
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
