//! Keeps services within their budgets: reads the spend from AWS Budgets, assesses the figure, and restricts services.
//!
//! A notice of AWS Budgets is a hint. The function asks AWS Budgets for the current figure, and
//! [`planner::budget::plan`] decides whether it is trusted and which tiers are in force. Restrictions are written as a
//! fact of each service to the ledger; the capacity function, which alone changes capacity, is then asked to reconcile.
//! Messages about anything else are forwarded unchanged.
//!
//! | trigger | scope |
//! |---|---|
//! | notice of AWS Budgets through SNS | the budget that it names |
//! | message of Cost Anomaly Detection, or any other message through SNS | no budget: announced, or forwarded unchanged |
//! | tick, every hour on the hour | every budget: a period that has ended, a notice that was lost, a message that was not sent |
//! | request `release`, `hold`, `resume`, `confirm`, `plan` | the budget that it names, or every budget |
//!
//! | observed | decision |
//! |---|---|
//! | a higher tier is reached | its restrictions and those of the tiers below it apply until the period ends; message |
//! | a figure of more than 5 times the limit | figure doubted: restrictions stay as they are; message; `confirm` makes it count |
//! | a figure that would reach a tier, or is more than a fifth of the limit above yesterday's, and is more than 10 times yesterday's or more than the running tasks can have cost | the same |
//! | a lower figure | none: a tier that was reached stays reached |
//! | a higher limit | tiers that are no longer reached end; message |
//! | a forecast, a threshold without a tier, a notice of a previous period | message only |
//! | AWS Budgets does not answer | restrictions stay as they are; a notice is announced as not verified, a tick fails |
//! | the period has ended | all restrictions end; message |
//! | the figure of the previous period, within 36 hours of a new one (12 hours for a daily budget) | ignored |
//! | `release` | the restrictions in force end for this period; a higher tier still takes effect |
//! | `hold` | no restriction applies until its end |
//! | `resume` | ends `release` and `hold` |
//! | several budgets restrict a service | the strictest of all restrictions applies |

mod apply;
mod event;
mod message;
mod observe;
mod report;

use std::time::Instant;

use futures_util::future::join_all;
use jiff::Timestamp;
use planner::budget::{BudgetPolicies, BudgetPolicy, Input, Record};
use planner::model::Prices;
use serde_json::{Value, json};
use shared::aws::{Budgets, Connection, DynamoDb, Ecs, Functions, Sns};
use shared::env::{Config, Env};
use shared::lambda::Function;
use shared::ledger::{Entry, Ledger, Subject};
use shared::{Error, Result};

pub use event::{Anomaly, Content, Message, Request, RootCause, Trigger};
pub use report::METRICS;
use report::Report;

/// The function: configuration and one gateway per service it talks to.
pub struct App {
    config: Config,
    policies: BudgetPolicies,
    capacity_function: String,
    account: String,
    console: String,
    prices: Option<&'static Prices>,
    budgets: Budgets,
    ecs: Ecs,
    functions: Functions,
    sns: Sns,
    ledger: Ledger,
}

/// May anything change in this invocation?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Do what is decided.
    Act,
    /// Decide and report, change nothing.
    DryRun,
}

impl Function for App {
    fn new(config: Config, env: &Env, connection: &Connection) -> Result<App> {
        let policies = BudgetPolicies::parse(&env.optional("BUDGETS").unwrap_or_default(), &config.fleet)?;
        Ok(App {
            policies,
            capacity_function: env.required("CAPACITY_FUNCTION")?,
            account: account(&config.operations_topic)?,
            console: message::console(connection.region()),
            prices: Prices::for_region(connection.region()),
            budgets: Budgets::new(connection),
            ecs: Ecs::new(connection),
            functions: Functions::new(connection),
            sns: Sns::new(connection),
            ledger: Ledger::new(DynamoDb::new(connection, &config.ledger_table)),
            config,
        })
    }

    async fn warm(&self) {
        drop(self.entries().await);
    }

    /// A broken payload is an error; so is a budget or a service that failed, when the others are done.
    async fn handle(&self, payload: Value, clock: Timestamp) -> Result<Value> {
        let started = Instant::now();
        let (trigger, now) = Trigger::parse(payload, clock)?;
        if let Trigger::Ignored(reason) = &trigger {
            tracing::debug!("ignored: {reason}");
            return Ok(json!({ "ignored": reason }));
        }
        let (scope, others) = self.scope(&trigger, now)?;
        let dry_run = self.config.dry_run || matches!(trigger, Trigger::Request(Request::Plan { .. }));
        let mode = if dry_run { Mode::DryRun } else { Mode::Act };

        let mut report = Report::new(dry_run);
        if !scope.is_empty() {
            self.hold(&scope, mode, now, &mut report).await?;
        }
        if !others.is_empty() || trigger == Trigger::Everything {
            self.pass_on(&others, mode, now, &mut report).await;
        }

        report.log();
        let duration = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        for document in report.metrics(&self.config.fleet.system, clock.as_millisecond(), duration) {
            shared::lambda::metrics(&document);
        }
        report.into_result()
    }
}

/// Budgets to decide about, each with its inputs.
type Scope<'a> = Vec<(&'a BudgetPolicy, Vec<Input>)>;

impl App {
    /// The budgets that a trigger concerns, and the messages that concern none.
    fn scope<'a>(&'a self, trigger: &'a Trigger, now: Timestamp) -> Result<(Scope<'a>, Vec<&'a Message>)> {
        let each = |inputs: Vec<Input>| self.policies.iter().map(|policy| (policy, inputs.clone())).collect();
        match trigger {
            Trigger::Everything | Trigger::Ignored(_) => Ok((each(Vec::new()), Vec::new())),
            Trigger::Request(request) => {
                let inputs = request.input(now)?.into_iter().collect();
                let scope = match request.budget() {
                    None => each(inputs),
                    Some(name) => vec![(self.named(name)?, inputs)],
                };
                Ok((scope, Vec::new()))
            }
            Trigger::Messages(messages) => {
                let (mut scope, mut others): (Scope, _) = (Vec::new(), Vec::new());
                for message in messages {
                    let held = match &message.content {
                        Content::Budget { name, notice } => self.policies.get(name).zip(Some(notice)),
                        Content::Anomaly(_) | Content::Unknown => None,
                    };
                    match held.map(|(policy, notice)| (policy, Input::Notice(notice.clone()))) {
                        None => others.push(message),
                        Some((policy, input)) => match scope.iter_mut().find(|(known, _)| known.name == policy.name) {
                            Some((_, inputs)) => inputs.push(input),
                            None => scope.push((policy, vec![input])),
                        },
                    }
                }
                Ok((scope, others))
            }
        }
    }

    fn named(&self, name: &str) -> Result<&BudgetPolicy> {
        self.policies.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.policies.iter().map(|policy| policy.name.as_str()).collect();
            Error::bad_field("budget", name, &format!("one of {}", known.join(", ")))
        })
    }

    /// Observe, plan, remember; then the facts of all services; then the messages.
    async fn hold(&self, scope: &Scope<'_>, mode: Mode, now: Timestamp, report: &mut Report) -> Result<()> {
        let mut entries = self.entries().await?;
        let hourly = self.hourly().await;
        let spends = join_all(scope.iter().map(|(policy, _)| self.spend(policy))).await;
        for ((policy, inputs), spend) in scope.iter().zip(spends) {
            let at = entries.iter().position(|(known, _)| known.name == policy.name);
            let Some((_, entry)) = at.and_then(|at| entries.get_mut(at)) else { continue };
            let context = apply::Context { app: self, policy, spend, hourly, inputs, mode, now };
            report.budgets.extend(context.reconcile(entry).await);
            report.standings.extend(context.standing(&entry.record));
        }
        if mode == Mode::Act && entries.len() > 1 {
            // Another invocation may have moved another budget meanwhile, and have left its services to this one.
            entries = self.entries().await?;
        }
        if !self.restriction(&entries, mode, now, report).await {
            // What is not done is not told: the next look does both.
            return Ok(());
        }
        if mode == Mode::Act {
            for (policy, _) in scope {
                let Some((_, entry)) = entries.iter_mut().find(|(known, _)| known.name == policy.name) else {
                    continue;
                };
                self.send(&Subject::Budget(policy.name.clone()), entry, now, report).await;
            }
        }
        Ok(())
    }

    /// Sends what is due; true when that went well.
    async fn send(&self, subject: &Subject, entry: &mut Entry<Record>, now: Timestamp, report: &mut Report) -> bool {
        let topic = &self.config.operations_topic;
        let sent = self.ledger.send_due(&self.sns, topic, subject, entry, now).await;
        let fine = sent.is_ok();
        match sent {
            Ok(sent) => report.services.messages.extend(sent),
            Err(error) => report.failed(&subject.to_string(), error),
        }
        fine
    }
}

/// The account that everything is in.
fn account(topic: &str) -> Result<String> {
    let account = topic.split(':').nth(4).filter(|account| !account.is_empty());
    account.map(str::to_owned).ok_or_else(|| Error::bad_field("OPERATIONS_TOPIC_ARN", topic, "the ARN of a topic"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_that_of_the_topic() {
        assert_eq!(account("arn:aws:sns:eu-central-1:012345678901:t").unwrap(), "012345678901");
        assert!(account("t").unwrap_err().to_string().starts_with("OPERATIONS_TOPIC_ARN: got `t`"));
    }
}
