//! What happens in a run: drawn from a seed, or written in a story.

use jiff::{SignedDuration, Timestamp};

use super::request::{budget, request};
use super::together::{asleep, correction, follows, month_ends, unheard, wakes, works_at_night};
use super::{Act, Follows, Setup};
use crate::rng::Rng;
use crate::weather::Weather;
use crate::world::behaviour::{Behaviour, Flaw};

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
    /// Days of usage before the start, from which AWS Budgets makes forecasts.
    pub used_days: i64,
    /// What happens, by the time after the start.
    pub acts: Vec<(SignedDuration, Act)>,
}

/// Moments around which something is likely to break: nights whose clocks change, the end of a month, an ordinary Monday, a morning.
const STARTS: [&str; 6] = [
    "2026-11-16T08:00:00Z",
    "2026-03-28T18:00:00Z",
    "2026-10-24T18:00:00Z",
    "2026-11-30T16:00:00Z",
    "2027-02-28T06:00:00Z",
    "2026-11-17T02:30:00Z",
];

/// Minutes of the day, in UTC, at which scheduled downtime begins and ends in winter.
const EDGES: [i64; 2] = [21 * 60, 5 * 60];

/// Draws what happens to `services` in `lasts`.
///
/// `more` services are added to them, or as many as the seed says.
pub fn draw(
    rng: &mut Rng,
    services: &[String],
    more: Option<usize>,
    mut lasts: SignedDuration,
    weather: Weather,
) -> Plan {
    let setup = Setup::draw(rng);
    let setup = Setup { more: more.unwrap_or(setup.more), ..setup };
    let services = [services, setup.added().as_slice()].concat();
    let services = services.as_slice();
    let start: Timestamp = rng.pick(&STARTS).parse().expect("a time");
    // The first image of each service is good: a system that never ran is a story of its own.
    let first = services.iter().enumerate().map(|(at, service)| {
        let minutes = i64::try_from(at).unwrap() * 3 + 2;
        let behaviour = Behaviour::Good;
        (
            SignedDuration::from_mins(minutes),
            Act::Push { service: service.clone(), behaviour, multi: false, flaw: None },
        )
    });
    let mut acts: Vec<(SignedDuration, Act)> = first.collect();
    // Most of what goes wrong needs several things at once: some days are busy.
    let busy = rng.between(1, 3);
    let hours = lasts.as_hours();
    let focus = focus(rng, start, lasts);
    for _ in 0..rng.between(2, 3 + hours * busy * 2 / 5) {
        let at = match rng.chance(0.3) {
            true => focus + SignedDuration::from_secs(rng.between(-1800, 1800)),
            false => SignedDuration::from_secs(rng.between(1800, lasts.as_secs())),
        };
        let at = at.clamp(SignedDuration::from_mins(30), lasts);
        let act = one(rng, services, &setup);
        if let Some((after, next)) = follows(rng, &act, services, &setup) {
            acts.push((at + after, next));
        }
        if rng.chance(0.2) {
            // Twice, shortly after each other, or the contrary.
            let again = if rng.chance(0.5) { act.clone() } else { one(rng, services, &setup) };
            acts.push((at + SignedDuration::from_secs(rng.between(0, 240)), again));
        }
        acts.push((at, act));
    }
    acts.extend(month_ends(rng, start, lasts));
    acts.extend(wakes(rng, services, focus_on(EDGES[1], start), lasts));
    acts.extend(asleep(rng, services, lasts));
    acts.extend(unheard(rng, services, lasts));
    acts.extend(works_at_night(rng, services, focus_on(EDGES[0], start), lasts));
    let corrected = rng.chance(0.03);
    if corrected {
        acts.extend(correction(rng));
    }
    // What follows something near the end comes no later than that.
    acts.retain(|(at, _)| *at <= lasts);
    acts.sort_by_key(|(at, _)| *at);
    // A lower figure counts when it has stayed for a day.
    lasts = if corrected { lasts.max(SignedDuration::from_hours(27)) } else { lasts };
    // A forecast needs five weeks of usage.
    let used_days = if rng.chance(0.5) { 90 } else { 0 };
    if setup.installed {
        acts.retain(|(at, _)| *at >= SignedDuration::from_mins(30));
    }
    Plan { setup, start, lasts, weather, used_days, acts }
}

/// Around when more happens than at other times, after the start: near the begin or end of scheduled downtime, or at any time.
fn focus(rng: &mut Rng, start: Timestamp, lasts: SignedDuration) -> SignedDuration {
    let minutes = match rng.chance(0.5) {
        true => return focus_on(*rng.pick(&EDGES), start),
        false => rng.between(30, lasts.as_mins()),
    };
    SignedDuration::from_mins(minutes)
}

/// From the start to the next time that is so many minutes after midnight.
fn focus_on(minutes: i64, start: Timestamp) -> SignedDuration {
    let day = start.as_second().rem_euclid(86_400) / 60;
    SignedDuration::from_mins((minutes - day).rem_euclid(24 * 60))
}

/// Behaviours that show in the pre-deploy task alone.
const MIGRATIONS: [Behaviour; 2] = [Behaviour::FailsMigration, Behaviour::HangsMigration];
const BAD: [Behaviour; 8] = [
    Behaviour::Crashes,
    Behaviour::OutOfMemory,
    Behaviour::Unpullable,
    Behaviour::Slow,
    Behaviour::FailsHealthCheck,
    Behaviour::FailsLoadBalancer,
    Behaviour::ErrsUnderTraffic,
    Behaviour::WrongPlatform,
];

/// What goes wrong with a push where the system looks at it.
fn push(rng: &mut Rng, service: String, good: bool, setup: &Setup) -> Act {
    let behaviour = match good {
        true if setup.migration && rng.chance(0.2) => *rng.pick(&MIGRATIONS),
        true => Behaviour::Good,
        false => *rng.pick(&BAD),
    };
    let mut flaws = Vec::new();
    if setup.scan.is_some() {
        flaws.extend([Flaw::Vulnerable, Flaw::Unscannable, Flaw::ScansSlowly]);
    }
    if setup.signed {
        flaws.extend([Flaw::Unsignable, Flaw::SignsSlowly]);
    }
    if setup.follows == Follows::Versions {
        flaws.push(Flaw::OldVersion);
    }
    let flaw = (!flaws.is_empty() && rng.chance(0.4)).then(|| *rng.pick(&flaws));
    Act::Push { service, behaviour, multi: rng.chance(0.5), flaw }
}

/// What a policy may deny by mistake: what changes the system, and what looks at it.
const DENIED: [&str; 13] = [
    "application-autoscaling:RegisterScalableTarget",
    "budgets:ViewBudget",
    "cloudfront:CreateInvalidation",
    "cloudwatch:DescribeAlarms",
    "ecr:DescribeImages",
    "ecr:PutImage",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:UpdateService",
    "lambda:InvokeFunction",
    "sns:Publish",
];

fn one(rng: &mut Rng, services: &[String], setup: &Setup) -> Act {
    let service = rng.pick(services).clone();
    let lasts = SignedDuration::from_mins(rng.between(5, 150));
    let alarm = |rng: &mut Rng| match *rng.pick(&["5xx", "unhealthy", "cpu", "memory", "latency", "cdn"]) {
        "cdn" => "cdn-5xx".to_owned(),
        kind => format!("{service}-{kind}"),
    };
    let back = |rng: &mut Rng| usize::try_from(rng.between(1, 2)).unwrap();
    match rng.between(0, 132) {
        0..=19 => push(rng, service, true, setup),
        20..=33 => push(rng, service, false, setup),
        34..=38 => Act::Retag { back: back(rng), service },
        39..=61 => Act::Request(request(rng, &service)),
        62..=66 => Act::DeployStack { fails: rng.chance(0.2) },
        67..=69 => Act::ConsoleRevision { service, back: 1 },
        70..=71 => Act::ConsoleCount { service, count: rng.between(0, 5) },
        125 => Act::RenameAlarm { alarm: alarm(rng) },
        126..=128 => {
            let (min, more) = (rng.between(0, 3), rng.between(0, 3));
            let every = SignedDuration::from_mins(*rng.pick(&[15, 60, 240]));
            Act::Schedule {
                service,
                min,
                max: min + more,
                every,
                lasts: SignedDuration::from_mins(rng.between(20, 360)),
            }
        }
        129 => Act::DeleteTopic { lasts },
        130..=132 => Act::Deny { action: (*rng.pick(&DENIED)).to_owned(), lasts },
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
        99 => Act::LedgerDown { lasts: SignedDuration::from_mins(rng.between(1, 20)) },
        100..=102 => Act::Rotate { service },
        103..=105 => Act::Retire { service, starts: SignedDuration::from_mins(rng.between(30, 1200)) },
        106..=108 => Act::StopTask { service },
        109..=110 => Act::Tag { back: back(rng), service },
        111..=112 => Act::Untag { service },
        113 => Act::DeleteImage { service },
        114..=115 => Act::Flap { service, times: rng.between(3, 6) },
        116..=117 => Act::NoData { service, lasts },
        118 => Act::RegistryDown { lasts },
        119 => Act::BudgetsDown { lasts: SignedDuration::from_mins(rng.between(30, 240)) },
        120 => {
            let factor = *rng.pick(&[3, 20, 10_000_000_000]);
            Act::Misreport { factor, lasts: SignedDuration::from_mins(rng.between(30, 480)) }
        }
        122 => Act::Protect { service, lasts: SignedDuration::from_mins(rng.between(20, 180)) },
        121 => Act::SpendADay { cents: rng.between(500, 6_000) },
        123 => Act::Limit { cents: *rng.pick(&[30_000, 80_000, 120_000]) },
        _ => Act::Request(budget(rng)),
    }
}
