//! What goes wrong, each with the rate at which it does.
//!
//! A rate is a share of all occasions, from 0 to 1. [`Weather::CALM`] is AWS on a good day: nothing goes wrong, but answers take time, events
//! are unordered and reads are eventually consistent for a moment.

pub mod rates;

use std::str::FromStr;

use jiff::SignedDuration;

/// The rates.
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// Reads that answer with what was true before the last writes.
    pub stale: f64,
    /// Longest age of a stale answer. ECS: "a couple of seconds ... up to five minutes" (RunTask, "Eventual consistency").
    pub stale_for: SignedDuration,
    /// Calls that take effect and whose answer never comes.
    pub lost_answers: f64,
    /// Calls that never arrive.
    pub lost_calls: f64,
    /// Answers with a status of 500 or 503, before the call took effect.
    pub server_errors: f64,
    /// The same, after it took effect.
    pub server_errors_after: f64,
    /// Calls that are throttled beside what the documented rates throttle.
    pub throttled: f64,
    /// Items of a batch that are answered under `failures[]` or `UnprocessedKeys`.
    pub partial: f64,
    /// Events that are delivered twice.
    pub duplicates: f64,
    /// Events that are late.
    pub late: f64,
    /// How late the latest is.
    pub late_for: SignedDuration,
    /// Events of "best effort" sources that are lost.
    pub lost_events: f64,
    /// Invocations that are killed before or after any call.
    pub killed: f64,
    /// Schedules that do not fire.
    pub skipped_ticks: f64,
    /// Execution environments that are replaced before the next invocation.
    pub recycled: f64,
    /// How far clocks of execution environments differ at most.
    pub clock_skew: SignedDuration,
    /// Publishing to a topic is refused.
    pub refused_messages: f64,
    /// Calls of the ledger that are answered with a 500.
    pub ledger_down: f64,
}

impl Weather {
    /// AWS on a good day.
    pub const CALM: Weather = Weather {
        stale: 0.02,
        stale_for: SignedDuration::from_secs(2),
        lost_answers: 0.0,
        lost_calls: 0.0,
        server_errors: 0.0,
        server_errors_after: 0.0,
        throttled: 0.0,
        partial: 0.0,
        duplicates: 0.0,
        late: 0.0,
        late_for: SignedDuration::from_secs(10),
        lost_events: 0.0,
        killed: 0.0,
        skipped_ticks: 0.0,
        recycled: 0.01,
        clock_skew: SignedDuration::ZERO,
        refused_messages: 0.0,
        ledger_down: 0.0,
    };

    /// A bad day.
    pub const BAD: Weather = Weather {
        stale: 0.2,
        stale_for: SignedDuration::from_secs(20),
        lost_answers: 0.002,
        lost_calls: 0.002,
        server_errors: 0.005,
        server_errors_after: 0.002,
        throttled: 0.005,
        partial: 0.002,
        duplicates: 0.05,
        late: 0.1,
        late_for: SignedDuration::from_mins(5),
        lost_events: 0.02,
        killed: 0.002,
        skipped_ticks: 0.01,
        recycled: 0.05,
        clock_skew: SignedDuration::from_millis(300),
        refused_messages: 0.005,
        ledger_down: 0.0,
    };

    /// The worst that documentation allows.
    pub const TERRIBLE: Weather = Weather {
        stale: 0.5,
        stale_for: SignedDuration::from_secs(60),
        lost_answers: 0.02,
        lost_calls: 0.01,
        server_errors: 0.03,
        server_errors_after: 0.02,
        throttled: 0.03,
        partial: 0.02,
        duplicates: 0.2,
        late: 0.3,
        late_for: SignedDuration::from_hours(3),
        lost_events: 0.2,
        killed: 0.02,
        skipped_ticks: 0.05,
        recycled: 0.2,
        clock_skew: SignedDuration::from_secs(1),
        refused_messages: 0.05,
        ledger_down: 0.0,
    };

    /// Does every call arrive and get its answer?
    pub fn is_calm(&self) -> bool {
        let rates = [self.lost_calls, self.lost_answers, self.throttled, self.server_errors, self.server_errors_after];
        rates.iter().all(|rate| *rate == 0.0) && self.killed == 0.0
    }

    /// Nothing goes wrong any more: what a run ends with.
    pub const OVER: Weather = Weather { stale: 0.0, recycled: 0.0, ..Weather::CALM };
}

impl FromStr for Weather {
    type Err = String;

    fn from_str(name: &str) -> Result<Weather, String> {
        match name {
            "calm" => Ok(Weather::CALM),
            "bad" => Ok(Weather::BAD),
            "terrible" => Ok(Weather::TERRIBLE),
            other => Err(format!("weather: got `{other}`, expected one of calm, bad, terrible")),
        }
    }
}
