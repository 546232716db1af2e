//! A month of one budget, decided about day by day.

use jiff::{SignedDuration, Timestamp};
use planner::budget::{
    Amount, BudgetPolicies, BudgetPolicy, Input, Notice, NoticeKind, Observed, Plan, Record, Spend, SpendLookup,
    TimeUnit, plan,
};
use planner::fleet::Fleet;
use planner::model::Usd;
use shared::notify::Notification;

use shared::runtime::{Payload, Received};

use crate::message::{Context, console};
use crate::trigger::{Message, Trigger};

pub(super) fn fleet() -> Fleet {
    let sleep = r#"{"zone":"Europe/Berlin","windows":[{"from":"22:00","to":"06:00"}]}"#;
    Fleet::parse(&format!(
        r#"{{"system":"huskit","stage":"prod","services":[
            {{"name":"website-agent","cluster":"huskit-prod","baseline":{{"min":2,"max":6}}}},
            {{"name":"crawler","cluster":"huskit-prod","baseline":{{"min":1,"max":3}},"sleep":{sleep},"spot":{{"mode":"prefer"}}}}
        ]}}"#
    ))
    .unwrap()
}

pub(super) fn policy() -> BudgetPolicy {
    let tiers = r#"[{"at_percent":80,"services":{"crawler":{"spot_only":true}}},
        {"at_percent":90,"services":{"crawler":{"longer_downtime_minutes":60}}},
        {"at_percent":95,"services":{"crawler":{"scale_to_zero":true}}},
        {"at_percent":100,"services":{"website-agent":{"max_tasks":3}}}]"#;
    let budgets = BudgetPolicies::parse(
        &format!(r#"[{{"name":"huskit-monthly","counts_tasks_alone":true,"tiers":{tiers}}}]"#),
        &fleet(),
    )
    .unwrap();
    budgets.iter().next().unwrap().clone()
}

pub(super) fn noon(day: i64) -> Timestamp {
    "2026-11-01T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours((day - 1) * 24)
}

/// A month of one budget.
pub(super) struct Month {
    record: Record,
    pub(super) spend: Result<Spend, String>,
    day: i64,
}

impl Month {
    /// The twentieth of November; 76 % of the limit is spent.
    pub(super) fn on_the_twentieth() -> Month {
        let limit = Amount::cents(50_000);
        let spend = Spend { time_unit: TimeUnit::Monthly, limit, actual: Amount::cents(0), forecast: None };
        let mut month = Month { record: Record::default(), spend: Ok(spend), day: 0 };
        for day in 0..=20 {
            month.day = day;
            month = month.spent(day * 1_900);
            month.tick();
        }
        month
    }

    pub(super) fn spent(mut self, cents: i64) -> Month {
        if let Ok(spend) = &mut self.spend {
            spend.actual = Amount::cents(cents);
            spend.forecast = Some(Amount::cents(58_810));
        }
        self
    }

    pub(super) fn unreachable(mut self) -> Month {
        self.spend = Err("describe budget huskit-monthly: ThrottlingException: slow down".into());
        self
    }

    /// The mails that a tick sends.
    pub(super) fn tick(&mut self) -> String {
        self.decide(&[])
    }

    /// The mails that one decision sends.
    pub(super) fn decide(&mut self, inputs: &[Input]) -> String {
        let (fleet, policy, now) = (fleet(), policy(), noon(self.day));
        let spend = self.spend.clone().map_or_else(SpendLookup::Unreachable, SpendLookup::Known);
        let observed = Observed { spend, hourly_micros: Some(227_120) };
        let Plan { record, decisions } = plan(&policy, &self.record, &observed, inputs, now);
        let previous_record = std::mem::replace(&mut self.record, record);
        let context = Context {
            fleet: &fleet,
            policy: &policy,
            previous_record: &previous_record,
            record: &self.record,
            spend: self.spend.as_ref().ok(),
            hourly: Some(Usd::from_micros(227_120)),
            console: &console("eu-central-1"),
            now,
        };
        let messages = decisions.iter().filter_map(|decision| context.notification(&decision.reason));
        let mails: Vec<String> = messages.map(|message| mail(&message)).collect();
        mails.join("\n----\n")
    }

    pub(super) fn on(mut self, day: i64) -> Month {
        self.day = day;
        self
    }
}

pub(super) fn notice(kind: NoticeKind, threshold: i64, cents: i64, day: i64) -> [Input; 1] {
    let (threshold, limit) = (Some(Amount::cents(threshold)), Some(Amount::cents(50_000)));
    [Input::Notice(Notice {
        kind,
        amount: Amount::cents(cents),
        threshold,
        limit,
        at: noon(day),
        text: "Dear AWS Customer,\n\nBudget Name: huskit-monthly\n".into(),
    })]
}

pub(super) fn mail(message: &Notification) -> String {
    format!("{}\n\n{}", message.subject(), message.text())
}

pub(super) fn received(subject: Option<&str>, text: &str) -> Message {
    let sns = serde_json::json!({"MessageId": "m-1", "Message": text, "Subject": subject});
    let payload = serde_json::json!({"Records": [{"Sns": sns}]});
    let received = Trigger::parse(Payload::parse(payload).unwrap(), noon(21)).unwrap();
    let Received::Trigger(Trigger::Messages(mut messages)) = received else { panic!("no messages") };
    messages.remove(0)
}
