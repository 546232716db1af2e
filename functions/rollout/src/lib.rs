//! Rolls a service when an image is pushed, and verifies the result.
//!
//! Every trigger is a hint where to look; what happens next is decided from AWS, the ledger and the clock alone, by
//! [`planner::rollout::plan`]. For each service in scope: observe, plan, apply, until nothing is left to do; then report.
//!
//! | trigger | scope |
//! |---|---|
//! | image pushed or replicated to ECR, scan by ECR or Inspector ended, signature pushed | the services that follow the repository |
//! | ECS deployment complete, failed or rolled back by ECS | that service |
//! | pre-deploy task ended | the services of its cluster with a pre-deploy task |
//! | AWS Health announces a retirement of tasks | the services that it names |
//! | a secret or parameter has changed | every service; those whose revision reads it restart |
//! | tick, stack update | every service |
//! | request `rollback`, `restart`, `retry` | the named service |
//! | request `freeze`, `unfreeze`, `plan` | the named service, or every service |
//!
//! | observed | action |
//! |---|---|
//! | the followed tag names another image than at the last look | register a revision pinned to the digest, run the pre-deploy task if there is one, update the service |
//! | the same, and the revision names a tag that ECR does not have: the service never ran | also set the desired count to its baseline |
//! | the same, and the service is scaled to zero | the rollout is *staged*: verified when the service wakes |
//! | a quarantined digest, an image that is left over, a freeze, too many scan findings, no signature with the profile that the fleet names | none; announced once |
//! | a newer image while a release is held after its rollback | none; announced once; rolled out when the hold ends |
//! | first look at a service that has had an image | none: what it runs is recorded as its first release, and announced |
//! | an earlier release deployed by a person | none: it is the current release now; message, then tags and CDN |
//! | ECR cannot be read | what does without it is done; the invocation fails |
//! | a newer image while the pre-deploy task of another runs | it waits for that task, then has its own |
//! | pre-deploy task still running at its deadline | stop the task |
//! | deployment complete and tasks of the new revision running | the release is *verified*: ledger and message, then tags `previous` and `live` and the CDN, again at every look until done |
//! | deployment failed, or ECS rolled it back | the digest goes into *quarantine*; message with the tasks' reasons |
//! | the same, and the environment is the cause (capacity, secret, role, network) | no quarantine; tried again with a doubled hold-down, or when something changes |
//! | deployment listed neither by the service nor in its history | none; announced once; never a failure |
//! | rollback by ECS complete | CDN, message |
//! | no rollback by ECS | roll out the images that ran before |
//! | the rollback failed as well | the rollout ends; message |
//! | restart requested and no deployment in progress | claim, force a new deployment, message; refused within the requester's cool-down |
//! | deployment of a requested restart complete, failed, replaced by another, or without result at the deadline | recorded, message; a complete remedy is left to the alarm's own messages |
//! | rollback or restart asked more than 10 min ago | refused; message |
//! | restart claimed and not confirmed | resumed after 5 min, unless a deployment was created meanwhile |
//! | retirement of tasks announced | recorded, and announced with what is done about it; restarted once in its quiet hours, unless it sleeps before |
//! | retirement that could not be done by its date | message with what puts it off |
//! | a secret that the tasks read has changed | restarted once, where the fleet asks for it; a release that the environment prevented is tried again |
//! | restart due during a freeze, a hold or a deployment | it waits |
//! | *drift*: another deployment, such as a stack update, changed the image | roll out the current release again, from the new revision |
//! | no result within the deadline | roll out the images that ran before; announced once where the fleet says so or all new tasks run |

mod app;
mod apply;
mod evidence;
mod failure;
mod images;
mod message;
mod note;
mod observe;
mod observed;
mod planned;
mod release;
mod restart;
mod roll;
mod service;
mod settle;
mod trigger;

use futures_util::future::join3;
use jiff::Timestamp;
use planner::fleet::{Fleet, ServicePolicy};
use planner::rollout::{Action, Record};
use shared::aws::Connection;
use shared::env::Env;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Context, Function, Invocation, Next, Pass, Payload, Received};
use shared::{Error, Result};

use observed::ObservedService;
use service::Service;

pub use app::App;
pub use planned::Plan;
pub use trigger::{RequestKind, RolloutRequest, Trigger};

impl Function for App {
    const NAME: &'static str = "rollout";
    const COUNTERS: &'static [&'static str] = &["Rolled", "Completed", "RolledBack"];
    type Documents = Fleet;
    type Trigger = Trigger;
    type Item<'d> = &'d ServicePolicy;
    type Record = Record;
    type Observed = ObservedService;
    type Plan = Plan;
    /// Was the request answered? What follows from it is decided by the ordinary rules.
    type Progress = bool;

    fn new(_: &Context, _: &Env<'_>, connection: &Connection) -> Result<App> {
        Ok(App::wire(connection))
    }

    async fn warm(&self, context: &Context, fleet: &Fleet) {
        let Some(service) = fleet.services.first() else { return };
        let image = async {
            match service.images.first() {
                Some(image) => self.ecr.of(&image.registry()).tagged(&image.repository, &image.live).await.is_ok(),
                None => false,
            }
        };
        let subject = Subject::Service(service.id());
        let entry = context.ledger.load::<Record>(&subject);
        drop(join3(entry, self.ecs.services(&[service.id()]), image).await);
    }

    fn trigger(payload: Payload, clock: Timestamp) -> Result<Received<Trigger>> {
        Trigger::parse(payload, clock)
    }

    fn scope<'d>(&self, invocation: &Invocation<'d, App>) -> Result<Vec<&'d ServicePolicy>> {
        let fleet = invocation.documents;
        let all = || fleet.services.iter();
        Ok(match invocation.trigger {
            Trigger::Push { repository, tag, .. } => fleet
                .following(repository)
                .filter(|service| service.images_of(repository).any(|image| image.tag.matches(tag)))
                .collect(),
            Trigger::Scan { repository } => {
                let gated = |service: &&ServicePolicy| {
                    service.rollout.scan.is_some()
                        || service.images_of(repository).any(|image| image.signed_by.is_some())
                };
                fleet.following(repository).filter(gated).collect()
            }
            Trigger::Deployment { service } => all().filter(|policy| policy.id() == *service).collect(),
            Trigger::TaskEnded { cluster } => {
                all().filter(|policy| policy.cluster == *cluster && policy.rollout.pre_deploy_task.is_some()).collect()
            }
            Trigger::Retirement { services, .. } => all().filter(|policy| services.contains(&policy.id())).collect(),
            // Which services read a secret only their revisions say.
            Trigger::Secret { .. } | Trigger::Everything | Trigger::Request(RolloutRequest { service: None, .. }) => {
                all().collect()
            }
            Trigger::Named(name) | Trigger::Request(RolloutRequest { service: Some(name), .. }) => {
                vec![fleet.named(name)?]
            }
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
        self.observe_services(scope, invocation).await
    }

    fn entry(observed: &mut ObservedService) -> &mut Entry<Record> {
        &mut observed.entry
    }

    fn plan<'d>(
        &self,
        policy: &'d ServicePolicy,
        observed: &ObservedService,
        answered: &bool,
        invocation: &Invocation<'d, App>,
    ) -> Result<Plan> {
        Plan::of(policy, observed, invocation.trigger, *answered, invocation.now)
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
            Plan::Freeze(change) => service.freeze(change, &mut observed.entry, pass.done).await,
            Plan::Decide(decision) => {
                let next = service.apply(&decision, observed, pass.done).await?;
                if next == Next::Again {
                    *pass.progress = true;
                    match decision.action {
                        // After a failure everything is looked at again: what follows must not rest on an old look.
                        Action::Fail(_) => {
                            let again = self.observe_services(&[policy], pass.invocation).await.pop();
                            *observed = again.unwrap_or_else(|| Err(Error::not_found(policy.id().to_string())))?;
                        }
                        _ => {
                            self.observe_evidence(policy, observed, pass.invocation.context, pass.invocation.now)
                                .await?
                        }
                    }
                }
                Ok(next)
            }
        }
    }
}
