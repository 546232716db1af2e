//! The budgets document: which restrictions a budget puts on which service, and from which share of its limit.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::amount::Amount;
use super::restriction::Restriction;
use crate::error::{Error, Result};
use crate::fleet::Fleet;

/// The budgets document; up to one entry for each budget of AWS Budgets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BudgetPolicies(Vec<BudgetPolicy>);

/// The policy for one budget of AWS Budgets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BudgetPolicy {
    /// Its name in AWS Budgets.
    #[cfg_attr(feature = "schema", schemars(length(max = 100), regex(pattern = r"^[^:\\]+$")))]
    pub name: String,
    /// Its limit in US dollars, for a budget without one of its own; the limit that AWS Budgets returns takes precedence.
    #[serde(default, deserialize_with = "dollars")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::amount::dollars"))]
    pub limit: Option<Amount>,
    /// Do its filters let it count nothing but the tasks of the fleet? Set to true, a figure that the running tasks cannot
    /// have cost is doubted; `false` when left out, as of a budget of the whole account.
    #[serde(default)]
    pub counts_tasks_alone: bool,
    /// Its tiers, in ascending order of `at_percent`.
    #[serde(default)]
    pub tiers: Vec<Tier>,
}

/// The restrictions from one share of the limit on, added to those of the tiers below it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tier {
    /// Actual spend at which the tier starts, in percent of the limit: 1 to 1000.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000)))]
    pub at_percent: u32,
    /// The restriction of each service, by its name in the fleet.
    pub services: BTreeMap<String, Restriction>,
}

impl BudgetPolicies {
    /// Parses the document and validates it against the fleet; an empty text is a document without budgets.
    ///
    /// # Errors
    /// `Invalid`, naming the path, the value and what was expected.
    pub fn parse(text: &str, fleet: &Fleet) -> Result<BudgetPolicies> {
        if text.trim().is_empty() {
            return Ok(BudgetPolicies::default());
        }
        let de = &mut serde_json::Deserializer::from_str(text);
        let budgets: Vec<BudgetPolicy> = serde_path_to_error::deserialize(de)
            .map_err(|error| Error::invalid(format!("budgets: {}: {}", error.path(), error.inner())))?;
        for (i, budget) in budgets.iter().enumerate() {
            let path = format!("budgets: [{i}]");
            if budgets[..i].iter().any(|other| other.name == budget.name) {
                return Err(Error::bad_field(&format!("{path}.name"), &budget.name, "each budget once"));
            }
            budget.validate(&path, fleet)?;
        }
        Ok(BudgetPolicies(budgets))
    }

    /// The budget with this name.
    pub fn get(&self, name: &str) -> Option<&BudgetPolicy> {
        self.iter().find(|budget| budget.is_named(name))
    }

    /// The budget that a request names.
    ///
    /// # Errors
    /// `Invalid`, with the names that there are.
    pub fn named(&self, name: &str) -> Result<&BudgetPolicy> {
        self.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.iter().map(|policy| policy.name.as_str()).collect();
            Error::bad_field("budget", name, &format!("one of {}", known.join(", ")))
        })
    }

    /// Each budget.
    pub fn iter(&self) -> impl Iterator<Item = &BudgetPolicy> {
        self.0.iter()
    }

    /// Every service that a tier restricts, once, sorted.
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
    /// Is this its name? Names of budgets may have spaces, and mails break lines there.
    pub fn is_named(&self, name: &str) -> bool {
        self.name.split_whitespace().eq(name.split_whitespace())
    }

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
            return Err(Error::bad_field(&format!("{path}.limit"), limit, "an amount above 0"));
        }
        for (i, tier) in self.tiers.iter().enumerate() {
            let path = format!("{path}.tiers[{i}]");
            let at_least = i.checked_sub(1).map_or(1, |previous| self.tiers[previous].at_percent + 1);
            if tier.at_percent < at_least || tier.at_percent > 1000 {
                let expected = format!("{at_least} to 1000, above the previous tier");
                return Err(Error::bad_field(&format!("{path}.at_percent"), tier.at_percent, &expected));
            }
            for (name, restriction) in &tier.services {
                restriction.validate(&format!("{path}.services.{name}"), name, fleet)?;
            }
        }
        Ok(())
    }
}

/// US dollars as a number or, as `Fn::ToJsonString` renders a template's parameter, as a string.
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
