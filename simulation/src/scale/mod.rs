//! Fleets of any size: what a quiet tick, a morning, a base image and the loss of an availability zone take.

mod measured;
pub mod table;
mod watch;

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::account::{Account, Fleet};
use crate::engine::Engine;
use crate::weather::Weather;
use crate::world::behaviour::Behaviour;
use crate::world::ecr::{Push, Shape};
use crate::world::image::Image;
use measured::ONE_IMAGE;
use watch::Watch;

pub use measured::{Measured, Scene, Work};

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
            let mut watch = Watch::begin(&mut engine, scene);
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
            let mut watch = Watch::begin(&mut engine, scene);
            watch.ask(&mut engine, services);
            watch.go_on(&mut engine, minutes(10));
            watch.seen
        }
        Scene::BaseImage => {
            unnoted(&mut engine, SignedDuration::from_secs(17 * 60 + 30));
            let mut watch = Watch::begin(&mut engine, scene);
            let repository =
                engine.account().policies()[0]["images"][0]["repository"].as_str().expect("one").to_owned();
            let tags = ["latest", "0a10001"];
            engine.change(|_, cx| crate::world::ecr::push(&base(&repository, &tags), cx));
            watch.ask(&mut engine, services);
            watch.go_on(&mut engine, minutes(10));
            watch.seen
        }
        Scene::LostZone => {
            unnoted(&mut engine, minutes(16));
            let mut watch = Watch::begin(&mut engine, scene);
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
