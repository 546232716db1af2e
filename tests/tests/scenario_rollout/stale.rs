//! ECS that has not seen yet what was written a moment ago.

use serde_json::json;

use super::gates::migration;
use super::scenario;

/// More calls than any of it takes: stale until it is switched off.
const MANY: u32 = 1000;

#[test]
fn a_deployment_that_ecs_does_not_list_yet_is_not_failed() {
    let mut scenario = scenario();
    scenario.cloud.set_stale(&json!({ "calls": MANY })).unwrap();
    let image = scenario.push(None);
    scenario.deliver(&scenario.cloud.push_event(&image));
    // ECS says that it has begun and completed; everything that is read then is from before the update.
    scenario.settle();
    for _ in 0..2 {
        scenario.tick().unwrap();
    }
    scenario.cloud.set_stale(&json!({})).unwrap();
    scenario.tick().unwrap();
    scenario.settle();
    assert!(scenario.runs(&image), "the image does not run");
    let calls = scenario.calls();
    assert_eq!(calls.iter().filter(|call| *call == "UpdateService").count(), 1, "{calls:?}");
    let messages: Vec<String> = scenario.messages().into_iter().map(|message| message.subject).collect();
    assert!(messages.len() == 1 && !messages[0].contains("ailed"), "{messages:?}");
}

#[test]
fn a_pre_deploy_task_that_ecs_does_not_find_yet_is_not_failed() {
    let mut scenario = scenario();
    scenario.with_policy(&migration(), |scenario| {
        scenario.cloud.set_stale(&json!({ "calls": MANY })).unwrap();
        let image = scenario.push_that_migrates(0);
        scenario.deliver(&scenario.cloud.push_event(&image));
        scenario.tick().unwrap();
        scenario.cloud.set_stale(&json!({})).unwrap();
        scenario.settle();
        scenario.tick().unwrap();
        scenario.settle();
        assert!(scenario.runs(&image), "the image does not run");
        let calls = scenario.calls();
        assert_eq!(calls.iter().filter(|call| *call == "RunTask").count(), 1, "{calls:?}");
        let messages: Vec<String> = scenario.messages().into_iter().map(|message| message.subject).collect();
        assert!(messages.len() == 1 && !messages[0].contains("ailed"), "{messages:?}");
    });
}
