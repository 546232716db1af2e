//! A staged release is verified by the tasks of a service that wakes.

use jiff::SignedDuration;

use super::fixtures::*;
use crate::model::*;
use crate::rollout::decision::Action;
use crate::rollout::record::{Cause, FailedRollout, Phase, Postponed};

fn woken() -> Scenario {
    Scenario::running(1).candidate(2).rolling_out(2, staged(2)).deployed(2, DeploymentState::Completed)
}

#[test]
fn a_staged_image_is_verified_when_the_service_wakes() {
    let mut scenario = woken();
    scenario.observed.service.desired = 0;
    assert_eq!(scenario.outcome().0, "staged");
    scenario.observed.service.desired = 1;
    assert_eq!(scenario.outcome().0, "awaiting_tasks");
    assert_eq!(scenario.clone().with_tasks(2, 1).outcome().0, "verified");
    let mut bakes = scenario.clone().with_tasks(2, 1);
    let primary = &mut bakes.observed.service.deployments[0];
    (primary.id, primary.state) = ("ecs-svc/9".into(), DeploymentState::InProgress);
    assert_eq!(bakes.outcome().0, "in_flight", "another deployment of it has not been judged by its alarms yet");
    let failed = scenario.with_stopped("TaskFailedToStart", "CannotPullContainerError: not found", 3);
    assert_eq!(failed.outcome(), ("failed_wake", Some(image(1))));
}

#[test]
fn a_staged_image_is_verified_also_when_the_next_one_failed_before_it_was_deployed() {
    let mut scenario = woken().candidate(3);
    scenario.observed.service.desired = 0;
    let Action::Roll(roll) = scenario.plan().action else { panic!("not rolled") };
    scenario.record.rollout = Some(roll.rollout);
    scenario.record.fail(FailedRollout::default(), scenario.now);
    let mut scenario = scenario.candidate(2);
    assert_eq!(scenario.outcome().0, "staged");
    scenario.observed.service.desired = 1;
    assert_eq!(scenario.clone().with_tasks(2, 1).outcome().0, "verified");
    // What the environment prevents is tried again later, and does not keep the release from being verified.
    let postponed = Postponed {
        cause: Some(Cause::Push),
        copies: None,
        images: images(3),
        revision: scenario.observed.service.revision.clone(),
        reason: "no secret".into(),
        attempts: 1,
        since: scenario.now,
        until: scenario.now + SignedDuration::from_mins(15),
    };
    let mut scenario = scenario.candidate(3);
    scenario.record.postponed = Some(postponed);
    assert_eq!(scenario.clone().with_tasks(2, 1).outcome().0, "verified");
    // A staged rollout that ends itself brings nothing back.
    scenario.record.fail(FailedRollout::default(), scenario.now);
    assert_eq!(scenario.record.rollout, None);
}

/// Else its result is never known: no release is recorded, and no rollback leads back to it.
#[test]
fn a_deployment_goes_on_when_the_next_image_fails_before_it_is_deployed() {
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    let mut next = scenario.deployed(2, DeploymentState::InProgress).candidate(3);
    let Action::Roll(roll) = next.plan().action else { panic!("not rolled") };
    next.record.orders.extend(roll.orders);
    next.record.rollout = Some(roll.rollout);
    next.record.fail(FailedRollout::default(), next.now);
    let mut next = next.quarantined(3);
    let Action::Note(noted) = next.plan().action else { panic!("its order is not answered") };
    next.record.note(noted);
    assert_eq!(next.outcome().0, "in_flight");
    let done = next.deployed(2, DeploymentState::Completed).with_tasks(2, 1);
    assert_eq!(done.outcome().0, "verified");
}

/// ECS may show for minutes what was there before: another correction would be a deployment of the same images.
#[test]
fn what_ecs_showed_before_the_staged_deployment_is_no_drift() {
    let mut scenario = woken().deployed(1, DeploymentState::Completed);
    scenario.observed.service.desired = 0;
    let since = match &scenario.record.rollout.as_ref().unwrap().phase {
        Phase::Staged { since, .. } => *since,
        other => panic!("{other:?}"),
    };
    scenario.now = since + SignedDuration::from_mins(4);
    scenario.observed.service.deployments[0].created_at = since - SignedDuration::from_mins(9);
    assert_eq!(scenario.outcome().0, "staged");
    let newer = |mut scenario: Scenario| {
        scenario.observed.service.deployments[0].created_at = since + SignedDuration::from_secs(1);
        scenario
    };
    assert_eq!(newer(scenario.clone()).outcome().0, "drift");
    scenario.now = since + SignedDuration::from_mins(6);
    assert_eq!(scenario.outcome().0, "drift");
}

#[test]
fn a_task_without_a_health_check_proves_something_after_a_minute() {
    let mut scenario = woken().with_tasks(2, 1);
    let task = &mut scenario.observed.running_tasks[0];
    (task.health, task.started_at) = ("UNKNOWN".into(), Some(at(60)));
    assert_eq!(scenario.clone().at(60).outcome().0, "awaiting_tasks");
    assert_eq!(scenario.at(61).outcome().0, "verified");
}

#[test]
fn a_task_whose_health_check_has_not_decided_yet_proves_nothing() {
    let mut scenario = woken().with_tasks(2, 1);
    scenario.observed.health_check = true;
    let task = &mut scenario.observed.running_tasks[0];
    (task.health, task.started_at) = ("UNKNOWN".into(), Some(at(60)));
    assert_eq!(scenario.at(66).outcome().0, "awaiting_tasks");
}

#[test]
fn only_failures_of_the_image_fail_the_wake() {
    let failed = |code: &str, reason: &str| woken().with_stopped(code, reason, 5);
    for (code, reason) in [
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment dep-2)"),
        ("UserInitiated", "Task stopped by user"),
    ] {
        assert_eq!(failed(code, reason).outcome(), ("awaiting_tasks", None), "{reason}");
    }
    for (code, reason) in [
        ("SpotInterruption", "Your Spot Task was interrupted."),
        ("TaskFailedToStart", "ResourceInitializationError: unable to pull secrets"),
    ] {
        assert_eq!(failed(code, reason).outcome(), ("prevented", None), "{reason}");
    }
    assert_eq!(failed("EssentialContainerExited", "exit 1").outcome(), ("failed_wake", Some(image(1))));
}

/// ECS fails no deployment that was complete without tasks.
#[test]
fn a_wake_whose_image_cannot_be_pulled_goes_back_to_the_release_before_it() {
    let wake = |reason: &str, tasks: usize| {
        let mut scenario = woken().with_stopped("TaskFailedToStart", reason, tasks);
        scenario.observed.service.desired = 1;
        scenario.plan().action
    };
    let forbidden = "CannotPullContainerError: unexpected status code 403 Forbidden";
    assert_eq!(wake(forbidden, 2), Action::Keep);
    assert!(matches!(wake(forbidden, 3), Action::Fail(failure) if failure.quarantine.is_empty()));
    let secret = "ResourceInitializationError: unable to pull secrets";
    assert_eq!(wake(secret, 5), Action::Keep, "the release before it lacks the same");
}

/// The update and the wake may come together: ECS completes a deployment of no tasks at once.
#[test]
fn a_deployment_that_was_complete_before_the_wake_is_judged_by_the_tasks_after_it() {
    let woken =
        || Scenario::running(1).candidate(2).rolling_out(2, deploying(2)).deployed(2, DeploymentState::Completed);
    assert_eq!(woken().outcome().0, "awaiting_tasks");
    assert_eq!(woken().with_tasks(2, 1).outcome().0, "verified");
    let unpullable = woken().with_stopped("TaskFailedToStart", "CannotPullContainerError: not found", 3);
    assert_eq!(unpullable.outcome(), ("failed_wake", Some(image(1))));
}

/// Else a service whose image cannot be pulled stays down until a person comes.
#[test]
fn a_wake_that_ecs_failed_goes_back_to_the_release_before_it_and_blames_no_image() {
    let failed = |reason: &str| {
        let mut scenario = woken().deployed(2, DeploymentState::Failed).with_stopped("TaskFailedToStart", reason, 3);
        scenario.observed.service.desired = 1;
        scenario.plan()
    };
    let Action::Fail(failure) = failed("CannotPullContainerError: unexpected status code 403 Forbidden").action else {
        panic!("not failed")
    };
    assert!(failure.quarantine.is_empty() && failure.recover.is_some() && failure.postponed.is_some());
    assert_eq!(failed("Capacity is unavailable at this time.").reason.label(), "prevented");
}

#[test]
fn a_wake_that_fails_without_a_release_returns_to_the_images_before_it() {
    let mut scenario = woken().with_stopped("EssentialContainerExited", "exit 1", 3);
    scenario.record.releases.clear();
    scenario.record.rollout.as_mut().unwrap().previous_images = images(1);
    assert_eq!(scenario.outcome(), ("failed_wake", Some(image(1))));
    scenario.record.rollout.as_mut().unwrap().previous_images.clear();
    assert_eq!(scenario.outcome().0, "failed");
}
