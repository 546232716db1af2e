//! Rolls a service when an image is pushed, and verifies the result.
//!
//! Every trigger is a hint where to look; what happens next is decided from AWS, the ledger and the clock alone, by
//! [`planner::rollout::plan`]. For each service in scope: observe, plan, apply, until nothing is left to do; then report.
//!
//! | trigger | scope |
//! |---|---|
//! | image pushed to ECR, ECR scan ended | the services that follow the repository |
//! | ECS deployment changed state | that service |
//! | pre-deploy task ended | the services of its cluster with a pre-deploy task |
//! | tick, stack update | every service |
//! | request `rollback`, `restart`, `retry` | the named service |
//! | request `freeze`, `unfreeze`, `plan` | the named service, or every service |
//!
//! | observed | action |
//! |---|---|
//! | a newer image under the followed tag | register a revision pinned to the digest, run the pre-deploy task if there is one, update the service |
//! | the same, and the service never ran | also set the desired count to its baseline |
//! | the same, and the service is scaled to zero | the rollout is *staged*: verified when the service wakes |
//! | an older image, a quarantined digest, a freeze, too many scan findings | none; announced once |
//! | deployment complete and tasks of the new revision running | the release is *verified*: tags `previous` and `live`, CDN, ledger, message |
//! | deployment failed, or ECS rolled it back | the digest goes into *quarantine*; message with the tasks' reasons |
//! | rollback by ECS complete | CDN, message |
//! | restart requested and no deployment in progress | claim, force a new deployment, message; refused within the requester's cool-down |
//! | restart claimed and not confirmed | resumed when the lease has expired, unless its tasks were replaced meanwhile |
//! | *drift*: another deployment, such as a stack update, changed the image | roll the current release again, from the new revision |
//! | no result within the deadline | none; announced once |

mod apply;
mod event;
mod message;
mod observe;

use std::time::Instant;

use futures_util::future::{join_all, join3};
use jiff::{SignedDuration, Timestamp};
use planner::fleet::ServicePolicy;
use planner::model::{Image, ServiceId};
use planner::rollout::{Action, Decision, Freeze, Record, plan, request};
use serde_json::{Value, json};
use shared::aws::{CloudFront, Connection, DynamoDb, Ecr, Ecs, Sns};
use shared::env::{Config, Env};
use shared::lambda::Function;
use shared::ledger::{Ledger, Subject};
use shared::report::{Line, Outcome, Report};
use shared::{Error, Kind, Result};

pub use event::{Request, Trigger};

/// What the ledger keeps of one service's images.
pub(crate) type Entry = shared::ledger::Entry<Record>;

/// More steps than any sequence of decisions takes; a loop that passes it is a bug that must not spin.
const STEPS: usize = 8;

/// The function: configuration and one gateway per service it talks to.
pub struct App {
    config: Config,
    ecs: Ecs,
    ecr: Ecr,
    cloudfront: CloudFront,
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
    fn new(config: Config, _: &Env, connection: &Connection) -> Result<App> {
        Ok(App {
            ecs: Ecs::new(connection),
            ecr: Ecr::new(connection),
            cloudfront: CloudFront::new(connection),
            sns: Sns::new(connection),
            ledger: Ledger::new(DynamoDb::new(connection, &config.ledger_table)),
            config,
        })
    }

    async fn warm(&self) {
        let Some(service) = self.config.fleet.services.first() else { return };
        let image = async {
            match service.images.first() {
                Some(image) => self.ecr.tagged(&image.repository, &image.live).await.is_ok(),
                None => false,
            }
        };
        drop(join3(self.load(&service.id()), self.ecs.services(&[service.id()]), image).await);
    }

    /// A broken payload is an error; so is a service in scope that failed, when the others are done.
    async fn handle(&self, payload: Value, clock: Timestamp) -> Result<Value> {
        let started = Instant::now();
        let (trigger, now) = Trigger::parse(payload, clock)?;
        if let Trigger::Ignored(reason) = &trigger {
            tracing::debug!("ignored: {reason}");
            return Ok(json!({ "ignored": reason }));
        }
        let scope = self.scope(&trigger)?;
        let dry_run = self.config.dry_run || matches!(trigger, Trigger::Request(Request::Plan { .. }));
        let mode = if dry_run { Mode::DryRun } else { Mode::Act };

        let observed = self.observe(&scope).await;
        let each =
            scope.iter().zip(observed).map(|(policy, service)| self.reconcile(policy, service, &trigger, mode, now));
        let mut report = Report { dry_run, ..Report::default() };
        for (lines, messages) in join_all(each).await {
            report.lines.extend(lines);
            report.messages.extend(messages);
        }

        report.log(dry_run);
        let duration = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        let metrics = report.metrics(&self.config.fleet.system, "rollout", clock.as_millisecond(), duration);
        shared::lambda::metrics(&metrics);
        report.into_result()
    }
}

impl App {
    async fn load(&self, id: &ServiceId) -> Result<Entry> {
        self.ledger.load(&Subject::Service(id.clone())).await
    }

    async fn save(&self, id: &ServiceId, entry: &mut Entry) -> Result<()> {
        self.ledger.save(&Subject::Service(id.clone()), entry).await
    }

    /// The services that a trigger concerns.
    fn scope<'a>(&'a self, trigger: &Trigger) -> Result<Vec<&'a ServicePolicy>> {
        let fleet = &self.config.fleet;
        let all = || fleet.services.iter();
        Ok(match trigger {
            Trigger::Push { repository, tag, .. } => fleet
                .following(repository)
                .filter(|service| service.image(repository).is_some_and(|image| image.tag.matches(tag)))
                .collect(),
            Trigger::Scan { repository } => {
                fleet.following(repository).filter(|service| service.rollout.scan.is_some()).collect()
            }
            Trigger::Deployment { service } => all().filter(|policy| policy.id() == *service).collect(),
            Trigger::TaskEnded { cluster } => {
                all().filter(|policy| policy.cluster == *cluster && policy.rollout.pre_deploy_task.is_some()).collect()
            }
            Trigger::Everything | Trigger::Ignored(_) => all().collect(),
            Trigger::Request(request) => match request.service() {
                None => all().collect(),
                Some(name) => vec![fleet.named(name)?],
            },
        })
    }

    /// Observe, plan, apply, until the plan is to keep. One service; its failure is a line of the report.
    async fn reconcile(
        &self,
        policy: &ServicePolicy,
        service: Result<observe::ObservedService>,
        trigger: &Trigger,
        mode: Mode,
        now: Timestamp,
    ) -> (Vec<Line>, Vec<String>) {
        let mut done = Done::new(policy);
        let result = async {
            let mut service = service?;
            self.send_outbox(policy, &mut service.entry, mode, now, &mut done).await?;
            self.remember(policy, &mut service.entry, trigger, mode, now, &mut done).await?;
            let mut request = self.request(policy, trigger).await?;
            for _ in 0..STEPS {
                self.observe_tasks(policy, &mut service).await?;
                let decision = plan(policy.rollout(), &service.entry.record, &service.observed, request.as_ref(), now);
                let image = in_question(&decision, &service.entry);
                let step = apply::Step { app: self, policy, mode, now, trigger };
                let outcome = step.apply(&decision, &mut service).await;
                if matches!(&outcome, Outcome::Failed(error) if error.kind() == Kind::Conflict) {
                    // Somebody else wrote first: look again and decide anew.
                    service = self.observe(&[policy]).await.pop().unwrap_or_else(|| Err(not_found(policy)))?;
                    continue;
                }
                let went_on = matches!(outcome, Outcome::Changed(_)) && decision.action != Action::Keep;
                done.push(&decision, image, outcome);
                self.send_outbox(policy, &mut service.entry, mode, now, &mut done).await?;
                if !went_on {
                    return Ok(());
                }
                // A request is answered once; what follows from it is judged by the ordinary rules.
                request = None;
            }
            Err(Error::new(Kind::Conflict, format!("not converged after {STEPS} steps")))
        };
        if let Err(error) = result.await {
            done.failed(error);
        }
        done.finish()
    }

    /// Writes down what a request says of the future: freeze and unfreeze.
    async fn remember(
        &self,
        policy: &ServicePolicy,
        entry: &mut Entry,
        trigger: &Trigger,
        mode: Mode,
        now: Timestamp,
        done: &mut Done,
    ) -> Result<()> {
        let (frozen, by) = match trigger {
            Trigger::Request(Request::Freeze { by, until, reason, .. }) => {
                let freeze = Freeze { until: until.end(now)?, by: by.clone(), reason: reason.clone() };
                (Some(freeze), by)
            }
            Trigger::Request(Request::Unfreeze { by, .. }) => (None, by),
            _ => return Ok(()),
        };
        if entry.record.frozen == frozen {
            return Ok(());
        }
        let message = message::Messages { fleet: &self.config.fleet, policy, now }.frozen(frozen.as_ref(), by);
        let (what, why) = (if frozen.is_some() { "freeze" } else { "unfreeze" }, message.summary.clone());
        entry.record.frozen = frozen;
        entry.note(now, what, why.clone());
        entry.tell(now, message);
        let outcome = match mode {
            Mode::Act => {
                self.save(&policy.id(), entry).await?;
                Outcome::Changed(vec![why.clone()])
            }
            Mode::DryRun => Outcome::Planned(vec![why.clone()]),
        };
        done.lines.push(Line { decision: what, reason: "requested", why, outcome, service: policy.id(), image: None });
        self.send_outbox(policy, entry, mode, now, done).await
    }

    /// The request that the planner answers; `None` when the trigger carries none.
    async fn request(&self, policy: &ServicePolicy, trigger: &Trigger) -> Result<Option<request::Request>> {
        let Trigger::Request(request) = trigger else { return Ok(None) };
        Ok(match request {
            Request::Rollback { by, reason, deployment, .. } => {
                let (by, reason, deployment) = (by.clone(), reason.clone(), deployment.clone());
                Some(request::Request::Rollback(request::Rollback { by, reason, deployment }))
            }
            Request::Restart { by, reason, cool_down_minutes, .. } => {
                let cool_down = cool_down_minutes.map(|minutes| SignedDuration::from_mins(minutes.into()));
                let (by, reason) = (by.clone(), reason.clone());
                Some(request::Request::Restart(request::Restart { by, reason, cool_down }))
            }
            Request::Retry { by, image, repository, .. } => {
                let images = self.requested_images(policy, image.as_deref(), repository.as_deref()).await?;
                Some(request::Request::Retry(request::Retry { by: by.clone(), images }))
            }
            Request::Reconcile { .. } | Request::Plan { .. } | Request::Freeze { .. } | Request::Unfreeze { .. } => {
                None
            }
        })
    }

    /// Sends what is written and not yet sent.
    async fn send_outbox(
        &self,
        policy: &ServicePolicy,
        entry: &mut Entry,
        mode: Mode,
        now: Timestamp,
        done: &mut Done,
    ) -> Result<()> {
        if mode == Mode::Act {
            let (topic, subject) = (&self.config.operations_topic, Subject::Service(policy.id()));
            done.messages.extend(self.ledger.send_due(&self.sns, topic, &subject, entry, now).await?);
        }
        Ok(())
    }
}

/// The image that a decision is about: the one to be rolled, or the one on its way.
fn in_question(decision: &Decision, entry: &Entry) -> Option<(String, Image)> {
    let rollout = match &decision.action {
        Action::Roll(roll) => Some(&roll.rollout),
        _ => entry.record.rollout.as_ref(),
    };
    let images = rollout.map(|rollout| &rollout.images)?;
    images.iter().next().map(|(repository, image)| (repository.clone(), image.clone()))
}

fn not_found(policy: &ServicePolicy) -> Error {
    Error::not_found(format!("service {} not found", policy.id()))
}

/// What was done for one service so far.
struct Done {
    service: ServiceId,
    lines: Vec<Line>,
    messages: Vec<String>,
}

impl Done {
    fn new(policy: &ServicePolicy) -> Done {
        Done { service: policy.id(), lines: Vec::new(), messages: Vec::new() }
    }

    fn push(&mut self, decision: &Decision, image: Option<(String, Image)>, outcome: Outcome) {
        self.lines.push(Line {
            service: self.service.clone(),
            decision: decision.action.label(),
            reason: decision.reason.label(),
            why: decision.reason.to_string(),
            image,
            outcome,
        });
    }

    fn failed(&mut self, error: Error) {
        let (service, why) = (self.service.clone(), "reconciliation failed".to_owned());
        let outcome = Outcome::Failed(error);
        self.lines.push(Line { service, decision: "none", reason: "error", why, image: None, outcome });
    }

    /// The final "keep" says nothing that the changes before it have not said.
    fn finish(mut self) -> (Vec<Line>, Vec<String>) {
        let changed = self.lines.iter().any(|line| !matches!(line.outcome, Outcome::Unchanged));
        if changed {
            self.lines.retain(|line| !matches!(line.outcome, Outcome::Unchanged));
        }
        (self.lines, self.messages)
    }
}
