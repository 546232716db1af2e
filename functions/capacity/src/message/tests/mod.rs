//! Every message as it arrives in an inbox, and the metrics.

mod digest;
mod overrides;
mod problems;
mod spot;
mod transitions;

use jiff::SignedDuration;
use planner::capacity::{Action, Expiry, Override, OverrideKind, Reason};
use planner::model::{TasksByProvider, Usd};

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
    Override { kind, expiry: Expiry { at: at(120), by: "anna".into() }, reason: None }
}

fn email(write: impl FnOnce(&ServiceMessages<'_>) -> Notification) -> String {
    let fleet = fleet();
    let message = write(&ServiceMessages { fleet: &fleet, policy: &fleet.services[0], now: at(12) });
    format!("{}\n\n{}", message.subject(), message.text())
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
