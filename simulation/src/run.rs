//! One run: a plan and a seed, until a law is broken or everything has come to rest.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use crate::account::Account;
use crate::cover::Coverage;
use crate::engine::Engine;
use crate::laws::{self, Broken, Watch};
use crate::people::{Plan, repository_of};
use crate::weather::Weather;
use crate::world::behaviour::Behaviour;
use crate::world::image::{Image, Scanning};
use crate::world::load::Load;

/// How long everything has to come to rest once nothing goes wrong any more and the latest event has come: held-back messages, the
/// deadline of a rollout.
const REST: SignedDuration = SignedDuration::from_hours(2);

/// How a run ended.
pub struct Outcome {
    /// The first law that was broken; none when all held.
    pub broken: Option<Broken>,
    /// What was exercised.
    pub coverage: Coverage,
    /// Everything that happened.
    pub engine: Engine,
}

/// What is kept of everything that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: the laws have looked at it.
    Nothing,
    /// All of it, for a timeline.
    Journal,
}

/// Runs a plan.
pub fn run(account: &Rc<Account>, plan: &Plan, seed: u64, keep: Keep) -> Outcome {
    let mut engine = Engine::new(Rc::clone(account), plan.weather.clone(), plan.start, seed);
    if plan.setup.inspector {
        engine.world.ecr.scanning = Scanning::Enhanced;
    }
    if plan.setup.installed {
        install(&mut engine);
        // What is there is updated as it is, and not as the templates of today have it.
        engine.world.cloudformation.template = Some(Rc::clone(account));
    }
    for budget in account.budgets() {
        engine.change(|world, cx| world.budgets.used_before(&budget, plan.used_days, cx));
    }
    for policy in engine.account().policies() {
        let text = |field: &str| policy[field].as_str().unwrap_or_default();
        let service = format!("{}/{}", text("cluster"), text("name"));
        engine.world.loads.insert(service, Load::default());
    }
    for (after, act) in &plan.acts {
        let act = act.clone();
        engine.at(plan.start + *after, move |engine| act.perform(engine));
    }
    let last = plan.acts.iter().map(|(after, act)| *after + act.lasts()).max();
    let end = plan.start + plan.lasts.max(last.unwrap_or_default());
    engine.at(end, |engine| engine.weather = Weather::OVER);
    let mut watch = Watch::new(plan);
    let mut coverage = Coverage::default();
    coverage.acts(plan);
    let mut kept = Vec::new();
    let always = engine.run(end + plan.weather.late_for + REST, |engine| {
        let fresh = std::mem::take(&mut engine.journal);
        coverage.add(&fresh);
        let held = watch.always(engine, &fresh);
        if keep == Keep::Journal {
            kept.extend(fresh);
        }
        held
    });
    engine.journal = kept;
    let broken = always.and_then(|()| laws::in_the_end(&engine, &mut watch, plan)).err();
    coverage.laws(&watch);
    coverage.faults(&engine.faults);
    Outcome { broken, coverage, engine }
}

/// Services that have run for long, the last one parked, and newer images than they run.
fn install(engine: &mut Engine) {
    let services = engine.account().policies();
    for (at, policy) in services.iter().enumerate() {
        let text = |field: &str| policy[field].as_str().unwrap_or_default().to_owned();
        let (name, cluster) = (text("name"), text("cluster"));
        let repository = repository_of(policy);
        let versions = policy["images"][0]["tag"]["semver"].is_string();
        for (tags, days) in [(["live", "0a10000"], 9), (["latest", "0a10001"], 2)] {
            let pushed_at = engine.now() - SignedDuration::from_hours(24 * days);
            let bits: Vec<String> = (0..4).map(|_| format!("{:016x}", engine.rng().bits())).collect();
            let image = Image::plain(format!("sha256:{}", bits.concat()), pushed_at, Behaviour::Good);
            let known = engine.world.ecr.repositories.entry(repository.clone()).or_default();
            known.tags.extend(tags.map(|tag| (tag.to_owned(), image.digest.clone())));
            if versions {
                known.tags.insert(format!("v1.{}.0", 10 - days), image.digest.clone());
            }
            known.images.insert(image.digest.clone(), image);
        }
        let parked = at + 1 == services.len();
        let desired = if parked { 0 } else { policy["baseline"]["min"].as_i64().unwrap_or(1) };
        engine.change(|world, cx| world.settle(&cluster, &name, desired, cx));
    }
}

impl Outcome {
    /// What happened, one line each, for a person: changes, decisions, messages and what broke.
    pub fn timeline(&self, trace: bool) -> String {
        let mut text = String::new();
        for entry in self.engine.journal.iter().filter(|entry| trace || entry.what.matters()) {
            let line = if trace { format!("{entry:#}\n") } else { format!("{entry}\n") };
            text.push_str(&line);
        }
        if let Some(broken) = &self.broken {
            text.push_str(&format!("{}  BROKEN  {broken}\n", stamp(broken.at)));
        }
        text
    }
}

/// A time as the timeline shows it.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%a %d %H:%M:%S").to_string()
}
