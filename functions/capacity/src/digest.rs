//! The daily digest: gathers what it reports, sends it, and remembers up to when.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join3;
use jiff::{SignedDuration, Timestamp};
use planner::alarm;
use planner::budget;
use planner::capacity::{Savings, forecast};
use planner::fleet::{Fleet, ServicePolicy};
use planner::model::format_time;
use serde::{Deserialize, Serialize};
use shared::Result;
use shared::ledger::{Item, LedgerRecord, Subject};
use shared::runtime::{Function, Invocation, Line, Outcome, Report};

use crate::app::App;
use crate::message;
use crate::message::digest::{Change, Day, ServiceDay};

/// How far ahead a digest forecasts, and how far back the first one reaches.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// When a digest is due although nothing changed: the weekly proof that the automation runs. Half a day less than a week,
/// since a schedule may be late.
const HEARTBEAT: SignedDuration = SignedDuration::from_hours(7 * 24 - 12);

/// The last digest: when it was built, and what was counted by then. One item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LastDigest {
    /// `at` of the request or schedule; the tick has none.
    at: Option<Timestamp>,
    /// What was counted by then, by service.
    counted: BTreeMap<String, Savings>,
}

impl LedgerRecord for LastDigest {
    const SORT_KEY: &'static str = "digest";
}

impl App {
    /// Sends the digest, unless nothing changed, it was not requested, and there was one within the week.
    pub(crate) async fn digest(&self, by: Option<&str>, invocation: &Invocation<'_, App>, report: &mut Report) {
        let subject = system(&invocation.documents.fleet);
        match self.build_digest(by, invocation, report).await {
            Ok(()) => {}
            Err(error) => report.sent(subject, Err(error.context("build the digest"))),
        }
    }

    async fn build_digest(
        &self,
        by: Option<&str>,
        invocation: &Invocation<'_, App>,
        report: &mut Report,
    ) -> Result<()> {
        let Invocation { documents, context, now, .. } = *invocation;
        let fleet = &documents.fleet;
        let subject = system(fleet);
        let scope: Vec<&ServicePolicy> = fleet.services.iter().collect();
        let last = context.ledger.load::<LastDigest>(&subject);
        let (last, items, observed) = join3(last, context.ledger.items(), self.look(context, &scope)).await;
        let (mut last, items) = (last?, items?);
        if let Some(line) = invocation.answered(&subject, &last) {
            report.push(line);
            invocation.send(&subject, &mut last, report).await;
            return Ok(());
        }
        let since = last.record.at.unwrap_or(now - DAY);
        let changes = Change::between(&items, since, now)?;
        let alarms = records::<alarm::Record>(&items, documents.alarms.as_ref())?;
        let budgets = records::<budget::Record>(&items, documents.budgets.as_ref())?;
        let mut services = Vec::new();
        for (policy, service) in scope.into_iter().zip(observed) {
            // One service that could not be observed does not keep the digest from reporting the others.
            let service = match service {
                Ok(service) => service,
                Err(error) => {
                    let why = format!("the digest says nothing about {}", policy.id());
                    report.push(Line::new(App::subject(policy), ("none", "error"), why, Outcome::Failed(error)));
                    continue;
                }
            };
            let facts = &service.entry.record.facts;
            services.push(ServiceDay {
                upcoming: forecast(&policy.capacity(), facts, &service.capacity, now, DAY),
                counted: service.entry.record.savings.since(last.record.counted.get(&policy.id().to_string())),
                month: service.entry.record.savings.clone(),
                rollout: service.rollout,
                state: service.entry.record.state,
                missing: service.entry.record.missing,
                facts: facts.clone(),
                policy,
            });
        }
        let day = Day { fleet, since, now, changes, services, alarms, budgets };
        let is_due = last.record.at.is_none_or(|at| now.duration_since(at) >= HEARTBEAT);
        if by.is_none() && day.is_quiet() && !is_due {
            report.push(Line::new(
                subject.clone(),
                ("keep", "nothing_new"),
                "no changes since the last digest",
                Outcome::Unchanged,
            ));
            // An earlier digest may not have been sent yet.
            invocation.send(&subject, &mut last, report).await;
            return Ok(());
        }
        let message = message::digest::digest(&day);
        let title = message.subject();
        let why = format!("digest since {}", format_time(since));
        last.record.at = Some(now);
        last.record.counted = day.services.iter().map(|own| (own.policy.id().to_string(), own.month.clone())).collect();
        last.announce(now, message);
        invocation.mark_answered(&mut last);
        invocation.save(&subject, &mut last).await?;
        report.push(Line::new(subject.clone(), ("send", "digest"), why, invocation.kept(vec![title])));
        invocation.send(&subject, &mut last, report).await;
        Ok(())
    }

    /// Sends a digest again that could not be sent.
    pub(crate) async fn send_digest(&self, invocation: &Invocation<'_, App>, report: &mut Report) {
        let subject = system(&invocation.documents.fleet);
        match invocation.context.ledger.load::<LastDigest>(&subject).await {
            Ok(mut last) => drop(invocation.send(&subject, &mut last, report).await),
            Err(error) => report.sent(subject, Err(error)),
        }
    }
}

fn system(fleet: &Fleet) -> Subject {
    Subject::System(fleet.title())
}

/// The records of one kind, by the name of the alarm or budget; those that are no longer configured are left out.
fn records<T: LedgerRecord>(items: &[Item], known: Option<&BTreeSet<String>>) -> Result<BTreeMap<String, T>> {
    let name = |item: &Item| item.subject.split_once('/').map_or(item.subject.clone(), |(_, name)| name.to_owned());
    let known = |name: &String| known.is_none_or(|known| known.contains(name));
    let each = items.iter().map(|item| Ok(item.record::<T>()?.map(|record| (name(item), record))));
    each.filter(|each: &Result<_>| each.as_ref().map_or(true, |each| each.as_ref().is_none_or(|(name, _)| known(name))))
        .filter_map(Result::transpose)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn alarms_whose_names_end_alike_are_two_and_a_removed_one_is_none() {
        let item = |name: &str| Item::read(format!("alarm/{name}"), "alarm".into(), json!({})).unwrap();
        let items = [item("web/errors"), item("crawler/errors"), item("removed")];
        let known = BTreeSet::from(["web/errors".to_owned(), "crawler/errors".to_owned()]);
        let names = |known| records::<alarm::Record>(&items, known).unwrap().into_keys().collect::<Vec<_>>();
        assert_eq!(names(Some(&known)), ["crawler/errors", "web/errors"]);
        assert_eq!(names(None).len(), 3);
    }
}
