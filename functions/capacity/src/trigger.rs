//! What starts the function: ticks, events from EventBridge, and requests.

use jiff::{SignedDuration, Timestamp};
use planner::capacity::{OverrideKind, OverrideRequest, SpotEvent};
use planner::model::{ServiceId, Span, format_duration, format_time};
use serde::Deserialize;
use serde_json::Value;
use shared::Result;
use shared::runtime::{Event, NoParameters, Payload, Received, Request, Target};

/// An older event about Spot says nothing about Spot now: a redelivery, or a redrive of the dead-letter queue.
const STALE: SignedDuration = SignedDuration::from_mins(15);

/// What started the function, reduced to the services to observe and the fact to record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The tick, or a stack update that may have reset something: every service.
    Everything,
    /// An event about this service.
    Service(ServiceId),
    /// A request about the service of this name that records no fact.
    Named(String),
    /// An event about Spot capacity of this service.
    Spot {
        /// Cluster and name, as the event has them.
        service: ServiceId,
        /// What happened.
        event: SpotEvent,
    },
    /// A request `wake`, `sleep` or `hold`.
    Override {
        /// Name of the service.
        service: String,
        /// Which of them.
        kind: OverrideKind,
        /// Until when, and who asks.
        request: OverrideRequest,
    },
    /// A request `resume`.
    Resume {
        /// Name of the service.
        service: String,
        /// Who asks.
        by: String,
    },
    /// A request `digest`; that of the schedule names no requester.
    Digest {
        /// Who asks; the digest is sent then in any case.
        by: Option<String>,
    },
}

/// Parameters of `wake`, `sleep` and `hold`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Until {
    until: Span,
}

impl Trigger {
    /// Reads what arrived at the time `clock`.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken; it then goes to the dead-letter queue.
    pub fn parse(payload: Payload, clock: Timestamp) -> Result<Received<Trigger>> {
        match payload {
            Payload::Event(event) => of_event(&event, clock),
            Payload::Request(request) => of_request(&request).map(Received::Trigger),
            Payload::Notifications(_) => Ok(Received::Ignored("SNS messages do not concern capacity".into())),
        }
    }
}

fn of_request(request: &Request) -> Result<Trigger> {
    let kind = match request.action.as_str() {
        "wake" => OverrideKind::Wake,
        "sleep" => OverrideKind::Sleep,
        "hold" => OverrideKind::Hold,
        other => {
            request.parameters::<NoParameters>()?;
            return Ok(match (other, &request.target) {
                ("resume", _) => Trigger::Resume { service: request.service()?.to_owned(), by: request.by.clone() },
                ("digest", _) => Trigger::Digest { by: Some(request.by.clone()).filter(|by| !by.is_empty()) },
                (_, Target::Service(name)) => Trigger::Named(name.clone()),
                _ => Trigger::Everything,
            });
        }
    };
    let Until { until } = request.parameters()?;
    let wanted = OverrideRequest { until, by: request.by.clone(), reason: request.reason.clone() };
    Ok(Trigger::Override { service: request.service()?.to_owned(), kind, request: wanted })
}

fn of_event(event: &Event, clock: Timestamp) -> Result<Received<Trigger>> {
    let trigger = match event.about() {
        ("aws.ecs", "ECS Service Action") => placement(event)?,
        ("aws.ecs", "ECS Task State Change") => interruption(event)?,
        ("aws.ecs", "ECS Deployment State Change") => of_service(event, Trigger::Service)?,
        ("aws.cloudformation", "CloudFormation Stack Status Change") => Received::Trigger(Trigger::Everything),
        (source, detail_type) => {
            Received::Ignored(format!("event `{detail_type}` of {source} does not concern capacity"))
        }
    };
    match (&trigger, event.at) {
        (Received::Trigger(Trigger::Spot { .. }), Some(at)) if at + STALE < clock => {
            let (at, stale) = (format_time(at), format_duration(STALE));
            Ok(Received::Ignored(format!("the Spot event of {at} is older than {stale}")))
        }
        _ => Ok(trigger),
    }
}

fn of_service(event: &Event, trigger: impl FnOnce(ServiceId) -> Trigger) -> Result<Received<Trigger>> {
    let nameless = || Received::Ignored(format!("{} names no cluster", event.resources.join(", ")));
    Ok(event.service()?.map_or_else(nameless, |service| Received::Trigger(trigger(service))))
}

/// ECS sends the same event for a shortage of on-demand capacity; only the capacity provider tells them apart.
fn placement(event: &Event) -> Result<Received<Trigger>> {
    let name = event.text("eventName")?;
    if name != "SERVICE_TASK_PLACEMENT_FAILURE" {
        return Ok(Received::Ignored(format!("event {name} does not concern capacity")));
    }
    let providers = event.detail.get("capacityProviderArns").and_then(Value::as_array);
    let spot = |provider: &Value| provider.as_str().is_some_and(|arn| arn.rsplit('/').next() == Some("FARGATE_SPOT"));
    match (event.optional("reason"), providers.is_some_and(|providers| providers.iter().any(spot))) {
        ("RESOURCE:FARGATE", true) => {
            of_service(event, |service| Trigger::Spot { service, event: SpotEvent::NoCapacity })
        }
        (reason, spot) => {
            let provider = if spot { "FARGATE_SPOT" } else { "another provider" };
            Ok(Received::Ignored(format!("placement failure {reason} on {provider} is no Spot shortage")))
        }
    }
}

/// ECS sends an event for every status of a stopping task; each names the same task.
fn interruption(event: &Event) -> Result<Received<Trigger>> {
    let (code, provider) = (event.optional("stopCode"), event.optional("capacityProviderName"));
    let interrupted = match code {
        "SpotInterruption" => true,
        // The older code of a Spot interruption; ECS also uses it without a provider.
        "TerminationNotice" => matches!(provider, "" | "FARGATE_SPOT"),
        _ => false,
    };
    let group = event.optional("group").strip_prefix("service:");
    match group.filter(|_| interrupted) {
        Some(name) => {
            let arn = event.text("clusterArn")?;
            let cluster = arn.rsplit('/').next().unwrap_or(arn).to_owned();
            let service = ServiceId { cluster, name: name.to_owned() };
            let event = SpotEvent::Interrupted { task: event.text("taskArn")?.to_owned() };
            Ok(Received::Trigger(Trigger::Spot { service, event }))
        }
        None => Ok(Received::Ignored(format!("a task stopped with code `{code}` was not interrupted by Spot"))),
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

    /// Minutes are added to the time of an event.
    #[test]
    fn a_spot_event_of_an_impossible_time_is_no_panic() {
        for time in ["9999-12-30T22:00:00Z", "-009999-01-02T01:59:59Z", "2026-02-30T10:00:00Z"] {
            let payload = Payload::parse(shortage("FARGATE_SPOT", time)).unwrap();
            assert!(
                matches!(Trigger::parse(payload, clock()).unwrap(), Received::Trigger(Trigger::Spot { .. })),
                "{time}"
            );
        }
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

    fn parse(payload: Value) -> Received<Trigger> {
        read(payload).unwrap()
    }

    fn read(payload: Value) -> Result<Received<Trigger>> {
        Trigger::parse(Payload::parse(payload)?, clock())
    }

    #[test]
    fn a_shortage_counts_only_for_the_provider_fargate_spot() {
        let spot = Received::Trigger(Trigger::Spot { service: crawler(), event: SpotEvent::NoCapacity });
        assert_eq!(parse(shortage("FARGATE_SPOT", "2026-11-21T09:59:00Z")), spot);
        let on_demand = parse(shortage("FARGATE", "2026-11-21T09:59:00Z"));
        assert!(matches!(on_demand, Received::Ignored(_)), "{on_demand:?}");
        let old = parse(shortage("FARGATE_SPOT", "2026-11-21T09:00:00Z"));
        assert!(matches!(&old, Received::Ignored(why) if why.contains("2026-11-21 09:00 UTC")), "{old:?}");
    }

    #[test]
    fn an_interruption_is_known_by_either_of_its_codes() {
        let event = SpotEvent::Interrupted { task: "task".into() };
        let interrupted = Received::Trigger(Trigger::Spot { service: crawler(), event });
        assert_eq!(parse(ended("SpotInterruption", Some("FARGATE_SPOT"))), interrupted);
        assert_eq!(parse(ended("TerminationNotice", None)), interrupted);
        for (code, provider) in [("TerminationNotice", Some("FARGATE")), ("EssentialContainerExited", None)] {
            assert!(matches!(parse(ended(code, provider)), Received::Ignored(_)));
        }
    }

    #[test]
    fn requests_name_the_service_and_what_is_wanted_of_it() {
        let wake = json!({"action": "wake", "service": "crawler", "until": "2h", "by": "anna", "reason": "ticket 12"});
        let Received::Trigger(Trigger::Override { service, kind, request }) = parse(wake) else {
            panic!("no override")
        };
        assert_eq!((service.as_str(), kind, request.by.as_str()), ("crawler", OverrideKind::Wake, "anna"));
        let one = json!({"action": "reconcile", "service": "crawler"});
        assert_eq!(parse(one), Received::Trigger(Trigger::Named("crawler".into())));
        assert_eq!(parse(json!({"action": "reconcile"})), Received::Trigger(Trigger::Everything));
        assert_eq!(parse(json!({"action": "digest"})), Received::Trigger(Trigger::Digest { by: None }));
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
            (
                json!({"action": "sleep", "until": "2h", "service": "c"}),
                "request `sleep`: by: got `nothing`, expected who asks",
            ),
            (json!({"action": "nap"}), "action: got `nap`, expected one of rollback"),
        ] {
            let error = read(payload).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\nlacks\n{expected}");
        }
    }
}
