//! Every message as it arrives in an inbox.

use insta::assert_snapshot;
use planner::alarm::{AnnouncedState, Explanation, StackUpdate};
use shared::{Error, Kind};

use super::fixtures::{Incident, at, change, service};
use crate::outcome::RemedyOutcome;

#[test]
fn errors_after_a_rollout_are_announced_with_the_rollout_and_the_requested_rollback() {
    let mut incident = Incident::errors(r#"{"rollback":{}}"#).receive("single-metric", 0);
    assert_snapshot!(incident.reconcile(1), @"
    ALARM website-agent-5xx [huskit prod]

    HTTPCode_Target_5XX_Count (Sum of 1 min) is 23, greater than the threshold of 10. website-agent answered more than 10 requests a minute with an error for 5 minutes.

    since      2026-11-21 10:20 UTC (1 min)
    changed    10:14 UTC Rollout complete: website-agent v2: deployment ecs-svc/2 is complete, 4 tasks running
    changed    10:09 UTC a newer image was pushed: huskit/website-agent: v1 (010101010101) -> v2 (020202020202)
    changed    09:50 UTC desired count 2 -> 4: the baseline applies
    tasks      website-agent: 4 of 4 running
    remedy     requested: a rollback from v2 (020202020202) to v1 (010101010101)
    alarm      https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-website-agent-5xx
    logs       https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-website-agent$2529$2529
    dashboard  https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    runbook    https://example.com/runbooks/website-agent-5xx.md

    Next
    - The rollout function announces the result of the rollback. If the alarm stays in ALARM after that, follow the runbook.
    ");
    assert_snapshot!(incident.reconcile(5), @"(nothing)");
    let mut recovered = incident.receive("ok", 14);
    assert_snapshot!(recovered.reconcile(14), @"
    OK website-agent-5xx [huskit prod]

    OK since 2026-11-21 10:34 UTC. It was in ALARM for 14 min, from 2026-11-21 10:20 UTC.

    requested  rollback at 10:21 UTC
    ");
}

#[test]
fn in_a_dry_run_alarms_are_announced_and_nothing_is_requested() {
    let mut incident = Incident::errors(r#"{"rollback":{}}"#).receive("single-metric", 0);
    let message = incident.reconcile_with(1, RemedyOutcome::Planned);
    assert!(message.contains("none (dry run); it would be: a rollback from v2"), "{message}");
    assert_eq!(
        (incident.reconcile_with(6, RemedyOutcome::Planned), incident.record.remedies.taken.len()),
        ("(nothing)".into(), 0)
    );
}

#[test]
fn an_alarm_without_a_remedy_requires_manual_action() {
    let message = Incident::errors(r#""none""#).receive("single-metric", 0).reconcile(1);
    let remedy = message.lines().find(|line| line.starts_with("remedy")).unwrap();
    assert_snapshot!(remedy, @"remedy     none: no remedy is configured for this alarm");
    let next: Vec<&str> = message.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let rollback = r#"send the request {"action":"rollback","service":"website-agent","by":"<you>"}"#;
    let expected = [
        "Manual action required; no automatic remediation applies. Follow the runbook.",
        &format!("If the rollout of 2026-11-21 10:14 UTC is the cause, roll back: {rollback}"),
    ];
    assert_eq!(next, expected);
}

#[test]
fn an_alarm_in_another_region_is_linked_there_and_lists_changes_of_all_services() {
    let services = vec![service(0), service(1)];
    let mut incident = Incident { name: "huskit-prod-cdn-5xx", services, ..Incident::errors(r#""none""#) };
    incident.record.record_stack_update(StackUpdate { at: at(-8), in_progress: false });
    incident.record.record_state_change(change("forwarded-insights", 0));
    assert_snapshot!(incident.reconcile(1), @"
    ALARM cdn-5xx [huskit prod]

    Errors (%) is 7.31, greater than the threshold of 5. More than 5 % of CloudFront's answers were errors for 5 minutes.

    since      2026-11-21 10:20 UTC (1 min)
    changed    10:14 UTC website-agent: Rollout complete: website-agent v2: deployment ecs-svc/2 is complete, 4 tasks running
    changed    10:14 UTC crawler: Rollout complete: crawler v2: deployment ecs-svc/2 is complete, 4 tasks running
    changed    10:12 UTC stack update ended
    changed    10:09 UTC website-agent: a newer image was pushed: huskit/website-agent: v1 (010101010101) -> v2 (020202020202)
    changed    10:09 UTC crawler: a newer image was pushed: huskit/crawler: v1 (010101010101) -> v2 (020202020202)
    changed    09:50 UTC website-agent: desired count 2 -> 4: the baseline applies
    tasks      website-agent: 4 of 4 running
    tasks      crawler: 4 of 4 running
    remedy     none: no remedy is configured for this alarm
    alarm      https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/huskit-prod-cdn-5xx
    logs       https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-website-agent$257E$2527*2fecs*2fhuskit-crawler$2529$2529
    dashboard  https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    runbook    https://example.com/runbooks/cdn-5xx.md

    Next
    - Manual action required; no automatic remediation applies. Follow the runbook.
    ");
}

#[test]
fn high_cpu_requests_more_tasks_and_says_until_when() {
    let mut incident = Incident::crawler(r#"{"scale":{"tasks":"+1","daily":1}}"#).receive("muted", 0);
    assert_snapshot!(incident.reconcile(1), @"
    ALARM crawler-cpu [huskit prod]

    CPUUtilization (Average of 1 min) is 88.66, greater than the threshold of 70. The crawler used more than 70 % of its CPU for 5 minutes although it scales at 60 %: it may already run its maximum number of tasks.

    since      2026-11-21 10:20 UTC (1 min)
    changed    10:14 UTC Rollout complete: crawler v2: deployment ecs-svc/2 is complete, 4 tasks running
    changed    10:09 UTC a newer image was pushed: huskit/crawler: v1 (010101010101) -> v2 (020202020202)
    changed    09:50 UTC desired count 2 -> 4: the baseline applies
    tasks      crawler: 4 of 4 running
    remedy     requested: at least 5 tasks until 2026-11-21 10:51 UTC
    alarm      https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-crawler-cpu
    logs       https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-crawler$2529$2529
    dashboard  https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    runbook    https://example.com/runbooks/crawler-cpu.md

    Next
    - The tasks start within a few minutes. If the alarm stays in ALARM after that, follow the runbook.
    ");
    assert_snapshot!(incident.reconcile(20), @"(nothing)");
    let mut recovered = incident.receive("ok", 24);
    assert_snapshot!(recovered.reconcile(24), @"
    OK crawler-cpu [huskit prod]

    OK since 2026-11-21 10:44 UTC. It was in ALARM for 24 min, from 2026-11-21 10:20 UTC.

    requested       scale at 10:21 UTC
    still in force  at least 5 tasks until 2026-11-21 11:10 UTC, then the baseline
    ");
    let mut again = recovered.receive("muted", 90);
    again.record.announced = AnnouncedState::Alarm { since: at(90) };
    assert_snapshot!(again.reconcile(91), @r#"
    ALARM crawler-cpu: manual action required [huskit prod]

    In ALARM since 2026-11-21 11:50 UTC. No further remedy: daily limit reached (1 request in 24 hours).

    changed    nothing in the last hour (crawler)
    tasks      crawler: 4 of 4 running
    alarm      https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-crawler-cpu
    logs       https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T11*3a56*3a00.000Z$257Estart$257E$25272026-11-21T11*3a35*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-crawler$2529$2529
    dashboard  https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    runbook    https://example.com/runbooks/crawler-cpu.md

    Next
    - Manual action required: the daily limit of automatic remedies is reached. Follow the runbook.
    - If the rollout of 2026-11-21 10:14 UTC is the cause, roll back: send the request {"action":"rollback","service":"crawler","by":"<you>"}
    "#);
}

#[test]
fn a_remedy_request_that_failed_is_announced_and_retried() {
    let mut incident = Incident::crawler(r#"{"restart":{}}"#).receive("muted", 0);
    let error = Error::new(Kind::Denied, "invoke function huskit-prod-rollout: AccessDeniedException: no");
    let message = incident.reconcile_with(1, |action| RemedyOutcome::Failed(action, error));
    let line = message.lines().find(|line| line.starts_with("remedy")).unwrap();
    assert_snapshot!(line, @"remedy     request failed: a rolling restart, same image: invoke function huskit-prod-rollout: AccessDeniedException: no; retried on the next tick");
    assert_snapshot!(incident.reconcile(5), @"
    ALARM crawler-cpu: restart requested [huskit prod]

    In ALARM since 2026-11-21 10:20 UTC. Requested: a rolling restart, same image.

    changed  10:14 UTC Rollout complete: crawler v2: deployment ecs-svc/2 is complete, 4 tasks running
    changed  10:09 UTC a newer image was pushed: huskit/crawler: v1 (010101010101) -> v2 (020202020202)
    changed  09:50 UTC desired count 2 -> 4: the baseline applies
    tasks    crawler: 4 of 4 running

    Next
    - ECS replaces the tasks one after the other. If the alarm stays in ALARM after that, follow the runbook.
    ");
}

#[test]
fn a_flapping_alarm_is_announced_once_and_again_when_stable() {
    let mut incident = Incident::errors(r#""none""#);
    for minute in [0, 10, 20] {
        incident = incident.receive("single-metric", minute);
        incident.reconcile(minute);
        incident = incident.receive("ok", minute + 2);
        incident.reconcile(minute + 2);
    }
    let mut incident = incident.receive("single-metric", 30);
    assert_snapshot!(incident.reconcile(30), @r#"
    FLAPPING website-agent-5xx [huskit prod]

    HTTPCode_Target_5XX_Count (Sum of 1 min) is 23, greater than the threshold of 10. Entered ALARM 4 times in 30 min. website-agent answered more than 10 requests a minute with an error for 5 minutes. The next message follows when the alarm stays in OK or in ALARM for 30 min.

    since      2026-11-21 10:50 UTC (0 s)
    changed    10:14 UTC Rollout complete: website-agent v2: deployment ecs-svc/2 is complete, 4 tasks running
    changed    10:09 UTC a newer image was pushed: huskit/website-agent: v1 (010101010101) -> v2 (020202020202)
    tasks      website-agent: 4 of 4 running
    remedy     none: no remedy is configured for this alarm
    alarm      https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-website-agent-5xx
    logs       https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a55*3a00.000Z$257Estart$257E$25272026-11-21T10*3a35*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-website-agent$2529$2529
    dashboard  https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    runbook    https://example.com/runbooks/website-agent-5xx.md

    Next
    - Manual action required; no automatic remediation applies. Follow the runbook.
    - If the rollout of 2026-11-21 10:14 UTC is the cause, roll back: send the request {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
    let mut stable = incident.receive("ok", 33);
    assert_snapshot!(stable.reconcile(33), @"(nothing)");
    assert_snapshot!(stable.reconcile(63), @"
    OK website-agent-5xx after flapping [huskit prod]

    OK since 2026-11-21 10:53 UTC. It entered ALARM 4 times in 33 min, from 2026-11-21 10:20 UTC.

    Next
    - Find the cause of the flapping with the runbook: https://example.com/runbooks/website-agent-5xx.md
    ");
}

#[test]
fn missing_data_is_announced_where_the_policy_says_so() {
    let mut incident = Incident::crawler(r#""none""#).receive("insufficient-data", 0);
    assert_snapshot!(incident.reconcile(1), @"
    INSUFFICIENT_DATA crawler-cpu [huskit prod]

    No data since 2026-11-21 10:20 UTC. While data is missing, this alarm cannot detect a fault.

    changed    10:14 UTC Rollout complete: crawler v2: deployment ecs-svc/2 is complete, 4 tasks running
    changed    10:09 UTC a newer image was pushed: huskit/crawler: v1 (010101010101) -> v2 (020202020202)
    changed    09:50 UTC desired count 2 -> 4: the baseline applies
    tasks      crawler: 4 of 4 running
    alarm      https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-crawler-cpu
    logs       https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-crawler$2529$2529
    dashboard  https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    runbook    https://example.com/runbooks/crawler-cpu.md

    Next
    - Check that the tasks are running and report the metric; follow the runbook.
    ");
    let mut data_back = incident.receive("ok", 9);
    assert_snapshot!(data_back.reconcile(9), @"
    OK crawler-cpu [huskit prod]

    OK since 2026-11-21 10:29 UTC. Data had been missing since 2026-11-21 10:20 UTC.
    ");
}

#[test]
fn the_message_says_what_explained_the_alarm_until_now() {
    let mut incident = Incident::errors(r#""none""#).receive("single-metric", 0);
    let by = Explanation::Starting;
    incident.record.announced = AnnouncedState::Explained { since: at(0), by };
    let message = incident.reconcile(16);
    assert_snapshot!(message.lines().nth(2).unwrap(), @"HTTPCode_Target_5XX_Count (Sum of 1 min) is 23, greater than the threshold of 10. website-agent answered more than 10 requests a minute with an error for 5 minutes. Not announced earlier, as it was explained: the service was woken and its tasks are starting.");
}

#[test]
fn an_alarm_that_was_deleted_while_it_was_in_alarm_is_announced_as_not_found() {
    let mut incident = Incident::errors(r#"{"restart":{}}"#).receive("single-metric", 0);
    incident.reconcile(0);
    let mut incident = incident.disappears(20);
    assert_snapshot!(incident.reconcile(25), @"
    NOT FOUND website-agent-5xx [huskit prod]

    CloudWatch has had no alarm huskit-prod-website-agent-5xx in eu-central-1 since 2026-11-21 10:40 UTC. It was deleted or renamed, or never created. While it does not exist, it cannot detect a fault; no remedy is requested. It was in ALARM since 2026-11-21 10:20 UTC; whether that has ended is not known.

    Next
    - Create the alarm, or correct or remove its entry in the section alarms of the configuration.
    ");
    assert_eq!(incident.reconcile(30), "(nothing)");
}
