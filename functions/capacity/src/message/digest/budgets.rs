//! Budgets: figure, limit, and what an engineer changed.

use planner::budget;

use super::change::Area;
use super::day::{Day, Lines};

/// Changes of tiers, the figure of every budget, and its hold or lift.
pub(super) fn budgets(day: &Day<'_>) -> Lines {
    let standing = day.budgets.iter().flat_map(|(name, budget)| standing(day, name, budget));
    day.changes(Area::Budget).into_iter().chain(standing).collect()
}

fn standing(day: &Day<'_>, name: &str, budget: &budget::Record) -> Lines {
    let mut lines = Vec::new();
    if let (Some(figure), Some(limit)) = (&budget.figure, &budget.limit) {
        lines.push(format!("{name}: {figure} of {limit} ({} %)", budget.percent()));
    }
    if let Some(hold) = budget.hold.as_ref().filter(|hold| hold.until > day.now) {
        lines.push(format!("{name}: all tiers on hold by {} until {}", hold.by, day.full(hold.until)));
    }
    if let Some(lift) = &budget.lifted {
        let (by, up_to) = (&lift.by, lift.up_to);
        lines.push(format!("{name}: restrictions up to the {up_to} % tier lifted by {by} for this budget period"));
    }
    lines.into_iter().map(|line| ("now".to_owned(), line)).collect()
}
