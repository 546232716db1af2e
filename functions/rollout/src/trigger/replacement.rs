//! Events that say that running tasks have to be replaced: AWS retires them, or a secret that they read has changed.

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use planner::model::{ChangedSecret, ServiceId, read_time, within_reach};
use planner::rollout::RetirementNotice;
use shared::runtime::{Event, Received};
use shared::{Error, Result};

/// EventBridge cuts times to seconds: what happened in that second may have happened at its end.
const WHOLE_SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Longest name that is kept; the longest that AWS has is that of a parameter:
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>.
const LONGEST: usize = 2048;

/// What has changed, and when.
type Changed = (ChangedSecret, Timestamp);

/// A retirement of the tasks of services; the event names them `cluster|service`. Tasks that belong to no service are
/// named by their ARNs, and nothing replaces those. A service is in `resources` or in `affectedEntities`: the page of ECS
/// has it in the one, the schema of AWS Health has both. Long lists are several events, "pages", each complete but for the
/// other services:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-maintenance.html>,
/// <https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html>.
pub(super) fn retirement(event: &Event, clock: Timestamp) -> Result<Received<(Vec<ServiceId>, RetirementNotice)>> {
    let code = event.text("eventTypeCode")?;
    if code != "AWS_ECS_TASK_PATCHING_RETIREMENT" {
        return Ok(Received::Ignored(format!("{code} retires no tasks")));
    }
    let entities = event.detail["affectedEntities"].as_array().map(Vec::as_slice).unwrap_or_default();
    let entities = entities.iter().filter_map(|entity| entity["entityValue"].as_str());
    let mut services: Vec<ServiceId> =
        event.resources.iter().map(String::as_str).chain(entities).filter_map(service).collect();
    services.sort();
    services.dedup();
    if services.is_empty() {
        return Ok(Received::Ignored("AWS retires tasks that belong to no service".into()));
    }
    let notice = RetirementNotice {
        event: short(event, "eventArn")?,
        at: event.at.unwrap_or(clock),
        starts_at: date(event.text("startTime")?)?,
        closed: event.optional("statusCode") == "closed",
    };
    Ok(Received::Trigger((services, notice)))
}

/// `cluster|service`, or the ARN of a service.
fn service(entity: &str) -> Option<ServiceId> {
    let last = |name: &str| name.rsplit('/').next().map(str::to_owned).filter(|name| !name.is_empty());
    match entity.split_once('|') {
        Some((cluster, name)) => Some(ServiceId { cluster: last(cluster)?, name: last(name)? }),
        None => entity.parse().ok(),
    }
}

/// AWS Health writes `Wed, 16 Aug 2023 23:18:51 GMT`.
fn date(text: &str) -> Result<Timestamp> {
    let zoned = rfc2822::parse(text).map(|zoned| zoned.timestamp());
    let at = zoned.ok().and_then(|at| within_reach("", at).ok()).or_else(|| read_time(text));
    at.ok_or_else(|| Error::bad_field("detail.startTime", text, "a date such as `Wed, 16 Aug 2023 23:18:51 GMT`"))
}

/// A version of a secret has another label now. Secrets Manager sends it for every label but `AWSPENDING` and
/// `AWSPREVIOUS`, without CloudTrail, and not before a rotation is complete:
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html>.
pub(super) fn secret(event: &Event, clock: Timestamp) -> Result<Received<Changed>> {
    let label = Some(event.text("labelUpdated")?.to_owned());
    Ok(Received::Trigger(changed(event, label, clock)?))
}

/// A parameter has another value now:
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-cwe.html>.
pub(super) fn parameter(event: &Event, clock: Timestamp) -> Result<Received<Changed>> {
    match event.text("operation")? {
        "Create" | "Update" => Ok(Received::Trigger(changed(event, None, clock)?)),
        other => Ok(Received::Ignored(format!("{other} of a parameter changes no value"))),
    }
}

/// A text of the detail that is kept in the ledger, whose items have an end.
fn short(event: &Event, field: &str) -> Result<String> {
    let text = event.text(field)?;
    match text.len() <= LONGEST {
        true => Ok(text.to_owned()),
        false => {
            let (got, expected) = (format!("{} bytes", text.len()), format!("at most {LONGEST}"));
            Err(Error::bad_field(&format!("detail.{field}"), got, &expected))
        }
    }
}

fn changed(event: &Event, label: Option<String>, clock: Timestamp) -> Result<Changed> {
    let arn = event.resources.first();
    let arn = arn.ok_or_else(|| Error::bad_field("resources", "[]", "the ARN of what has changed"))?.clone();
    let secret = ChangedSecret { arn, name: short(event, "name")?, label };
    Ok((secret, event.at.map_or(clock, |at| at + WHOLE_SECOND)))
}
