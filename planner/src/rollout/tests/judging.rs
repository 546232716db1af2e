use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

fn rolling(state: DeploymentState) -> World {
    World::running(1).candidate(2).on_its_way(2, deploying(2)).deployed(2, state)
}

#[test]
fn complete_needs_a_task_of_the_new_revision_that_runs() {
    let world = rolling(DeploymentState::Completed);
    assert_eq!(world.outcome().0, "awaiting_tasks");
    assert_eq!(world.clone().with_tasks(1, 2).outcome().0, "awaiting_tasks");
    let action = world.clone().with_tasks(2, 1).plan().action;
    assert_eq!(action, Action::Complete { revision: "rev-2".into(), deployment: "dep-2".into() });
    let mut unhealthy = world.with_tasks(2, 1);
    unhealthy.seen.tasks[0].health = "UNHEALTHY".into();
    assert_eq!(unhealthy.outcome().0, "awaiting_tasks");
}

#[test]
fn zero_tasks_prove_nothing() {
    let mut world = rolling(DeploymentState::Completed);
    world.seen.service.desired = 0;
    let action = world.plan().action;
    assert_eq!(action, Action::Stage { revision: "rev-2".into(), deployment: "dep-2".into() });
}

#[test]
fn a_staged_image_is_verified_when_the_service_wakes() {
    let staged = Phase::Staged { revision: "rev-2".into(), deployment: "dep-2".into() };
    let mut world = rolling(DeploymentState::Completed).on_its_way(2, staged);
    world.seen.service.desired = 0;
    assert_eq!(world.outcome().0, "staged");
    world.seen.service.desired = 1;
    assert_eq!(world.outcome().0, "awaiting_tasks");
    assert_eq!(world.clone().with_tasks(2, 1).outcome().0, "verified");
    let failed = world.with_stopped("TaskFailedToStart", "CannotPullContainerError: not found", 3);
    assert_eq!(failed.outcome(), ("failed_wake", Some(image(1))));
}

#[test]
fn a_failed_deployment_is_told_with_the_reasons_of_its_tasks() {
    let mut world = rolling(DeploymentState::Failed).with_stopped("EssentialContainerExited", "exit 1", 2);
    world.seen.service.deployments[0].reason = Some("ECS deployment circuit breaker: tasks failed to start.".into());
    let decision = world.plan();
    let text = "dep-2 failed: exit 1 (2 tasks); ECS deployment circuit breaker: tasks failed to start.";
    assert_eq!(decision.reason.to_string(), text);
    let Action::Fail { quarantine, recover } = decision.action else { panic!("not a failure") };
    assert_eq!((quarantine[0].image.clone(), recover.as_deref()), (image(2), Some("dep-2")));
}

#[test]
fn tasks_that_ecs_itself_stops_are_no_reason() {
    let world = rolling(DeploymentState::Failed).with_stopped("ServiceSchedulerInitiated", "Scaling activity", 2);
    assert_eq!(world.plan().reason.to_string(), "dep-2 failed: ECS put the former revision back and gave no reason");
}

#[test]
fn the_breakers_rollback_is_seen_even_when_every_event_was_lost() {
    // ECS has dropped the failed deployment: the primary is the one from before, complete.
    let world = World::running(1).candidate(2).on_its_way(2, deploying(2));
    assert_eq!(world.outcome().0, "failed");
}

#[test]
fn a_rollback_past_a_replaced_deployment_is_a_failure_too() {
    // Image 3 replaced image 2 in flight; ECS goes back to image 1, the last that completed.
    let mut world = World::running(1).candidate(3).on_its_way(3, deploying(3));
    world.record.rollout.as_mut().unwrap().from = "rev-2".into();
    assert_eq!(world.outcome().0, "failed");
}

#[test]
fn the_rollbacks_own_completed_is_not_success() {
    let phase = Phase::RollingBack { failed: "dep-2".into(), since: at(59) };
    let world = World::running(1).candidate(2).quarantined(2).on_its_way(2, phase);
    assert_eq!(world.plan().action, Action::Recover { failed: "dep-2".into() });
    let still = world.deployed(1, DeploymentState::InProgress);
    assert_eq!(still.outcome().0, "rolling_back");
}

#[test]
fn a_service_without_the_breakers_rollback_is_put_back_by_us() {
    let phase = Phase::RollingBack { failed: "dep-2".into(), since: at(55) };
    let world = rolling(DeploymentState::Failed).quarantined(2).on_its_way(2, phase);
    assert_eq!(world.clone().at(57).outcome().0, "rolling_back");
    assert_eq!(world.at(59).outcome(), ("drift", Some(image(1))));
}

#[test]
fn a_stack_update_in_the_middle_is_not_taken_for_a_failure() {
    let mut world = World::running(1).candidate(2).on_its_way(2, deploying(2));
    world.seen.service.revision = "rev-from-template".into();
    world.seen.service.deployments[0].id = "dep-stack".into();
    assert_eq!(world.outcome(), ("drift", Some(image(2))));
}

#[test]
fn a_forced_deployment_of_the_same_images_is_adopted() {
    let mut world = rolling(DeploymentState::InProgress);
    world.seen.service.deployments[0].id = "dep-forced".into();
    let action = world.plan().action;
    assert_eq!(action, Action::Adopt { revision: "rev-2".into(), deployment: "dep-forced".into() });
}

#[test]
fn a_claim_whose_update_went_through_is_adopted() {
    let world = World::running(1).candidate(2).on_its_way(2, Phase::Claimed { start: None });
    let world = world.deployed(2, DeploymentState::InProgress);
    assert_eq!(world.outcome().0, "adopted");
}

#[test]
fn a_deployment_that_reports_nothing_is_overdue_after_its_deadline() {
    let world = rolling(DeploymentState::InProgress);
    assert_eq!(world.clone().at(80).outcome().0, "in_flight");
    assert_eq!(world.at(81).outcome().0, "overdue");
}

#[test]
fn the_first_image_that_fails_has_nothing_to_go_back_to() {
    let mut world = World::empty().candidate(2).on_its_way(2, deploying(2)).deployed(2, DeploymentState::Failed);
    world.seen.service.desired = 2;
    let Action::Fail { quarantine, recover } = world.plan().action else { panic!("not a failure") };
    assert_eq!((quarantine.len(), recover), (1, None));
}

#[test]
fn the_task_before_the_roll_decides_by_its_exit_code() {
    let phase = Phase::Before { revision: "rev-2".into(), task: "task-1".into(), start: Some(2) };
    let mut world = World::running(1).candidate(2).on_its_way(2, phase);
    let command = vec!["migrate".to_owned()];
    world.policy.rollout.before = Some(Before { container: "api".into(), command, deadline_minutes: 15 });
    let task = world.clone().with_tasks(2, 1).seen.tasks.remove(0);
    let ended =
        |code: i32| StoppedTask { code: None, reason: None, containers: vec![("api".into(), Some(code), None)] };

    assert_eq!(world.outcome().0, "failed");
    world.seen.before = Some(task.clone());
    assert_eq!(world.clone().at(65).outcome().0, "awaiting_task");
    assert_eq!(world.clone().at(66).outcome().0, "overdue");
    world.seen.before = Some(Task { stopped: Some(ended(0)), ..task.clone() });
    assert_eq!(world.plan().action, Action::Update { revision: "rev-2".into(), start: Some(2) });
    world.seen.before = Some(Task { stopped: Some(ended(3)), ..task });
    assert_eq!(world.plan().reason.to_string(), "task-1 failed: container api exited with code 3");
}
