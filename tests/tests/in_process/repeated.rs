//! A request that is delivered again, because its answer was lost.

use budget::App;
use serde_json::{Value, json};

use crate::cloud::Cloud;

fn cloud() -> Cloud {
    let crawler = json!({"name": "crawler", "cluster": "prod", "baseline": {"min": 1, "max": 3}});
    let tiers = json!([{"at_percent": 80, "services": {"crawler": {"max_tasks": 1}}}]);
    let budgets = json!([{"name": "all", "tiers": tiers}]);
    let cloud = Cloud::new(&json!({"system": "acme", "stage": "prod", "services": [crawler]}), &budgets);
    cloud.spend("all", "412.37");
    send(&cloud, &json!({"action": "reconcile"}), "2026-11-21T10:00:00Z");
    assert!(is_restricted(&cloud));
    cloud
}

fn send(cloud: &Cloud, request: &Value, now: &str) -> Value {
    cloud.invoke::<App>(request.clone(), now).unwrap()
}

fn is_restricted(cloud: &Cloud) -> bool {
    cloud.item("service/prod/crawler", "capacity")["budget"]["M"]["max_tasks"]["N"] == "1"
}

fn request(action: &str, id: &str) -> Value {
    json!({"action": action, "id": id, "budget": "all", "by": "anna"})
}

#[test]
fn a_request_that_arrives_twice_at_once_takes_effect_once_and_neither_fails() {
    for call in 1.. {
        let cloud = cloud();
        let (between, before) = (cloud.clone(), cloud.published());
        cloud.between(call, move || drop(send(&between, &request("lift", "r-1"), "2026-11-21T10:10:01Z")));
        send(&cloud, &request("lift", "r-1"), "2026-11-21T10:10:00Z");
        if cloud.waits() {
            assert!(call > 4, "an invocation of {call} calls is none");
            break;
        }
        assert!(!is_restricted(&cloud), "before call {call}");
        let history = cloud.item("budget/all", "budget")["history"]["L"].clone();
        let lifted =
            history.as_array().unwrap().iter().filter(|event| event["M"]["reason_label"]["S"] == "lifted").count();
        assert_eq!(lifted, 1, "before call {call}: {history}");
        assert_eq!(cloud.published(), before + 1, "before call {call}");
    }
}
