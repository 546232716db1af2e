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
    assert_snapshot!(mail(&messages(&fleet, 60).restarted(&asked, "ecs-svc/3")), @"
    Restart in progress: website-agent [huskit prod]

    website-agent: restart requested by alarm memory: in ALARM since 2026-11-21 10:00 UTC. Rolling restart in progress, same image.

    deployment  ecs-svc/3
    ");
    let due = Reason::RestartDue { cause: RestartCause::Secrets { names: vec!["huskit/prod/website-agent".into()] } };
    assert_snapshot!(mail(&messages(&fleet, 60).restarted(&due, "ecs-svc/4")), @"
    Restart in progress: website-agent [huskit prod]

    website-agent: restarted because huskit/prod/website-agent has changed since its tasks read the values. Rolling restart in progress, same image.

    deployment  ecs-svc/4
    ");
    let due = Reason::RestartDue { cause: RestartCause::Retirement { starts_at: at(10_000) } };
    assert_snapshot!(mail(&messages(&fleet, 60).restarted(&due, "ecs-svc/5")), @"
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
        Trigger::Request(RolloutRequest { service, by, reason: None, kind })
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
