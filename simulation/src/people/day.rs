//! What happens in a run: drawn from a seed, or written in a story.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Act;
use crate::account::Account;
use crate::rng::Rng;
use crate::weather::Weather;
use crate::world::behaviour::Behaviour;

/// How the system is that the automation operates.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setup {
    /// Does every service have a pre-deploy task?
    pub migration: bool,
    /// Have the services been running for long when the automation is installed, the last one at 0 and with a newer image under its tag?
    pub installed: bool,
    /// Has the last service no scalable target?
    pub unscaled: bool,
    /// Is everything a dry run?
    pub dry_run: bool,
}

impl Setup {
    /// The account that is deployed so.
    pub fn account(&self) -> Account {
        let dry_run = if self.dry_run { "true" } else { "false" };
        let first = if self.installed { "false" } else { "true" };
        let mut account = Account::huskit(&[("FirstDeploy", first), ("DryRun", dry_run)]);
        if self.migration {
            account.change_fleet(|service| {
                let container = service["name"].clone();
                let task = json!({ "container": container, "command": ["migrate"], "deadline_minutes": 15 });
                service["rollout"]["pre_deploy_task"] = task;
            });
        }
        if self.unscaled {
            account.forget_target();
        }
        account
    }
}

/// The acts of a run, and its weather.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How the system is.
    pub setup: Setup,
    /// When it begins: right after the deploy.
    pub start: Timestamp,
    /// How long acts and faults last; afterwards everything must settle.
    pub lasts: SignedDuration,
    /// What goes wrong.
    pub weather: Weather,
    /// What happens, by the time after the start.
    pub acts: Vec<(SignedDuration, Act)>,
}

/// Moments around which something is likely to break: nights whose clocks change, the end of a month, an ordinary Monday.
const STARTS: [&str; 5] = [
    "2026-11-16T08:00:00Z",
    "2026-03-28T18:00:00Z",
    "2026-10-24T18:00:00Z",
    "2026-11-30T16:00:00Z",
    "2027-02-27T20:00:00Z",
];

/// Minutes of the day, in UTC, at which scheduled downtime begins and ends in winter.
const EDGES: [i64; 2] = [21 * 60, 5 * 60];

/// Draws what happens to `services` in `lasts`.
pub fn draw(rng: &mut Rng, services: &[String], lasts: SignedDuration, weather: Weather) -> Plan {
    let start: Timestamp = rng.pick(&STARTS).parse().expect("a time");
    // The first image of each service is good: a system that never ran is a story of its own.
    let first = services.iter().enumerate().map(|(at, service)| {
        let minutes = i64::try_from(at).unwrap() * 3 + 2;
        let behaviour = Behaviour::Good;
        (SignedDuration::from_mins(minutes), Act::Push { service: service.clone(), behaviour, multi: false })
    });
    let mut acts: Vec<(SignedDuration, Act)> = first.collect();
    // Most of what goes wrong needs several things at once: some days are busy.
    let busy = rng.between(1, 3);
    let hours = lasts.as_hours();
    let focus = focus(rng, start, lasts);
    for _ in 0..rng.between(2, 3 + hours * busy / 3) {
        let at = match rng.chance(0.4) {
            true => focus + SignedDuration::from_secs(rng.between(-1800, 1800)),
            false => SignedDuration::from_secs(rng.between(1800, lasts.as_secs())),
        };
        let at = at.clamp(SignedDuration::from_mins(30), lasts);
        let act = one(rng, services);
        if rng.chance(0.2) {
            // Twice, shortly after each other, or the contrary.
            let again = if rng.chance(0.5) { act.clone() } else { one(rng, services) };
            acts.push((at + SignedDuration::from_secs(rng.between(0, 240)), again));
        }
        if let Some(next) = follows(rng, &act, services) {
            acts.push((at + SignedDuration::from_secs(rng.between(20, 600)), next));
        }
        acts.push((at, act));
    }
    acts.sort_by_key(|(at, _)| *at);
    let setup = Setup {
        migration: rng.chance(0.25),
        installed: rng.chance(0.15),
        unscaled: rng.chance(0.1),
        dry_run: rng.chance(0.04),
    };
    if setup.installed {
        acts.retain(|(at, _)| *at >= SignedDuration::from_mins(30));
    }
    Plan { setup, start, lasts, weather, acts }
}

/// Around when more happens than at other times, after the start: near the begin or end of scheduled downtime, or at any time.
fn focus(rng: &mut Rng, start: Timestamp, lasts: SignedDuration) -> SignedDuration {
    let minutes = match rng.chance(0.5) {
        true => {
            let day = start.as_second().rem_euclid(86_400) / 60;
            (*rng.pick(&EDGES) - day).rem_euclid(24 * 60)
        }
        false => rng.between(30, lasts.as_mins()),
    };
    SignedDuration::from_mins(minutes)
}

fn one(rng: &mut Rng, services: &[String]) -> Act {
    let service = rng.pick(services).clone();
    let lasts = SignedDuration::from_mins(rng.between(5, 150));
    let alarm = |rng: &mut Rng| {
        let kind = *rng.pick(&["5xx", "unhealthy", "cpu", "memory", "latency"]);
        format!("{service}-{kind}")
    };
    match rng.between(0, 99) {
        0..=19 => Act::Push { behaviour: Behaviour::Good, multi: rng.chance(0.5), service },
        20..=33 => {
            let behaviour = *rng.pick(&[
                Behaviour::Crashes,
                Behaviour::OutOfMemory,
                Behaviour::Unpullable,
                Behaviour::Slow,
                Behaviour::FailsHealthCheck,
                Behaviour::FailsLoadBalancer,
                Behaviour::ErrsUnderTraffic,
                Behaviour::WrongPlatform,
                Behaviour::FailsMigration,
                Behaviour::HangsMigration,
            ]);
            Act::Push { service, behaviour, multi: rng.chance(0.5) }
        }
        34..=38 => Act::Retag { back: usize::try_from(rng.between(1, 2)).unwrap(), service },
        39..=61 => Act::Request(request(rng, &service)),
        62..=66 => Act::DeployStack { fails: rng.chance(0.2) },
        67..=69 => Act::ConsoleRevision { service, back: 1 },
        70..=71 => Act::ConsoleCount { service, count: rng.between(0, 5) },
        72..=73 => Act::DeleteAlarm { alarm: alarm(rng) },
        74..=75 => Act::SetAlarm { alarm: alarm(rng) },
        76..=80 => Act::Load { service, percent: rng.between(70, 99), lasts },
        81..=83 => Act::Errors { service, lasts },
        84..=87 => Act::SpotShort { lasts },
        88..=90 => Act::Interrupt { service },
        91 => Act::OnDemandShort { lasts },
        92..=93 => Act::SecretMissing { service, lasts },
        94..=96 => Act::Spend { cents: rng.between(1_000, 60_000) },
        97 => Act::TopicRefuses { lasts },
        98 => Act::UpdatesRefused { service, lasts },
        _ => Act::LedgerDown { lasts: SignedDuration::from_mins(rng.between(1, 20)) },
    }
}

/// What often follows within minutes.
fn follows(rng: &mut Rng, act: &Act, services: &[String]) -> Option<Act> {
    let lasts = SignedDuration::from_mins(rng.between(60, 240));
    match act {
        // Spot that runs dry takes tasks away first.
        Act::SpotShort { .. } => {
            Some(Act::Interrupt { service: rng.pick(services).clone() }).filter(|_| rng.chance(0.8))
        }
        Act::Push { service, .. } if rng.chance(0.2) => Some(match rng.between(0, 2) {
            0 => Act::Push { service: service.clone(), behaviour: Behaviour::Good, multi: false },
            1 => Act::Request(json!({ "action": "freeze", "until": "2h", "by": "ben" })),
            _ => Act::Request(json!({ "action": "rollback", "service": service, "by": "ben" })),
        }),
        // Who wakes a service works with it.
        Act::Request(request) if request["action"] == "wake" && rng.chance(0.4) => {
            let service = services.iter().find(|service| request["service"] == service.as_str())?.clone();
            Some(Act::Load { service, percent: 97, lasts })
        }
        _ => None,
    }
}

fn request(rng: &mut Rng, service: &str) -> Value {
    let by = *rng.pick(&["anna", "ben"]);
    let until = *rng.pick(&["30m", "2h", "6h"]);
    let mut request = match rng.between(0, 13) {
        0..=2 => json!({ "action": "rollback", "service": service, "by": by, "reason": "checkout broken" }),
        3 => json!({ "action": "restart", "service": service, "by": by }),
        4 => json!({ "action": "freeze", "until": until, "by": by }),
        5 => json!({ "action": "unfreeze", "by": by }),
        6..=7 => json!({ "action": "wake", "service": service, "until": until, "by": by }),
        8 => json!({ "action": "sleep", "service": service, "until": until, "by": by }),
        9 => json!({ "action": "hold", "service": service, "until": until, "by": by }),
        10 => json!({ "action": "resume", "service": service, "by": by }),
        11 => json!({ "action": "plan" }),
        12 => json!({ "action": "lift", "by": by }),
        // A typing error.
        _ => json!({ "action": "wake", "service": "wep", "until": "2", "by": by }),
    };
    if rng.chance(0.3) {
        request["id"] = format!("r-{}", rng.between(1, 1_000_000)).into();
    }
    request
}
