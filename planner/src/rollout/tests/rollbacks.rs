//! Rollbacks of a failed deployment: by ECS, or else by the automation.

use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

/// Image 2 failed at this minute, and ECS has not begun to roll it back.
fn failed_at(minute: i64) -> Scenario {
    let scenario = Scenario::running(1).candidate(2).quarantined(2).rolling_out(2, rolling_back(2, minute));
    scenario.deployed(2, DeploymentState::Failed)
}

fn recovered(running: u32) -> Action {
    Action::Recover { failed: "dep-2".into(), images: images(1), running, release: None }
}

#[test]
fn the_rollbacks_own_completed_is_not_success() {
    let scenario = failed_at(55).deployed(1, DeploymentState::Completed);
    assert_eq!(scenario.plan().action, recovered(2));
    assert_eq!(scenario.deployed(1, DeploymentState::InProgress).outcome().0, "rolling_back");
}

/// Image 2 was complete while the pre-deploy task of image 3 ran, and image 3 then failed.
#[test]
fn what_ecs_has_rolled_back_to_is_the_release_whether_it_was_recorded_before_or_not() {
    let scenario = Scenario::running(1).candidate(3).quarantined(3).rolling_out(3, rolling_back(3, 55));
    let rolled_back = scenario.deployed(2, DeploymentState::Completed);
    let Action::Recover { release: Some(release), .. } = rolled_back.plan().action else { panic!("not recorded") };
    assert_eq!((&release.images, release.deployment.as_str()), (&images(2), "dep-2"));
    let unrecorded = |scenario: Scenario| match scenario.plan().action {
        Action::Recover { release, .. } => release.is_none(),
        other => panic!("{other:?}"),
    };
    assert!(unrecorded(rolled_back.clone().quarantined(2)), "it failed before");
    let mut unknown = rolled_back;
    unknown.observed.running.insert(REPOSITORY.into(), RunningImage::Unknown);
    assert!(unrecorded(unknown));
}

#[test]
fn a_look_at_the_service_from_before_the_rollout_is_no_rollback() {
    let scenario = failed_at(60).deployed(1, DeploymentState::Completed);
    assert_eq!(scenario.outcome().0, "rolling_back");
    let mut updated = scenario.clone();
    updated.observed.service.deployments[0].updated_at = at(59);
    assert_eq!(updated.plan().action, recovered(2));
    assert_eq!(scenario.with_history(2, ServiceDeploymentStatus::RolledBack).plan().action, recovered(2));
}

#[test]
fn a_rollback_is_complete_when_a_task_runs_or_none_should() {
    let mut scenario = failed_at(55).deployed(1, DeploymentState::Completed);
    scenario.observed.service.deployments[0].running = 0;
    assert_eq!(scenario.outcome().0, "rolling_back");
    scenario.observed.service.desired = 0;
    assert_eq!(scenario.plan().action, recovered(0));
}

#[test]
fn without_the_breakers_rollback_the_automation_rolls_back() {
    let scenario = failed_at(55);
    assert_eq!(scenario.clone().at(57).outcome().0, "rolling_back");
    assert_eq!(scenario.clone().at(59).outcome(), ("automatic_rollback", Some(image(1))));
    let begun = scenario.with_history(2, ServiceDeploymentStatus::RollingBack);
    assert_eq!(begun.at(59).outcome().0, "rolling_back", "the list of deployments does not show it yet");
}

#[test]
fn the_first_rollout_that_the_ledger_knows_is_rolled_back_to_the_images_before_it() {
    let mut scenario = Scenario::running(1).candidate(2);
    scenario.record.releases.clear();
    let mut scenario = scenario.rolling_out(2, deploying(2));
    scenario.record.rollout.as_mut().unwrap().previous_images = images(1);
    let mut scenario = scenario.deployed(2, DeploymentState::Failed);
    let Action::Fail(failed) = scenario.plan().action else { panic!("not a failure") };
    scenario.record.fail(failed, scenario.now);
    assert_eq!(scenario.clone().at(61).outcome().0, "rolling_back");
    let scenario = scenario.at(64);
    assert_eq!(scenario.outcome(), ("automatic_rollback", Some(image(1))));
    // The images that it returns to are the only release: the failed ones did not run well before it.
    let Action::Roll(roll) = scenario.plan().action else { panic!("not a roll") };
    let mut done = scenario;
    done.record.rollout = Some(Rollout { phase: deploying(3), ..roll.rollout });
    let done = done.deployed(3, DeploymentState::Completed).with_tasks(3, 1);
    let Action::Complete { releases, .. } = done.plan().action else { panic!("not verified") };
    assert_eq!(releases.iter().map(|release| &release.images).collect::<Vec<_>>(), [&images(1)]);
}

#[test]
fn a_rollback_that_fails_or_does_not_end_ends_the_rollout_and_asks_for_an_engineer() {
    let abandon = Action::Abandon { failed: "dep-2".into() };
    let failed = failed_at(55).deployed(1, DeploymentState::Failed);
    assert_eq!(failed.plan().action, abandon);
    assert!(failed.plan().reason.to_string().starts_with("deployment dep-2 failed, and its rollback dep-1 failed"));
    let slow = failed_at(55).deployed(1, DeploymentState::InProgress);
    assert_eq!(slow.clone().at(85).outcome().0, "rolling_back");
    assert_eq!(slow.at(86).plan().action, abandon);
    let mut ours = failed_at(55);
    let rollout = ours.record.rollout.as_mut().unwrap();
    (rollout.cause, rollout.images) = (Cause::AutomaticRollback { failed: "dep-2".into() }, images(1));
    rollout.phase = deploying(3);
    let ours = ours.deployed(3, DeploymentState::Failed);
    assert_eq!(ours.plan().action, abandon);
}

/// A deployment for a wake that ECS failed and, having nothing else, returned to.
#[test]
fn a_rollback_by_ecs_that_leads_to_the_failed_release_is_followed_by_one_of_the_automation() {
    let left = failed_at(60).deployed(2, DeploymentState::Failed);
    let left = left.with_history(2, ServiceDeploymentStatus::RollbackFailed);
    assert_eq!(left.clone().at(63).outcome().0, "rolling_back", "ECS may not show its rollback yet");
    assert_eq!(left.at(64).outcome(), ("automatic_rollback", Some(image(1))));
}

#[test]
fn ecs_restoring_the_same_images_is_a_rollback_and_not_rolled_again() {
    // Drift was corrected by a new revision of the release's own images, and that failed.
    let mut scenario = Scenario::running(1).rolling_out(1, rolling_back(9, 55));
    scenario.record.rollout.as_mut().unwrap().cause = Cause::Drift;
    assert_eq!(
        scenario.plan().action,
        Action::Recover { failed: "dep-9".into(), images: images(1), running: 2, release: None }
    );
    let mut left = scenario.deployed(1, DeploymentState::Failed);
    let deployment = &mut left.observed.service.deployments[0];
    (deployment.id, deployment.revision) = ("dep-9".into(), "rev-9".into());
    assert_eq!(left.plan().action, Action::Abandon { failed: "dep-9".into() }, "there are no other images");
}

#[test]
fn a_forced_deployment_of_the_failed_revision_is_no_rollback() {
    let mut scenario = failed_at(55).deployed(2, DeploymentState::Completed);
    scenario.observed.service.deployments[0].id = "dep-forced".into();
    assert_eq!(scenario.at(57).outcome().0, "rolling_back");
}
