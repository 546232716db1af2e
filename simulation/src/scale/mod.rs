//! Fleets of any size: what a quiet tick, a morning, a base image and the loss of an availability zone take.

pub mod table;

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::account::{Account, Fleet};
use crate::engine::Engine;
use crate::journal::What;
use crate::weather::Weather;
use crate::world::behaviour::Behaviour;
use crate::world::ecr::{Push, Shape};
use crate::world::image::Image;

/// What happens to a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Nothing: each function's tick.
    QuietTick,
    /// The scheduled downtime of every service ends.
    Morning,
    /// An image is pushed that up to 100 services follow.
    BaseImage,
    /// A third of all tasks stop.
    LostZone,
}

impl Scene {
    /// All of them.
    pub const ALL: [Scene; 4] = [Scene::QuietTick, Scene::Morning, Scene::BaseImage, Scene::LostZone];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Scene::QuietTick => "quiet tick",
            Scene::Morning => "morning",
            Scene::BaseImage => "base image",
            Scene::LostZone => "lost zone",
        }
    }

    /// The seconds that the documented rates of ECS allow for it at least: `UpdateService` 50 at once and 5 a second,
    /// `RegisterTaskDefinition` 20 at once and 1 a second.
    pub fn limit(self, services: usize) -> Option<f64> {
        let least = |calls: usize, burst: usize, each_second: f64| {
            let waiting = u32::try_from(calls.saturating_sub(burst)).expect("a small number");
            f64::from(waiting) / each_second
        };
        match self {
            Scene::Morning => Some(least(services, 50, 5.0)),
            Scene::BaseImage => Some(least(services.min(ONE_IMAGE), 20, 1.0)),
            Scene::QuietTick | Scene::LostZone => None,
        }
    }
}

/// How many services follow one image at most.
const ONE_IMAGE: usize = 100;

/// What a function did.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Calls to AWS.
    pub calls: u64,
    /// Invocations.
    pub invocations: u64,
    /// Invocations that failed.
    pub failed: u64,
    /// How long they took together, and the longest.
    pub took: SignedDuration,
    /// The longest of them.
    pub longest: SignedDuration,
    /// Calls that were throttled.
    pub throttled: u64,
    /// Read units of DynamoDB: a consistent read of up to 4 KB.
    pub read_units: u64,
    /// Write units of DynamoDB: a write of up to 1 KB.
    pub write_units: u64,
    /// Messages that were put into a queue.
    pub handed_on: u64,
    /// Bytes that were logged.
    pub logged: u64,
}

/// What a scene took.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// By function.
    pub functions: BTreeMap<&'static str, Work>,
    /// When the last service was updated, in seconds after it began.
    pub updated: Option<f64>,
    /// Services that were updated.
    pub services: usize,
    /// Why the first invocation failed that did.
    pub error: Option<String>,
}

impl Measured {
    /// All functions together.
    pub fn total(&self, of: impl Fn(&Work) -> u64) -> u64 {
        self.functions.values().map(of).sum()
    }

    /// The longest invocation of all.
    pub fn longest(&self) -> SignedDuration {
        self.functions.values().map(|work| work.longest).max().unwrap_or_default()
    }
}

/// Plays a scene for a fleet.
pub fn measure(scene: Scene, services: usize) -> Measured {
    let fleet = match scene {
        Scene::QuietTick | Scene::LostZone => Fleet::Mixed,
        Scene::Morning => Fleet::Alike { one_image: 0 },
        Scene::BaseImage => Fleet::Alike { one_image: ONE_IMAGE },
    };
    let mut account =
        Account::huskit(&[("FirstDeploy", "false"), ("DowntimeStart", "21:10"), ("DowntimeEnd", "21:40")]);
    account.grow(services, fleet);
    // A Monday, 20:30 in Berlin.
    let start: Timestamp = "2026-11-16T19:30:00Z".parse().expect("a time");
    let mut engine = Engine::new(Rc::new(account), Weather { recycled: 0.0, ..Weather::CALM }, start, 1);
    install(&mut engine);
    let minutes = SignedDuration::from_mins;
    match scene {
        // By then all is remembered; the budget function ticks on the hour.
        Scene::QuietTick => {
            unnoted(&mut engine, SignedDuration::from_secs(27 * 60 + 30));
            let mut watch = Watch::begin(&mut engine);
            watch.go_on(&mut engine, minutes(5));
            watch.seen
        }
        Scene::Morning => {
            unnoted(&mut engine, minutes(69));
            // The services that wake at the same time have one schedule.
            let at = start + minutes(70);
            engine.at(at, |engine| {
                let at = engine.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                engine.invoke_async("capacity", json!({ "action": "reconcile", "at": at }));
            });
            unnoted(&mut engine, minutes(1) - SignedDuration::from_millis(1));
            let mut watch = Watch::begin(&mut engine);
            watch.go_on(&mut engine, minutes(10));
            watch.seen
        }
        Scene::BaseImage => {
            unnoted(&mut engine, SignedDuration::from_secs(17 * 60 + 30));
            let mut watch = Watch::begin(&mut engine);
            let repository =
                engine.account().policies()[0]["images"][0]["repository"].as_str().expect("one").to_owned();
            let tags = ["latest", "0a10001"];
            engine.change(|_, cx| crate::world::ecr::push(&base(&repository, &tags), cx));
            watch.go_on(&mut engine, minutes(10));
            watch.seen
        }
        Scene::LostZone => {
            unnoted(&mut engine, minutes(16));
            let mut watch = Watch::begin(&mut engine);
            engine.change(|world, cx| world.ecs.lose_zone(1, cx));
            watch.go_on(&mut engine, minutes(15));
            watch.seen
        }
    }
}

/// Goes on for a time, and keeps nothing of what happens.
fn unnoted(engine: &mut Engine, span: SignedDuration) {
    let end = engine.now() + span;
    let never: Result<(), std::convert::Infallible> = engine.run(end, |engine| {
        engine.journal.clear();
        Ok(())
    });
    let Ok(()) = never;
}

fn base<'p>(repository: &'p str, tags: &'p [&'p str]) -> Push<'p> {
    Push { repository, tags, behaviour: Behaviour::Good, shape: Shape::Single, findings: Default::default() }
}

/// Services that run the image that both tags name.
fn install(engine: &mut Engine) {
    for policy in engine.account().policies() {
        let text = |field: &str| policy[field].as_str().unwrap_or_default().to_owned();
        let (name, cluster) = (text("name"), text("cluster"));
        let repository = policy["images"][0]["repository"].as_str().unwrap_or_default().to_owned();
        let known = engine.world.ecr.repositories.get(&repository).is_some_and(|known| !known.images.is_empty());
        if !known {
            let bits: Vec<String> = (0..4).map(|_| format!("{:016x}", engine.rng().bits())).collect();
            let pushed_at = engine.now() - SignedDuration::from_hours(48);
            let image = Image::plain(format!("sha256:{}", bits.concat()), pushed_at, Behaviour::Good);
            let known = engine.world.ecr.repositories.entry(repository.clone()).or_default();
            known.tags.extend(["latest", "0a10000"].map(|tag| (tag.to_owned(), image.digest.clone())));
            known.images.insert(image.digest.clone(), image);
        }
        let known = engine.world.ecr.repositories.get_mut(&repository).expect("a repository");
        let live = policy["images"][0]["live"].as_str().unwrap_or("live").to_owned();
        let digest = known.tags["latest"].clone();
        known.tags.insert(live, digest);
        engine.world.loads.insert(format!("{cluster}/{name}"), crate::world::load::Load::default());
        let desired = policy["baseline"]["min"].as_i64().unwrap_or(1);
        engine.change(|world, cx| world.settle(&cluster, &name, desired, cx));
    }
}

/// Looks at the journal, a second at a time, and keeps nothing of it.
struct Watch {
    began: Timestamp,
    begun: BTreeMap<u64, (&'static str, Timestamp)>,
    updated: BTreeMap<String, Timestamp>,
    seen: Measured,
}

impl Watch {
    fn begin(engine: &mut Engine) -> Watch {
        engine.journal.clear();
        Watch { began: engine.now(), begun: BTreeMap::new(), updated: BTreeMap::new(), seen: Measured::default() }
    }

    fn go_on(&mut self, engine: &mut Engine, span: SignedDuration) {
        let end = engine.now() + span;
        while engine.now() < end {
            engine.pass(SignedDuration::from_secs(1));
            for entry in std::mem::take(&mut engine.journal) {
                self.note(entry.at, &entry.what);
            }
        }
        let last = self.updated.values().max();
        self.seen.updated = last.map(|last| last.duration_since(self.began).as_secs_f64());
        self.seen.services = self.updated.len();
    }

    fn note(&mut self, at: Timestamp, what: &What) {
        match what {
            What::Begins { invocation, function, .. } => {
                self.begun.insert(*invocation, (function, at));
                self.work(function).invocations += 1;
            }
            What::Ends { invocation, function, result } => {
                let Some((_, began)) = self.begun.remove(invocation) else { return };
                let took = at.duration_since(began);
                let work = self.work(function);
                work.took += took;
                work.longest = work.longest.max(took);
                work.failed += u64::from(result.is_err());
                if let Err(error) = result {
                    self.seen.error.get_or_insert_with(|| format!("{function}: {error}"));
                }
            }
            What::Call { function, service, operation, input, answer, .. } => {
                if (*service, operation.as_str()) == ("ecs", "UpdateService") && answer.is_ok() {
                    let service = input["service"].as_str().unwrap_or_default();
                    self.updated.entry(service.to_owned()).or_insert(at);
                }
                let work = self.work(function);
                work.calls += 1;
                work.throttled += u64::from(answer.as_ref().is_err_and(|failure| failure.code.contains("Throttling")));
                work.handed_on += u64::from(*service == "sqs");
                if *service == "dynamodb"
                    && let Ok(answer) = answer
                {
                    let (read, written) = units(operation, input, answer);
                    work.read_units += read;
                    work.write_units += written;
                }
            }
            // A function that is deployed does not write these.
            What::Log { line, .. } if line.starts_with("DEBUG") => {}
            What::Log { function, line, .. } => self.work(function).logged += line.len() as u64,
            What::Message(_) | What::World(_) | What::DeadLetter { .. } => {}
        }
    }

    fn work(&mut self, function: &'static str) -> &mut Work {
        self.seen.functions.entry(function).or_default()
    }
}

/// Read and write units of a call: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>. An
/// item that is not there is read too.
fn units(operation: &str, input: &Value, answer: &Value) -> (u64, u64) {
    let size = |item: &Value| item.to_string().len() as u64;
    let read = |item: &Value| size(item).div_ceil(4096).max(1);
    match operation {
        "GetItem" => (read(&answer["Item"]), 0),
        "BatchGetItem" => {
            let keys = input["RequestItems"].as_object().into_iter().flatten();
            let asked: usize = keys.map(|(_, table)| table["Keys"].as_array().map_or(0, Vec::len)).sum();
            let items = answer["Responses"].as_object().into_iter().flatten();
            let items: Vec<&Value> = items.flat_map(|(_, items)| items.as_array().into_iter().flatten()).collect();
            let missing = (asked - items.len()) as u64;
            (items.into_iter().map(read).sum::<u64>() + missing, 0)
        }
        "PutItem" => (0, size(&input["Item"]).div_ceil(1024)),
        "Scan" => (size(&answer["Items"]).div_ceil(8192), 0),
        _ => (0, 0),
    }
}
