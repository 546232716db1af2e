//! Triggers: events from EventBridge, ticks and requests.

mod replacement;

use jiff::Timestamp;
use planner::model::{ChangedSecret, Digest, Revision, ServiceId, Span};
use planner::rollout::{FreezeChange, Notice, Record, RetirementNotice, request};
use serde::Deserialize;
use shared::Result;
use shared::runtime::{Event, NoParameters, Payload, Received, Request, Target};

/// Prefix of a pre-deploy task's `startedBy`; the rule in the template matches it.
pub const STARTED_BY: &str = "rollout/";

/// A trigger, reduced to where to look.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// An image was pushed under a tag. What the tag names is looked up, never taken from the event.
    Push {
        /// Repository name in this registry: `acme/web`.
        repository: String,
        /// The pushed tag: `latest`.
        tag: String,
        /// What it was pushed to, if the event says so properly.
        digest: Option<Digest>,
        /// When, if the event says so properly.
        at: Option<Timestamp>,
    },
    /// A scan ended, or something that refers to an image was pushed, such as a signature.
    Scan {
        /// Repository name in this registry: `acme/web`.
        repository: String,
    },
    /// A deployment of this service changed its state.
    Deployment {
        /// Cluster and name, from the ARN in the event's resources.
        service: ServiceId,
    },
    /// A pre-deploy task ended in this cluster.
    TaskEnded {
        /// Cluster name, from the cluster's ARN in the event.
        cluster: String,
    },
    /// AWS has announced that it replaces the tasks of these services.
    Retirement {
        /// The services, each once.
        services: Vec<ServiceId>,
        /// What was announced.
        notice: RetirementNotice,
    },
    /// A secret or parameter has changed; which services read it, their revisions say.
    Secret {
        /// What has changed.
        secret: ChangedSecret,
        /// When.
        at: Timestamp,
    },
    /// The tick, or a stack update that may have caused drift: every service.
    Everything,
    /// A request about the service of this name that only looks.
    Named(String),
    /// A request that changes something.
    Request(RolloutRequest),
}

/// A request about images or tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutRequest {
    /// The service; every one when none is named.
    pub service: Option<String>,
    /// Who asks.
    pub by: String,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// When it was asked, where it says so.
    pub at: Option<Timestamp>,
    /// The action, with its parameters.
    pub kind: RequestKind,
}

/// What may be requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Roll back to the previous release.
    Rollback(Rollback),
    /// Replace every task, same revision.
    Restart(Restart),
    /// Roll out an image that was refused.
    Retry(Retry),
    /// Hold rollouts until then.
    Freeze(Freeze),
    /// End a freeze.
    Unfreeze,
}

/// Parameters of `rollback`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// Id of the deployment to roll back; refused when another is running.
    #[serde(default)]
    pub deployment: Option<String>,
    /// `current` or `release`: what the tasks get beside the earlier images.
    #[serde(default)]
    pub environment: request::Environment,
    /// How long, or until when, the release that it restores is held.
    #[serde(default)]
    pub hold_until: Option<Span>,
}

/// Parameters of `restart`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// Refused so many minutes after the last restart of the service.
    #[serde(default)]
    pub cool_down_minutes: Option<u32>,
}

/// Parameters of `retry`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// A tag or digest; what the tag policy selects when left out.
    #[serde(default)]
    pub image: Option<String>,
    /// Its repository, for a service that follows several.
    #[serde(default)]
    pub repository: Option<String>,
}

/// Parameters of `freeze`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// How long, `2h`, or until when, a timestamp with offset.
    pub until: Span,
}

impl RolloutRequest {
    /// The freeze that it requests, or its end; `None` when it is about something else or recorded already.
    ///
    /// # Errors
    /// `Invalid` when the freeze would end in the past.
    pub fn freeze(&self, record: &Record, now: Timestamp) -> Result<Option<FreezeChange>> {
        let by = self.by.clone();
        Ok(match &self.kind {
            RequestKind::Freeze(Freeze { until }) => {
                let freeze = request::Freeze { until: until.clone(), by, reason: self.reason.clone() };
                freeze.decide(record, now)?
            }
            RequestKind::Unfreeze => request::Unfreeze { by, named: self.service.is_some() }.decide(record),
            RequestKind::Rollback(_) | RequestKind::Restart(_) | RequestKind::Retry(_) => None,
        })
    }

    fn parse(request: &Request) -> Result<Option<RolloutRequest>> {
        let kind = match request.action.as_str() {
            "rollback" => RequestKind::Rollback(request.parameters()?),
            "restart" => RequestKind::Restart(request.parameters()?),
            "retry" => RequestKind::Retry(request.parameters()?),
            "freeze" => RequestKind::Freeze(request.parameters()?),
            other => {
                request.parameters::<NoParameters>()?;
                match other {
                    "unfreeze" => RequestKind::Unfreeze,
                    _ => return Ok(None),
                }
            }
        };
        let (service, by, reason) = (named(request), request.by.clone(), request.reason.clone());
        Ok(Some(RolloutRequest { service, by, reason, at: request.at, kind }))
    }
}

fn named(request: &Request) -> Option<String> {
    match &request.target {
        Target::Service(name) => Some(name.clone()),
        Target::Everything | Target::Alarm(_) | Target::Budget(_) => None,
    }
}

impl Trigger {
    /// Reads what arrived at the time `clock`.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken; it then goes to the dead-letter queue.
    pub fn parse(payload: Payload, clock: Timestamp) -> Result<Received<Trigger>> {
        match payload {
            Payload::Event(event) => of_event(&event, clock),
            Payload::Request(request) => {
                Ok(Received::Trigger(match (RolloutRequest::parse(&request)?, named(&request)) {
                    (Some(request), _) => Trigger::Request(request),
                    (None, Some(name)) => Trigger::Named(name),
                    (None, None) => Trigger::Everything,
                }))
            }
            Payload::Notifications(_) => Ok(Received::Ignored("SNS messages bring no image".into())),
        }
    }

    /// What it says about the tasks of a service with this revision, beside where to look.
    pub(crate) fn notice(&self, revision: &Revision) -> Option<Notice> {
        match self {
            Trigger::Retirement { notice, .. } => Some(Notice::Retirement(notice.clone())),
            Trigger::Secret { secret, at } if revision.reads(secret) => {
                Some(Notice::Secret { name: secret.name.clone(), at: *at })
            }
            Trigger::Secret { .. }
            | Trigger::Push { .. }
            | Trigger::Scan { .. }
            | Trigger::Deployment { .. }
            | Trigger::TaskEnded { .. }
            | Trigger::Everything
            | Trigger::Named(_)
            | Trigger::Request(_) => None,
        }
    }
}

fn of_event(event: &Event, clock: Timestamp) -> Result<Received<Trigger>> {
    match event.about() {
        ("aws.ecr", "ECR Image Action" | "ECR Replication Action") => push(event),
        ("aws.ecr", "ECR Image Scan") => {
            Ok(Received::Trigger(Trigger::Scan { repository: event.text("repository-name")?.to_owned() }))
        }
        // What refers to an image may be its signature.
        ("aws.ecr", "ECR Referrer Action") => {
            Ok(Received::Trigger(Trigger::Scan { repository: event.text("repository-name")?.to_owned() }))
        }
        ("aws.inspector2", "Inspector2 Scan") => scan_by_inspector(event),
        ("aws.ecs", "ECS Deployment State Change") => deployment(event),
        ("aws.ecs", "ECS Task State Change") => task(event),
        ("aws.health", "AWS Health Event") => Ok(match replacement::retirement(event, clock)? {
            Received::Trigger((services, notice)) => Received::Trigger(Trigger::Retirement { services, notice }),
            Received::Ignored(reason) => Received::Ignored(reason),
        }),
        ("aws.secretsmanager", "Secret Label Updated") => Ok(changed(replacement::secret(event, clock)?)),
        ("aws.ssm", "Parameter Store Change") => Ok(changed(replacement::parameter(event, clock)?)),
        ("aws.cloudformation", "CloudFormation Stack Status Change") => Ok(Received::Trigger(Trigger::Everything)),
        (source, detail_type) => Ok(Received::Ignored(format!("`{detail_type}` of {source} is not for this function"))),
    }
}

fn changed(read: Received<(ChangedSecret, Timestamp)>) -> Received<Trigger> {
    match read {
        Received::Trigger((secret, at)) => Received::Trigger(Trigger::Secret { secret, at }),
        Received::Ignored(reason) => Received::Ignored(reason),
    }
}

/// ECS sends `SERVICE_DEPLOYMENT_IN_PROGRESS` a second after every update of a service, also for the automation's own: a
/// look then sees the oldest answers of all, and what is in progress needs none. Only that ECS rolls back needs one, which
/// nothing but the reason says: "ECS deployment circuit breaker: rolling back to deploymentId ...". Source:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html>.
fn deployment(event: &Event) -> Result<Received<Trigger>> {
    let reason = event.optional("reason");
    if event.optional("eventName") == "SERVICE_DEPLOYMENT_IN_PROGRESS" && !reason.contains("rolling back") {
        return Ok(Received::Ignored(format!("a deployment that is in progress needs no look: {reason}")));
    }
    Ok(match event.service()? {
        Some(service) => Received::Trigger(Trigger::Deployment { service }),
        None => Received::Ignored(format!("{} names no cluster", event.resources.join(", "))),
    })
}

/// Inspector names the repository by its ARN: `arn:aws:ecr:eu-central-1:123456789012:repository/acme/web`. Source:
/// <https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html>.
fn scan_by_inspector(event: &Event) -> Result<Received<Trigger>> {
    let arn = event.text("repository-name")?;
    Ok(match arn.split_once(":repository/") {
        Some((_, repository)) => Received::Trigger(Trigger::Scan { repository: repository.to_owned() }),
        None => Received::Ignored(format!("`{arn}` is no repository")),
    })
}

fn push(event: &Event) -> Result<Received<Trigger>> {
    let (action, result) = (event.text("action-type")?, event.text("result")?);
    let repository = event.text("repository-name")?;
    if !["PUSH", "REPLICATE"].contains(&action) || result != "SUCCESS" {
        return Ok(Received::Ignored(format!("{action} of {repository} with result {result} adds no image")));
    }
    // The child manifests of a multi-architecture push have no tag.
    match event.optional("image-tag") {
        "" => Ok(Received::Ignored(format!("a push of {repository} without a tag adds nothing to roll out"))),
        tag => Ok(Received::Trigger(Trigger::Push {
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            digest: event.optional("image-digest").parse().ok(),
            at: event.at,
        })),
    }
}

fn task(event: &Event) -> Result<Received<Trigger>> {
    let (started_by, status) = (event.optional("startedBy"), event.text("lastStatus")?);
    if !started_by.starts_with(STARTED_BY) || status != "STOPPED" {
        return Ok(Received::Ignored(format!(
            "a task started by `{started_by}` that is {status} is not a pre-deploy task that ended"
        )));
    }
    let arn = event.text("clusterArn")?;
    let cluster = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    Ok(Received::Trigger(Trigger::TaskEnded { cluster }))
}

#[cfg(test)]
mod tests;
