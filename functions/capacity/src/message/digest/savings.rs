//! Cost and savings of each service.

use planner::model::Usd;

use super::day::{Day, Lines};

/// Cost and savings since the previous digest and in this month, of every service that has any.
pub(super) fn savings(day: &Day<'_>) -> Lines {
    let nothing = Usd::default();
    let counted = day.services.iter().filter(|own| own.counted.spent > nothing || own.counted.saved > nothing);
    counted
        .map(|service| {
            let (counted, month) = (&service.counted, &service.month);
            let sums = format!(
                "cost {}, saved {}; in {}: cost {}, saved {}",
                counted.spent, counted.saved, month.month, month.spent, month.saved
            );
            (service.policy.name.clone(), sums)
        })
        .collect()
}
