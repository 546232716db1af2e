//! Times that others write.

use jiff::Timestamp;

use crate::error::{Error, Result};

/// 1970 and 2200. Nothing happened before, and nothing is asked for later; between them no sum of a time and a policy's minutes, hours or
/// days overflows.
const REACH: [Timestamp; 2] = [Timestamp::UNIX_EPOCH, Timestamp::constant(7_258_118_400, 0)];

/// The same time, unless it is out of reach.
///
/// # Errors
/// `Invalid`, naming `field`, when it lies before 1970 or after 2199.
pub fn within_reach(field: &str, at: Timestamp) -> Result<Timestamp> {
    match at >= REACH[0] && at < REACH[1] {
        true => Ok(at),
        false => Err(Error::bad_field(field, at, "a time between 1970 and 2200")),
    }
}

/// The time that a text says; nothing when it says none, or one out of reach.
pub fn read_time(text: &str) -> Option<Timestamp> {
    within_reach("", text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_which_days_cannot_be_added_is_none() {
        for text in [
            "9999-12-30T22:00:00Z",
            "2200-01-01T00:00:00Z",
            "-009999-01-02T01:59:59Z",
            "1969-12-31T23:59:59Z",
            "soon",
            "",
        ] {
            assert_eq!(read_time(text), None, "{text}");
        }
        for text in ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "2026-11-21T18:00:00+01:00"] {
            assert_eq!(read_time(text), text.parse().ok(), "{text}");
        }
        let error = within_reach("at", Timestamp::MAX).unwrap_err().to_string();
        assert_eq!(error, "at: got `9999-12-30T22:00:00.999999999Z`, expected a time between 1970 and 2200");
    }
}
