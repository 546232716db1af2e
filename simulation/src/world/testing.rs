//! A world without functions, for the tests of its services.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Cx, Out, Wake, World};
use crate::account::Account;
use crate::rng::Rng;
use crate::weather::Weather;

/// The world, its time, and what follows from its changes.
pub(super) struct Bench {
    pub(super) world: World,
    pub(super) now: Timestamp,
    pub(super) weather: Weather,
    /// Events that were sent.
    pub(super) events: Vec<Value>,
    /// Messages of services: topic, subject and text.
    pub(super) published: Vec<(String, String, String)>,
    rng: Rng,
    wakes: Vec<(Timestamp, Wake)>,
}

impl Bench {
    /// The account as it is after the first deploys, at `2026-11-02T09:00:00Z`.
    pub(super) fn new() -> Bench {
        Bench {
            world: World::new(Rc::new(Account::huskit(&[("FirstDeploy", "false")]))),
            now: "2026-11-02T09:00:00Z".parse().expect("a time"),
            weather: Weather::OVER,
            events: Vec::new(),
            published: Vec::new(),
            rng: Rng::seeded(1),
            wakes: Vec::new(),
        }
    }

    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut World, &mut Cx<'_>) -> T) -> T {
        let mut out = Out::default();
        let mut cx = Cx { now: self.now, rng: &mut self.rng, weather: &self.weather, out: &mut out };
        let result = change(&mut self.world, &mut cx);
        self.wakes.extend(out.wakes);
        self.events.extend(out.events.into_iter().map(|event| event.body));
        self.published.extend(out.published);
        result
    }

    /// Goes on, with everything that is due.
    pub(super) fn pass(&mut self, span: SignedDuration) {
        let end = self.now + span;
        while let Some(next) = self.wakes.iter().map(|(at, _)| *at).filter(|at| *at <= end).min() {
            let place = self.wakes.iter().position(|(at, _)| *at == next).expect("a wake");
            let (at, wake) = self.wakes.remove(place);
            self.now = self.now.max(at);
            self.change(|world, cx| world.wake(wake, cx));
        }
        self.now = end;
    }
}

#[test]
fn functions_meet_every_service_that_they_call() {
    use super::behaviour::Behaviour;
    use super::ecr::{self, Findings, Push, Shape};
    let account = Rc::new(Account::huskit(&[("FirstDeploy", "false")]));
    let start = "2026-11-02T09:00:00Z".parse().expect("a time");
    let mut engine = crate::engine::Engine::new(account, Weather::CALM, start, 1);
    engine.pass(SignedDuration::from_mins(10));
    for (repository, shape) in [("huskit/website-agent", Shape::MultiArch), ("huskit/crawler", Shape::Single)] {
        let tags = &["latest", "3f2c1d9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e"];
        let push = Push { repository, tags, behaviour: Behaviour::Good, shape, findings: Findings::new() };
        engine.change(|world, cx| ecr::push(world, &push, cx));
    }
    engine.change(|world, cx| super::budgets::spend(world, "huskit-monthly", 480.0, cx));
    engine.change(|world, cx| super::budgets::refresh(world, "huskit-monthly", cx));
    engine.pass(SignedDuration::from_hours(2));
    let failed =
        |entry: &&crate::journal::Entry| matches!(entry.what, crate::journal::What::Ends { result: Err(_), .. });
    let failed: Vec<String> = engine.journal.iter().filter(failed).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let sight = super::load::look(&engine.world, "huskit-prod/website-agent").expect("a service");
    assert!(sight.serving >= 2 && !engine.world.sns.messages.is_empty(), "{sight:?}");
}
