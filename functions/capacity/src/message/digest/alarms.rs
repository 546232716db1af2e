//! Alarms: what was announced, and what is in ALARM with an explanation.

use planner::alarm::AnnouncedState;

use super::change::Area;
use super::day::{Day, Lines};

/// Announcements, and alarms that are not announced because planned activity explains them.
pub(super) fn alarms(day: &Day<'_>) -> Lines {
    let explained = day.alarms.iter().filter_map(|(name, alarm)| match &alarm.announced {
        AnnouncedState::Explained { since, by } => {
            Some(("now".to_owned(), format!("{name}: in ALARM {}, explained: {by}", day.since(*since))))
        }
        AnnouncedState::Nothing
        | AnnouncedState::Alarm { .. }
        | AnnouncedState::Flapping { .. }
        | AnnouncedState::Missing { .. }
        | AnnouncedState::NoData { .. } => None,
    });
    day.changes(Area::Alarm).into_iter().chain(explained).collect()
}
