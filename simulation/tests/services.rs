//! The functions find every service that they call in the model.

// What cannot be set up fails the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::rc::Rc;

use jiff::SignedDuration;
use simulation::account::Account;
use simulation::engine::Engine;
use simulation::journal::{Entry, What};
use simulation::weather::Weather;
use simulation::world::behaviour::Behaviour;
use simulation::world::ecr::{self, Push, Shape};
use simulation::world::image::Findings;

#[test]
fn functions_meet_every_service_that_they_call() {
    let account = Rc::new(Account::huskit(&[("FirstDeploy", "false")]));
    let start = "2026-11-02T09:00:00Z".parse().expect("a time");
    let mut engine = Engine::new(account, Weather::CALM, start, 1);
    engine.pass(SignedDuration::from_mins(10));
    for (repository, shape) in [("huskit/website-agent", Shape::MultiArch), ("huskit/crawler", Shape::Single)] {
        let tags = &["latest", "3f2c1d9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e"];
        let push = Push { repository, tags, behaviour: Behaviour::Good, shape, findings: Findings::new() };
        engine.change(|_, cx| ecr::push(&push, cx));
    }
    engine.change(|world, cx| world.budgets.spend("huskit-monthly", 480.0, cx));
    engine.change(|world, cx| world.budgets.refresh("huskit-monthly", cx));
    engine.pass(SignedDuration::from_hours(2));
    let failed = |entry: &&Entry| matches!(entry.what, What::Ends { result: Err(_), .. });
    let failed: Vec<String> = engine.journal.iter().filter(failed).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let serving = engine.world.ecs.serving("huskit-prod", "website-agent");
    assert!(serving.healthy >= 2 && !engine.world.sns.messages.is_empty(), "{serving:?}");
}
