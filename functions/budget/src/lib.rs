//! Keeps services within their budgets: reads the spend from AWS Budgets, assesses the figure, and restricts services.
//!
//! A notice of AWS Budgets is a hint. The function asks AWS Budgets for the current figure, and
//! [`planner::budget::plan`] decides whether it is accepted and which tiers are in force. Restrictions are written as a
//! fact of each service to the ledger; the capacity function, which alone changes capacity, is then asked to reconcile.
//! Messages about anything else are forwarded unchanged.
//!
//! | trigger | scope |
//! |---|---|
//! | notice of AWS Budgets through SNS | the budget that it names |
//! | message of Cost Anomaly Detection, or any other message through SNS | no budget: announced, or forwarded unchanged |
//! | tick, every hour on the hour | every budget: a period that has ended, a notice that was lost, a message that was not sent |
//! | request `lift`, `hold`, `resume`, `confirm`, `plan` | the budget that it names, or every budget |
//!
//! | observed | decision |
//! |---|---|
//! | a higher tier is reached | its restrictions and those of the tiers below it apply until the period ends; message |
//! | a figure of more than 5 times the limit | figure doubted: restrictions stay as they are; message; `confirm` makes it count |
//! | a figure that would reach a tier, or is more than a fifth of the limit above yesterday's, and is more than 10 times yesterday's or, of a budget that counts the tasks alone, more than the running tasks can have cost | the same |
//! | a figure clearly below a tier that was reached, for a day | the tier ends; message |
//! | a figure that is still doubted, at each higher tier and each day; a notice about it | message, with what AWS wrote |
//! | a higher limit | tiers that are no longer reached end; message |
//! | a forecast, a threshold without a tier, a notice of a previous period | message only |
//! | AWS Budgets does not answer | restrictions stay as they are; a notice is announced as not verified; after two hours a message, each day |
//! | the period has ended | all restrictions end; message |
//! | the figure of the previous period, within 36 hours of a new one (12 hours for a daily budget) | ignored |
//! | `lift` | the restrictions in force end for this period; a higher tier still takes effect |
//! | `hold` | no restriction applies until its end |
//! | `resume` | restores lifted restrictions and ends a hold |
//! | several budgets restrict a service | the strictest of all restrictions applies |

mod app;
mod apply;
mod documents;
mod forward;
mod message;
mod observe;
mod restrict;
mod spend_metrics;
mod trigger;

use jiff::Timestamp;
use planner::budget::{BudgetPolicy, Input, Observed, Plan, Record, SpendLookup, plan};
use planner::model::Usd;
use shared::Result;
use shared::aws::Connection;
use shared::env::Env;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Context, Function, Invocation, Next, Pass, Payload, Received, Report};

use observe::ObservedBudget;

pub use app::App;
pub use documents::BudgetDocuments;
pub use spend_metrics::METRICS;
pub use trigger::{Anomaly, BudgetRequest, Content, Message, RequestKind, RootCause, Trigger};

impl Function for App {
    const NAME: &'static str = "budget";
    /// The restrictions of a service follow from all budgets together.
    const TOGETHER: usize = usize::MAX;
    type Documents = BudgetDocuments;
    type Trigger = Trigger;
    type Item<'d> = &'d BudgetPolicy;
    type Record = Record;
    type Observed = ObservedBudget;
    type Plan = Plan;
    type Progress = ();

    fn new(context: &Context, env: &Env<'_>, connection: &Connection) -> Result<App> {
        App::wire(context, env, connection)
    }

    async fn warm(&self, context: &Context, documents: &BudgetDocuments) {
        drop(observe::entries(context, documents).await);
    }

    fn trigger(payload: Payload, clock: Timestamp) -> Result<Received<Trigger>> {
        Trigger::parse(payload, clock)
    }

    fn scope<'d>(&self, invocation: &Invocation<'d, App>) -> Result<Vec<&'d BudgetPolicy>> {
        let budgets = &invocation.documents.budgets;
        Ok(match invocation.trigger {
            Trigger::Everything | Trigger::Request(BudgetRequest { budget: None, .. }) => budgets.iter().collect(),
            Trigger::Named(name) | Trigger::Request(BudgetRequest { budget: Some(name), .. }) => {
                vec![budgets.named(name)?]
            }
            Trigger::Messages(messages) => {
                budgets.iter().filter(|policy| messages.iter().any(|message| message.is_about(policy))).collect()
            }
        })
    }

    fn subject(policy: &BudgetPolicy) -> Subject {
        Subject::Budget(policy.name.clone())
    }

    async fn observe<'d>(
        &self,
        scope: &[&'d BudgetPolicy],
        invocation: &Invocation<'d, App>,
    ) -> Vec<Result<ObservedBudget>> {
        self.observe_budgets(scope, invocation).await
    }

    fn entry(observed: &mut ObservedBudget) -> &mut Entry<Record> {
        &mut observed.entry
    }

    fn plan<'d>(
        &self,
        policy: &'d BudgetPolicy,
        observed: &ObservedBudget,
        (): &(),
        invocation: &Invocation<'d, App>,
    ) -> Result<Plan> {
        let inputs = inputs(policy, invocation.trigger, invocation.now)?;
        let spend = match &observed.spend {
            Ok(spend) => SpendLookup::Known(spend.clone()),
            Err(error) => SpendLookup::Unreachable(error.to_string()),
        };
        let seen = Observed { spend, hourly_micros: observed.hourly.map(Usd::micros) };
        Ok(plan(policy, &observed.entry.record, &seen, &inputs, invocation.now))
    }

    async fn apply<'d>(
        &self,
        policy: &'d BudgetPolicy,
        plan: Plan,
        observed: &mut ObservedBudget,
        pass: Pass<'_, 'd, App>,
    ) -> Result<Next> {
        apply::Budget { app: self, policy, invocation: pass.invocation }.apply(plan, observed, pass.done).await?;
        Ok(Next::Done)
    }

    /// The restrictions that follow from all budgets, then the messages that concern none. What could not be restricted is
    /// not announced for a while: the next invocation does both.
    async fn conclude<'d>(
        &self,
        observed: &mut Vec<(&'d BudgetPolicy, ObservedBudget)>,
        invocation: &Invocation<'d, App>,
        report: &mut Report,
    ) {
        let forwards = match invocation.trigger {
            Trigger::Messages(messages) => invocation.documents.unheld(messages),
            Trigger::Everything | Trigger::Named(_) | Trigger::Request(_) => Vec::new(),
        };
        if !observed.is_empty() {
            let failed = self.restrict(observed, invocation, report).await;
            observed.retain(|(policy, observed)| !restrict::waits(policy, &observed.entry, &failed, invocation));
        }
        if !forwards.is_empty() || matches!(invocation.trigger, Trigger::Everything) {
            self.forward(&forwards, invocation, report).await;
        }
    }
}

/// What a trigger brings for one budget.
fn inputs(policy: &BudgetPolicy, trigger: &Trigger, now: Timestamp) -> Result<Vec<Input>> {
    Ok(match trigger {
        Trigger::Everything | Trigger::Named(_) => Vec::new(),
        Trigger::Request(request) => vec![request.input(now)?],
        Trigger::Messages(messages) => {
            let about = messages.iter().filter(|message| message.is_about(policy));
            about.filter_map(Message::notice).map(|notice| Input::Notice(notice.clone())).collect()
        }
    })
}
