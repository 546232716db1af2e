//! Several reasons as one, and each of several.

use super::Reason;
use crate::model::Image;
use crate::rollout::record::Quarantine;

impl Reason {
    /// All of them as one; up to date when there is none.
    pub(in crate::rollout) fn of(mut reasons: Vec<Reason>) -> Reason {
        match reasons.len() {
            0 => Reason::UpToDate,
            1 => reasons.remove(0),
            _ => Reason::Several(reasons),
        }
    }

    /// Each of several, or the only one.
    pub fn each(&self) -> &[Reason] {
        match self {
            Reason::Several(reasons) => reasons,
            reason => std::slice::from_ref(reason),
        }
    }

    pub(in crate::rollout) fn quarantined(image: Image, entry: &Quarantine) -> Reason {
        Reason::Quarantined { image, reason: entry.reason.clone(), since: entry.at }
    }
}
