//! Once a day: what happened, what it cost, what holds, what comes.

use std::collections::BTreeMap;

use futures_util::future::join3;
use jiff::{SignedDuration, Timestamp};
use planner::alarm;
use planner::budget;
use planner::capacity::{Action, CapacityPolicy, Facts, Observed, Reason, Savings, Target, plan};
use planner::fleet::ServicePolicy;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::Result;
use shared::ledger::{Entry, Item, Kept, Subject};

use crate::message::digest::{Change, Day, ServiceDay};
use crate::{App, message};

/// How far ahead it looks, and how far back the first one.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// More changes than any day ahead has.
const CHANGES: usize = 16;
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
                coming: coming(&policy.capacity(), facts, &service.capacity, now),
                counted: since_then(last.record.counted.get(&policy.name), &service.entry.record.savings),
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

/// What was counted since the last digest; a new month starts at nothing.
fn since_then(before: Option<&Savings>, now: &Savings) -> Savings {
    match before.filter(|before| before.month == now.month) {
        Some(before) => Savings {
            saved: now.saved.saturating_sub(before.saved),
            spent: now.spent.saturating_sub(before.spent),
            ..now.clone()
        },
        None => now.clone(),
    }
}

/// What the clock will change within a day: when, whether the service then sleeps, and why.
fn coming(
    policy: &CapacityPolicy,
    facts: &Facts,
    observed: &Observed,
    now: Timestamp,
) -> Vec<(Timestamp, Target, Reason)> {
    let mut coming = Vec::new();
    let mut observed = observed.clone();
    let mut decision = plan(policy, facts, &observed, now);
    for _ in 0..CHANGES {
        let before = decision.target(&observed);
        if let Action::Set(capacity) = &decision.action {
            let (bounds, strategy) = (observed.bounds.map(|_| capacity.bounds), capacity.strategy.clone());
            observed = Observed { desired: capacity.desired, bounds, strategy, ..observed };
        }
        let Some(next) = decision.until.filter(|next| *next <= now + DAY) else { break };
        decision = plan(policy, facts, &observed, next);
        if let Some(target) = decision.target(&observed).filter(|target| Some(*target) != before) {
            coming.push((next, target, decision.reason.clone()));
        }
    }
    coming
}

#[cfg(test)]
mod tests {
    use planner::capacity::{Baseline, Bounds, Scaling};
    use planner::model::{Strategy, Usd};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_ahead_has_the_evening_and_the_morning() {
        let night = r#"{"zone":"Europe/Berlin","windows":[{"from":"22:00","to":"06:00"}]}"#;
        let baseline = Baseline { min: 1, max: 3 };
        let sleep = Some(serde_json::from_str(night).unwrap());
        let policy = CapacityPolicy { baseline, sleep, spot: None, floor: None };
        let bounds = Some(Bounds { min: 1, max: 3, scaling: Scaling::Active });
        let (strategy, rollout_in_flight) = (Strategy::OnDemand, false);
        let observed = Observed { desired: 1, bounds, strategy, rollout_in_flight, started: true };
        let coming = coming(&policy, &Facts::default(), &observed, at("2026-11-21T07:00:00Z"));
        let expected = [
            (at("2026-11-21T21:00:00Z"), Target::ScaledToZero, Reason::ScheduledDowntime),
            (at("2026-11-22T05:00:00Z"), Target::Running, Reason::Baseline),
        ];
        assert_eq!(coming, expected);
    }

    #[test]
    fn what_was_counted_since_the_last_digest_starts_anew_with_the_month() {
        let usd = Usd::from_micros;
        let savings = |month: &str, saved: u64| Savings {
            counted_until: None,
            month: month.into(),
            saved: usd(saved),
            spent: usd(1),
        };
        let now = savings("2026-12", 7);
        assert_eq!(since_then(Some(&savings("2026-12", 4)), &now).saved, usd(3));
        assert_eq!(since_then(Some(&savings("2026-11", 4)), &now).saved, usd(7));
    }
}
