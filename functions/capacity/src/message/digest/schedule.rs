//! What the schedule changes within the next day.

use jiff::Timestamp;
use planner::capacity::Target;

use super::{Day, Lines};

/// Every service that is scaled to zero or runs again, in the order of time.
pub(super) fn schedule(day: &Day<'_>) -> Lines {
    let mut coming: Vec<(Timestamp, String)> = Vec::new();
    for service in &day.services {
        for (at, target, reason) in &service.coming {
            let what = match target {
                Target::ScaledToZero => "scales to zero",
                Target::Running => "runs again",
            };
            let reason = reason.sentence(|at| day.full(at));
            coming.push((*at, format!("{} {what}: {reason}", service.policy.name)));
        }
    }
    coming.sort();
    coming.into_iter().map(|(at, what)| (day.weekday(at), what)).collect()
}
