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
    pub frozen: Option<Until>,
    /// What a person asked for.
    pub manual: Option<Manual>,
    /// What the budget cuts.
    pub budget: Option<BudgetCut>,
    /// What each alarm asks for, by its name: one takes nothing away from another, and prolongs only its own.
    pub boosts: BTreeMap<String, Boost>,
    /// How Spot has behaved.
    pub spot: SpotState,
}

impl Facts {
    /// The boost that asks for the most tasks at `now`; of equals the one that lasts longest.
    pub fn boost(&self, now: Timestamp) -> Option<&Boost> {
        let in_force = self.boosts.values().filter(|boost| boost.until.until > now);
        in_force.max_by_key(|boost| (boost.min, boost.until.until))
    }
}

/// Something that somebody asked for, until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// Until when.
    pub until: Timestamp,
    /// Who asked.
    pub by: String,
}

/// What a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    /// What.
    pub want: Want,
    /// Until when, and who asked.
    #[serde(flatten)]
    pub until: Until,
}

/// What a person may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Want {
    /// Run, whatever night and budget say.
    Awake,
    /// Sleep, whatever the clock says.
    Asleep,
    /// Hands off.
    Hold,
}

/// What the budget cuts until its period ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetCut {
    /// Share of the budget that was reached, in percent; for people.
    pub reached_percent: u32,
    /// Stay on Spot even when Spot has no capacity.
    #[serde(default)]
    pub spot_only: bool,
    /// Sleep so many minutes longer at each end of the night.
    #[serde(default)]
    pub longer_night_minutes: u32,
    /// Sleep.
    #[serde(default)]
    pub asleep: bool,
    /// Run at most so many tasks; never below the service's floor.
    #[serde(default)]
    pub ceiling: Option<u32>,
    /// End of the budget's period.
    pub until: Timestamp,
}

/// More tasks, because an alarm rings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boost {
    /// Least number of tasks while it lasts.
    pub min: u32,
    /// Until when, and which alarm.
    #[serde(flatten)]
    pub until: Until,
}
