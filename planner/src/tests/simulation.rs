//! One service in a small cloud, with a clock that passes in minutes: ECS, ECR, CloudWatch and Budgets as far as the
//! planners see them, the ledger, and the four functions as far as they are not I/O.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::policies::{Policies, REPOSITORY};
use crate::alarm::{
    self, AlarmLocation, AlarmPolicy, AlarmState, RemedyAction, RollbackAction, ScaleAction, StateChange,
};
use crate::budget::{self, Amount, BudgetPolicy, Notice, NoticeKind, Spend, SpendLookup, TimeUnit};
use crate::capacity::{self, Bounds, Deadlines, Observed, Scaling, SpotEvent, TaskCounts};
use crate::fleet::Fleet;
use crate::model::{Deployment, DeploymentState, Image, ScanState, Service, ServiceId, StoppedTask, Strategy, Task};
use crate::rollout::{self, Action, Phase, Release, Request, RunningImage};

mod functions;

const LIMIT: i64 = 50_000;
/// What a deployment takes, and what an image needs to show its errors.
const TAKES: SignedDuration = SignedDuration::from_mins(3);

/// What becomes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It runs.
    Good,
    /// Its tasks end as soon as they start.
    Fails,
    /// Its tasks run, and its service answers with errors.
    Errs,
}

/// What becomes known at its own moment, and is reported by an event that may be late or come twice.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The followed tag names another image.
    Push(Fate),
    /// So many percent of the budget are spent.
    Spent(i64),
    /// Too much load, or not any more.
    Load(AlarmState),
    /// Spot has no capacity.
    Shortage,
}

/// What reaches a function.
#[derive(Clone, Debug)]
enum Event {
    Push,
    Deployment,
    Notice(Notice),
    Alarm(usize, StateChange),
    Shortage,
}

/// What people would look at: tasks, bounds, where they run, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub desired: u32,
    pub bounds: Bounds,
    pub strategy: Strategy,
    pub image: u8,
}

/// How late each event is, and how late its copy if it has one; on time when there are none.
pub type Delays = Vec<(i64, Option<i64>)>;

pub struct Simulation {
    pub now: Timestamp,
    fleet: Fleet,
    alarms: [AlarmPolicy; 2],
    budget: BudgetPolicy,
    service: Service,
    bounds: Bounds,
    /// How many tasks scaling wants.
    load: u32,
    fates: Vec<Fate>,
    /// Number of the image whose tasks run, and of the last one whose deployment was complete.
    serving: Option<u8>,
    complete: u8,
    pushed: Vec<Timestamp>,
    /// Since when it answers with errors, and whether the alarm has noticed.
    erring: Option<(Timestamp, bool)>,
    percent: i64,
    deployments: u32,
    delays: VecDeque<(i64, Option<i64>)>,
    events: BTreeMap<(Timestamp, usize), Event>,
    sent: usize,
    capacity: capacity::Record,
    images: rollout::Record,
    spent: budget::Record,
    alarm_records: [alarm::Record; 2],
}

const CPU: usize = 0;
const ERRORS: usize = 1;

impl Simulation {
    /// A service that has run its first image for days, at rest.
    pub fn at_rest(now: Timestamp, load: u32, delays: &Delays) -> Simulation {
        let Policies { fleet, budget, alarms } = Policies::read().clone();
        let mut simulation = Simulation {
            now: now - SignedDuration::from_hours(30),
            alarms,
            budget,
            service: Service {
                id: ServiceId { cluster: "prod".into(), name: "web".into() },
                status: "ACTIVE".into(),
                desired: load,
                running: load,
                revision: "rev-0".into(),
                deployments: Vec::new(),
                strategy: Strategy::Spot { base: 0 },
                network: None,
                minimum_healthy_percent: 100,
                controller: "ECS".into(),
                events: Vec::new(),
            },
            bounds: Bounds { min: 2, max: 6, scaling: Scaling::Active },
            load,
            fates: vec![Fate::Good],
            serving: Some(0),
            complete: 0,
            pushed: vec![now - SignedDuration::from_hours(40)],
            erring: None,
            percent: 60,
            deployments: 0,
            delays: delays.iter().copied().collect(),
            events: BTreeMap::new(),
            sent: 0,
            capacity: capacity::Record::default(),
            images: rollout::Record::default(),
            spent: budget::Record::default(),
            alarm_records: Default::default(),
            fleet,
        };
        simulation.deploy(0);
        simulation.service.deployments[0].state = DeploymentState::Completed;
        let images = BTreeMap::from([(REPOSITORY.to_owned(), simulation.image(0))]);
        let (revision, deployment) = ("rev-0".to_owned(), simulation.service.deployments[0].id.clone());
        simulation.images.add_release(Release {
            images,
            revision,
            deployment,
            started_at: simulation.now,
            at: simulation.now,
        });
        simulation.tick();
        simulation.now = now;
        simulation.tick();
        simulation.advance();
        simulation
    }

    /// What is there now.
    pub fn end(&self) -> End {
        let (desired, bounds) = (self.service.desired, self.bounds);
        End { desired, bounds, strategy: self.service.strategy.clone(), image: number(&self.service.revision) }
    }

    /// Is it meant to run no tasks?
    pub fn asleep(&self) -> bool {
        self.bounds == Bounds::SCALED_TO_ZERO
    }

    /// Becomes true now, and is reported by an event.
    pub fn happens(&mut self, fact: &Fact) {
        match fact {
            Fact::Push(fate) => {
                self.fates.push(*fate);
                self.pushed.push(self.now);
                self.send(Event::Push);
            }
            Fact::Spent(percent) => {
                self.percent = self.percent.max(*percent);
                let cents = |percent: i64| Amount::cents(LIMIT / 100 * percent);
                let (amount, threshold, limit) = (cents(*percent), Some(cents(80)), Some(cents(100)));
                let kind = NoticeKind::Actual;
                self.send(Event::Notice(Notice { kind, amount, threshold, limit, at: self.now, text: String::new() }));
            }
            Fact::Load(value) => self.change_alarm(CPU, *value),
            Fact::Shortage => self.send(Event::Shortage),
        }
    }

    fn change_alarm(&mut self, alarm: usize, value: AlarmState) {
        let previous = Some(if value == AlarmState::Alarm { AlarmState::Ok } else { AlarmState::Alarm });
        let change = StateChange {
            state: value,
            previous,
            at: self.now,
            reason: String::new(),
            description: String::new(),
            measurement: None,
            suppression: None,
            location: AlarmLocation::default(),
        };
        self.send(Event::Alarm(alarm, change));
    }

    fn send(&mut self, event: Event) {
        let (late, again) = self.delays.pop_front().unwrap_or_default();
        for late in std::iter::once(late).chain(again) {
            self.sent += 1;
            self.events.insert((self.now + SignedDuration::from_mins(late), self.sent), event.clone());
        }
    }

    /// The cloud goes on, and what is due arrives.
    pub fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
        self.advance();
        while let Some(due) = self.events.first_entry().filter(|due| due.key().0 <= self.now) {
            match due.remove() {
                Event::Push => self.roll(None),
                Event::Deployment => {
                    self.roll(None);
                    self.set_capacity(None);
                }
                Event::Notice(notice) => self.count(&[budget::Input::Notice(notice)]),
                Event::Alarm(alarm, change) => self.observe_alarm(alarm, Some(change)),
                Event::Shortage => self.set_capacity(Some(SpotEvent::NoCapacity)),
            }
        }
    }

    /// Every function looks again.
    pub fn tick(&mut self) {
        self.roll(None);
        self.set_capacity(None);
        self.count(&[]);
        (0..self.alarms.len()).for_each(|alarm| self.observe_alarm(alarm, None));
    }

    fn fate(&self, image: u8) -> Fate {
        self.fates[usize::from(image)]
    }

    fn image(&self, n: u8) -> Image {
        let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
        let pushed_at = self.pushed[usize::from(n)];
        Image { digest, tag: Some(format!("v{n}")), version: None, pushed_at, scan: ScanState::Missing }
    }

    fn newest(&self) -> u8 {
        u8::try_from(self.pushed.len() - 1).unwrap()
    }

    /// A new deployment of an image takes the place of what is there.
    fn deploy(&mut self, image: u8) -> String {
        self.deployments += 1;
        let (id, revision) = (format!("ecs-svc/{}", self.deployments), format!("rev-{image}"));
        let primary = Deployment {
            id: id.clone(),
            primary: true,
            revision: revision.clone(),
            state: DeploymentState::InProgress,
            reason: None,
            running: 0,
            failed: 0,
            created_at: self.now,
            updated_at: self.now,
        };
        self.service.revision = revision;
        self.service.deployments.retain(|deployment| deployment.state == DeploymentState::Failed);
        self.service.deployments.insert(0, primary);
        id
    }

    /// ECS, scaling and CloudWatch do their part.
    fn advance(&mut self) {
        let image = number(&self.service.revision);
        let (fails, awake) = (self.fate(image) == Fate::Fails, self.service.desired > 0);
        let primary = &mut self.service.deployments[0];
        if primary.state == DeploymentState::InProgress && (!awake || primary.created_at + TAKES <= self.now) {
            if awake && fails && self.complete != image {
                (primary.state, primary.primary) = (DeploymentState::Failed, false);
                self.service.deployments.truncate(1);
                self.deploy(self.complete);
            } else {
                (primary.state, primary.running) = (DeploymentState::Completed, self.service.desired);
                self.complete = image;
            }
            self.send(Event::Deployment);
        }
        if self.service.deployments[0].state == DeploymentState::Completed {
            self.serving = Some(self.complete).filter(|image| self.fate(*image) != Fate::Fails);
        }
        if self.bounds.scaling == Scaling::Active {
            self.service.desired = self.load.clamp(self.bounds.min, self.bounds.max);
        }
        self.service.running = if self.serving.is_some() { self.service.desired } else { 0 };
        let errs = self.serving.is_some_and(|image| self.fate(image) == Fate::Errs) && self.service.running > 0;
        match (errs, self.erring) {
            (true, None) => self.erring = Some((self.now, false)),
            (true, Some((since, false))) if since + TAKES <= self.now => {
                self.erring = Some((since, true));
                self.change_alarm(ERRORS, AlarmState::Alarm);
            }
            (false, Some((_, in_alarm))) => {
                self.erring = None;
                if in_alarm {
                    self.change_alarm(ERRORS, AlarmState::Ok);
                }
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// A month begins: what was spent counts from nothing.
    pub fn begin_month(&mut self) {
        self.percent = 1;
    }
}

/// The number of the image that a revision names.
fn number(revision: &str) -> u8 {
    revision.trim_start_matches("rev-").parse().unwrap()
}
