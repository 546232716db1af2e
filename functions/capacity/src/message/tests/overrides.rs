//! Overrides.

use insta::assert_snapshot;
use planner::capacity::{EndedOverride, OverrideKind, Reason};

use super::{anna, at, decision, email};

#[test]
fn on_hold() {
    let reason = Reason::Override {
        kind: OverrideKind::Hold,
        by: "anna".into(),
        until: at(120),
        reason: Some("ticket 12".into()),
    };
    assert_snapshot!(email(|say| say.held(&decision(reason))), @r#"
    Capacity on hold: crawler [huskit prod]

    The automation leaves the capacity of crawler unchanged: `hold` override by anna until 2026-11-21 23:00 UTC: ticket 12.

    Next
    - To end the hold, send the request {"action":"resume","service":"crawler","by":"<you>"}
    "#);
}

#[test]
fn override_expired() {
    assert_snapshot!(email(|say| say.override_ended(&EndedOverride { ended: anna(OverrideKind::Wake), by: None }, &decision(Reason::ScheduledDowntime))), @"
    Override ended: crawler [huskit prod]

    The `wake` override of crawler that anna requested has expired. Scheduled downtime now applies until 2026-11-22 06:00 CET (05:00 UTC).
    ");
}

#[test]
fn override_ended_by_an_engineer() {
    assert_snapshot!(email(|say| say.override_ended(&EndedOverride { ended: anna(OverrideKind::Hold), by: Some("ben".into()) }, &decision(Reason::Baseline))), @"
    Override ended: crawler [huskit prod]

    ben has ended the `hold` override of crawler that anna requested. Capacity now follows the baseline until 2026-11-22 06:00 CET (05:00 UTC).
    ");
}
