//! Requests, freezes, faults of AWS and what people do by hand, at a bad moment.
use jiff::SignedDuration;

use super::fixtures::*;
use crate::model::*;
use crate::rollout::request::{Environment, Retry, Rollback};
use crate::rollout::*;

fn rollback() -> Request {
    let (by, environment) = ("anna".into(), Environment::Current);
    Request::Rollback(Rollback { by, reason: None, deployment: None, environment, hold_until: None, asked_at: None })
}

/// A rollback of image 3 to image 2 that Fargate had no capacity for.
fn rolled_back_without_capacity() -> Scenario {
    let mut scenario = Scenario::running(3);
    scenario.record.releases.push(release(2));
    scenario.record.orders.insert(REPOSITORY.into(), Order { image: Some(image(3)), at: at(3) });
    let Action::Roll(roll) = scenario.request(&rollback()).action else { panic!("not rolled") };
    for entry in roll.quarantine {
        scenario.record.add_quarantine(entry);
    }
    scenario.record.rollout = Some(Rollout { phase: deploying(2), ..roll.rollout });
    let reason = "Capacity is unavailable at this time. Please try again later";
    let mut failed = scenario.deployed(2, DeploymentState::Failed).with_stopped("TaskFailedToStart", reason, 3);
    let Action::Fail(end) = failed.plan().action else { panic!("not failed") };
    failed.record.fail(end, failed.now);
    failed
}

/// ECS has rolled back to image 3.
fn undone() -> Scenario {
    let mut back = rolled_back_without_capacity().deployed(3, DeploymentState::Completed).at(65);
    back.observed.stopped_tasks.clear();
    let Action::Recover { .. } = back.plan().action else { panic!("not recovered: {}", back.plan().reason) };
    back.record.rollout = None;
    back
}

/// All new tasks run, which was noted; an old one is protected from scale-in, so that the deployment is in progress past its
/// deadline.
fn waits_for_a_protected_task() -> Scenario {
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    let mut scenario = scenario.deployed(2, DeploymentState::InProgress).with_tasks(2, 2).at(95);
    let Action::Note(noted) = scenario.plan().action else { panic!("not noted") };
    scenario.record.note(noted);
    assert_eq!((scenario.outcome().0, scenario.plan().action), ("overdue", Action::Keep));
    scenario
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html>
#[test]
fn a_deployment_that_waits_for_protected_tasks_is_not_rolled_back_when_tasks_are_missing_for_a_moment() {
    let overdue = |change: fn(&mut Scenario)| {
        let mut scenario = waits_for_a_protected_task();
        change(&mut scenario);
        let in_time = scenario.clone().at(125).plan();
        let label = in_time.reason.label();
        assert_eq!((label, in_time.action), ("overdue", Action::Keep), "they have a deadline of their own");
        let late = scenario.at(126).plan().action;
        assert!(matches!(late, Action::Fail(_)), "{late:?}");
    };
    overdue(|scenario| scenario.observed.service.desired = 3);
    overdue(|scenario| scenario.observed.service.deployments[0].running = 1);
    overdue(|scenario| {
        *scenario = scenario.clone().with_stopped("SpotInterruption", "Your Spot Task was interrupted.", 1);
        scenario.observed.service.deployments[0].running = 1;
    });
}

#[test]
fn an_image_that_another_superseded_before_it_was_verified_is_no_release() {
    let mut first = Scenario::empty().candidate(1);
    let Action::Roll(roll) = first.plan().action else { panic!("not rolled") };
    assert_eq!(roll.rollout.cause, Cause::FirstStart);
    first.record.orders.extend(roll.orders);
    first.record.rollout = Some(Rollout { phase: deploying(1), ..roll.rollout });
    // Its tasks crash; a minute later the fix is pushed.
    first.observed.service.desired = 2;
    let mut fixed = first.deployed(1, DeploymentState::InProgress).candidate(61).at(62);
    let Action::Roll(roll) = fixed.plan().action else { panic!("not rolled: {}", fixed.plan().reason) };
    fixed.record.orders.extend(roll.orders);
    fixed.record.rollout = Some(Rollout { phase: deploying(61), ..roll.rollout });
    let mut done = fixed.deployed(61, DeploymentState::Completed).with_tasks(61, 2);
    let Action::Complete { releases, .. } = done.plan().action else { panic!("not verified") };
    done.record.complete(releases);
    assert_eq!(outcome(&done.request(&rollback())), ("no_earlier_release", None));
}

#[test]
fn an_image_that_the_environment_kept_from_starting_is_no_release() {
    let mut first = Scenario::empty().candidate(1);
    let Action::Roll(roll) = first.plan().action else { panic!("not rolled") };
    first.record.orders.extend(roll.orders);
    first.record.rollout = Some(Rollout { phase: deploying(1), ..roll.rollout });
    first.observed.service.desired = 2;
    let reason = "ResourceInitializationError: unable to pull secrets or registry auth: no such secret";
    let mut failed = first.deployed(1, DeploymentState::Failed).with_stopped("TaskFailedToStart", reason, 3);
    let Action::Fail(end) = failed.plan().action else { panic!("not failed") };
    failed.record.fail(end, failed.now);
    let mut fixed = failed.candidate(2).at(70);
    fixed.observed.stopped_tasks.clear();
    let Action::Roll(roll) = fixed.plan().action else { panic!("not rolled: {}", fixed.plan().reason) };
    fixed.record.orders.extend(roll.orders);
    fixed.record.rollout = Some(Rollout { phase: deploying(2), ..roll.rollout });
    let mut done = fixed.deployed(2, DeploymentState::Completed).with_tasks(2, 2);
    let Action::Complete { releases, .. } = done.plan().action else { panic!("not verified") };
    done.record.complete(releases);
    done.now = at(70) + SignedDuration::from_hours(2);
    assert_eq!(outcome(&done.request(&rollback())), ("no_earlier_release", None));
}

#[test]
fn a_rollback_that_the_environment_prevented_is_tried_again_as_its_message_says() {
    let mut back = undone();
    let until = back.record.postponed.as_ref().unwrap().until;
    assert_eq!(back.outcome().1, None, "{}", back.plan().reason);
    back.now = until;
    assert_eq!(back.outcome(), ("rollback_requested", Some(image(2))));
    // What is pushed meanwhile is rolled out instead.
    assert_eq!(back.candidate(58).outcome(), ("newer_image", Some(image(58))));
}

#[test]
fn a_rollback_also_ends_the_deployment_that_goes_on_beside_the_pre_deploy_task() {
    let mut scenario = Scenario::running(1).candidate(2).with_pre_deploy_task().rolling_out(2, deploying(2));
    scenario = scenario.deployed(2, DeploymentState::InProgress).candidate(58);
    let Action::Roll(roll) = scenario.plan().action else { panic!("not rolled") };
    scenario.record.orders.extend(roll.orders);
    scenario.record.rollout = Some(Rollout { phase: migrating(58), ..roll.rollout });
    // Image 2 errs under traffic: an engineer rolls back.
    let decision = scenario.request(&rollback());
    let Action::Roll(roll) = decision.action else { panic!("{}", decision.reason) };
    assert_eq!((roll.rollout.images.clone(), roll.stop), (images(1), Some("task-58".into())));
    let bad: Vec<&Image> = roll.quarantine.iter().map(|entry| &entry.image).collect();
    assert_eq!(bad, [&image(58), &image(2)]);
}

#[test]
fn a_migration_that_succeeded_is_not_forgotten_during_a_freeze() {
    let started = Scenario::running(1).candidate(2).with_pre_deploy_task().rolling_out(2, migrating(2));
    let mut frozen = started.frozen_until(at(300));
    let end = StoppedTask { containers: vec![("api".into(), Some(0), None)], ..StoppedTask::default() };
    let task = frozen.clone().with_tasks(2, 1).observed.running_tasks.remove(0);
    frozen.observed.pre_deploy_task = Some(Task { stopped: Some(end), status: "STOPPED".into(), ..task });
    let Action::Note(noted) = frozen.clone().at(60).plan().action else { panic!("not noted") };
    frozen.record.note(noted);
    assert_eq!((frozen.clone().at(60).outcome().0, frozen.plan().action), ("frozen", Action::Keep));
    // ECS lists a stopped task for about an hour.
    frozen.observed.pre_deploy_task = None;
    let later = frozen.clone().at(130).plan();
    assert_eq!(later.action, Action::Keep, "{}", later.reason);
    let mut after = frozen;
    after.record.frozen = None;
    assert_eq!(after.at(301).outcome().0, "pre_deploy_task_succeeded");
}

#[test]
fn a_retry_starts_no_second_pre_deploy_task_beside_one_that_may_run() {
    let claimed = Scenario::running(1).candidate(2).with_pre_deploy_task();
    let claimed = claimed.rolling_out(2, Phase::Claimed { initial_tasks: None }).quarantined(5);
    // The process ended between RunTask and its record: a push waits.
    assert_eq!(claimed.clone().candidate(3).outcome().1, Some(image(2)));
    let retry = Request::Retry(Retry { by: "anna".into(), images: images(5) });
    assert_ne!(outcome(&claimed.request(&retry)).1, Some(image(5)));
}

#[test]
fn no_image_in_quarantine_is_rolled_back_to() {
    // The first image failed and is in quarantine; no release is known. The second fails as well.
    let mut scenario = Scenario::empty().candidate(1).deployed(1, DeploymentState::Failed).quarantined(1).candidate(2);
    scenario.observed.service.desired = 2;
    scenario.record.orders.insert(REPOSITORY.into(), Order { image: Some(image(1)), at: at(1) });
    let Action::Roll(roll) = scenario.plan().action else { panic!("not rolled: {}", scenario.plan().reason) };
    scenario.record.orders.extend(roll.orders);
    scenario.record.rollout = Some(Rollout { phase: deploying(2), ..roll.rollout });
    let mut failed = scenario.deployed(2, DeploymentState::Failed).with_stopped(
        "EssentialContainerExited",
        "Essential container in task exited",
        3,
    );
    let Action::Fail(end) = failed.plan().action else { panic!("not failed") };
    failed.record.fail(end, failed.now);
    let later = failed.at(70);
    assert_ne!(later.outcome().1, Some(image(1)), "{}", later.plan().reason);
}

#[test]
fn what_the_environment_prevented_waits_also_when_the_rollback_failed_too() {
    let mut scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    scenario = scenario
        .deployed(2, DeploymentState::InProgress)
        .with_stopped("TaskFailedToStart", "CannotPullContainerError: i/o timeout", 3)
        .at(81);
    scenario.observed.service.deployments[0].running = 0;
    let Action::Fail(end) = scenario.plan().action else { panic!("not failed") };
    scenario.record.fail(end, scenario.now);
    let Action::Roll(roll) = scenario.plan().action else { panic!("no rollback: {}", scenario.plan().reason) };
    assert!(matches!(roll.rollout.cause, Cause::AutomaticRollback { .. }));
    scenario.record.rollout = Some(Rollout {
        phase: Phase::Deploying { revision: "rev-9".into(), deployment: "dep-9".into(), since: at(81) },
        ..roll.rollout
    });
    scenario = scenario.deployed(1, DeploymentState::InProgress).at(112);
    let primary = &mut scenario.observed.service.deployments[0];
    (primary.id, primary.revision, primary.running) = ("dep-9".into(), "rev-9".into(), 0);
    scenario.observed.service.revision = "rev-9".into();
    // The second failure: the hold-down is 15 min from at(81), so make the attempts many.
    scenario.record.postponed.as_mut().unwrap().until = at(81) + SignedDuration::from_hours(12);
    let Action::Abandon { .. } = scenario.plan().action else { panic!("{}", scenario.plan().reason) };
    scenario.record.abandon("rev-9");
    assert_eq!(scenario.outcome().1, None, "{}", scenario.plan().reason);
}

#[test]
fn a_restart_whose_deployment_ecs_lists_has_begun() {
    let mut scenario = Scenario::running(1);
    scenario.record.orders.insert(REPOSITORY.into(), Order { image: Some(image(1)), at: at(1) });
    scenario.record.restart = Some(Restart {
        by: "anna".into(),
        reason: None,
        cause: None,
        at: at(60),
        resumed: 0,
        replaces: "dep-1".into(),
        deployment: None,
        remedy: false,
        result: None,
    });
    // The process ended after UpdateService; the next look comes 31 minutes later.
    let mut later = scenario.at(91);
    let primary = &mut later.observed.service.deployments[0];
    (primary.id, primary.created_at) = ("dep-7".into(), at(60) + SignedDuration::from_secs(1));
    let decision = later.plan();
    assert_eq!(decision.action, Action::ConfirmRestart { deployment: "dep-7".into() }, "{}", decision.reason);
}

#[test]
fn a_service_that_is_down_after_a_rollback_that_found_no_capacity_is_started_again() {
    // ECS goes back to image 3, for which there is no capacity either.
    let mut down = rolled_back_without_capacity().deployed(3, DeploymentState::Failed).at(65);
    let Action::Abandon { .. } = down.plan().action else { panic!("{}", down.plan().reason) };
    down.record.abandon("rev-3");
    down.observed.service.running = 0;
    down.observed.service.deployments[0].running = 0;
    assert_eq!(down.clone().at(74).outcome().1, None);
    assert_eq!(down.at(75).outcome(), ("rollback_requested", Some(image(2))));
}

#[test]
fn a_hold_requested_with_a_rollback_during_a_pre_deploy_task_does_not_hold_the_bad_image() {
    let mut scenario = Scenario::running(1).candidate(2).with_pre_deploy_task().rolling_out(2, deploying(2));
    scenario = scenario.deployed(2, DeploymentState::InProgress).candidate(58);
    let Action::Roll(roll) = scenario.plan().action else { panic!("not rolled") };
    scenario.record.rollout = Some(Rollout { phase: migrating(58), ..roll.rollout });
    let (by, environment) = ("anna".into(), Environment::Current);
    let back = Rollback { by, reason: None, deployment: None, environment, hold_until: Some(at(600)), asked_at: None };
    let decision = scenario.request(&Request::Rollback(back));
    assert!(matches!(decision.action, Action::Roll(_)), "{}", decision.reason);
}

#[test]
fn a_rollback_that_failed_for_want_of_capacity_can_be_requested_again() {
    let again = undone().at(70).request(&rollback());
    assert_eq!(outcome(&again).1, Some(image(2)), "{}", again.reason);
}

/// Under a freeze: the task has ended, and its image would be rolled out after it.
#[test]
fn a_rollback_ends_a_rollout_whose_pre_deploy_task_has_succeeded() {
    let mut frozen = Scenario::running(1).candidate(2).with_pre_deploy_task().rolling_out(2, migrating(2));
    frozen.record.rollout.as_mut().unwrap().migrated = true;
    let Action::Roll(roll) = frozen.frozen_until(at(300)).request(&rollback()).action else {
        panic!("not rolled back")
    };
    assert_eq!((roll.rollout.images, &roll.quarantine[0].image), (images(1), &image(2)));
}

#[test]
fn what_a_person_deploys_is_the_release_also_while_a_newer_image_waits_for_its_environment() {
    let mut scenario = Scenario::running(2);
    scenario.record.releases.push(release(1));
    let mut scenario = scenario.candidate(40).deployed(1, DeploymentState::Completed);
    scenario.observed.pinned = true;
    scenario.observed.service.deployments[0].id = "dep-by-hand".into();
    let (reason, cause) = ("no secret".into(), Some(Cause::Push));
    let revision = scenario.observed.service.revision.clone();
    let (since, until) = (at(58), at(75));
    let postponed = Postponed { images: images(40), revision, cause, copies: None, reason, attempts: 1, since, until };
    scenario.record.postponed = Some(postponed);
    // Its order is open again since it failed.
    scenario.record.orders.insert(REPOSITORY.into(), Order { image: None, at: at(50) });
    let Action::Note(noted) = scenario.plan().action else { panic!("{}", scenario.plan().reason) };
    assert_eq!(noted.release.as_ref().unwrap().images, images(1));
    scenario.record.note(noted);
    assert_eq!(scenario.outcome().0, "postponed");
}

/// In the console: Update service, the revision of the release before, while the new one is still being deployed.
#[test]
fn an_earlier_release_that_a_person_deploys_during_a_deployment_is_not_undone() {
    let scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    let mut scenario =
        scenario.with_history(2, ServiceDeploymentStatus::Stopped).deployed(1, DeploymentState::InProgress);
    scenario.observed.pinned = true;
    let primary = &mut scenario.observed.service.deployments[0];
    (primary.id, primary.created_at) = ("dep-by-hand".into(), at(59));
    assert_eq!((scenario.outcome().0, scenario.plan().action), ("in_flight", Action::Keep));
    let mut done = scenario.clone();
    done.observed.service.deployments[0].state = DeploymentState::Completed;
    let Action::Note(noted) = done.plan().action else { panic!("not noted") };
    assert_eq!(done.outcome().0, "deployed_by_hand");
    done.record.note(noted);
    assert_eq!((&done.record.rollout, done.record.current().unwrap().deployment.as_str()), (&None, "dep-by-hand"));
    assert_eq!((done.outcome().0, done.plan().action), ("up_to_date", Action::Keep), "{}", done.plan().reason);
    // ECS's own rollback is none by hand, and neither is a revision of a stack or a move to another provider.
    let other = |change: fn(&mut Scenario)| {
        let mut scenario = scenario.clone();
        change(&mut scenario);
        assert_ne!(scenario.outcome().0, "deployed_by_hand");
        assert_ne!(scenario.plan().action, Action::Keep);
    };
    other(|scenario| scenario.observed.history[0].status = ServiceDeploymentStatus::RolledBack);
    other(|scenario| scenario.observed.pinned = false);
    other(|scenario| scenario.observed.moved_at = Some(at(59)));
}
