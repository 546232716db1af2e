//! AWS Budgets: figures that are refreshed a few times a day, and the notices that they cause.
//!
//! - "AWS Budgets information is updated up to three times a day ... typically 8-12 hours after the previous update":
//!   <https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html>, where it also says that a forecast needs about
//!   five weeks of usage, that an ACTUAL notice is sent once a budget period, and that FORECASTED ones may repeat.
//! - Periods begin with the month, day, quarter or year in UTC: <https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create.html>.
//! - Figures were wrong by ten orders of magnitude on 16 July 2026 (AWS Health Dashboard).

mod notice;

use std::collections::{BTreeMap, BTreeSet};

use ::tests::template::{list, text};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Cx;
use super::time::seconds;
use super::wake::{self, Wake};
use crate::account::Account;
use crate::wire::{Answer, Failure};
use notice::Notice;

pub use notice::money;

/// The budgets by name.
#[derive(Debug, Default)]
pub struct Budgets {
    /// By name.
    pub budgets: BTreeMap<String, Budget>,
}

/// A budget.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Its limit for a period, in US dollars.
    pub limit: f64,
    /// `MONTHLY`, `DAILY`, `QUARTERLY` or `ANNUALLY`.
    pub unit: String,
    /// US dollars that are spent each day.
    pub a_day: f64,
    /// What figures are multiplied with: 1 unless they are wrong.
    pub factor: f64,
    /// Since when there is usage, from which forecasts are made.
    pub usage_since: Timestamp,
    /// Figures that DescribeBudget had, the newest last.
    pub figures: Vec<Figure>,
    /// Kind and threshold of the ACTUAL notices of the period, and of the FORECASTED ones that hold.
    pub sent: BTreeSet<String>,
    kind: String,
    notices: Vec<Notice>,
    /// What was really spent in the period until then.
    spent: (Timestamp, f64),
}

/// What the figures were from a time on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// From when.
    pub at: Timestamp,
    /// The actual spend of the period, in US dollars.
    pub actual: f64,
    /// The forecasted spend of the period.
    pub forecast: Option<f64>,
}

impl Budgets {
    pub(super) fn new(account: &Account) -> Budgets {
        let budgets = account.of_type("AWS::Budgets::Budget").iter().map(|resource| {
            let budget = &resource.properties["Budget"];
            let amount = &budget["BudgetLimit"]["Amount"];
            assert_eq!(budget["BudgetLimit"]["Unit"], "USD", "the model has budgets in US dollars only");
            let limit = amount.as_f64().or_else(|| amount.as_str()?.parse().ok()).expect("a limit");
            let own = Budget {
                limit,
                unit: text(&budget["TimeUnit"]),
                kind: text(&budget["BudgetType"]),
                // Half of what is allowed.
                a_day: limit / 60.0,
                factor: 1.0,
                usage_since: Timestamp::UNIX_EPOCH,
                figures: Vec::new(),
                sent: BTreeSet::new(),
                notices: list(&resource.properties["NotificationsWithSubscribers"]).iter().map(Notice::read).collect(),
                spent: (Timestamp::UNIX_EPOCH, 0.0),
            };
            (text(&budget["BudgetName"]), own)
        });
        Budgets { budgets: budgets.collect() }
    }

    fn change(&mut self, name: &str, now: Timestamp) -> Option<&mut Budget> {
        let budget = self.budgets.get_mut(name)?;
        budget.go_on(now);
        Some(budget)
    }
}

impl Budget {
    /// First moment of the period that a time is in.
    pub fn period(&self, at: Timestamp) -> Timestamp {
        let date = at.to_zoned(TimeZone::UTC).date();
        let first = match self.unit.as_str() {
            "DAILY" => date,
            "MONTHLY" => date.first_of_month(),
            "QUARTERLY" => Date::constant(date.year(), (date.month() - 1) / 3 * 3 + 1, 1),
            "ANNUALLY" => date.first_of_year(),
            other => panic!("the model has no budgets that are {other}"),
        };
        first.to_zoned(TimeZone::UTC).expect("a time").timestamp()
    }

    /// First moment of the next period.
    fn next_period(&self, at: Timestamp) -> Timestamp {
        let mut next = self.period(at);
        while self.period(next) == self.period(at) {
            next += SignedDuration::from_hours(24);
        }
        self.period(next)
    }

    /// Counts what was spent until now; nothing at the begin of a period.
    fn go_on(&mut self, now: Timestamp) {
        let (since, spent) = self.spent;
        let begin = self.period(now);
        let (since, spent) = if since < begin { (begin, 0.0) } else { (since, spent) };
        self.spent = (now, spent + self.a_day * days(since, now));
    }

    /// What is really spent in the period, as of the last change.
    pub fn really_spent(&self) -> f64 {
        self.spent.1
    }

    fn calculate(&self, now: Timestamp) -> Figure {
        let actual = self.spent.1 * self.factor;
        let known = self.usage_since + SignedDuration::from_hours(24 * 35) <= now;
        let forecast = known.then(|| actual + self.a_day * self.factor * days(now, self.next_period(now)));
        Figure { at: now, actual, forecast }
    }
}

fn days(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / 86_400.0
}

impl Budgets {
    /// Right after the deploy: usage began with it, and the first figures come within half a day.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>) {
        for (name, budget) in &mut self.budgets {
            budget.usage_since = cx.now;
            budget.spent = (cx.now, 0.0);
            let after = SignedDuration::from_mins(cx.rng.between(5, 12 * 60));
            cx.after(after, Wake::Budgets(wake::Budgets::Refresh { budget: name.clone(), again: true }));
        }
    }

    /// An amount is spent at once, or credited where it is negative. The figures have it from their next refresh on.
    pub fn spend(&mut self, budget: &str, dollars: f64, cx: &mut Cx<'_>) {
        if let Some(own) = self.change(budget, cx.now) {
            own.spent.1 = (own.spent.1 + dollars).max(0.0);
            cx.note(format!("{} are spent of {budget}", money(dollars)));
        }
    }

    /// From now on so much is spent each day.
    pub fn spend_a_day(&mut self, budget: &str, dollars: f64, cx: &mut Cx<'_>) {
        if let Some(own) = self.change(budget, cx.now) {
            own.a_day = dollars;
            cx.note(format!("{} a day are spent of {budget} from now on", money(dollars)));
        }
    }

    /// A person changes the limit: <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_UpdateBudget.html>.
    pub fn set_limit(&mut self, budget: &str, dollars: f64, cx: &mut Cx<'_>) {
        if let Some(own) = self.change(budget, cx.now) {
            own.limit = dollars;
            cx.note(format!("a person sets the limit of {budget} to {}", money(dollars)));
        }
    }

    /// From now on figures are multiplied: `1e10` is what happened in July 2026; 1 corrects them. They are calculated anew at once.
    pub fn misreport(&mut self, budget: &str, factor: f64, cx: &mut Cx<'_>) {
        if let Some(own) = self.change(budget, cx.now) {
            own.factor = factor;
            cx.note(format!("figures of {budget} are multiplied by {factor}"));
            self.refresh(budget, cx);
        }
    }

    /// There was usage for so many days before the deploy: with 35 there is a forecast from the first refresh on.
    pub fn used_before(&mut self, budget: &str, days: i64, cx: &mut Cx<'_>) {
        if let Some(own) = self.budgets.get_mut(budget) {
            own.usage_since = cx.now - SignedDuration::from_hours(24 * days);
        }
    }

    /// A person deletes a budget.
    pub fn delete(&mut self, budget: &str, cx: &mut Cx<'_>) {
        if self.budgets.remove(budget).is_some() {
            cx.note(format!("a person deletes budget {budget}"));
        }
    }

    /// Calculates the figures of a budget now and sends the notices of the thresholds that they exceed.
    pub fn refresh(&mut self, name: &str, cx: &mut Cx<'_>) {
        let Some(budget) = self.change(name, cx.now) else { return };
        let before = budget.figures.last().map(|figure| figure.at);
        if before.is_some_and(|before| budget.period(before) != budget.period(cx.now)) {
            budget.sent.clear();
        }
        let figure = budget.calculate(cx.now);
        budget.figures.retain(|old| old.at + SignedDuration::from_hours(48) > cx.now);
        budget.figures.push(figure);
        cx.note(format!(
            "budget {name} is at {}, forecast {}",
            money(figure.actual),
            figure.forecast.map_or("none".into(), money)
        ));
        for notice in budget.notices.clone() {
            let Some(amount) = notice.amount(figure.actual, figure.forecast) else { continue };
            let (threshold, key) = (notice.threshold(budget.limit), notice.key());
            if amount <= threshold {
                // An ACTUAL notice is sent once a period, also when the figure is corrected and grows again.
                if notice.is_forecast() {
                    budget.sent.remove(&key);
                }
            } else if budget.sent.insert(key) {
                let subject = format!("AWS Budgets: {name} has exceeded your alert threshold");
                let text = notice.text(name, &budget.kind, &budget.unit, budget.limit, amount, cx.now);
                let topics = notice.topics.iter();
                cx.out.published.extend(topics.map(|topic| (topic.clone(), subject.clone(), text.clone())));
            }
        }
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
        match operation {
            "DescribeBudget" => {
                let name = text(&input["BudgetName"]);
                let Some(budget) = self.budgets.get(&name) else {
                    let sentence = format!("Unable to get budget: {name} - the budget doesn't exist.");
                    return Err(Failure::new("NotFoundException", sentence));
                };
                Ok(json!({ "Budget": shown(&name, budget, cx) }))
            }
            "DescribeBudgets" => {
                let budgets = self.budgets.iter();
                Ok(json!({ "Budgets": budgets.map(|(name, budget)| shown(name, budget, cx)).collect::<Vec<_>>() }))
            }
            other => panic!("the model has no budgets:{other}"),
        }
    }

    pub(super) fn wake(&mut self, wake: wake::Budgets, cx: &mut Cx<'_>) {
        let wake::Budgets::Refresh { budget, again } = wake;
        self.refresh(&budget, cx);
        if again && self.budgets.contains_key(&budget) {
            let after = SignedDuration::from_mins(cx.rng.between(8 * 60, 12 * 60));
            cx.after(after, Wake::Budgets(wake::Budgets::Refresh { budget, again }));
        }
    }
}

fn shown(name: &str, budget: &Budget, cx: &mut Cx<'_>) -> Value {
    let spend = |dollars: f64| json!({ "Amount": format!("{dollars:.3}"), "Unit": "USD" });
    let mut shown = json!({
        "BudgetName": name, "BudgetType": budget.kind, "TimeUnit": budget.unit, "BudgetLimit": spend(budget.limit),
        "TimePeriod": { "Start": seconds(budget.period(cx.now)), "End": 3_706_473_600.0 },
    });
    let at = cx.now - cx.staleness().unwrap_or_default();
    // The one before the first refresh has no figures at all.
    if let Some(figure) = budget.figures.iter().rev().find(|figure| figure.at <= at) {
        shown["CalculatedSpend"] = json!({ "ActualSpend": spend(figure.actual) });
        if let Some(forecast) = figure.forecast {
            shown["CalculatedSpend"]["ForecastedSpend"] = spend(forecast);
        }
    }
    shown
}
