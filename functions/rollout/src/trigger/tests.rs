//! Every trigger, read from what arrives.

use super::*;
use serde_json::{Value, json};

fn parse(payload: Value) -> Trigger {
    match read(payload).unwrap() {
        Received::Trigger(trigger) => trigger,
        Received::Ignored(reason) => panic!("ignored: {reason}"),
    }
}

fn read(payload: Value) -> Result<Received<Trigger>> {
    Trigger::parse(Payload::parse(payload)?, "2026-11-21T10:00:05Z".parse().unwrap())
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
    let no_repository = json!({"source": "aws.ecr", "detail-type": "ECR Image Scan", "detail": {"secret": "hunter2"}});
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

fn health(resources: Value, entities: Value) -> Value {
    json!({
        "source": "aws.health", "detail-type": "AWS Health Event", "time": "2026-11-21T10:00:00Z", "resources": resources,
        "detail": {"eventArn": "arn:aws:health:eu-central-1::event/ECS/R/1", "eventTypeCode": "AWS_ECS_TASK_PATCHING_RETIREMENT",
            "startTime": "Sat, 28 Nov 2026 10:00:00 GMT", "affectedEntities": entities}
    })
}

#[test]
fn a_retirement_names_each_service_once_wherever_it_stands() {
    let arn = "arn:aws:ecs:eu-central-1:123456789012:service/prod/api";
    let event = health(json!(["prod|web", "prod|api"]), json!([{"entityValue": "prod|web"}, {"entityValue": arn}]));
    let Ok(Received::Trigger(Trigger::Retirement { services, notice })) = read(event) else { panic!() };
    let services: Vec<String> = services.iter().map(ToString::to_string).collect();
    assert_eq!(services, ["prod/api", "prod/web"]);
    assert_eq!(notice.starts_at, "2026-11-28T10:00:00Z".parse().unwrap());
    assert!(!notice.closed);
}

#[test]
fn a_retirement_of_tasks_that_belong_to_no_service_is_ignored() {
    let task = "arn:aws:ecs:eu-central-1:123456789012:task/prod/00805ce1d81940b5a37398e5a2c23333";
    let event = health(json!([task]), json!([{"entityValue": task}]));
    assert!(matches!(read(event).unwrap(), Received::Ignored(_)));
}

#[test]
fn a_retirement_without_a_date_is_an_error_and_one_that_is_closed_says_so() {
    let mut event = health(json!(["prod|web"]), json!([]));
    event["detail"]["statusCode"] = "closed".into();
    let Ok(Received::Trigger(Trigger::Retirement { notice, .. })) = read(event.clone()) else { panic!() };
    assert!(notice.closed);
    for odd in ["soon", "Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-30T22:00:00Z"] {
        event["detail"]["startTime"] = odd.into();
        let error = read(event.clone()).unwrap_err().to_string();
        assert!(error.contains(&format!("detail.startTime: got `{odd}`, expected a date")), "{error}");
    }
}

#[test]
fn a_secret_counts_as_changed_at_the_end_of_the_second_of_its_event() {
    let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:web-AbCdEf";
    let event = json!({"source": "aws.secretsmanager", "detail-type": "Secret Label Updated",
        "time": "2026-11-21T10:00:00Z", "resources": [arn],
        "detail": {"name": "web", "labelUpdated": "AWSCURRENT", "versionId": "v"}});
    let secret = ChangedSecret { arn: arn.into(), name: "web".into(), label: Some("AWSCURRENT".into()) };
    let at = "2026-11-21T10:00:01Z".parse().unwrap();
    assert_eq!(read(event).unwrap(), Received::Trigger(Trigger::Secret { secret, at }));
}

#[test]
fn only_a_new_value_of_a_parameter_is_a_change() {
    let event = |operation: &str| {
        json!({"source": "aws.ssm", "detail-type": "Parameter Store Change",
            "resources": ["arn:aws:ssm:eu-central-1:123456789012:parameter/web"],
            "detail": {"operation": operation, "name": "web", "type": "SecureString"}})
    };
    let at = "2026-11-21T10:00:05Z".parse().unwrap();
    assert!(
        matches!(read(event("Update")).unwrap(), Received::Trigger(Trigger::Secret { at: found, .. }) if found == at)
    );
    assert!(matches!(read(event("Delete")).unwrap(), Received::Ignored(_)));
}

/// Names are kept until the tasks are replaced.
#[test]
fn a_name_that_the_ledger_has_no_room_for_is_refused() {
    let mut retirement = health(json!(["prod|web"]), json!([]));
    retirement["detail"]["eventArn"] = "a".repeat(100_000).into();
    let secret = json!({"source": "aws.secretsmanager", "detail-type": "Secret Label Updated",
        "resources": ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:web-AbCdEf"],
        "detail": {"name": "w".repeat(100_000), "labelUpdated": "AWSCURRENT", "versionId": "v"}});
    for (event, field) in [(retirement, "detail.eventArn"), (secret, "detail.name")] {
        let error = read(event).unwrap_err().to_string();
        assert_eq!(error, format!("{field}: got `100000 bytes`, expected at most 2048"));
    }
}

#[test]
fn a_rollback_may_hold_the_release_and_says_when_it_was_asked() {
    let rollback = |until: &str| json!({"action": "rollback", "service": "web", "by": "anna", "hold_until": until, "at": "2026-11-21T10:00:00Z"});
    let Trigger::Request(request) = parse(rollback("2h")) else { panic!("no request") };
    assert_eq!(request.at, Some("2026-11-21T10:00:00Z".parse().unwrap()));
    let RequestKind::Rollback(asked) = request.kind else { panic!("no rollback") };
    assert_eq!(asked.hold_until, Some("2h".parse().unwrap()));
    let error = read(rollback("soon")).unwrap_err().to_string();
    assert!(error.starts_with("request `rollback`: hold_until: until: got `soon`, expected a duration"), "{error}");
}
