//! How each act is carried out in the world.

use jiff::SignedDuration;

use serde_json::{Value, json};

use super::fleet::{cluster, policy, repository};
use super::{Act, happens, money, trouble};
use crate::engine::Engine;
use crate::world::behaviour::{Behaviour, Flaw};
use crate::world::cloudformation;
use crate::world::ecr::{self, Push, Shape};
use crate::world::image::{Findings, finding};

impl Act {
    /// Makes it happen now.
    pub fn perform(&self, engine: &mut Engine) {
        engine.change(|_, cx| cx.note(format!("{}: {self}", self.actor())));
        match self {
            Act::Push { service, behaviour, multi, flaw } => push(engine, service, *behaviour, *multi, *flaw),
            Act::Retag { service, back } => {
                let repository = repository(engine, service);
                if let Some(digest) = earlier(engine, &repository, *back) {
                    // A tag that names it already is no move.
                    let _ = engine.change(|world, cx| world.ecr.retag(&repository, "latest", &digest, cx));
                }
            }
            Act::Tag { service, back } => {
                let repository = repository(engine, service);
                let tag = next_tag(engine, service, &repository);
                if let Some(digest) = earlier(engine, &repository, *back) {
                    let _ = engine.change(|world, cx| world.ecr.retag(&repository, &tag, &digest, cx));
                }
            }
            Act::Untag { service } => {
                let repository = repository(engine, service);
                let followed = engine.world.ecr.followed(&policy(engine, service)).filter(|(tag, _)| tag != "latest");
                let Some((tag, _)) = followed.or_else(|| commits(engine, &repository).pop()) else { return };
                engine.change(|world, cx| world.ecr.delete(&repository, &tag, cx));
            }
            Act::DeleteImage { service } => {
                let repository = repository(engine, service);
                if let Some(digest) = earlier(engine, &repository, 0) {
                    engine.change(|world, cx| world.ecr.delete(&repository, &digest, cx));
                }
            }
            Act::Request(request) => {
                let request = filled(engine, request);
                engine.invoke_by_person("request", request);
            }
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
            Act::StopTask { service } => {
                let cluster = cluster(engine, service);
                engine.change(|world, cx| world.ecs.stop_one(&cluster, service, cx));
            }
            Act::DeleteAlarm { alarm } => {
                if let Some(name) = alarm_name(engine, alarm) {
                    engine.change(|world, cx| world.cloudwatch.delete(&name, cx));
                }
            }
            Act::RenameAlarm { alarm } => {
                if let Some(name) = alarm_name(engine, alarm) {
                    let other = format!("{name}-renamed");
                    engine.change(|world, cx| world.cloudwatch.rename(&name, &other, cx));
                }
            }
            Act::SetAlarm { alarm } => {
                if let Some(name) = alarm_name(engine, alarm) {
                    engine.change(|world, cx| world.cloudwatch.set_state(&name, "ALARM", "testing", cx));
                }
            }
            Act::Interrupt { service } => {
                let cluster = cluster(engine, service);
                engine.change(|world, cx| world.ecs.interrupt(&cluster, service, 1, cx));
            }
            Act::Retire { service, starts } => {
                let cluster = cluster(engine, service);
                happens::retire(engine, &cluster, service, *starts);
            }
            Act::Protect { service, lasts } => {
                let cluster = cluster(engine, service);
                engine.change(|world, cx| world.ecs.protect(&cluster, service, lasts.as_mins(), cx));
            }
            Act::Rotate { service } => {
                let cluster = cluster(engine, service);
                happens::rotate(engine, &cluster, service);
            }
            Act::Spend { .. } | Act::SpendADay { .. } | Act::Limit { .. } | Act::Misreport { .. } => {
                money::perform(self, engine);
            }
            lasts => trouble::perform(lasts, engine),
        }
    }

    /// Who does it, for the journal.
    fn actor(&self) -> &'static str {
        match self {
            Act::Push { .. } | Act::Retag { .. } | Act::Tag { .. } => "workflow",
            Act::Request(_) => "engineer",
            Act::DeleteImage { .. }
            | Act::Untag { .. }
            | Act::StopTask { .. }
            | Act::Limit { .. }
            | Act::ConsoleRevision { .. }
            | Act::ConsoleCount { .. }
            | Act::DeleteAlarm { .. }
            | Act::RenameAlarm { .. }
            | Act::Schedule { .. }
            | Act::DeleteTopic { .. }
            | Act::Deny { .. }
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

/// An image under `latest`, a commit tag, and a version where the fleet follows versions.
fn push(engine: &mut Engine, service: &str, behaviour: Behaviour, multi: bool, flaw: Option<Flaw>) {
    let (policy, repository) = (policy(engine, service), repository(engine, service));
    let number = number(engine, &repository);
    let (commit, mut version) = (format!("0a1{number:04}"), format!("v1.{number}.0"));
    if flaw == Some(Flaw::OldVersion) {
        version = format!("v1.0.{number}");
    }
    let mut tags = vec!["latest", &commit];
    if policy["images"][0]["tag"]["semver"].is_string() {
        tags.push(&version);
    }
    let findings = if flaw == Some(Flaw::Vulnerable) { finding("CRITICAL", 2) } else { Findings::default() };
    let shape = if multi { Shape::MultiArch } else { Shape::Single };
    let push = Push { repository: &repository, tags: &tags, behaviour, shape, findings };
    engine.change(|_, cx| ecr::push_flawed(&push, flaw, cx));
}

/// The number of the next commit.
fn number(engine: &Engine, repository: &str) -> usize {
    let tags = engine.world.ecr.repositories.get(repository).map_or(0, |known| known.tags.len());
    let newest = commits(engine, repository).pop().and_then(|(tag, _)| tag.strip_prefix("0a1")?.parse().ok());
    (tags + 1).max(newest.unwrap_or(0) + 1)
}

fn next_tag(engine: &Engine, service: &str, repository: &str) -> String {
    let number = number(engine, repository);
    match policy(engine, service)["images"][0]["tag"]["semver"].is_string() {
        true => format!("v1.{number}.0"),
        false => format!("0a1{number:04}"),
    }
}

/// Commit tags and what they name, in order.
fn commits(engine: &Engine, repository: &str) -> Vec<(String, String)> {
    let tags = engine.world.ecr.repositories.get(repository).map(|known| known.tags.clone()).unwrap_or_default();
    tags.into_iter().filter(|(tag, _)| tag.starts_with("0a1")).collect()
}

/// The digest that `latest` would name after so many pushes less.
fn earlier(engine: &Engine, repository: &str, back: usize) -> Option<String> {
    // What had a commit tag is what a workflow pushed.
    commits(engine, repository).into_iter().rev().nth(back).map(|(_, digest)| digest)
}

/// A request with what is meant by `@current` and `@1`.
fn filled(engine: &Engine, request: &Value) -> Value {
    let mut request = request.clone();
    let service = request["service"].as_str().unwrap_or_default().to_owned();
    if request["deployment"] == "@current" {
        let known = engine.world.ecs.service(&cluster(engine, &service), &service);
        request["deployment"] = known.map(|known| known.primary().id.clone()).into();
    }
    if let Some(back) = request["image"].as_str().and_then(|image| image.strip_prefix('@')?.parse::<usize>().ok()) {
        let commits = commits(engine, &repository(engine, &service));
        request["image"] = commits.into_iter().rev().nth(back).map(|(tag, _)| tag).into();
    }
    request
}

/// The full name of an alarm of the documents: `website-agent-5xx` is `huskit-prod-website-agent-5xx`.
fn alarm_name(engine: &Engine, alarm: &str) -> Option<String> {
    let names = engine.account().of_type("AWS::CloudWatch::Alarm").iter().map(|alarm| alarm.reference.clone());
    let ends = format!("-{alarm}");
    names.into_iter().find(|name| name.ends_with(&ends))
}
