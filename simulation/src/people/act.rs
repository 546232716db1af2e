//! What people and AWS do. Each act has one line of text, as stories write it.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde_json::Value;

use crate::world::behaviour::Behaviour;

/// One thing that happens.
// The docstrings explain the fields.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// `push website-agent crashes`: an image under `latest` and a commit tag; `multi` as an index with attestations.
    Push { service: String, behaviour: Behaviour, multi: bool },
    /// `retag website-agent 1`: `latest` is moved back to the image that was pushed so many images ago.
    Retag { service: String, back: usize },
    /// `delete-image website-agent`: the newest image is deleted.
    DeleteImage { service: String },
    /// `request {"action":"wake",...}`: a person sends it, and waits for the answer.
    Request(Value),
    /// `deploy-stack`: an update of the stack; `deploy-stack fails` is rolled back.
    DeployStack { fails: bool },
    /// `console-revision website-agent 1`: in the console, the service is set to the revision that it ran so many revisions ago.
    ConsoleRevision { service: String, back: usize },
    /// `console-count website-agent 4`: in the console, the desired count is set.
    ConsoleCount { service: String, count: i64 },
    /// `delete-alarm website-agent-5xx`: in the console; there is no event.
    DeleteAlarm { alarm: String },
    /// `set-alarm website-agent-5xx`: a person calls SetAlarmState.
    SetAlarm { alarm: String },
    /// `load crawler 95 40m`: CPU and memory are at so many percent for a while.
    Load { service: String, percent: i64, lasts: SignedDuration },
    /// `errors website-agent 20m`: requests fail for a reason that is not the image.
    Errors { service: String, lasts: SignedDuration },
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
    /// `rotate website-agent`: a secret that the service reads has a new value.
    Rotate { service: String },
    /// `spend 412.37`: so much is spent this month.
    Spend { cents: i64 },
    /// `topic-refuses 30m`: SNS refuses to publish.
    TopicRefuses { lasts: SignedDuration },
    /// `ledger-down 10m`: DynamoDB answers with errors.
    LedgerDown { lasts: SignedDuration },
    /// `updates-refused crawler 2h`: ECS refuses to update the service.
    UpdatesRefused { service: String, lasts: SignedDuration },
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

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = |span: &SignedDuration| format!("{}m", span.as_mins());
        match self {
            Act::Push { service, behaviour, multi } => {
                let name = BEHAVIOURS.iter().find(|(_, one)| one == behaviour).map_or("?", |(name, _)| name);
                write!(f, "push {service} {name}{}", if *multi { " multi" } else { "" })
            }
            Act::Retag { service, back } => write!(f, "retag {service} {back}"),
            Act::DeleteImage { service } => write!(f, "delete-image {service}"),
            Act::Request(request) => write!(f, "request {request}"),
            Act::DeployStack { fails } => write!(f, "deploy-stack{}", if *fails { " fails" } else { "" }),
            Act::ConsoleRevision { service, back } => write!(f, "console-revision {service} {back}"),
            Act::ConsoleCount { service, count } => write!(f, "console-count {service} {count}"),
            Act::DeleteAlarm { alarm } => write!(f, "delete-alarm {alarm}"),
            Act::SetAlarm { alarm } => write!(f, "set-alarm {alarm}"),
            Act::Load { service, percent, lasts } => write!(f, "load {service} {percent} {}", minutes(lasts)),
            Act::Errors { service, lasts } => write!(f, "errors {service} {}", minutes(lasts)),
            Act::SpotShort { lasts } => write!(f, "spot-short {}", minutes(lasts)),
            Act::Interrupt { service } => write!(f, "interrupt {service}"),
            Act::OnDemandShort { lasts } => write!(f, "on-demand-short {}", minutes(lasts)),
            Act::SecretMissing { service, lasts } => write!(f, "secret-missing {service} {}", minutes(lasts)),
            Act::Retire { service, starts } => write!(f, "retire {service} {}", minutes(starts)),
            Act::Rotate { service } => write!(f, "rotate {service}"),
            Act::Spend { cents } => write!(f, "spend {}.{:02}", cents / 100, cents % 100),
            Act::TopicRefuses { lasts } => write!(f, "topic-refuses {}", minutes(lasts)),
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
        Ok(match words.first().copied().unwrap_or_default() {
            "push" => {
                let wanted = text(2)?;
                let known = BEHAVIOURS.iter().find(|(name, _)| *name == wanted);
                let (_, behaviour) = known.ok_or_else(|| bad("a behaviour such as good or crashes"))?;
                Act::Push { service: text(1)?, behaviour: *behaviour, multi: words.get(3) == Some(&"multi") }
            }
            "retag" => Act::Retag { service: text(1)?, back: back(2)? },
            "delete-image" => Act::DeleteImage { service: text(1)? },
            "deploy-stack" => Act::DeployStack { fails: words.get(1) == Some(&"fails") },
            "console-revision" => Act::ConsoleRevision { service: text(1)?, back: back(2)? },
            "console-count" => Act::ConsoleCount { service: text(1)?, count: number(2)? },
            "delete-alarm" => Act::DeleteAlarm { alarm: text(1)? },
            "set-alarm" => Act::SetAlarm { alarm: text(1)? },
            "load" => Act::Load { service: text(1)?, percent: number(2)?, lasts: lasts(3)? },
            "errors" => Act::Errors { service: text(1)?, lasts: lasts(2)? },
            "spot-short" => Act::SpotShort { lasts: lasts(1)? },
            "interrupt" => Act::Interrupt { service: text(1)? },
            "on-demand-short" => Act::OnDemandShort { lasts: lasts(1)? },
            "secret-missing" => Act::SecretMissing { service: text(1)?, lasts: lasts(2)? },
            "retire" => Act::Retire { service: text(1)?, starts: lasts(2)? },
            "rotate" => Act::Rotate { service: text(1)? },
            "spend" => {
                let (dollars, cents) = words.get(1).and_then(|word| word.split_once('.')).unwrap_or(("", ""));
                let cents = format!("{dollars}{cents:0<2}").parse().map_err(|_| bad("an amount such as 412.37"))?;
                Act::Spend { cents }
            }
            "topic-refuses" => Act::TopicRefuses { lasts: lasts(1)? },
            "ledger-down" => Act::LedgerDown { lasts: lasts(1)? },
            "updates-refused" => Act::UpdatesRefused { service: text(1)?, lasts: lasts(2)? },
            _ => return Err(bad("something that can happen: push, retag, request, ...")),
        })
    }
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
            "retag website-agent 1",
            "delete-image crawler",
            "request {\"action\":\"wake\",\"service\":\"crawler\"}",
            "deploy-stack",
            "deploy-stack fails",
            "console-revision website-agent 1",
            "console-count crawler 4",
            "delete-alarm website-agent-5xx",
            "set-alarm website-agent-5xx",
            "load crawler 95 40m",
            "errors website-agent 20m",
            "spot-short 120m",
            "interrupt crawler",
            "on-demand-short 20m",
            "secret-missing crawler 30m",
            "retire website-agent 4320m",
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
