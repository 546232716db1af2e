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
    assert_eq!(action, Action::Stage { revision: "rev-2".into(), deployment: "dep-2".into(), since: scenario.now });
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
    let recover = Recovery { failed: "dep-2".into(), revision: "rev-2".into() };
    assert_eq!((failed.quarantine[0].image.clone(), failed.recover), (image(2), Some(recover)));
}

#[test]
fn failed_health_checks_of_the_load_balancer_are_the_reason_and_scale_in_is_none() {
    let reason = |text: &str| {
        let scenario = rolling(DeploymentState::Failed).with_stopped("ServiceSchedulerInitiated", text, 2);
        scenario.plan().reason.to_string()
    };
    assert_eq!(
        reason("Task failed ELB health checks in (target-group web)"),
        "dep-2 failed: Task failed ELB health checks in (target-group web) (2 tasks)"
    );
    assert_eq!(
        reason("Scaling activity initiated by (deployment dep-2)"),
        "dep-2 failed: ECS rolled the deployment back and gave no reason"
    );
}

#[test]
fn a_deployment_that_is_not_listed_yet_is_in_flight_and_later_unknown_but_not_failed() {
    // The primary deployment is still the one from before: what ECS shows may be older than the update.
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    assert_eq!(scenario.clone().at(50).outcome(), ("in_flight", None));
    assert_eq!(scenario.clone().at(54).outcome(), ("in_flight", None));
    let listed = scenario.clone().with_history(2, ServiceDeploymentStatus::InProgress);
    assert_eq!(listed.at(60).outcome(), ("in_flight", None));
    assert_eq!(scenario.clone().at(60).outcome(), ("unknown_result", None));
    assert_eq!(scenario.at(81).outcome(), ("drift", Some(image(2))), "tried again after its deadline");
}

#[test]
fn the_breakers_rollback_is_seen_in_the_history_even_when_every_event_was_lost() {
    // ECS has dropped the failed deployment: the primary is the one from before, complete.
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    for status in [
        ServiceDeploymentStatus::RollingBack,
        ServiceDeploymentStatus::RolledBack,
        ServiceDeploymentStatus::RollbackFailed,
    ] {
        assert_eq!(scenario.clone().with_history(2, status).at(51).outcome().0, "failed");
    }
}

#[test]
fn a_rollback_past_a_replaced_deployment_to_a_revision_that_no_release_names_is_a_failure_too() {
    // Image 3 replaced image 2 in flight; ECS rolls back to image 1, the last that completed.
    let mut scenario = Scenario::running(1).candidate(3).rolling_out(3, deploying(3));
    scenario.record.rollout.as_mut().unwrap().previous_revision = "rev-2".into();
    scenario.record.releases.clear();
    assert_eq!(scenario.with_history(3, ServiceDeploymentStatus::RolledBack).outcome().0, "failed");
}

#[test]
fn a_stack_update_in_the_middle_is_not_taken_for_a_failure() {
    let mut scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    scenario.observed.service.revision = "rev-from-template".into();
    let primary = &mut scenario.observed.service.deployments[0];
    (primary.id, primary.created_at) = ("dep-stack".into(), at(55));
    assert_eq!(scenario.outcome(), ("drift", Some(image(2))));
    assert_eq!(scenario.frozen_until(at(90)).outcome(), ("frozen", None));
}

#[test]
fn a_forced_deployment_of_the_same_images_is_adopted() {
    let mut scenario = rolling(DeploymentState::InProgress);
    scenario.observed.service.deployments[0].id = "dep-forced".into();
    scenario.observed.service.deployments[0].created_at = at(58);
    let adopt = Action::Adopt { revision: "rev-2".into(), deployment: "dep-forced".into(), since: at(58) };
    assert_eq!(scenario.plan().action, adopt);
}

/// ECS rolls back to a deployment that was there before: its deadline counts from when the rollout took it as its own.
#[test]
fn an_earlier_deployment_that_is_adopted_is_not_overdue_at_once() {
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, Phase::Claimed { initial_tasks: None });
    let scenario = scenario.deployed(2, DeploymentState::InProgress);
    let claimed = scenario.record.rollout.as_ref().unwrap().started_at;
    assert!(scenario.observed.service.deployments[0].created_at < claimed);
    assert!(matches!(scenario.plan().action, Action::Adopt { since, .. } if since == claimed));
}

#[test]
fn a_claim_whose_update_went_through_is_adopted() {
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, Phase::Claimed { initial_tasks: None });
    let scenario = scenario.deployed(2, DeploymentState::InProgress);
    assert_eq!(scenario.outcome().0, "adopted");
}

#[test]
fn an_interrupted_rollout_counts_its_attempts_and_waits_for_the_end_of_a_freeze() {
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, Phase::Claimed { initial_tasks: None });
    let Action::Roll(roll) = scenario.plan().action else { panic!("not resumed") };
    assert_eq!((roll.rollout.attempts, roll.rollout.started_at, roll.resumed), (2, at(60), true));
    assert_eq!(scenario.frozen_until(at(90)).outcome(), ("frozen", None));
}

#[test]
fn without_a_circuit_breaker_a_bad_image_is_rolled_back_at_the_deadline() {
    let mut scenario = rolling(DeploymentState::InProgress).with_stopped("EssentialContainerExited", "exit 1", 9);
    scenario.observed.service.deployments[0].running = 1;
    assert_eq!(scenario.clone().at(80).outcome().0, "in_flight");
    let late = scenario.clone().at(81);
    let decision = late.plan();
    let text = "dep-2 failed: exit 1 (9 tasks); neither completed nor failed within 30 min";
    assert_eq!(decision.reason.to_string(), text);
    let Action::Fail(failed) = decision.action else { panic!("not a failure") };
    assert_eq!(failed.quarantine[0].image, image(2));
    let mut after = late;
    after.record.fail(failed, at(81));
    assert_eq!(after.outcome(), ("automatic_rollback", Some(image(1))), "ECS will not do it");
    let mut manual = scenario.clone();
    manual.rollout.rollback_at_deadline = false;
    assert_eq!(manual.at(81).outcome().0, "overdue");
    // All new tasks run: the deployment waits for old ones, and the image is not to blame.
    scenario.observed.service.deployments[0].running = 2;
    assert_eq!(scenario.at(81).outcome().0, "overdue");
}

#[test]
fn a_deployment_that_is_overdue_without_a_failed_task_is_rolled_back_and_not_quarantined() {
    let mut scenario = rolling(DeploymentState::InProgress);
    scenario.observed.service.deployments[0].running = 0;
    let Action::Fail(failed) = scenario.at(81).plan().action else { panic!("not a failure") };
    assert_eq!((failed.quarantine.len(), failed.postponed.map(|postponed| postponed.until)), (0, Some(at(96))));
}

#[test]
fn the_deadline_does_not_count_the_pre_deploy_task() {
    let phase = Phase::Deploying { revision: "rev-2".into(), deployment: "dep-2".into(), since: at(79) };
    let scenario = rolling(DeploymentState::InProgress).rolling_out(2, phase);
    assert_eq!(scenario.at(81).outcome().0, "in_flight");
}

#[test]
fn the_first_image_that_fails_has_no_release_to_roll_back_to() {
    let mut scenario = Scenario::empty().candidate(2).rolling_out(2, deploying(2)).deployed(2, DeploymentState::Failed);
    scenario.observed.service.desired = 2;
    let scenario = scenario.with_stopped("EssentialContainerExited", "exit 1", 1);
    let Action::Fail(failed) = scenario.plan().action else { panic!("not a failure") };
    assert_eq!((failed.quarantine.len(), failed.recover), (1, None));
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
    let scenario = Scenario::running(2).rolling_out(2, deploying(2)).deployed(2, DeploymentState::Failed);
    let mut scenario = scenario.with_stopped("EssentialContainerExited", "exit 1", 1);
    for (cause, stuck_at) in [(Cause::Drift, Some("rev-1".to_owned())), (Cause::Push, None)] {
        let rollout = scenario.record.rollout.as_mut().unwrap();
        (rollout.cause, rollout.previous_revision) = (cause, "rev-1".into());
        let Action::Fail(failed) = scenario.plan().action else { panic!("not a failure") };
        assert_eq!((failed.quarantine.len(), &failed.stuck_at), (0, &stuck_at), "the image is that of the release");
        let mut record = scenario.record.clone();
        record.fail(failed, scenario.now);
        assert_eq!(record.stuck_at, stuck_at);
        assert_eq!(record.rollout.map(|rollout| rollout.phase), Some(rolling_back(2, 60)));
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

#[test]
fn a_service_of_another_deployment_controller_is_left_alone() {
    let mut scenario = Scenario::running(1).candidate(2);
    scenario.observed.service.controller = "CODE_DEPLOY".into();
    assert_eq!(scenario.outcome(), ("other_controller", None));
}
