//! What an engineer has to put right.

use insta::assert_snapshot;
use planner::capacity::{Bounds, Scaling};

use super::{at, email};

#[test]
fn a_service_that_is_missing() {
    assert_snapshot!(email(|say| say.missing(at(-15), "describe service huskit-prod/crawler: MISSING")), @"
    Service not found: crawler [huskit prod]

    The fleet document names crawler, and ECS has not known it since 2026-11-21 20:45 UTC: describe service huskit-prod/crawler: MISSING.

    Next
    - Create crawler in cluster huskit-prod, or remove it from the fleet document.
    ");
}

#[test]
fn bounds_that_another_caller_sets() {
    let found = Bounds { min: 2, max: 8, scaling: Scaling::Active };
    assert_snapshot!(email(|say| say.bounds_conflict(found)), @"
    Scaling bounds changed repeatedly: crawler [huskit prod]

    The bounds of the scalable target of crawler have been changed three times within two days, most recently to 2 to 8. The automation has set them back to the baseline each time.

    Next
    - Find who changes them. Scheduled actions: aws application-autoscaling describe-scheduled-actions --service-namespace ecs --resource-id service/huskit-prod/crawler
    - Callers: aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=RegisterScalableTarget
    - To let your own scheduled scaling set them: `bounds: leave` in the service's `baseline` in the fleet document.
    - To keep the baseline: delete the scheduled actions.
    ");
}
