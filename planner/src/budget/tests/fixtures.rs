//! A budget of 500 dollars a month over two services, observed hour by hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::budget::*;
use crate::capacity::BudgetRestriction;
use crate::fleet::Fleet;

pub const LIMIT: i64 = 50_000;
/// What two tasks of the website and one of the crawler cost in an hour, roughly.
pub const HOURLY: u64 = 230_000;

pub fn fleet() -> Fleet {
    let sleep = r#"{"zone":"Europe/Berlin","windows":[{"from":"22:00","to":"06:00"}]}"#;
    Fleet::parse(&format!(
        r#"{{"system":"acme","stage":"prod","services":[
            {{"name":"web","cluster":"prod","baseline":{{"min":2,"max":6}}}},
            {{"name":"crawler","cluster":"prod","baseline":{{"min":1,"max":3}},"sleep":{sleep},"spot":{{"mode":"prefer"}}}}
        ]}}"#
    ))
    .unwrap()
}

pub const TIERS: &str = r#"[
    {"at_percent": 80, "services": {"crawler": {"spot_only": true}}},
    {"at_percent": 90, "services": {"crawler": {"longer_downtime_minutes": 60}}},
    {"at_percent": 95, "services": {"crawler": {"scale_to_zero": true}}},
    {"at_percent": 100, "services": {"web": {"max_tasks": 3}}}
]"#;

pub fn budgets() -> BudgetPolicies {
    BudgetPolicies::parse(&format!(r#"[{{"name":"monthly","counts_tasks_alone":true,"tiers":{TIERS}}}]"#), &fleet())
        .unwrap()
}

/// Day and hour of November 2026; the hours go on into December.
pub fn at(day: i64, hour: i64) -> Timestamp {
    "2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours((day - 1) * 24 + hour)
}

/// A budget that is decided about again and again.
#[derive(Clone)]
pub struct Timeline {
    pub policy: BudgetPolicy,
    pub record: Record,
    pub observed: Observed,
    pub now: Timestamp,
    /// Labels of everything that came about, `unchanged` left out.
    pub announced: Vec<String>,
}

impl Timeline {
    /// The tenth of November: observed since the end of October, 30 % of the limit spent.
    pub fn calm() -> Timeline {
        let spend = Spend {
            time_unit: TimeUnit::Monthly,
            limit: Amount::cents(LIMIT),
            actual: Amount::cents(0),
            forecast: None,
        };
        let policy = budgets().iter().next().unwrap().clone();
        let observed = Observed { spend: SpendLookup::Known(spend), hourly_micros: Some(HOURLY) };
        let timeline = Timeline { policy, record: Record::default(), observed, now: at(0, 12), announced: Vec::new() };
        let timeline = (0..=10).fold(timeline, |timeline, day| timeline.spent(day * 1500).on(day, 12).tick());
        assert_eq!(timeline.announced, Vec::<String>::new());
        timeline
    }

    pub fn spent(mut self, cents: i64) -> Timeline {
        let time_unit = match &self.observed.spend {
            SpendLookup::Known(spend) => spend.time_unit,
            SpendLookup::Unreachable(_) => TimeUnit::Monthly,
        };
        let (limit, actual) = (Amount::cents(LIMIT), Amount::cents(cents));
        self.observed.spend = SpendLookup::Known(Spend { time_unit, limit, actual, forecast: None });
        self
    }

    pub fn limit(mut self, cents: i64) -> Timeline {
        if let SpendLookup::Known(spend) = &mut self.observed.spend {
            spend.limit = Amount::cents(cents);
        }
        self
    }

    pub fn time_unit(mut self, time_unit: TimeUnit) -> Timeline {
        if let SpendLookup::Known(spend) = &mut self.observed.spend {
            spend.time_unit = time_unit;
        }
        self
    }

    pub fn unreachable(mut self) -> Timeline {
        self.observed.spend = SpendLookup::Unreachable("describe budget monthly: dispatch failure".into());
        self
    }

    pub fn on(mut self, day: i64, hour: i64) -> Timeline {
        self.now = at(day, hour);
        self
    }

    pub fn tick(self) -> Timeline {
        self.decide(&[])
    }

    pub fn notified(self, threshold: i64, cents: i64) -> Timeline {
        let at = self.now;
        self.given(&Input::Notice(notice(threshold, cents, at)))
    }

    pub fn given(self, input: &Input) -> Timeline {
        self.decide(std::slice::from_ref(input))
    }

    fn decide(mut self, inputs: &[Input]) -> Timeline {
        let Plan { record, decisions } = plan(&self.policy, &self.record, &self.observed, inputs, self.now);
        assert!(!decisions.is_empty());
        self.record = record;
        let reasons = decisions.iter().map(|decision| &decision.reason);
        self.announced.extend(reasons.filter(|reason| reason.label() != "unchanged").map(announced));
        self
    }

    /// Every hour from here to there.
    pub fn hourly_until(mut self, day: i64, hour: i64) -> Timeline {
        while self.now < at(day, hour) {
            self.now += SignedDuration::from_hours(1);
            self = self.tick();
        }
        self
    }

    /// Forgets what was announced so far.
    pub fn forget(mut self) -> Timeline {
        self.announced.clear();
        self
    }

    pub fn restrictions(&self) -> BTreeMap<String, BudgetRestriction> {
        restrictions([(&self.policy, &self.record)], self.now)
    }

    /// What is in force, as people read it.
    pub fn in_force(&self) -> String {
        let restrictions = self.record.restrictions(&self.policy, self.now);
        restrictions
            .iter()
            .map(|(service, restriction)| format!("{service} {restriction}"))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

pub fn notice(threshold: i64, cents: i64, at: Timestamp) -> Notice {
    Notice {
        kind: NoticeKind::Actual,
        amount: Amount::cents(cents),
        threshold: Some(Amount::cents(threshold)),
        limit: Some(Amount::cents(LIMIT)),
        at,
        text: String::new(),
    }
}

/// A label, with the tier where there is one.
fn announced(reason: &Reason) -> String {
    match reason {
        Reason::Reached { tier, held: false, .. } => format!("reached {tier}"),
        Reason::Reached { tier, held: true, .. } => format!("reached {tier}, held"),
        Reason::PeriodEnded { tier, .. } => format!("period_ended {tier}"),
        Reason::Doubted { doubt, .. } => format!("doubted {}", doubt.label()),
        reason => reason.label().to_owned(),
    }
}
