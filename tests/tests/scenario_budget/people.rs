//! Requests of engineers, and what happens when something fails in between.

use jiff::SignedDuration;
use planner::rollout::LEASE;
use serde_json::json;

use super::*;

#[test]
fn lift_ends_restrictions_and_resume_restores_them() {
    let scenario = scenario();
    scenario.spend("476.90");
    scenario.tick();
    let lift = json!({"action": "lift", "budget": BUDGET, "by": "anna", "reason": "launch week"});
    assert_eq!(reasons(&scenario.send(&lift).unwrap()), ["lifted"]);
    assert_eq!(scenario.restriction("crawler"), None);
    scenario.tick();
    assert_eq!(scenario.restriction("crawler"), None);
    assert_eq!(
        reasons(&scenario.send(&json!({"action": "resume", "budget": BUDGET, "by": "ben"})).unwrap()),
        ["resumed"]
    );
    assert_eq!(scenario.restriction("crawler").unwrap()["scale_to_zero"]["BOOL"], true);
    let subjects = scenario.messages();
    assert_eq!(
        subjects[1..],
        [
            "Budget restrictions lifted: huskit-monthly by anna [huskit prod]",
            "Budget resumed: huskit-monthly by ben [huskit prod]"
        ]
    );
}

#[test]
fn a_hold_suspends_a_tier_that_is_reached_meanwhile() {
    let scenario = scenario();
    let hold = json!({"action": "hold", "budget": BUDGET, "until": "2h", "by": "anna"});
    assert_eq!(reasons(&scenario.send(&hold).unwrap()), ["held"]);
    scenario.spend("412.37");
    let answer = scenario.deliver("sns.notification.budget-80");
    assert_eq!((reasons(&answer), &decisions(&answer, "budget")[0]["decision"]), (vec!["reached"], &json!("hold_off")));
    assert_eq!(scenario.restriction("crawler"), None);
}

#[test]
fn a_doubted_figure_that_an_engineer_confirms_counts() {
    let scenario = scenario();
    scenario.spend("3000.00");
    assert_eq!(reasons(&scenario.tick()), ["doubted"]);
    let confirm = json!({"action": "confirm", "budget": BUDGET, "by": "anna"});
    assert_eq!(reasons(&scenario.send(&confirm).unwrap()), ["confirmed", "reached"]);
    assert_eq!(scenario.restriction("website-agent").unwrap()["max_tasks"]["N"], "3");
}

#[test]
fn a_plan_changes_nothing() {
    let scenario = scenario();
    scenario.spend("476.90");
    let answer = scenario.send(&json!({"action": "plan", "budget": BUDGET})).unwrap();
    assert_eq!((reasons(&answer), &answer["dry_run"]), (vec!["reached"], &json!(true)));
    assert_eq!(decisions(&answer, "service")[0]["service"], format!("{CLUSTER}/crawler"));
    assert_eq!((scenario.restriction("crawler"), scenario.messages().len()), (None, 0));
    assert!(scenario.item(&format!("budget/{BUDGET}"), "budget").is_null());
}

/// They all arrive at the request function.
#[test]
fn a_request_has_the_answers_of_the_functions_that_know_its_action() {
    let scenario = scenario();
    let plan = json!({"action": "plan", "budget": BUDGET, "at": now().to_string()});
    let answer = scenario.send(&plan).unwrap();
    assert_eq!(reasons(&answer), ["unchanged"]);
    assert_eq!(answer, scenario.start(&plan).unwrap(), "one function's answer as it is");
    let answers = scenario.send(&json!({"action": "plan"})).unwrap();
    let functions: Vec<&String> = answers.as_object().unwrap().keys().collect();
    assert_eq!(functions, ["rollout", "capacity", "alarm", "budget"]);
    for (function, answer) in answers.as_object().unwrap() {
        assert!(answer["decisions"].is_array() && answer["dry_run"] == true, "{function}: {answer}");
    }
}

#[test]
fn what_is_no_request_is_refused_with_all_that_are_known() {
    let scenario = scenario();
    let error = |payload: &Value| {
        // A mistake is an answer, so that it raises no alarm on the function.
        let answer = scenario.send(payload).unwrap();
        assert_eq!(answer["error"]["kind"], "invalid", "{answer}");
        answer["error"]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        error(&json!({"action": "dance", "by": "anna"})),
        "action: got `dance`, expected one of rollback, restart, retry, freeze, unfreeze, wake, sleep, hold, resume, \
         lift, confirm, digest, plan, reconcile"
    );
    let (_, event) = tests::events().into_iter().find(|(name, _)| name == "ecr.image-action.push-latest").unwrap();
    assert_eq!(
        error(&event),
        "request: got `an event ECR Image Action of aws.ecr`, expected `action`, which says what is requested"
    );
}

#[test]
fn a_request_that_is_wrong_says_what_was_expected() {
    let scenario = scenario();
    let answer = scenario.send(&json!({"action": "lift", "budget": "travel", "by": "anna"})).unwrap();
    assert_eq!(answer["error"]["message"], "budget: got `travel`, expected one of huskit-monthly");
}

/// Whatever call fails: the message comes in the end, and the fact is there.
#[test]
fn an_invocation_that_dies_anywhere_is_healed_by_the_next() {
    let scenario = scenario();
    for skip in 0..12 {
        scenario.forget();
        scenario.spend("476.90");
        // Three failures in a row: the SDK gives up on that call.
        scenario.faults(json!([{"status": 500, "skip": skip, "times": 3}]));
        let first = scenario.start(&json!({"action": "reconcile"}));
        scenario.faults(json!([]));
        let sent = scenario.messages().len();
        let healed = scenario.start(&json!({"action": "reconcile"}));
        assert!(healed.is_ok(), "after {skip} calls: {first:?}, then {healed:?}");
        assert_eq!(
            scenario.restriction("crawler").unwrap()["scale_to_zero"]["BOOL"],
            true,
            "after {skip} calls: {first:?}"
        );
        // After the lease any invocation sends what the first wrote and did not send.
        let later = now() + LEASE + SignedDuration::from_secs(1);
        let tick = scenario.start(&json!({"action": "reconcile", "at": later.to_string()}));
        assert!(tick.is_ok(), "after {skip} calls: {first:?}, then {tick:?}");
        assert!(sent + scenario.messages().len() >= 1, "after {skip} calls the message is lost: {first:?}");
        let unsent = scenario.item(&format!("budget/{BUDGET}"), "budget")["outbox"]["L"].as_array().map_or(0, Vec::len);
        assert_eq!(unsent, 0, "after {skip} calls: {first:?}");
    }
}
