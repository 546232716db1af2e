//! What AWS announces to its customers, and what changes beside ECS.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::account::{ACCOUNT, REGION};
use crate::engine::Engine;

/// How long AWS waits between two tasks of a service that it retires.
const BETWEEN: SignedDuration = SignedDuration::from_mins(5);

/// AWS Health announces that tasks are retired, and from then on ECS replaces those that started before the announcement, one
/// after the other: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-maintenance.html>.
pub(super) fn retire(engine: &mut Engine, cluster: &str, service: &str, starts: SignedDuration) {
    let before = engine.now();
    let date = |at: Timestamp| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let entity = format!("{cluster}|{service}");
    engine.change(|_, cx| {
        let id = cx.id();
        let detail = json!({
            "eventArn": format!("arn:aws:health:{REGION}::event/ECS/AWS_ECS_TASK_PATCHING_RETIREMENT/AWS_ECS_TASK_PATCHING_RETIREMENT_{id}"),
            "service": "ECS", "eventScopeCode": "ACCOUNT_SPECIFIC", "communicationId": format!("{id}-1"),
            "lastUpdatedTime": date(cx.now), "eventRegion": REGION, "eventTypeCode": "AWS_ECS_TASK_PATCHING_RETIREMENT",
            "eventTypeCategory": "scheduledChange", "statusCode": "upcoming", "startTime": date(cx.now + starts),
            "eventDescription": [{ "language": "en_US", "latestDescription": "A software update has been deployed to Fargate" }],
            "affectedEntities": [{ "entityValue": entity, "status": "PENDING" }], "affectedAccount": ACCOUNT, "page": "1", "totalPages": "1",
        });
        cx.emit("aws.health", "AWS Health Event", std::slice::from_ref(&entity), detail);
    });
    let (cluster, service) = (cluster.to_owned(), service.to_owned());
    engine.after(starts, move |engine| replace_next(engine, cluster, service, before));
}

fn replace_next(engine: &mut Engine, cluster: String, service: String, before: Timestamp) {
    let left = engine.change(|world, cx| world.ecs.retire_one(&cluster, &service, before, cx));
    if left {
        engine.after(BETWEEN, move |engine| replace_next(engine, cluster, service, before));
    }
}

/// Another version of the first secret that the service reads is current:
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html>.
pub(super) fn rotate(engine: &mut Engine, cluster: &str, service: &str) {
    let Some(known) = engine.world.ecs.service(cluster, service) else { return };
    let from = known.revision().definition["containerDefinitions"][0]["secrets"][0]["valueFrom"].clone();
    let Some(from) = from.as_str() else { return };
    let parts: Vec<&str> = from.split(':').take(7).collect();
    let (arn, last) = (parts.join(":"), parts.last().copied().unwrap_or_default());
    let name = last.rsplit_once('-').map_or(last, |(name, _)| name);
    engine.change(|_, cx| {
        let detail = json!({ "name": name, "labelUpdated": "AWSCURRENT", "versionId": cx.id() });
        cx.emit("aws.secretsmanager", "Secret Label Updated", &[arn], detail);
    });
}
