//! Which functions a request is for: decided by its action and by what it names.

use anyhow::{Result, bail};
use serde_json::Value;

const ROLLOUT: &str = "RolloutFunction";
const CAPACITY: &str = "CapacityFunction";
const ALARM: &str = "AlarmFunction";
const BUDGET: &str = "BudgetFunction";

/// Every action, what a request with it may name (`""`: nothing), and the logical ids of the functions that carry it out.
const ACTIONS: [(&str, &[&str], &[&str]); 21] = [
    ("rollback", &["service"], &[ROLLOUT]),
    ("restart", &["service"], &[ROLLOUT]),
    ("retry", &["service"], &[ROLLOUT]),
    ("freeze", &["", "service"], &[ROLLOUT]),
    ("unfreeze", &["", "service"], &[ROLLOUT]),
    ("wake", &["service"], &[CAPACITY]),
    ("sleep", &["service"], &[CAPACITY]),
    ("hold", &["service"], &[CAPACITY]),
    ("resume", &["service"], &[CAPACITY]),
    ("digest", &[""], &[CAPACITY]),
    ("release", &["", "budget"], &[BUDGET]),
    ("hold", &["budget"], &[BUDGET]),
    ("resume", &["budget"], &[BUDGET]),
    ("confirm", &["budget"], &[BUDGET]),
    ("plan", &[""], &[ROLLOUT, CAPACITY, ALARM, BUDGET]),
    ("reconcile", &[""], &[ROLLOUT, CAPACITY, ALARM, BUDGET]),
    ("plan", &["service"], &[ROLLOUT, CAPACITY]),
    ("reconcile", &["service"], &[ROLLOUT, CAPACITY]),
    ("plan", &["alarm"], &[ALARM]),
    ("reconcile", &["alarm"], &[ALARM]),
    ("plan", &["budget"], &[BUDGET]),
];

/// The logical ids of the functions that a request is for.
///
/// # Errors
/// An unknown action, with all that are known; a target that the action does not take.
pub fn functions_of(request: &Value) -> Result<&'static [&'static str]> {
    let action = request["action"].as_str().unwrap_or_default();
    let target = ["service", "alarm", "budget"].into_iter().find(|field| request[*field].is_string()).unwrap_or("");
    let named: Vec<_> = ACTIONS.iter().filter(|(name, _, _)| *name == action).collect();
    if named.is_empty() {
        let mut known: Vec<&str> = ACTIONS.iter().map(|(name, _, _)| *name).collect();
        known.sort_unstable();
        known.dedup();
        bail!("action: got `{action}`, expected one of {}", known.join(", "));
    }
    if let Some((_, _, functions)) = named.iter().find(|(_, targets, _)| targets.contains(&target)) {
        return Ok(functions);
    }
    let targets = named.iter().flat_map(|(_, targets, _)| targets.iter());
    let names: Vec<&str> = targets.map(|target| if target.is_empty() { "no target" } else { target }).collect();
    let got = if target.is_empty() { "no target" } else { target };
    bail!("request `{action}`: got {got}, expected {}", names.join(" or "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_action_and_what_it_names_decide() {
        for (request, expected) in [
            (json!({"action": "rollback", "service": "web"}), vec![ROLLOUT]),
            (json!({"action": "hold", "service": "web"}), vec![CAPACITY]),
            (json!({"action": "hold", "budget": "monthly"}), vec![BUDGET]),
            (json!({"action": "release"}), vec![BUDGET]),
            (json!({"action": "plan", "service": "web", "at": "2026-12-24T23:00:00Z"}), vec![ROLLOUT, CAPACITY]),
            (json!({"action": "plan"}), vec![ROLLOUT, CAPACITY, ALARM, BUDGET]),
        ] {
            assert_eq!(functions_of(&request).unwrap(), expected, "{request}");
        }
    }

    #[test]
    fn what_is_not_understood_says_what_is() {
        let error = |request| functions_of(&request).unwrap_err().to_string();
        assert_eq!(
            error(json!({"action": "dance"})),
            "action: got `dance`, expected one of confirm, digest, freeze, hold, plan, reconcile, release, restart, resume, \
             retry, rollback, sleep, unfreeze, wake"
        );
        assert_eq!(error(json!({"action": "wake"})), "request `wake`: got no target, expected service");
    }
}
