//! What is wrong for a while: load, errors, an environment that is broken, services of AWS that do not answer.

use jiff::SignedDuration;

use super::Act;
use super::fleet::cluster;
use crate::engine::Engine;
use crate::weather::Weather;
use crate::world::autoscaling::Action;
use crate::world::ecs::{FARGATE, FARGATE_SPOT};
use crate::world::load::{Load, load};

/// How long errors come and go: an alarm of five minutes sees each.
const COMES: SignedDuration = SignedDuration::from_mins(7);
const GOES: SignedDuration = SignedDuration::from_mins(3);
/// What a person calls a scheduled action.
const SCHEDULED: &str = "by-hand";

pub(super) fn perform(act: &Act, engine: &mut Engine) {
    match act {
        Act::Load { service, percent, lasts } => {
            let (cluster, name) = (cluster(engine, service), service.clone());
            set_load(engine, &cluster, &name, *percent);
            engine.after(*lasts, move |engine| set_load(engine, &cluster, &name, 30));
        }
        Act::Errors { service, lasts } => errors(engine, service, *lasts),
        Act::Flap { service, times } => {
            for time in 0..*times {
                let (service, at) = (service.clone(), (COMES + GOES) * i32::try_from(time).unwrap_or(0));
                engine.after(at, move |engine| errors(engine, &service, COMES));
            }
        }
        Act::NoData { service, lasts } => {
            let service = format!("{}/{service}", cluster(engine, service));
            change(engine, &service, |load| Load { silent: true, ..load });
            engine.after(*lasts, move |engine| change(engine, &service, |load| Load { silent: false, ..load }));
        }
        Act::SpotShort { lasts } => capacity(engine, FARGATE_SPOT, *lasts),
        Act::OnDemandShort { lasts } => capacity(engine, FARGATE, *lasts),
        Act::SecretMissing { service, lasts } => {
            let Some(family) = family(engine, service) else { return };
            engine.world.ecs.environment.missing_secrets.insert(family.clone());
            engine.after(*lasts, move |engine| {
                engine.world.ecs.environment.missing_secrets.remove(&family);
            });
        }
        Act::TopicRefuses { lasts } => {
            let before = before_it(engine.weather.refused_messages);
            engine.weather.refused_messages = 1.0;
            engine.after(*lasts, move |engine| engine.weather.refused_messages = before);
        }
        Act::UpdatesRefused { service, lasts } => {
            engine.refused_updates.insert(service.clone());
            let service = service.clone();
            engine.after(*lasts, move |engine| {
                engine.refused_updates.remove(&service);
            });
        }
        Act::DeleteTopic { lasts } => {
            engine.world.sns.deleted = true;
            engine.after(*lasts, move |engine| engine.world.sns.deleted = false);
        }
        Act::Deny { action, lasts } => {
            engine.denied.insert(action.clone());
            let action = action.clone();
            engine.after(*lasts, move |engine| {
                engine.denied.remove(&action);
            });
        }
        Act::Schedule { service, min, max, every, lasts } => {
            let resource = format!("service/{}/{service}", cluster(engine, service));
            let action = Action {
                at: engine.now(),
                every: Some(*every),
                min: Some(*min),
                max: Some(*max),
                put_at: engine.now(),
            };
            engine.change(|world, cx| world.autoscaling.put_scheduled_action(&resource, SCHEDULED, action, cx));
            engine.after(*lasts, move |engine| {
                engine.world.autoscaling.delete_scheduled_action(&resource, SCHEDULED);
            });
        }
        Act::LedgerDown { lasts } => {
            let before = before_it(engine.weather.ledger_down);
            engine.weather = Weather { ledger_down: 1.0, ..engine.weather.clone() };
            engine.after(*lasts, move |engine| engine.weather.ledger_down = before);
        }
        Act::RegistryDown { lasts } => down(engine, "ecr", *lasts),
        Act::BudgetsDown { lasts } => down(engine, "budgets", *lasts),
        other => unreachable!("{other} is carried out elsewhere"),
    }
}

/// The chance that comes back afterwards: it is 1 while another such act goes on.
fn before_it(chance: f64) -> f64 {
    if chance < 1.0 { chance } else { 0.0 }
}

fn down(engine: &mut Engine, service: &'static str, lasts: SignedDuration) {
    engine.down.insert(service);
    engine.after(lasts, move |engine| {
        engine.down.remove(service);
    });
}

fn family(engine: &Engine, service: &str) -> Option<String> {
    let cluster = cluster(engine, service);
    let service = engine.world.ecs.service(&cluster, service)?;
    service.revision().definition["family"].as_str().map(str::to_owned)
}

fn change(engine: &mut Engine, service: &str, change: impl Fn(Load) -> Load) {
    let changed = change(load(&engine.world.loads, service));
    engine.world.loads.insert(service.to_owned(), changed);
}

fn set_load(engine: &mut Engine, cluster: &str, service: &str, percent: i64) {
    #[allow(clippy::cast_precision_loss)]
    let percent = percent as f64;
    let busy = percent > 50.0;
    // So much that no number of tasks within the bounds makes it little.
    let cpu = if busy { percent * 6.0 } else { Load::default().cpu };
    let memory = if busy { percent } else { Load::default().memory };
    change(engine, &format!("{cluster}/{service}"), |load| Load { cpu, memory, ..load });
}

fn errors(engine: &mut Engine, service: &str, lasts: SignedDuration) {
    let service = format!("{}/{service}", cluster(engine, service));
    change(engine, &service, |load| Load { errors: 120.0, ..load });
    engine.after(lasts, move |engine| change(engine, &service, |load| Load { errors: 0.0, ..load }));
}

fn capacity(engine: &mut Engine, provider: &'static str, lasts: SignedDuration) {
    engine.change(|world, cx| world.ecs.set_capacity_available(provider, false, cx));
    engine.after(lasts, move |engine| engine.change(|world, cx| world.ecs.set_capacity_available(provider, true, cx)));
}
