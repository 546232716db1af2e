//! A world without functions, for the tests of its services.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::wake::Wake;
use super::{Cx, Out, World};
use crate::account::Account;
use crate::rng::Rng;
use crate::weather::Weather;

/// The cluster of the templates.
pub(super) const CLUSTER: &str = "huskit-prod";

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

    /// Has a service of the templates run for a while, with so many tasks.
    pub(super) fn settle(&mut self, service: &str, desired: i64) {
        self.change(|world, cx| world.settle(CLUSTER, service, desired, cx));
    }

    /// Lets time pass, with everything that is due.
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
