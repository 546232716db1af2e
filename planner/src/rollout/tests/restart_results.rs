//! What became of a restart: announced once, from positive evidence.

use super::fixtures::*;
use crate::model::{DeploymentState, ServiceDeployment, ServiceDeploymentStatus};
use crate::rollout::*;

/// Image 3 runs by `dep-3`, and a restart of minute 50 is confirmed as `dep-9`, which ECS shows as the primary one.
fn restarted(state: DeploymentState) -> Scenario {
    let mut scenario = unseen();
    let primary = &mut scenario.observed.service.deployments[0];
    (primary.id, primary.created_at, primary.state) = ("dep-9".into(), at(50), state);
    scenario
}

/// The same, and ECS shows the service as it was before, or again.
fn unseen() -> Scenario {
    let mut scenario = Scenario::running(3);
    scenario.record.restart = Some(Restart {
        by: "anna".into(),
        reason: None,
        cause: None,
        at: at(50),
        resumed: 0,
        replaces: "dep-3".into(),
        deployment: Some("dep-9".into()),
        remedy: false,
        result: None,
    });
    scenario
}

fn history(mut scenario: Scenario, status: ServiceDeploymentStatus) -> Scenario {
    let reason = Some("ECS deployment circuit breaker: tasks failed to start.".to_owned());
    scenario.observed.history = vec![
        ServiceDeployment {
            revision: "rev-3".into(),
            status: ServiceDeploymentStatus::InProgress,
            reason: None,
            created_at: at(58),
        },
        ServiceDeployment { revision: "rev-3".into(), status, reason, created_at: at(50) },
    ];
    scenario
}

fn request() -> Request {
    Request::Restart(request::Restart { by: "ben".into(), reason: None, cool_down: None, asked_at: None })
}

/// Label and result of what is recorded, and that it is recorded once.
fn settled(mut scenario: Scenario) -> (&'static str, Option<RestartResult>) {
    let decision = scenario.plan();
    let Action::Note(noted) = decision.action else { return (decision.reason.label(), None) };
    let result = noted.restarted;
    scenario.record.note(noted);
    assert_eq!(scenario.plan().action, Action::Keep, "twice: {}", scenario.plan().reason);
    (decision.reason.label(), result)
}

#[test]
fn a_restart_is_complete_when_its_own_deployment_is() {
    let complete = ("restart_complete", Some(RestartResult::Replaced));
    assert_eq!(settled(restarted(DeploymentState::Completed)), complete);
    assert_eq!(settled(history(unseen(), ServiceDeploymentStatus::Successful)), complete, "a look from before");
    assert_eq!(settled(restarted(DeploymentState::InProgress)), ("up_to_date", None));
    assert_eq!(settled(unseen()), ("up_to_date", None), "that it is not listed says nothing");
    let text = restarted(DeploymentState::Completed).plan().reason.to_string();
    assert_eq!(text, "the restart requested by anna is complete: deployment dep-9 has replaced all tasks");
}

#[test]
fn a_restart_has_failed_when_ecs_says_so_and_the_tasks_say_why() {
    let failed = restarted(DeploymentState::Failed).with_stopped("EssentialContainerExited", "exit 1", 1);
    assert_eq!(settled(failed.clone()), ("restart_not_done", Some(RestartResult::Failed)));
    assert!(
        failed.plan().reason.to_string().contains("dep-9, failed and is not repeated while tasks run: "),
        "{}",
        failed.plan().reason
    );
    for status in [ServiceDeploymentStatus::RollingBack, ServiceDeploymentStatus::RolledBack] {
        let back = history(unseen(), status);
        assert_eq!(settled(back.clone()), ("restart_not_done", Some(RestartResult::Failed)));
        assert!(back.plan().reason.to_string().ends_with("tasks failed to start."), "{}", back.plan().reason);
    }
}

#[test]
fn a_restart_that_does_not_end_is_overdue_once_and_its_end_is_still_announced() {
    let late = restarted(DeploymentState::InProgress);
    assert_eq!(settled(late.clone().at(80)), ("up_to_date", None), "the deadline is 30 min");
    assert_eq!(settled(late.at(81)), ("restart_overdue", Some(RestartResult::Overdue)));
    let overdue = |state: DeploymentState| {
        let mut scenario = restarted(state).at(120);
        scenario.record.restart.as_mut().unwrap().result = Some(RestartResult::Overdue);
        settled(scenario)
    };
    assert_eq!(overdue(DeploymentState::InProgress), ("up_to_date", None));
    assert_eq!(overdue(DeploymentState::Completed), ("restart_complete", Some(RestartResult::Replaced)));
    assert_eq!(overdue(DeploymentState::Failed), ("restart_not_done", Some(RestartResult::Failed)));
    assert_eq!(settled(unseen().at(81)), ("restart_overdue", Some(RestartResult::Unknown)), "nothing lists it");
}

#[test]
fn a_deployment_that_comes_in_between_is_no_failure_of_the_restart() {
    let replaced = |created: i64| {
        let mut scenario = restarted(DeploymentState::InProgress);
        let primary = &mut scenario.observed.service.deployments[0];
        (primary.id, primary.created_at) = ("dep-10".into(), at(created));
        scenario
    };
    let superseded = ("restart_superseded", Some(RestartResult::Superseded));
    assert_eq!(settled(replaced(55)), superseded);
    assert_eq!(settled(replaced(58)), ("up_to_date", None), "it may be a rollback by ECS");
    assert_eq!(settled(history(replaced(58), ServiceDeploymentStatus::Stopped)), superseded);
}

#[test]
fn a_restart_that_was_due_is_followed_by_what_made_it_due_alone() {
    let mut scenario = restarted(DeploymentState::Failed);
    scenario.record.restart.as_mut().unwrap().cause = Some(RestartCause::Secrets { names: vec!["prod/api".into()] });
    assert_eq!(settled(scenario), ("up_to_date", None));
}

#[test]
fn another_restart_waits_for_the_one_that_ecs_does_not_show_yet() {
    assert_eq!(outcome(&unseen().at(54).request(&request())).0, "restart_in_progress");
    assert_eq!(outcome(&unseen().at(55).request(&request())).0, "restart_requested");
    assert_eq!(outcome(&restarted(DeploymentState::InProgress).at(90).request(&request())).0, "restart_in_progress");
}

/// An hour later the alarm may be over: Lambda delivers late where it is throttled, and it may deliver twice.
#[test]
fn a_request_that_says_when_it_was_asked_is_refused_long_after_that() {
    let restart = |minute: i64| {
        let (by, cool_down) = ("alarm memory".to_owned(), None);
        Request::Restart(request::Restart { by, reason: None, cool_down, asked_at: Some(at(minute)) })
    };
    let running = Scenario::running(3);
    assert_eq!(outcome(&running.request(&restart(50))).0, "restart_requested");
    let refused = running.at(61).request(&restart(50));
    assert_eq!((outcome(&refused).0, refused.action), ("too_late", Action::Keep));
    let text = "requested by alarm memory at 2026-11-21 10:50 UTC and delivered too late: what it is about may be over";
    assert_eq!(refused.reason.to_string(), text);
    let mut releases = Scenario::running(3);
    releases.record.releases.push(release(2));
    let rollback = |minute: i64| {
        let environment = request::Environment::Current;
        let (by, deployment) = ("alarm errors".to_owned(), Some("dep-3".to_owned()));
        let asked_at = Some(at(minute));
        Request::Rollback(request::Rollback { by, reason: None, deployment, environment, hold_until: None, asked_at })
    };
    assert_eq!(outcome(&releases.request(&rollback(50))).0, "rollback_requested");
    assert_eq!(outcome(&releases.request(&rollback(49))).0, "too_late");
}

/// Image 3 does not run any longer: the deployment that should have replaced its tasks failed, and so did its rollback.
fn down() -> Scenario {
    let mut scenario = Scenario::running(3);
    let service = &mut scenario.observed.service;
    service.running = 0;
    service.deployments.truncate(1);
    (service.deployments[0].created_at, service.deployments[0].state) = (at(50), DeploymentState::Failed);
    scenario
}

#[test]
fn a_service_that_ecs_has_given_up_is_restarted_until_its_tasks_run() {
    assert_eq!(down().at(64).outcome().0, "up_to_date");
    let decision = down().at(65).plan();
    let Action::Restart(first) = decision.action else { panic!("{}", decision.reason) };
    assert_eq!(decision.reason.label(), "given_up_restart");
    // The first attempt fails as well: the second waits as long again, and each further one twice as long.
    let mut again = down();
    let ended =
        |restart: Restart, result| Some(Restart { deployment: Some("dep-9".into()), result: Some(result), ..restart });
    again.record.restart = ended(first.clone(), RestartResult::Failed);
    assert_eq!(again.clone().at(79).outcome().0, "up_to_date");
    let Action::Restart(second) = again.clone().at(80).plan().action else { panic!("not restarted") };
    assert!(matches!(second.cause, Some(RestartCause::GivenUp { attempt: 2, .. })));
    again.record.restart = ended(second, RestartResult::Failed);
    assert_eq!(again.clone().at(109).outcome().0, "up_to_date");
    assert!(matches!(again.clone().at(110).plan().action, Action::Restart(_)));
    // One that ran meanwhile begins anew.
    again.record.restart = ended(first, RestartResult::Replaced);
    let Action::Restart(anew) = again.at(110).plan().action else { panic!("not restarted") };
    assert!(matches!(anew.cause, Some(RestartCause::GivenUp { attempt: 1, .. })));
}

#[test]
fn a_service_whose_tasks_run_or_whose_image_is_to_blame_is_not_started_again() {
    let late = |change: fn(&mut Scenario)| {
        let mut scenario = down().at(90);
        change(&mut scenario);
        scenario.outcome().0
    };
    assert_eq!(late(|_| ()), "given_up_restart");
    assert_eq!(late(|scenario| scenario.observed.service.running = 1), "up_to_date");
    assert_eq!(late(|scenario| scenario.observed.service.desired = 0), "up_to_date");
    let state = |scenario: &mut Scenario, state| scenario.observed.service.deployments[0].state = state;
    assert_eq!(
        late(|scenario| scenario.observed.service.deployments[0].state = DeploymentState::InProgress),
        "up_to_date"
    );
    assert_ne!(late(|scenario| scenario.record.releases.clear()), "given_up_restart", "down when it was first seen");
    let mut bad = down().quarantined(3).at(90);
    state(&mut bad, DeploymentState::Failed);
    assert_ne!(bad.outcome().0, "given_up_restart");
    assert_eq!(down().frozen_until(at(95)).at(90).outcome().0, "restart_waits");
}

#[test]
fn the_result_of_such_a_restart_says_when_the_next_one_follows() {
    let mut failed = history(down(), ServiceDeploymentStatus::RolledBack);
    failed.record.restart = Some(Restart {
        cause: Some(RestartCause::GivenUp { deployment: "dep-3".into(), attempt: 1 }),
        ..unseen().record.restart.unwrap()
    });
    let decision = failed.plan();
    assert_eq!(decision.reason.label(), "still_down");
    assert!(decision.reason.to_string().ends_with("another follows after 2026-11-21 11:05 UTC"), "{}", decision.reason);
}

#[test]
fn a_restart_that_no_invocation_could_begin_has_a_result_too() {
    let mut claimed = Scenario::running(3);
    claimed.record.restart = Some(Restart { deployment: None, ..unseen().record.restart.unwrap() });
    assert_ne!(claimed.clone().at(79).outcome().0, "restart_not_begun");
    assert_eq!(settled(claimed.at(80)), ("restart_not_begun", Some(RestartResult::Unknown)));
}

/// A claim that ECS refuses is renewed every five minutes, and not for ever.
#[test]
fn a_restart_that_ecs_refuses_again_and_again_has_a_result_after_half_an_hour() {
    let mut refused = Scenario::running(3).at(50);
    refused.record.restart = Some(Restart { deployment: None, ..unseen().record.restart.unwrap() });
    let mut labels = Vec::new();
    for minute in (55..=95).step_by(5) {
        refused = refused.at(minute);
        let decision = refused.plan();
        labels.push((minute, decision.reason.label()));
        match decision.action {
            Action::Restart(claim) => refused.record.restart = Some(claim),
            Action::Note(noted) => refused.record.note(noted),
            _ => {}
        }
    }
    let begun = labels.iter().filter(|(_, label)| *label == "restart_requested").count();
    assert_eq!((begun, labels[6]), (6, (85, "restart_not_begun")), "{labels:?}");
    assert_eq!(labels[7].1, "up_to_date");
}

#[test]
fn a_restart_does_not_wait_for_a_newer_image_that_the_environment_prevents() {
    let mut scenario = down().candidate(4).at(90);
    scenario.record.postponed = Some(Postponed {
        cause: Some(Cause::Push),
        copies: None,
        images: images(4),
        revision: scenario.observed.service.revision.clone(),
        reason: "no secret".into(),
        attempts: 3,
        since: at(60),
        until: at(120),
    });
    assert_eq!(scenario.outcome().0, "given_up_restart");
    scenario.observed.service.running = 1;
    assert_eq!(scenario.outcome().0, "postponed");
}

#[test]
fn a_freeze_holds_a_restart_that_was_claimed_before_it_unless_an_engineer_has_requested_it() {
    let claimed = |restart: Restart| {
        let mut scenario = down().frozen_until(at(95)).at(56);
        scenario.record.restart = Some(Restart { deployment: None, ..restart });
        scenario.outcome().0
    };
    let by_an_engineer = unseen().record.restart.unwrap();
    assert_eq!(claimed(by_an_engineer.clone()), "restart_requested");
    assert_ne!(claimed(Restart { remedy: true, ..by_an_engineer.clone() }), "restart_requested");
    let cause = Some(RestartCause::GivenUp { deployment: "dep-3".into(), attempt: 1 });
    assert_ne!(claimed(Restart { cause, ..by_an_engineer }), "given_up_restart");
}
