//! Announces alarms with what an engineer needs to know, and requests their remedies.
//!
//! A state change is saved in the alarm's record, in whatever order the events arrive, and CloudWatch is asked for the
//! alarm's state, since events are lost and alarms deleted; [`planner::alarm::plan`] decides what is announced and which
//! remedy is due, from the record, the service and the clock. This function repairs nothing: a boost is a fact for the
//! capacity function, a restart or rollback is a request to the rollout function. The tick asks CloudWatch for every alarm,
//! and looks at every one that is not in OK again, because an alarm that is explained now may not be explained in five
//! minutes.
//!
//! | trigger | scope |
//! |---|---|
//! | CloudWatch Alarm State Change | that alarm; one that the document does not list is ignored |
//! | CloudFormation Stack Status Change | every alarm: the update is listed as a change, and explains alarms with a grace period |
//! | tick, request `reconcile` | the state of every alarm in CloudWatch; every alarm that is not in OK, or has an open announcement |
//! | request `plan`, with `at` | the named alarm, or all; nothing is changed |
//!
//! | state | what happens |
//! |---|---|
//! | ALARM | announced once: figure and threshold, since when, what changed in the last hour, tasks, remedy, links, next steps |
//! | ALARM, explained by a mute, a service scaled to zero or starting, a rollout, a restart, a move between on-demand and Spot, a Spot interruption, a stack update | recorded; announced when it is still in ALARM after that |
//! | flapping | announced once, then silent until it stays in one state |
//! | OK after an announcement | announced, with how long it was in ALARM |
//! | not found in CloudWatch on two ticks | announced once; no remedy |
//! | INSUFFICIENT_DATA | ignored, or announced where the document says so |
//! | dry run | announced, with the remedy that would have been requested |
//!
//! | remedy | request | limited by |
//! |---|---|---|
//! | `scale` | more tasks, extended while in ALARM | baseline, budget, 8 hours, daily limit |
//! | `restart` | a rolling restart, same image | cool-down, daily limit, no rollout in progress |
//! | `rollback` | the previous release | watch window, a verified release, once per deployment, daily limit; an ALARM state that CloudWatch confirms with data points; no restart, move or Spot interruption within 15 minutes |

mod app;
mod apply;
mod documents;
mod links;
mod lookup;
mod message;
mod observe;
mod outcome;
mod planned;
mod report;
mod trigger;

use jiff::Timestamp;
use planner::alarm::{AlarmPolicy, Record};
use shared::Result;
use shared::aws::Connection;
use shared::env::Env;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Context, Function, Invocation, Next, Pass, Payload, Received};

use observe::ObservedAlarm;
use outcome::RemedyOutcome;

pub use app::App;
pub use documents::AlarmDocuments;
pub use planned::AlarmPlan;
pub use trigger::Trigger;

impl Function for App {
    const NAME: &'static str = "alarm";
    const SENDS_IN_DRY_RUN: bool = true;
    type Documents = AlarmDocuments;
    type Trigger = Trigger;
    type Item<'d> = &'d AlarmPolicy;
    type Record = Record;
    type Observed = ObservedAlarm;
    type Plan = AlarmPlan;
    /// The remedy that was requested before a conflict: it is not requested again.
    type Progress = Option<RemedyOutcome>;

    fn new(_: &Context, env: &Env<'_>, connection: &Connection) -> Result<App> {
        App::wire(env, connection)
    }

    async fn warm(&self, context: &Context, documents: &AlarmDocuments) {
        if let Some(policy) = documents.alarms.alarms.first() {
            drop(self.services(context, &documents.fleet, &[policy]).await);
        }
    }

    fn trigger(payload: Payload, _: Timestamp) -> Result<Received<Trigger>> {
        Trigger::parse(payload)
    }

    fn scope<'d>(&self, invocation: &Invocation<'d, App>) -> Result<Vec<&'d AlarmPolicy>> {
        let alarms = &invocation.documents.alarms;
        Ok(match invocation.trigger {
            Trigger::StackUpdate(_) | Trigger::Everything => alarms.alarms.iter().collect(),
            Trigger::Named(name) => vec![alarms.named(name)?],
            Trigger::StateChange { name, change } => {
                let region = Some(change.location.region.as_str()).filter(|region| !region.is_empty());
                let region = region.unwrap_or(&self.region);
                let known = alarms.in_region(name, region, &self.region);
                if known.is_none() {
                    tracing::debug!("ignored: the alarms document does not name {name} of {region}");
                }
                known.into_iter().collect()
            }
        })
    }

    fn subject(policy: &AlarmPolicy) -> Subject {
        Subject::Alarm(policy.key())
    }

    async fn observe<'d>(
        &self,
        scope: &[&'d AlarmPolicy],
        invocation: &Invocation<'d, App>,
    ) -> Vec<Result<ObservedAlarm>> {
        self.observe_alarms(scope, invocation).await
    }

    fn entry(observed: &mut ObservedAlarm) -> &mut Entry<Record> {
        &mut observed.entry
    }

    fn plan<'d>(
        &self,
        policy: &'d AlarmPolicy,
        observed: &ObservedAlarm,
        _: &Option<RemedyOutcome>,
        invocation: &Invocation<'d, App>,
    ) -> Result<AlarmPlan> {
        Ok(AlarmPlan::of(policy, observed, invocation.trigger, invocation.now))
    }

    async fn apply<'d>(
        &self,
        policy: &'d AlarmPolicy,
        plan: AlarmPlan,
        observed: &mut ObservedAlarm,
        pass: Pass<'_, 'd, App>,
    ) -> Result<Next> {
        let alarm = apply::Alarm { app: self, policy, invocation: pass.invocation };
        alarm.apply(plan, observed, pass.progress, pass.done).await?;
        Ok(Next::Done)
    }
}
