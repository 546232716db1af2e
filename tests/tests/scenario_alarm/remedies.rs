//! Remedies of alarms, through the functions that apply them.

use super::{CLUSTER, Image, REPOSITORY, WEBSITE, now, scenario};

#[test]
fn errors_after_a_rollout_roll_back_to_the_previous_release() {
    let mut scenario = scenario();
    let good = Image {
        repository: REPOSITORY.to_owned(),
        tag: "latest".to_owned(),
        digest: scenario.cloud.running(CLUSTER, WEBSITE).unwrap().digests[0].clone(),
    };
    let bad = scenario.roll();
    scenario.messages();
    let answer = scenario.receive("huskit-prod-website-agent-5xx", "ALARM", &now().to_string());
    let steps: Vec<&str> =
        answer["decisions"].as_array().unwrap().iter().filter_map(|line| line["decision"].as_str()).collect();
    assert_eq!(steps, ["announce_alarm", "rollback"], "{answer}");
    scenario.until("the rollout function rolls back", || {
        scenario.settle();
        scenario.runs(&good)
    });
    let seen = scenario.messages_until("Rollback complete: website-agent");
    let alarm = seen.iter().find(|message| message.subject.starts_with("ALARM website-agent-5xx")).unwrap();
    assert!(alarm.body.contains("requested: a rollback from"), "{}", alarm.body);
    assert!(!scenario.runs(&bad));
    // The same event once more requests nothing.
    let again = scenario.receive("huskit-prod-website-agent-5xx", "ALARM", &now().to_string());
    assert_eq!(again["decisions"].as_array().unwrap().len(), 1, "{again}");
}

#[test]
fn high_cpu_requests_a_boost_that_the_capacity_function_applies() {
    let scenario = scenario();
    let pk = format!("service/{CLUSTER}/{WEBSITE}");
    let desired = scenario.cloud.running(CLUSTER, WEBSITE).unwrap().desired;
    // Past the grace period of the rollout before.
    let later = (now() + jiff::SignedDuration::from_mins(20)).to_string();
    let mut event = scenario.change("huskit-prod-website-agent-cpu", "ALARM", "OK", &later);
    event["time"] = later.into();
    let answer = scenario.deliver(&event).remove(0);
    assert_eq!(answer["decisions"][1]["decision"], "scale", "{answer}");
    let boosts = scenario.item(&pk, "capacity")["boosts"]["M"].clone();
    let boost = boosts["huskit-prod-website-agent-cpu"]["M"].clone();
    assert_eq!(boost["expiry"]["M"]["by"]["S"], "alarm huskit-prod-website-agent-cpu");
    assert_eq!(boost["min"]["N"], (desired + 1).to_string());
    scenario.until("the capacity function applies the boost", || {
        scenario.cloud.running(CLUSTER, WEBSITE).is_ok_and(|running| running.desired == desired + 1)
    });
}
