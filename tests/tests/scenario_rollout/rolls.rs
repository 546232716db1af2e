//! What becomes of a push, a request and a deployment.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{CLUSTER, Image, REPOSITORY, WEBSITE, distribution, reason, world};

#[test]
fn a_push_is_rolled_once_and_the_same_event_again_is_nothing() {
    let mut world = world();
    let image = world.push(None);
    let event = world.cloud.push_event(&image);
    assert_eq!(reason(&world.deliver(&event)[0]), "newer_image");
    world.settle();
    assert!(world.runs(&image));
    assert_eq!(world.messages().len(), 1);
    let revisions = world.revisions();
    assert_eq!(reason(&world.deliver(&event)[0]), "up_to_date");
    world.tick().unwrap();
    assert_eq!((world.revisions(), world.messages().len()), (revisions, 0));
}

#[test]
fn a_tag_moved_to_an_older_image_is_ignored() {
    let mut world = world();
    let old = world.push(None);
    world.deliver(&world.cloud.push_event(&old));
    world.settle();
    let new = world.push(None);
    world.deliver(&world.cloud.push_event(&new));
    world.settle();
    world.messages();
    let read = json!({"repositoryName": REPOSITORY, "imageIds": [{"imageDigest": old.digest}]});
    let image = world.cloud.client.call("ecr", "batch_get_image", read).unwrap()["images"][0].take();
    let put = json!({"repositoryName": REPOSITORY, "imageTag": "latest", "imageManifest": image["imageManifest"]});
    world.cloud.client.call("ecr", "put_image", put).unwrap();
    let answers = world.deliver(&world.cloud.push_event(&old));
    assert_eq!(reason(&answers[0]), "older");
    world.settle();
    assert!(world.runs(&new));
    assert_eq!(world.messages().len(), 0);
}

#[test]
fn an_image_that_fails_is_rolled_back_quarantined_and_refused() {
    let mut world = world();
    let good = Image { digest: world.running().digests[0].clone(), ..world.push_nothing() };
    let bad = world.push(Some("exit-1"));
    world.deliver(&world.cloud.push_event(&bad));
    world.settle();
    assert!(world.runs(&good));
    let messages = world.messages();
    assert!(messages.iter().any(|message| message.body.contains("exited with code 1")), "{messages:?}");
    assert!(messages.iter().any(|message| message.subject.starts_with("Rollback complete: website-agent")));
    assert_eq!(reason(&world.deliver(&world.cloud.push_event(&bad))[0]), "quarantined");
    world.settle();
    assert!(world.runs(&good));
    let fixed = world.push(None);
    world.deliver(&world.cloud.push_event(&fixed));
    world.settle();
    assert!(world.runs(&fixed));
}

#[test]
fn a_rollback_returns_to_the_previous_release_and_quarantines_the_current_one() {
    let mut world = world();
    let good = Image { digest: world.running().digests[0].clone(), ..world.push_nothing() };
    let bad = world.push(None);
    world.deliver(&world.cloud.push_event(&bad));
    world.settle();
    let answer = world.ask(&json!({"action": "rollback", "service": WEBSITE, "by": "anna"}));
    assert_eq!(reason(&answer), "rollback_requested");
    world.settle();
    assert!(world.runs(&good));
    assert_eq!(world.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&good.digest));
    assert_eq!(reason(&world.deliver(&world.cloud.push_event(&bad))[0]), "quarantined");
    world.tick().unwrap();
    world.settle();
    assert!(world.runs(&good));
}

#[test]
fn a_freeze_holds_the_newest_push_until_it_ends() {
    let mut world = world();
    let before = Image { digest: world.running().digests[0].clone(), ..world.push_nothing() };
    world.ask(&json!({"action": "freeze", "by": "anna", "until": "2h"})).unwrap();
    let skipped = world.push(None);
    assert_eq!(reason(&world.deliver(&world.cloud.push_event(&skipped))[0]), "frozen");
    let newest = world.push(None);
    world.deliver(&world.cloud.push_event(&newest));
    world.settle();
    assert!(world.runs(&before));
    let revisions = world.revisions();
    world.ask(&json!({"action": "unfreeze", "by": "anna"})).unwrap();
    world.settle();
    assert!(world.runs(&newest));
    assert_eq!(world.revisions(), revisions + 1, "the skipped image was not rolled in between");
}

#[test]
fn a_sleeping_service_gets_its_image_staged_and_verified_when_it_wakes() {
    let mut world = world();
    let desired = |count: u32| json!({"cluster": CLUSTER, "service": WEBSITE, "desiredCount": count});
    world.cloud.client.call("ecs", "update_service", desired(0)).unwrap();
    world.settle();
    let image = world.push(None);
    world.deliver(&world.cloud.push_event(&image));
    world.settle();
    world.tick().unwrap();
    let subjects: Vec<String> = world.messages().into_iter().map(|message| message.subject).collect();
    assert!(subjects.len() == 1 && subjects[0].contains("staged"), "{subjects:?}");
    assert_ne!(world.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&image.digest), "nothing is proven yet");
    world.cloud.client.call("ecs", "update_service", desired(2)).unwrap();
    world.settle();
    world.tick().unwrap();
    assert!(world.runs(&image));
    assert_eq!(world.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&image.digest));
    assert_eq!(world.messages().len(), 1);
}

#[test]
fn dry_run_explains_and_changes_nothing() {
    let mut world = world();
    world.push(None);
    world.calls();
    let report = &world.ask(&json!({"action": "plan", "service": WEBSITE})).unwrap()["rollout"];
    assert_eq!(
        (&report["decisions"][0]["decision"], &report["decisions"][0]["outcome"]),
        (&json!("roll"), &json!("planned"))
    );
    let reads = ["Describe", "Get", "List", "BatchGet", "Invoke", "StartConfigurationSession"];
    let writes: Vec<String> =
        world.calls().into_iter().filter(|call| !reads.iter().any(|read| call.starts_with(read))).collect();
    assert_eq!(writes, Vec::<String>::new());
    assert_eq!(world.messages().len(), 0);
}

#[test]
fn one_service_that_is_missing_in_a_200_does_not_stop_the_other() {
    let mut world = world();
    let image = world.push(None);
    let real = world.cloud.service(CLUSTER, WEBSITE).unwrap();
    let missing = json!({"arn": format!("arn:aws:ecs:eu-central-1:1:service/{CLUSTER}/crawler"), "reason": "MISSING"});
    let answer = json!({"services": [on_the_wire(real)], "failures": [missing]});
    // The first read of services is the one of init; the second is the tick's.
    world.faults(json!([{"operation": "DescribeServices", "skip": 1, "times": 1, "status": 200, "body": answer}]));
    let failure = world.tick().unwrap_err();
    let message = failure["errorMessage"].as_str().unwrap();
    assert!(message.starts_with(&format!("service/{CLUSTER}/crawler: ")) && message.contains("MISSING"), "{message}");
    assert_eq!(failure["errorType"], "not_found");
    world.faults(json!([]));
    world.settle();
    assert!(world.runs(&image), "website-agent was rolled out anyway");
}

#[test]
fn two_pushes_at_once_end_with_the_newest_and_one_revision_each_at_most() {
    let mut world = world();
    let revisions = world.revisions();
    let first = world.push(None);
    let first_event = world.cloud.push_event(&first);
    // The first invocation is held at its claim until the second push has arrived and been handled.
    world.faults(json!([{"operation": "RegisterTaskDefinition", "times": 1, "hold": true}]));
    let cloud = world.cloud;
    let second = std::thread::scope(|scope| {
        let one = scope.spawn(|| cloud.deliver(&first_event).unwrap());
        while cloud.client.call("local", "faults/state", json!({})).unwrap()["faults"][0]["held"] != true {
            std::thread::yield_now();
        }
        let second = world.push(None);
        let answers = world.deliver(&world.cloud.push_event(&second));
        assert_eq!(reason(&answers[0]), "claimed_elsewhere");
        cloud.client.call("local", "release", json!({})).unwrap();
        assert!(one.join().unwrap().iter().all(|delivery| delivery.answer.is_ok()));
        second
    });
    world.faults(json!([]));
    world.settle();
    assert!(world.runs(&second));
    assert_eq!(world.revisions(), revisions + 2);
}

#[test]
fn denied_and_throttled_are_reported_per_service_and_fail_the_invocation() {
    let mut world = world();
    let image = world.push(None);
    for (code, kind) in [("AccessDeniedException", "denied"), ("ThrottlingException", "throttled")] {
        world.faults(json!([{"operation": "RegisterTaskDefinition", "times": 9, "status": 400, "code": code}]));
        let answers = world.deliver(&world.cloud.push_event(&image));
        let failure = answers[0].as_ref().unwrap_err();
        assert_eq!(failure["errorType"], kind, "{failure}");
        let message = failure["errorMessage"].as_str().unwrap();
        assert!(message.starts_with(&format!("service/{CLUSTER}/{WEBSITE}: ")) && message.contains(code), "{message}");
        world.faults(json!([]));
        world.age_ledger();
    }
    world.tick().unwrap();
    world.settle();
    assert!(world.runs(&image));
}

#[test]
fn a_capacity_change_is_no_rollout() {
    let world = world();
    let distribution = distribution(&world);
    let (before, invalidations) = (world.running(), world.cloud.invalidations(&distribution).unwrap());
    // What a move between Spot and on-demand does: the same revision, all tasks replaced.
    let force = json!({"cluster": CLUSTER, "service": WEBSITE, "forceNewDeployment": true});
    world.cloud.client.call("ecs", "update_service", force).unwrap();
    world.settle();
    world.tick().unwrap();
    let after = world.running();
    assert_ne!(after.deployment.0, before.deployment.0);
    assert_eq!((&after.revision, &after.digests), (&before.revision, &before.digests));
    assert_eq!(world.cloud.invalidations(&distribution).unwrap(), invalidations);
    assert_eq!(world.messages().len(), 0);
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
