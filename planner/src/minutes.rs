//! Bounds of settings in minutes.

use crate::error::{Error, Result};

/// Refuses `minutes` outside a day; `path` is where the document has it.
///
/// # Errors
/// `Invalid`, naming path and value.
pub(crate) fn check_minutes(path: &str, minutes: u32) -> Result<()> {
    match minutes {
        1..=1440 => Ok(()),
        _ => Err(Error::bad_field(path, minutes, "1 to 1440 minutes")),
    }
}
