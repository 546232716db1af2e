use super::fixtures::*;
use crate::model::*;
use crate::rollout::request::{Environment, Freeze, Retry, Rollback, Unfreeze};
use crate::rollout::*;

fn rollback() -> Request {
    let (by, reason) = ("anna".into(), Some("checkout broken".into()));
    Request::Rollback(Rollback { by, reason, ..plain() })
}

/// A rollback with nothing beside who asks.
fn plain() -> Rollback {
    let (by, environment) = ("anna".into(), Environment::Current);
    Rollback { by, reason: None, deployment: None, environment, hold_until: None, asked_at: None }
}

fn retry(n: Option<u8>) -> Request {
    Request::Retry(Retry { by: "anna".into(), images: n.map(images).unwrap_or_default() })
}

fn with_history() -> Scenario {
    let mut scenario = Scenario::running(3);
    scenario.record.releases.extend([release(2), release(1)]);
    scenario
}

#[test]
fn rollback_returns_to_the_previous_release_and_quarantines_the_current_one() {
    let decision = with_history().request(&rollback());
    assert_eq!(outcome(&decision), ("rollback_requested", Some(image(2))));
    assert!(decision.reason.to_string().starts_with("rollback requested by anna: checkout broken"));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    assert_eq!(roll.quarantine[0].image, image(3));
}

#[test]
fn what_was_rolled_back_from_does_not_go_on_when_the_rollback_fails_before_it_is_deployed() {
    let mut back =
        Scenario::running(1).candidate(2).rolling_out(2, deploying(2)).deployed(2, DeploymentState::InProgress);
    let Action::Roll(roll) = back.request(&rollback()).action else { panic!("not rolled back") };
    back.record.rollout = Some(roll.rollout);
    back.record.fail(FailedRollout::default(), back.now);
    assert_eq!(back.record.rollout, None);
}

/// The environment kept it from being rolled back, and a person wants it after all.
#[test]
fn a_retry_of_a_running_image_in_quarantine_makes_it_a_release_again() {
    let scenario = Scenario::running(3).candidate(3).quarantined(3);
    let Action::Roll(roll) = scenario.request(&retry(None)).action else { panic!("not rolled") };
    assert_eq!((roll.rollout.images, roll.unquarantine.len()), (images(3), 1));
}

#[test]
fn rollback_skips_releases_in_quarantine() {
    let later = with_history().quarantined(2).at(85);
    assert_eq!(outcome(&later.request(&rollback())), ("rollback_requested", Some(image(1))));
}

#[test]
fn rollback_skips_releases_that_ecr_no_longer_has() {
    let mut scenario = with_history();
    scenario.observed.deleted = vec![image(2).digest];
    assert_eq!(outcome(&scenario.request(&rollback())), ("rollback_requested", Some(image(1))));
    scenario.observed.deleted.push(image(1).digest);
    assert_eq!(outcome(&scenario.request(&rollback())), ("no_earlier_release", None));
}

#[test]
fn rollback_takes_todays_environment_unless_the_releases_is_asked_for() {
    let revision = |environment: Environment| {
        let rollback = Rollback { environment, ..plain() };
        let Action::Roll(roll) = with_history().request(&Request::Rollback(rollback)).action else {
            panic!("not a roll")
        };
        roll.rollout.revision
    };
    assert_eq!(revision(Environment::Current), None);
    assert_eq!(revision(Environment::Release), Some("rev-2".into()));
}

#[test]
fn rollback_aborts_the_rollout_in_progress() {
    let scenario = with_history().candidate(4).rolling_out(4, deploying(4)).deployed(4, DeploymentState::InProgress);
    let decision = scenario.request(&rollback());
    assert_eq!(outcome(&decision), ("rollback_requested", Some(image(3))));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    assert_eq!(roll.quarantine[0].image, image(4));
}

#[test]
fn rollback_delivered_twice_is_carried_out_once() {
    let mut scenario = with_history().rolling_out(2, deploying(2)).deployed(2, DeploymentState::InProgress);
    scenario.record.rollout.as_mut().unwrap().cause = Cause::Rollback { by: "anna".into(), reason: None };
    assert_eq!(outcome(&scenario.request(&rollback())), ("rollback_in_progress", None));
}

#[test]
fn rollback_while_ecs_rolls_back_does_not_go_one_release_further() {
    let scenario = with_history().candidate(4).quarantined(4).rolling_out(4, rolling_back(4, 59));
    assert_eq!(
        outcome(&scenario.deployed(3, DeploymentState::InProgress).request(&rollback())).0,
        "rollback_in_progress"
    );
    for cause in [Cause::FailedWake, Cause::AutomaticRollback { failed: "dep-3".into() }] {
        let mut begun = with_history().rolling_out(2, deploying(2)).deployed(2, DeploymentState::InProgress);
        begun.record.rollout.as_mut().unwrap().cause = cause;
        assert_eq!(outcome(&begun.request(&rollback())), ("rollback_in_progress", None));
    }
}

#[test]
fn rollback_just_after_one_goes_a_release_further_only_when_it_names_the_deployment() {
    // Image 4 failed at minute 55, and image 3 runs again.
    let rolled_back = |m: i64| with_history().candidate(4).quarantined(4).at(m);
    let decision = rolled_back(84).request(&rollback());
    assert_eq!(outcome(&decision), ("already_rolled_back", None));
    assert!(decision.reason.to_string().ends_with("name its deployment dep-3"), "{}", decision.reason);
    assert_eq!(outcome(&rolled_back(84).request(&rollback_of("dep-3"))), ("rollback_requested", Some(image(2))));
    assert_eq!(outcome(&rolled_back(85).request(&rollback())), ("rollback_requested", Some(image(2))), "long ago");
    let mut fixed = rolled_back(84);
    fixed.record.releases[0].started_at = at(56);
    assert_eq!(outcome(&fixed.request(&rollback())), ("rollback_requested", Some(image(2))), "of a later release");
    // The message about a rollback that failed asks for this one.
    for broken in
        [rolled_back(84).deployed(3, DeploymentState::Failed), rolled_back(84).deployed(4, DeploymentState::Failed)]
    {
        assert_eq!(outcome(&broken.request(&rollback())).0, "rollback_requested");
    }
    // The environment prevented image 4.
    let mut prevented = with_history().candidate(4).at(84);
    prevented.record.postponed = Some(Postponed {
        cause: Some(Cause::Push),
        copies: None,
        images: images(4),
        revision: "rev-3".into(),
        reason: "CannotPullContainerError".into(),
        attempts: 1,
        since: at(55),
        until: at(90),
    });
    assert_eq!(outcome(&prevented.request(&rollback())), ("already_rolled_back", None));
}

#[test]
fn rollback_of_the_first_rollout_that_the_ledger_knows_returns_to_the_images_before_it() {
    let mut scenario = Scenario::running(1).candidate(2).rolling_out(2, deploying(2));
    scenario.record.releases.clear();
    let decision = scenario.deployed(2, DeploymentState::InProgress).request(&rollback());
    assert_eq!(outcome(&decision), ("rollback_requested", Some(image(1))));
}

#[test]
fn rollback_during_the_pre_deploy_task_stops_the_task() {
    let scenario = with_history().candidate(4).with_pre_deploy_task().rolling_out(4, migrating(4));
    let decision = scenario.request(&rollback());
    let reason = "rollback requested by anna".to_owned();
    assert_eq!(decision.action, Action::StopTask { task: "task-4".into(), reason, held: None });
    assert_eq!(outcome(&scenario.request(&retry(Some(2)))).0, "awaiting_pre_deploy_task", "one task at a time");
}

#[test]
fn rollback_without_an_earlier_release_is_refused() {
    assert_eq!(outcome(&Scenario::running(1).request(&rollback())), ("no_earlier_release", None));
    assert_eq!(outcome(&Scenario::empty().request(&rollback())), ("no_earlier_release", None));
}

#[test]
fn rollback_is_allowed_during_a_freeze() {
    assert_eq!(outcome(&with_history().frozen_until(at(90)).request(&rollback())).0, "rollback_requested");
}

#[test]
fn retry_takes_its_image_out_of_quarantine() {
    let scenario = Scenario::running(1).candidate(2).quarantined(2);
    let decision = scenario.request(&retry(None));
    assert_eq!(outcome(&decision), ("retry_requested", Some(image(2))));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    assert_eq!(roll.unquarantine, [(REPOSITORY.to_owned(), image(2).digest)]);
}

#[test]
fn retry_may_name_an_older_image_and_it_stays() {
    let mut scenario = Scenario::running(3);
    let decision = scenario.request(&retry(Some(1)));
    assert_eq!(outcome(&decision), ("retry_requested", Some(image(1))));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    scenario.record.orders = roll.orders;
    scenario = scenario.deployed(1, DeploymentState::Completed);
    scenario.record.add_release(release(1));
    assert_eq!(scenario.candidate(3).outcome(), ("up_to_date", None));
}

#[test]
fn retry_does_not_break_a_freeze() {
    let scenario = Scenario::running(1).candidate(2).quarantined(2).frozen_until(at(90));
    assert_eq!(outcome(&scenario.request(&retry(None))), ("frozen", None));
}

#[test]
fn retry_of_the_running_image_changes_nothing() {
    assert_eq!(outcome(&Scenario::running(1).request(&retry(None))), ("up_to_date", None));
}

fn rollback_of(deployment: &str) -> Request {
    let (by, deployment) = ("alarm errors".into(), Some(deployment.into()));
    Request::Rollback(Rollback { by, deployment, ..plain() })
}

#[test]
fn rollback_of_a_deployment_that_is_not_current_is_refused() {
    let current = with_history().record.current().unwrap().deployment.clone();
    assert_eq!(outcome(&with_history().request(&rollback_of(&current))), ("rollback_requested", Some(image(2))));
    let refused = with_history().request(&rollback_of("ecs-svc/old"));
    assert_eq!(outcome(&refused), ("other_deployment", None));
    assert!(
        refused.reason.to_string().starts_with("deployment ecs-svc/old is not the current one"),
        "{}",
        refused.reason
    );
    let replaced = with_history().candidate(4).rolling_out(4, deploying(4)).deployed(4, DeploymentState::InProgress);
    assert_eq!(outcome(&replaced.request(&rollback_of(&current))), ("other_deployment", None));
    let mut begun = with_history().rolling_out(2, deploying(2)).deployed(2, DeploymentState::InProgress);
    begun.record.rollout.as_mut().unwrap().cause = Cause::Rollback { by: "alarm errors".into(), reason: None };
    let twice = outcome(&begun.request(&rollback_of(&current)));
    assert_eq!(twice, ("rollback_in_progress", None), "delivered twice");
}

#[test]
fn a_freeze_and_its_end_are_recorded_once() {
    let mut record = Scenario::running(1).record;
    let freeze = |until: &str| Freeze { until: until.parse().unwrap(), by: "anna".into(), reason: None };
    let unfreeze = Unfreeze { by: "bob".into(), named: true };
    assert_eq!(unfreeze.decide(&record), None);
    let change = freeze("2026-11-21T12:00:00Z").decide(&record, at(60)).unwrap().unwrap();
    assert_eq!((change.label(), change.frozen.as_ref().map(|frozen| frozen.until)), ("freeze", Some(at(120))));
    record.frozen = change.frozen;
    assert_eq!(freeze("2026-11-21T12:00:00Z").decide(&record, at(60)).unwrap(), None);
    assert!(freeze("3h").decide(&record, at(60)).unwrap().is_some(), "a longer one replaces it");
    assert!(freeze("2026-11-21T12:00:00Z").decide(&record, at(120)).is_err());
    let end = unfreeze.decide(&record).unwrap();
    assert_eq!((end.label(), end.frozen, end.by.as_str()), ("unfreeze", None, "bob"));
}
