//! The move of a tag is the order.

use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

/// The decision, recorded as apply does: what a rollout or a note leaves in the record.
fn recorded(mut scenario: Scenario, decision: &Decision) -> Scenario {
    match &decision.action {
        Action::Note(noted) => scenario.record.note(noted.clone()),
        Action::Roll(roll) => {
            scenario.record.orders.extend(roll.orders.clone());
            let images = roll.rollout.images.clone();
            let n = images[REPOSITORY].tag.as_ref().unwrap()[1..].parse().unwrap();
            scenario.record.add_release(release(n));
            scenario = scenario.deployed(n, DeploymentState::Completed);
        }
        other => panic!("{other:?}"),
    }
    scenario
}

/// The service has rolled these images one after the other, as the tag moved.
fn rolled(images: &[u8]) -> Scenario {
    let mut scenario = Scenario::running(images[0]);
    for n in &images[1..] {
        scenario = scenario.candidate(*n);
        let decision = scenario.plan();
        assert_eq!(outcome(&decision), ("newer_image", Some(image(*n))));
        scenario = recorded(scenario, &decision);
        scenario.now += jiff::SignedDuration::from_mins(10);
    }
    scenario
}

fn follow(scenario: &mut Scenario, tag: TagPolicy) {
    scenario.images[0].tag = tag;
}

fn tagged(n: u8, tag: &str) -> Image {
    Image { tag: Some(tag.into()), ..image(n) }
}

#[test]
fn a_tag_moved_back_to_an_older_image_is_rolled_whatever_its_push_time() {
    let scenario = rolled(&[1, 2]).candidate(1);
    assert_eq!(scenario.outcome(), ("newer_image", Some(image(1))));
    assert_eq!(rolled(&[1, 2, 1, 2]).outcome(), ("up_to_date", None));
}

#[test]
fn a_late_event_cannot_undo_the_last_move_because_the_tag_is_read_now() {
    let mut scenario = rolled(&[1, 2]);
    // The event of the push of image 1 arrives; the tag names image 2.
    scenario.observed.pushed = Some(Pushed { key: REPOSITORY.into(), image: image(2), at: Some(at(1)) });
    assert_eq!(scenario.outcome(), ("up_to_date", None));
}

#[test]
fn an_answer_from_before_the_last_order_is_not_rolled_unless_a_push_since_says_so() {
    let mut scenario = rolled(&[1, 2]).candidate(1);
    let ordered = scenario.record.orders[REPOSITORY].at;
    scenario.now = ordered + jiff::SignedDuration::from_secs(30);
    assert_eq!(scenario.outcome(), ("tag_settles", None));
    let earlier = ordered - jiff::SignedDuration::from_secs(20);
    scenario.observed.pushed = Some(Pushed { key: REPOSITORY.into(), image: image(1), at: Some(earlier) });
    assert_eq!(scenario.outcome(), ("tag_settles", None));
    let later = ordered + jiff::SignedDuration::from_secs(20);
    scenario.observed.pushed = Some(Pushed { key: REPOSITORY.into(), image: image(1), at: Some(later) });
    assert_eq!(scenario.outcome(), ("newer_image", Some(image(1))));
    scenario.observed.pushed = None;
    scenario.now = ordered + jiff::SignedDuration::from_mins(2);
    assert_eq!(scenario.outcome(), ("newer_image", Some(image(1))));
}

#[test]
fn a_push_in_the_second_of_the_last_order_does_not_wait() {
    let mut scenario = rolled(&[1, 2]);
    let ordered = scenario.record.orders[REPOSITORY].at + jiff::SignedDuration::from_millis(400);
    scenario.record.orders.get_mut(REPOSITORY).unwrap().at = ordered;
    let pushed = Image { pushed_at: ordered - jiff::SignedDuration::from_millis(400), ..image(3) };
    scenario.observed.candidates.insert(REPOSITORY.into(), Some(pushed.clone()));
    scenario.now = ordered + jiff::SignedDuration::from_secs(1);
    assert_eq!(scenario.outcome(), ("newer_image", Some(pushed)));
}

#[test]
fn a_tag_moved_to_an_image_in_quarantine_is_refused_once_and_stays_refused() {
    let scenario = rolled(&[1, 2]).quarantined(1).candidate(1);
    let decision = scenario.plan();
    assert!(matches!(decision.action, Action::Note(_)), "{decision:?}");
    assert_eq!(decision.reason.label(), "quarantined");
    let scenario = recorded(scenario, &decision);
    let again = scenario.plan();
    assert_eq!((&again.action, again.reason.label()), (&Action::Keep, "quarantined"));
    // Away and back again is another order.
    let decision = scenario.clone().candidate(2).at(150).plan();
    assert_eq!((decision.action.label(), decision.reason.label()), ("note", "up_to_date"));
    let scenario = recorded(scenario, &decision).candidate(1).at(200);
    assert_eq!(scenario.plan().action.label(), "note");
}

#[test]
fn an_image_that_waits_for_a_freeze_is_not_forgotten_and_a_tag_moved_back_takes_it_along() {
    let frozen = rolled(&[1, 2]).candidate(3).frozen_until(at(200));
    assert_eq!(frozen.outcome(), ("frozen", None));
    assert_eq!(frozen.clone().at(200).outcome(), ("newer_image", Some(image(3))));
    assert_eq!(frozen.candidate(2).at(200).outcome(), ("up_to_date", None));
}

#[test]
fn a_version_wins_by_its_number_also_when_it_was_pushed_earlier() {
    let mut scenario = Scenario::running(9);
    follow(&mut scenario, TagPolicy::Semver(">=1".parse().unwrap()));
    let mut ordered = release(9);
    ordered.images.insert(REPOSITORY.into(), tagged(9, "v1.10.1"));
    scenario.record.releases = vec![ordered];
    scenario.observed.candidates.insert(REPOSITORY.into(), Some(tagged(5, "v1.11.0")));
    assert_eq!(scenario.outcome(), ("newer_image", Some(tagged(5, "v1.11.0"))));
}

#[test]
fn a_version_that_is_left_over_when_a_tag_is_deleted_is_no_order_and_is_announced_once() {
    let mut scenario = Scenario::running(9);
    follow(&mut scenario, TagPolicy::Semver(">=1".parse().unwrap()));
    let ordered = Order { image: Some(tagged(9, "v1.11.0")), at: at(10) };
    scenario.record.orders.insert(REPOSITORY.into(), ordered);
    scenario.observed.candidates.insert(REPOSITORY.into(), Some(tagged(5, "v1.10.1")));
    let decision = scenario.plan();
    assert_eq!((decision.action.label(), decision.reason.label()), ("note", "older"));
    assert_eq!(recorded(scenario.clone(), &decision).outcome(), ("up_to_date", None));
    // The same version, pushed since, is.
    scenario.observed.candidates.insert(REPOSITORY.into(), Some(tagged(20, "v1.10.2")));
    assert_eq!(scenario.outcome(), ("newer_image", Some(tagged(20, "v1.10.2"))));
}

#[test]
fn a_tag_of_a_glob_that_moved_to_an_older_image_is_an_order_too() {
    let mut scenario = Scenario::running(9);
    follow(&mut scenario, TagPolicy::Glob("release-*".into()));
    let ordered = Order { image: Some(tagged(9, "release-1")), at: at(10) };
    scenario.record.orders.insert(REPOSITORY.into(), ordered);
    scenario.observed.candidates.insert(REPOSITORY.into(), Some(tagged(5, "release-1")));
    assert_eq!(scenario.outcome(), ("newer_image", Some(tagged(5, "release-1"))));
    scenario.observed.candidates.insert(REPOSITORY.into(), Some(tagged(5, "release-0")));
    assert_eq!(scenario.plan().reason.label(), "older");
}

#[test]
fn a_push_that_the_policy_passes_over_is_announced_with_its_reason() {
    let mut scenario = Scenario::running(9);
    follow(&mut scenario, TagPolicy::Glob("release-*".into()));
    scenario.observed.pushed = Some(Pushed { key: REPOSITORY.into(), image: tagged(5, "release-5"), at: None });
    let decision = scenario.plan();
    assert_eq!(outcome(&decision), ("passed_over", None));
    let shown = decision.reason.to_string();
    assert!(shown.contains("release-5 (050505050505)") && shown.contains("release-* selects v9"), "{shown}");
}

#[test]
fn a_retry_of_a_named_image_is_not_replaced_by_what_the_tag_names() {
    let scenario = rolled(&[1, 2]).candidate(3);
    let retry = request::Retry { by: "anna".into(), images: images(1) };
    let decision = scenario.request(&Request::Retry(retry));
    assert_eq!(outcome(&decision), ("retry_requested", Some(image(1))));
    let scenario = recorded(scenario, &decision).at(200);
    assert_eq!(scenario.outcome(), ("up_to_date", None));
    assert_eq!(scenario.candidate(4).outcome(), ("newer_image", Some(image(4))));
}

#[test]
fn every_repository_says_why_its_image_is_held() {
    let mut scenario = Scenario::running(1).candidate(2).frozen_until(at(90));
    scenario.images.push(ImagePolicy { repository: "acme/sidecar".into(), ..scenario.images[0].clone() });
    let images = &mut scenario.record.releases[0].images;
    images.insert("acme/sidecar".into(), image(5));
    scenario.observed.running.insert("acme/sidecar".into(), RunningImage::Known(image(5)));
    scenario.observed.unread.insert("acme/sidecar".into(), "denied".into());
    let decision = scenario.plan();
    let shown = decision.reason.to_string();
    assert!(shown.contains("frozen by anna") && shown.contains("acme/sidecar is unknown: denied"), "{shown}");
    assert_eq!(decision.reason.each().len(), 2);
}

#[test]
fn an_image_whose_rollout_failed_without_its_fault_stays_ordered() {
    let scenario = Scenario::running(1).candidate(2);
    let Action::Roll(roll) = scenario.plan().action else { panic!("not a roll") };
    let mut failed = scenario.rolling_out(2, deploying(2));
    failed.record.orders = roll.orders;
    failed.record.fail(FailedRollout::default(), at(60));
    assert_eq!(failed.outcome(), ("newer_image", Some(image(2))));
    assert_eq!(failed.candidate(1).plan().action.label(), "note");
}
