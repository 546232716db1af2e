//! Keeps how many tasks of each service run, and where, in line with what is wanted of it.
//!
//! Every trigger is a hint where to look; what a service should be is decided from policy, facts, what was seen and the
//! clock by [`planner::capacity::plan`]. For each service in scope: write down the fact that the trigger brings, observe,
//! plan, apply; then follow what came of it, and tell the transitions. The tick repeats all of it, so a lost event, a
//! missed night and a change by hand cost at most five minutes.
//!
//! | trigger | scope | fact |
//! |---|---|---|
//! | tick, stack update | every service; a digest that could not be sent | |
//! | edge of a night | the service that is named | |
//! | ECS deployment changed its state | that service | |
//! | ECS could not place a task on Spot | that service | a shortage of Spot |
//! | a task was interrupted by Spot | that service | three in half an hour are a shortage |
//! | request `wake`, `sleep`, `hold` | the service that is named | a manual override, with its end |
//! | request `resume` | the service that is named | the end of one |
//! | request `digest`, once a day | every service and the whole ledger | the last digest |
//! | request `plan`, with `at` | the service that is named, or every one | nothing is changed |
//!
//! | what is decided | what is done |
//! |---|---|
//! | asleep | suspend scaling and set both bounds to 0, then the desired count |
//! | awake | the desired count, then the bounds with scaling resumed |
//! | another capacity provider strategy | with the desired count, as one update with a forced deployment |
//! | frozen, on hold, never started | nothing |

mod apply;
mod digest;
mod event;
mod message;
mod observe;

use std::time::Instant;

use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use planner::capacity::SpotMode;
use planner::capacity::{
    Action, Deadlines, Decision, EndedOverride, Facts, OverrideKind, Record, RevisionSize, Target, TaskCounts,
    Transition, advance, plan, provider_change, resume,
};
use planner::fleet::ServicePolicy;
use planner::model::{Prices, ServiceId, Usd, endings, format_time};
use serde_json::{Value, json};
use shared::aws::{AutoScaling, Connection, DynamoDb, Ecs, Sns};
use shared::env::{Config, Env};
use shared::lambda::Function;
use shared::ledger::{Ledger, Subject};
use shared::report::{Line, Outcome, Report};
use shared::{Error, Kind, Result};

use message::{HourlyCost, ServiceMessages};
use observe::{ObservedService, healthy_tasks, not_found, tasks_by_provider};

pub use event::{Request, Trigger};

/// What the ledger keeps of one service's capacity.
pub(crate) type Entry = shared::ledger::Entry<Record>;

/// How often one service is looked at anew because somebody else wrote first.
const TRIES: usize = 4;

/// The function: configuration and one gateway per service it talks to.
pub struct App {
    config: Config,
    prices: Option<&'static Prices>,
    ecs: Ecs,
    autoscaling: AutoScaling,
    sns: Sns,
    ledger: Ledger,
}

/// May anything change in this invocation?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Do what is decided.
    Act,
    /// Decide and report, change nothing.
    DryRun,
}

impl Function for App {
    fn new(config: Config, _: &Env<'_>, connection: &Connection) -> Result<App> {
        Ok(App {
            prices: Prices::for_region(connection.region()),
            ecs: Ecs::new(connection),
            autoscaling: AutoScaling::new(connection),
            sns: Sns::new(connection),
            ledger: Ledger::new(DynamoDb::new(connection, &config.ledger_table)),
            config,
        })
    }

    async fn warm(&self) {
        let Some(service) = self.config.fleet.services.first() else { return };
        drop(self.observe(&[service]).await);
    }

    /// A broken payload is an error; so is a service in scope that failed, when the others are done.
    async fn handle(&self, payload: Value, clock: Timestamp) -> Result<Value> {
        let started = Instant::now();
        let (trigger, now) = Trigger::parse(payload, clock)?;
        if let Trigger::Ignored(reason) = &trigger {
            tracing::debug!("ignored: {reason}");
            return Ok(json!({ "ignored": reason }));
        }
        if let Trigger::Request(Request::Digest { by, .. }) = &trigger {
            return self.digest(by.as_deref(), now).await;
        }
        let scope = self.scope(&trigger)?;
        let dry_run = self.config.dry_run || matches!(trigger, Trigger::Request(Request::Plan { .. }));
        let mode = if dry_run { Mode::DryRun } else { Mode::Act };

        let everything = trigger == Trigger::Everything && mode == Mode::Act;
        let last_digest = async { if everything { Some(self.last_digest().await) } else { None } };
        let (observed, last_digest) = join(self.observe(&scope), last_digest).await;
        let each =
            scope.iter().zip(observed).map(|(policy, observed)| self.reconcile(policy, observed, &trigger, mode, now));
        let mut report = Report { dry_run, ..Report::default() };
        for done in join_all(each).await {
            report.lines.extend(done.lines);
            report.messages.extend(done.messages);
        }
        // A digest is built once a day: only the tick sends one again that could not be sent.
        let mut unsent = Ok(());
        match last_digest {
            Some(Ok(mut last_digest)) => match self.send_digest(&mut last_digest, now).await {
                Ok(messages) => report.messages.extend(messages),
                Err(error) => unsent = Err(error.context("send the digest")),
            },
            Some(Err(error)) => unsent = Err(error),
            None => {}
        }

        report.log(dry_run);
        let duration = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        let metrics = report.metrics(&self.config.fleet.system, "capacity", clock.as_millisecond(), duration);
        shared::lambda::metrics(&metrics);
        match (report.into_result(), unsent) {
            (answer, Ok(())) => answer,
            (Ok(_), Err(error)) => Err(error),
            (Err(error), Err(other)) => Err(Error::new(error.kind(), format!("{error}; {other}"))),
        }
    }
}

impl App {
    /// The services that a trigger concerns.
    fn scope<'a>(&'a self, trigger: &Trigger) -> Result<Vec<&'a ServicePolicy>> {
        let fleet = &self.config.fleet;
        let one = |id: &ServiceId| fleet.services.iter().filter(|policy| policy.id() == *id).collect();
        Ok(match trigger {
            Trigger::Everything | Trigger::Ignored(_) => fleet.services.iter().collect(),
            Trigger::Service(service) | Trigger::Spot { service, .. } => one(service),
            Trigger::Request(request) => match request.service() {
                None => fleet.services.iter().collect(),
                Some(name) => vec![fleet.named(name)?],
            },
        })
    }

    /// Fact, plan, apply, follow. One service; its failure is a line of the report.
    async fn reconcile(
        &self,
        policy: &ServicePolicy,
        observed: Result<ObservedService>,
        trigger: &Trigger,
        mode: Mode,
        now: Timestamp,
    ) -> Done {
        let (mut observed, mut tries) = (observed, 1);
        loop {
            let mut done = Done::default();
            let result = match observed {
                Ok(observed) => self.once(policy, observed, trigger, mode, now, &mut done).await,
                Err(error) => Err(error),
            };
            match result {
                Ok(()) => return done,
                // Somebody else wrote first: look again and decide anew.
                Err(error) if error.kind() == Kind::Conflict && tries < TRIES => {
                    tries += 1;
                    observed = self.observe(&[policy]).await.pop().unwrap_or_else(|| Err(not_found(&policy.id())));
                }
                Err(error) => {
                    let why = "the service could not be reconciled".to_owned();
                    done.lines.push(line(policy, "none", "error", why, Outcome::Failed(error)));
                    return done;
                }
            }
        }
    }

    async fn once(
        &self,
        policy: &ServicePolicy,
        mut observed: ObservedService,
        trigger: &Trigger,
        mode: Mode,
        now: Timestamp,
        done: &mut Done,
    ) -> Result<()> {
        let subject = Subject::Service(policy.id());
        let messages = ServiceMessages { fleet: &self.config.fleet, policy, now };
        let entry = &mut observed.entry;

        let (before, ended) = (entry.record.facts.clone(), remember(&mut entry.record.facts, trigger, now)?);
        let decision = plan(&policy.capacity(), &entry.record.facts, &observed.capacity, now);
        if let Some(ended) = &ended {
            entry.note(now, "override_ended", format!("the override of {} ended", ended.ended.expiry.by));
            entry.tell(now, messages.override_ended(ended, &decision));
        }
        if let Trigger::Request(request) = trigger
            && let Some((kind, wanted)) = request.wanted()
        {
            let why = decision.reason.to_string();
            entry.note(now, "override", why.clone());
            if kind == OverrideKind::Hold {
                entry.tell(now, messages.held(wanted, &decision));
            }
            done.lines.push(line(policy, "remember", "requested", why, recorded(mode)));
        }
        if mode == Mode::Act && before != entry.record.facts {
            // The fact first: a crash after this is healed by the next tick, a crash before it loses a request.
            self.ledger.save(&subject, entry).await?;
        }

        let outcome = self.apply(policy, &decision, &observed, mode).await;
        let applied = !matches!(outcome, Outcome::Failed(_));
        let changes = match &outcome {
            Outcome::Changed(changes) => Some(changes.join(", ")),
            Outcome::Unchanged | Outcome::Planned(_) | Outcome::Failed(_) => None,
        };
        done.lines.push(line(
            policy,
            decision.label(&observed.capacity),
            decision.reason.label(),
            why(&decision),
            outcome,
        ));
        if mode == Mode::DryRun || !applied {
            return Ok(());
        }

        let unfollowed = observed.entry.clone();
        if let Some(changes) = changes {
            observed.entry.note(now, decision.reason.label(), format!("{changes}: {}", decision.reason));
        }
        // A price that is not known is no reason to say nothing.
        let accounted = self.account(policy, &mut observed, now).await;
        self.advance(policy, &decision, &mut observed, &messages, now).await?;
        if observed.entry != unfollowed {
            self.ledger.save(&subject, &mut observed.entry).await?;
        }
        let topic = &self.config.operations_topic;
        done.messages.extend(self.ledger.send_due(&self.sns, topic, &subject, &mut observed.entry, now).await?);
        accounted
    }

    async fn apply(
        &self,
        policy: &ServicePolicy,
        decision: &Decision,
        observed: &ObservedService,
        mode: Mode,
    ) -> Outcome {
        let Action::Set(wanted) = &decision.action else { return Outcome::Unchanged };
        let writes = apply::writes(wanted, &observed.capacity);
        let changes = writes.iter().map(|write| write.describe(&observed.capacity)).collect();
        match mode {
            Mode::DryRun => Outcome::Planned(changes),
            Mode::Act => match self.set(&policy.id(), &writes).await {
                Ok(()) => Outcome::Changed(changes),
                Err(error) => Outcome::Failed(error),
            },
        }
    }

    /// Counts what was saved since the last look, and shows where tasks run and what they cost.
    async fn account(&self, policy: &ServicePolicy, observed: &mut ObservedService, now: Timestamp) -> Result<()> {
        let record = &mut observed.entry.record;
        if record.size.as_ref().is_none_or(|known| known.revision != observed.service.revision) {
            let revision = self.ecs.revision(&observed.service.revision).await?;
            record.size = Some(RevisionSize { revision: observed.service.revision.clone(), size: revision.size() });
        }
        let tasks = tasks_by_provider(&observed.tasks);
        let cost = HourlyCost::of(self.prices, policy, record, tasks);
        let saved = match (&cost, observed.capacity.started) {
            (Some(cost), true) => record.savings.count((cost.saved, cost.current), now),
            _ => Usd::default(),
        };
        let metrics = message::metrics(&self.config.fleet.system, policy, tasks, cost.as_ref(), saved, now);
        shared::lambda::metrics(&metrics);
        Ok(())
    }

    /// Tells what has happened, and what has not happened in time.
    async fn advance(
        &self,
        policy: &ServicePolicy,
        decision: &Decision,
        observed: &mut ObservedService,
        messages: &ServiceMessages<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let Some(target) = decision.target(&observed.capacity) else { return Ok(()) };
        let cost = HourlyCost::of(self.prices, policy, &observed.entry.record, tasks_by_provider(&observed.tasks));
        let minutes = |minutes: u32| SignedDuration::from_mins(minutes.into());
        let deadlines = Deadlines { drain: minutes(policy.drain_minutes), start: minutes(policy.wake_minutes) };
        let tasks = TaskCounts {
            running: u32::try_from(observed.tasks.len()).unwrap_or(u32::MAX),
            healthy: healthy_tasks(&observed.tasks),
        };
        let (state, transition) = advance(observed.entry.record.state, target, tasks, deadlines, now);
        observed.entry.record.state = Some(state);
        let message = match transition {
            None => None,
            Some(Transition::ScaledToZero) => {
                Some(messages.scaled_to_zero(decision, cost.as_ref(), &observed.entry.record.savings))
            }
            Some(Transition::RunningAgain { since }) => Some(messages.running_again(decision, since, cost.as_ref())),
            Some(Transition::DrainOverdue { since }) => {
                let protected = self.ecs.protected(&policy.cluster, &observed.tasks).await?;
                Some(messages.drain_overdue(since, &observed.tasks, &protected))
            }
            Some(Transition::StartOverdue { since }) => {
                let deployment = observed.service.primary().map_or("", |deployment| &deployment.id);
                let stopped = self.ecs.stopped_tasks(&observed.service.id, deployment).await?;
                Some(messages.start_overdue(since, decision, &observed.tasks, &endings(&stopped)))
            }
        };
        if let Some(message) = message {
            observed.entry.tell(now, message);
        }

        let strategy = match &decision.action {
            Action::Set(wanted) => wanted.strategy.clone(),
            Action::Keep | Action::LeaveUnchanged => observed.capacity.strategy.clone(),
        };
        let record = &mut observed.entry.record;
        let change = provider_change(record.announced_strategy.as_ref(), &strategy);
        record.announced_strategy = Some(strategy);
        let (facts, cost) = (record.facts.clone(), cost.as_ref());
        if let Some(change) = change {
            observed.entry.tell(now, messages.provider_change(change, &facts.spot, cost));
        }
        if target == Target::Running && stays_on_spot(policy, &facts, now) && !facts.spot.available(now) {
            observed.entry.tell(now, messages.spot_unavailable(&facts, tasks_by_provider(&observed.tasks)));
        }
        Ok(())
    }
}

/// Records the fact of a trigger and drops what has expired; returns an override that ended.
fn remember(facts: &mut Facts, trigger: &Trigger, now: Timestamp) -> Result<Option<EndedOverride>> {
    let expired = facts.expire(now).map(|ended| EndedOverride { ended, by: None });
    match trigger {
        Trigger::Spot { event, .. } => facts.spot = facts.spot.after(event.clone(), now),
        Trigger::Request(Request::Resume { by, .. }) => return Ok(resume(by, facts).or(expired)),
        Trigger::Request(request) => {
            if let Some((kind, wanted)) = request.wanted() {
                wanted.record(kind, facts, now)?;
                // Replaced, not ended.
                return Ok(None);
            }
        }
        Trigger::Everything | Trigger::Service(_) | Trigger::Ignored(_) => {}
    }
    Ok(expired)
}

fn stays_on_spot(policy: &ServicePolicy, facts: &Facts, now: Timestamp) -> bool {
    let held = facts.restriction_at(now).is_some_and(|restriction| restriction.spot_only);
    policy.spot.is_some_and(|spot| spot.mode == SpotMode::Only || (spot.mode == SpotMode::Prefer && held))
}

/// The decision as a sentence, with the moment at which it will be another where the sentence does not say it.
fn why(decision: &Decision) -> String {
    let sentence = decision.reason.to_string();
    match decision.until.map(format_time).filter(|until| !sentence.contains(until)) {
        Some(until) => format!("{sentence}; until {until}"),
        None => sentence,
    }
}

fn recorded(mode: Mode) -> Outcome {
    let recorded = vec!["recorded".to_owned()];
    match mode {
        Mode::Act => Outcome::Changed(recorded),
        Mode::DryRun => Outcome::Planned(recorded),
    }
}

fn line(policy: &ServicePolicy, decision: &'static str, reason: &'static str, why: String, outcome: Outcome) -> Line {
    Line { service: policy.id(), decision, reason, why, image: None, outcome }
}

/// What was done for one service.
#[derive(Default)]
struct Done {
    lines: Vec<Line>,
    messages: Vec<String>,
}
