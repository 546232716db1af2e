//! Images that no rollout of the automation brought: at the first look, and after a rollback by hand.

use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

/// The automation was just installed: the ledger is empty, the service runs image `n`.
fn installed_over(n: u8) -> Scenario {
    let mut scenario = Scenario::running(n);
    scenario.record = Record::default();
    scenario
}

fn noted(decision: Decision) -> (Noted, Reason) {
    match decision.action {
        Action::Note(noted) => (noted, decision.reason),
        other => panic!("{other:?}: {}", decision.reason),
    }
}

#[test]
fn the_first_look_at_a_running_service_rolls_nothing_and_records_its_first_release() {
    let mut scenario = installed_over(1).candidate(2);
    let (noted, reason) = noted(scenario.plan());
    assert_eq!(noted.release.as_ref().unwrap().images, images(1));
    assert!(reason.to_string().contains("v1 (010101010101) is recorded as the first release"), "{reason}");
    scenario.record.note(noted);
    assert_eq!(scenario.outcome(), ("up_to_date", None));
    let pushed = scenario.candidate(3).at(70);
    assert_eq!(pushed.outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn the_first_look_at_a_parked_service_does_not_start_it() {
    let mut scenario = installed_over(1).candidate(2);
    (scenario.observed.service.desired, scenario.observed.service.running) = (0, 0);
    let (noted, _) = noted(scenario.plan());
    assert_eq!(noted.release, None, "a service with a release is started by its baseline");
    scenario.record.note(noted);
    let Action::Roll(roll) = scenario.candidate(3).at(70).plan().action else { panic!("not rolled") };
    assert_eq!((roll.initial_tasks, &roll.rollout.cause), (None, &Cause::Push));
}

#[test]
fn a_parked_service_whose_image_is_deleted_or_unknown_is_not_started() {
    for running in [RunningImage::Deleted(image(1).digest), RunningImage::Unknown] {
        let mut scenario = Scenario::empty().candidate(2);
        scenario.observed.running.insert(REPOSITORY.into(), running);
        let (noted, _) = noted(scenario.plan());
        assert_eq!(noted.release, None);
        scenario.record.note(noted);
        assert_eq!(scenario.plan().action, Action::Keep);
    }
}

#[test]
fn a_push_after_the_first_look_is_rolled_also_when_a_deployment_was_in_progress_then() {
    let mut scenario = installed_over(1).deployed(1, DeploymentState::InProgress);
    scenario.observed.candidates.insert(REPOSITORY.into(), None);
    let (noted, _) = noted(scenario.plan());
    assert_eq!(noted.release, None, "it is not known whether it will work");
    scenario.record.note(noted);
    assert_eq!(scenario.candidate(2).outcome(), ("newer_image", Some(image(2))));
}

#[test]
fn a_repository_that_joins_the_fleet_is_adopted_as_it_is() {
    let mut scenario = Scenario::running(1);
    scenario.images.push(ImagePolicy { repository: "acme/sidecar".into(), ..scenario.images[0].clone() });
    scenario.observed.running.insert("acme/sidecar".into(), RunningImage::Known(image(5)));
    scenario.observed.candidates.insert("acme/sidecar".into(), Some(image(6)));
    let (noted, _) = noted(scenario.plan());
    scenario.record.note(noted);
    assert_eq!(scenario.plan().action, Action::Keep);
}

#[test]
fn nothing_is_adopted_while_ecr_cannot_be_read() {
    let mut scenario = installed_over(1);
    scenario.observed.candidates.clear();
    scenario.observed.unread.insert(REPOSITORY.into(), "denied".into());
    let decision = scenario.plan();
    assert_eq!((decision.action, decision.reason.label()), (Action::Keep, "unread"));
}

/// Release 1, then release 2, which the tag names; a person deploys the revision of release 1.
fn rolled_back_by_hand(state: DeploymentState) -> Scenario {
    let mut scenario = Scenario::running(2);
    scenario.record.releases.push(release(1));
    scenario = scenario.deployed(1, state);
    scenario.observed.pinned = true;
    scenario.observed.service.deployments[0].id = "dep-by-hand".into();
    scenario
}

#[test]
fn a_rollback_by_hand_is_adopted_and_said_and_what_it_replaced_does_not_come_back() {
    assert_eq!(rolled_back_by_hand(DeploymentState::InProgress).outcome(), ("in_flight", None));
    let mut scenario = rolled_back_by_hand(DeploymentState::Completed);
    let (noted, reason) = noted(scenario.plan());
    assert_eq!(reason.label(), "deployed_by_hand");
    assert!(
        reason.to_string().contains("rolled back to v1 (010101010101); v2 (020202020202) does not come back"),
        "{reason}"
    );
    scenario.record.note(noted);
    assert_eq!(scenario.record.current().unwrap().deployment, "dep-by-hand");
    assert_eq!(scenario.outcome(), ("up_to_date", None));
    assert_eq!(scenario.candidate(3).at(70).outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn a_push_wins_over_a_rollback_by_hand_that_is_not_complete() {
    let scenario = rolled_back_by_hand(DeploymentState::InProgress).candidate(3);
    assert_eq!(scenario.outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn a_stack_that_deploys_the_live_tag_is_drift_and_no_rollback_by_hand() {
    let mut scenario = rolled_back_by_hand(DeploymentState::Completed);
    scenario.observed.pinned = false;
    assert_eq!(scenario.outcome(), ("drift", Some(image(2))));
}

#[test]
fn a_deployment_of_the_automation_itself_is_no_rollback_by_hand() {
    // ECS names the deployment that it goes back to by its old id.
    let mut scenario = rolled_back_by_hand(DeploymentState::Completed);
    scenario.observed.service.deployments[0].id = "dep-1".into();
    assert_eq!(scenario.outcome(), ("drift", Some(image(2))));
}

#[test]
fn a_rollback_by_hand_that_failed_is_put_right() {
    assert_eq!(rolled_back_by_hand(DeploymentState::Failed).outcome(), ("drift", Some(image(2))));
}

#[test]
fn an_unread_image_is_neither_drift_nor_up_to_date_and_stops_no_verdict() {
    let unread = |digest: Option<Digest>| RunningImage::Unread { digest, error: "throttled".into() };
    let mut scenario = Scenario::running(1);
    scenario.observed.running.insert(REPOSITORY.into(), unread(None));
    assert_eq!(scenario.plan().reason.label(), "unread");
    scenario.observed.running.insert(REPOSITORY.into(), unread(Some(image(1).digest)));
    assert_eq!(scenario.outcome(), ("up_to_date", None));
    scenario.observed.unread.insert(REPOSITORY.into(), "throttled".into());
    scenario.observed.candidates.clear();
    assert_eq!(scenario.plan().reason.label(), "unread");
    let rollout = scenario.rolling_out(2, deploying(2)).deployed(2, DeploymentState::Completed).with_tasks(2, 2);
    assert_eq!(rollout.plan().reason.label(), "verified");
}
