//! Every message as it arrives in an inbox.

use insta::assert_snapshot;
use jiff::SignedDuration;
use planner::alarm::{AnnouncedState, ObservedService, StateChange, plan};
use planner::{capacity, rollout};
use serde_json::Value as Json;
use shared::ledger::{Entry, Event};
use shared::{Error, Kind};

use super::*;
use crate::Trigger;

fn fleet() -> Fleet {
    let service = |name: &str| {
        format!(
            r#"{{"name":"{name}","cluster":"huskit-prod","baseline":{{"min":2,"max":6}},"images":[{{"repository":"huskit/{name}","tag":{{"exact":"latest"}}}}]}}"#
        )
    };
    let services = [service("website-agent"), service("crawler")].join(",");
    Fleet::parse(&format!(r#"{{"system":"huskit","stage":"prod","services":[{services}]}}"#)).unwrap()
}

fn alarms(remedy: &str) -> Alarms {
    let alarm = |name: &str, service: &str| {
        format!(
            r#"{{"name":"huskit-prod-{name}","service":"{service}","remedy":{remedy},"insufficient_data":"announce","runbook":"{name}.md"}}"#
        )
    };
    let alarms = [alarm("website-agent-5xx", "website-agent"), alarm("crawler-cpu", "crawler")].join(",");
    let cdn = r#"{"name":"huskit-prod-cdn-5xx","runbook":"cdn-5xx.md"}"#;
    let logs = r#"{"website-agent":"/ecs/huskit-website-agent","crawler":"/ecs/huskit-crawler"}"#;
    Alarms::parse(&format!(r#"{{"dashboard":"huskit-prod","logs":{logs},"alarms":[{alarms},{cdn}]}}"#), &fleet())
        .unwrap()
}

fn at(minute: i64) -> Timestamp {
    "2026-11-21T10:20:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

/// The state change of an event file, as if it had been so many minutes after the alarm began.
fn change(file: &str, minute: i64) -> StateChange {
    let path = format!("{}/../../events/cloudwatch.alarm-state-change.{file}.json", env!("CARGO_MANIFEST_DIR"));
    let event: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (Trigger::StateChange { change, .. }, _) = Trigger::parse(event, at(0)).unwrap() else { panic!("{file}") };
    StateChange { at: at(minute), suppression: None, ..*change }
}

fn images(n: u8) -> std::collections::BTreeMap<String, planner::model::Image> {
    let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
    let scan = planner::model::ScanState::Missing;
    let image = planner::model::Image { digest, tag: Some(format!("v{n}")), pushed_at: at(-90), scan };
    [("huskit/website-agent".to_owned(), image)].into()
}

/// A service on which v2 was verified six minutes before the alarm rang.
fn service(service: usize) -> ServiceSnapshot {
    let policy = &fleet().services[service];
    let pushed = format!("a newer image was pushed: huskit/{}: v1 (010101010101) -> v2 (020202020202)", policy.name);
    let release = |n: u8, minute: i64| rollout::Release {
        images: images(n),
        revision: format!("rev-{n}"),
        deployment: format!("ecs-svc/{n}"),
        started_at: at(minute - 5),
        at: at(minute),
    };
    let event = |minute: i64, what: &str, why: &str| Event { at: at(minute), what: what.into(), why: why.into() };
    let history = vec![
        event(-6, "complete", "ecs-svc/2 is complete and 4 of its tasks run"),
        event(-11, "roll", &pushed),
        event(-200, "complete", "ecs-svc/1 is complete and 2 of its tasks run"),
    ];
    let record = rollout::Record { releases: vec![release(2, -6), release(1, -200)], ..rollout::Record::default() };
    let capacity =
        capacity::Record { state: Some(capacity::State::Running { since: at(-600) }), ..capacity::Record::default() };
    let history_of_capacity = vec![event(-30, "up", "its baseline applies")];
    ServiceSnapshot::new(
        policy,
        Ok((4, 4)),
        Ok(Entry { record: capacity, history: history_of_capacity, ..Entry::default() }),
        Ok(Entry { record, history, ..Entry::default() }),
    )
}

/// One alarm, what is remembered of it, and what is told of it.
struct World {
    alarms: Alarms,
    name: &'static str,
    services: Vec<ServiceSnapshot>,
    record: Record,
}

impl World {
    fn errors(remedy: &str) -> World {
        let services = vec![service(0)];
        World { alarms: alarms(remedy), name: "huskit-prod-website-agent-5xx", services, record: Record::default() }
    }

    fn crawler(remedy: &str) -> World {
        let services = vec![service(1)];
        World { alarms: alarms(remedy), name: "huskit-prod-crawler-cpu", services, record: Record::default() }
    }

    fn receive(mut self, file: &str, minute: i64) -> World {
        self.record.record_state_change(change(file, minute));
        self
    }

    /// Plans, does, and returns the message as it arrives.
    fn reconcile(&mut self, minute: i64) -> String {
        self.reconcile_with(minute, RemedyOutcome::Requested)
    }

    fn reconcile_with(&mut self, minute: i64, take: impl FnOnce(RemedyAction) -> RemedyOutcome) -> String {
        let (fleet, now) = (fleet(), at(minute));
        let policy = self.alarms.get(self.name).unwrap();
        let service: Option<ObservedService<'_>> =
            self.services.first().filter(|_| policy.service.is_some()).map(ServiceSnapshot::observed_service);
        let plan = plan(policy, service.as_ref(), &self.record, now);
        let outcome = match plan.remedy.action.clone() {
            Some(action) => take(action),
            None => RemedyOutcome::NotDue(plan.remedy.reason.clone()),
        };
        if let RemedyOutcome::Requested(action) = &outcome {
            self.record.record_remedy(action, now);
        }
        let region = |region: &str| planner::alarm::AlarmLocation { partition: "aws".into(), region: region.into() };
        let alarm = self.record.last_change.as_ref().map(|change| change.location.clone()).unwrap_or_default();
        let runbooks = "https://example.com/runbooks".to_owned();
        let links = Links { runbooks, alarm, home: region("eu-central-1") };
        let (alarms, record) = (&self.alarms, &self.record);
        let context = MessageContext {
            fleet: &fleet,
            alarms,
            policy,
            record,
            services: &self.services.iter().collect::<Vec<_>>(),
            links: &links,
            now,
        };
        let message = context.message_for(&plan, &outcome);
        self.record.record_announcement(&plan, now);
        message.map_or_else(|| "(nothing)".into(), |message| format!("{}\n\n{}", message.subject(), message.text()))
    }
}

#[test]
fn errors_after_a_rollout_are_announced_with_the_rollout_and_what_was_asked_for() {
    let mut world = World::errors(r#"{"rollback":{}}"#).receive("single-metric", 0);
    assert_snapshot!(world.reconcile(1), @"
    website-agent-5xx rings [huskit prod]

    website-agent answered more than 10 requests a minute with an error for 5 minutes. It is 23, greater than the threshold of 10.

    measured  HTTPCode_Target_5XX_Count (Sum of 1 min)
    since     2026-11-21 10:20 UTC
    tasks     website-agent runs 4 of 4
    changed   10:14 complete: ecs-svc/2 is complete and 4 of its tasks run
    changed   10:09 roll: a newer image was pushed: huskit/website-agent: v1 (010101010101) -> v2 (020202020202)
    changed   09:50 up: its baseline applies
    remedy    asked for a rollback from v2 (020202020202) to v1 (010101010101)

    Next
    - The rollout function tells when the rollback is done.
    - Runbook: https://example.com/runbooks/website-agent-5xx.md
    - Dashboard: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    - Logs of that time: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-website-agent$2529$2529
    - Alarm: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-website-agent-5xx
    ");
    assert_snapshot!(world.reconcile(5), @"(nothing)");
    let mut over = world.receive("ok", 14);
    assert_snapshot!(over.reconcile(14), @"
    website-agent-5xx is over [huskit prod]

    website-agent-5xx rang from 2026-11-21 10:20 UTC to 2026-11-21 10:34 UTC.

    lasted     14 min
    asked for  rollback at 10:21
    ");
}

#[test]
fn in_a_dry_run_people_are_told_and_nothing_is_asked_for() {
    let mut world = World::errors(r#"{"rollback":{}}"#).receive("single-metric", 0);
    let message = world.reconcile_with(1, RemedyOutcome::Planned);
    assert!(message.contains("remedy    none, as this is a dry run; it would be a rollback from v2"), "{message}");
    assert_eq!(
        (world.reconcile_with(6, RemedyOutcome::Planned), world.record.remedies.taken.len()),
        ("(nothing)".into(), 0)
    );
}

#[test]
fn an_alarm_that_nothing_can_be_done_about_asks_for_a_person() {
    let mut world = World::errors(r#""none""#).receive("single-metric", 0);
    assert_snapshot!(world.reconcile(1), @"
    website-agent-5xx rings [huskit prod]

    website-agent answered more than 10 requests a minute with an error for 5 minutes. It is 23, greater than the threshold of 10.

    measured  HTTPCode_Target_5XX_Count (Sum of 1 min)
    since     2026-11-21 10:20 UTC
    tasks     website-agent runs 4 of 4
    changed   10:14 complete: ecs-svc/2 is complete and 4 of its tasks run
    changed   10:09 roll: a newer image was pushed: huskit/website-agent: v1 (010101010101) -> v2 (020202020202)
    changed   09:50 up: its baseline applies
    remedy    none: no remedy is declared for this alarm

    Next
    - A person is needed: nothing is done about it by itself.
    - Runbook: https://example.com/runbooks/website-agent-5xx.md
    - Dashboard: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    - Logs of that time: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-website-agent$2529$2529
    - Alarm: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-website-agent-5xx
    ");
}

#[test]
fn an_alarm_of_the_edge_is_linked_where_it_is_and_tells_what_changed_anywhere() {
    let services = vec![service(0), service(1)];
    let mut world = World { name: "huskit-prod-cdn-5xx", services, ..World::errors(r#""none""#) };
    world.record.record_stack_update(planner::alarm::StackUpdate { at: at(-8), in_progress: false });
    world.record.record_state_change(change("forwarded-insights", 0));
    assert_snapshot!(world.reconcile(1), @"
    cdn-5xx rings [huskit prod]

    More than 5 % of CloudFront's answers were errors for 5 minutes. It is 7.31, greater than the threshold of 5.

    measured  Errors (%)
    since     2026-11-21 10:20 UTC
    tasks     website-agent runs 4 of 4
    tasks     crawler runs 4 of 4
    changed   10:14 website-agent: complete: ecs-svc/2 is complete and 4 of its tasks run
    changed   10:14 crawler: complete: ecs-svc/2 is complete and 4 of its tasks run
    changed   10:12 stack update ended
    changed   10:09 website-agent: roll: a newer image was pushed: huskit/website-agent: v1 (010101010101) -> v2 (020202020202)
    changed   10:09 crawler: roll: a newer image was pushed: huskit/crawler: v1 (010101010101) -> v2 (020202020202)
    changed   09:50 website-agent: up: its baseline applies
    remedy    none: no remedy is declared for this alarm

    Next
    - A person is needed: nothing is done about it by itself.
    - Runbook: https://example.com/runbooks/cdn-5xx.md
    - Dashboard: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    - Logs of that time: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-website-agent$257E$2527*2fecs*2fhuskit-crawler$2529$2529
    - Alarm: https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/huskit-prod-cdn-5xx
    ");
}

#[test]
fn load_gets_more_tasks_and_says_when_they_go() {
    let mut world = World::crawler(r#"{"scale":{"tasks":"+1","daily":1}}"#).receive("muted", 0);
    assert_snapshot!(world.reconcile(1), @"
    crawler-cpu rings [huskit prod]

    The crawler used more than 70 % of its CPU for 5 minutes although it scales at 60 %: it may be at its most tasks. It is 88.66, greater than the threshold of 70.

    measured  CPUUtilization (Average of 1 min)
    since     2026-11-21 10:20 UTC
    tasks     crawler runs 4 of 4
    changed   10:14 complete: ecs-svc/2 is complete and 4 of its tasks run
    changed   10:09 roll: a newer image was pushed: huskit/crawler: v1 (010101010101) -> v2 (020202020202)
    changed   09:50 up: its baseline applies
    remedy    asked for at least 5 tasks until 2026-11-21 10:51 UTC

    Next
    - Runbook: https://example.com/runbooks/crawler-cpu.md
    - Dashboard: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    - Logs of that time: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-crawler$2529$2529
    - Alarm: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-crawler-cpu
    ");
    assert_snapshot!(world.reconcile(20), @"(nothing)");
    let mut over = world.receive("ok", 24);
    assert_snapshot!(over.reconcile(24), @"
    crawler-cpu is over [huskit prod]

    crawler-cpu rang from 2026-11-21 10:20 UTC to 2026-11-21 10:44 UTC.

    lasted          24 min
    asked for       scale at 10:21
    still in force  at least 5 tasks until 2026-11-21 11:10 UTC, then as many as are needed
    ");
    let mut again = over.receive("muted", 90);
    again.record.announced = AnnouncedState::Alarm { since: at(90) };
    assert_snapshot!(again.reconcile(91), @"
    crawler-cpu needs a person [huskit prod]

    crawler-cpu still rings, and nothing more is done about it: it was done once in 24 hours, which is the limit.

    since    2026-11-21 11:50 UTC
    tasks    crawler runs 4 of 4
    changed  nothing about crawler in the last hour

    Next
    - Runbook: https://example.com/runbooks/crawler-cpu.md
    - Dashboard: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    - Logs of that time: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T11*3a56*3a00.000Z$257Estart$257E$25272026-11-21T11*3a35*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-crawler$2529$2529
    - Alarm: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-crawler-cpu
    ");
}

#[test]
fn a_remedy_that_could_not_be_asked_for_is_told() {
    let mut world = World::crawler(r#"{"restart":{}}"#).receive("muted", 0);
    let error = Error::new(Kind::Denied, "invoke function huskit-prod-rollout: AccessDeniedException: no");
    let requested = world.reconcile_with(1, |action| RemedyOutcome::Failed(action, error));
    let line = requested.lines().find(|line| line.starts_with("remedy")).unwrap();
    assert_snapshot!(line, @"remedy    could not ask for a restart: new tasks of what runs, one after the other: invoke function huskit-prod-rollout: AccessDeniedException: no; it is tried again");
    assert_snapshot!(world.reconcile(5), @"
    crawler-cpu: restart [huskit prod]

    crawler-cpu still rings. Asked for a restart: new tasks of what runs, one after the other.

    tasks    crawler runs 4 of 4
    changed  10:14 complete: ecs-svc/2 is complete and 4 of its tasks run
    changed  10:09 roll: a newer image was pushed: huskit/crawler: v1 (010101010101) -> v2 (020202020202)
    changed  09:50 up: its baseline applies
    ");
}

#[test]
fn what_comes_and_goes_is_told_once_and_summed_up() {
    let mut world = World::errors(r#""none""#);
    for minute in [0, 10, 20] {
        world = world.receive("single-metric", minute);
        world.reconcile(minute);
        world = world.receive("ok", minute + 2);
        world.reconcile(minute + 2);
    }
    let mut world = world.receive("single-metric", 30);
    assert_snapshot!(world.reconcile(30), @"
    website-agent-5xx comes and goes [huskit prod]

    website-agent-5xx rang 4 times in 30 minutes. Nothing more is told of it until it is quiet, or rings, for 30 minutes. website-agent answered more than 10 requests a minute with an error for 5 minutes. It is 23, greater than the threshold of 10.

    measured  HTTPCode_Target_5XX_Count (Sum of 1 min)
    tasks     website-agent runs 4 of 4
    changed   10:14 complete: ecs-svc/2 is complete and 4 of its tasks run
    changed   10:09 roll: a newer image was pushed: huskit/website-agent: v1 (010101010101) -> v2 (020202020202)
    remedy    none: no remedy is declared for this alarm

    Next
    - A person is needed: nothing is done about it by itself.
    - Runbook: https://example.com/runbooks/website-agent-5xx.md
    - Dashboard: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    - Logs of that time: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a55*3a00.000Z$257Estart$257E$25272026-11-21T10*3a35*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-website-agent$2529$2529
    - Alarm: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-website-agent-5xx
    ");
    let mut quiet = world.receive("ok", 33);
    assert_snapshot!(quiet.reconcile(33), @"(nothing)");
    assert_snapshot!(quiet.reconcile(63), @"
    website-agent-5xx is quiet again [huskit prod]

    website-agent-5xx is quiet since 2026-11-21 10:53 UTC. It came and went from 2026-11-21 10:20 UTC on.

    rang  4 times in 33 min

    Next
    - Read what makes it come and go: https://example.com/runbooks/website-agent-5xx.md
    ");
}

#[test]
fn no_data_is_told_where_it_is_news() {
    let mut world = World::crawler(r#""none""#).receive("insufficient-data", 0);
    assert_snapshot!(world.reconcile(1), @"
    crawler-cpu gets no data [huskit prod]

    crawler-cpu gets no data since 2026-11-21 10:20 UTC: nobody knows whether what it watches is well.

    tasks    crawler runs 4 of 4
    changed  10:14 complete: ecs-svc/2 is complete and 4 of its tasks run
    changed  10:09 roll: a newer image was pushed: huskit/crawler: v1 (010101010101) -> v2 (020202020202)
    changed  09:50 up: its baseline applies

    Next
    - Runbook: https://example.com/runbooks/crawler-cpu.md
    - Dashboard: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/huskit-prod
    - Logs of that time: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a26*3a00.000Z$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2fhuskit-crawler$2529$2529
    - Alarm: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/huskit-prod-crawler-cpu
    ");
    let mut back = world.receive("ok", 9);
    assert_snapshot!(back.reconcile(9), @"
    crawler-cpu gets data again [huskit prod]

    crawler-cpu gets data again. It got none since 2026-11-21 10:20 UTC.
    ");
}

#[test]
fn what_explained_a_ring_is_told_with_it() {
    let mut world = World::errors(r#""none""#).receive("single-metric", 0);
    let by = planner::alarm::Explanation::Waking;
    world.record.announced = AnnouncedState::Explained { since: at(0), by };
    let requested = world.reconcile(16);
    assert_snapshot!(requested.lines().nth(2).unwrap(), @"website-agent answered more than 10 requests a minute with an error for 5 minutes. It is 23, greater than the threshold of 10. It was not told before because its service is waking.");
}
