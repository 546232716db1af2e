//! Messages about requests.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_freeze_and_its_end() {
    let fleet = fleet();
    let freeze = Freeze { until: at(120), by: "anna".into(), reason: Some("launch".into()) };
    assert_snapshot!(mail(&messages(&fleet, 0).frozen(Some(&freeze), "anna")), @r#"
    website-agent: pushes are held until 2026-11-21 12:00 UTC [huskit prod]

    anna holds pushes of website-agent back until 2026-11-21 12:00 UTC: launch. The newest is rolled when that ends; until then its capacity is left as it is, too.

    Next
    - To end it sooner: invoke the rollout function with {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&messages(&fleet, 5).frozen(None, "ben")), @"
    website-agent: pushes are rolled again [huskit prod]

    ben ended the freeze of website-agent.
    ");
}

#[test]
fn new_tasks_and_a_refused_rollback_are_told() {
    let fleet = fleet();
    let asked = Reason::RestartRequested { by: "alarm memory".into(), reason: Some("it rings since 10:00".into()) };
    assert_snapshot!(mail(&messages(&fleet, 60).restarted(&asked, "ecs-svc/3")), @"
    website-agent is restarted [huskit prod]

    website-agent: alarm memory asked for new tasks: it rings since 10:00. Its tasks are replaced one after the other by others of what runs.

    deployment  ecs-svc/3
    ");
    let refused = Reason::OtherDeployment { requested: "ecs-svc/2".into(), current: "ecs-svc/3".into() };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&refused, &Trigger::Everything).unwrap()), @r#"
    website-agent: the rollback is refused [huskit prod]

    website-agent: ecs-svc/2 does not run any more, ecs-svc/3 does: a rollback now would undo something else.

    Next
    - If what runs is bad too: invoke the rollout function with {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_refused_restart_is_told_to_whoever_asked_for_another() {
    let fleet = fleet();
    let request = |by: &str| {
        let (service, by) = ("website-agent".to_owned(), by.to_owned());
        Trigger::Request(Request::Restart { service, by, reason: None, cool_down_minutes: Some(60), at: None })
    };
    let told = |reason: &Reason, by: &str| messages(&fleet, 60).kept(reason, &request(by));
    let refused = Reason::CoolingDown { at: at(20), by: "alarm memory".into(), until: at(80) };
    assert_eq!(told(&refused, "alarm memory"), None, "the same request once more");
    assert_snapshot!(mail(&told(&refused, "alarm errors").unwrap()), @r#"
    website-agent: the restart is refused [huskit prod]

    website-agent: it was restarted at 2026-11-21 10:20 UTC because alarm memory asked, and is not again before 2026-11-21 11:20 UTC.

    Next
    - To restart it all the same: invoke the rollout function with {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&told(&Reason::ScaledToZero, "alarm errors").unwrap()), @"
    website-agent: the restart is refused [huskit prod]

    website-agent: it should run no tasks, so there is nothing to restart.
    ");
    let rolling = Reason::DeploymentInProgress { deployment: "ecs-svc/3".into() };
    assert_snapshot!(mail(&told(&rolling, "alarm errors").unwrap()), @"
    website-agent: the restart is refused [huskit prod]

    website-agent: ecs-svc/3 replaces tasks already; ask again when it is done.
    ");
    assert_eq!(told(&Reason::RestartInProgress { by: "anna".into() }, "alarm errors"), None);
}
