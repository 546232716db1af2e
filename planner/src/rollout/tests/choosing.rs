use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

#[test]
fn a_newer_image_is_rolled() {
    assert_eq!(World::running(1).candidate(2).outcome(), ("newer_image", Some(image(2))));
}

#[test]
fn what_runs_is_kept() {
    assert_eq!(World::running(1).outcome(), ("up_to_date", None));
}

#[test]
fn the_first_image_starts_the_service_at_its_baseline() {
    let decision = World::empty().candidate(1).plan();
    assert_eq!(outcome(&decision), ("first_start", Some(image(1))));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    assert_eq!(roll.start, Some(2));
}

#[test]
fn an_empty_repository_is_not_an_error() {
    assert_eq!(World::empty().outcome(), ("no_image", None));
}

#[test]
fn a_service_that_sleeps_gets_its_image_and_stays_asleep() {
    let mut world = World::running(1).candidate(2);
    world.seen.service.desired = 0;
    let decision = world.plan();
    assert_eq!(outcome(&decision), ("newer_image", Some(image(2))));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    assert_eq!(roll.start, None);
}

#[test]
fn an_older_push_that_arrives_late_is_ignored() {
    assert_eq!(World::running(3).candidate(2).outcome(), ("older", None));
}

#[test]
fn a_digest_in_quarantine_is_refused() {
    assert_eq!(World::running(1).candidate(2).quarantined(2).outcome(), ("quarantined", None));
}

#[test]
fn what_a_rollback_stepped_over_does_not_come_back() {
    // Image 2 was pushed between 1, which runs, and 3, which failed.
    assert_eq!(World::running(1).candidate(2).quarantined(3).outcome(), ("older", None));
    assert_eq!(World::running(1).candidate(4).quarantined(3).outcome(), ("newer_image", Some(image(4))));
}

#[test]
fn a_freeze_holds_the_newest_and_its_end_releases_it() {
    let world = World::running(1).candidate(2).frozen_until(at(90));
    assert_eq!(world.outcome(), ("frozen", None));
    assert_eq!(world.candidate(3).at(90).outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn another_image_from_outside_is_rolled_forward_again() {
    let mut world = World::running(2);
    world.record.releases.push(release(1));
    let world = world.deployed(1, DeploymentState::Completed);
    assert_eq!(world.outcome(), ("drift", Some(image(2))));
    let mut stuck = world.clone();
    stuck.record.stuck_at = Some("rev-1".into());
    assert_eq!(stuck.outcome(), ("stuck", None));
    assert_eq!(world.frozen_until(at(90)).outcome(), ("frozen", None));
}

#[test]
fn a_newer_image_deployed_by_hand_is_not_downgraded() {
    let world = World::running(1).deployed(5, DeploymentState::Completed);
    assert_eq!(world.clone().candidate(3).outcome(), ("older", None));
    assert_eq!(world.candidate(6).outcome(), ("newer_image", Some(image(6))));
}

#[test]
fn a_newer_push_replaces_one_that_is_on_its_way() {
    let world = World::running(1).on_its_way(2, deploying(2)).deployed(2, DeploymentState::InProgress).candidate(3);
    assert_eq!(world.outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn a_claim_keeps_others_away_until_its_lease_ends() {
    let claimed = World::running(1).candidate(2).on_its_way(2, Phase::Claimed { start: None });
    assert_eq!(claimed.clone().at(51).outcome(), ("claimed_elsewhere", None));
    assert_eq!(claimed.clone().at(52).outcome(), ("resumed", Some(image(2))));
    assert_eq!(claimed.candidate(3).at(52).outcome(), ("newer_image", Some(image(3))));
}

#[test]
fn the_scan_gate_waits_then_judges() {
    let gated = |scan: ScanState, unscanned: Unscanned| {
        let mut world = World::running(1);
        let max = BTreeMap::from([("critical".to_owned(), 0), ("high".to_owned(), 2)]);
        world.policy.rollout.scan = Some(ScanGate { wait_minutes: 10, max, unscanned });
        world.seen.candidates.insert(REPOSITORY.into(), Some(Image { scan, ..image(40) }));
        world
    };
    let found = |severity: &str, n: u32| ScanState::Complete(BTreeMap::from([(severity.to_owned(), n)]));
    let label = |world: World| world.outcome().0;
    assert_eq!(label(gated(ScanState::Pending, Unscanned::Refuse).at(49)), "awaiting_scan");
    assert_eq!(label(gated(ScanState::Missing, Unscanned::Refuse).at(50)), "scan_refused");
    assert_eq!(label(gated(ScanState::Missing, Unscanned::Accept).at(50)), "newer_image");
    assert_eq!(label(gated(ScanState::Failed("UnsupportedImage".into()), Unscanned::Refuse).at(41)), "scan_refused");
    assert_eq!(label(gated(found("critical", 1), Unscanned::Accept).at(41)), "scan_refused");
    assert_eq!(label(gated(found("high", 2), Unscanned::Refuse).at(41)), "newer_image");
    assert_eq!(label(gated(found("low", 99), Unscanned::Refuse).at(41)), "newer_image");
}

#[test]
fn a_first_start_waits_for_every_repository() {
    let mut world = World::empty().candidate(1);
    let sidecar = ImagePolicy { repository: "acme/sidecar".into(), ..world.policy.images[0].clone() };
    world.policy.images.push(sidecar);
    world.seen.candidates.insert("acme/sidecar".into(), None);
    world.seen.running.insert("acme/sidecar".into(), Running::Unknown);
    assert_eq!(world.outcome(), ("no_image", None));
    world.seen.candidates.insert("acme/sidecar".into(), Some(image(2)));
    let decision = world.plan();
    let Action::Roll(roll) = decision.action else { panic!("not a roll: {}", decision.reason) };
    assert_eq!(roll.rollout.images.len(), 2);
}

proptest! {
    /// Whatever was pushed, refused and released, in whatever order it is looked at: what gets rolled unasked is newer
    /// than everything that ever ran or failed, and once it runs the answer is to keep it.
    #[test]
    fn never_rolls_backwards_and_comes_to_rest(runs in 1u8..20, candidate in 1u8..20, quarantined in prop::collection::vec(1u8..20, 0..4), drifted in prop::option::of(1u8..20)) {
        let mut world = World::running(runs).candidate(candidate);
        for n in quarantined.iter().filter(|n| **n != runs) {
            world = world.quarantined(*n);
        }
        if let Some(n) = drifted {
            world = world.deployed(n, DeploymentState::Completed);
        }
        let decision = world.plan();
        if let Action::Roll(roll) = &decision.action {
            let image = &roll.rollout.images[REPOSITORY];
            prop_assert!(!world.record.is_quarantined(REPOSITORY, &image.digest));
            let back_to_verified = image.digest == world.record.current().unwrap().images[REPOSITORY].digest;
            let newest = world.record.quarantine.iter().map(|q| q.image.pushed_at).chain([super::fixtures::image(runs).pushed_at]).max().unwrap();
            prop_assert!(back_to_verified || image.pushed_at > newest);
            let mut done = world.clone();
            done.seen.running.insert(REPOSITORY.into(), Running::Image(image.clone()));
            done.record.add_release(Release { images: roll.rollout.images.clone(), ..release(runs) });
            prop_assert_eq!(done.plan().action, Action::Keep);
        }
    }
}
