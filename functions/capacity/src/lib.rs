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
mod follow_up;
mod message;
mod observe;
mod trigger;

use jiff::Timestamp;
use planner::capacity::{Decision, EndedOverride, Facts, Record, plan, resume};
use planner::fleet::{Fleet, ServicePolicy};
use planner::model::{Prices, ServiceId};
use shared::Result;
use shared::aws::{AutoScaling, Connection, Ecs};
use shared::env::Env;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Context, Done, Function, Invocation, Next, Payload, Received, Report};

use observe::ObservedService;

pub use trigger::Trigger;

/// The function: prices and one gateway per AWS service it talks to.
pub struct App {
    prices: Option<&'static Prices>,
    ecs: Ecs,
    autoscaling: AutoScaling,
}

/// What is decided about one service.
pub struct Plan {
    facts: Facts,
    ended: Option<EndedOverride>,
    decision: Decision,
}

impl Function for App {
    const NAME: &'static str = "capacity";
    type Documents = Fleet;
    type Trigger = Trigger;
    type Item<'d> = &'d ServicePolicy;
    type Record = Record;
    type Observed = ObservedService;
    type Plan = Plan;
    type Progress = ();

    fn new(_: &Context, _: &Env<'_>, connection: &Connection) -> Result<App> {
        Ok(App {
            prices: Prices::for_region(connection.region()),
            ecs: Ecs::new(connection),
            autoscaling: AutoScaling::new(connection),
        })
    }

    async fn warm(&self, context: &Context, fleet: &Fleet) {
        let Some(service) = fleet.services.first() else { return };
        drop(self.look(context, &[service]).await);
    }

    fn trigger(payload: Payload, clock: Timestamp) -> Result<Received<Trigger>> {
        Trigger::parse(payload, clock)
    }

    fn scope<'d>(&self, invocation: &Invocation<'d, App>) -> Result<Vec<&'d ServicePolicy>> {
        let fleet = invocation.documents;
        let one = |id: &ServiceId| fleet.services.iter().filter(|policy| policy.id() == *id).collect();
        Ok(match invocation.trigger {
            Trigger::Everything => fleet.services.iter().collect(),
            Trigger::Service(service) | Trigger::Spot { service, .. } => one(service),
            Trigger::Named(name) => vec![fleet.named(name)?],
            Trigger::Override { service, .. } | Trigger::Resume { service, .. } => vec![fleet.named(service)?],
            Trigger::Digest { .. } => Vec::new(),
        })
    }

    fn subject(policy: &ServicePolicy) -> Subject {
        Subject::Service(policy.id())
    }

    async fn observe<'d>(
        &self,
        scope: &[&'d ServicePolicy],
        invocation: &Invocation<'d, App>,
    ) -> Vec<Result<ObservedService>> {
        self.look(invocation.context, scope).await
    }

    fn entry(observed: &mut ObservedService) -> &mut Entry<Record> {
        &mut observed.entry
    }

    fn plan<'d>(
        &self,
        policy: &'d ServicePolicy,
        observed: &ObservedService,
        (): &(),
        invocation: &Invocation<'d, App>,
    ) -> Result<Plan> {
        let mut facts = observed.entry.record.facts.clone();
        let ended = record(&mut facts, invocation.trigger, invocation.now)?;
        let decision = plan(&policy.capacity(), &facts, &observed.capacity, invocation.now);
        Ok(Plan { facts, ended, decision })
    }

    async fn apply<'d>(
        &self,
        policy: &'d ServicePolicy,
        plan: Plan,
        observed: &mut ObservedService,
        (): &mut (),
        invocation: &Invocation<'d, App>,
        done: &mut Done,
    ) -> Result<Next> {
        apply::Service { app: self, policy, invocation }.apply(plan, observed, done).await?;
        Ok(Next::Done)
    }

    /// The digest: built when it is asked for; one that could not be sent is sent again by the tick.
    async fn conclude<'d>(
        &self,
        _: &mut Vec<(&'d ServicePolicy, ObservedService)>,
        invocation: &Invocation<'d, App>,
        report: &mut Report,
    ) {
        match invocation.trigger {
            Trigger::Digest { by } => self.digest(by.as_deref(), invocation, report).await,
            Trigger::Everything => self.send_digest(invocation, report).await,
            Trigger::Service(_)
            | Trigger::Named(_)
            | Trigger::Spot { .. }
            | Trigger::Override { .. }
            | Trigger::Resume { .. } => {}
        }
    }
}

/// Records the fact of a trigger and drops what has expired; returns an override that ended.
///
/// # Errors
/// `Invalid` when an override would end in the past.
fn record(facts: &mut Facts, trigger: &Trigger, now: Timestamp) -> Result<Option<EndedOverride>> {
    let expired = facts.expire(now).map(|ended| EndedOverride { ended, by: None });
    match trigger {
        Trigger::Spot { event, .. } => facts.spot = facts.spot.after(event.clone(), now),
        Trigger::Resume { by, .. } => return Ok(resume(by, facts).or(expired)),
        Trigger::Override { kind, request, .. } => {
            request.record(*kind, facts, now)?;
            // Replaced, not ended.
            return Ok(None);
        }
        Trigger::Everything | Trigger::Service(_) | Trigger::Named(_) | Trigger::Digest { .. } => {}
    }
    Ok(expired)
}
