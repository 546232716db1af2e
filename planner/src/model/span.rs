//! Points in time as people write them in a request: a moment, or how long from now.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::format::format_duration;
use super::reach::within_reach;
use crate::error::{Error, Result};

/// "Until when", in a request: `2h`, `90m`, `1h 30m`, `3d`, or a timestamp with offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Span {
    /// So long from now.
    For(SignedDuration),
    /// Until this moment.
    Until(Timestamp),
}

impl Span {
    /// The moment that is meant; a duration counts from `now`.
    ///
    /// # Errors
    /// `Invalid` when the moment is past or out of reach.
    pub fn end(&self, now: Timestamp) -> Result<Timestamp> {
        self.end_of("until", now)
    }

    /// The same of another field than `until`.
    ///
    /// # Errors
    /// `Invalid` when the moment is past or out of reach.
    pub fn end_of(&self, field: &str, now: Timestamp) -> Result<Timestamp> {
        let end = match self {
            Span::Until(at) => *at,
            Span::For(length) => {
                now.checked_add(*length).map_err(|_| Error::bad_field(field, self, "a nearer moment"))?
            }
        };
        within_reach(field, end)?;
        if end <= now {
            return Err(Error::bad_field(field, self, "a moment in the future"));
        }
        Ok(end)
    }
}

impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Span::Until(at));
        }
        let bad = || {
            Error::bad_field(
                "until",
                text,
                "a duration (`2h`, `90m`, `1h 30m`, `3d`) or a time with offset (`2026-11-21T18:00:00+01:00`)",
            )
        };
        // Days are 24 hours here: jiff refuses them in an absolute duration, and people write them anyway.
        let days = text.strip_suffix('d').and_then(|days| days.trim().parse::<i64>().ok());
        let length = match days {
            Some(days) => SignedDuration::from_secs(days.checked_mul(86_400).ok_or_else(bad)?),
            None => text.parse::<SignedDuration>().map_err(|_| bad())?,
        };
        if length.is_positive() { Ok(Span::For(length)) } else { Err(bad()) }
    }
}

impl TryFrom<String> for Span {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Span> for String {
    /// In full, to the second and below, so that what is stored is what was requested.
    fn from(span: Span) -> String {
        match span {
            Span::For(length) => format!("{length:#}"),
            Span::Until(at) => at.to_string(),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Span::For(length) => f.write_str(&format_duration(*length)),
            Span::Until(at) => write!(f, "{at}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_and_moments() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (text, end) in [
            ("2h", "2026-11-21T12:00:00Z"),
            ("1h 30m", "2026-11-21T11:30:00Z"),
            ("3d", "2026-11-24T10:00:00Z"),
            ("2026-11-21T18:00:00+01:00", "2026-11-21T17:00:00Z"),
        ] {
            assert_eq!(text.parse::<Span>().unwrap().end(now).unwrap(), end.parse().unwrap(), "{text}");
        }
    }

    #[test]
    fn refuses_the_past_and_nonsense_by_name() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for text in ["", "-2h", "0m", "soon", "2026-02-30T10:00:00Z", "9999999999999999d"] {
            assert!(text.parse::<Span>().unwrap_err().to_string().starts_with("until: got"), "{text}");
        }
        let past: Span = "2026-11-21T09:00:00Z".parse().unwrap();
        assert!(past.end(now).unwrap_err().to_string().contains("a moment in the future"));
        let error = past.end_of("hold_until", now).unwrap_err().to_string();
        assert!(error.starts_with("hold_until: got `2026-11-21T09:00:00Z`"), "{error}");
        for far in ["9999-12-30T22:00:00Z", "99999d", "9999999999999d"] {
            assert!(far.parse::<Span>().unwrap().end(now).is_err(), "{far}: days are added to what a request says");
        }
    }
}
