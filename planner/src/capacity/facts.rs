//! What somebody or something wants of a service's capacity, each with the moment at which it ends by itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::spot::SpotState;

/// All facts about one service's capacity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Nothing is touched until then. Kept with the rollouts, and read from there: one freeze holds both.
    #[serde(skip)]
    pub frozen: Option<Expiry>,
    /// What a person asked for.
    pub manual_override: Option<Override>,
    /// What the budget cuts.
    pub budget: Option<BudgetRestriction>,
    /// What each alarm asks for, by its name: one takes nothing away from another, and prolongs only its own.
    pub boosts: BTreeMap<String, Boost>,
    /// How Spot has behaved.
    pub spot: SpotState,
}

impl Facts {
    /// The boost that asks for the most tasks at `now`; of equals the one that lasts longest.
    pub fn boost(&self, now: Timestamp) -> Option<&Boost> {
        let in_force = self.boosts.values().filter(|boost| boost.expiry.at > now);
        in_force.max_by_key(|boost| (boost.min, boost.expiry.at))
    }
}

/// Something that somebody asked for, until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// Until when.
    pub at: Timestamp,
    /// Who asked.
    pub by: String,
}

/// What a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// What.
    pub kind: OverrideKind,
    /// Until when, and who asked.
    pub expiry: Expiry,
}

/// What a person may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideKind {
    /// Run, whatever scheduled downtime and budget say.
    Wake,
    /// Scale to zero, whatever the schedule says.
    Sleep,
    /// Hands off.
    Hold,
}

/// What the budget cuts until its period ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRestriction {
    /// Share of the budget that was reached, in percent; for people.
    pub reached_percent: u32,
    /// Stay on Spot even when Spot has no capacity.
    #[serde(default)]
    pub spot_only: bool,
    /// Sleep so many minutes longer at each end of the night.
    #[serde(default)]
    pub longer_downtime_minutes: u32,
    /// Sleep.
    #[serde(default)]
    pub scale_to_zero: bool,
    /// Run at most so many tasks; never below the service's floor.
    #[serde(default)]
    pub max_tasks: Option<u32>,
    /// End of the budget's period.
    pub until: Timestamp,
}

/// More tasks, because an alarm rings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boost {
    /// Least number of tasks while it lasts.
    pub min: u32,
    /// Until when, and which alarm.
    pub expiry: Expiry,
}
