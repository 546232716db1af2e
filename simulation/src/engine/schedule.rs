//! EventBridge Scheduler: rates and cron expressions with a time zone.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>: an hour that is skipped is skipped, one that is repeated runs once;
//! precision is 60 seconds.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::state::{Due, Engine};
use crate::account::Schedule;

impl Engine {
    pub(super) fn begin_schedules(&mut self) {
        for number in 0..self.account.schedules.len() {
            self.plan_schedule(number, self.now);
        }
    }

    fn plan_schedule(&mut self, number: usize, after: Timestamp) {
        if let Some(at) = next(&self.account.schedules[number], after) {
            self.due.push(at, Due::Schedule { number, at });
        }
    }

    pub(super) fn fire(&mut self, number: usize, at: Timestamp) {
        self.plan_schedule(number, at);
        if self.goes_wrong(self.weather.skipped_ticks, "a schedule does not fire") {
            return;
        }
        let schedule = &self.account.schedules[number];
        let moment = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let input = schedule.input.replace("<aws.scheduler.scheduled-time>", &moment);
        let (function, payload): (_, Value) = (schedule.function, serde_json::from_str(&input).expect("a JSON input"));
        self.invoke_async(function, payload);
    }
}

/// When a schedule fires next.
///
/// # Panics
/// When its expression is of a form that nothing deploys.
fn next(schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    let expression = schedule.expression.as_str();
    if let Some(rate) = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')) {
        let (count, unit) = rate.split_once(' ').expect("a rate");
        let seconds = match unit.trim_end_matches('s') {
            "minute" => 60,
            "hour" => 3600,
            "day" => 86_400,
            other => panic!("unit {other} of {expression}"),
        };
        let step = count.parse::<i64>().expect("a number") * seconds;
        let offset = schedule.offset.as_secs();
        let at = (after.as_second() - offset).div_euclid(step) * step + step + offset;
        return Timestamp::from_second(at).ok();
    }
    let fields = expression.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')'));
    let fields: Vec<&str> = fields.unwrap_or_else(|| panic!("schedule {expression}")).split(' ').collect();
    let zone = TimeZone::get(&schedule.zone).expect("a time zone");
    let mut at = after.as_second().div_euclid(60) * 60 + 60;
    // Minute by minute, at most a week: what is deployed fires at least weekly.
    for _ in 0..8 * 24 * 60 {
        let time = Timestamp::from_second(at).ok()?;
        let local = time.to_zoned(zone.clone());
        let hit = |field: &str, value: i64| match field {
            "*" | "?" => true,
            // "1/5: every fifth, beginning with the first".
            every if every.contains('/') => {
                let (from, step) = every.split_once('/').expect("a step");
                let number = |text: &str| text.parse::<i64>().expect("a number");
                value >= number(from) && (value - number(from)) % number(step) == 0
            }
            list => list.split(',').any(|one| one.trim_start_matches('0').parse::<i64>().unwrap_or(0) == value),
        };
        let day = local.weekday();
        let days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
        let weekday = fields[4] == "?" || fields[4] == "*" || {
            let index = usize::try_from(day.to_sunday_zero_offset()).unwrap();
            fields[4].split(',').any(|one| match one.split_once('-') {
                Some((from, to)) => {
                    let place = |name: &str| days.iter().position(|day| *day == name).expect("a weekday");
                    (place(from)..=place(to)).contains(&index)
                }
                None => one == days[index],
            })
        };
        // A repeated hour runs once: its second time has a first one an hour ago with the same local time.
        let repeated = (time - SignedDuration::from_hours(1)).to_zoned(zone.clone()).time() == local.time();
        if hit(fields[0], local.minute().into()) && hit(fields[1], local.hour().into()) && weekday && !repeated {
            return Some(time);
        }
        at += 60;
    }
    None
}
