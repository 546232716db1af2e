//! What people and AWS do. Each act has one line of text, as stories write it.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde_json::Value;

use crate::world::behaviour::{Behaviour, Flaw};

/// One thing that happens.
// The docstrings explain the fields.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// `push website-agent crashes`: an image under `latest` and a commit tag; `multi` as an index with attestations, `vulnerable` and
    /// so on with a flaw that gates see.
    Push { service: String, behaviour: Behaviour, multi: bool, flaw: Option<Flaw> },
    /// `retag website-agent 1`: `latest` is moved back to the image that was pushed so many images ago.
    Retag { service: String, back: usize },
    /// `tag website-agent 1`: the image that was pushed so many images ago gets another commit tag, or another version.
    Tag { service: String, back: usize },
    /// `untag website-agent`: the newest commit tag, or version, is deleted.
    Untag { service: String },
    /// `delete-image website-agent`: the newest image is deleted.
    DeleteImage { service: String },
    /// `request {"action":"wake",...}`: a person sends it, and waits for the answer. `@current` stands for the id of the primary deployment,
    /// `@1` for the commit tag of the image that was pushed so many images ago.
    Request(Value),
    /// `deploy-stack`: an update of the stack; `deploy-stack fails` is rolled back.
    DeployStack { fails: bool },
    /// `console-revision website-agent 1`: in the console, the service is set to the revision that it ran so many revisions ago.
    ConsoleRevision { service: String, back: usize },
    /// `console-count website-agent 4`: in the console, the desired count is set.
    ConsoleCount { service: String, count: i64 },
    /// `stop-task website-agent`: in the console, a task of the service is stopped; its pre-deploy task, if one runs.
    StopTask { service: String },
    /// `delete-alarm website-agent-5xx`: in the console; there is no event.
    DeleteAlarm { alarm: String },
    /// `set-alarm website-agent-5xx`: a person calls SetAlarmState.
    SetAlarm { alarm: String },
    /// `rename-alarm website-agent-5xx`: in the console, a copy with another name is made and the alarm deleted; neither has an event that
    /// the automation follows.
    RenameAlarm { alarm: String },
    /// `schedule website-agent 1 3 30m 4h`: a scheduled action sets these bounds again and again, for a while.
    Schedule { service: String, min: i64, max: i64, every: SignedDuration, lasts: SignedDuration },
    /// `load crawler 95 40m`: CPU and memory are at so many percent for a while.
    Load { service: String, percent: i64, lasts: SignedDuration },
    /// `errors website-agent 20m`: requests fail for a reason that is not the image.
    Errors { service: String, lasts: SignedDuration },
    /// `flap website-agent 5`: the same comes and goes so many times.
    Flap { service: String, times: i64 },
    /// `no-data website-agent 30m`: CloudWatch gets no data of the service.
    NoData { service: String, lasts: SignedDuration },
    /// `spot-short 2h`: Spot has no capacity.
    SpotShort { lasts: SignedDuration },
    /// `interrupt crawler`: Fargate interrupts a Spot task.
    Interrupt { service: String },
    /// `on-demand-short 20m`: Fargate has no capacity on demand.
    OnDemandShort { lasts: SignedDuration },
    /// `secret-missing crawler 30m`: a secret of the service cannot be read.
    SecretMissing { service: String, lasts: SignedDuration },
    /// `retire website-agent 3d`: AWS announces that it replaces the tasks of the service from then on, and does.
    Retire { service: String, starts: SignedDuration },
    /// `protect crawler 1h`: the tasks of the service protect themselves from scale-in, as with `UpdateTaskProtection` while they work.
    Protect { service: String, lasts: SignedDuration },
    /// `rotate website-agent`: a secret that the service reads has a new value.
    Rotate { service: String },
    /// `spend 412.37`: so much is spent this month; `spend -50.00` is a credit.
    Spend { cents: i64 },
    /// `spend-a-day 40.00`: so much is spent each day from now on.
    SpendADay { cents: i64 },
    /// `limit 800.00`: the budget has another limit.
    Limit { cents: i64 },
    /// `misreport 10000000000 6h`: AWS Budgets has figures that are so many times too high.
    Misreport { factor: i64, lasts: SignedDuration },
    /// `budgets-down 3h`: AWS Budgets answers with errors.
    BudgetsDown { lasts: SignedDuration },
    /// `registry-down 20m`: ECR answers with errors.
    RegistryDown { lasts: SignedDuration },
    /// `topic-refuses 30m`: SNS refuses to publish.
    TopicRefuses { lasts: SignedDuration },
    /// `delete-topic 30m`: the topic for people is deleted, and made again later.
    DeleteTopic { lasts: SignedDuration },
    /// `deny ecs:UpdateService 30m`: a service control policy denies the action to all functions.
    Deny { action: String, lasts: SignedDuration },
    /// `ledger-down 10m`: DynamoDB answers with errors.
    LedgerDown { lasts: SignedDuration },
    /// `updates-refused crawler 2h`: ECS refuses to update the service.
    UpdatesRefused { service: String, lasts: SignedDuration },
}

impl Act {
    /// Does it keep messages from people for a while?
    pub fn refuses_messages(&self) -> bool {
        matches!(self, Act::TopicRefuses { .. } | Act::DeleteTopic { .. })
            || matches!(self, Act::Deny { action, .. } if action == "sns:Publish")
    }

    /// How long it goes on.
    pub fn lasts(&self) -> SignedDuration {
        match self {
            Act::Load { lasts, .. }
            | Act::Schedule { lasts, .. }
            | Act::DeleteTopic { lasts }
            | Act::Deny { lasts, .. }
            | Act::Errors { lasts, .. }
            | Act::NoData { lasts, .. }
            | Act::SpotShort { lasts }
            | Act::OnDemandShort { lasts }
            | Act::SecretMissing { lasts, .. }
            | Act::Misreport { lasts, .. }
            | Act::BudgetsDown { lasts }
            | Act::RegistryDown { lasts }
            | Act::TopicRefuses { lasts }
            | Act::LedgerDown { lasts }
            | Act::Protect { lasts, .. }
            | Act::UpdatesRefused { lasts, .. } => *lasts,
            _ => SignedDuration::ZERO,
        }
    }
}

const BEHAVIOURS: [(&str, Behaviour); 11] = [
    ("good", Behaviour::Good),
    ("crashes", Behaviour::Crashes),
    ("out-of-memory", Behaviour::OutOfMemory),
    ("unpullable", Behaviour::Unpullable),
    ("slow", Behaviour::Slow),
    ("fails-health-check", Behaviour::FailsHealthCheck),
    ("fails-load-balancer", Behaviour::FailsLoadBalancer),
    ("errs-under-traffic", Behaviour::ErrsUnderTraffic),
    ("wrong-platform", Behaviour::WrongPlatform),
    ("fails-migration", Behaviour::FailsMigration),
    ("hangs-migration", Behaviour::HangsMigration),
];

const FLAWS: [(&str, Flaw); 6] = [
    ("vulnerable", Flaw::Vulnerable),
    ("unscannable", Flaw::Unscannable),
    ("scans-slowly", Flaw::ScansSlowly),
    ("unsignable", Flaw::Unsignable),
    ("signs-slowly", Flaw::SignsSlowly),
    ("old-version", Flaw::OldVersion),
];

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = |span: &SignedDuration| format!("{}m", span.as_mins());
        match self {
            Act::Push { service, behaviour, multi, flaw } => {
                let name = BEHAVIOURS.iter().find(|(_, one)| one == behaviour).map_or("?", |(name, _)| name);
                write!(f, "push {service} {name}{}", if *multi { " multi" } else { "" })?;
                let flaw = FLAWS.iter().find(|(_, one)| Some(*one) == *flaw);
                flaw.map_or(Ok(()), |(name, _)| write!(f, " {name}"))
            }
            Act::Retag { service, back } => write!(f, "retag {service} {back}"),
            Act::Tag { service, back } => write!(f, "tag {service} {back}"),
            Act::Untag { service } => write!(f, "untag {service}"),
            Act::DeleteImage { service } => write!(f, "delete-image {service}"),
            Act::Request(request) => write!(f, "request {request}"),
            Act::DeployStack { fails } => write!(f, "deploy-stack{}", if *fails { " fails" } else { "" }),
            Act::ConsoleRevision { service, back } => write!(f, "console-revision {service} {back}"),
            Act::ConsoleCount { service, count } => write!(f, "console-count {service} {count}"),
            Act::StopTask { service } => write!(f, "stop-task {service}"),
            Act::DeleteAlarm { alarm } => write!(f, "delete-alarm {alarm}"),
            Act::SetAlarm { alarm } => write!(f, "set-alarm {alarm}"),
            Act::RenameAlarm { alarm } => write!(f, "rename-alarm {alarm}"),
            Act::Schedule { service, min, max, every, lasts } => {
                write!(f, "schedule {service} {min} {max} {} {}", minutes(every), minutes(lasts))
            }
            Act::Load { service, percent, lasts } => write!(f, "load {service} {percent} {}", minutes(lasts)),
            Act::Errors { service, lasts } => write!(f, "errors {service} {}", minutes(lasts)),
            Act::Flap { service, times } => write!(f, "flap {service} {times}"),
            Act::NoData { service, lasts } => write!(f, "no-data {service} {}", minutes(lasts)),
            Act::SpotShort { lasts } => write!(f, "spot-short {}", minutes(lasts)),
            Act::Interrupt { service } => write!(f, "interrupt {service}"),
            Act::OnDemandShort { lasts } => write!(f, "on-demand-short {}", minutes(lasts)),
            Act::SecretMissing { service, lasts } => write!(f, "secret-missing {service} {}", minutes(lasts)),
            Act::Retire { service, starts } => write!(f, "retire {service} {}", minutes(starts)),
            Act::Protect { service, lasts } => write!(f, "protect {service} {}", minutes(lasts)),
            Act::Rotate { service } => write!(f, "rotate {service}"),
            Act::Spend { cents } => write!(f, "spend {}", dollars(*cents)),
            Act::SpendADay { cents } => write!(f, "spend-a-day {}", dollars(*cents)),
            Act::Limit { cents } => write!(f, "limit {}", dollars(*cents)),
            Act::Misreport { factor, lasts } => write!(f, "misreport {factor} {}", minutes(lasts)),
            Act::BudgetsDown { lasts } => write!(f, "budgets-down {}", minutes(lasts)),
            Act::RegistryDown { lasts } => write!(f, "registry-down {}", minutes(lasts)),
            Act::TopicRefuses { lasts } => write!(f, "topic-refuses {}", minutes(lasts)),
            Act::DeleteTopic { lasts } => write!(f, "delete-topic {}", minutes(lasts)),
            Act::Deny { action, lasts } => write!(f, "deny {action} {}", minutes(lasts)),
            Act::LedgerDown { lasts } => write!(f, "ledger-down {}", minutes(lasts)),
            Act::UpdatesRefused { service, lasts } => write!(f, "updates-refused {service} {}", minutes(lasts)),
        }
    }
}

impl FromStr for Act {
    type Err = String;

    fn from_str(line: &str) -> Result<Act, String> {
        let bad = |expected: &str| format!("`{line}`: expected {expected}");
        if let Some(request) = line.strip_prefix("request ") {
            let request = serde_json::from_str(request).map_err(|error| bad(&format!("JSON ({error})")))?;
            return Ok(Act::Request(request));
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let text = |at: usize| words.get(at).map(|word| (*word).to_owned()).ok_or_else(|| bad("a name"));
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<i64>().ok()).ok_or_else(|| bad("a number"));
        let back = |at: usize| usize::try_from(number(at)?).map_err(|_| bad("a number from 0"));
        let lasts = |at: usize| span(words.get(at).unwrap_or(&"")).ok_or_else(|| bad("a duration such as 20m"));
        let cents = |at: usize| {
            let (dollars, cents) = words.get(at).and_then(|word| word.split_once('.')).unwrap_or(("", ""));
            format!("{dollars}{cents:0<2}").parse::<i64>().map_err(|_| bad("an amount such as 412.37"))
        };
        Ok(match words.first().copied().unwrap_or_default() {
            "push" => {
                let wanted = text(2)?;
                let known = BEHAVIOURS.iter().find(|(name, _)| *name == wanted);
                let (_, behaviour) = known.ok_or_else(|| bad("a behaviour such as good or crashes"))?;
                let more = words.get(3..).unwrap_or_default();
                let flaw = FLAWS.iter().find(|(name, _)| more.contains(name)).map(|(_, flaw)| *flaw);
                Act::Push { service: text(1)?, behaviour: *behaviour, multi: more.contains(&"multi"), flaw }
            }
            "retag" => Act::Retag { service: text(1)?, back: back(2)? },
            "tag" => Act::Tag { service: text(1)?, back: back(2)? },
            "untag" => Act::Untag { service: text(1)? },
            "delete-image" => Act::DeleteImage { service: text(1)? },
            "deploy-stack" => Act::DeployStack { fails: words.get(1) == Some(&"fails") },
            "console-revision" => Act::ConsoleRevision { service: text(1)?, back: back(2)? },
            "console-count" => Act::ConsoleCount { service: text(1)?, count: number(2)? },
            "stop-task" => Act::StopTask { service: text(1)? },
            "delete-alarm" => Act::DeleteAlarm { alarm: text(1)? },
            "set-alarm" => Act::SetAlarm { alarm: text(1)? },
            "rename-alarm" => Act::RenameAlarm { alarm: text(1)? },
            "schedule" => Act::Schedule {
                service: text(1)?,
                min: number(2)?,
                max: number(3)?,
                every: lasts(4)?,
                lasts: lasts(5)?,
            },
            "load" => Act::Load { service: text(1)?, percent: number(2)?, lasts: lasts(3)? },
            "errors" => Act::Errors { service: text(1)?, lasts: lasts(2)? },
            "flap" => Act::Flap { service: text(1)?, times: number(2)? },
            "no-data" => Act::NoData { service: text(1)?, lasts: lasts(2)? },
            "spot-short" => Act::SpotShort { lasts: lasts(1)? },
            "interrupt" => Act::Interrupt { service: text(1)? },
            "on-demand-short" => Act::OnDemandShort { lasts: lasts(1)? },
            "secret-missing" => Act::SecretMissing { service: text(1)?, lasts: lasts(2)? },
            "retire" => Act::Retire { service: text(1)?, starts: lasts(2)? },
            "protect" => Act::Protect { service: text(1)?, lasts: lasts(2)? },
            "rotate" => Act::Rotate { service: text(1)? },
            "spend" => Act::Spend { cents: cents(1)? },
            "spend-a-day" => Act::SpendADay { cents: cents(1)? },
            "limit" => Act::Limit { cents: cents(1)? },
            "misreport" => Act::Misreport { factor: number(1)?, lasts: lasts(2)? },
            "budgets-down" => Act::BudgetsDown { lasts: lasts(1)? },
            "registry-down" => Act::RegistryDown { lasts: lasts(1)? },
            "topic-refuses" => Act::TopicRefuses { lasts: lasts(1)? },
            "delete-topic" => Act::DeleteTopic { lasts: lasts(1)? },
            "deny" => Act::Deny { action: text(1)?, lasts: lasts(2)? },
            "ledger-down" => Act::LedgerDown { lasts: lasts(1)? },
            "updates-refused" => Act::UpdatesRefused { service: text(1)?, lasts: lasts(2)? },
            _ => return Err(bad("something that can happen: push, retag, request, ...")),
        })
    }
}

fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// `90s`, `20m`, `2h` or `1d`.
pub fn span(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(SignedDuration::from_secs(number * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_a_line_that_reads_back() {
        for line in [
            "push website-agent crashes",
            "push crawler good multi",
            "push crawler good multi signs-slowly",
            "push crawler good vulnerable",
            "tag crawler 2",
            "untag crawler",
            "stop-task crawler",
            "flap website-agent 5",
            "no-data website-agent 30m",
            "spend -50.05",
            "spend-a-day 40.00",
            "limit 800.00",
            "misreport 10000000000 360m",
            "budgets-down 180m",
            "registry-down 20m",
            "retag website-agent 1",
            "delete-image crawler",
            "request {\"action\":\"wake\",\"service\":\"crawler\"}",
            "deploy-stack",
            "deploy-stack fails",
            "console-revision website-agent 1",
            "console-count crawler 4",
            "delete-alarm website-agent-5xx",
            "set-alarm website-agent-5xx",
            "rename-alarm website-agent-5xx",
            "schedule website-agent 1 3 30m 240m",
            "delete-topic 30m",
            "deny ecs:UpdateService 30m",
            "load crawler 95 40m",
            "errors website-agent 20m",
            "spot-short 120m",
            "interrupt crawler",
            "on-demand-short 20m",
            "secret-missing crawler 30m",
            "retire website-agent 4320m",
            "protect crawler 60m",
            "rotate website-agent",
            "spend 412.37",
            "topic-refuses 30m",
            "ledger-down 10m",
            "updates-refused crawler 30m",
        ] {
            assert_eq!(line.parse::<Act>().unwrap().to_string(), line);
        }
        assert!("push website-agent sings".parse::<Act>().unwrap_err().contains("a behaviour such as good"));
    }
}
