//! Announces alarms with what an engineer needs to know, and requests their remedies.
//!
//! A state change is saved in the alarm's record, in whatever order the events arrive; [`planner::alarm::plan`] decides
//! what is announced and which remedy is due, from the record, the service and the clock. This function repairs nothing:
//! a boost is a fact for the capacity function, a restart or rollback is a request to the rollout function. The tick
//! looks at every alarm that is not in OK again, because an alarm that is explained now may not be explained in five
//! minutes.
//!
//! | trigger | scope |
//! |---|---|
//! | CloudWatch Alarm State Change | that alarm; one that the document does not list is ignored |
//! | CloudFormation Stack Status Change | every alarm: the update is listed as a change, and explains alarms with a grace period |
//! | tick, request `reconcile` | every alarm that is not in OK, or has an open announcement |
//! | request `plan`, with `at` | the named alarm, or all; nothing is changed |
//!
//! | state | what happens |
//! |---|---|
//! | ALARM | announced once: figure and threshold, since when, what changed in the last hour, tasks, remedy, links, next steps |
//! | ALARM, explained by a mute, a service scaled to zero or starting, a rollout, a stack update | recorded; announced when it is still in ALARM after that |
//! | flapping | announced once, then silent until it stays in one state |
//! | OK after an announcement | announced, with how long it was in ALARM |
//! | INSUFFICIENT_DATA | ignored, or announced where the document says so |
//! | dry run | announced, with the remedy that would have been requested |
//!
//! | remedy | request | limited by |
//! |---|---|---|
//! | `scale` | more tasks, extended while in ALARM | baseline, budget, 8 hours, daily limit |
//! | `restart` | a rolling restart, same image | cool-down, daily limit, no rollout in progress |
//! | `rollback` | the previous release | watch window, a verified release, once per deployment, daily limit |

mod apply;
mod event;
mod links;
mod message;
mod observe;

use std::time::Instant;

use futures_util::future::join_all;
use jiff::Timestamp;
use planner::alarm::{Action, AlarmPolicy, Alarms, PendingRemedy, Plan, Record, RemedyDecision, RemedyReason, plan};
use planner::model::ServiceId;
use planner::rollout::LEASE;
use serde_json::{Value, json};
use shared::aws::{Connection, DynamoDb, Ecs, Functions, Sns};
use shared::env::{Config, Env};
use shared::lambda::Function;
use shared::ledger::{Ledger, Subject};
use shared::report::{Line, Outcome, Report};
use shared::{Kind, Result};

use apply::RemedyOutcome;
use message::MessageContext;
use observe::{ObservedServices, ServiceSnapshot};

pub use event::{Request, Trigger};

/// What the ledger keeps of one alarm.
pub(crate) type Entry = shared::ledger::Entry<Record>;

/// How often one alarm is looked at anew because somebody else wrote first.
const TRIES: usize = 4;

/// The function: configuration and one gateway per service it talks to.
pub struct App {
    config: Config,
    alarms: Alarms,
    runbooks_url: String,
    capacity_function: String,
    rollout_function: String,
    region: String,
    ecs: Ecs,
    sns: Sns,
    functions: Functions,
    ledger: Ledger,
}

/// May anything change in this invocation?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Do what is decided.
    Act,
    /// Tell people, and ask nobody for anything.
    Rehearse,
    /// Decide and report, change nothing.
    Plan,
}

impl Function for App {
    fn new(config: Config, env: &Env, connection: &Connection) -> Result<App> {
        Ok(App {
            alarms: Alarms::parse(&env.optional("ALARMS").unwrap_or_default(), &config.fleet)?,
            runbooks_url: links::runbooks_url(&env.required("RUNBOOKS_URL")?)?,
            capacity_function: env.required("CAPACITY_FUNCTION")?,
            rollout_function: env.required("ROLLOUT_FUNCTION")?,
            region: connection.region().to_owned(),
            ecs: Ecs::new(connection),
            sns: Sns::new(connection),
            functions: Functions::new(connection),
            ledger: Ledger::new(DynamoDb::new(connection, &config.ledger_table)),
            config,
        })
    }

    async fn warm(&self) {
        if let Some(policy) = self.alarms.alarms.first() {
            drop(self.observe(&[policy]).await);
        }
    }

    /// A broken payload is an error; so is an alarm in scope that failed, when the others are done.
    async fn handle(&self, payload: Value, clock: Timestamp) -> Result<Value> {
        let started = Instant::now();
        let (trigger, now) = Trigger::parse(payload, clock)?;
        let scope = match self.scope(&trigger) {
            Ok(scope) => scope,
            Err(reason) => {
                tracing::debug!("ignored: {reason}");
                return Ok(json!({ "ignored": reason }));
            }
        };
        let mode = match (&trigger, self.config.dry_run) {
            (Trigger::Request(Request::Plan { .. }), _) => Mode::Plan,
            // An alarm that nobody hears of is no rehearsal.
            (_, true) => Mode::Rehearse,
            (_, false) => Mode::Act,
        };
        let dry_run = mode != Mode::Act;

        let mut report = Report { dry_run, ..Report::default() };
        for done in self.look(&scope, &trigger, mode, now).await {
            report.lines.extend(done.lines);
            report.messages.extend(done.messages);
        }
        report.log(dry_run);
        let duration = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        let metrics = report.metrics(&self.config.fleet.system, "alarm", clock.as_millisecond(), duration);
        shared::lambda::metrics(&metrics);
        report.into_result()
    }
}

impl App {
    /// The alarms that a trigger concerns, or why it concerns none.
    fn scope(&self, trigger: &Trigger) -> Result<Vec<&AlarmPolicy>, String> {
        let alarms = &self.alarms.alarms;
        let named = |name: &str| match self.alarms.get(name) {
            Some(policy) => Ok(vec![policy]),
            None => Err(format!("{name} is no alarm that is looked after here")),
        };
        match trigger {
            Trigger::StateChange { name, .. } => named(name),
            Trigger::StackUpdate(_) => Ok(alarms.iter().collect()),
            Trigger::Request(request) => request.alarm().map_or_else(|| Ok(alarms.iter().collect()), named),
            Trigger::Ignored(reason) => Err(reason.clone()),
        }
    }

    /// Ledger first: a tick that finds every alarm quiet asks nobody anything else.
    async fn look(&self, scope: &[&AlarmPolicy], trigger: &Trigger, mode: Mode, now: Timestamp) -> Vec<Done> {
        let entries = join_all(scope.iter().map(|policy| self.load(policy))).await;
        let ask = matches!(trigger, Trigger::StateChange { .. } | Trigger::Request(Request::Plan { .. }));
        let (due, quiet): (Vec<_>, Vec<_>) = scope
            .iter()
            .copied()
            .zip(entries)
            .partition(|(_, entry)| ask || entry.as_ref().map_or(true, observe::needs_reconcile));
        // An update is remembered for quiet alarms too: it is what may make them ring.
        let remembered = match trigger {
            Trigger::StackUpdate(_) => self.remember(quiet.iter().map(|(policy, _)| *policy), trigger).await,
            _ => Vec::new(),
        };
        let policies: Vec<&AlarmPolicy> = due.iter().map(|(policy, _)| *policy).collect();
        let observed = self.observe(&policies).await;
        let each = due.into_iter().map(|(policy, entry)| self.reconcile(policy, entry, &observed, trigger, mode, now));
        join_all(each).await.into_iter().chain(remembered).collect()
    }

    async fn load(&self, policy: &AlarmPolicy) -> Result<Entry> {
        self.ledger.load(&Subject::Alarm(policy.name.clone())).await
    }

    /// Writes a stack update down: it may explain why they ring, and is told as what changed before.
    async fn remember(&self, quiet: impl Iterator<Item = &AlarmPolicy>, trigger: &Trigger) -> Vec<Done> {
        let each = quiet.map(|policy| async move {
            let subject = Subject::Alarm(policy.name.clone());
            let changed =
                self.ledger.change::<Record>(&subject, |entry| record_event(&mut entry.record, trigger)).await;
            let mut done = Done::default();
            if let Err(error) = changed {
                done.push(policy, "record", "stack_update", "it could not be written down", Outcome::Failed(error));
            }
            done
        });
        join_all(each).await
    }

    /// One alarm; its failure is a line of the report.
    async fn reconcile(
        &self,
        policy: &AlarmPolicy,
        entry: Result<Entry>,
        observed: &ObservedServices,
        trigger: &Trigger,
        mode: Mode,
        now: Timestamp,
    ) -> Done {
        let (mut entry, mut tries, mut requested) = (entry, 1, None);
        loop {
            let mut done = Done::default();
            let result = match entry {
                Ok(entry) => self.once(policy, entry, &mut requested, observed, trigger, mode, now, &mut done).await,
                Err(error) => Err(error),
            };
            match result {
                Ok(()) => return done,
                // Somebody else wrote first: look again and decide anew.
                Err(error) if error.kind() == Kind::Conflict && tries < TRIES => {
                    tries += 1;
                    entry = self.load(policy).await;
                }
                Err(error) => {
                    done.push(policy, "none", "error", "could not be looked after", Outcome::Failed(error));
                    return done;
                }
            }
        }
    }

    /// Hear, plan, ask for the remedy, tell. What people are told is written after the remedy was asked for, in one
    /// write with what is remembered of it: a crash before that is healed by the same event or the next tick.
    ///
    /// `requested` is what this invocation asked for already, when somebody else wrote before it could be written down.
    #[allow(clippy::too_many_arguments)] // one place, and each is another thing
    async fn once(
        &self,
        policy: &AlarmPolicy,
        mut entry: Entry,
        requested: &mut Option<RemedyOutcome>,
        observed: &ObservedServices,
        trigger: &Trigger,
        mode: Mode,
        now: Timestamp,
        done: &mut Done,
    ) -> Result<()> {
        let subject = Subject::Alarm(policy.name.clone());
        let loaded = entry.clone();
        record_event(&mut entry.record, trigger);
        let services = observed.of(policy);
        let snapshot = services.first().copied().filter(|_| policy.service.is_some());
        let service = snapshot.map(ServiceSnapshot::observed_service);
        let mut plan = plan(policy, service.as_ref(), &entry.record, now);
        if let Some(error) = snapshot.and_then(ServiceSnapshot::observation_error) {
            plan.remedy = RemedyDecision::none(RemedyReason::NotObserved { error: error.to_string() });
            done.push(policy, "none", "error", "its service could not be looked at", Outcome::Failed(error));
        }
        if mode == Mode::Plan {
            done.planned(policy, &plan);
            return Ok(());
        }
        if let Some(pending) =
            entry.record.pending.as_ref().filter(|pending| pending.at + LEASE > now && pending.at < now)
        {
            // Another invocation has it in its hands and tells what came of it.
            let why = format!("another invocation asks for its remedy, {}", pending.action.label());
            done.push(policy, "keep", "claimed_elsewhere", &why, Outcome::Unchanged);
            return if entry == loaded { Ok(()) } else { self.ledger.save(&subject, &mut entry).await };
        }

        if let (None, Some(action), Mode::Act) = (&*requested, &plan.remedy.action, mode) {
            entry.record.pending = Some(PendingRemedy { action: action.clone(), at: now });
            self.ledger.save(&subject, &mut entry).await?;
            *requested = Some(self.request_remedy(policy, snapshot, action, &plan, now).await);
        }
        let own = match &plan.remedy.action {
            Some(action) => RemedyOutcome::Planned(action.clone()),
            None => RemedyOutcome::NotDue(plan.remedy.reason.clone()),
        };
        let outcome = requested.as_ref().unwrap_or(&own);
        match (outcome, entry.record.pending.take()) {
            (RemedyOutcome::Requested(action), _) => entry.record.record_remedy(action, now),
            // Whoever had it in its hands did not live to say what came of it. It counts, for it may have been asked for.
            (RemedyOutcome::NotDue(_) | RemedyOutcome::Planned(_), Some(pending)) => {
                entry.record.record_remedy(&pending.action, pending.at)
            }
            (RemedyOutcome::NotDue(_) | RemedyOutcome::Planned(_), None) | (RemedyOutcome::Failed(..), _) => {}
        }
        let context = MessageContext {
            fleet: &self.config.fleet,
            alarms: &self.alarms,
            policy,
            record: &entry.record,
            services: &services,
            links: &self.links(&entry.record),
            now,
        };
        let (message, manual_action) = (context.message_for(&plan, outcome), context.manual_action_key(outcome));
        entry.record.record_announcement(&plan, now);
        let announced = message.is_some_and(|message| entry.tell(now, message));
        if let Some(key) = manual_action.filter(|_| announced) {
            entry.knows(key);
        }
        done.did(policy, &plan, outcome, announced);
        if plan.decision.action != Action::Keep {
            entry.note(now, plan.decision.action.label(), plan.decision.reason.to_string());
        }
        if let RemedyOutcome::Requested(action) = outcome
            && !action.extends_earlier()
        {
            entry.note(now, action.label(), format!("asked for {action}"));
        }
        if entry != loaded {
            self.ledger.save(&subject, &mut entry).await?;
        }
        let topic = &self.config.operations_topic;
        done.messages.extend(self.ledger.send_due(&self.sns, topic, &subject, &mut entry, now).await?);
        Ok(())
    }
}

/// Takes in what a trigger says of an alarm; is it remembered differently now?
fn record_event(record: &mut Record, trigger: &Trigger) -> bool {
    let before = record.clone();
    match trigger {
        Trigger::StateChange { change, .. } => drop(record.record_state_change((**change).clone())),
        Trigger::StackUpdate(update) => drop(record.record_stack_update(*update)),
        Trigger::Request(_) | Trigger::Ignored(_) => {}
    }
    *record != before
}

/// What was done about one alarm.
#[derive(Default)]
struct Done {
    lines: Vec<Line>,
    messages: Vec<String>,
}

impl Done {
    /// A line of the report; an alarm stands there as `alarm/<name>`.
    fn push(
        &mut self,
        policy: &AlarmPolicy,
        decision: &'static str,
        reason: &'static str,
        why: &str,
        outcome: Outcome,
    ) {
        let service = ServiceId { cluster: "alarm".into(), name: policy.name.clone() };
        self.lines.push(Line { service, decision, reason, why: why.to_owned(), image: None, outcome });
    }

    fn planned(&mut self, policy: &AlarmPolicy, plan: &Plan) {
        let (decision, remedy) = (&plan.decision, &plan.remedy);
        let outcome = match decision.action {
            Action::Keep => Outcome::Unchanged,
            action => Outcome::Planned(vec![format!("would {}", action.label().replace('_', " "))]),
        };
        self.push(policy, decision.action.label(), decision.reason.label(), &decision.reason.to_string(), outcome);
        if let Some(action) = &remedy.action {
            let outcome = Outcome::Planned(vec![format!("would ask for {action}")]);
            self.push(policy, action.label(), remedy.reason.label(), &remedy.reason.to_string(), outcome);
        }
    }

    fn did(&mut self, policy: &AlarmPolicy, plan: &Plan, remedy: &RemedyOutcome, announced: bool) {
        let decision = &plan.decision;
        let outcome = match (decision.action, announced) {
            (Action::Keep, false) => Outcome::Unchanged,
            (Action::Record, _) => Outcome::Changed(vec!["written down".into()]),
            (_, true) => Outcome::Changed(vec!["told".into()]),
            (_, false) => Outcome::Changed(vec!["told before".into()]),
        };
        self.push(policy, decision.action.label(), decision.reason.label(), &decision.reason.to_string(), outcome);
        let why = &plan.remedy.reason;
        match remedy {
            RemedyOutcome::NotDue(_) => {}
            RemedyOutcome::Requested(action) => {
                let outcome = Outcome::Changed(vec![format!("asked for {action}")]);
                self.push(policy, action.label(), why.label(), &why.to_string(), outcome);
            }
            RemedyOutcome::Planned(action) => {
                let outcome = Outcome::Planned(vec![format!("would ask for {action}")]);
                self.push(policy, action.label(), why.label(), &why.to_string(), outcome);
            }
            RemedyOutcome::Failed(action, error) => {
                self.push(policy, action.label(), why.label(), &why.to_string(), Outcome::Failed(error.copy()));
            }
        }
    }
}
