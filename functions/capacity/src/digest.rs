//! The daily digest: gathers what it reports, sends it, and remembers up to when.

use std::collections::BTreeMap;

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
use shared::runtime::{Invocation, Line, Outcome, Report};

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
        let subject = system(invocation.documents);
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
        let Invocation { documents: fleet, context, now, .. } = *invocation;
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
        last.record.counted = day.services.iter().map(|own| (own.policy.name.clone(), own.month.clone())).collect();
        last.announce(now, message);
        invocation.mark_answered(&mut last);
        invocation.save(&subject, &mut last).await?;
        report.push(Line::new(subject.clone(), ("send", "digest"), why, invocation.kept(vec![title])));
        invocation.send(&subject, &mut last, report).await;
        Ok(())
    }

    /// Sends a digest again that could not be sent.
    pub(crate) async fn send_digest(&self, invocation: &Invocation<'_, App>, report: &mut Report) {
        let subject = system(invocation.documents);
        match invocation.context.ledger.load::<LastDigest>(&subject).await {
            Ok(mut last) => drop(invocation.send(&subject, &mut last, report).await),
            Err(error) => report.sent(subject, Err(error)),
        }
    }
}

fn system(fleet: &Fleet) -> Subject {
    Subject::System(fleet.title())
}

/// The records of one kind, by the name of the service, alarm or budget.
fn records<T: LedgerRecord>(items: &[Item]) -> Result<BTreeMap<String, T>> {
    let each = items.iter().map(|item| Ok(item.record::<T>()?.map(|record| (item.name().to_owned(), record))));
    each.filter_map(Result::transpose).collect()
}
