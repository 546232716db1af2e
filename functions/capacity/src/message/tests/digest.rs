//! The digest.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use planner::capacity::{Facts, OverrideKind, Reason, Savings, SpotEvent, SpotState, State, Target, UpcomingChange};
use planner::model::Usd;
use planner::rollout::{self, Freeze};
use planner::{alarm, budget};

use super::super::digest::{self, Area, Change, Day, ServiceDay};
use super::{anna, at, fleet};

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

fn change(minute: i64, area: Area, text: &str) -> Change {
    Change { at: at(minute), area, text: text.into() }
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
fn digest_of_a_day() {
    let fleet = fleet();
    let usd = Usd::from_micros;
    let counted = |spent: u64, saved: u64| Savings {
        counted_until: None,
        month: "2026-11".into(),
        saved: usd(saved),
        spent: usd(spent),
        hourly: (usd(0), usd(0)),
    };
    let facts = Facts {
        manual_override: Some(anna(OverrideKind::Wake)),
        spot: SpotState::default().after(SpotEvent::NoCapacity, 1, at(11)),
        ..Facts::default()
    };
    let freeze = Freeze { until: at(600), by: "ben".into(), reason: Some("launch".into()) };
    let day = Day {
        fleet: &fleet,
        since: at(-1440),
        now: at(12),
        changes: vec![
            change(
                -600,
                Area::Rollout,
                "Rollout complete: crawler 3f2a9c1: deployment ecs-svc/3 is complete, 1 task running",
            ),
            change(-60, Area::Capacity, "crawler: `wake` override by anna until 2026-11-21 23:00 UTC"),
            change(-30, Area::Alarm, "errors: in ALARM since 2026-11-21 20:30 UTC"),
        ],
        services: vec![ServiceDay {
            policy: &fleet.services[0],
            facts,
            state: Some(State::Starting { since: at(-3), until: at(0), announced: true }),
            missing: None,
            rollout: rollout::Record { frozen: Some(freeze), ..rollout::Record::default() },
            counted: counted(410_000, 1_970_000),
            month: counted(9_120_000, 41_300_000),
            upcoming: vec![
                UpcomingChange { at: at(120), target: Target::ScaledToZero, reason: Reason::ScheduledDowntime },
                UpcomingChange { at: at(480), target: Target::Running, reason: Reason::Baseline },
            ],
        }],
        alarms: alarms(),
        budgets: BTreeMap::from([("huskit-monthly".to_owned(), budget())]),
    };
    let message = digest::digest(&day);
    assert_snapshot!(format!("{}\n\n{}", message.subject(), message.text()), @r#"
    Digest: action required on 3 items, 3 changes, $1.97 saved [huskit prod]

    Since 2026-11-20 22:00 (times in Europe/Berlin): 3 changes, action required on 3 items. Tasks cost $0.4100, the automation saved $1.97 (estimates).

    Action required
      errors   in ALARM since 2026-11-21 21:30 (42 min)
      latency  flapping since 2026-11-21 21:10 (1 h 2 min); not announced again until it is stable
      crawler  start overdue since 2026-11-21 21:57 (15 min), no healthy task

    Rollouts
      Sat 12:00  Rollout complete: crawler 3f2a9c1: deployment ecs-svc/3 is complete, 1 task running
      now        crawler: frozen by ben until 2026-11-22 08:00: launch

    Capacity
      Sat 21:00  crawler: `wake` override by anna until 2026-11-22 00:00
      now        crawler: `wake` override by anna until 2026-11-22 00:00
      now        crawler: on-demand, Spot hold-down until 2026-11-21 23:11

    Alarms
      Sat 21:30  errors: in ALARM since 2026-11-21 21:30
      now        no-tasks: in ALARM since 2026-11-21 21:55 (17 min), explained: the service is scaled to zero: scheduled downtime

    Budgets
      now  huskit-monthly: 412.37 USD of 500.00 USD (82 %)
      now  huskit-monthly: all tiers on hold by anna until 2026-11-22 08:00

    Scheduled downtime, next 24 hours
      Sun 00:00  crawler scales to zero: scheduled downtime
      Sun 06:00  crawler runs again: the baseline applies

    Cost and savings, estimated from list prices
      crawler  cost $0.4100, saved $1.97; in 2026-11: cost $9.12, saved $41.30

    Next
    - Alarms: follow the runbook that the alarm's message links.
    - crawler: read its logs and service events: aws ecs describe-services --cluster huskit-prod --services crawler --query "services[0].events[:5]"
    "#);
}

#[test]
fn a_long_day_lists_its_newest_changes() {
    let fleet = fleet();
    let changes = (0..40).map(|n| change(n - 60, Area::Alarm, &format!("cpu: change {n}"))).collect();
    let (services, alarms, budgets) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let busy = Day { fleet: &fleet, since: at(-1440), now: at(12), changes, services, alarms, budgets };
    let text = digest::digest(&busy).text();
    assert!(text.contains("The 15 earliest are in the log only."), "{text}");
    assert!(text.contains("change 39\n") && text.contains("change 15\n") && !text.contains("change 14\n"), "{text}");
    assert!(Day { changes: Vec::new(), ..busy }.is_quiet());
}
