//! Messages about what waits, is refused or overdue.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_push_waits_or_is_refused_and_a_rollout_is_overdue() {
    let fleet = fleet();
    let image = images(2).remove("huskit/website-agent").unwrap();
    let freeze = Freeze { until: at(120), by: "anna".into(), reason: None };
    let waiting = messages(&fleet, 60).kept(&Reason::Frozen { image: image.clone(), freeze }, &Trigger::Everything);
    assert_snapshot!(mail(&waiting.unwrap()), @r#"
    Push waiting (freeze): website-agent 2a9c3f2 [huskit prod]

    website-agent: 2a9c3f2 (latest, 020202020202) is waiting (freeze): frozen by anna until 2026-11-21 12:00 UTC.

    Next
    - To roll it out now, send the request {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    let found = Reason::ScanRefused { image: image.clone(), finding: "2 critical findings, at most 0 allowed".into() };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&found, &Trigger::Everything).unwrap()), @r#"
    Push refused: website-agent 2a9c3f2 [huskit prod]

    website-agent: the scan gate refused 2a9c3f2 (latest, 020202020202): 2 critical findings, at most 0 allowed.

    Next
    - To roll it out despite the findings, send the request {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
    let overdue = Reason::Overdue { what: "ecs-svc/2".into(), since: at(33) };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&overdue, &Trigger::Everything).unwrap()), @r#"
    Rollout overdue: website-agent [huskit prod]

    website-agent: deployment ecs-svc/2 has neither completed nor failed; its deadline passed at 2026-11-21 10:33 UTC.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - To roll back, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_quarantined_digest_is_refused_when_it_is_pushed_again() {
    let fleet = fleet();
    let image = images(2).remove("huskit/website-agent").unwrap();
    let reason = Reason::Quarantined { image, reason: "exit 1".into(), since: at(9) };
    let push = |at: Option<Timestamp>| Trigger::Push {
        repository: "huskit/website-agent".into(),
        tag: "latest".into(),
        digest: None,
        at,
    };
    let sent = |trigger: Trigger| messages(&fleet, 60).kept(&reason, &trigger);
    assert_snapshot!(mail(&sent(push(Some(at(20)))).unwrap()), @r#"
    Push refused: website-agent 2a9c3f2 [huskit prod]

    website-agent: 2a9c3f2 (latest, 020202020202) has been in quarantine since 2026-11-21 10:09 UTC (exit 1).

    Next
    - Push a fixed image: the automation rolls it out.
    - To roll out the same image again, send the request {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
    assert_eq!(sent(push(Some(at(2)))), None);
    assert_eq!(sent(push(None)), None);
    assert_eq!(sent(Trigger::Everything), None);
}

#[test]
fn a_result_is_unknown_or_a_service_is_not_ours_or_its_tasks_cannot_start() {
    let fleet = fleet();
    let kept = |reason: Reason| mail(&messages(&fleet, 60).kept(&reason, &Trigger::Everything).unwrap());
    assert_snapshot!(kept(Reason::UnknownResult { deployment: "ecs-svc/2".into() }), @r#"
    Rollout result unknown: website-agent [huskit prod]

    website-agent: deployment ecs-svc/2 is listed neither by the service nor in its deployment history; its result is unknown.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - To roll back, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(kept(Reason::OtherController { controller: "CODE_DEPLOY".into() }), @r#"
    Service not updated: website-agent [huskit prod]

    website-agent: the deployment controller is CODE_DEPLOY; the automation updates only those of ECS.

    Next
    - Give the service the deployment controller ECS, or remove its images from the fleet.
    "#);
    let reason = "(service website-agent) was unable to place a task. Reason: Capacity is unavailable at this time";
    assert_snapshot!(kept(Reason::Prevented { what: "ecs-svc/2".into(), reason: reason.into() }), @r#"
    Tasks cannot start: website-agent [huskit prod]

    website-agent: deployment ecs-svc/2 cannot run its tasks: (service website-agent) was unable to place a task. Reason: Capacity is unavailable at this time.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - Correct the cause: ECS starts the tasks as soon as it can, and the release is verified then.
    "#);
}

#[test]
fn a_request_meets_a_rollback_or_a_pre_deploy_task() {
    let fleet = fleet();
    let request = |kind: RequestKind| {
        Trigger::Request(RolloutRequest {
            service: Some("website-agent".into()),
            by: "anna".into(),
            reason: None,
            at: None,
            kind,
        })
    };
    let rollback = request(RequestKind::Rollback(Rollback {
        deployment: None,
        environment: Default::default(),
        hold_until: None,
    }));
    let since = at(9);
    let message = messages(&fleet, 10).kept(&Reason::RollbackInProgress { since }, &rollback).unwrap();
    assert_snapshot!(mail(&message), @r#"
    Rollback already in progress: website-agent [huskit prod]

    website-agent: a rollback has been in progress since 2026-11-21 10:09 UTC.
    "#);
    let done = Reason::AlreadyRolledBack { image: "v2 (020202020202)".into(), at: since, current: "ecs-svc/1".into() };
    assert_snapshot!(mail(&messages(&fleet, 10).kept(&done, &rollback).unwrap()), @r#"
    Rollback refused: website-agent [huskit prod]

    website-agent: v2 (020202020202) was rolled back at 2026-11-21 10:09 UTC to the release before it; to roll that back as well, name its deployment ecs-svc/1.

    Next
    - To roll back one release further, send the request {"action":"rollback","service":"website-agent","deployment":"ecs-svc/1","by":"<you>"}
    "#);
    let running = Reason::AwaitingPreDeployTask { task: "arn:aws:ecs:eu-central-1:1:task/huskit-prod/3f".into() };
    let retry = request(RequestKind::Retry(Retry { image: None, repository: None }));
    assert_snapshot!(mail(&messages(&fleet, 10).kept(&running, &retry).unwrap()), @r#"
    Retry refused: website-agent [huskit prod]

    website-agent: pre-deploy task arn:aws:ecs:eu-central-1:1:task/huskit-prod/3f is running.

    Next
    - To stop the task, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
    assert_eq!(messages(&fleet, 10).kept(&running, &Trigger::Everything), None);
}

#[test]
fn an_image_without_the_signature_that_the_fleet_demands_is_refused() {
    let fleet = fleet();
    let image = images(2).remove("huskit/website-agent").unwrap();
    let finding = "it is signed with test and not with release, 15 min after its push".into();
    let reason = Reason::SignatureRefused { image, finding };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&reason, &Trigger::Everything).unwrap()), @r#"
    Push refused: website-agent 2a9c3f2 [huskit prod]

    website-agent: the signature gate refused 2a9c3f2 (latest, 020202020202): it is signed with test and not with release, 15 min after its push.

    Next
    - It is rolled out when ECR has signed it with the profile that the fleet names.
    - To roll it out without that signature, send the request {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
}
