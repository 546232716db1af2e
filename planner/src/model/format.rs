//! How messages, reasons and logs write points in time and durations.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A point in time to the minute: `2026-11-21 18:00`.
const MINUTE: &str = "%Y-%m-%d %H:%M";

/// A point in time to the minute, in UTC: `2026-11-21 18:00 UTC`.
pub fn format_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A point in time to the minute in some zone, which the text around it names: `2026-11-21 19:00`.
pub fn format_time_in(zone: &TimeZone, at: Timestamp) -> String {
    at.to_zoned(zone.clone()).strftime(MINUTE).to_string()
}

/// A text whose times [`format_time`] wrote, with them as [`format_time_in`] writes them.
pub fn with_times_in(zone: &TimeZone, text: &str) -> String {
    const UTC: &str = " UTC";
    let mut found = String::new();
    let mut parts = text.split(UTC).peekable();
    while let Some(part) = parts.next() {
        let ends_a_time = parts.peek().is_some();
        let time = part.len().checked_sub("2026-11-21 18:00".len()).and_then(|at| part.split_at_checked(at));
        let time = time.filter(|_| ends_a_time).and_then(|(before, time)| {
            let at = DateTime::strptime(MINUTE, time).ok()?.to_zoned(TimeZone::UTC).ok()?;
            Some((before, format_time_in(zone, at.timestamp())))
        });
        match time {
            Some((before, time)) => found.extend([before, &time]),
            None if ends_a_time => found.extend([part, UTC]),
            None => found.push_str(part),
        }
    }
    found
}

/// A duration in at most two units: `0.4 s`, `44 s`, `3 min 5 s`, `12 min`, `2 h 5 min`, `3 d 4 h`. A negative one is `0 s`.
///
/// Tenths appear below ten seconds, seconds below ten minutes.
pub fn format_duration(duration: SignedDuration) -> String {
    let duration = duration.max(SignedDuration::ZERO);
    let (seconds, tenths) = (duration.as_secs(), duration.subsec_millis() / 100);
    let two = |(first, unit): (i64, &str), (second, smaller): (i64, &str)| match second {
        0 => format!("{first} {unit}"),
        _ => format!("{first} {unit} {second} {smaller}"),
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        0..10 if tenths > 0 => format!("{seconds}.{tenths} s"),
        0..60 => format!("{seconds} s"),
        60..600 => two((minutes, "min"), (seconds % 60, "s")),
        600..3600 => format!("{minutes} min"),
        3600..172_800 => two((hours, "h"), (minutes % 60, "min")),
        _ => two((hours / 24, "d"), (hours % 24, "h")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_a_text_are_moved_to_another_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let until = format_time("2026-11-21T23:30:00Z".parse().unwrap());
        let text = format!("held until {until}; summer ended 2026-10-25 00:30 UTC; the window is in UTC, ü UTC");
        let expected = "held until 2026-11-22 00:30; summer ended 2026-10-25 02:30; the window is in UTC, ü UTC";
        assert_eq!(with_times_in(&berlin, &text), expected);
        assert_eq!(with_times_in(&TimeZone::UTC, &until), "2026-11-21 23:30");
        assert_eq!(with_times_in(&berlin, ""), "");
    }

    #[test]
    fn durations_have_at_most_two_units() {
        for (millis, text) in [
            (-5_000, "0 s"),
            (0, "0 s"),
            (440, "0.4 s"),
            (4_000, "4 s"),
            (44_900, "44 s"),
            (60_000, "1 min"),
            (185_000, "3 min 5 s"),
            (754_000, "12 min"),
            (3_600_000, "1 h"),
            (7_500_000, "2 h 5 min"),
            (172_800_000, "2 d"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(format_duration(SignedDuration::from_millis(millis)), text);
        }
    }
}
