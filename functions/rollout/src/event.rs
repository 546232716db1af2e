//! Triggers: events from EventBridge, ticks and requests.

use jiff::Timestamp;
use planner::model::{ServiceId, Span};
use serde::Deserialize;
use serde_json::Value;
use shared::Result;
use shared::event::{Event, Payload, moment, request};

/// Prefix of a pre-deploy task's `startedBy`; the rule in the template matches it.
pub const STARTED_BY: &str = "rollout/";

/// A trigger, reduced to where to look.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// An image was pushed under a tag. What the tag names is looked up, never taken from the event.
    Push {
        /// The repository.
        repository: String,
        /// The tag.
        tag: String,
        /// When, if the event says so properly.
        at: Option<Timestamp>,
    },
    /// A scan ended.
    Scan {
        /// The repository.
        repository: String,
    },
    /// A deployment of this service changed its state.
    Deployment {
        /// The service.
        service: ServiceId,
    },
    /// A pre-deploy task ended in this cluster.
    TaskEnded {
        /// The cluster.
        cluster: String,
    },
    /// The tick, or a stack update that may have caused drift: every service.
    Everything,
    /// A request.
    Request(Request),
    /// Not for this function, and why.
    Ignored(String),
}

/// A request about images or tasks.
///
/// `at` is the moment of the decision where it is ahead of the clock; one that is behind is a late delivery, and the
/// clock counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Reconcile now, as the tick does.
    Reconcile {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
        /// When the schedule sent it.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Decide and explain, change nothing.
    Plan {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
        /// The moment to decide for; any moment.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Roll back to the previous release; the current images go into quarantine.
    Rollback {
        /// The service.
        service: String,
        /// Who requests it.
        by: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
        /// Id of the deployment to undo; refused when another one is current.
        #[serde(default)]
        deployment: Option<String>,
        /// When it was sent.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Replace all tasks, with the same image; refused during a rollout.
    Restart {
        /// The service.
        service: String,
        /// Who requests it.
        by: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
        /// Refused so many minutes after the last restart of the service.
        #[serde(default)]
        cool_down_minutes: Option<u32>,
        /// When it was sent.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Roll an image although it was refused.
    Retry {
        /// The service.
        service: String,
        /// Who requests it.
        by: String,
        /// A tag or digest; what the tag policy wants when left out.
        #[serde(default)]
        image: Option<String>,
        /// Its repository, for a service that follows several.
        #[serde(default)]
        repository: Option<String>,
        /// When it was sent.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Hold pushes.
    Freeze {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
        /// Who requests it.
        by: String,
        /// When it ends: a duration or a time.
        until: Span,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
        /// When it was sent.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// End a freeze.
    Unfreeze {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
        /// Who requests it.
        by: String,
        /// When it was sent.
        #[serde(default)]
        at: Option<Timestamp>,
    },
}

impl Request {
    /// The named service; `None` for every service.
    pub fn service(&self) -> Option<&str> {
        match self {
            Request::Reconcile { service, .. } | Request::Plan { service, .. } => service.as_deref(),
            Request::Freeze { service, .. } | Request::Unfreeze { service, .. } => service.as_deref(),
            Request::Rollback { service, .. } | Request::Restart { service, .. } | Request::Retry { service, .. } => {
                Some(service)
            }
        }
    }

    /// The moment of the decision.
    fn moment(&self, clock: Timestamp) -> Timestamp {
        match self {
            Request::Plan { at, .. } => at.unwrap_or(clock),
            Request::Reconcile { at, .. }
            | Request::Rollback { at, .. }
            | Request::Restart { at, .. }
            | Request::Retry { at, .. }
            | Request::Freeze { at, .. }
            | Request::Unfreeze { at, .. } => moment(*at, clock),
        }
    }
}

impl Trigger {
    /// Reads a payload; returns the trigger and the moment of the decision.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken; it then goes to the dead-letter queue.
    pub fn parse(payload: Value, clock: Timestamp) -> Result<(Trigger, Timestamp)> {
        match Payload::parse(payload)? {
            Payload::Event(event) => Ok((of_event(&event)?, moment(event.at, clock))),
            Payload::Request(payload) => {
                let request: Request = request(payload)?;
                let moment = request.moment(clock);
                Ok(match request {
                    Request::Reconcile { service: None, .. } => (Trigger::Everything, moment),
                    request => (Trigger::Request(request), moment),
                })
            }
        }
    }
}

fn of_event(event: &Event) -> Result<Trigger> {
    match event.about() {
        ("aws.ecr", "ECR Image Action") => push(event),
        ("aws.ecr", "ECR Image Scan") => Ok(Trigger::Scan { repository: event.text("repository-name")?.to_owned() }),
        ("aws.ecs", "ECS Deployment State Change") => Ok(match event.service()? {
            Some(service) => Trigger::Deployment { service },
            None => Trigger::Ignored(format!("{} names no cluster", event.resources.join(", "))),
        }),
        ("aws.ecs", "ECS Task State Change") => task(event),
        ("aws.cloudformation", "CloudFormation Stack Status Change") => Ok(Trigger::Everything),
        (source, detail_type) => Ok(Trigger::Ignored(format!("`{detail_type}` of {source} is not for this function"))),
    }
}

fn push(event: &Event) -> Result<Trigger> {
    let (action, result) = (event.text("action-type")?, event.text("result")?);
    let repository = event.text("repository-name")?;
    if (action, result) != ("PUSH", "SUCCESS") {
        return Ok(Trigger::Ignored(format!("{action} of {repository} with result {result} adds no image")));
    }
    // The child manifests of a multi-architecture push have no tag.
    match event.optional("image-tag") {
        "" => Ok(Trigger::Ignored(format!("a push of {repository} without a tag adds nothing to roll"))),
        tag => Ok(Trigger::Push { repository: repository.to_owned(), tag: tag.to_owned(), at: event.at }),
    }
}

fn task(event: &Event) -> Result<Trigger> {
    let (started_by, status) = (event.optional("startedBy"), event.text("lastStatus")?);
    if !started_by.starts_with(STARTED_BY) || status != "STOPPED" {
        return Ok(Trigger::Ignored(format!(
            "a task started by `{started_by}` that is {status} is not a pre-deploy task that ended"
        )));
    }
    let arn = event.text("clusterArn")?;
    let cluster = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    Ok(Trigger::TaskEnded { cluster })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn clock() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn parse(payload: Value) -> Trigger {
        Trigger::parse(payload, clock()).unwrap().0
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
        assert_eq!(trigger, Trigger::Push { repository: "a/b".into(), tag: "v1".into(), at });
    }

    #[test]
    fn an_impossible_date_loses_the_date_and_not_the_event() {
        let trigger = parse(push_event("v1".into(), "2023-02-29T02:36:48Z"));
        assert_eq!(trigger, Trigger::Push { repository: "a/b".into(), tag: "v1".into(), at: None });
    }

    #[test]
    fn a_push_without_a_tag_is_ignored_with_a_reason() {
        for tag in [Value::Null, "".into()] {
            let trigger = parse(push_event(tag, "2026-11-21T10:00:00Z"));
            assert_eq!(trigger, Trigger::Ignored("a push of a/b without a tag adds nothing to roll".into()));
        }
    }

    #[test]
    fn a_broken_payload_is_an_error_without_values() {
        let no_repository =
            json!({"source": "aws.ecr", "detail-type": "ECR Image Scan", "detail": {"secret": "hunter2"}});
        for (payload, expected) in [
            (json!([1]), "event: got `a list`, expected a JSON object"),
            (json!({"Records": []}), "an object with the keys [Records]"),
            (no_repository, "detail.repository-name: got `nothing`, expected a text"),
            (json!({"action": "rollback", "by": "anna"}), "request `rollback`: missing field `service`"),
            (json!({"action": "dance"}), "request `dance`: unknown variant `dance`"),
            (json!({"action": "freeze", "by": "anna", "until": "soon"}), "until: got `soon`, expected a duration"),
            (json!({"action": "plan", "servce": "web"}), "unknown field `servce`"),
        ] {
            let error = Trigger::parse(payload, clock()).unwrap_err().to_string();
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

    #[test]
    fn a_late_delivery_is_decided_by_the_clock_and_an_early_one_by_its_own_moment() {
        let moment = |payload: Value| Trigger::parse(payload, clock()).unwrap();
        let tick = |at: &str| json!({"action": "reconcile", "at": at});
        let (past, soon) = ("2026-11-21T09:00:00Z", "2026-11-21T10:00:30Z");
        let early: Timestamp = soon.parse().unwrap();
        assert_eq!(moment(tick(past)), (Trigger::Everything, clock()));
        assert_eq!(moment(tick(soon)), (Trigger::Everything, early));
        assert_eq!(moment(push_event("v1".into(), past)).1, clock());
        assert_eq!(moment(push_event("v1".into(), soon)).1, early);
        assert_eq!(moment(push_event("v1".into(), "2023-02-29T02:36:48Z")).1, clock());
        for action in [
            json!({"action": "rollback", "service": "web", "by": "anna"}),
            json!({"action": "restart", "service": "web", "by": "anna"}),
            json!({"action": "retry", "service": "web", "by": "anna"}),
            json!({"action": "freeze", "until": "2h", "by": "anna"}),
            json!({"action": "unfreeze", "by": "anna"}),
        ] {
            for (at, expected) in [(json!(past), clock()), (json!(soon), early), (Value::Null, clock())] {
                let mut asked = action.clone();
                asked["at"] = at;
                assert_eq!(moment(asked).1, expected, "{action}");
            }
        }
        let plan = json!({"action": "plan", "at": "2020-01-01T00:00:00Z"});
        assert_eq!(moment(plan).1, "2020-01-01T00:00:00Z".parse().unwrap());
    }
}
