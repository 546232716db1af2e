//! Messages about requests.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_freeze_begins_and_ends() {
    let fleet = fleet();
    let freeze = Freeze { until: at(120), by: "anna".into(), reason: Some("launch".into()) };
    assert_snapshot!(mail(&messages(&fleet, 0).frozen(Some(&freeze), "anna")), @r#"
    Freeze: website-agent until 2026-11-21 12:00 UTC [huskit prod]

    anna has frozen website-agent until 2026-11-21 12:00 UTC: launch. Pushes wait and its capacity stays unchanged. When the freeze ends, the automation rolls out the newest image.

    Next
    - To end it sooner, send the request {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&messages(&fleet, 5).frozen(None, "ben")), @"
    Freeze ended: website-agent [huskit prod]

    ben has ended the freeze of website-agent. The automation rolls out pushes again.
    ");
}

#[test]
fn a_restart_is_announced_and_a_rollback_refused() {
    let fleet = fleet();
    let asked = Reason::RestartRequested {
        by: "alarm memory".into(),
        reason: Some("in ALARM since 2026-11-21 10:00 UTC".into()),
    };
    assert_snapshot!(mail(&messages(&fleet, 60).restarted(&asked, "ecs-svc/3").unwrap()), @"
    Restart in progress: website-agent [huskit prod]

    website-agent: restart requested by alarm memory: in ALARM since 2026-11-21 10:00 UTC. Rolling restart in progress, same image.

    deployment  ecs-svc/3
    ");
    let due = Reason::RestartDue { cause: RestartCause::Secrets { names: vec!["huskit/prod/website-agent".into()] } };
    assert_snapshot!(mail(&messages(&fleet, 60).restarted(&due, "ecs-svc/4").unwrap()), @"
    Restart in progress: website-agent [huskit prod]

    website-agent: restarted because huskit/prod/website-agent has changed since its tasks read the values. Rolling restart in progress, same image.

    deployment  ecs-svc/4
    ");
    let due = Reason::RestartDue { cause: RestartCause::Retirement { starts_at: at(10_000) } };
    assert_snapshot!(mail(&messages(&fleet, 60).restarted(&due, "ecs-svc/5").unwrap()), @"
    Restart in progress: website-agent [huskit prod]

    website-agent: restarted because AWS replaces its earlier tasks from 2026-11-28 08:40 UTC on. Rolling restart in progress, same image.

    deployment  ecs-svc/5
    ");
    let refused = Reason::OtherDeployment { requested: "ecs-svc/2".into(), current: "ecs-svc/3".into() };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&refused, &Trigger::Everything).unwrap()), @r#"
    Rollback refused: website-agent [huskit prod]

    website-agent: deployment ecs-svc/2 is not the current one, ecs-svc/3 is; a rollback now would undo another change.

    Next
    - To roll back the current deployment, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_restart_within_the_cool_down_is_refused() {
    let fleet = fleet();
    let request = |by: &str| {
        let (service, by) = (Some("website-agent".to_owned()), by.to_owned());
        let kind = RequestKind::Restart(Restart { cool_down_minutes: Some(60) });
        Trigger::Request(RolloutRequest { service, by, reason: None, at: None, kind })
    };
    let sent = |reason: &Reason, by: &str| messages(&fleet, 60).kept(reason, &request(by));
    let refused = Reason::CoolingDown { at: at(20), by: "alarm memory".into(), until: at(80) };
    assert_eq!(sent(&refused, "alarm memory"), None, "the same request once more");
    assert_snapshot!(mail(&sent(&refused, "alarm errors").unwrap()), @r#"
    Restart refused: website-agent [huskit prod]

    website-agent: last restarted at 2026-11-21 10:20 UTC (requested by alarm memory); the cool-down ends at 2026-11-21 11:20 UTC.

    Next
    - To restart it now, send the request {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&sent(&Reason::ScaledToZero, "alarm errors").unwrap()), @"
    Restart refused: website-agent [huskit prod]

    website-agent: scaled to zero; there are no tasks to restart.
    ");
    let rolling = Reason::DeploymentInProgress { deployment: "ecs-svc/3".into() };
    assert_snapshot!(mail(&sent(&rolling, "alarm errors").unwrap()), @"
    Restart refused: website-agent [huskit prod]

    website-agent: deployment ecs-svc/3 is in progress; request the restart again when it is complete.
    ");
    assert_eq!(sent(&Reason::RestartInProgress { by: "anna".into() }, "alarm errors"), None);
}

#[test]
fn a_release_is_held_after_its_rollback_and_a_push_waits() {
    let fleet = fleet();
    let hold = Freeze { until: at(180), by: "anna".into(), reason: Some("checkout broken".into()) };
    let messages = messages(&fleet, 7);
    let back = rollout(Cause::Rollback { by: "anna".into(), reason: Some("checkout broken".into()) });
    let complete = messages.completed(&back, &images(1), "ecs-svc/2");
    assert_snapshot!(mail(&messages.with_hold(complete.clone(), Some(&hold))), @r#"
    Rollback complete: website-agent 2a9c3f2 [huskit prod]

    website-agent is running 2a9c3f2 (latest, 020202020202). ECS has completed the deployment and its tasks are running. anna holds this release until 2026-11-21 13:00 UTC: newer images wait until then.

    huskit/website-agent  1a9c3f2 (latest, 010101010101) -> 2a9c3f2 (latest, 020202020202), pushed 2026-11-21 10:02 UTC
    comparison            https://github.com/acme/website-agent/compare/1a9c3f2...2a9c3f2
    reason                rollback requested by anna: checkout broken
    duration              4 min
    deployment            ecs-svc/2

    Next
    - To roll back, send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    - To end the hold sooner, send the request {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    assert_eq!(messages.with_hold(complete.clone(), None), complete);
    let image = images(3).remove("huskit/website-agent").unwrap();
    let waits = Reason::Held { image, hold: hold.clone() };
    assert_snapshot!(mail(&messages.kept(&waits, &Trigger::Everything).unwrap()), @r#"
    Push waiting (hold): website-agent 3a9c3f2 [huskit prod]

    website-agent: 3a9c3f2 (latest, 030303030303) is waiting (hold): the running release is held by anna until 2026-11-21 13:00 UTC: checkout broken.

    Next
    - To roll it out now, send the request {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    let held = Reason::ReleaseHeld { hold };
    assert_snapshot!(mail(&messages.noted(&held, &Trigger::Everything).unwrap()), @r#"
    Release held: website-agent until 2026-11-21 13:00 UTC [huskit prod]

    website-agent: the restored release is held by anna until 2026-11-21 13:00 UTC: newer images wait.

    Next
    - To end the hold sooner, send the request {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&messages.hold_ended("ben")), @"
    Hold ended: website-agent [huskit prod]

    ben has ended the hold of website-agent. The automation rolls out the newest image.
    ");
}

#[test]
fn a_requested_restart_is_complete_failed_overdue_or_superseded() {
    let fleet = fleet();
    let (by, deployment) = ("anna".to_owned(), "ecs-svc/3".to_owned());
    let announced =
        |end: &RestartEnd| messages(&fleet, 60).noted(&Reason::RestartEnded(end.clone()), &Trigger::Everything);
    let complete = RestartEnd::Complete { by: by.clone(), deployment: deployment.clone(), remedy: false };
    assert_snapshot!(mail(&announced(&complete).unwrap()), @"
    Restart complete: website-agent [huskit prod]

    website-agent: the restart requested by anna is complete: deployment ecs-svc/3 has replaced all tasks.
    ");
    let reason = "container website-agent exited with code 1 (2 tasks)".to_owned();
    let failed = RestartEnd::Failed { by: "alarm memory".into(), deployment: deployment.clone(), reason };
    assert_snapshot!(mail(&announced(&failed).unwrap()), @r#"
    Restart failed: website-agent [huskit prod]

    website-agent: the restart requested by alarm memory, deployment ecs-svc/3, failed and is not repeated while tasks run: container website-agent exited with code 1 (2 tasks).

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - To restart it again, send the request {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
    let overdue = RestartEnd::Overdue { by: by.clone(), deployment: deployment.clone(), since: at(50) };
    assert_snapshot!(mail(&announced(&overdue).unwrap()), @"
    Restart overdue: website-agent [huskit prod]

    website-agent: the restart requested by anna, deployment ecs-svc/3, has neither completed nor failed; its deadline passed at 2026-11-21 10:50 UTC.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    ");
    let not_begun = RestartEnd::NotBegun { by: by.clone(), at: at(20) };
    assert_snapshot!(mail(&announced(&not_begun).unwrap()), @r#"
    Restart failed: website-agent [huskit prod]

    website-agent: the restart requested by anna did not take place: ECS has shown no deployment of it since 2026-11-21 10:20 UTC.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - To restart it again, send the request {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
    let newer = "ecs-svc/4".to_owned();
    let superseded = RestartEnd::Superseded { by, deployment, newer, remedy: false };
    assert_snapshot!(mail(&announced(&superseded).unwrap()), @"
    Restart superseded: website-agent [huskit prod]

    website-agent: deployment ecs-svc/4 replaces the tasks instead of ecs-svc/3, the restart requested by anna.
    ");
    let by = "alarm memory".to_owned();
    let remedy = RestartEnd::Complete { by, deployment: "ecs-svc/3".into(), remedy: true };
    assert_eq!(announced(&remedy), None, "the alarm's own message says whether it has helped");
}

#[test]
fn a_request_that_is_delivered_too_late_is_refused() {
    let fleet = fleet();
    let reason = Reason::TooLate { by: "alarm memory".into(), at: at(0) };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&reason, &Trigger::Everything).unwrap()), @r#"
    Restart refused: website-agent [huskit prod]

    website-agent: requested by alarm memory at 2026-11-21 10:00 UTC and delivered too late: what it is about may be over.

    Next
    - To restart it now, send the request {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_service_that_does_not_start_is_announced_once_and_again_when_it_runs() {
    let fleet = fleet();
    let cause = |attempt| RestartCause::GivenUp { deployment: "ecs-svc/2".into(), attempt };
    let due = |attempt| Reason::RestartDue { cause: cause(attempt) };
    assert_snapshot!(mail(&messages(&fleet, 60).restarted(&due(1), "ecs-svc/3").unwrap()), @"
    Restart in progress: website-agent [huskit prod]

    website-agent: restarted because no task runs, and ECS starts none for deployment ecs-svc/2, which failed. Rolling restart in progress, same image.

    deployment  ecs-svc/3
    ");
    assert!(messages(&fleet, 60).restarted(&due(2), "ecs-svc/4").is_none());
    let down = |attempt| RestartEnd::StillDown {
        deployment: "ecs-svc/3".into(),
        reason: "ResourceInitializationError: unable to pull secrets".into(),
        attempt,
        until: at(75),
    };
    assert_snapshot!(mail(&messages(&fleet, 60).restart_ended(&down(1)).unwrap()), @r#"
    No task runs: website-agent [huskit prod]

    website-agent: still no task runs: restart 1, deployment ecs-svc/3, failed: ResourceInitializationError: unable to pull secrets; another follows after 2026-11-21 11:15 UTC.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - Correct what they say; the automation restarts the service until tasks run.
    - To restart it at once, send the request {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
    assert!(messages(&fleet, 60).restart_ended(&down(2)).is_none());
}
