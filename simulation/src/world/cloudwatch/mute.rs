//! Mute rules: windows in which the actions of alarms are kept back.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html>

use ::tests::template::{list, text};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::Value;

use crate::account::{ACCOUNT, REGION};

/// A mute rule.
#[derive(Clone, Debug)]
pub struct Mute {
    /// Its name.
    pub name: String,
    /// Names of the alarms.
    pub alarms: Vec<String>,
    zone: TimeZone,
    hour: i8,
    minute: i8,
    /// All, where it is empty.
    weekdays: Vec<Weekday>,
    duration: SignedDuration,
}

impl Mute {
    pub(super) fn of(properties: &Value) -> Mute {
        let schedule = &properties["Rule"]["Schedule"];
        let expression = text(&schedule["Expression"]);
        let fields = expression.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')'));
        let fields = fields.unwrap_or_else(|| panic!("the model has no mute rule with {expression}"));
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minute, hour, "*", "*", weekdays] = fields.as_slice() else {
            panic!("the model has no mute rule with {expression}")
        };
        let duration: Span = text(&schedule["Duration"]).parse().expect("a duration");
        let day = |name: &str| match name {
            "SUN" => Weekday::Sunday,
            "MON" => Weekday::Monday,
            "TUE" => Weekday::Tuesday,
            "WED" => Weekday::Wednesday,
            "THU" => Weekday::Thursday,
            "FRI" => Weekday::Friday,
            "SAT" => Weekday::Saturday,
            other => panic!("the model has no weekday {other}"),
        };
        Mute {
            name: text(&properties["Name"]),
            alarms: list(&properties["MuteTargets"]["AlarmNames"]).iter().map(text).collect(),
            zone: TimeZone::get(schedule["Timezone"].as_str().unwrap_or("UTC")).expect("a time zone"),
            hour: hour.parse().expect("an hour"),
            minute: minute.parse().expect("a minute"),
            weekdays: if *weekdays == "*" { Vec::new() } else { weekdays.split(',').map(day).collect() },
            duration: SignedDuration::from_hours(duration.get_hours().into())
                + SignedDuration::from_mins(duration.get_minutes()),
        }
    }

    pub(super) fn arn(&self) -> String {
        format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm-mute-rule:{}", self.name)
    }

    /// Begin and end of the window that an alarm is in.
    pub fn window(&self, alarm: &str, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        if !self.alarms.iter().any(|name| name == alarm) {
            return None;
        }
        let today = now.to_zoned(self.zone.clone()).date();
        (0..=7).filter_map(|back| today.checked_sub(Span::new().days(back)).ok()).find_map(|date| {
            if !self.weekdays.is_empty() && !self.weekdays.contains(&date.weekday()) {
                return None;
            }
            let begin = date.at(self.hour, self.minute, 0, 0).to_zoned(self.zone.clone()).ok()?.timestamp();
            let end = begin + self.duration;
            (begin <= now && now < end).then_some((begin, end))
        })
    }
}
