//! What reached the function: ticks, events from EventBridge, and requests from people.

use jiff::{SignedDuration, Timestamp};
use planner::capacity::{OverrideKind, OverrideRequest, SpotEvent};
use planner::model::ServiceId;
use serde::Deserialize;
use serde_json::Value;
use shared::Result;
use shared::event::{Event, Payload, moment, request};

/// News of Spot that is older says nothing of Spot now: a redelivery, or a dead-letter queue played back.
const STALE: SignedDuration = SignedDuration::from_mins(15);

/// What reached the function, reduced to where to look and what to remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The tick, or a stack update that may have put something back: look at everything.
    Everything,
    /// Something happened to this service: look at it.
    Service(ServiceId),
    /// Spot did something to this service.
    Spot {
        /// The service.
        service: ServiceId,
        /// What.
        event: SpotEvent,
    },
    /// A person, or another function, asks for something.
    Request(Request),
    /// Nothing for this function, and why.
    Ignored(String),
}

/// What may be asked for by direct invocation.
///
/// `at` is the moment that is meant where it is ahead of the clock: EventBridge Scheduler may be early, and the edge of
/// a window is then still that edge. One that is behind is a late delivery, and the clock counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Look, as the tick does.
    Reconcile {
        /// Only at this service.
        #[serde(default)]
        service: Option<String>,
        /// When the schedule meant it.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Decide and explain, change nothing.
    Plan {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
        /// What would be decided then; any moment.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Tell what happened since the last digest, what holds and what comes; nothing when nothing is new.
    Digest {
        /// Who asks; an answer is sent then in any case.
        #[serde(default)]
        by: Option<String>,
        /// When the schedule meant it.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Run, whatever night and budget say.
    Wake(OverrideRequest),
    /// Sleep, whatever the clock says.
    Sleep(OverrideRequest),
    /// Hands off: nothing is written until then.
    Hold(OverrideRequest),
    /// End what was asked for before.
    Resume {
        /// The service.
        service: String,
        /// Who asks.
        by: String,
        /// When it was asked.
        #[serde(default)]
        at: Option<Timestamp>,
    },
}

impl Request {
    /// The service that is named, if one is.
    pub fn service(&self) -> Option<&str> {
        match self {
            Request::Reconcile { service, .. } | Request::Plan { service, .. } => service.as_deref(),
            Request::Wake(wanted) | Request::Sleep(wanted) | Request::Hold(wanted) => Some(&wanted.service),
            Request::Resume { service, .. } => Some(service),
            Request::Digest { .. } => None,
        }
    }

    /// What is wanted instead of what the schedule says.
    pub fn wanted(&self) -> Option<(OverrideKind, &OverrideRequest)> {
        match self {
            Request::Wake(wanted) => Some((OverrideKind::Wake, wanted)),
            Request::Sleep(wanted) => Some((OverrideKind::Sleep, wanted)),
            Request::Hold(wanted) => Some((OverrideKind::Hold, wanted)),
            Request::Reconcile { .. } | Request::Plan { .. } | Request::Digest { .. } | Request::Resume { .. } => None,
        }
    }

    /// The moment at which it is to be decided.
    fn moment(&self, clock: Timestamp) -> Timestamp {
        match self {
            Request::Plan { at, .. } => at.unwrap_or(clock),
            Request::Reconcile { at, .. } | Request::Digest { at, .. } | Request::Resume { at, .. } => {
                moment(*at, clock)
            }
            Request::Wake(wanted) | Request::Sleep(wanted) | Request::Hold(wanted) => moment(wanted.at, clock),
        }
    }
}

impl Trigger {
    /// Reads whatever arrived, and the moment at which it is to be decided.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken; it then goes to the dead-letter queue.
    pub fn parse(payload: Value, clock: Timestamp) -> Result<(Trigger, Timestamp)> {
        match Payload::parse(payload)? {
            Payload::Event(event) => Ok((of_event(&event, clock)?, moment(event.at, clock))),
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

fn of_event(event: &Event, clock: Timestamp) -> Result<Trigger> {
    let trigger = match event.about() {
        ("aws.ecs", "ECS Service Action") => placement(event)?,
        ("aws.ecs", "ECS Task State Change") => interruption(event)?,
        ("aws.ecs", "ECS Deployment State Change") => of_service(event, Trigger::Service)?,
        ("aws.cloudformation", "CloudFormation Stack Status Change") => Trigger::Everything,
        (source, detail_type) => Trigger::Ignored(format!("`{detail_type}` of {source} is nothing for this function")),
    };
    match (&trigger, event.at) {
        (Trigger::Spot { .. }, Some(at)) if at + STALE < clock => {
            Ok(Trigger::Ignored(format!("news of Spot of {at} says nothing of Spot now")))
        }
        _ => Ok(trigger),
    }
}

fn of_service(event: &Event, trigger: impl FnOnce(ServiceId) -> Trigger) -> Result<Trigger> {
    let nameless = || Trigger::Ignored(format!("{} names no cluster", event.resources.join(", ")));
    Ok(event.service()?.map_or_else(nameless, trigger))
}

/// The same event is sent when there is no capacity on demand: only the provider tells them apart.
fn placement(event: &Event) -> Result<Trigger> {
    let name = event.text("eventName")?;
    if name != "SERVICE_TASK_PLACEMENT_FAILURE" {
        return Ok(Trigger::Ignored(format!("{name} moves no capacity")));
    }
    let providers = event.detail.get("capacityProviderArns").and_then(Value::as_array);
    let spot = |provider: &Value| provider.as_str().is_some_and(|arn| arn.rsplit('/').next() == Some("FARGATE_SPOT"));
    match (event.optional("reason"), providers.is_some_and(|providers| providers.iter().any(spot))) {
        ("RESOURCE:FARGATE", true) => {
            of_service(event, |service| Trigger::Spot { service, event: SpotEvent::NoCapacity })
        }
        (reason, spot) => {
            let provider = if spot { "FARGATE_SPOT" } else { "another provider" };
            Ok(Trigger::Ignored(format!("a task that is not placed on {provider} for {reason} is no Spot shortage")))
        }
    }
}

/// Sent for every step of the task's end; each names the same task.
fn interruption(event: &Event) -> Result<Trigger> {
    let (code, provider) = (event.optional("stopCode"), event.optional("capacityProviderName"));
    let interrupted = match code {
        "SpotInterruption" => true,
        // The older name; ECS gives it to tasks of Spot, and says so when it names the provider at all.
        "TerminationNotice" => matches!(provider, "" | "FARGATE_SPOT"),
        _ => false,
    };
    let group = event.optional("group").strip_prefix("service:");
    match group.filter(|_| interrupted) {
        Some(name) => {
            let arn = event.text("clusterArn")?;
            let cluster = arn.rsplit('/').next().unwrap_or(arn).to_owned();
            let service = ServiceId { cluster, name: name.to_owned() };
            Ok(Trigger::Spot { service, event: SpotEvent::Interrupted { task: event.text("taskArn")?.to_owned() } })
        }
        None => Ok(Trigger::Ignored(format!("a task that ended with `{code}` was not interrupted by Spot"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn clock() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn crawler() -> ServiceId {
        ServiceId { cluster: "prod".into(), name: "crawler".into() }
    }

    fn shortage(provider: &str, time: &str) -> Value {
        json!({
            "source": "aws.ecs", "detail-type": "ECS Service Action", "time": time,
            "resources": ["arn:aws:ecs:eu-central-1:1:service/prod/crawler"],
            "detail": {
                "eventName": "SERVICE_TASK_PLACEMENT_FAILURE", "reason": "RESOURCE:FARGATE",
                "capacityProviderArns": [format!("arn:aws:ecs:eu-central-1:1:capacity-provider/{provider}")]
            }
        })
    }

    fn ended(code: &str, provider: Option<&str>) -> Value {
        let mut event = json!({
            "source": "aws.ecs", "detail-type": "ECS Task State Change", "time": "2026-11-21T10:00:00Z",
            "resources": ["task"],
            "detail": {
                "clusterArn": "arn:aws:ecs:eu-central-1:1:cluster/prod", "group": "service:crawler", "taskArn": "task",
                "lastStatus": "DEPROVISIONING", "stopCode": code
            }
        });
        if let Some(provider) = provider {
            event["detail"]["capacityProviderName"] = provider.into();
        }
        event
    }

    fn parse(payload: Value) -> Trigger {
        Trigger::parse(payload, clock()).unwrap().0
    }

    #[test]
    fn a_shortage_is_one_of_spot_only_when_the_provider_says_so() {
        let spot = Trigger::Spot { service: crawler(), event: SpotEvent::NoCapacity };
        assert_eq!(parse(shortage("FARGATE_SPOT", "2026-11-21T09:59:00Z")), spot);
        let on_demand = parse(shortage("FARGATE", "2026-11-21T09:59:00Z"));
        assert!(matches!(on_demand, Trigger::Ignored(_)), "{on_demand:?}");
        let old = parse(shortage("FARGATE_SPOT", "2026-11-21T09:00:00Z"));
        assert!(matches!(&old, Trigger::Ignored(why) if why.contains("2026-11-21T09:00:00Z")), "{old:?}");
    }

    #[test]
    fn an_interruption_is_known_by_either_of_its_codes() {
        let event = SpotEvent::Interrupted { task: "task".into() };
        let interrupted = Trigger::Spot { service: crawler(), event };
        assert_eq!(parse(ended("SpotInterruption", Some("FARGATE_SPOT"))), interrupted);
        assert_eq!(parse(ended("TerminationNotice", None)), interrupted);
        for (code, provider) in [("TerminationNotice", Some("FARGATE")), ("EssentialContainerExited", None)] {
            assert!(matches!(parse(ended(code, provider)), Trigger::Ignored(_)));
        }
    }

    #[test]
    fn a_late_delivery_is_decided_by_the_clock_and_an_early_one_by_its_own_moment() {
        let moment = |at: &str| Trigger::parse(json!({"action": "reconcile", "at": at}), clock()).unwrap();
        assert_eq!(moment("2026-11-21T09:00:00Z"), (Trigger::Everything, clock()));
        let early: Timestamp = "2026-11-21T10:00:30Z".parse().unwrap();
        assert_eq!(moment("2026-11-21T10:00:30Z"), (Trigger::Everything, early));
        let plan = json!({"action": "plan", "at": "2020-01-01T00:00:00Z"});
        assert_eq!(Trigger::parse(plan, clock()).unwrap().1, "2020-01-01T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_broken_payload_is_an_error_that_names_what_is_wrong() {
        let mut nameless = shortage("FARGATE_SPOT", "2026-11-21T10:00:00Z");
        nameless["resources"] = json!([]);
        for (payload, expected) in [
            (nameless, "resources: got `[]`, expected the ARN of the service"),
            (json!({"action": "wake", "service": "crawler", "by": "anna"}), "request `wake`: missing field `until`"),
            (
                json!({"action": "wake", "until": "soon", "service": "c", "by": "a"}),
                "until: got `soon`, expected a duration",
            ),
            (json!({"action": "sleep", "until": "2h", "service": "c"}), "request `sleep`: missing field `by`"),
            (json!({"action": "nap"}), "request `nap`: unknown variant `nap`"),
        ] {
            let error = Trigger::parse(payload, clock()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\nlacks\n{expected}");
        }
    }
}
