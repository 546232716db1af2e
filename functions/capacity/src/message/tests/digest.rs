//! The digest.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use planner::capacity::{Facts, OverrideKind, Reason, Savings, SpotEvent, SpotState, Target};
use planner::model::Usd;
use planner::rollout::{self, Freeze};
use planner::{alarm, budget};
use shared::ledger::Event;

use super::super::digest::{self, Day, ServiceDay};
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
