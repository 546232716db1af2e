//! The documents that the function decides from.

use planner::budget::BudgetPolicies;
use planner::fleet::Fleet;
use shared::Result;
use shared::runtime::{Documents, Sections};

/// The fleet, and what each share of a budget restricts.
#[derive(Clone, Debug)]
pub struct BudgetDocuments {
    /// The services.
    pub fleet: Fleet,
    /// The section `budgets` of the configuration.
    pub budgets: BudgetPolicies,
}

impl Documents for BudgetDocuments {
    fn parse(sections: &Sections<'_>) -> Result<BudgetDocuments> {
        let fleet = <Fleet as Documents>::parse(sections)?;
        let budgets = BudgetPolicies::parse(sections.budgets(), &fleet)?;
        Ok(BudgetDocuments { fleet, budgets })
    }

    fn system(&self) -> &str {
        &self.fleet.system
    }
}
