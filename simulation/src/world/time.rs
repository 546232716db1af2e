//! How services write times.

use jiff::Timestamp;

/// Seconds since 1970, as most services write times.
pub(crate) fn seconds(at: Timestamp) -> f64 {
    // Milliseconds, as the services have them, are far below 2^53.
    #[allow(clippy::cast_precision_loss)]
    let milliseconds = at.as_millisecond() as f64;
    milliseconds / 1000.0
}
