//! How messages, reasons and logs write points in time and durations.

use jiff::{SignedDuration, Timestamp};

/// A point in time to the minute, in UTC: `2026-11-21 18:00 UTC`.
pub fn format_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
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
