//! How each act is carried out in the world.

use jiff::SignedDuration;

use super::{Act, happens};
use crate::engine::Engine;
use crate::weather::Weather;
use crate::world::cloudformation;
use crate::world::ecr::{self, Push, Shape};
use crate::world::ecs::{FARGATE, FARGATE_SPOT};
use crate::world::image::Findings;
use crate::world::load::{Load, load};
use serde_json::json;

impl Act {
    /// Makes it happen now.
    pub fn perform(&self, engine: &mut Engine) {
        engine.change(|_, cx| cx.note(format!("{}: {self}", self.actor())));
        match self {
            Act::Push { service, behaviour, multi } => {
                let repository = repository(engine, service);
                let number = engine.world.ecr.repositories.get(&repository).map_or(0, |known| known.tags.len()) + 1;
                let commit = format!("0a1{number:04}");
                let shape = if *multi { Shape::MultiArch } else { Shape::Single };
                let push = Push {
                    repository: &repository,
                    tags: &["latest", &commit],
                    behaviour: *behaviour,
                    shape,
                    findings: Findings::default(),
                };
                engine.change(|_, cx| ecr::push(&push, cx));
            }
            Act::Retag { service, back } => {
                let repository = repository(engine, service);
                if let Some(digest) = earlier(engine, &repository, *back) {
                    // A tag that names it already is no move.
                    let _ = engine.change(|world, cx| world.ecr.retag(&repository, "latest", &digest, cx));
                }
            }
            Act::DeleteImage { service } => {
                let repository = repository(engine, service);
                if let Some(digest) = earlier(engine, &repository, 0) {
                    engine.change(|world, cx| world.ecr.delete(&repository, &digest, cx));
                }
            }
            Act::Request(request) => engine.invoke_by_person("request", request.clone()),
            Act::DeployStack { fails } => {
                let update = cloudformation::Update { fails: *fails, ..Default::default() };
                // One at a time; the second is refused.
                let _ = engine.change(|world, cx| world.cloudformation.update(update, cx));
            }
            Act::ConsoleRevision { service, back } => {
                let cluster = cluster(engine, service);
                let Some(known) = engine.world.ecs.service(&cluster, service) else { return };
                let mut definitions: Vec<String> = known
                    .revisions
                    .iter()
                    .filter_map(|revision| revision.definition["taskDefinitionArn"].as_str().map(str::to_owned))
                    .collect();
                definitions.dedup();
                let Some(definition) = definitions.iter().rev().nth(*back).cloned() else { return };
                let input = json!({ "taskDefinition": definition });
                let _ = engine.change(|world, cx| world.update_by_person(&cluster, service, input, cx));
            }
            Act::ConsoleCount { service, count } => {
                let cluster = cluster(engine, service);
                let input = json!({ "desiredCount": count });
                let _ = engine.change(|world, cx| world.update_by_person(&cluster, service, input, cx));
            }
            Act::DeleteAlarm { alarm } => {
                if let Some(name) = alarm_name(engine, alarm) {
                    engine.change(|world, cx| world.cloudwatch.delete(&name, cx));
                }
            }
            Act::SetAlarm { alarm } => {
                if let Some(name) = alarm_name(engine, alarm) {
                    engine.change(|world, cx| world.cloudwatch.set_state(&name, "ALARM", "testing", cx));
                }
            }
            Act::Load { service, percent, lasts } => {
                let (cluster, name) = (cluster(engine, service), service.clone());
                set_load(engine, &cluster, &name, *percent);
                engine.after(*lasts, move |engine| set_load(engine, &cluster, &name, 30));
            }
            Act::Errors { service, lasts } => {
                let (cluster, name) = (cluster(engine, service), service.clone());
                set_errors(engine, &cluster, &name, true);
                engine.after(*lasts, move |engine| set_errors(engine, &cluster, &name, false));
            }
            Act::SpotShort { lasts } => capacity(engine, FARGATE_SPOT, *lasts),
            Act::OnDemandShort { lasts } => capacity(engine, FARGATE, *lasts),
            Act::Interrupt { service } => {
                let cluster = cluster(engine, service);
                engine.change(|world, cx| world.ecs.interrupt(&cluster, service, 1, cx));
            }
            Act::SecretMissing { service, lasts } => {
                let Some(family) = family(engine, service) else { return };
                engine.world.ecs.environment.missing_secrets.insert(family.clone());
                engine.after(*lasts, move |engine| {
                    engine.world.ecs.environment.missing_secrets.remove(&family);
                });
            }
            Act::Retire { service, starts } => {
                let cluster = cluster(engine, service);
                happens::retire(engine, &cluster, service, *starts);
            }
            Act::Rotate { service } => {
                let cluster = cluster(engine, service);
                happens::rotate(engine, &cluster, service);
            }
            Act::Spend { cents } => {
                #[allow(clippy::cast_precision_loss)]
                let dollars = *cents as f64 / 100.0;
                let Some(budget) = engine.account().budgets().first().cloned() else { return };
                engine.change(|world, cx| {
                    world.budgets.spend(&budget, dollars, cx);
                    world.budgets.refresh(&budget, cx);
                });
            }
            Act::TopicRefuses { lasts } => {
                let before = engine.weather.refused_messages;
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
            Act::LedgerDown { lasts } => {
                let before = engine.weather.clone();
                engine.weather = Weather { ledger_down: 1.0, ..before.clone() };
                engine.after(*lasts, move |engine| engine.weather.ledger_down = before.ledger_down);
            }
        }
    }

    /// Who does it, for the journal.
    fn actor(&self) -> &'static str {
        match self {
            Act::Push { .. } | Act::Retag { .. } => "workflow",
            Act::Request(_) => "engineer",
            Act::DeleteImage { .. }
            | Act::ConsoleRevision { .. }
            | Act::ConsoleCount { .. }
            | Act::DeleteAlarm { .. }
            | Act::SetAlarm { .. }
            | Act::Rotate { .. }
            | Act::DeployStack { .. } => "console",
            _ => "world",
        }
    }
}

impl Engine {
    /// Does something later.
    pub fn after(&mut self, delay: SignedDuration, act: impl FnOnce(&mut Engine) + 'static) {
        let at = self.now() + delay;
        self.at(at, act);
    }
}

fn policy(engine: &Engine, service: &str) -> serde_json::Value {
    let policies = engine.account().policies();
    policies.into_iter().find(|policy| policy["name"] == service).unwrap_or_default()
}

fn repository(engine: &Engine, service: &str) -> String {
    policy(engine, service)["images"][0]["repository"].as_str().unwrap_or_default().to_owned()
}

fn cluster(engine: &Engine, service: &str) -> String {
    policy(engine, service)["cluster"].as_str().unwrap_or_default().to_owned()
}

/// The digest that `latest` would name after so many pushes less.
fn earlier(engine: &Engine, repository: &str, back: usize) -> Option<String> {
    let repository = engine.world.ecr.repositories.get(repository)?;
    // What had a commit tag is what a workflow pushed.
    let mut pushed: Vec<_> =
        repository.tags.iter().filter(|(tag, _)| *tag != "latest" && tag.starts_with("0a1")).collect();
    pushed.sort();
    pushed.iter().rev().nth(back).map(|(_, digest)| (*digest).clone())
}

/// The full name of an alarm of the documents: `website-agent-5xx` is `huskit-prod-website-agent-5xx`.
fn alarm_name(engine: &Engine, alarm: &str) -> Option<String> {
    let names = engine.account().of_type("AWS::CloudWatch::Alarm").iter().map(|alarm| alarm.reference.clone());
    let ends = format!("-{alarm}");
    names.into_iter().find(|name| name.ends_with(&ends))
}

fn family(engine: &Engine, service: &str) -> Option<String> {
    let cluster = cluster(engine, service);
    let service = engine.world.ecs.service(&cluster, service)?;
    service.revision().definition["family"].as_str().map(str::to_owned)
}

fn set_load(engine: &mut Engine, cluster: &str, service: &str, percent: i64) {
    #[allow(clippy::cast_precision_loss)]
    let percent = percent as f64;
    let service = format!("{cluster}/{service}");
    let load = load(&engine.world.loads, &service);
    let busy = percent > 50.0;
    // So much that no number of tasks within the bounds makes it little.
    let cpu = if busy { percent * 6.0 } else { Load::default().cpu };
    let memory = if busy { percent } else { Load::default().memory };
    engine.world.loads.insert(service, Load { cpu, memory, ..load });
}

fn set_errors(engine: &mut Engine, cluster: &str, service: &str, errs: bool) {
    let service = format!("{cluster}/{service}");
    let load = load(&engine.world.loads, &service);
    engine.world.loads.insert(service, Load { errors: if errs { 120.0 } else { 0.0 }, ..load });
}

fn capacity(engine: &mut Engine, provider: &'static str, lasts: SignedDuration) {
    engine.change(|world, cx| world.ecs.set_capacity_available(provider, false, cx));
    engine.after(lasts, move |engine| engine.change(|world, cx| world.ecs.set_capacity_available(provider, true, cx)));
}
