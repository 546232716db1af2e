//! Messages to people about budgets. Pure.

mod other;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use planner::budget::{Amount, BudgetPolicy, Doubt, Notice, NoticeKind, Reason, Record, Spend};
use planner::fleet::Fleet;
use planner::model::{Usd, format_time};
use shared::notify::{Notification, Severity};

pub(crate) use other::{anomaly, console, forwarded};

/// Everything that a message about a budget may speak of.
pub(crate) struct Context<'a> {
    pub fleet: &'a Fleet,
    pub policy: &'a BudgetPolicy,
    /// What was remembered before.
    pub before: &'a Record,
    /// What is remembered now.
    pub record: &'a Record,
    pub spend: Option<&'a Spend>,
    pub hourly: Option<Usd>,
    pub console: &'a str,
    pub now: Timestamp,
}

impl Context<'_> {
    /// The message about `reason`; `None` where there is no news in it.
    pub fn notification(&self, reason: &Reason) -> Option<Notification> {
        Some(match reason {
            Reason::Unchanged { .. } | Reason::Unreachable { .. } | Reason::NothingToDo { .. } => return None,
            Reason::Reached { tier, percent, held } => self.reached(*tier, *percent, *held),
            Reason::Lowered { from, limit, .. } => self.lowered(*from, limit),
            Reason::Doubted { figure, doubt, since } => self.doubted(figure, doubt, *since),
            Reason::Cleared { figure, since } => self.cleared(figure, *since),
            Reason::Unverified { notice, error } => self.unverified(notice, error),
            Reason::NoTier { notice, figure } => self.noted(notice, figure),
            Reason::Forecast { notice } => self.forecast(notice),
            Reason::LateNotice { notice } => self.late(notice),
            Reason::PeriodEnded { tier, .. } => self.ended(*tier),
            Reason::Released { by, reason, tier, at } => self.released(by, reason.as_deref(), *tier, *at),
            Reason::Held { by, reason, until } => self.held(by, reason.as_deref(), *until),
            Reason::HoldEnded { by, until, tier } => self.hold_ended(by, *until, *tier),
            Reason::Resumed { by, tier, at } => self.resumed(by, *tier, *at),
            Reason::Confirmed { by, figure } => self.confirmed(by, figure),
        })
    }

    fn reached(&self, tier: u32, percent: u32, held: bool) -> Notification {
        let name = &self.policy.name;
        let limit = self.record.limit.as_ref().map(|limit| limit.hundredths).unwrap_or_default();
        let key = format!("{}{tier}/{limit}", key(self.policy, self.record, "reached"));
        if held {
            let until = self.record.hold.as_ref().map(|hold| format!(" until {}", format_time(hold.until)));
            return Notification {
                summary: format!(
                    "{percent} % of {name} is spent. The tier of {tier} % is reached, and held off{}: nothing is taken away.",
                    until.unwrap_or_default()
                ),
                facts: self.money(),
                next_steps: vec![format!("To let it begin: {}", self.ask("resume", ""))],
                ..self.message(Severity::Warning, &key, &format!("{percent} % of {name} is spent, held off"))
            };
        }
        let mut facts = self.money();
        facts.extend(self.taken());
        facts.extend(self.next());
        facts.extend(self.ends());
        Notification {
            summary: format!(
                "{percent} % of {name} is spent, and the tier of {tier} % begins: {}.",
                self.restrictions()
            ),
            facts,
            next_steps: self.ways_out(),
            ..self.message(Severity::Warning, &key, &format!("{percent} % of {name} is spent: {}", self.restrictions()))
        }
    }

    fn lowered(&self, from: u32, limit: &Amount) -> Notification {
        let name = &self.policy.name;
        let what = match self.taken().is_empty() {
            true => "Nothing is taken from any service.".to_owned(),
            false => format!("Still in force: {}.", self.restrictions()),
        };
        let key = format!("{}{from}/{}", key(self.policy, self.record, "lowered"), limit.hundredths);
        Notification {
            summary: format!("With its limit of {limit}, {name} is below the tier of {from} %. {what}"),
            facts: self.money(),
            ..self.message(Severity::Info, &key, &format!("{name} is below {from} % again"))
        }
    }

    fn doubted(&self, figure: &Amount, doubt: &Doubt, since: Timestamp) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{}", key(self.policy, self.record, "doubted"), since);
        let mut facts = vec![("told".into(), figure.to_string()), ("believed".into(), self.believed())];
        facts.extend(self.limit());
        facts.extend(self.own());
        Notification {
            summary: format!(
                "AWS says that {figure} of {name} is spent. That is not believed: {doubt}. Nothing is taken away because of it; {}.",
                self.still()
            ),
            facts,
            next_steps: vec![
                format!("Look where it comes from: {}cost-explorer", self.console),
                "Look whether AWS has a billing problem: https://health.aws.amazon.com/health/status".into(),
                format!("If it is right, to act on it: {}", self.ask("confirm", "")),
            ],
            ..self.message(Severity::Critical, &key, &format!("{name}: {figure} is not believed"))
        }
    }

    fn cleared(&self, figure: &Amount, since: Timestamp) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{}", key(self.policy, self.record, "cleared"), since);
        Notification {
            summary: format!(
                "AWS says that {figure} of {name} is spent, which is believed again. The figure since {} was not.",
                format_time(since)
            ),
            facts: self.money(),
            ..self.message(Severity::Info, &key, &format!("{name}: the figure is believed again"))
        }
    }

    fn unverified(&self, notice: &Notice, why: &str) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{}", key(self.policy, self.record, "unverified"), about(notice));
        let mut facts = told(notice);
        facts.push(("Budgets".into(), why.to_owned()));
        Notification {
            summary: format!(
                "A message says that {} of {name} is spent. AWS Budgets could not be asked whether that is so, and without its answer nothing more is taken away; {}. It is asked again every hour.",
                notice.amount,
                self.still()
            ),
            facts,
            next_steps: vec![format!("Look yourself: {}budgets", self.console)],
            ..self.message(Severity::Warning, &key, &format!("{name}: {} is spent, not verified", notice.amount))
        }
    }

    fn noted(&self, notice: &Notice, figure: &Amount) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{}", key(self.policy, self.record, "no-tier"), about(notice));
        let passed = match &notice.threshold {
            Some(threshold) => format!("more than {threshold}"),
            None => notice.amount.to_string(),
        };
        Notification {
            summary: format!(
                "A message says that {passed} of {name} is spent. No tier begins there; {}.",
                self.still()
            ),
            facts: told(notice).into_iter().chain([("Budgets says now".into(), figure.to_string())]).collect(),
            ..self.message(Severity::Info, &key, &format!("{name}: {passed} is spent"))
        }
    }

    fn forecast(&self, notice: &Notice) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{}", key(self.policy, self.record, "forecast"), about(notice));
        let limit = notice.limit.as_ref().or(self.record.limit.as_ref());
        let odd = match limit {
            Some(limit) if notice.amount.percent_of(limit) > 500 => {
                " It is many times the limit, so it is hardly right."
            }
            _ => "",
        };
        let mut facts = told(notice);
        facts.extend(self.own());
        facts.extend(self.next());
        Notification {
            summary: format!(
                "{} of {name} will be spent by the end of its period, AWS forecasts.{odd} A forecast takes nothing away.",
                notice.amount
            ),
            facts,
            next_steps: vec![format!("Look where it comes from: {}cost-explorer", self.console)],
            ..self.message(Severity::Warning, &key, &format!("{name}: forecast of {}", notice.amount))
        }
    }

    fn late(&self, notice: &Notice) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{}", key(self.policy, self.record, "late"), about(notice));
        Notification {
            summary: format!(
                "A message of {} came late: the period of {name} that it speaks of is over. Nothing is taken away because of it.",
                format_time(notice.at)
            ),
            facts: told(notice),
            ..self.message(Severity::Info, &key, &format!("{name}: a message of the period before"))
        }
    }

    fn ended(&self, tier: u32) -> Notification {
        let name = &self.policy.name;
        let before = self.before.figure.as_ref().zip(self.before.limit.as_ref());
        let facts = before.map(|(figure, limit)| {
            ("spent in it".to_owned(), format!("{figure} of {limit} ({} %)", figure.percent_of(limit)))
        });
        Notification {
            summary: format!(
                "The period of {name} is over, and with it the tiers up to {tier} %. Services are again what night, alarms and people make of them."
            ),
            facts: facts.into_iter().collect(),
            ..self.message(Severity::Info, &key(self.policy, self.record, "ended"), &format!("{name} begins anew"))
        }
    }

    fn released(&self, by: &str, why: Option<&str>, tier: u32, at: Timestamp) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{at}", key(self.policy, self.record, "released"));
        let mut facts = self.money();
        facts.extend(self.next());
        Notification {
            summary: format!(
                "{by} ended what {name} takes from services, up to the tier of {tier} %, for this period{}. A higher tier still begins.",
                words(why)
            ),
            facts,
            next_steps: vec![format!("To take it back: {}", self.ask("resume", ""))],
            ..self.message(Severity::Info, &key, &format!("{name}: released by {by}"))
        }
    }

    fn held(&self, by: &str, why: Option<&str>, until: Timestamp) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{until}/{}", key(self.policy, self.record, "held"), self.now);
        Notification {
            summary: format!(
                "{by} keeps {name} from taking anything until {}{}. What is reached then begins by itself.",
                format_time(until),
                words(why)
            ),
            facts: self.money(),
            next_steps: vec![format!("To end it sooner: {}", self.ask("resume", ""))],
            ..self.message(Severity::Info, &key, &format!("{name}: held off until {}", format_time(until)))
        }
    }

    fn hold_ended(&self, by: &str, until: Timestamp, tier: u32) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{until}", key(self.policy, self.record, "hold-ended"));
        Notification {
            summary: format!(
                "The time for which {by} kept {name} off is over, and the tier of {tier} % begins: {}.",
                self.restrictions()
            ),
            facts: self.money().into_iter().chain(self.taken()).chain(self.ends()).collect(),
            next_steps: self.ways_out(),
            ..self.message(Severity::Warning, &key, &format!("{name}: {}", self.restrictions()))
        }
    }

    fn resumed(&self, by: &str, tier: Option<u32>, at: Timestamp) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{at}", key(self.policy, self.record, "resumed"));
        let what = match tier {
            Some(tier) => format!("the tier of {tier} % begins: {}", self.restrictions()),
            None => "no tier is reached".into(),
        };
        Notification {
            summary: format!("{by} lets {name} take from services again; {what}."),
            facts: self.money().into_iter().chain(self.taken()).chain(self.ends()).collect(),
            ..self.message(Severity::Info, &key, &format!("{name}: resumed by {by}"))
        }
    }

    fn confirmed(&self, by: &str, figure: &Amount) -> Notification {
        let name = &self.policy.name;
        let key = format!("{}{}", key(self.policy, self.record, "confirmed"), figure.hundredths);
        Notification {
            summary: format!("{by} says that {figure} of {name} is right. From now on it counts."),
            facts: self.limit().into_iter().collect(),
            ..self.message(Severity::Info, &key, &format!("{name}: {figure} is right, says {by}"))
        }
    }

    /// What is spent, what is forecast, and what tasks cost.
    fn money(&self) -> Vec<(String, String)> {
        let mut facts = vec![("spent".to_owned(), self.believed())];
        facts.extend(self.limit());
        let forecast = self.spend.and_then(|spend| spend.forecast.as_ref());
        facts.extend(forecast.map(|forecast| ("forecast".to_owned(), forecast.to_string())));
        facts.extend(self.own());
        facts
    }

    fn believed(&self) -> String {
        match &self.record.figure {
            Some(figure) => format!("{figure} ({} %)", self.record.percent()),
            None => "nothing yet".into(),
        }
    }

    fn limit(&self) -> Option<(String, String)> {
        self.record.limit.as_ref().map(|limit| ("limit".into(), limit.to_string()))
    }

    fn own(&self) -> Option<(String, String)> {
        let hourly = self.hourly?;
        let day = hourly.saturating_mul(24);
        Some(("tasks".into(), format!("those that run now cost about {hourly} an hour, {day} a day")))
    }

    /// What is in force, a line for each service.
    fn taken(&self) -> Vec<(String, String)> {
        self.record
            .restrictions(self.policy, self.now)
            .into_iter()
            .map(|(service, restriction)| (service, restriction.to_string()))
            .collect()
    }

    fn restrictions(&self) -> String {
        let taken: Vec<String> =
            self.taken().into_iter().map(|(service, restriction)| format!("{service} {restriction}")).collect();
        if taken.is_empty() { "nothing is taken from any service".into() } else { taken.join("; ") }
    }

    /// What stays as it is.
    fn still(&self) -> String {
        match self.record.in_force(self.now) {
            Some(tier) => format!("the tier of {tier} % stays in force"),
            None => "no tier is in force".into(),
        }
    }

    /// What the next tier takes.
    fn next(&self) -> Option<(String, String)> {
        let reached = self.record.tier.unwrap_or_default();
        let next = self.policy.tiers.iter().find(|tier| tier.at_percent > reached)?;
        let restrictions: Vec<String> =
            next.services.iter().map(|(service, restriction)| format!("{service} {restriction}")).collect();
        Some((format!("at {} %", next.at_percent), restrictions.join("; ")))
    }

    fn ends(&self) -> Option<(String, String)> {
        let end = self.record.period?.end;
        Some(("ends".into(), format!("by itself at {}", format_time(end))))
    }

    fn ways_out(&self) -> Vec<String> {
        vec![
            format!("Look where it comes from: {}cost-explorer", self.console),
            format!("To give it back for the rest of the period: {}", self.ask("release", "")),
            format!("To give it back for a day: {}", self.ask("hold", r#""until":"24h","#)),
        ]
    }

    /// The request to send, as `sam remote invoke` and the console take it.
    fn ask(&self, action: &str, more: &str) -> String {
        let budget = &self.policy.name;
        format!(r#"invoke the budget function with {{"action":"{action}","budget":"{budget}",{more}"by":"<you>"}}"#)
    }

    fn message(&self, severity: Severity, key: &str, title: &str) -> Notification {
        Notification::new(&self.fleet.title(), severity, key, &thread(self.policy, self.record), title)
    }
}

/// Messages about one period of a budget belong together.
fn thread(policy: &BudgetPolicy, record: &Record) -> String {
    let begun = record.period.map(|period| period.start.to_zoned(TimeZone::UTC).date().to_string());
    format!("budget/{}/{}", policy.name, begun.unwrap_or_default())
}

/// Names what is told of one kind within one period.
pub(crate) fn key(policy: &BudgetPolicy, record: &Record, kind: &str) -> String {
    format!("{}/{kind}/", thread(policy, record))
}

/// Names the threshold that a message is about; its copies name the same.
fn about(notice: &Notice) -> String {
    let kind = match notice.kind {
        NoticeKind::Actual => "actual",
        NoticeKind::Forecasted => "forecasted",
    };
    let threshold = notice.threshold.as_ref().unwrap_or(&notice.amount);
    format!("{kind}/{}", threshold.hundredths)
}

/// What a message of Budgets says.
fn told(notice: &Notice) -> Vec<(String, String)> {
    let fact = |label: &str, amount: &Option<Amount>| Some((label.to_owned(), amount.as_ref()?.to_string()));
    let told = Some(("told".to_owned(), notice.amount.to_string()));
    [told, fact("threshold", &notice.threshold), fact("limit", &notice.limit)].into_iter().flatten().collect()
}

/// `: launch week` where somebody said why.
fn words(why: Option<&str>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
