//! Once a day: what happened, what it cost, what holds, what comes.

use std::collections::BTreeMap;

use futures_util::future::join3;
use jiff::{SignedDuration, Timestamp};
use planner::alarm;
use planner::budget;
use planner::capacity::{Savings, forecast};
use planner::fleet::ServicePolicy;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::Result;
use shared::ledger::{Entry, Item, Kept, Subject};

use crate::message::digest::{Change, Day, ServiceDay};
use crate::{App, message};

/// How far ahead a digest forecasts, and how far back the first one reaches.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The last digest: when it was built, and what was counted by then. One item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LastDigest {
    /// When.
    at: Option<Timestamp>,
    /// What was counted by then, by service.
    counted: BTreeMap<String, Savings>,
}

impl Kept for LastDigest {
    const SORT_KEY: &'static str = "digest";
}

impl App {
    /// Tells the day, unless nothing is new and nobody asks.
    pub(crate) async fn digest(&self, asked: Option<&str>, now: Timestamp) -> Result<Value> {
        let fleet = &self.config.fleet;
        let scope: Vec<&ServicePolicy> = fleet.services.iter().collect();
        let (last, items, observed) = join3(self.last_digest(), self.ledger.items(), self.observe(&scope)).await;
        let (mut last, items) = (last?, items?);
        let since = last.record.at.unwrap_or(now - DAY);
        let changes = Change::between(&items, since, now)?;
        let alarms = records::<alarm::Record>(&items)?;
        let budgets = records::<budget::Record>(&items)?;
        let mut services = Vec::new();
        for (policy, service) in scope.into_iter().zip(observed) {
            let service = service?;
            let facts = &service.entry.record.facts;
            services.push(ServiceDay {
                upcoming: forecast(&policy.capacity(), facts, &service.capacity, now, DAY),
                counted: service.entry.record.savings.since(last.record.counted.get(&policy.name)),
                month: service.entry.record.savings.clone(),
                rollout: service.rollout,
                state: service.entry.record.state,
                facts: facts.clone(),
                policy,
            });
        }
        let day = Day { fleet, since, now, changes, services, alarms, budgets };
        if asked.is_none() && day.is_quiet() {
            // An earlier digest may not have been sent yet.
            let messages = self.send_digest(&mut last, now).await?;
            return Ok(json!({ "ignored": "nothing is new", "messages": messages }));
        }
        let message = message::digest::digest(&day);
        let mut messages = vec![message.subject()];
        if !self.config.dry_run {
            last.record.at = Some(now);
            last.record.counted = day.services.iter().map(|own| (own.policy.name.clone(), own.month.clone())).collect();
            last.tell(now, message);
            self.ledger.save(&self.system(), &mut last).await?;
            messages = self.send_digest(&mut last, now).await?;
        }
        Ok(json!({ "dry_run": self.config.dry_run, "services": [], "messages": messages }))
    }

    /// The last digest, with its messages that are still to be sent.
    pub(crate) async fn last_digest(&self) -> Result<Entry<LastDigest>> {
        self.ledger.load(&self.system()).await
    }

    /// Sends what is due of it; nothing in dry-run.
    pub(crate) async fn send_digest(&self, last: &mut Entry<LastDigest>, now: Timestamp) -> Result<Vec<String>> {
        if self.config.dry_run {
            return Ok(Vec::new());
        }
        let topic = &self.config.operations_topic;
        self.ledger.send_due(&self.sns, topic, &self.system(), last, now).await
    }

    fn system(&self) -> Subject {
        Subject::System(self.config.fleet.title())
    }
}

/// The records of one kind, by the name of what they are about.
fn records<T: Kept>(items: &[Item]) -> Result<BTreeMap<String, T>> {
    let each = items.iter().map(|item| Ok(item.record::<T>()?.map(|record| (item.name().to_owned(), record))));
    each.filter_map(Result::transpose).collect()
}
