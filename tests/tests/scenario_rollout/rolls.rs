//! What becomes of a push, a request and a deployment.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{CLUSTER, Image, REPOSITORY, WEBSITE, distribution, reason, scenario};

#[test]
fn a_push_is_rolled_once_and_the_same_event_again_is_nothing() {
    let mut scenario = scenario();
    let image = scenario.push(None);
    let event = scenario.cloud.push_event(&image);
    assert_eq!(reason(&scenario.deliver(&event)[0]), "newer_image");
    scenario.settle();
    assert!(scenario.runs(&image));
    assert_eq!(scenario.messages().len(), 1);
    let revisions = scenario.revisions();
    assert_eq!(reason(&scenario.deliver(&event)[0]), "up_to_date");
    scenario.tick().unwrap();
    assert_eq!((scenario.revisions(), scenario.messages().len()), (revisions, 0));
}

#[test]
fn a_tag_moved_back_to_an_older_image_is_rolled() {
    let mut scenario = scenario();
    let old = scenario.push(None);
    scenario.deliver(&scenario.cloud.push_event(&old));
    scenario.settle();
    let new = scenario.push(None);
    scenario.deliver(&scenario.cloud.push_event(&new));
    scenario.settle();
    scenario.messages();
    let read = json!({"repositoryName": REPOSITORY, "imageIds": [{"imageDigest": old.digest}]});
    let image = scenario.cloud.client.call("ecr", "batch_get_image", read).unwrap()["images"][0].take();
    let put = json!({"repositoryName": REPOSITORY, "imageTag": "latest", "imageManifest": image["imageManifest"]});
    scenario.cloud.client.call("ecr", "put_image", put).unwrap();
    let answers = scenario.deliver(&scenario.cloud.push_event(&old));
    assert_eq!(reason(&answers[0]), "newer_image");
    scenario.settle();
    assert!(scenario.runs(&old));
    // The event of the image that was replaced arrives once more.
    assert_eq!(reason(&scenario.deliver(&scenario.cloud.push_event(&new))[0]), "up_to_date");
    assert!(scenario.runs(&old));
    assert_eq!(scenario.messages().len(), 1);
}

#[test]
fn an_image_that_fails_is_rolled_back_quarantined_and_refused() {
    let mut scenario = scenario();
    let good = Image { digest: scenario.running().digests[0].clone(), ..scenario.push_nothing() };
    let bad = scenario.push(Some("exit-1"));
    scenario.deliver(&scenario.cloud.push_event(&bad));
    scenario.settle();
    assert!(scenario.runs(&good));
    let messages = scenario.messages();
    assert!(messages.iter().any(|message| message.body.contains("exited with code 1")), "{messages:?}");
    assert!(messages.iter().any(|message| message.subject.starts_with("Rollback complete: website-agent")));
    assert_eq!(reason(&scenario.deliver(&scenario.cloud.push_event(&bad))[0]), "quarantined");
    scenario.settle();
    assert!(scenario.runs(&good));
    let fixed = scenario.push(None);
    scenario.deliver(&scenario.cloud.push_event(&fixed));
    scenario.settle();
    assert!(scenario.runs(&fixed));
}

#[test]
fn a_rollback_returns_to_the_previous_release_and_quarantines_the_current_one() {
    let mut scenario = scenario();
    let good = Image { digest: scenario.running().digests[0].clone(), ..scenario.push_nothing() };
    let bad = scenario.push(None);
    scenario.deliver(&scenario.cloud.push_event(&bad));
    scenario.settle();
    let answer = scenario.send(&json!({"action": "rollback", "service": WEBSITE, "by": "anna"}));
    assert_eq!(reason(&answer), "rollback_requested");
    scenario.settle();
    assert!(scenario.runs(&good));
    assert_eq!(scenario.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&good.digest));
    assert_eq!(reason(&scenario.deliver(&scenario.cloud.push_event(&bad))[0]), "quarantined");
    scenario.tick().unwrap();
    scenario.settle();
    assert!(scenario.runs(&good));
}

#[test]
fn a_freeze_holds_the_newest_push_until_it_ends() {
    let mut scenario = scenario();
    let before = Image { digest: scenario.running().digests[0].clone(), ..scenario.push_nothing() };
    scenario.send(&json!({"action": "freeze", "by": "anna", "until": "2h"})).unwrap();
    let skipped = scenario.push(None);
    assert_eq!(reason(&scenario.deliver(&scenario.cloud.push_event(&skipped))[0]), "frozen");
    let newest = scenario.push(None);
    scenario.deliver(&scenario.cloud.push_event(&newest));
    scenario.settle();
    assert!(scenario.runs(&before));
    let revisions = scenario.revisions();
    scenario.send(&json!({"action": "unfreeze", "by": "anna"})).unwrap();
    scenario.settle();
    assert!(scenario.runs(&newest));
    assert_eq!(scenario.revisions(), revisions + 1, "the skipped image was not rolled in between");
}

#[test]
fn a_sleeping_service_gets_its_image_staged_and_verified_when_it_wakes() {
    let mut scenario = scenario();
    let desired = |count: u32| json!({"cluster": CLUSTER, "service": WEBSITE, "desiredCount": count});
    scenario.cloud.client.call("ecs", "update_service", desired(0)).unwrap();
    scenario.settle();
    let image = scenario.push(None);
    scenario.deliver(&scenario.cloud.push_event(&image));
    scenario.settle();
    scenario.tick().unwrap();
    let subjects: Vec<String> = scenario.messages().into_iter().map(|message| message.subject).collect();
    assert!(subjects.len() == 1 && subjects[0].contains("staged"), "{subjects:?}");
    assert_ne!(
        scenario.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(),
        Some(&image.digest),
        "nothing is proven yet"
    );
    scenario.cloud.client.call("ecs", "update_service", desired(2)).unwrap();
    scenario.settle();
    scenario.tick().unwrap();
    assert!(scenario.runs(&image));
    assert_eq!(scenario.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&image.digest));
    assert_eq!(scenario.messages().len(), 1);
}

#[test]
fn dry_run_explains_and_changes_nothing() {
    let mut scenario = scenario();
    scenario.push(None);
    scenario.calls();
    let report = &scenario.send(&json!({"action": "plan", "service": WEBSITE})).unwrap()["rollout"];
    assert_eq!(
        (&report["decisions"][0]["decision"], &report["decisions"][0]["outcome"]),
        (&json!("roll"), &json!("planned"))
    );
    let reads = ["Describe", "Get", "List", "BatchGet", "Invoke", "StartConfigurationSession"];
    let writes: Vec<String> =
        scenario.calls().into_iter().filter(|call| !reads.iter().any(|read| call.starts_with(read))).collect();
    assert_eq!(writes, Vec::<String>::new());
    assert_eq!(scenario.messages().len(), 0);
}

#[test]
fn one_service_that_is_missing_in_a_200_does_not_stop_the_other() {
    let mut scenario = scenario();
    let image = scenario.push(None);
    let real = scenario.cloud.service(CLUSTER, WEBSITE).unwrap();
    let missing = json!({"arn": format!("arn:aws:ecs:eu-central-1:1:service/{CLUSTER}/crawler"), "reason": "MISSING"});
    let answer = json!({"services": [on_the_wire(real)], "failures": [missing]});
    // The first read of services is the one of init; the second is the tick's.
    scenario.faults(json!([{"operation": "DescribeServices", "skip": 1, "times": 1, "status": 200, "body": answer}]));
    let failure = scenario.tick().unwrap_err();
    let message = failure["errorMessage"].as_str().unwrap();
    assert!(message.starts_with(&format!("service/{CLUSTER}/crawler: ")) && message.contains("MISSING"), "{message}");
    assert_eq!(failure["errorType"], "not_found");
    scenario.faults(json!([]));
    scenario.settle();
    assert!(scenario.runs(&image), "website-agent was rolled out anyway");
}

#[test]
fn two_pushes_at_once_end_with_the_newest_and_one_revision_each_at_most() {
    let mut scenario = scenario();
    let revisions = scenario.revisions();
    let first = scenario.push(None);
    let first_event = scenario.cloud.push_event(&first);
    // The first invocation is held at its claim until the second push has arrived and been handled.
    scenario.faults(json!([{"operation": "RegisterTaskDefinition", "times": 1, "hold": true}]));
    let cloud = scenario.cloud;
    let second = std::thread::scope(|scope| {
        let one = scope.spawn(|| cloud.deliver(&first_event).unwrap());
        while cloud.client.call("local", "faults/state", json!({})).unwrap()["faults"][0]["held"] != true {
            std::thread::yield_now();
        }
        let second = scenario.push(None);
        let answers = scenario.deliver(&scenario.cloud.push_event(&second));
        assert_eq!(reason(&answers[0]), "claimed_elsewhere");
        cloud.client.call("local", "release", json!({})).unwrap();
        assert!(one.join().unwrap().iter().all(|delivery| delivery.answer.is_ok()));
        second
    });
    scenario.faults(json!([]));
    scenario.settle();
    assert!(scenario.runs(&second));
    assert_eq!(scenario.revisions(), revisions + 2);
}

#[test]
fn denied_and_throttled_are_reported_per_service_and_fail_the_invocation() {
    let mut scenario = scenario();
    let image = scenario.push(None);
    for (code, kind) in [("AccessDeniedException", "denied"), ("ThrottlingException", "throttled")] {
        scenario.faults(json!([{"operation": "RegisterTaskDefinition", "times": 99, "status": 400, "code": code}]));
        let answers = scenario.deliver(&scenario.cloud.push_event(&image));
        let failure = answers[0].as_ref().unwrap_err();
        assert_eq!(failure["errorType"], kind, "{failure}");
        let message = failure["errorMessage"].as_str().unwrap();
        assert!(message.starts_with(&format!("service/{CLUSTER}/{WEBSITE}: ")) && message.contains(code), "{message}");
        scenario.faults(json!([]));
        scenario.age_ledger();
    }
    scenario.tick().unwrap();
    scenario.settle();
    assert!(scenario.runs(&image));
}

#[test]
fn a_capacity_change_is_no_rollout() {
    let scenario = scenario();
    let distribution = distribution(&scenario);
    let (before, invalidations) = (scenario.running(), scenario.cloud.invalidations(&distribution).unwrap());
    // What a move between Spot and on-demand does: the same revision, all tasks replaced.
    let force = json!({"cluster": CLUSTER, "service": WEBSITE, "forceNewDeployment": true});
    scenario.cloud.client.call("ecs", "update_service", force).unwrap();
    scenario.settle();
    scenario.tick().unwrap();
    let after = scenario.running();
    assert_ne!(after.deployment.0, before.deployment.0);
    assert_eq!((&after.revision, &after.digests), (&before.revision, &before.digests));
    assert_eq!(scenario.cloud.invalidations(&distribution).unwrap(), invalidations);
    assert_eq!(scenario.messages().len(), 0);
}

/// boto3 reads times as dates; on the wire ECS writes them as seconds.
fn on_the_wire(mut service: Value) -> Value {
    fn times(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(times),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
                        Some(at) if name.ends_with("At") => *value = at.as_second().into(),
                        _ => times(value),
                    }
                }
            }
            _ => {}
        }
    }
    times(&mut service);
    service
}
