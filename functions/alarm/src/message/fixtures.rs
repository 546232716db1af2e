//! One alarm, its services and the messages about it.

use jiff::SignedDuration;
use planner::alarm::{ObservedService, RemedyAction, StateChange, plan};
use planner::{capacity, rollout};
use serde_json::Value as Json;
use shared::ledger::{Entry, Event};
use shared::runtime::{Payload, Received};

use super::*;
use crate::trigger::Trigger;

fn fleet() -> Fleet {
    let service = |name: &str| {
        format!(
            r#"{{"name":"{name}","cluster":"huskit-prod","baseline":{{"min":2,"max":6}},"images":[{{"repository":"huskit/{name}","tag":{{"exact":"latest"}}}}]}}"#
        )
    };
    let services = [service("website-agent"), service("crawler")].join(",");
    Fleet::parse(&format!(r#"{{"system":"huskit","stage":"prod","services":[{services}]}}"#)).unwrap()
}

fn alarms(remedy: &str) -> Alarms {
    let alarm = |name: &str, service: &str| {
        format!(
            r#"{{"name":"huskit-prod-{name}","service":"{service}","remedy":{remedy},"insufficient_data":"announce","runbook":"{name}.md"}}"#
        )
    };
    let alarms = [alarm("website-agent-5xx", "website-agent"), alarm("crawler-cpu", "crawler")].join(",");
    let cdn = r#"{"name":"huskit-prod-cdn-5xx","runbook":"cdn-5xx.md"}"#;
    let logs = r#"{"website-agent":"/ecs/huskit-website-agent","crawler":"/ecs/huskit-crawler"}"#;
    Alarms::parse(&format!(r#"{{"dashboard":"huskit-prod","logs":{logs},"alarms":[{alarms},{cdn}]}}"#), &fleet())
        .unwrap()
}

pub(super) fn at(minute: i64) -> Timestamp {
    "2026-11-21T10:20:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

/// The state change of an event file, `minute` minutes after 10:20.
pub(super) fn change(file: &str, minute: i64) -> StateChange {
    let path = format!("{}/../../events/cloudwatch.alarm-state-change.{file}.json", env!("CARGO_MANIFEST_DIR"));
    let event: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let received = Trigger::parse(Payload::parse(event).unwrap()).unwrap();
    let Received::Trigger(Trigger::StateChange { change, .. }) = received else { panic!("{file}") };
    StateChange { at: at(minute), suppression: None, ..*change }
}

fn images(n: u8) -> std::collections::BTreeMap<String, planner::model::Image> {
    let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
    let scan = planner::model::ScanState::Missing;
    let image = planner::model::Image { digest, tag: Some(format!("v{n}")), version: None, pushed_at: at(-90), scan };
    [("huskit/website-agent".to_owned(), image)].into()
}

/// A service on which v2 was verified six minutes before the alarm.
pub(super) fn service(service: usize) -> ServiceSnapshot {
    let policy = &fleet().services[service];
    let pushed = format!("a newer image was pushed: huskit/{}: v1 (010101010101) -> v2 (020202020202)", policy.name);
    let release = |n: u8, minute: i64| rollout::Release {
        images: images(n),
        revision: format!("rev-{n}"),
        deployment: format!("ecs-svc/{n}"),
        started_at: at(minute - 5),
        at: at(minute),
    };
    let event = |minute: i64, what: &str, why: &str| Event {
        at: at(minute),
        action: what.into(),
        reason_label: String::new(),
        reason: why.into(),
    };
    let complete = |n: u8, running: usize| {
        let reason = rollout::Reason::Verified { deployment: format!("ecs-svc/{n}"), running };
        format!("Rollout complete: {} v{n}: {reason}", policy.name)
    };
    let history = vec![
        event(-6, "complete", &complete(2, 4)),
        event(-11, "roll", &pushed),
        event(-200, "complete", &complete(1, 2)),
    ];
    let record = rollout::Record { releases: vec![release(2, -6), release(1, -200)], ..rollout::Record::default() };
    let capacity =
        capacity::Record { state: Some(capacity::State::Running { since: at(-600) }), ..capacity::Record::default() };
    let history_of_capacity = vec![event(-30, "scale_out", "desired count 2 -> 4: the baseline applies")];
    ServiceSnapshot::new(
        policy,
        Ok((4, 4)),
        Ok(Entry { record: capacity, history: history_of_capacity, ..Entry::default() }),
        Ok(Entry { record, history, ..Entry::default() }),
    )
}

/// One alarm, its record and its services.
pub(super) struct Incident {
    pub alarms: Alarms,
    pub name: &'static str,
    pub services: Vec<ServiceSnapshot>,
    pub record: Record,
}

impl Incident {
    pub fn errors(remedy: &str) -> Incident {
        let services = vec![service(0)];
        Incident { alarms: alarms(remedy), name: "huskit-prod-website-agent-5xx", services, record: Record::default() }
    }

    pub fn crawler(remedy: &str) -> Incident {
        let services = vec![service(1)];
        Incident { alarms: alarms(remedy), name: "huskit-prod-crawler-cpu", services, record: Record::default() }
    }

    pub fn receive(mut self, file: &str, minute: i64) -> Incident {
        self.record.record_state_change(change(file, minute));
        self.record.evidence = planner::alarm::Evidence::Measured;
        self
    }

    /// CloudWatch does not return the alarm on two ticks.
    pub fn disappears(mut self, minute: i64) -> Incident {
        for minute in [minute, minute + 5] {
            self.record.record_lookup(&planner::alarm::AlarmLookup::Missing, at(minute));
        }
        self
    }

    /// Plans, requests the remedy, and returns the message as it arrives.
    pub fn reconcile(&mut self, minute: i64) -> String {
        self.reconcile_with(minute, RemedyOutcome::Requested)
    }

    pub fn reconcile_with(&mut self, minute: i64, request: impl FnOnce(RemedyAction) -> RemedyOutcome) -> String {
        let (fleet, now) = (fleet(), at(minute));
        let policy = self.alarms.get(self.name).unwrap();
        let service: Option<ObservedService<'_>> =
            self.services.first().filter(|_| policy.service.is_some()).map(ServiceSnapshot::observed_service);
        let plan = plan(policy, service.as_ref(), &self.record, now);
        let outcome = match plan.remedy.action.clone() {
            Some(action) => request(action),
            None => RemedyOutcome::NotDue(plan.remedy.reason.clone()),
        };
        if let RemedyOutcome::Requested(action) = &outcome {
            self.record.record_remedy(action, now);
        }
        let region = |region: &str| planner::alarm::AlarmLocation { partition: "aws".into(), region: region.into() };
        let alarm = self.record.last_change.as_ref().map(|change| change.location.clone()).unwrap_or_default();
        let runbooks = "https://example.com/runbooks".to_owned();
        let links = Links { runbooks, alarm, home: region("eu-central-1") };
        let (alarms, record) = (&self.alarms, &self.record);
        let context = MessageContext {
            fleet: &fleet,
            alarms,
            policy,
            record,
            services: &self.services.iter().collect::<Vec<_>>(),
            links: &links,
            now,
        };
        let message = context.message_for(&plan, &outcome);
        self.record.record_announcement(&plan, now);
        message.map_or_else(|| "(nothing)".into(), |message| format!("{}\n\n{}", message.subject(), message.text()))
    }
}
