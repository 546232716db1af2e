//! What the schedule changes within the next day.

use jiff::Timestamp;
use planner::capacity::Target;

use super::day::{Day, Lines};

/// Every service that is scaled to zero or runs again, in the order of time.
pub(super) fn schedule(day: &Day<'_>) -> Lines {
    let mut upcoming: Vec<(Timestamp, String)> = Vec::new();
    for service in &day.services {
        for change in &service.upcoming {
            let what = match change.target {
                Target::ScaledToZero => "scales to zero",
                Target::Running => "runs again",
            };
            let reason = change.reason.sentence(|at| day.full(at));
            upcoming.push((change.at, format!("{} {what}: {reason}", service.policy.name)));
        }
    }
    upcoming.sort();
    upcoming.into_iter().map(|(at, what)| (day.weekday(at), what)).collect()
}
