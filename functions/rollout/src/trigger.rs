//! Triggers: events from EventBridge, ticks and requests.

use jiff::Timestamp;
use planner::model::{Digest, ServiceId, Span};
use planner::rollout::{FreezeChange, Record, request};
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
    /// A scan ended.
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
            RequestKind::Unfreeze => request::Unfreeze { by }.decide(record),
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
        Ok(Some(RolloutRequest { service, by, reason, kind }))
    }
}

fn named(request: &Request) -> Option<String> {
    match &request.target {
        Target::Service(name) => Some(name.clone()),
        Target::Everything | Target::Alarm(_) | Target::Budget(_) => None,
    }
}

impl Trigger {
    /// Reads what arrived.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken; it then goes to the dead-letter queue.
    pub fn parse(payload: Payload) -> Result<Received<Trigger>> {
        match payload {
            Payload::Event(event) => of_event(&event),
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
}

fn of_event(event: &Event) -> Result<Received<Trigger>> {
    match event.about() {
        ("aws.ecr", "ECR Image Action" | "ECR Replication Action") => push(event),
        ("aws.ecr", "ECR Image Scan") => {
            Ok(Received::Trigger(Trigger::Scan { repository: event.text("repository-name")?.to_owned() }))
        }
        ("aws.inspector2", "Inspector2 Scan") => scan_by_inspector(event),
        ("aws.ecs", "ECS Deployment State Change") => deployment(event),
        ("aws.ecs", "ECS Task State Change") => task(event),
        ("aws.cloudformation", "CloudFormation Stack Status Change") => Ok(Received::Trigger(Trigger::Everything)),
        (source, detail_type) => Ok(Received::Ignored(format!("`{detail_type}` of {source} is not for this function"))),
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
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(payload: Value) -> Trigger {
        match read(payload).unwrap() {
            Received::Trigger(trigger) => trigger,
            Received::Ignored(reason) => panic!("ignored: {reason}"),
        }
    }

    fn read(payload: Value) -> Result<Received<Trigger>> {
        Trigger::parse(Payload::parse(payload)?)
    }

    fn push_event(tag: Value, time: &str) -> Value {
        json!({
            "source": "aws.ecr", "detail-type": "ECR Image Action", "time": time, "resources": [],
            "detail": {"action-type": "PUSH", "result": "SUCCESS", "repository-name": "a/b", "image-tag": tag}
        })
    }

    #[test]
    fn a_push_is_where_to_look_and_no_more() {
        let trigger = parse(push_event("v1".into(), "2026-11-21T10:00:00Z"));
        let at = Some("2026-11-21T10:00:00Z".parse().unwrap());
        assert_eq!(trigger, Trigger::Push { repository: "a/b".into(), tag: "v1".into(), digest: None, at });
    }

    /// The tag may name another image by the time of the look, or an earlier one in an answer from before the push.
    #[test]
    fn a_push_says_what_was_pushed() {
        let digest = format!("sha256:{:064x}", 7);
        let mut event = push_event("v1".into(), "2026-11-21T10:00:00Z");
        event["detail"]["image-digest"] = digest.as_str().into();
        assert!(matches!(parse(event), Trigger::Push { digest: Some(own), .. } if own.as_str() == digest));
    }

    #[test]
    fn an_impossible_date_loses_the_date_and_not_the_event() {
        let trigger = parse(push_event("v1".into(), "2023-02-29T02:36:48Z"));
        assert_eq!(trigger, Trigger::Push { repository: "a/b".into(), tag: "v1".into(), digest: None, at: None });
    }

    #[test]
    fn a_replicated_image_is_a_push() {
        let mut event = push_event("v1".into(), "2026-11-21T10:00:00Z");
        event["detail-type"] = "ECR Replication Action".into();
        event["detail"]["action-type"] = "REPLICATE".into();
        assert!(matches!(parse(event.clone()), Trigger::Push { tag, .. } if tag == "v1"));
        event["detail"]["result"] = "FAILED".into();
        assert!(matches!(read(event).unwrap(), Received::Ignored(_)));
    }

    #[test]
    fn inspector_names_the_repository_by_its_arn() {
        let event = |name: &str| json!({"source": "aws.inspector2", "detail-type": "Inspector2 Scan", "detail": {"repository-name": name}});
        let arn = "arn:aws:ecr:eu-central-1:123456789012:repository/a/b";
        assert_eq!(parse(event(arn)), Trigger::Scan { repository: "a/b".into() });
        assert!(matches!(read(event("a/b")).unwrap(), Received::Ignored(_)));
    }

    #[test]
    fn a_deployment_in_progress_needs_a_look_only_when_ecs_rolls_back() {
        let event = |name: &str, reason: &str| {
            let service = "arn:aws:ecs:eu-central-1:123456789012:service/prod/api";
            json!({"source": "aws.ecs", "detail-type": "ECS Deployment State Change", "resources": [service],
                "detail": {"eventName": name, "reason": reason, "deploymentId": "ecs-svc/2"}})
        };
        let begun = event("SERVICE_DEPLOYMENT_IN_PROGRESS", "ECS deployment ecs-svc/2 in progress.");
        assert!(matches!(read(begun).unwrap(), Received::Ignored(_)));
        let back = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";
        for (name, reason) in [
            ("SERVICE_DEPLOYMENT_IN_PROGRESS", back),
            ("SERVICE_DEPLOYMENT_COMPLETED", "ECS deployment ecs-svc/2 completed."),
            ("SERVICE_DEPLOYMENT_FAILED", "ECS deployment circuit breaker: tasks failed to start."),
        ] {
            assert!(matches!(parse(event(name, reason)), Trigger::Deployment { .. }), "{name}: {reason}");
        }
    }

    #[test]
    fn a_push_without_a_tag_is_ignored_with_a_reason() {
        for tag in [Value::Null, "".into()] {
            let ignored = read(push_event(tag, "2026-11-21T10:00:00Z")).unwrap();
            assert_eq!(ignored, Received::Ignored("a push of a/b without a tag adds nothing to roll out".into()));
        }
    }

    #[test]
    fn a_broken_payload_is_an_error_without_values() {
        let no_repository =
            json!({"source": "aws.ecr", "detail-type": "ECR Image Scan", "detail": {"secret": "hunter2"}});
        for (payload, expected) in [
            (json!([1]), "event: got `a list`, expected a JSON object"),
            (json!({"records": []}), "an object with the keys [records]"),
            (no_repository, "detail.repository-name: got `nothing`, expected a text"),
            (json!({"action": "rollback", "by": "anna"}), "request `rollback`: service: got `nothing`"),
            (json!({"action": "dance"}), "action: got `dance`, expected one of rollback"),
            (json!({"action": "freeze", "by": "anna", "until": "soon"}), "until: got `soon`, expected a duration"),
            (json!({"action": "plan", "servce": "web"}), "unknown field `servce`"),
        ] {
            let error = read(payload).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{error}\nlacks\n{expected}");
        }
    }

    #[test]
    fn the_tick_and_a_stack_update_look_at_everything() {
        assert_eq!(parse(json!({"action": "reconcile"})), Trigger::Everything);
        let update =
            json!({"source": "aws.cloudformation", "detail-type": "CloudFormation Stack Status Change", "detail": {}});
        assert_eq!(parse(update), Trigger::Everything);
    }
}
