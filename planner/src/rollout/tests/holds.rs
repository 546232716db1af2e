//! The release that a rollback restores is held: newer images wait, and nothing else does.

use super::fixtures::*;
use crate::model::DeploymentState;
use crate::rollout::request::{Environment, Retry, Rollback, Unfreeze};
use crate::rollout::*;

fn rollback(by: &str, hold_until: Option<i64>) -> Rollback {
    let (by, environment) = (by.to_owned(), Environment::Current);
    Rollback { by, reason: None, deployment: None, environment, hold_until: hold_until.map(at), asked_at: None }
}

fn hold(until: i64) -> Freeze {
    Freeze { until: at(until), by: "anna".into(), reason: None }
}

fn with_history() -> Scenario {
    let mut scenario = Scenario::running(3);
    scenario.record.releases.extend([release(2), release(1)]);
    scenario
}

/// Image 2 runs again since image 3 was rolled back, and is held until minute 180.
fn held() -> Scenario {
    let mut scenario = with_history().quarantined(3).deployed(2, DeploymentState::Completed);
    scenario.record.orders.insert(REPOSITORY.into(), Order { image: Some(image(3)), at: at(4) });
    scenario.record.add_release(release(2));
    scenario.record.held = Some(hold(180));
    scenario
}

fn roll_of(decision: Decision) -> Roll {
    match decision.action {
        Action::Roll(roll) => *roll,
        other => panic!("{other:?}: {}", decision.reason),
    }
}

#[test]
fn a_rollback_that_asks_for_it_holds_the_release_that_it_restores_in_the_same_write() {
    let decision = with_history().request(&Request::Rollback(rollback("anna", Some(180))));
    assert_eq!(outcome(&decision), ("rollback_requested", Some(image(2))));
    let said = decision.reason.to_string();
    let end = "; the restored release is held by anna until 2026-11-21 13:00 UTC: newer images wait";
    assert!(said.ends_with(end), "{said}");
    assert_eq!(roll_of(decision).held, Some(hold(180)));
    assert_eq!(roll_of(with_history().request(&Request::Rollback(rollback("anna", None)))).held, None);
}

#[test]
fn a_newer_image_waits_for_the_end_of_the_hold_and_is_rolled_out_then() {
    let pushed = held().candidate(4);
    assert_eq!(pushed.outcome(), ("held", None));
    let said = "v4 (040404040404) is waiting (hold): the running release is held by anna until 2026-11-21 13:00 UTC";
    assert_eq!(pushed.plan().reason.to_string(), said);
    assert_eq!(pushed.clone().at(179).outcome(), ("held", None));
    assert_eq!(pushed.at(180).outcome(), ("newer_image", Some(image(4))));
}

/// A stack update deploys another image, ECS or the automation rolls back, AWS replaces tasks: the hold is about releases.
#[test]
fn a_hold_stops_neither_rollbacks_nor_drift_corrections_nor_capacity() {
    let drifted = held().candidate(3).deployed(3, DeploymentState::Completed);
    assert_eq!(drifted.outcome(), ("drift", Some(image(2))), "the held release comes back");
    let failed = held().rolling_out(2, rolling_back(2, 55)).deployed(2, DeploymentState::Failed);
    assert!(!matches!(failed.plan().reason, Reason::Held { .. }), "{}", failed.plan().reason);
    assert_eq!(held().record.freeze(at(60)), None, "capacity and remedies ask for the freeze");
}

#[test]
fn the_next_request_of_a_person_ends_the_hold_and_an_alarms_remedy_does_not() {
    let mut scenario = held();
    scenario.record.releases.push(release(1));
    let scenario = scenario.at(100);
    assert_eq!(roll_of(scenario.request(&Request::Rollback(rollback("ben", None)))).held, None);
    let longer = Rollback { by: "anna".into(), ..rollback("ben", Some(240)) };
    assert_eq!(roll_of(scenario.request(&Request::Rollback(longer))).held, Some(hold(240)));
    let remedy =
        Rollback { asked_at: Some(at(99)), deployment: Some("dep-2".into()), ..rollback("alarm errors", None) };
    assert_eq!(roll_of(scenario.request(&Request::Rollback(remedy))).held, Some(hold(180)));
    let retry = Request::Retry(Retry { by: "ben".into(), images: images(4) });
    let rolled = roll_of(scenario.candidate(4).request(&retry));
    assert_eq!((rolled.held, rolled.rollout.images), (None, images(4)));
}

#[test]
fn a_hold_is_lifted_like_a_freeze_by_who_names_the_service() {
    let unfreeze = |named: bool| Unfreeze { by: "ben".into(), named };
    let record = held().record;
    let end = unfreeze(true).decide(&record).unwrap();
    assert_eq!((end.frozen, end.held, end.by.as_str()), (None, None, "ben"));
    assert_eq!(unfreeze(false).decide(&record), None, "the end of all freezes is no word about this release");
    let frozen = held().frozen_until(at(90)).record;
    assert_eq!(unfreeze(false).decide(&frozen).unwrap().held, Some(hold(180)));
    let freeze = request::Freeze { until: "2026-11-21T12:00:00Z".parse().unwrap(), by: "ben".into(), reason: None };
    assert_eq!(freeze.decide(&record, at(60)).unwrap().unwrap().held, Some(hold(180)), "both");
}

/// Who sends both must not have to send the hold again because ECS was faster.
#[test]
fn a_service_that_was_rolled_back_already_is_held_as_well() {
    let asked = Request::Rollback(rollback("anna", Some(180)));
    let note = |scenario: Scenario| {
        let decision = scenario.request(&asked);
        let Action::Note(noted) = decision.action else { panic!("{}", decision.reason) };
        let mut record = scenario.record;
        record.note(noted);
        (decision.reason.label(), record.held)
    };
    let going_back = with_history().candidate(4).quarantined(4).rolling_out(4, rolling_back(4, 59));
    let going_back = going_back.deployed(3, DeploymentState::InProgress);
    assert_eq!(note(going_back), ("rollback_in_progress", Some(hold(180))));
    let done = with_history().candidate(4).quarantined(4).at(84);
    assert_eq!(note(done), ("already_rolled_back", Some(hold(180))));
    let migration = with_history().candidate(4).with_pre_deploy_task().rolling_out(4, migrating(4));
    let Action::StopTask { held, .. } = migration.request(&asked).action else { panic!("the task goes on") };
    assert_eq!(held, Some(hold(180)));
}

#[test]
fn a_rollback_that_is_refused_or_fails_holds_nothing() {
    let mut first = Scenario::running(1);
    first.record.held = None;
    assert_eq!(first.request(&Request::Rollback(rollback("anna", Some(180)))).action, Action::Keep);
    let mut record = held().rolling_out(2, deploying(2)).record;
    record.rollout.as_mut().unwrap().cause = Cause::Rollback { by: "anna".into(), reason: None };
    let mut abandoned = record.clone();
    record.fail(FailedRollout::default(), at(60));
    assert_eq!(record.held, None, "a fixed image is not kept waiting");
    abandoned.abandon("rev-1");
    assert_eq!((abandoned.held, abandoned.rollout), (None, None));
}
