//! How ECR states the result of a scan.

use std::collections::HashMap;

use aws_sdk_ecr::types::{FindingSeverity, ImageDetail, ImageScanStatus};

use planner::model::{ScanState, Severities};

/// What `DescribeImages` says of the scan.
pub(super) fn of(detail: &ImageDetail) -> ScanState {
    let counts = detail.image_scan_findings_summary().and_then(|summary| summary.finding_severity_counts());
    detail.image_scan_status().map_or(ScanState::Missing, |status| state(status, counts, false))
}

/// Basic scans end as `COMPLETE`. Enhanced scans stay `ACTIVE`, with what they have found so far; without findings, only
/// the time of a scan that ended says that there are none.
pub(super) fn state(
    status: &ImageScanStatus,
    counts: Option<&HashMap<FindingSeverity, i32>>,
    ended: bool,
) -> ScanState {
    let counts = counts.filter(|counts| ended || !counts.is_empty());
    match (status.status().map_or("", |status| status.as_str()), counts) {
        ("COMPLETE", None) => ScanState::Complete(Severities::new()),
        ("COMPLETE" | "ACTIVE", Some(counts)) => {
            let count = |count: &i32| u32::try_from(*count).unwrap_or(0);
            let counts = counts.iter().map(|(severity, n)| (severity.as_str().to_lowercase(), count(n)));
            ScanState::Complete(counts.collect())
        }
        ("ACTIVE", None) if ended => ScanState::Complete(Severities::new()),
        ("IN_PROGRESS" | "PENDING" | "ACTIVE", _) => ScanState::Pending,
        (other, _) => ScanState::Failed(status.description().unwrap_or(other).to_owned()),
    }
}
