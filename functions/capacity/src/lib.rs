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
//! | request `digest`, once a day | every service and the whole ledger | what was told |
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
    Action, Deadlines, Decision, Expiry, Facts, Override, OverrideKind, Record, RevisionSize, Transition, advance,
    plan, provider_change,
};
use planner::fleet::ServicePolicy;
use planner::model::{Prices, ServiceId, TasksByProvider, Usd, endings, format_time};
use serde_json::{Value, json};
use shared::aws::{AutoScaling, Connection, DynamoDb, Ecs, Sns};
use shared::env::{Config, Env};
use shared::lambda::Function;
use shared::ledger::{Ledger, Subject};
use shared::report::{Line, Outcome, Report};
use shared::{Error, Kind, Result};

use message::{Cost, Messages};
use observe::{Sight, by_provider, gone, healthy};

pub use event::{OverrideRequest, Request, Trigger};

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
        let told = async { if everything { Some(self.told().await) } else { None } };
        let (sights, told) = join(self.observe(&scope), told).await;
        let each = scope.iter().zip(sights).map(|(policy, sight)| self.reconcile(policy, sight, &trigger, mode, now));
        let mut report = Report { dry_run, ..Report::default() };
        for done in join_all(each).await {
            report.lines.extend(done.lines);
            report.messages.extend(done.messages);
        }
        // A digest is told once a day: nothing but the tick comes back to one that could not be sent.
        let mut unsent = Ok(());
        match told {
            Some(Ok(mut told)) => match self.send_digest(&mut told, now).await {
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
        sight: Result<Sight>,
        trigger: &Trigger,
        mode: Mode,
        now: Timestamp,
    ) -> Done {
        let (mut sight, mut tries) = (sight, 1);
        loop {
            let mut done = Done::default();
            let result = match sight {
                Ok(sight) => self.once(policy, sight, trigger, mode, now, &mut done).await,
                Err(error) => Err(error),
            };
            match result {
                Ok(()) => return done,
                // Somebody else wrote first: look again and decide anew.
                Err(error) if error.kind() == Kind::Conflict && tries < TRIES => {
                    tries += 1;
                    sight = self.observe(&[policy]).await.pop().unwrap_or_else(|| Err(gone(&policy.id())));
                }
                Err(error) => {
                    let why = "could not be looked after".to_owned();
                    done.lines.push(line(policy, "none", "error", why, Outcome::Failed(error)));
                    return done;
                }
            }
        }
    }

    async fn once(
        &self,
        policy: &ServicePolicy,
        mut sight: Sight,
        trigger: &Trigger,
        mode: Mode,
        now: Timestamp,
        done: &mut Done,
    ) -> Result<()> {
        let subject = Subject::Service(policy.id());
        let messages = Messages { fleet: &self.config.fleet, policy, now };
        let entry = &mut sight.entry;

        let (before, ended) = (entry.record.facts.clone(), remember(&mut entry.record.facts, trigger, now)?);
        let decision = plan(&policy.capacity(), &entry.record.facts, &sight.observed, now);
        if let Some((ended, by)) = &ended {
            entry.note(now, "released", format!("{}'s override ended", ended.expiry.by));
            entry.tell(now, messages.released(ended, by.as_deref(), &decision));
        }
        if let Trigger::Request(request) = trigger
            && let Some((want, wanted)) = request.wanted()
        {
            let why = decision.reason.to_string();
            entry.note(now, "override", why.clone());
            if want == OverrideKind::Hold {
                entry.tell(now, messages.held(wanted, &decision));
            }
            done.lines.push(line(policy, "remember", "requested", why, recorded(mode)));
        }
        if mode == Mode::Act && before != entry.record.facts {
            // The fact first: a crash after this is healed by the next tick, a crash before it loses a request.
            self.ledger.save(&subject, entry).await?;
        }

        let outcome = self.apply(policy, &decision, &sight, mode).await;
        let applied = !matches!(outcome, Outcome::Failed(_));
        let changes = match &outcome {
            Outcome::Changed(changes) => Some(changes.join(", ")),
            Outcome::Unchanged | Outcome::Planned(_) | Outcome::Failed(_) => None,
        };
        done.lines.push(line(
            policy,
            decision.label(&sight.observed),
            decision.reason.label(),
            why(&decision),
            outcome,
        ));
        if mode == Mode::DryRun || !applied {
            return Ok(());
        }

        let unfollowed = sight.entry.clone();
        if let Some(changes) = changes {
            sight.entry.note(now, decision.reason.label(), format!("{changes}: {}", decision.reason));
        }
        // A price that is not known is no reason to say nothing.
        let accounted = self.account(policy, &mut sight, now).await;
        self.advance(policy, &decision, &mut sight, &messages, now).await?;
        if sight.entry != unfollowed {
            self.ledger.save(&subject, &mut sight.entry).await?;
        }
        let topic = &self.config.operations_topic;
        done.messages.extend(self.ledger.send_due(&self.sns, topic, &subject, &mut sight.entry, now).await?);
        accounted
    }

    async fn apply(&self, policy: &ServicePolicy, decision: &Decision, sight: &Sight, mode: Mode) -> Outcome {
        let Action::Set(wanted) = &decision.action else { return Outcome::Unchanged };
        let writes = apply::writes(wanted, &sight.observed);
        let changes = writes.iter().map(|write| write.describe(&sight.observed)).collect();
        match mode {
            Mode::DryRun => Outcome::Planned(changes),
            Mode::Act => match self.set(&policy.id(), &writes).await {
                Ok(()) => Outcome::Changed(changes),
                Err(error) => Outcome::Failed(error),
            },
        }
    }

    /// Counts what was saved since the last look, and shows where tasks run and what they cost.
    async fn account(&self, policy: &ServicePolicy, sight: &mut Sight, now: Timestamp) -> Result<()> {
        let record = &mut sight.entry.record;
        if record.size.as_ref().is_none_or(|known| known.revision != sight.service.revision) {
            let revision = self.ecs.revision(&sight.service.revision).await?;
            record.size = Some(RevisionSize { revision: sight.service.revision.clone(), size: revision.size() });
        }
        let tasks = by_provider(&sight.tasks);
        let cost = self.cost(policy, record, tasks);
        let saved = match (&cost, sight.observed.started) {
            (Some(cost), true) => record.savings.count((cost.saved, cost.now), now),
            _ => Usd::default(),
        };
        let metrics = message::metrics(&self.config.fleet.system, policy, tasks, cost.as_ref(), saved, now);
        shared::lambda::metrics(&metrics);
        Ok(())
    }

    /// What the tasks cost an hour; `None` where no price or size is known.
    fn cost(&self, policy: &ServicePolicy, record: &Record, tasks: TasksByProvider) -> Option<Cost> {
        let (prices, size) = (self.prices?, record.size.as_ref()?.size?);
        let usual = policy.baseline.min.max(tasks.all());
        let all = |spot: bool| match spot {
            true => TasksByProvider { on_demand: 0, spot: usual },
            false => TasksByProvider { on_demand: usual, spot: 0 },
        };
        Some(Cost {
            now: prices.service_hour(size, tasks),
            saved: prices.saved_hour(size, usual, tasks),
            on_demand: prices.service_hour(size, all(false)),
            spot: prices.service_hour(size, all(true)),
        })
    }

    /// Tells what has happened, and what has not happened in time.
    async fn advance(
        &self,
        policy: &ServicePolicy,
        decision: &Decision,
        sight: &mut Sight,
        messages: &Messages<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let Some(asleep) = decision.asleep(&sight.observed) else { return Ok(()) };
        let cost = self.cost(policy, &sight.entry.record, by_provider(&sight.tasks));
        let minutes = |minutes: u32| SignedDuration::from_mins(minutes.into());
        let deadlines = Deadlines { drain: minutes(policy.drain_minutes), wake: minutes(policy.wake_minutes) };
        let running = u32::try_from(sight.tasks.len()).unwrap_or(u32::MAX);
        let (state, transition) =
            advance(sight.entry.record.state, asleep, (running, healthy(&sight.tasks)), deadlines, now);
        sight.entry.record.state = Some(state);
        let message = match transition {
            None => None,
            Some(Transition::Asleep) => Some(messages.asleep(decision, cost.as_ref(), &sight.entry.record.savings)),
            Some(Transition::Awake { since }) => Some(messages.awake(decision, since, cost.as_ref())),
            Some(Transition::StillRunning { since }) => {
                let protected = self.ecs.protected(&policy.cluster, &sight.tasks).await?;
                Some(messages.still_running(since, &sight.tasks, &protected))
            }
            Some(Transition::NotAwake { since }) => {
                let deployment = sight.service.primary().map_or("", |deployment| &deployment.id);
                let stopped = self.ecs.stopped_tasks(&sight.service.id, deployment).await?;
                Some(messages.not_awake(since, decision, &sight.tasks, &endings(&stopped)))
            }
        };
        if let Some(message) = message {
            sight.entry.tell(now, message);
        }

        let placed = match &decision.action {
            Action::Set(wanted) => wanted.strategy.clone(),
            Action::Keep | Action::HandsOff => sight.observed.strategy.clone(),
        };
        let record = &mut sight.entry.record;
        let step = provider_change(record.placed.as_ref(), &placed);
        record.placed = Some(placed);
        let (facts, cost) = (record.facts.clone(), cost.as_ref());
        if let Some(step) = step {
            sight.entry.tell(now, messages.provider_change(step, &facts.spot, cost));
        }
        if !asleep && stays_on_spot(policy, &facts, now) && !facts.spot.available(now) {
            sight.entry.tell(now, messages.no_spot(&facts, by_provider(&sight.tasks)));
        }
        Ok(())
    }
}

/// Writes the fact of a trigger down, and drops what has ended; returns an override that ended, and who ended it.
fn remember(facts: &mut Facts, trigger: &Trigger, now: Timestamp) -> Result<Option<(Override, Option<String>)>> {
    let mut ended = facts.manual_override.take_if(|manual| manual.expiry.at <= now).map(|manual| (manual, None));
    facts.boosts.retain(|_, boost| boost.expiry.at > now);
    facts.budget.take_if(|restriction| restriction.until <= now);
    match trigger {
        Trigger::Spot { event, .. } => facts.spot = facts.spot.after(event.clone(), now),
        Trigger::Request(Request::Resume { by, .. }) => {
            ended = facts.manual_override.take().map(|manual| (manual, Some(by.clone()))).or(ended);
        }
        Trigger::Request(request) => {
            if let Some((want, wanted)) = request.wanted() {
                let until = Expiry { at: wanted.until.end(now)?, by: wanted.by.clone() };
                facts.manual_override = Some(Override { kind: want, expiry: until });
                // Replaced, not ended.
                ended = None;
            }
        }
        Trigger::Everything | Trigger::Service(_) | Trigger::Ignored(_) => {}
    }
    Ok(ended)
}

fn stays_on_spot(policy: &ServicePolicy, facts: &Facts, now: Timestamp) -> bool {
    let held = facts.budget.as_ref().is_some_and(|restriction| restriction.until > now && restriction.spot_only);
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
    let told = vec!["written down".to_owned()];
    match mode {
        Mode::Act => Outcome::Changed(told),
        Mode::DryRun => Outcome::Planned(told),
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
