//! Every message as it arrives in an inbox.

use insta::assert_snapshot;
use jiff::SignedDuration;
use planner::capacity::{Action, Expiry, Override, Reason, SpotEvent, Target};
use planner::model::Span;
use planner::rollout::{self, Freeze};
use planner::{alarm, budget};
use shared::ledger::Event;

use super::digest::{Day, ServiceDay};
use super::*;

fn fleet() -> Fleet {
    let service = r#"{"name":"crawler","cluster":"huskit-prod","baseline":{"min":1,"max":3},
        "sleep":{"zone":"Europe/Berlin","windows":[{"from":"22:00","to":"06:00"}]},"spot":{"mode":"prefer"}}"#;
    Fleet::parse(&format!(r#"{{"system":"huskit","stage":"prod","services":[{service}]}}"#)).unwrap()
}

fn at(minute: i64) -> Timestamp {
    "2026-11-21T21:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn cost() -> HourlyCost {
    let usd = Usd::from_micros;
    HourlyCost { current: usd(31_000), saved: usd(68_000), on_demand: usd(99_000), spot: usd(31_000) }
}

fn decision(reason: Reason) -> Decision {
    Decision { action: Action::Keep, reason, until: Some("2026-11-22T05:00:00Z".parse().unwrap()) }
}

fn anna(kind: OverrideKind) -> Override {
    Override { kind, expiry: Expiry { at: at(120), by: "anna".into() } }
}

fn task(arn: &str, health: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:eu-central-1:1:task/huskit-prod/{arn}"),
        revision: "rev-1".into(),
        status: "RUNNING".into(),
        health: health.into(),
        started_at: None,
        provider: None,
        started_by: None,
        stopped: None,
    }
}

fn email(write: impl FnOnce(&ServiceMessages<'_>) -> Notification) -> String {
    let fleet = fleet();
    let message = write(&ServiceMessages { fleet: &fleet, policy: &fleet.services[0], now: at(12) });
    format!("{}\n\n{}", message.subject(), message.text())
}

#[test]
fn asleep() {
    let savings = Savings {
        counted_until: Some(at(12)),
        month: "2026-11".into(),
        saved: Usd::from_micros(12_345_678),
        spent: Usd::default(),
    };
    assert_snapshot!(email(|say| say.scaled_to_zero(&decision(Reason::ScheduledDowntime), Some(&cost()), &savings)), @r#"
    crawler sleeps [huskit prod]

    crawler runs no tasks: scheduled downtime.

    until             2026-11-22 06:00 CET
    saves             $0.0990 an hour
    saved in 2026-11  $12.35 (estimate)

    Next
    - To wake it: invoke the capacity function with {"action":"wake","service":"crawler","until":"2h","by":"<you>"}
    "#);
}

#[test]
fn awake() {
    let reason = Reason::Override { kind: OverrideKind::Wake, by: "anna".into(), until: at(120) };
    assert_snapshot!(email(|say| say.running_again(&decision(reason), at(9), Some(&cost()))), @"
    crawler is awake [huskit prod]

    crawler has a healthy task again: anna asked for it to run until 2026-11-22 00:00 CET.

    took   3 min
    until  2026-11-22 06:00 CET
    costs  $0.0310 an hour
    ");
}

#[test]
fn still_running() {
    let tasks = [task("0a1b2c", "HEALTHY"), task("3d4e5f", "HEALTHY")];
    let protected = BTreeMap::from([(tasks[0].arn.clone(), at(90))]);
    assert_snapshot!(email(|say| say.drain_overdue(at(-20), &tasks, &protected)), @"
    crawler does not fall asleep [huskit prod]

    crawler was put to sleep 32 min ago, and 2 of its tasks still run. ECS ends a task that protects itself when its protection ends.

    task 0a1b2c  protected until 2026-11-21 23:30 CET
    task 3d4e5f  RUNNING, not protected

    Next
    - Nothing, if they are at work: they end by themselves.
    - To end one now: aws ecs stop-task --cluster huskit-prod --task <task>
    ");
}

#[test]
fn not_awake() {
    let ends = ["container crawler exited with code 1 (2 tasks)".to_owned()];
    assert_snapshot!(email(|say| say.start_overdue(at(-3), &decision(Reason::Baseline), &[task("0a1b2c", "UNHEALTHY")], &ends)), @r#"
    crawler does not wake [huskit prod]

    crawler should be awake for 15 min, and has no healthy task. Why it should be: the baseline applies.

    a task ended  container crawler exited with code 1 (2 tasks)
    a task is     RUNNING, health UNHEALTHY

    Next
    - Read the logs and the events of crawler.
    - An image that was deployed while it slept and fails now is rolled back by itself after two failed tasks.
    - To go back to the release before: invoke the rollout function with {"action":"rollback","service":"crawler","by":"<you>"}
    "#);
}

#[test]
fn not_awake_without_a_task() {
    assert_snapshot!(email(|say| say.start_overdue(at(-3), &decision(Reason::Baseline), &[], &[])), @r#"
    crawler does not wake [huskit prod]

    crawler should be awake for 15 min, and has no healthy task. Why it should be: the baseline applies.

    tasks  none was started

    Next
    - Read the logs and the events of crawler.
    - An image that was deployed while it slept and fails now is rolled back by itself after two failed tasks.
    - To go back to the release before: invoke the rollout function with {"action":"rollback","service":"crawler","by":"<you>"}
    "#);
}

#[test]
fn falls_back_to_on_demand() {
    let spot = SpotState::default().after(SpotEvent::NoCapacity, at(11));
    assert_snapshot!(email(|say| say.provider_change(ProviderChange::ToOnDemand, &spot, Some(&cost()))), @"
    crawler moves to on demand [huskit prod]

    Spot has no capacity for crawler, so its tasks move to on demand.

    Spot again  2026-11-21 23:11 CET
    costs       $0.0680 an hour more
    ");
}

#[test]
fn returns_to_spot() {
    let spot = SpotState::default().after(SpotEvent::NoCapacity, at(-60));
    assert_snapshot!(email(|say| say.provider_change(ProviderChange::ToSpot, &spot, Some(&cost()))), @"
    crawler moves to Spot [huskit prod]

    Tasks of crawler move back to Spot; the last shortage was at 2026-11-21 21:00 CET.

    saves  $0.0680 an hour
    ");
}

#[test]
fn leaves_spot_for_good() {
    assert_snapshot!(email(|say| say.provider_change(ProviderChange::ToOnDemand, &SpotState::default(), None)), @"
    crawler moves to on demand [huskit prod]

    The fleet no longer asks for Spot, so tasks of crawler move to on demand.
    ");
}

#[test]
fn stays_on_spot_without_capacity() {
    let facts = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, at(11)), ..Facts::default() };
    assert_snapshot!(email(|say| say.spot_unavailable(&facts, TasksByProvider { on_demand: 0, spot: 1 })), @"
    crawler finds no Spot capacity [huskit prod]

    Spot has no capacity for crawler, and it stays there: the budget holds it on Spot.

    tasks that run  1

    Next
    - Wait, or allow on demand: `prefer` instead of `only`.
    ");
}

#[test]
fn held() {
    let wanted = OverrideRequest {
        service: "crawler".into(),
        until: Span::Until(at(120)),
        by: "anna".into(),
        reason: Some("looking into ticket 12".into()),
        at: None,
    };
    let reason = Reason::Override { kind: OverrideKind::Hold, by: "anna".into(), until: at(120) };
    assert_snapshot!(email(|say| say.held(&wanted, &decision(reason))), @r#"
    crawler is held as it is [huskit prod]

    Nobody changes the capacity of crawler: anna put its capacity on hold until 2026-11-22 00:00 CET.

    why  looking into ticket 12

    Next
    - To end it sooner: invoke the capacity function with {"action":"resume","service":"crawler","by":"<you>"}
    "#);
}

#[test]
fn an_override_ends_by_itself() {
    assert_snapshot!(email(|say| say.override_ended(&EndedOverride { ended: anna(OverrideKind::Wake), by: None }, &decision(Reason::ScheduledDowntime))), @"
    crawler follows its schedule again [huskit prod]

    The time for which anna asked for crawler to be awake is over. crawler follows its schedule again: scheduled downtime.

    until  2026-11-22 06:00 CET
    ");
}

#[test]
fn an_override_is_ended() {
    assert_snapshot!(email(|say| say.override_ended(&EndedOverride { ended: anna(OverrideKind::Hold), by: Some("ben".into()) }, &decision(Reason::Baseline))), @"
    crawler follows its schedule again [huskit prod]

    ben ended what anna asked for: crawler to be left alone. crawler follows its schedule again: the baseline applies.

    until  2026-11-22 06:00 CET
    ");
}

#[test]
fn metrics_carry_figures_only_where_a_price_is_known() {
    let fleet = fleet();
    let tasks = TasksByProvider { on_demand: 1, spot: 2 };
    let with = metrics("huskit", &fleet.services[0], tasks, Some(&cost()), Usd::from_micros(5_000), at(0));
    assert_eq!((with["TasksSpot"].as_u64(), with["EstimatedSavings"].as_f64()), (Some(2), Some(0.005)));
    let without = metrics("huskit", &fleet.services[0], tasks, None, Usd::default(), at(0));
    let names = without["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len();
    assert_eq!((names, without.get("EstimatedSavings")), (2, None));
}

fn alarms() -> BTreeMap<String, alarm::Record> {
    let by = alarm::Explanation::ScaledToZero { reason: "scheduled downtime".into() };
    let states = [
        ("errors", alarm::AnnouncedState::Alarm { since: at(-30) }),
        ("latency", alarm::AnnouncedState::Flapping { since: at(-50) }),
        ("no-tasks", alarm::AnnouncedState::Explained { since: at(-5), by }),
        ("cpu", alarm::AnnouncedState::Nothing),
    ];
    let each =
        states.into_iter().map(|(name, announced)| (name.into(), alarm::Record { announced, ..Default::default() }));
    each.collect()
}

fn budget() -> budget::Record {
    budget::Record {
        figure: Some("412.37 USD".parse().unwrap()),
        limit: Some("500 USD".parse().unwrap()),
        hold: Some(budget::Hold { until: at(600), by: "anna".into() }),
        ..budget::Record::default()
    }
}

#[test]
fn a_day() {
    let fleet = fleet();
    let event = |minute: i64, what: &str, why: &str| Event { at: at(minute), what: what.into(), why: why.into() };
    let usd = Usd::from_micros;
    let counted = |spent: u64, saved: u64| Savings {
        counted_until: None,
        month: "2026-11".into(),
        saved: usd(saved),
        spent: usd(spent),
    };
    let facts = Facts {
        manual_override: Some(anna(OverrideKind::Wake)),
        spot: SpotState::default().after(SpotEvent::NoCapacity, at(11)),
        ..Facts::default()
    };
    let freeze = Freeze { until: at(600), by: "ben".into(), why: Some("launch".into()) };
    let day = Day {
        fleet: &fleet,
        since: at(-1440),
        now: at(12),
        events: vec![
            (
                "crawler".into(),
                event(-600, "complete", "crawler runs v3 (030303030303): ecs-svc/3 is complete and 1 of its tasks run"),
            ),
            ("crawler".into(), event(-60, "override", "anna asked for it to run until 2026-11-21 23:00 UTC")),
        ],
        services: vec![ServiceDay {
            policy: &fleet.services[0],
            facts,
            rollout: rollout::Record { frozen: Some(freeze), ..rollout::Record::default() },
            counted: counted(410_000, 1_970_000),
            month: counted(9_120_000, 41_300_000),
            coming: vec![
                (at(120), Target::ScaledToZero, Reason::ScheduledDowntime),
                (at(480), Target::Running, Reason::Baseline),
            ],
        }],
        alarms: alarms(),
        budgets: BTreeMap::from([("huskit-monthly".to_owned(), budget())]),
    };
    let message = digest::digest(&day);
    assert_snapshot!(format!("{}\n\n{}", message.subject(), message.text()), @"
    digest: 2 events, $1.97 saved [huskit prod]

    Since 2026-11-20 22:00 CET: 2 events. Tasks cost $0.4100 and $1.97 was saved (estimates).

    Sat 12:00           crawler: crawler runs v3 (030303030303): ecs-svc/3 is complete and 1 of its tasks run
    Sat 21:00           crawler: anna asked for it to run until 2026-11-21 23:00 UTC
    frozen              crawler until 2026-11-22 08:00 CET by ben: launch
    overridden          crawler: anna asked for it to run until 2026-11-22 00:00 CET
    without Spot        crawler: tried again at 2026-11-21 23:11 CET
    rings               errors since 2026-11-21 21:30 CET
    muted               latency comes and goes since 2026-11-21 21:10 CET; told when it is quiet
    muted               no-tasks rings since 2026-11-21 21:55 CET: its service sleeps: scheduled downtime
    spent               huskit-monthly: 412.37 USD of 500.00 USD (82 %)
    overridden          huskit-monthly: anna keeps all tiers off until 2026-11-22 08:00 CET
    crawler (estimate)  cost $0.4100, saved $1.97; in 2026-11 cost $9.12, saved $41.30
    next, Sun 00:00     crawler sleeps: scheduled downtime
    next, Sun 06:00     crawler wakes: the baseline applies
    ");
    let often = (0..40).map(|n| ("cpu".to_owned(), event(n - 60, "announce", &format!("ring {n}")))).collect();
    let busy = Day { events: often, ..day };
    let told = digest::digest(&busy).text();
    assert!(told.contains("15 more, in the log") && told.contains("ring 39") && !told.contains("ring 14\n"), "{told}");
    let quiet = Day { events: Vec::new(), ..busy };
    assert!(quiet.is_quiet());
}
