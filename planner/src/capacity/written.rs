//! What the automation wrote about the range of tasks of a service.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::observed::Bounds;

/// What the automation wrote about the range of tasks, as far as a later decision needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenRange {
    /// Bounds that another caller had set and that scheduled downtime, a restriction or a boost has replaced for a while;
    /// only with `bounds: leave`.
    pub replaced: Option<Bounds>,
    /// The count that a boost has raised, of a service without scalable target.
    pub raised: Option<Raised>,
    /// The bounds that were written last, and when.
    pub written: Option<(Bounds, Timestamp)>,
    /// When bounds that were written had been changed by another caller, in the last two days.
    pub changed_by_others: Vec<Timestamp>,
    /// Was that announced?
    pub conflict_announced: bool,
}

/// A desired count that a boost has raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Before.
    pub from: u32,
    /// While the boost lasts.
    pub to: u32,
    /// Since when another count is shown: one look may be stale.
    #[serde(default)]
    pub changed_at: Option<Timestamp>,
}
