//! What a budget takes from which service, and when: the document that the template outputs beside the fleet.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};

use super::amount::Amount;
use crate::capacity::SpotMode;
use crate::error::{Error, Result};
use crate::fleet::Fleet;

/// All budgets that are held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BudgetPolicies(Vec<BudgetPolicy>);

/// What is done about one budget of AWS Budgets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetPolicy {
    /// Its name in AWS Budgets.
    pub name: String,
    /// Its limit in US dollars, for a budget that names none itself. What AWS Budgets says comes first.
    #[serde(default, deserialize_with = "dollars")]
    pub limit: Option<Amount>,
    /// What is done, the least painful first.
    #[serde(default)]
    pub tiers: Vec<Tier>,
}

/// What is done from one share of the limit on, beside what the tiers below it do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Share of the limit that is spent, in percent.
    pub at_percent: u32,
    /// What is taken from which service, by its name in the fleet.
    pub services: BTreeMap<String, Restriction>,
}

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

impl BudgetPolicies {
    /// Parses and checks the document against the fleet; an empty text is no budget.
    ///
    /// # Errors
    /// `Invalid`, naming the path, the value and what was expected.
    pub fn parse(text: &str, fleet: &Fleet) -> Result<BudgetPolicies> {
        if text.trim().is_empty() {
            return Ok(BudgetPolicies::default());
        }
        let de = &mut serde_json::Deserializer::from_str(text);
        let budgets: Vec<BudgetPolicy> = serde_path_to_error::deserialize(de)
            .map_err(|error| Error::invalid(format!("BUDGETS: {}: {}", error.path(), error.inner())))?;
        for (i, budget) in budgets.iter().enumerate() {
            let path = format!("BUDGETS: [{i}]");
            if budgets[..i].iter().any(|other| other.name == budget.name) {
                return Err(Error::bad_field(&format!("{path}.name"), &budget.name, "each budget once"));
            }
            budget.validate(&path, fleet)?;
        }
        Ok(BudgetPolicies(budgets))
    }

    /// The budget with this name. Names of budgets may have spaces, and mails break lines there.
    pub fn get(&self, name: &str) -> Option<&BudgetPolicy> {
        let words = |name: &str| name.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        self.iter().find(|budget| words(&budget.name) == words(name))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &BudgetPolicy> {
        self.0.iter()
    }

    /// Every service that some tier touches, once.
    pub fn services(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .iter()
            .flat_map(|budget| &budget.tiers)
            .flat_map(|tier| tier.services.keys())
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl BudgetPolicy {
    /// The highest tier that this share reaches.
    pub fn tier(&self, percent: u32) -> Option<&Tier> {
        self.tiers.iter().rev().find(|tier| tier.at_percent <= percent)
    }

    fn validate(&self, path: &str, fleet: &Fleet) -> Result<()> {
        let odd = self.name.is_empty() || self.name.chars().count() > 100 || self.name.contains([':', '\\']);
        if odd {
            let expected = "1 to 100 characters without `:` and `\\`";
            return Err(Error::bad_field(&format!("{path}.name"), &self.name, expected));
        }
        if let Some(limit) = self.limit.as_ref().filter(|limit| limit.hundredths <= 0) {
            return Err(Error::bad_field(&format!("{path}.limit"), limit, "more than nothing"));
        }
        for (i, tier) in self.tiers.iter().enumerate() {
            let path = format!("{path}.tiers[{i}]");
            let at_least = i.checked_sub(1).map_or(1, |before| self.tiers[before].at_percent + 1);
            if tier.at_percent < at_least || tier.at_percent > 1000 {
                let expected = format!("{at_least} to 1000, each tier above the one before it");
                return Err(Error::bad_field(&format!("{path}.at_percent"), tier.at_percent, &expected));
            }
            for (name, restriction) in &tier.services {
                restriction.validate(&format!("{path}.services.{name}"), name, fleet)?;
            }
        }
        Ok(())
    }
}

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

    fn validate(&self, path: &str, name: &str, fleet: &Fleet) -> Result<()> {
        let Some(service) = fleet.service(name) else {
            let known: Vec<&str> = fleet.services.iter().map(|service| service.name.as_str()).collect();
            return Err(Error::bad_field(path, name, &format!("one of {}", known.join(", "))));
        };
        if *self == Restriction::default() {
            return Err(Error::bad_field(path, "nothing", "spot_only, longer_downtime_minutes, asleep or ceiling"));
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
        let told = [
            self.spot_only.then(|| "runs on Spot only".to_owned()),
            (self.longer_downtime_minutes > 0).then_some(longer),
            most,
        ];
        f.write_str(&told.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// US dollars as a number or, as a template's parameter is rendered, as a text.
fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Amount>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Dollars {
        Number(serde_json::Number),
        Text(String),
    }
    let text = match Option::<Dollars>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Dollars::Number(number)) => number.to_string(),
        Some(Dollars::Text(text)) => text,
    };
    format!("{text} USD").parse().map(Some).map_err(serde::de::Error::custom)
}
