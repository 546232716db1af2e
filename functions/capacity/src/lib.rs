//! Sets desired count, scaling bounds and capacity provider strategy of each service as its policy and facts decide.
//!
//! A trigger says where to look. For each service in scope the function observes it, records the fact that the trigger
//! brings, decides with [`planner::capacity::plan`] and applies the decision; then it announces the transition that has
//! completed or is overdue. The tick repeats all of it every five minutes: a lost event, a missed start of scheduled
//! downtime or a manual change is corrected by then.
//!
//! | trigger | scope | fact |
//! |---|---|---|
//! | tick, stack update | every service; a tick also sends a digest that was not sent | |
//! | scheduled downtime begins or ends | the service that is named | |
//! | ECS deployment changed its state | that service | |
//! | ECS could not place a task on FARGATE_SPOT | that service | a Spot shortage: the Spot hold-down begins |
//! | Spot interrupted a task | that service | an interruption; three within 30 minutes are a Spot shortage, of more than twelve tasks a quarter |
//! | any of these | every service in scope | a Spot shortage that ECS lists as a service event; the outcome of a move |
//! | request `wake`, `sleep`, `hold` | the service that is named | an override, with its end |
//! | request `resume` | the service that is named | the override ends |
//! | request `digest`, once a day | every service and the whole ledger | when the digest was built |
//! | request `plan`, with `at` | the service that is named, or every one | none; nothing is changed |
//!
//! Precedence: freeze, override, budget restriction, scheduled downtime, boost, baseline.
//!
//! | decision | writes |
//! |---|---|
//! | sleep | scaling suspended and both bounds 0, then desired count 0 |
//! | wake; another range of tasks: baseline, boost, restriction | desired count, then bounds with scaling resumed |
//! | move to on-demand or to Fargate Spot | one `UpdateService` with strategy and a forced deployment, and the desired count if it changes; where ECS refuses the strategy, the count alone |
//! | freeze, hold, no release yet | none |

mod app;
mod apply;
mod digest;
mod documents;
mod follow_up;
mod message;
mod missing;
mod observe;
mod planned;
mod service;
mod trigger;

use jiff::Timestamp;
use planner::capacity::Record;
use planner::fleet::ServicePolicy;
use planner::model::ServiceId;
use shared::Result;
use shared::aws::Connection;
use shared::env::Env;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Context, Function, Invocation, Next, Pass, Payload, Received, Report};

use documents::CapacityDocuments;
use observe::ObservedService;
use service::Service;

pub use app::App;
pub use planned::{Applied, Plan};
pub use trigger::Trigger;

impl Function for App {
    const NAME: &'static str = "capacity";
    type Documents = CapacityDocuments;
    type Trigger = Trigger;
    type Item<'d> = &'d ServicePolicy;
    type Record = Record;
    type Observed = ObservedService;
    type Plan = Plan;
    /// The decision that was applied; what follows from it is planned next.
    type Progress = Option<Applied>;

    fn new(_: &Context, _: &Env<'_>, connection: &Connection) -> Result<App> {
        Ok(App::wire(connection))
    }

    async fn warm(&self, context: &Context, documents: &CapacityDocuments) {
        let Some(service) = documents.fleet.services.first() else { return };
        drop(self.look(context, &[service]).await);
    }

    fn trigger(payload: Payload, clock: Timestamp) -> Result<Received<Trigger>> {
        Trigger::parse(payload, clock)
    }

    fn scope<'d>(&self, invocation: &Invocation<'d, App>) -> Result<Vec<&'d ServicePolicy>> {
        let fleet = &invocation.documents.fleet;
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
        applied: &Option<Applied>,
        invocation: &Invocation<'d, App>,
    ) -> Result<Plan> {
        Plan::of(policy, observed, applied.as_ref(), invocation.trigger, invocation.now)
    }

    async fn apply<'d>(
        &self,
        policy: &'d ServicePolicy,
        plan: Plan,
        observed: &mut ObservedService,
        pass: Pass<'_, 'd, App>,
    ) -> Result<Next> {
        let service = Service { app: self, policy, invocation: pass.invocation };
        match plan {
            Plan::Decide(decided) => service.apply(*decided, observed, pass).await,
            Plan::Missing(missing, announce) => service.missing(missing, announce, observed, pass.done).await,
            Plan::FollowUp(applied, follow_up) => {
                service.follow_up(&applied, follow_up, observed, pass.done).await?;
                Ok(Next::Done)
            }
        }
    }

    /// The digest: built when it is requested; one that could not be sent is sent again by the tick.
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
