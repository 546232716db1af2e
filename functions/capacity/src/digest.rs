//! Once a day: what happened, what it cost, what holds, what comes.

use std::collections::BTreeMap;

use futures_util::future::join3;
use jiff::{SignedDuration, Timestamp};
use planner::alarm;
use planner::budget;
use planner::capacity::CapacityPolicy;
use planner::capacity::{Action, Facts, Observed, Savings, plan};
use planner::fleet::ServicePolicy;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::Result;
use shared::ledger::{Entry, Event, Item, Kept, Subject};

use crate::message::digest::{Day, ServiceDay};
use crate::{App, message};

/// How far ahead it looks, and how far back the first one.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// More changes than any day ahead has.
const CHANGES: usize = 16;
/// What comes and goes every day by itself, as the label of its reason: no news.
const ROUTINE: [&str; 3] = ["night", "baseline", "record"];
/// Steps of a rollout: its end says what came of them.
const STEPS: [&str; 4] = ["roll", "update", "adopt", "stage"];

/// What was told last; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Told {
    /// When.
    at: Option<Timestamp>,
    /// What was counted by then, by service.
    counted: BTreeMap<String, Savings>,
}

impl Kept for Told {
    const SORT_KEY: &'static str = "digest";
}

impl App {
    /// Tells the day, unless nothing is new and nobody asks.
    pub(crate) async fn digest(&self, asked: Option<&str>, now: Timestamp) -> Result<Value> {
        let fleet = &self.config.fleet;
        let scope: Vec<&ServicePolicy> = fleet.services.iter().collect();
        let (told, items, sights) = join3(self.told(), self.ledger.items(), self.observe(&scope)).await;
        let (mut told, items) = (told?, items?);
        let since = told.record.at.unwrap_or(now - DAY);
        let events = news(&items, since, now);
        let alarms = records::<alarm::Record>(&items)?;
        let budgets = records::<budget::Record>(&items)?;
        let mut services = Vec::new();
        for (policy, sight) in scope.into_iter().zip(sights) {
            let sight = sight?;
            let facts = &sight.entry.record.facts;
            services.push(ServiceDay {
                coming: coming(&policy.capacity(), facts, &sight.observed, now),
                counted: since_then(told.record.counted.get(&policy.name), &sight.entry.record.savings),
                month: sight.entry.record.savings.clone(),
                rollout: sight.rollout,
                facts: facts.clone(),
                policy,
            });
        }
        let day = Day { fleet, since, now, events, services, alarms, budgets };
        if asked.is_none() && day.is_quiet() {
            // What was new may have been told, and not been sent.
            let messages = self.send_digest(&mut told, now).await?;
            return Ok(json!({ "ignored": "nothing is new", "messages": messages }));
        }
        let message = message::digest::digest(&day);
        let mut messages = vec![message.subject()];
        if !self.config.dry_run {
            told.record.at = Some(now);
            told.record.counted = day.services.iter().map(|own| (own.policy.name.clone(), own.month.clone())).collect();
            told.tell(now, message);
            self.ledger.save(&self.system(), &mut told).await?;
            messages = self.send_digest(&mut told, now).await?;
        }
        Ok(json!({ "dry_run": self.config.dry_run, "services": [], "messages": messages }))
    }

    /// What was told last, with what of it is still to be sent.
    pub(crate) async fn told(&self) -> Result<Entry<Told>> {
        self.ledger.load(&self.system()).await
    }

    /// Sends what is due of it; nothing in dry-run.
    pub(crate) async fn send_digest(&self, told: &mut Entry<Told>, now: Timestamp) -> Result<Vec<String>> {
        if self.config.dry_run {
            return Ok(Vec::new());
        }
        let topic = &self.config.operations_topic;
        self.ledger.send_due(&self.sns, topic, &self.system(), told, now).await
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

/// What happened since, oldest first.
fn news(items: &[Item], since: Timestamp, now: Timestamp) -> Vec<(String, Event)> {
    let each = items.iter().flat_map(|item| item.history.iter().map(|event| (item.name().to_owned(), event.clone())));
    let quiet = |event: &Event| ROUTINE.contains(&event.what.as_str()) || STEPS.contains(&event.what.as_str());
    let mut news: Vec<(String, Event)> =
        each.filter(|(_, event)| event.at > since && event.at <= now && !quiet(event)).collect();
    news.sort_by_key(|(_, event)| event.at);
    news
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
) -> Vec<(Timestamp, bool, planner::capacity::Reason)> {
    let mut coming = Vec::new();
    let mut seen = observed.clone();
    let mut decision = plan(policy, facts, &seen, now);
    for _ in 0..CHANGES {
        let before = decision.asleep(&seen);
        if let Action::Set(capacity) = &decision.action {
            let (bounds, strategy) = (seen.bounds.map(|_| capacity.bounds), capacity.strategy.clone());
            seen = Observed { desired: capacity.desired, bounds, strategy, ..seen };
        }
        let Some(next) = decision.until.filter(|next| *next <= now + DAY) else { break };
        decision = plan(policy, facts, &seen, next);
        if let Some(asleep) = decision.asleep(&seen).filter(|asleep| Some(*asleep) != before) {
            coming.push((next, asleep, decision.reason.clone()));
        }
    }
    coming
}

#[cfg(test)]
mod tests {
    use planner::capacity::Baseline;
    use planner::capacity::{Bounds, Reason, Scaling};
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
        let expected =
            [(at("2026-11-21T21:00:00Z"), true, Reason::Night), (at("2026-11-22T05:00:00Z"), false, Reason::Baseline)];
        assert_eq!(coming, expected);
    }

    #[test]
    fn nights_and_the_steps_of_a_rollout_are_no_news() {
        let event = |at_minute: i64, what: &str| Event {
            at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(at_minute),
            what: what.into(),
            why: String::new(),
        };
        let item = |subject: &str, history: Vec<Event>| {
            Item::read(subject.to_owned(), "any".to_owned(), json!({ "history": history })).unwrap()
        };
        let items = [
            item("service/prod/web", vec![event(9, "complete"), event(8, "roll"), event(1, "complete")]),
            item("alarm/errors", vec![event(7, "announced"), event(6, "night")]),
        ];
        let since = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(5);
        let told = news(&items, since, since + DAY);
        let told: Vec<(&str, &str)> = told.iter().map(|(name, event)| (name.as_str(), event.what.as_str())).collect();
        assert_eq!(told, [("errors", "announced"), ("web", "complete")]);
    }

    #[test]
    fn what_was_counted_since_the_last_digest_starts_anew_with_the_month() {
        let usd = Usd::from_micros;
        let savings =
            |month: &str, saved: u64| Savings { at: None, month: month.into(), saved: usd(saved), spent: usd(1) };
        let now = savings("2026-12", 7);
        assert_eq!(since_then(Some(&savings("2026-12", 4)), &now).saved, usd(3));
        assert_eq!(since_then(Some(&savings("2026-11", 4)), &now).saved, usd(7));
    }
}
