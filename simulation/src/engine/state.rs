//! The engine: what it knows of a run, and what happens when something is due.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::clock::Queue;
use super::crash::Crash;
use super::pending::{Call, Delivered, Invocation, Origin};
use super::port::Clock;
use super::process::Process;
use crate::account::{Account, Target};
use crate::journal::{Entry, What};
use crate::rng::Rng;
use crate::weather::Weather;
use crate::weather::rates::Rates;
use crate::world::{Cx, Out, Wake, World};

/// Something that is due at its time.
pub(super) enum Due {
    /// A call reaches AWS.
    Arrives(Box<Call>),
    /// An answer reaches the function that waits for it.
    Answered { invocation: u64, answer: Delivered },
    /// A sleep of a function is over.
    Slept { invocation: u64, done: futures_channel::oneshot::Sender<()> },
    /// AWS does what it had planned for this time.
    World(Wake),
    /// An event, a message or a schedule reaches its target.
    Delivered { target: Target, payload: Value },
    /// An asynchronous invocation begins, or is tried again.
    Invoke { function: &'static str, payload: Value, origin: Origin },
    /// A queue may have something for its function.
    Poll { queue: usize },
    /// An invocation has no more time.
    TimeOut { invocation: u64 },
    /// A schedule fires.
    Schedule { number: usize, at: Timestamp },
    /// Something that the caller of the engine wants done.
    Act(Act),
}

/// Something that happens to the world at its time: what a person does, a deploy, a change of weather.
pub type Act = Box<dyn FnOnce(&mut Engine)>;

/// A run.
pub struct Engine {
    /// AWS.
    pub world: World,
    /// What goes wrong now.
    pub weather: Weather,
    /// How often the account may call.
    pub rates: Rates,
    /// Services that ECS refuses to update.
    pub refused_updates: BTreeSet<String>,
    /// What ends an invocation, once.
    pub crash: Option<Crash>,
    /// Actions that a policy above the functions' own denies.
    pub denied: BTreeSet<String>,
    /// Services of AWS that answer with errors.
    pub down: BTreeSet<&'static str>,
    /// The most bytes that a process has held on the heap, as far as they are counted.
    pub most_heap: i64,
    /// What happened.
    pub journal: Vec<Entry>,
    /// How often each fault was met that no call shows.
    pub faults: BTreeMap<&'static str, u64>,
    /// What happens next.
    pub(super) due: Queue<Due>,
    pub(super) rng: Rng,
    pub(super) now: Timestamp,
    /// The same, for processes.
    pub(super) clock: Clock,
    pub(super) account: Rc<Account>,
    pub(super) invocations: BTreeMap<u64, Invocation>,
    /// Processes without an invocation, by function.
    pub(super) idle: BTreeMap<&'static str, Vec<Process>>,
    pub(super) invoked: u64,
}

impl Engine {
    /// The account right after its deploy at `start`, with every choice from `seed`.
    pub fn new(account: Rc<Account>, weather: Weather, start: Timestamp, seed: u64) -> Engine {
        // The SDK draws its jitter and its tokens from this thread's source.
        fastrand::seed(seed);
        let mut engine = Engine {
            world: World::new(Rc::clone(&account)),
            weather,
            rates: Rates::default(),
            refused_updates: BTreeSet::new(),
            crash: None,
            denied: BTreeSet::new(),
            down: BTreeSet::new(),
            most_heap: 0,
            journal: Vec::new(),
            faults: BTreeMap::new(),
            due: Queue::default(),
            rng: Rng::seeded(seed),
            now: start,
            clock: Clock::default(),
            account,
            invocations: BTreeMap::new(),
            idle: BTreeMap::new(),
            invoked: 0,
        };
        engine.begin_schedules();
        engine.change(World::begin);
        engine
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What is deployed.
    pub fn account(&self) -> &Rc<Account> {
        &self.account
    }

    /// Chance, for who acts on the world.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Does something at a time.
    pub fn at(&mut self, at: Timestamp, act: impl FnOnce(&mut Engine) + 'static) {
        self.due.push(at.max(self.now), Due::Act(Box::new(act)));
    }

    /// Goes on until `end`; `after` is called after everything that happens.
    ///
    /// # Errors
    /// What `after` says: the run ends there.
    pub fn run<E>(&mut self, end: Timestamp, mut after: impl FnMut(&mut Engine) -> Result<(), E>) -> Result<(), E> {
        while let Some((at, due)) = self.due.pop_until(end) {
            self.now = self.now.max(at);
            self.clock.set(self.now);
            self.step(due);
            after(self)?;
        }
        self.now = end;
        Ok(())
    }

    /// Goes on for a time span.
    pub fn pass(&mut self, span: SignedDuration) {
        let end = self.now + span;
        let never: Result<(), std::convert::Infallible> = self.run(end, |_| Ok(()));
        let Ok(()) = never;
    }

    fn step(&mut self, due: Due) {
        match due {
            Due::Arrives(call) => self.arrive(*call),
            Due::Answered { invocation, answer } => self.answer(invocation, answer),
            Due::Slept { invocation, done } => {
                if done.send(()).is_ok() {
                    self.poll(invocation);
                }
            }
            Due::World(wake) => self.change(|world, cx| world.wake(wake, cx)),
            Due::Delivered { target, payload } => self.delivered(target, payload),
            Due::Invoke { function, payload, origin } => self.invoke(function, payload, origin),
            Due::Poll { queue } => self.poll_queue(queue),
            Due::TimeOut { invocation } => self.end(invocation, Err(("Sandbox.Timedout".into(), "timed out".into()))),
            Due::Schedule { number, at } => self.fire(number, at),
            Due::Act(act) => act(self),
        }
    }

    /// Changes the world, and does what follows.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut World, &mut Cx<'_>) -> T) -> T {
        let mut out = Out::default();
        let mut cx = Cx { now: self.now, rng: &mut self.rng, weather: &self.weather, out: &mut out };
        let result = change(&mut self.world, &mut cx);
        for (at, wake) in out.wakes {
            self.due.push(at, Due::World(wake));
        }
        for fault in out.faults {
            *self.faults.entry(fault).or_default() += 1;
        }
        for note in out.notes {
            self.note(note);
        }
        for event in out.events {
            self.route(&event);
        }
        for queue in out.queued {
            self.due.push(self.now, Due::Poll { queue });
        }
        for (topic, subject, text) in out.published {
            self.publish(&topic, &subject, &text);
        }
        result
    }

    pub(super) fn note(&mut self, what: What) {
        self.journal.push(Entry { at: self.now, what });
    }

    /// Does something go wrong that does so at this rate?
    pub(super) fn goes_wrong(&mut self, rate: f64, fault: &'static str) -> bool {
        let wrong = self.rng.chance(rate);
        if wrong {
            *self.faults.entry(fault).or_default() += 1;
        }
        wrong
    }
}
