//! Messages about rollouts.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_rollout_is_complete() {
    let fleet = fleet();
    let message = messages(&fleet, 7).completed(&rollout(Cause::Push), &images(1), "ecs-svc/2");
    assert_snapshot!(mail(&message), @r#"
    Rollout complete: website-agent 2a9c3f2 [huskit prod]

    website-agent is running 2a9c3f2 (latest, 020202020202). ECS has completed the deployment and its tasks are running.

    huskit/website-agent  1a9c3f2 (latest, 010101010101) -> 2a9c3f2 (latest, 020202020202), pushed 2026-11-21 10:02 UTC
    comparison            https://github.com/acme/website-agent/compare/1a9c3f2...2a9c3f2
    reason                a newer image was pushed
    duration              4 min
    deployment            ecs-svc/2

    Next
    - To roll back, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_rollout_failed_and_ecs_rolls_it_back() {
    let fleet = fleet();
    let reason =
        "container website-agent exited with code 1 (3 tasks); ECS deployment circuit breaker: tasks failed to start.";
    let message = messages(&fleet, 9).failed(
        &rollout(Cause::Push),
        &record(),
        &Failure { reason, failed: &failed(1, Some("ecs-svc/2")), begun: true },
    );
    assert_snapshot!(mail(&message), @r#"
    Rollout failed: website-agent 2a9c3f2 [huskit prod]

    2a9c3f2 (latest, 020202020202) failed on website-agent. ECS is rolling back to 1a9c3f2 (latest, 010101010101). The digest is in quarantine.

    failure               container website-agent exited with code 1 (3 tasks); ECS deployment circuit breaker: tasks failed to start.
    huskit/website-agent  1a9c3f2 (latest, 010101010101) -> 2a9c3f2 (latest, 020202020202), pushed 2026-11-21 10:02 UTC
    comparison            https://github.com/acme/website-agent/compare/1a9c3f2...2a9c3f2
    rolled out because    a newer image was pushed
    failed after          6 min

    Next
    - Read the logs of website-agent around 2026-11-21 10:09 UTC.
    - Push a fixed image: the automation rolls it out.
    - To roll out the same image again, send the request {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&messages(&fleet, 9).recovered(&recovered(&images(1), 2))), @"
    Rollback complete: website-agent 1a9c3f2 [huskit prod]

    website-agent is running 1a9c3f2 (latest, 010101010101) again. ECS has rolled back deployment ecs-svc/2.
    ");
}

#[test]
fn a_drift_correction_that_failed_quarantines_nothing() {
    let fleet = fleet();
    let message = messages(&fleet, 9).failed(
        &rollout(Cause::Drift),
        &record(),
        &Failure { reason: "exit 1", failed: &failed(0, Some("ecs-svc/2")), begun: true },
    );
    assert_eq!(
        message.summary,
        "2a9c3f2 (latest, 020202020202) failed on website-agent. ECS is rolling back to 1a9c3f2 (latest, 010101010101)."
    );
}

#[test]
fn the_first_image_failed() {
    let fleet = fleet();
    let first = Rollout { previous_images: BTreeMap::new(), ..rollout(Cause::FirstStart) };
    let message = messages(&fleet, 9).failed(
        &first,
        &Record::default(),
        &Failure { reason: "exit 1", failed: &failed(1, None), begun: false },
    );
    assert_snapshot!(mail(&message), @r#"
    Rollout failed: website-agent 2a9c3f2 [huskit prod]

    2a9c3f2 (latest, 020202020202) failed on website-agent. There is no earlier release to roll back to: the service is down. The digest is in quarantine.

    failure               exit 1
    huskit/website-agent  2a9c3f2 (latest, 020202020202), pushed 2026-11-21 10:02 UTC
    rolled out because    first image of this service
    failed after          6 min

    Next
    - Read the logs of website-agent around 2026-11-21 10:09 UTC.
    - Push a fixed image: the automation rolls it out.
    - To roll out the same image again, send the request {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn an_image_is_staged_until_the_service_wakes() {
    let fleet = fleet();
    assert_snapshot!(mail(&messages(&fleet, 7).staged(&rollout(Cause::Push), "ecs-svc/2")), @"
    Rollout staged: website-agent 2a9c3f2 [huskit prod]

    website-agent is scaled to zero, so 2a9c3f2 (latest, 020202020202) is deployed but not verified. The automation verifies it when the service wakes, and rolls back if its tasks fail.

    reason      a newer image was pushed
    deployment  ecs-svc/2
    ");
}

fn failed(quarantined: usize, recover: Option<&str>) -> FailedRollout {
    let image = images(2)["huskit/website-agent"].clone();
    let entry = Quarantine { repository: "huskit/website-agent".into(), image, reason: "exit 1".into(), at: at(9) };
    let recover = recover.map(|failed| Recovery { failed: failed.into(), revision: "rev-2".into() });
    FailedRollout { quarantine: vec![entry; quarantined], recover, ..FailedRollout::default() }
}

fn recovered(images: &BTreeMap<String, Image>, running: u32) -> Recovered<'_> {
    Recovered { failed: "ecs-svc/2", images, running, undone: false, again: None }
}

#[test]
fn a_rollback_is_described_as_far_as_it_is_known() {
    let fleet = fleet();
    let failure = Failure { reason: "exit 1", failed: &failed(1, Some("ecs-svc/2")), begun: false };
    let message = messages(&fleet, 9).failed(&rollout(Cause::Push), &record(), &failure);
    assert_eq!(
        message.summary,
        "2a9c3f2 (latest, 020202020202) failed on website-agent. It is rolled back to 1a9c3f2 (latest, 010101010101): by \
         ECS, or else by the automation within minutes. The digest is in quarantine."
    );
    let message = messages(&fleet, 9).recovered(&recovered(&images(1), 0));
    assert_eq!(
        message.summary,
        "website-agent has 1a9c3f2 (latest, 010101010101) again and is scaled to zero. ECS has rolled back deployment \
         ecs-svc/2."
    );
}

#[test]
fn the_environment_prevented_a_rollout() {
    let fleet = fleet();
    let record = record();
    let reason = "ecs-svc/2 failed: ResourceInitializationError: unable to pull secrets or registry auth (3 tasks)";
    let recover = Some(Recovery { failed: "ecs-svc/2".into(), revision: "rev-2".into() });
    let prevented = FailedRollout::prevented(None, &rollout(Cause::Push), reason, recover, at(9));
    let failure = Failure { reason, failed: &prevented, begun: true };
    assert_snapshot!(mail(&messages(&fleet, 9).failed(&rollout(Cause::Push), &record, &failure)), @r#"
    Rollout failed: website-agent 2a9c3f2 [huskit prod]

    2a9c3f2 (latest, 020202020202) failed on website-agent. ECS is rolling back to 1a9c3f2 (latest, 010101010101). Nothing shows that the image is the cause, so it is not in quarantine. The next attempt is at 2026-11-21 10:24 UTC, or sooner after another push or with another task definition.

    failure               ecs-svc/2 failed: ResourceInitializationError: unable to pull secrets or registry auth (3 tasks)
    huskit/website-agent  1a9c3f2 (latest, 010101010101) -> 2a9c3f2 (latest, 020202020202), pushed 2026-11-21 10:02 UTC
    comparison            https://github.com/acme/website-agent/compare/1a9c3f2...2a9c3f2
    rolled out because    a newer image was pushed
    failed after          6 min

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - Correct the cause.
    - To try again now, send the request {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
}

/// `retry` would roll out the image that it was to be rolled back from.
#[test]
fn the_environment_prevented_a_rollback() {
    let fleet = fleet();
    let (record, reason) = (record(), "ecs-svc/2 failed: Capacity is unavailable at this time.");
    let back = rollout(Cause::Rollback { by: "anna".into(), reason: None });
    let recover = Some(Recovery { failed: "ecs-svc/2".into(), revision: "rev-2".into() });
    let prevented = FailedRollout::prevented(None, &back, reason, recover, at(9));
    let failure = Failure { reason, failed: &prevented, begun: true };
    assert_snapshot!(mail(&messages(&fleet, 9).failed(&back, &record, &failure)), @r#"
    Rollback failed: website-agent 2a9c3f2 [huskit prod]

    2a9c3f2 (latest, 020202020202) failed on website-agent. ECS is rolling back to 1a9c3f2 (latest, 010101010101). Nothing shows that the image is the cause. The next attempt is at 2026-11-21 10:24 UTC; a newer push is rolled out instead.

    failure               ecs-svc/2 failed: Capacity is unavailable at this time.
    huskit/website-agent  1a9c3f2 (latest, 010101010101) -> 2a9c3f2 (latest, 020202020202), pushed 2026-11-21 10:02 UTC
    comparison            https://github.com/acme/website-agent/compare/1a9c3f2...2a9c3f2
    rolled out because    rollback requested by anna
    failed after          6 min

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - Correct the cause.
    - To try again now, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
    let bad = images(1);
    let undone = Recovered { undone: true, again: Some(at(24)), ..recovered(&bad, 2) };
    assert_snapshot!(mail(&messages(&fleet, 9).recovered(&undone)), @r#"
    Rollback failed: website-agent has 1a9c3f2 again [huskit prod]

    website-agent is running 1a9c3f2 (latest, 010101010101) again. ECS has rolled back deployment ecs-svc/2, which was to replace this image. The next attempt is at 2026-11-21 10:24 UTC.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - To try again now, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn the_rollback_failed_as_well() {
    let fleet = fleet();
    let why = "its rollback ecs-svc/1 failed: ECS deployment circuit breaker: tasks failed to start".into();
    let reason = Reason::BothFailed { failed: "ecs-svc/2".into(), why };
    assert_snapshot!(mail(&messages(&fleet, 9).abandoned(&reason, "ecs-svc/2", None)), @r#"
    Rollback failed: website-agent [huskit prod]

    website-agent: deployment ecs-svc/2 failed, and its rollback ecs-svc/1 failed: ECS deployment circuit breaker: tasks failed to start. Manual action required: no automatic remediation applies.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - To roll back one release further, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    - Or push a fixed image: the automation rolls it out.
    "#);
}

#[test]
fn tags_cannot_be_moved() {
    let fleet = fleet();
    let outstanding = Outstanding { work: Work::MoveTags, since: at(7) };
    let error = Error::new(Kind::Invalid, "tag huskit/website-agent:live: ImageTagAlreadyExistsException");
    assert_snapshot!(mail(&messages(&fleet, 9).outstanding(&outstanding, &error)), @r#"
    Release incomplete: website-agent [huskit prod]

    website-agent is running, but its tags cannot be moved, so that a stack update would deploy an earlier image. The automation tries again every 5 minutes.

    error  tag huskit/website-agent:live: ImageTagAlreadyExistsException

    Next
    - ImageTagAlreadyExistsException: let the tags of this repository move, with aws ecr put-image-tag-mutability --image-tag-mutability MUTABLE --repository-name <repository>
    - AccessDeniedException: compare the function's policy with docs/reference/permissions.md, and deploy again.
    "#);
}
