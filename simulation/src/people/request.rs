//! What people request, rightly and wrongly.

use serde_json::{Value, json};

use crate::rng::Rng;

/// Something about a service.
pub(super) fn request(rng: &mut Rng, service: &str) -> Value {
    let by = *rng.pick(&["anna", "ben"]);
    let until = *rng.pick(&["30m", "2h", "6h"]);
    let mut request = match rng.between(0, 17) {
        0..=2 => {
            let mut request =
                json!({ "action": "rollback", "service": service, "by": by, "reason": "checkout broken" });
            match rng.between(0, 9) {
                0..=1 => request["deployment"] = "@current".into(),
                // The one of a message of yesterday.
                2 => request["deployment"] = "ecs-svc/1111111111111111111".into(),
                3 => request["environment"] = "release".into(),
                4..=5 => request["hold_until"] = until.into(),
                _ => {}
            }
            request
        }
        3 => json!({ "action": "restart", "service": service, "by": by }),
        4 => json!({ "action": "freeze", "until": until, "by": by }),
        5 => json!({ "action": "unfreeze", "by": by }),
        6..=7 => json!({ "action": "wake", "service": service, "until": until, "by": by }),
        8 => json!({ "action": "sleep", "service": service, "until": until, "by": by }),
        9 => json!({ "action": "hold", "service": service, "until": until, "by": by }),
        10 => json!({ "action": "resume", "service": service, "by": by }),
        11 => json!({ "action": "plan" }),
        12 => json!({ "action": "lift", "by": by }),
        13 => retry(rng, service, by),
        14..=15 => budget(rng),
        16 => json!({ "action": "reconcile", "by": by }),
        _ => mistaken(rng, service, by),
    };
    if rng.chance(0.3) {
        request["id"] = format!("r-{}", rng.between(1, 1_000_000)).into();
    }
    request
}

/// Something about the budget.
pub(super) fn budget(rng: &mut Rng) -> Value {
    let by = *rng.pick(&["anna", "ben"]);
    let budget = "huskit-monthly";
    match rng.between(0, 3) {
        0 => json!({ "action": "hold", "budget": budget, "until": *rng.pick(&["30m", "3h"]), "by": by }),
        1 => json!({ "action": "lift", "budget": budget, "by": by, "reason": "launch week" }),
        2 => json!({ "action": "resume", "budget": budget, "by": by }),
        _ => json!({ "action": "confirm", "budget": budget, "by": by }),
    }
}

/// What the tag names now, or an image of before.
pub(super) fn retry(rng: &mut Rng, service: &str, by: &str) -> Value {
    let mut request = json!({ "action": "retry", "service": service, "by": by });
    if rng.chance(0.5) {
        request["image"] = format!("@{}", rng.between(0, 2)).into();
    }
    request
}

fn mistaken(rng: &mut Rng, service: &str, by: &str) -> Value {
    match rng.between(0, 6) {
        0 => json!({ "action": "wake", "service": "wep", "until": "2", "by": by }),
        1 => json!({ "action": "wake", "service": service, "until": "2 fortnights", "by": by }),
        2 => json!({ "action": "rolback", "service": service, "by": by }),
        3 => json!({ "action": "rollback", "service": service }),
        4 => json!({ "action": "hold", "budget": "huskit-weekly", "until": "2h", "by": by }),
        5 => json!({ "action": "retry", "service": service, "image": "0a19999", "by": by }),
        _ => json!({ "action": "freeze", "until": "2020-01-01T00:00:00Z", "by": by, "at": "soon" }),
    }
}
