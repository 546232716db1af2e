//! Time zones by name.

use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::error::{Error, Result};

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", inline, extend("pattern" = "^[A-Za-z0-9_+/-]+$")))]
pub struct Zone(pub TimeZone);

impl TryFrom<String> for Zone {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        TimeZone::get(&name)
            .map(Zone)
            .map_err(|_| Error::bad_field("zone", name, "an IANA time zone such as `Europe/Berlin`"))
    }
}
