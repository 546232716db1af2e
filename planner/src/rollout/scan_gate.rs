//! The scan gate: whether ECR's scan result allows an image to be rolled out.

use jiff::{SignedDuration, Timestamp};

use super::policy::{ScanGate, Unscanned};
use super::reason::Reason;
use crate::model::{Image, ScanState, format_duration};

/// Why `gate` holds `image` back; `None` when it may be rolled out.
pub(super) fn refusal(gate: &ScanGate, image: &Image, now: Timestamp) -> Option<Reason> {
    let until = image.pushed_at + SignedDuration::from_mins(gate.wait_minutes.into());
    let finding = match &image.scan {
        ScanState::Complete(found) => {
            let count = |severity: &String| found.get(severity).copied().unwrap_or(0);
            let (severity, max) = gate.max.iter().find(|(severity, max)| count(severity) > **max)?;
            format!("{} {severity} findings, at most {max} allowed", count(severity))
        }
        ScanState::Missing | ScanState::Pending | ScanState::Unknown(_) if now < until => {
            return Some(Reason::AwaitingScan { image: image.clone(), until });
        }
        // A result that cannot be read is not a missing one: it may be a refusal.
        ScanState::Missing | ScanState::Pending | ScanState::Failed(_) if gate.unscanned == Unscanned::Accept => {
            return None;
        }
        ScanState::Missing | ScanState::Pending => {
            let wait = format_duration(SignedDuration::from_mins(gate.wait_minutes.into()));
            format!("no scan result within {wait}")
        }
        ScanState::Unknown(error) => format!("its scan result could not be read: {error}"),
        ScanState::Failed(reason) => format!("its scan failed: {reason}"),
    };
    Some(Reason::ScanRefused { image: image.clone(), finding })
}
