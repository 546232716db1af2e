//! The documents that the function decides from.

use planner::budget::BudgetPolicies;
use planner::fleet::Fleet;
use shared::Result;
use shared::runtime::Documents;

/// The fleet, and what each share of a budget restricts.
#[derive(Clone, Debug)]
pub struct BudgetDocuments {
    /// The services.
    pub fleet: Fleet,
    /// The budgets.
    pub budgets: BudgetPolicies,
}

impl Documents for BudgetDocuments {
    const NAMES: &'static [&'static str] = &["fleet", "budgets"];

    fn parse(text: &dyn Fn(&str) -> Option<String>) -> Result<BudgetDocuments> {
        let fleet = <Fleet as Documents>::parse(text)?;
        let budgets = BudgetPolicies::parse(&text("budgets").unwrap_or_default(), &fleet)?;
        Ok(BudgetDocuments { fleet, budgets })
    }

    fn system(&self) -> &str {
        &self.fleet.system
    }
}
