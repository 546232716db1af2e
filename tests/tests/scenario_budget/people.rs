//! Requests of engineers, and what happens when something fails in between.

use jiff::SignedDuration;
use planner::rollout::LEASE;
use serde_json::json;

use super::*;

#[test]
fn a_release_lifts_restrictions_and_resume_restores_them() {
    let world = world();
    world.spend("476.90");
    world.tick();
    let release = json!({"action": "release", "budget": BUDGET, "by": "anna", "reason": "launch week"});
    assert_eq!(reasons(&world.ask(&release).unwrap()), ["released"]);
    assert_eq!(world.restriction("crawler"), None);
    world.tick();
    assert_eq!(world.restriction("crawler"), None);
    assert_eq!(reasons(&world.ask(&json!({"action": "resume", "budget": BUDGET, "by": "ben"})).unwrap()), ["resumed"]);
    assert_eq!(world.restriction("crawler").unwrap()["scale_to_zero"]["BOOL"], true);
    let subjects = world.messages();
    assert_eq!(
        subjects[1..],
        [
            "Budget huskit-monthly: restrictions lifted by anna [huskit prod]",
            "Budget huskit-monthly: resumed by ben [huskit prod]"
        ]
    );
}

#[test]
fn a_hold_suspends_a_tier_that_is_reached_meanwhile() {
    let world = world();
    let hold = json!({"action": "hold", "budget": BUDGET, "until": "2h", "by": "anna"});
    assert_eq!(reasons(&world.ask(&hold).unwrap()), ["held"]);
    world.spend("412.37");
    let answer = world.deliver("sns.notification.budget-80");
    assert_eq!((reasons(&answer), &decisions(&answer, "budget")[0]["decision"]), (vec!["reached"], &json!("hold_off")));
    assert_eq!(world.restriction("crawler"), None);
}

#[test]
fn a_doubted_figure_that_an_engineer_confirms_counts() {
    let world = world();
    world.spend("3000.00");
    assert_eq!(reasons(&world.tick()), ["doubted"]);
    let confirm = json!({"action": "confirm", "budget": BUDGET, "by": "anna"});
    assert_eq!(reasons(&world.ask(&confirm).unwrap()), ["confirmed", "reached"]);
    assert_eq!(world.restriction("website-agent").unwrap()["max_tasks"]["N"], "3");
}

#[test]
fn a_plan_changes_nothing() {
    let world = world();
    world.spend("476.90");
    let answer = world.ask(&json!({"action": "plan", "budget": BUDGET})).unwrap();
    assert_eq!((reasons(&answer), &answer["dry_run"]), (vec!["reached"], &json!(true)));
    assert_eq!(decisions(&answer, "service")[0]["service"], format!("{CLUSTER}/crawler"));
    assert_eq!((world.restriction("crawler"), world.messages().len()), (None, 0));
    assert!(world.item(&format!("budget/{BUDGET}"), "budget").is_null());
}

/// They all arrive at the request function.
#[test]
fn a_request_has_the_answers_of_the_functions_that_know_its_action() {
    let world = world();
    let plan = json!({"action": "plan", "budget": BUDGET, "at": now().to_string()});
    let answer = world.ask(&plan).unwrap();
    assert_eq!(reasons(&answer), ["unchanged"]);
    assert_eq!(answer, world.start(&plan).unwrap(), "one function's answer as it is");
    let answers = world.ask(&json!({"action": "plan"})).unwrap();
    let functions: Vec<&String> = answers.as_object().unwrap().keys().collect();
    assert_eq!(functions, ["rollout", "capacity", "alarm", "budget"]);
    for (function, answer) in answers.as_object().unwrap() {
        assert!(answer["decisions"].is_array() && answer["dry_run"] == true, "{function}: {answer}");
    }
}

#[test]
fn what_is_no_request_is_refused_with_all_that_are_known() {
    let world = world();
    let error = |payload: &Value| {
        // A mistake is an answer, so that it raises no alarm on the function.
        let answer = world.ask(payload).unwrap();
        assert_eq!(answer["error"]["kind"], "invalid", "{answer}");
        answer["error"]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        error(&json!({"action": "dance", "by": "anna"})),
        "action: got `dance`, expected one of rollback, restart, retry, freeze, unfreeze, wake, sleep, hold, resume, \
         release, confirm, digest, plan, reconcile"
    );
    let (_, event) = tests::events().into_iter().find(|(name, _)| name == "ecr.image-action.push-latest").unwrap();
    assert_eq!(
        error(&event),
        "request: got `an event ECR Image Action of aws.ecr`, expected `action`, which says what is requested"
    );
}

#[test]
fn a_request_that_is_wrong_says_what_was_expected() {
    let world = world();
    let answer = world.ask(&json!({"action": "release", "budget": "travel", "by": "anna"})).unwrap();
    assert_eq!(answer["error"]["message"], "budget: got `travel`, expected one of huskit-monthly");
}

/// Whatever call fails: the message comes in the end, and the fact is there.
#[test]
fn an_invocation_that_dies_anywhere_is_healed_by_the_next() {
    let world = world();
    for skip in 0..12 {
        world.forget();
        world.spend("476.90");
        // Three failures in a row: the SDK gives up on that call.
        world.faults(json!([{"status": 500, "skip": skip, "times": 3}]));
        let first = world.start(&json!({"action": "reconcile"}));
        world.faults(json!([]));
        let sent = world.messages().len();
        let healed = world.start(&json!({"action": "reconcile"}));
        assert!(healed.is_ok(), "after {skip} calls: {first:?}, then {healed:?}");
        assert_eq!(
            world.restriction("crawler").unwrap()["scale_to_zero"]["BOOL"],
            true,
            "after {skip} calls: {first:?}"
        );
        // After the lease any invocation sends what the first wrote and did not send.
        let later = now() + LEASE + SignedDuration::from_secs(1);
        let tick = world.start(&json!({"action": "reconcile", "at": later.to_string()}));
        assert!(tick.is_ok(), "after {skip} calls: {first:?}, then {tick:?}");
        assert!(sent + world.messages().len() >= 1, "after {skip} calls the message is lost: {first:?}");
        let unsent = world.item(&format!("budget/{BUDGET}"), "budget")["outbox"]["L"].as_array().map_or(0, Vec::len);
        assert_eq!(unsent, 0, "after {skip} calls: {first:?}");
    }
}
