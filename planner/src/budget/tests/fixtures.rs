//! A budget of 500 dollars a month over two services, told hour by hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::budget::*;
use crate::capacity::BudgetRestriction;
use crate::fleet::Fleet;

pub const LIMIT: i64 = 50_000;
/// What two tasks of the website and one of the crawler cost in an hour, roughly.
pub const HOURLY: u64 = 230_000;

pub fn fleet() -> Fleet {
    let night = r#"{"zone":"Europe/Berlin","windows":[{"from":"22:00","to":"06:00"}]}"#;
    Fleet::parse(&format!(
        r#"{{"system":"acme","stage":"prod","services":[
            {{"name":"web","cluster":"prod","baseline":{{"min":2,"max":6}}}},
            {{"name":"crawler","cluster":"prod","baseline":{{"min":1,"max":3}},"sleep":{night},"spot":{{"mode":"prefer"}}}}
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
    BudgetPolicies::parse(&format!(r#"[{{"name":"monthly","tiers":{TIERS}}}]"#), &fleet()).unwrap()
}

/// Day and hour of November 2026; the hours go on into December.
pub fn at(day: i64, hour: i64) -> Timestamp {
    "2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours((day - 1) * 24 + hour)
}

/// What Budgets says, looked at again and again.
#[derive(Clone)]
pub struct World {
    pub policy: BudgetPolicy,
    pub record: Record,
    pub seen: Seen,
    pub now: Timestamp,
    /// Labels of everything that came about, `same` left out.
    pub told: Vec<String>,
}

impl World {
    /// The tenth of November; the budget was looked at since the end of October and is spent by 30 %.
    pub fn calm() -> World {
        let spend =
            Spend { every: Every::Month, limit: Amount::cents(LIMIT), actual: Amount::cents(0), forecast: None };
        let policy = budgets().iter().next().unwrap().clone();
        let seen = Seen { spend: Asked::Known(spend), hourly_micros: Some(HOURLY) };
        let world = World { policy, record: Record::default(), seen, now: at(0, 12), told: Vec::new() };
        let world = (0..=10).fold(world, |world, day| world.spent(day * 1500).on(day, 12).look());
        assert_eq!(world.told, Vec::<String>::new());
        world
    }

    pub fn spent(mut self, cents: i64) -> World {
        let every = match &self.seen.spend {
            Asked::Known(spend) => spend.every,
            Asked::Unreachable(_) => Every::Month,
        };
        let (limit, actual) = (Amount::cents(LIMIT), Amount::cents(cents));
        self.seen.spend = Asked::Known(Spend { every, limit, actual, forecast: None });
        self
    }

    pub fn limit(mut self, cents: i64) -> World {
        if let Asked::Known(spend) = &mut self.seen.spend {
            spend.limit = Amount::cents(cents);
        }
        self
    }

    pub fn every(mut self, every: Every) -> World {
        if let Asked::Known(spend) = &mut self.seen.spend {
            spend.every = every;
        }
        self
    }

    pub fn unreachable(mut self) -> World {
        self.seen.spend = Asked::Unreachable("describe budget monthly: dispatch failure".into());
        self
    }

    pub fn on(mut self, day: i64, hour: i64) -> World {
        self.now = at(day, hour);
        self
    }

    pub fn look(self) -> World {
        self.asked(&Ask::Nothing)
    }

    pub fn told_actual(self, threshold: i64, cents: i64) -> World {
        let at = self.now;
        self.asked(&Ask::Notice(notice(threshold, cents, at)))
    }

    pub fn asked(mut self, ask: &Ask) -> World {
        let Plan { record, reasons } = plan(&self.policy, &self.record, &self.seen, ask, self.now);
        assert!(!reasons.is_empty());
        self.record = record;
        self.told.extend(reasons.iter().filter(|reason| reason.label() != "same").map(told));
        self
    }

    /// Every hour from here to there.
    pub fn hourly_until(mut self, day: i64, hour: i64) -> World {
        while self.now < at(day, hour) {
            self.now += SignedDuration::from_hours(1);
            self = self.look();
        }
        self
    }

    /// What is told from here on.
    pub fn forget(mut self) -> World {
        self.told.clear();
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
    }
}

/// A label, with the tier where there is one.
fn told(reason: &Reason) -> String {
    match reason {
        Reason::Reached { tier, held: false, .. } => format!("reached {tier}"),
        Reason::Reached { tier, held: true, .. } => format!("reached {tier}, held"),
        Reason::Ended { tier, .. } => format!("ended {tier}"),
        Reason::Doubted { doubt, .. } => format!("doubted {}", doubt.label()),
        reason => reason.label().to_owned(),
    }
}
