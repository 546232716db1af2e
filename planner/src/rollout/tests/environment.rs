//! Failures of the environment: no quarantine, and the same rollout again later.

use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

const NO_SECRET: &str = "ResourceInitializationError: unable to pull secrets or registry auth";

fn failed() -> Scenario {
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    scenario.deployed(2, DeploymentState::Failed)
}

fn postponed(scenario: &Scenario) -> Postponed {
    let Action::Fail(failed) = scenario.plan().action else { panic!("not a failure") };
    assert_eq!(failed.quarantine, []);
    failed.postponed.expect("postponed")
}

#[test]
fn a_missing_secret_does_not_quarantine_the_image() {
    let scenario = failed().with_stopped("TaskFailedToStart", NO_SECRET, 3);
    assert_eq!(postponed(&scenario).until, at(75));
    // One task that failed for a reason of its own is enough to blame the image.
    let mut own = scenario.clone().with_stopped("EssentialContainerExited", "exit 1", 1);
    own.observed.stopped_tasks.extend(scenario.observed.stopped_tasks);
    let Action::Fail(failed) = own.plan().action else { panic!("not a failure") };
    assert_eq!((failed.quarantine.len(), failed.postponed), (1, None));
    assert_eq!(failed.quarantine[0].reason, "exit 1");
}

#[test]
fn tasks_that_could_not_be_placed_do_not_quarantine_the_image() {
    let text = "(service api) was unable to place a task. Reason: Capacity is unavailable at this time.";
    assert!(postponed(&failed().with_event(55, text)).reason.contains("Capacity is unavailable"));
    // What happened before the deployment says nothing about it.
    let before = failed().with_event(49, text);
    let Action::Fail(unknown) = before.plan().action else { panic!("not a failure") };
    assert_eq!((unknown.quarantine.len(), unknown.postponed.is_some()), (0, true));
    let Action::Fail(failed) = before.with_stopped("EssentialContainerExited", "exit 1", 1).plan().action else {
        panic!("not a failure")
    };
    assert_eq!(failed.quarantine.len(), 1);
}

#[test]
fn what_the_environment_prevented_is_tried_again_with_a_doubled_hold_down() {
    let mut scenario = failed().with_stopped("TaskFailedToStart", NO_SECRET, 3);
    for (attempt, minutes) in [(1, 15), (2, 30), (3, 60), (4, 120), (5, 240), (6, 480), (7, 720), (8, 720)] {
        let entry = postponed(&scenario);
        assert_eq!((entry.attempts, entry.until), (attempt, at(60 + minutes)));
        scenario.record.postponed = Some(entry);
    }
}

#[test]
fn a_postponed_rollout_waits_until_its_hold_down_ends_or_something_changes() {
    let mut scenario = failed().with_stopped("TaskFailedToStart", NO_SECRET, 3);
    let Action::Fail(outcome) = scenario.plan().action else { panic!("not a failure") };
    scenario.record.fail(outcome, scenario.now);
    // Also while ECS, or the automation, rolls back.
    assert_eq!(scenario.outcome().0, "rolling_back");
    let mut ours = scenario.clone().at(64);
    assert_eq!(ours.outcome(), ("automatic_rollback", Some(image(1))));
    let Action::Roll(roll) = ours.plan().action else { panic!("not a roll") };
    let mut interrupted = ours.clone().at(70);
    interrupted.record.rollout = Some(roll.rollout.clone());
    assert_eq!(interrupted.outcome(), ("resumed", Some(image(1))), "the prevented image is not noted as running");
    ours.record.rollout = Some(Rollout { phase: deploying(3), ..roll.rollout });
    let mut ours = ours.deployed(3, DeploymentState::Completed).with_tasks(3, 2);
    ours.observed.running.insert(REPOSITORY.into(), RunningImage::Known(image(1)));
    let Action::Complete { releases, .. } = ours.plan().action else { panic!("not verified") };
    ours.record.complete(releases);
    assert_eq!(ours.outcome().0, "postponed");

    scenario.record.rollout = None;
    let scenario = scenario.deployed(1, DeploymentState::Completed);
    assert_eq!(scenario.clone().at(74).outcome(), ("postponed", None));
    assert_eq!(scenario.clone().at(75).outcome(), ("newer_image", Some(image(2))));
    assert_eq!(scenario.clone().candidate(3).outcome(), ("newer_image", Some(image(3))), "another push");
    let mut updated = scenario.clone();
    updated.observed.service.revision = "rev-with-the-secret".into();
    assert_eq!(updated.outcome(), ("newer_image", Some(image(2))), "another revision");
    let retry = Request::Retry(request::Retry { by: "anna".into(), images: Default::default() });
    assert_eq!(super::fixtures::outcome(&scenario.request(&retry)).0, "retry_requested");
}

#[test]
fn drift_that_the_environment_kept_from_being_corrected_is_tried_again_later() {
    let mut scenario = failed().with_stopped("SpotInterruption", "Your Spot Task was interrupted.", 3);
    scenario.record.rollout.as_mut().unwrap().cause = Cause::Drift;
    let Action::Fail(failed) = scenario.plan().action else { panic!("not a failure") };
    assert_eq!((failed.stuck_at, failed.postponed.map(|postponed| postponed.attempts)), (None, Some(1)));
}
