//! Messages about rollouts.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_rollout_that_went_well() {
    let fleet = fleet();
    let message = messages(&fleet, 7).completed(&rollout(Cause::Push), &images(1), "ecs-svc/2");
    assert_snapshot!(mail(&message), @r#"
    website-agent runs v2 (020202020202) [huskit prod]

    website-agent runs v2 (020202020202) now, verified by its running tasks.

    huskit/website-agent  v1 (010101010101) -> v2 (020202020202), pushed 2026-11-21 10:02 UTC
    why                   a newer image was pushed
    took                  4 min
    deployment            ecs-svc/2

    Next
    - To go back: invoke the rollout function with {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn an_image_that_failed_and_is_rolled_back() {
    let fleet = fleet();
    let reason =
        "container website-agent exited with code 1 (3 tasks); ECS deployment circuit breaker: tasks failed to start.";
    let message = messages(&fleet, 9).failed(
        &rollout(Cause::Push),
        &record(),
        &Failure { reason, recover: Some("ecs-svc/2"), quarantined: 1 },
    );
    assert_snapshot!(mail(&message), @r#"
    website-agent: v2 (020202020202) failed [huskit prod]

    v2 (020202020202) failed on website-agent. ECS puts v1 (010101010101) back. The digest is in quarantine and is not rolled again by itself.

    reason             container website-agent exited with code 1 (3 tasks); ECS deployment circuit breaker: tasks failed to start.
    why it was rolled  a newer image was pushed
    after              6 min

    Next
    - Read the logs of website-agent around 2026-11-21 10:09 UTC.
    - Push a fixed image: it is rolled by itself.
    - To try the same image again: invoke the rollout function with {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&messages(&fleet, 9).recovered(&record(), "ecs-svc/2")), @"
    website-agent runs v1 (010101010101) again [huskit prod]

    website-agent runs v1 (010101010101) again. The rollback after ecs-svc/2 is complete.
    ");
}

#[test]
fn a_roll_forward_that_failed_quarantines_nothing_and_says_nothing_of_it() {
    let fleet = fleet();
    let message = messages(&fleet, 9).failed(
        &rollout(Cause::Drift),
        &record(),
        &Failure { reason: "exit 1", recover: Some("ecs-svc/2"), quarantined: 0 },
    );
    assert_eq!(message.summary, "v2 (020202020202) failed on website-agent. ECS puts v1 (010101010101) back.");
}

#[test]
fn a_first_image_that_failed() {
    let fleet = fleet();
    let first = Rollout { previous_images: BTreeMap::new(), ..rollout(Cause::FirstStart) };
    let message = messages(&fleet, 9).failed(
        &first,
        &Record::default(),
        &Failure { reason: "exit 1", recover: None, quarantined: 1 },
    );
    assert_snapshot!(mail(&message), @r#"
    website-agent: v2 (020202020202) failed [huskit prod]

    v2 (020202020202) failed on website-agent. Nothing ran before, so nothing can be put back: the service is down. The digest is in quarantine and is not rolled again by itself.

    reason             exit 1
    why it was rolled  the first image of this service arrived
    after              6 min

    Next
    - Read the logs of website-agent around 2026-11-21 10:09 UTC.
    - Push a fixed image: it is rolled by itself.
    - To try the same image again: invoke the rollout function with {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn an_image_that_waits_for_the_service_to_wake() {
    let fleet = fleet();
    assert_snapshot!(mail(&messages(&fleet, 7).staged(&rollout(Cause::Push), "ecs-svc/2")), @"
    website-agent: v2 (020202020202) is staged [huskit prod]

    website-agent runs no tasks, so v2 (020202020202) is deployed but not proven. It is verified when the service wakes.

    why         a newer image was pushed
    deployment  ecs-svc/2
    ");
}
