use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

fn rolling(state: DeploymentState) -> Scenario {
    Scenario::running(1).candidate(2).rolling_out(2, deploying(2)).deployed(2, state)
}

#[test]
fn complete_needs_a_task_of_the_new_revision_that_runs() {
    let scenario = rolling(DeploymentState::Completed);
    assert_eq!(scenario.outcome().0, "awaiting_tasks");
    assert_eq!(scenario.clone().with_tasks(1, 2).outcome().0, "awaiting_tasks");
    let complete = scenario.clone().with_tasks(2, 1).plan().action;
    let Action::Complete { revision, deployment, releases } = complete else { panic!("not verified") };
    assert_eq!((revision.as_str(), deployment.as_str()), ("rev-2", "dep-2"));
    assert_eq!((releases.len(), &releases[0].images, releases[0].at), (1, &images(2), scenario.now));
    let mut unhealthy = scenario.with_tasks(2, 1);
    unhealthy.observed.running_tasks[0].health = "UNHEALTHY".into();
    assert_eq!(unhealthy.outcome().0, "awaiting_tasks");
}

#[test]
fn zero_tasks_prove_nothing() {
    let mut scenario = rolling(DeploymentState::Completed);
    scenario.observed.service.desired = 0;
    let action = scenario.plan().action;
    assert_eq!(action, Action::Stage { revision: "rev-2".into(), deployment: "dep-2".into() });
}

#[test]
fn a_staged_image_is_verified_when_the_service_wakes() {
    let staged = Phase::Staged { revision: "rev-2".into(), deployment: "dep-2".into() };
    let mut scenario = rolling(DeploymentState::Completed).rolling_out(2, staged);
    scenario.observed.service.desired = 0;
    assert_eq!(scenario.outcome().0, "staged");
    scenario.observed.service.desired = 1;
    assert_eq!(scenario.outcome().0, "awaiting_tasks");
    assert_eq!(scenario.clone().with_tasks(2, 1).outcome().0, "verified");
    let failed = scenario.with_stopped("TaskFailedToStart", "CannotPullContainerError: not found", 3);
    assert_eq!(failed.outcome(), ("failed_wake", Some(image(1))));
}

#[test]
fn a_failed_deployment_carries_the_reasons_of_its_tasks() {
    let mut scenario = rolling(DeploymentState::Failed).with_stopped("EssentialContainerExited", "exit 1", 2);
    scenario.observed.service.deployments[0].reason =
        Some("ECS deployment circuit breaker: tasks failed to start.".into());
    let decision = scenario.plan();
    let text = "dep-2 failed: exit 1 (2 tasks); ECS deployment circuit breaker: tasks failed to start.";
    assert_eq!(decision.reason.to_string(), text);
    let Action::Fail(failed) = decision.action else { panic!("not a failure") };
    assert_eq!((failed.quarantine[0].image.clone(), failed.recover.as_deref()), (image(2), Some("dep-2")));
}

#[test]
fn tasks_that_ecs_itself_stops_are_no_reason() {
    let scenario = rolling(DeploymentState::Failed).with_stopped("ServiceSchedulerInitiated", "Scaling activity", 2);
    assert_eq!(scenario.plan().reason.to_string(), "dep-2 failed: ECS rolled the deployment back and gave no reason");
}

#[test]
fn the_breakers_rollback_is_seen_even_when_every_event_was_lost() {
    // ECS has dropped the failed deployment: the primary is the one from before, complete.
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    assert_eq!(scenario.outcome().0, "failed");
}

#[test]
fn a_rollback_past_a_replaced_deployment_is_a_failure_too() {
    // Image 3 replaced image 2 in flight; ECS rolls back to image 1, the last that completed.
    let mut scenario = Scenario::running(1).candidate(3).rolling_out(3, deploying(3));
    scenario.record.rollout.as_mut().unwrap().previous_revision = "rev-2".into();
    assert_eq!(scenario.outcome().0, "failed");
}

#[test]
fn the_rollbacks_own_completed_is_not_success() {
    let phase = Phase::RollingBack { failed: "dep-2".into(), since: at(59) };
    let scenario = Scenario::running(1).candidate(2).quarantined(2).rolling_out(2, phase);
    assert_eq!(scenario.plan().action, Action::Recover { failed: "dep-2".into() });
    let still = scenario.deployed(1, DeploymentState::InProgress);
    assert_eq!(still.outcome().0, "rolling_back");
}

#[test]
fn without_the_breakers_rollback_the_automation_rolls_back() {
    let phase = Phase::RollingBack { failed: "dep-2".into(), since: at(55) };
    let scenario = rolling(DeploymentState::Failed).quarantined(2).rolling_out(2, phase);
    assert_eq!(scenario.clone().at(57).outcome().0, "rolling_back");
    assert_eq!(scenario.at(59).outcome(), ("drift", Some(image(1))));
}

#[test]
fn a_stack_update_in_the_middle_is_not_taken_for_a_failure() {
    let mut scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    scenario.observed.service.revision = "rev-from-template".into();
    scenario.observed.service.deployments[0].id = "dep-stack".into();
    assert_eq!(scenario.outcome(), ("drift", Some(image(2))));
}

#[test]
fn a_forced_deployment_of_the_same_images_is_adopted() {
    let mut scenario = rolling(DeploymentState::InProgress);
    scenario.observed.service.deployments[0].id = "dep-forced".into();
    let action = scenario.plan().action;
    assert_eq!(action, Action::Adopt { revision: "rev-2".into(), deployment: "dep-forced".into() });
}

#[test]
fn a_claim_whose_update_went_through_is_adopted() {
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, Phase::Claimed { initial_tasks: None });
    let scenario = scenario.deployed(2, DeploymentState::InProgress);
    assert_eq!(scenario.outcome().0, "adopted");
}

#[test]
fn a_deployment_that_reports_nothing_is_overdue_after_its_deadline() {
    let scenario = rolling(DeploymentState::InProgress);
    assert_eq!(scenario.clone().at(80).outcome().0, "in_flight");
    assert_eq!(scenario.at(81).outcome().0, "overdue");
}

#[test]
fn the_first_image_that_fails_has_no_release_to_roll_back_to() {
    let mut scenario = Scenario::empty().candidate(2).rolling_out(2, deploying(2)).deployed(2, DeploymentState::Failed);
    scenario.observed.service.desired = 2;
    let Action::Fail(failed) = scenario.plan().action else { panic!("not a failure") };
    assert_eq!((failed.quarantine.len(), failed.recover), (1, None));
}

#[test]
fn the_pre_deploy_task_decides_by_its_exit_code() {
    let phase = Phase::PreDeployTask { revision: "rev-2".into(), task: "task-1".into(), initial_tasks: Some(2) };
    let mut scenario = Scenario::running(1).candidate(2).rolling_out(2, phase);
    let command = vec!["migrate".to_owned()];
    scenario.rollout.pre_deploy_task = Some(PreDeployTask { container: "api".into(), command, deadline_minutes: 15 });
    let task = scenario.clone().with_tasks(2, 1).observed.running_tasks.remove(0);
    let ended =
        |code: i32| StoppedTask { code: None, reason: None, containers: vec![("api".into(), Some(code), None)] };

    assert_eq!(scenario.outcome().0, "failed");
    scenario.observed.pre_deploy_task = Some(task.clone());
    assert_eq!(scenario.clone().at(65).outcome().0, "awaiting_pre_deploy_task");
    assert_eq!(scenario.clone().at(66).outcome().0, "overdue");
    scenario.observed.pre_deploy_task = Some(Task { stopped: Some(ended(0)), ..task.clone() });
    assert_eq!(scenario.plan().action, Action::Update { revision: "rev-2".into(), initial_tasks: Some(2) });
    scenario.observed.pre_deploy_task = Some(Task { stopped: Some(ended(3)), ..task });
    assert_eq!(scenario.plan().reason.to_string(), "task-1 failed: container api exited with code 3");
}

#[test]
fn what_ran_before_the_first_record_is_the_first_release_to_roll_back_to() {
    let mut scenario = rolling(DeploymentState::Completed).with_tasks(2, 1);
    scenario.record.releases.clear();
    let rollout = scenario.record.rollout.as_mut().unwrap();
    (rollout.previous_images, rollout.previous_revision) = (images(1), "rev-1".into());
    let Action::Complete { releases, .. } = scenario.plan().action else { panic!("not verified") };
    let known: Vec<_> = releases.iter().map(|release| (&release.images, release.revision.as_str())).collect();
    assert_eq!(known, [(&images(1), "rev-1"), (&images(2), "rev-2")]);
    scenario.record.stuck_at = Some("rev-0".into());
    scenario.record.complete(releases);
    assert_eq!(scenario.record.previous().map(|release| &release.images), Some(&images(1)));
    assert_eq!((scenario.record.rollout, scenario.record.stuck_at), (None, None));
}

#[test]
fn drift_that_could_not_be_corrected_is_not_corrected_again_from_the_same_revision() {
    let mut scenario = Scenario::running(2).rolling_out(2, deploying(2)).deployed(2, DeploymentState::Failed);
    for (cause, stuck_at) in [(Cause::Drift, Some("rev-1".to_owned())), (Cause::Push, None)] {
        let rollout = scenario.record.rollout.as_mut().unwrap();
        (rollout.cause, rollout.previous_revision) = (cause, "rev-1".into());
        let Action::Fail(failed) = scenario.plan().action else { panic!("not a failure") };
        assert_eq!((failed.quarantine.len(), &failed.stuck_at), (0, &stuck_at), "the image is that of the release");
        let mut record = scenario.record.clone();
        record.fail(failed, scenario.now);
        assert_eq!(record.stuck_at, stuck_at);
        let waits = Phase::RollingBack { failed: "dep-2".into(), since: scenario.now };
        assert_eq!(record.rollout.map(|rollout| rollout.phase), Some(waits));
    }
}

#[test]
fn a_revision_that_differs_in_more_than_the_images_quarantines_what_is_new() {
    let mut scenario = rolling(DeploymentState::InProgress);
    let rollout = scenario.record.rollout.as_mut().unwrap();
    rollout.previous_images = images(1);
    let failed = FailedRollout::unlike(rollout, "cpu differs", scenario.now);
    assert_eq!((failed.quarantine[0].image.clone(), failed.quarantine[0].reason.as_str()), (image(2), "cpu differs"));
    assert_eq!((failed.recover.as_ref(), failed.stuck_at.as_ref()), (None, None));
    scenario.record.fail(failed, scenario.now);
    assert!(scenario.record.rollout.is_none() && scenario.record.is_quarantined(REPOSITORY, &image(2).digest));
    // Drift brings no new image: it is the revision that is to blame.
    let drift = Scenario::running(1).rolling_out(1, deploying(1)).record.rollout.unwrap();
    let drift = Rollout { cause: Cause::Drift, previous_images: images(1), previous_revision: "rev-0".into(), ..drift };
    assert_eq!(FailedRollout::unlike(&drift, "cpu differs", scenario.now).stuck_at.as_deref(), Some("rev-0"));
}
