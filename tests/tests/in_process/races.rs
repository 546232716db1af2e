//! Two budgets that take from the same service, moved by two invocations at once.

use budget::App;
use serde_json::{Value, json};

use crate::cloud::Cloud;

fn cloud() -> Cloud {
    let downtime = json!({"zone": "Europe/Berlin", "windows": [{"from": "22:00", "to": "06:00"}]});
    let crawler = json!({"name": "crawler", "cluster": "prod", "baseline": {"min": 1, "max": 3}, "sleep": downtime, "spot": {"mode": "prefer"}});
    let tier = |restriction: Value| json!([{"at_percent": 80, "services": {"crawler": restriction}}]);
    let budgets = json!([
        {"name": "all", "tiers": tier(json!({"spot_only": true}))},
        {"name": "tasks", "tiers": tier(json!({"max_tasks": 1}))},
    ]);
    let cloud = Cloud::new(&json!({"system": "acme", "stage": "prod", "services": [crawler]}), &budgets);
    cloud.spend("all", "412.37");
    cloud.spend("tasks", "412.37");
    cloud
}

fn send(cloud: &Cloud, request: &Value, now: &str) {
    cloud.invoke::<App>(request.clone(), now).unwrap();
}

/// What both together take, as the capacity function reads it.
fn restriction(cloud: &Cloud) -> (bool, bool) {
    let restriction = &cloud.item("service/prod/crawler", "capacity")["budget"]["M"];
    (restriction["spot_only"]["BOOL"] == true, restriction["max_tasks"]["N"] == "1")
}

fn request(action: &str, budget: &str) -> Value {
    json!({"action": action, "budget": budget, "by": "anna"})
}

#[test]
fn whenever_another_budget_moves_in_between_both_cuts_hold() {
    let hold = |budget: &str| json!({"action": "hold", "budget": budget, "until": "2h", "by": "anna"});
    for (before, mine, others, expected) in [
        // Nothing is taken, and both begin.
        (vec![hold("all"), hold("tasks")], "resume", "resume", (true, true)),
        // Both take, and both end.
        (vec![json!({"action": "reconcile"})], "lift", "lift", (false, false)),
    ] {
        for call in 1.. {
            let cloud = cloud();
            before.iter().for_each(|request| send(&cloud, request, "2026-11-21T10:00:00Z"));
            let between = cloud.clone();
            let other = request(others, "tasks");
            cloud.between(call, move || send(&between, &other, "2026-11-21T10:30:01Z"));
            send(&cloud, &request(mine, "all"), "2026-11-21T10:30:00Z");
            if cloud.waits() {
                assert!(call > 8, "an invocation of {call} calls is none");
                break;
            }
            assert_eq!(restriction(&cloud), expected, "{mine}: the other came before call {call}");
        }
    }
}

/// One begins while the other ends: the last to write has read last.
#[test]
fn what_is_decided_from_an_older_look_never_stays() {
    for call in 1.. {
        let cloud = cloud();
        send(&cloud, &json!({"action": "reconcile"}), "2026-11-21T10:00:00Z");
        send(&cloud, &request("lift", "tasks"), "2026-11-21T10:10:00Z");
        assert_eq!(restriction(&cloud), (true, false));
        let between = cloud.clone();
        cloud.between(call, move || send(&between, &request("resume", "tasks"), "2026-11-21T10:30:01Z"));
        send(&cloud, &request("lift", "all"), "2026-11-21T10:30:00Z");
        if cloud.waits() {
            break;
        }
        assert_eq!(restriction(&cloud), (false, true), "the other came before call {call}");
    }
}
