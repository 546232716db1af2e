use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

#[test]
fn a_newer_image_is_rolled() {
    assert_eq!(Scenario::running(1).candidate(2).outcome(), ("newer_image", Some(image(2))));
}

#[test]
fn the_running_image_is_kept() {
    assert_eq!(Scenario::running(1).outcome(), ("up_to_date", None));
}

#[test]
fn the_first_image_starts_the_service_at_its_baseline() {
    let decision = Scenario::empty().candidate(1).plan();
    assert_eq!(outcome(&decision), ("first_start", Some(image(1))));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    assert_eq!(roll.initial_tasks, Some(2));
}

#[test]
fn an_empty_repository_is_not_an_error() {
    assert_eq!(Scenario::empty().outcome(), ("no_image", None));
}

#[test]
fn a_service_scaled_to_zero_gets_its_image_and_stays_at_zero() {
    let mut scenario = Scenario::running(1).candidate(2);
    scenario.observed.service.desired = 0;
    let decision = scenario.plan();
    assert_eq!(outcome(&decision), ("newer_image", Some(image(2))));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    assert_eq!(roll.initial_tasks, None);
}

#[test]
fn a_digest_in_quarantine_is_refused() {
    assert_eq!(Scenario::running(1).candidate(2).quarantined(2).outcome(), ("quarantined", None));
}

#[test]
fn a_freeze_holds_the_newest_and_its_end_releases_it() {
    let scenario = Scenario::running(1).candidate(2).frozen_until(at(90));
    assert_eq!(scenario.outcome(), ("frozen", None));
    assert_eq!(scenario.candidate(3).at(90).outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn drift_is_corrected() {
    let mut scenario = Scenario::running(2);
    scenario.record.releases.push(release(1));
    let scenario = scenario.deployed(1, DeploymentState::Completed);
    assert_eq!(scenario.outcome(), ("drift", Some(image(2))));
    let mut stuck = scenario.clone();
    stuck.record.stuck_at = Some("rev-1".into());
    assert_eq!(stuck.outcome(), ("stuck", None));
    assert_eq!(scenario.frozen_until(at(90)).outcome(), ("frozen", None));
}

#[test]
fn a_newer_image_deployed_manually_is_not_downgraded() {
    let scenario = Scenario::running(1).deployed(5, DeploymentState::Completed);
    assert_eq!(scenario.outcome(), ("up_to_date", None));
    assert_eq!(scenario.candidate(6).outcome(), ("newer_image", Some(image(6))));
}

#[test]
fn a_newer_push_replaces_the_rollout_in_progress() {
    let scenario =
        Scenario::running(1).rolling_out(2, deploying(2)).deployed(2, DeploymentState::InProgress).candidate(3);
    assert_eq!(scenario.outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn a_claim_excludes_other_invocations_until_its_lease_expires() {
    let claimed = Scenario::running(1).candidate(2).rolling_out(2, Phase::Claimed { initial_tasks: None });
    assert_eq!(claimed.clone().at(51).outcome(), ("claimed_elsewhere", None));
    assert_eq!(claimed.clone().at(52).outcome(), ("resumed", Some(image(2))));
    assert_eq!(claimed.candidate(3).at(52).outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn the_scan_gate_waits_then_decides() {
    let gated = |scan: ScanState, unscanned: Unscanned| {
        let mut scenario = Scenario::running(1);
        let max = BTreeMap::from([("critical".to_owned(), 0), ("high".to_owned(), 2)]);
        scenario.rollout.scan = Some(ScanGate { wait_minutes: 10, max, unscanned });
        scenario.observed.candidates.insert(REPOSITORY.into(), Some(Image { scan, ..image(40) }));
        scenario
    };
    let found = |severity: &str, n: u32| ScanState::Complete(BTreeMap::from([(severity.to_owned(), n)]));
    let label = |scenario: Scenario| scenario.outcome().0;
    assert_eq!(label(gated(ScanState::Pending, Unscanned::Refuse).at(49)), "awaiting_scan");
    assert_eq!(label(gated(ScanState::Missing, Unscanned::Refuse).at(50)), "scan_refused");
    assert_eq!(label(gated(ScanState::Missing, Unscanned::Accept).at(50)), "newer_image");
    assert_eq!(label(gated(ScanState::Failed("UnsupportedImage".into()), Unscanned::Refuse).at(41)), "scan_refused");
    assert_eq!(label(gated(found("critical", 1), Unscanned::Accept).at(41)), "scan_refused");
    // A result that cannot be read is not a missing one.
    let unread = ScanState::Unknown("throttled".into());
    assert_eq!(label(gated(unread, Unscanned::Accept).at(50)), "scan_refused");
    assert_eq!(label(gated(found("high", 2), Unscanned::Refuse).at(41)), "newer_image");
    assert_eq!(label(gated(found("low", 99), Unscanned::Refuse).at(41)), "newer_image");
}

#[test]
fn a_first_start_waits_for_every_repository() {
    let mut scenario = Scenario::empty().candidate(1);
    let sidecar = ImagePolicy { repository: "acme/sidecar".into(), ..scenario.images[0].clone() };
    scenario.images.push(sidecar);
    scenario.observed.candidates.insert("acme/sidecar".into(), None);
    scenario.observed.running.insert("acme/sidecar".into(), RunningImage::Absent);
    assert_eq!(scenario.outcome(), ("no_image", None));
    scenario.observed.candidates.insert("acme/sidecar".into(), Some(image(2)));
    let decision = scenario.plan();
    let Action::Roll(roll) = decision.action else { panic!("not a roll: {}", decision.reason) };
    assert_eq!(roll.rollout.images.len(), 2);
}

proptest! {
    /// Without a request, no image in quarantine is rolled out, whatever was rolled out is what the tag names or the
    /// current release; and once it runs, the decision is to keep it.
    #[test]
    fn rolls_what_the_tag_names_and_converges(runs in 1u8..20, candidate in 1u8..20, quarantined in prop::collection::vec(1u8..20, 0..4), drifted in prop::option::of(1u8..20)) {
        let mut scenario = Scenario::running(runs).candidate(candidate);
        for n in quarantined.iter().filter(|n| **n != runs) {
            scenario = scenario.quarantined(*n);
        }
        if let Some(n) = drifted {
            scenario = scenario.deployed(n, DeploymentState::Completed);
        }
        let decision = scenario.plan();
        if let Action::Roll(roll) = &decision.action {
            let image = &roll.rollout.images[REPOSITORY];
            prop_assert!(!scenario.record.is_quarantined(REPOSITORY, &image.digest));
            let back_to_verified = image.digest == scenario.record.current().unwrap().images[REPOSITORY].digest;
            prop_assert!(back_to_verified || image.digest == super::fixtures::image(candidate).digest);
            let mut done = scenario.clone();
            done.observed.running.insert(REPOSITORY.into(), RunningImage::Known(image.clone()));
            done.record.orders.extend(roll.orders.clone());
            done.record.add_release(Release { images: roll.rollout.images.clone(), ..release(runs) });
            prop_assert_eq!(done.plan().action, Action::Keep);
        }
    }
}
