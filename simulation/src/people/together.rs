//! What belongs together: some things are met only when another is on its way.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::request::{budget, retry};
use super::{Act, Setup};
use crate::rng::Rng;
use crate::world::behaviour::Behaviour;

/// Something that follows an act within a time, if it does.
pub(super) fn follows(rng: &mut Rng, act: &Act, services: &[String], setup: &Setup) -> Option<(SignedDuration, Act)> {
    let seconds = |rng: &mut Rng, from: i64, to: i64| SignedDuration::from_secs(rng.between(from, to));
    match act {
        // Who sees that a migration begins has another one in mind.
        Act::Push { service, behaviour: Behaviour::Good, .. } if setup.migration && rng.chance(0.3) => {
            let request = json!({ "action": "freeze", "service": service, "until": "2h", "by": "anna" });
            Some((seconds(rng, 20, 240), Act::Request(request)))
        }
        // A workflow that is sorry at once.
        Act::Push { service, behaviour: Behaviour::Good, .. } if rng.chance(0.08) => {
            Some((seconds(rng, 10, 115), Act::Retag { service: service.clone(), back: 1 }))
        }
        // While the tasks are replaced.
        Act::Push { service, behaviour: Behaviour::Good, .. } if rng.chance(0.05) => {
            let request = json!({ "action": "restart", "service": service, "by": "ben" });
            Some((seconds(rng, 60, 400), Act::Request(request)))
        }
        // Its tasks are still at work when the next image comes.
        Act::Protect { service, .. } if rng.chance(0.8) => {
            let push = Act::Push { service: service.clone(), behaviour: Behaviour::Good, multi: false, flaw: None };
            Some((seconds(rng, 10, 600), push))
        }
        // What is held is followed by the mend of what it was rolled back from.
        Act::Request(request) if request["hold_until"].is_string() && rng.chance(0.8) => {
            let service = services.iter().find(|service| request["service"] == service.as_str())?.clone();
            let push = Act::Push { service, behaviour: Behaviour::Good, multi: false, flaw: None };
            Some((seconds(rng, 120, 3600), push))
        }
        // Two people see the same.
        Act::Request(request) if request["action"] == "rollback" && rng.chance(0.25) => {
            let request =
                json!({ "action": "rollback", "service": request["service"], "by": "ben", "reason": "me too" });
            Some((seconds(rng, 20, 400), Act::Request(request)))
        }
        Act::Request(request) if request["budget"].is_string() && request["until"].is_string() => {
            let request = json!({ "action": "resume", "budget": request["budget"], "by": "ben" });
            Some((seconds(rng, 300, 7200), Act::Request(request)))
        }
        Act::Push { service, behaviour, .. } if !behaviour.serves() && rng.chance(0.15) => {
            Some((seconds(rng, 60, 5400), Act::Request(retry(rng, service, "ben"))))
        }
        Act::Push { service, behaviour: Behaviour::FailsMigration | Behaviour::HangsMigration, .. }
            if rng.chance(0.7) =>
        {
            let request = json!({ "action": "rollback", "service": service, "by": "anna", "reason": "it hangs" });
            Some((seconds(rng, 20, 800), Act::Request(request)))
        }
        // Who sees that it fails does not wait for ECS.
        Act::Push { service, behaviour, .. } if !behaviour.serves() && rng.chance(0.3) => {
            let request = json!({ "action": "rollback", "service": service, "by": "ben" });
            Some((seconds(rng, 120, 720), Act::Request(request)))
        }
        // The answer was lost, or an engineer believes so.
        Act::Request(request) if request["id"].is_string() && rng.chance(0.3) => {
            Some((seconds(rng, 20, 2400), act.clone()))
        }
        // An engineer is there before the alarm's remedy.
        Act::Load { service, .. } if rng.chance(0.15) => {
            let request = json!({ "action": "restart", "service": service, "by": "anna" });
            Some((seconds(rng, 10, 400), Act::Request(request)))
        }
        // An alarm that is known is switched off.
        Act::Load { service, lasts, .. } if rng.chance(0.15) => {
            let kind = *rng.pick(&["cpu", "memory"]);
            Some((seconds(rng, 600, lasts.as_secs().max(900)), Act::DeleteAlarm { alarm: format!("{service}-{kind}") }))
        }
        Act::Push { service, .. } if rng.chance(0.15) => {
            let next = match rng.between(0, 2) {
                0 => Act::Push { service: service.clone(), behaviour: Behaviour::Good, multi: false, flaw: None },
                1 => Act::Request(json!({ "action": "freeze", "until": "2h", "by": "ben" })),
                _ => Act::Request(json!({ "action": "rollback", "service": service, "by": "ben" })),
            };
            Some((seconds(rng, 20, 600), next))
        }
        // A service without a task has none to fall back to while its secret is missing.
        Act::SecretMissing { service, .. } if rng.chance(0.8) => {
            let behaviour = *rng.pick(&[Behaviour::Good, Behaviour::Crashes]);
            let push = Act::Push { service: service.clone(), behaviour, multi: false, flaw: None };
            Some((seconds(rng, 30, 600), push))
        }
        // Spot that runs dry takes tasks away first.
        Act::SpotShort { .. } if rng.chance(0.8) => {
            Some((seconds(rng, 0, 600), Act::Interrupt { service: rng.pick(services).clone() }))
        }
        // The move to on-demand is refused as well.
        Act::SpotShort { .. } => {
            let lasts = SignedDuration::from_mins(rng.between(60, 150));
            Some((seconds(rng, 0, 30), Act::UpdatesRefused { service: rng.pick(services).clone(), lasts }))
        }
        // Who wakes a service works with it.
        Act::Request(request) if request["action"] == "wake" && rng.chance(0.4) => {
            let service = services.iter().find(|service| request["service"] == service.as_str())?.clone();
            let lasts = SignedDuration::from_mins(rng.between(60, 240));
            Some((seconds(rng, 20, 600), Act::Load { service, percent: 97, lasts }))
        }
        Act::RegistryDown { lasts } => {
            let at = seconds(rng, 1, lasts.as_secs());
            Some((at, Act::Request(json!({ "action": *rng.pick(&["plan", "reconcile"]), "by": "ben" }))))
        }
        Act::BudgetsDown { lasts } => Some((seconds(rng, 1, lasts.as_secs()), Act::Spend { cents: 45_000 })),
        Act::Misreport { .. } if rng.chance(0.7) => Some((
            seconds(rng, 60, 7200),
            Act::Request(json!({ "action": "confirm", "budget": "huskit-monthly", "by": "anna" })),
        )),
        // What comes and goes stays in the end.
        Act::Flap { service, times } if rng.chance(0.5) => {
            let lasts = SignedDuration::from_mins(rng.between(45, 100));
            Some((SignedDuration::from_mins(*times * 10), Act::Errors { service: service.clone(), lasts }))
        }
        Act::Spend { cents } if *cents > 0 => match rng.between(0, 9) {
            // What was spent is credited, before or after the notice about it has come.
            0 => Some((seconds(rng, 0, 60), Act::Spend { cents: -*cents })),
            1 => Some((seconds(rng, 600, 7200), Act::Spend { cents: -*cents })),
            2..=3 => Some((seconds(rng, 600, 18_000), Act::Limit { cents: *rng.pick(&[80_000, 150_000]) })),
            4..=5 => Some((seconds(rng, 60, 3600), Act::Request(budget(rng)))),
            _ => None,
        },
        Act::Retire { service, starts } if rng.chance(0.3) => {
            // Nothing is restarted in time.
            let until = format!("{}m", starts.as_mins() + 30);
            Some((
                seconds(rng, 60, 600),
                Act::Request(json!({ "action": "freeze", "service": service, "until": until, "by": "anna" })),
            ))
        }
        // Nothing that AWS does not let start replaces the tasks.
        Act::Rotate { service } if rng.chance(0.2) => Some((
            seconds(rng, 0, 300),
            Act::SecretMissing { service: service.clone(), lasts: SignedDuration::from_mins(45) },
        )),
        _ => None,
    }
}

/// The last hours of a month, when AWS Budgets may send notices that come after its end.
pub(super) fn month_ends(rng: &mut Rng, start: Timestamp, lasts: SignedDuration) -> Vec<(SignedDuration, Act)> {
    let month = |at: Timestamp| at.strftime("%Y-%m").to_string();
    let Some(end) =
        (1..=lasts.as_hours()).map(SignedDuration::from_hours).find(|after| month(start + *after) != month(start))
    else {
        return Vec::new();
    };
    if rng.chance(0.4) {
        return Vec::new();
    }
    let one = |_| {
        let before = SignedDuration::from_secs(rng.between(60, 7200));
        (end - before, Act::Spend { cents: rng.between(15_000, 45_000) })
    };
    (0..3).map(one).collect()
}

/// An image is pushed while a service sleeps, which is not as it should be around the service when it wakes.
pub(super) fn wakes(
    rng: &mut Rng,
    services: &[String],
    wakes: SignedDuration,
    lasts: SignedDuration,
) -> Vec<(SignedDuration, Act)> {
    let minutes = SignedDuration::from_mins;
    if wakes < minutes(90) || wakes > lasts || rng.chance(0.4) {
        return Vec::new();
    }
    let Some(service) = services.last().cloned() else { return Vec::new() };
    let (pushed, begins) = (minutes(rng.between(15, 45)), minutes(rng.between(1, 14)));
    let lasts = begins + minutes(rng.between(10, 60));
    let trouble = match rng.between(0, 3) {
        0 => Act::OnDemandShort { lasts },
        1 => Act::SecretMissing { service: service.clone(), lasts },
        // For so long that it has to be announced.
        _ => Act::UpdatesRefused { service: service.clone(), lasts: lasts + minutes(60) },
    };
    let push = Act::Push { service, behaviour: Behaviour::Good, multi: false, flaw: None };
    vec![(wakes - pushed, push), (wakes - begins, trouble)]
}

/// The same of a service that a person scales to zero for a while, which no move to Spot wakes.
pub(super) fn asleep(rng: &mut Rng, services: &[String], lasts: SignedDuration) -> Vec<(SignedDuration, Act)> {
    let minutes = SignedDuration::from_mins;
    if lasts < minutes(240) || rng.chance(0.95) {
        return Vec::new();
    }
    let (service, begins) = (rng.pick(services).clone(), minutes(rng.between(40, lasts.as_mins() - 130)));
    let request = json!({ "action": "sleep", "service": service, "until": "1h", "by": "anna" });
    let push = Act::Push { service: service.clone(), behaviour: Behaviour::Good, multi: false, flaw: None };
    let missing = Act::SecretMissing { service, lasts: minutes(rng.between(12, 40)) };
    let (pushed, missed) = (minutes(rng.between(5, 40)), minutes(rng.between(50, 60)));
    vec![(begins, Act::Request(request)), (begins + pushed, push), (begins + missed, missing)]
}

/// A service is woken in its scheduled downtime, which begins then, and has much to do for hours.
pub(super) fn works_at_night(
    rng: &mut Rng,
    services: &[String],
    begins: SignedDuration,
    lasts: SignedDuration,
) -> Vec<(SignedDuration, Act)> {
    let minutes = SignedDuration::from_mins;
    if begins + minutes(240) > lasts || rng.chance(0.75) {
        return Vec::new();
    }
    let service = rng.pick(services).clone();
    let request = json!({ "action": "wake", "service": service, "until": "6h", "by": "anna" });
    let load = Act::Load { service, percent: 97, lasts: minutes(rng.between(150, 240)) };
    let (woken, loaded) = (minutes(rng.between(15, 60)), minutes(rng.between(10, 30)));
    vec![(begins + woken, Act::Request(request)), (begins + woken + loaded, load)]
}

/// No message can be sent for a while, and people go on: a release whose message waits is followed by another, or by a request.
pub(super) fn unheard(rng: &mut Rng, services: &[String], lasts: SignedDuration) -> Vec<(SignedDuration, Act)> {
    let minutes = SignedDuration::from_mins;
    if lasts < minutes(300) || rng.chance(0.9) {
        return Vec::new();
    }
    let (service, begins) = (rng.pick(services).clone(), minutes(rng.between(40, lasts.as_mins() - 200)));
    let long = minutes(rng.between(90, 180));
    let trouble = match rng.between(0, 1) {
        0 => Act::TopicRefuses { lasts: long },
        _ => Act::DeleteTopic { lasts: long },
    };
    let push = Act::Push { service: service.clone(), behaviour: Behaviour::Good, multi: false, flaw: None };
    let next = match rng.between(0, 2) {
        0 => Act::Request(json!({ "action": "rollback", "service": service, "by": "anna", "reason": "5xx" })),
        1 => Act::Request(json!({ "action": "freeze", "service": service, "until": "1h", "by": "anna" })),
        _ => push.clone(),
    };
    let (pushed, goes_on) = (minutes(rng.between(1, 5)), minutes(rng.between(18, 40)));
    vec![(begins, trouble), (begins + pushed, push), (begins + goes_on, next)]
}

/// A figure that is corrected down and stays so for a day.
pub(super) fn correction(rng: &mut Rng) -> [(SignedDuration, Act); 2] {
    let cents = rng.between(42_000, 60_000);
    let at = SignedDuration::from_mins(rng.between(20, 50));
    [(at, Act::Spend { cents }), (at + SignedDuration::from_mins(rng.between(5, 50)), Act::Spend { cents: -cents })]
}
