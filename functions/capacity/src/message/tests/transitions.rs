//! Scaled to zero, running again, and what takes too long.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use planner::capacity::{OverrideKind, Reason, Savings};
use planner::model::{Task, Usd};

use super::{at, cost, decision, email};

fn task(arn: &str, health: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:eu-central-1:1:task/huskit-prod/{arn}"),
        revision: "rev-1".into(),
        status: "RUNNING".into(),
        health: health.into(),
        started_at: None,
        provider: None,
        started_by: None,
        stopped: None,
    }
}

#[test]
fn scaled_to_zero() {
    let savings = Savings {
        counted_until: Some(at(12)),
        month: "2026-11".into(),
        saved: Usd::from_micros(12_345_678),
        spent: Usd::default(),
        hourly: Default::default(),
    };
    assert_snapshot!(email(|say| say.scaled_to_zero(&decision(Reason::ScheduledDowntime), Some(&cost()), &savings)), @r#"
    Scaled to zero: crawler [huskit prod]

    crawler has run no tasks since 2026-11-21 21:12 UTC. Reason: scheduled downtime.

    until             2026-11-22 06:00 CET (05:00 UTC)
    saves             $0.0990 an hour (estimate)
    saved in 2026-11  $12.35 (estimate)

    Next
    - To run it now, send the request {"action":"wake","service":"crawler","until":"2h","by":"<you>"}
    "#);
}

#[test]
fn running_again() {
    let reason = Reason::Override { kind: OverrideKind::Wake, by: "anna".into(), until: at(120), reason: None };
    assert_snapshot!(email(|say| say.running_again(&decision(reason), at(9), Some(&cost()))), @"
    Running again: crawler [huskit prod]

    crawler has had a healthy task since 2026-11-21 21:12 UTC. Reason: `wake` override by anna until 2026-11-21 23:00 UTC.

    start took  3 min
    until       2026-11-22 05:00 UTC
    costs       $0.0310 an hour (estimate)
    ");
}

#[test]
fn scale_to_zero_overdue() {
    let tasks = [task("0a1b2c", "HEALTHY"), task("3d4e5f", "HEALTHY")];
    let protected = BTreeMap::from([(tasks[0].arn.clone(), at(90))]);
    assert_snapshot!(email(|say| say.drain_overdue(at(-20), &tasks, &protected, None)), @"
    Scale to zero overdue: crawler, 2 tasks still running [huskit prod]

    The automation scaled crawler to zero at 2026-11-21 20:40 UTC. After 32 min, 2 tasks are still running.

    task 0a1b2c  RUNNING, scale-in protection until 2026-11-21 22:30 UTC
    task 3d4e5f  RUNNING, no scale-in protection

    Next
    - While protected tasks finish their work, do nothing: ECS stops each when its protection expires.
    - To stop a task now: aws ecs stop-task --cluster huskit-prod --task 3d4e5f
    ");
}

#[test]
fn start_overdue() {
    let ends = ["container crawler exited with code 1 (2 tasks)".to_owned()];
    assert_snapshot!(email(|say| say.start_overdue(at(-3), &decision(Reason::Baseline), &[task("0a1b2c", "UNHEALTHY")], (&ends, None))), @r#"
    Start overdue: crawler has no healthy task [huskit prod]

    crawler has been starting since 2026-11-21 20:57 UTC, for 15 min, and has no healthy task. It should run: the baseline applies.

    stopped  container crawler exited with code 1 (2 tasks)
    task     RUNNING, health UNHEALTHY

    Next
    - Read the logs of crawler and its service events: aws ecs describe-services --cluster huskit-prod --services crawler --query "services[0].events[:5]"
    - If a release that was staged during the downtime is the cause, the rollout function rolls it back after three failed tasks.
    - To roll back to the previous release now, send the request {"action":"rollback","service":"crawler","by":"<you>"}
    "#);
}

#[test]
fn start_overdue_of_a_service_that_could_not_be_woken() {
    assert_snapshot!(email(|say| say.start_overdue(at(-3), &decision(Reason::Baseline), &[], (&[], Some("set capacity of service huskit-prod/crawler: AccessDeniedException: no")))), @r#"
    Start overdue: crawler has no healthy task [huskit prod]

    crawler has been starting since 2026-11-21 20:57 UTC, for 15 min, and has no healthy task. It should run: the baseline applies. It could not be woken: set capacity of service huskit-prod/crawler: AccessDeniedException: no.

    tasks  ECS has started none

    Next
    - Correct the cause of the error: the automation tries again every 5 minutes.
    - Read the logs of crawler and its service events: aws ecs describe-services --cluster huskit-prod --services crawler --query "services[0].events[:5]"
    "#);
}
