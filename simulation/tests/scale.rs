//! Fleets of any size: what the document says of small ones, and how the work of a larger one is divided.

// What cannot be measured fails the test.
#![allow(clippy::unwrap_used)]

use jiff::SignedDuration;
use simulation::scale::table::{SMALL, quiet_row, scene_row};
use simulation::scale::{Scene, measure};

#[test]
fn the_document_says_what_small_fleets_take() {
    let document = std::fs::read_to_string(tests::root().join("docs/reference/scale.md")).unwrap();
    for size in SMALL {
        let scenes = [Scene::Morning, Scene::BaseImage, Scene::LostZone];
        let rows = scenes.into_iter().map(|scene| scene_row(scene, size, &measure(scene, size)));
        let rows = rows.chain([quiet_row(size, &measure(Scene::QuietTick, size))]);
        for row in rows {
            assert!(document.contains(&row), "`cargo xtask simulate --scale` writes it: {row}");
        }
    }
}

/// Twenty revisions at once and one a second: 60 take 40 s, and two of the burst are left to others.
#[test]
fn work_that_does_not_fit_is_handed_on_and_nothing_is_throttled() {
    let seen = measure(Scene::BaseImage, 60);
    let total = |of: fn(&simulation::scale::Work) -> u64| seen.total(of);
    assert_eq!(seen.error, None);
    assert_eq!((seen.services, total(|work| work.failed), total(|work| work.throttled)), (60, 0, 0));
    assert!(seen.updated.unwrap() < 40.0 + 2.0 + 2.0, "{:?}", seen.updated);
    assert!(total(|work| work.handed_on) >= 1, "{seen:?}");
    assert!(seen.longest() <= SignedDuration::from_secs(30), "{:?}", seen.longest());
}

/// Fifty updates at once and five a second: 110 take 12 s, and five of the burst are left to others.
#[test]
fn a_morning_of_a_large_fleet_keeps_to_the_rates_and_a_request_waits_for_no_sweep() {
    let seen = measure(Scene::Morning, 110);
    let total = |of: fn(&simulation::scale::Work) -> u64| seen.total(of);
    assert_eq!(seen.error, None);
    assert_eq!((seen.services, total(|work| work.failed), total(|work| work.throttled)), (110, 0, 0));
    assert!(seen.updated.unwrap() < (12.0 + 1.0) * 1.1, "{:?}", seen.updated);
    assert!(seen.waits.iter().all(|wait| wait.is_some_and(|wait| wait < 3.0)), "{:?}", seen.waits);
}
