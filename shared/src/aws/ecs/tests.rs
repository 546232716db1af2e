use serde_json::{Value, json};

use super::*;
use crate::aws::testing::{Replay, Wire, run};
use planner::model::{DeploymentState, ImageSource, Network, ServiceDeploymentStatus, Strategy, Task};

fn id(name: &str) -> ServiceId {
    ServiceId { cluster: "prod".into(), name: name.into() }
}

fn service(name: &str) -> Value {
    json!({
        "serviceName": name, "status": "ACTIVE", "desiredCount": 2, "runningCount": 1, "taskDefinition": "rev-1",
        "deployments": [{
            "id": "ecs-svc/1234567890123456789", "status": "PRIMARY", "taskDefinition": "rev-1", "rolloutState": "PAUSED",
            "rolloutStateReason": "", "runningCount": 1, "failedTasks": 3, "createdAt": 1.7e9
        }],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"], "securityGroups": ["g"], "assignPublicIp": "ENABLED"}}
    })
}

#[test]
fn a_failure_inside_a_200_is_reported_per_service_and_hides_no_other() {
    let answer = json!({
        "services": [service("web")],
        "failures": [{"arn": "arn:aws:ecs:eu-central-1:1:service/prod/gone", "reason": "MISSING"}]
    });
    let replay = Replay::new(&[(200, answer)]);
    let mut found = run(Ecs::new(&replay.connection()).services(&[id("web"), id("gone"), id("silent")]));
    assert_eq!(found.remove(&id("web")).unwrap().unwrap().desired, 2);
    let gone = found.remove(&id("gone")).unwrap().unwrap_err();
    assert_eq!((gone.kind(), gone.to_string().as_str()), (Kind::NotFound, "describe service prod/gone: MISSING"));
    assert_eq!(found.remove(&id("silent")).unwrap().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn a_call_that_fails_is_reported_for_each_service_of_its_batch() {
    let denied =
        json!({"__type": "AccessDeniedException", "message": "not authorized to perform ecs:DescribeServices"});
    let replay = Replay::new(&[(400, denied)]);
    let found = run(Ecs::new(&replay.connection()).services(&[id("a"), id("b")]));
    assert_eq!(found.len(), 2);
    for (id, result) in found {
        let error = result.unwrap_err();
        let text =
            format!("describe service {id}: AccessDeniedException: not authorized to perform ecs:DescribeServices");
        assert_eq!((error.kind(), error.to_string()), (Kind::Denied, text));
    }
}

#[test]
fn services_are_asked_for_in_tens() {
    let ids: Vec<ServiceId> = (0..23).map(|n| id(&format!("s{n}"))).collect();
    let answer = |range: std::ops::Range<usize>| json!({"services": range.map(|n| service(&format!("s{n}"))).collect::<Vec<_>>()});
    let replay = Replay::new(&[(200, answer(0..10)), (200, answer(10..20)), (200, answer(20..23))]);
    let found = run(Ecs::new(&replay.connection()).services(&ids));
    assert!(found.len() == 23 && found.values().all(Result::is_ok));
    let sizes: Vec<usize> = replay.sent().iter().map(|body| body["services"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 3]);
}

#[test]
fn a_state_newer_than_this_code_is_kept_as_it_is() {
    let replay = Replay::new(&[(200, json!({"services": [service("web")]}))]);
    let mut found = run(Ecs::new(&replay.connection()).services(&[id("web")]));
    let service = found.remove(&id("web")).unwrap().unwrap();
    let deployment = service.primary().unwrap();
    assert_eq!(deployment.state, DeploymentState::Other("PAUSED".into()));
    assert_eq!((deployment.id.as_str(), deployment.reason.as_deref()), ("ecs-svc/1234567890123456789", None));
    assert!(service.network.unwrap().public_ip);
}

fn definition(image: &str) -> Value {
    json!({
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:1:task-definition/web:7", "family": "web", "revision": 7,
        "fieldFromNextYear": {"a": [1, null]},
        "containerDefinitions": [{"name": "web", "image": image, "alsoNew": true, "environment": [{"name": "KEY", "value": "hunter2"}]}]
    })
}

#[test]
fn fields_that_the_sdk_does_not_know_survive_reading_and_registering() {
    let image = "1.dkr.ecr.eu-central-1.amazonaws.com/acme/web:live";
    let tags = json!([{"key": "team", "value": "web"}]);
    let answer = json!({"taskDefinition": definition(image), "tags": tags});
    let replay = Replay::new(&[(200, answer.clone()), (200, answer)]);
    let ecs = Ecs::new(&replay.connection());
    let digest: planner::model::Digest = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
    run(async {
        let revision = ecs.revision("web:7").await.unwrap();
        let source = ImageSource { repository: "acme/web".into(), ..ImageSource::default() };
        let request = revision.with_images(&[(source, digest.clone())]);
        let registered = ecs.register(&request).await.unwrap();
        assert_eq!(registered.differences(&request), ["containerDefinitions[web].image"]);
        let sent = &replay.sent()[1];
        assert_eq!(*sent, request);
        assert_eq!(sent["fieldFromNextYear"], json!({"a": [1, null]}));
        assert_eq!(sent["containerDefinitions"][0]["alsoNew"], true);
        assert!(sent["containerDefinitions"][0]["image"].as_str().unwrap().ends_with(digest.as_str()));
    });
}

/// A body that was written down is in memory at once; one that comes over a socket is a stream first.
#[test]
fn the_document_is_read_and_sent_as_it_stands_over_a_socket_too() {
    let answer = json!({"taskDefinition": definition("x"), "tags": []});
    let wire = Wire::new(vec![(200, answer.clone()), (200, answer)]);
    let ecs = Ecs::new(&wire.connection());
    let request = json!({"family": "web", "containerDefinitions": [], "fieldFromNextYear": "ü", "cpu": "256"});
    run(async {
        let revision = ecs.revision("web:7").await.unwrap();
        assert_eq!(revision.with_images(&[])["fieldFromNextYear"], json!({"a": [1, null]}));
        ecs.register(&request).await.unwrap();
    });
    let sent = &wire.requests()[1];
    assert!(sent.contains("x-amz-target: AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition\r\n"), "{sent}");
    assert!(sent.ends_with(&format!("\r\n\r\n{request}")), "{sent}");
}

#[test]
fn an_error_never_tells_the_environment_of_a_container() {
    let replay = Replay::new(&[(400, json!({"__type": "ClientException", "message": "invalid role"}))]);
    let error = run(Ecs::new(&replay.connection()).register(&definition("x"))).unwrap_err();
    assert_eq!(error.to_string(), "register task definition web: ClientException: invalid role");
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn rolling_is_one_call_and_answers_the_service() {
    let replay = Replay::new(&[(200, json!({"service": service("web")}))]);
    let rolled = run(Ecs::new(&replay.connection()).roll(&id("web"), "rev-2", Some(2))).unwrap();
    assert_eq!(rolled.revision, "rev-1");
    let request = json!({"cluster": "prod", "service": "web", "desiredCount": 2, "taskDefinition": "rev-2"});
    assert_eq!(replay.sent(), [request]);
    let replay = Replay::new(&[(200, json!({"service": service("web")}))]);
    run(Ecs::new(&replay.connection()).roll(&id("web"), "rev-2", None)).unwrap();
    assert!(replay.sent()[0].get("desiredCount").is_none());
}

#[test]
fn a_restart_forces_a_deployment_and_changes_nothing_else() {
    let replay = Replay::new(&[(200, json!({"service": service("web")}))]);
    run(Ecs::new(&replay.connection()).restart(&id("web"))).unwrap();
    assert_eq!(replay.sent(), [json!({"cluster": "prod", "service": "web", "forceNewDeployment": true})]);
}

#[test]
fn a_restart_and_a_move_whose_answer_is_lost_are_not_sent_again() {
    let replay = || Replay::new(&[(500, refusal("ServerException")), (200, json!({"service": service("web")}))]);
    let restart = replay();
    let error = run(Ecs::new(&restart.connection()).restart(&id("web"))).unwrap_err();
    assert_eq!((error.kind(), restart.sent().len()), (Kind::Unavailable, 1));
    let (moved, spot) = (replay(), Strategy::Spot { base: 1 });
    let error = run(Ecs::new(&moved.connection()).set_capacity(&id("web"), None, Some(&spot))).unwrap_err();
    assert_eq!((error.kind(), moved.sent().len()), (Kind::Unavailable, 1));
    // A count is the same, however often it is set.
    let scaled = replay();
    run(Ecs::new(&scaled.connection()).set_capacity(&id("web"), Some(2), None)).unwrap();
    assert_eq!(scaled.sent().len(), 2);
}

#[test]
fn tasks_are_listed_by_page_and_those_that_vanished_are_left_out() {
    let task = json!({
        "taskArn": "t1", "taskDefinitionArn": "rev-1", "lastStatus": "STOPPED", "startedBy": "ecs-svc/1", "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "web", "exitCode": 137, "reason": "OutOfMemoryError: container killed"}]
    });
    let mut of_another_deployment = task.clone();
    of_another_deployment["startedBy"] = "ecs-svc/2".into();
    let replay = Replay::new(&[
        (200, json!({"taskArns": ["t1"], "nextToken": "more"})),
        (200, json!({"taskArns": ["t2"]})),
        (200, json!({"tasks": [task, of_another_deployment], "failures": [{"arn": "t2", "reason": "MISSING"}]})),
    ]);
    let tasks = run(Ecs::new(&replay.connection()).stopped_tasks(&id("web"), |task| task.is_of("ecs-svc/1"))).unwrap();
    let ending = tasks[0].stopped.as_ref().unwrap().to_string();
    assert_eq!(
        (tasks.len(), ending.as_str()),
        (1, "container web exited with code 137: OutOfMemoryError: container killed")
    );
    assert_eq!(
        (&replay.sent()[0]["serviceName"], &replay.sent()[0]["desiredStatus"]),
        (&json!("web"), &json!("STOPPED"))
    );
    assert_eq!(replay.sent()[2]["tasks"], json!(["t1", "t2"]));
}

#[test]
fn a_task_that_could_not_be_placed_is_an_error_although_the_answer_is_a_200() {
    let replay =
        Replay::new(&[(200, json!({"tasks": [], "failures": [{"reason": "RESOURCE:ENI", "detail": "no address"}]}))]);
    let network = Network { subnets: vec!["s".into()], public_ip: true, ..Network::default() };
    let command = ["migrate".to_owned()];
    let task = OneOff {
        cluster: "prod",
        revision: "rev-2",
        container: "web",
        command: &command,
        network: &network,
        started_by: "rollout/1",
        client_token: "1",
    };
    let Launch::Failed(error) = run(Ecs::new(&replay.connection()).run_task(&task)).unwrap() else { panic!("started") };
    assert_eq!(error.to_string(), "run task rev-2 in prod: RESOURCE:ENI: no address");
    let sent = &replay.sent()[0];
    assert_eq!((&sent["clientToken"], &sent["startedBy"]), (&json!("1"), &json!("rollout/1")));
    assert_eq!(sent["overrides"]["containerOverrides"][0]["command"], json!(["migrate"]));
}

#[test]
fn a_task_of_its_own_runs_where_its_service_runs_with_the_tags_of_its_definition_and_never_on_spot() {
    let provider = |name: &str| (name.to_owned(), 0, 1);
    let sent = |launch_type: Option<&str>, providers: &[(String, u32, u32)]| {
        let replay = Replay::new(&[(200, json!({"tasks": [{"taskArn": "t1"}]}))]);
        let (launch_type, providers) = (launch_type.map(str::to_owned), providers.to_vec());
        let network = Network { subnets: vec!["s".into()], launch_type, providers, ..Network::default() };
        let (started_by, client_token) = ("rollout/1", "1");
        let (cluster, revision, container) = ("prod", "rev-2", "web");
        let task = OneOff { cluster, revision, container, command: &[], network: &network, started_by, client_token };
        run(Ecs::new(&replay.connection()).run_task(&task)).unwrap();
        replay.sent().remove(0)
    };
    assert_eq!(sent(Some("EC2"), &[])["launchType"], "EC2");
    assert_eq!(sent(None, &[provider("FARGATE"), provider("FARGATE_SPOT")])["launchType"], "FARGATE");
    let own = sent(None, &[provider("gpu")]);
    assert_eq!(own["launchType"], Value::Null);
    assert_eq!(own["capacityProviderStrategy"], json!([{"capacityProvider": "gpu", "base": 0, "weight": 1}]));
    assert_eq!((&own["propagateTags"], &own["enableECSManagedTags"]), (&json!("TASK_DEFINITION"), &json!(true)));
}

#[test]
fn strategies_of_ours_are_read_as_they_are_written_and_others_are_kept_as_they_are() {
    let item = |name: &str, base: u32, weight: u32| json!({"capacityProvider": name, "base": base, "weight": weight});
    let cases = [
        (json!([]), Strategy::OnDemand),
        (json!([item("FARGATE", 0, 1)]), Strategy::OnDemand),
        (json!([item("FARGATE_SPOT", 0, 1)]), Strategy::Spot { base: 0 }),
        (json!([item("FARGATE_SPOT", 0, 1000), item("FARGATE", 1, 1)]), Strategy::Spot { base: 1 }),
        (
            json!([item("FARGATE", 1, 1), item("FARGATE_SPOT", 0, 1)]),
            Strategy::Other(vec!["FARGATE:1:1".into(), "FARGATE_SPOT:0:1".into()]),
        ),
        (
            json!([item("FARGATE", 0, 1), item("FARGATE_SPOT", 0, 4)]),
            Strategy::Other(vec!["FARGATE:0:1".into(), "FARGATE_SPOT:0:4".into()]),
        ),
        (json!([item("mine", 0, 1)]), Strategy::Other(vec!["mine:0:1".into()])),
    ];
    for (items, expected) in cases {
        let mut one = service("web");
        one["capacityProviderStrategy"] = items.clone();
        let replay = Replay::new(&[(200, json!({"services": [one]}))]);
        let mut found = run(Ecs::new(&replay.connection()).services(&[id("web")]));
        assert_eq!(found.remove(&id("web")).unwrap().unwrap().strategy, expected, "{items}");
    }
}

#[test]
fn another_strategy_forces_a_deployment_and_a_count_alone_does_not() {
    let replay = Replay::new(&[(200, json!({})), (200, json!({})), (200, json!({}))]);
    let ecs = Ecs::new(&replay.connection());
    run(ecs.set_capacity(&id("web"), Some(2), Some(&Strategy::Spot { base: 1 }))).unwrap();
    run(ecs.set_capacity(&id("web"), Some(0), None)).unwrap();
    run(ecs.set_capacity(&id("web"), None, Some(&Strategy::OnDemand))).unwrap();
    let sent = replay.sent();
    assert!(sent[2].get("desiredCount").is_none(), "a count that scaling has changed meanwhile stays");
    assert_eq!((&sent[0]["desiredCount"], &sent[0]["forceNewDeployment"]), (&json!(2), &json!(true)));
    let providers: Vec<&Value> =
        sent[0]["capacityProviderStrategy"].as_array().unwrap().iter().map(|item| &item["capacityProvider"]).collect();
    assert_eq!(providers, ["FARGATE", "FARGATE_SPOT"]);
    assert_eq!(sent[1]["desiredCount"], 0);
    assert!(sent[1]["forceNewDeployment"].is_null() && sent[1]["capacityProviderStrategy"].is_null());
    let other =
        run(ecs.set_capacity(&id("web"), Some(1), Some(&Strategy::Other(vec!["mine:0:1".into()])))).unwrap_err();
    assert_eq!(other.kind(), Kind::Invalid);
}

#[test]
fn the_newest_event_about_missing_capacity_is_read_and_no_other_event() {
    let event = |at: f64, message: &str| json!({"id": "e", "createdAt": at, "message": message});
    let mut one = service("web");
    one["events"] = json!([
        event(1.9e9, "(service web) has reached a steady state."),
        event(
            1.8e9,
            "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone. For more information, see the Troubleshooting section."
        ),
        event(
            1.7e9,
            "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later."
        ),
        event(1.9e9, "(service web) was unable to place a task. Reason: Invalid image."),
    ]);
    one["deploymentConfiguration"] = json!({"minimumHealthyPercent": 0, "maximumPercent": 200});
    let replay = Replay::new(&[(200, json!({"services": [one]}))]);
    let mut found = run(Ecs::new(&replay.connection()).services(&[id("web")]));
    let service = found.remove(&id("web")).unwrap().unwrap();
    assert_eq!(service.no_capacity_at().map(|at| at.as_second()), Some(1_800_000_000));
    assert_eq!(service.minimum_healthy_percent, 0);
}

#[test]
fn protected_tasks_are_reported_with_their_time() {
    let answer = json!({"protectedTasks": [
        {"taskArn": "a", "protectionEnabled": true, "expirationDate": 1.8e9},
        {"taskArn": "b", "protectionEnabled": false},
    ], "failures": [{"arn": "c", "reason": "TASK_NOT_VALID"}]});
    let replay = Replay::new(&[(200, answer)]);
    let task = |arn: &str| Task {
        arn: arn.into(),
        revision: "r".into(),
        status: "RUNNING".into(),
        health: "HEALTHY".into(),
        started_at: None,
        provider: None,
        started_by: None,
        stopped: None,
    };
    let found = run(Ecs::new(&replay.connection()).protected("prod", &[task("a"), task("b"), task("c")])).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(found["a"].as_second(), 1_800_000_000);
}

#[test]
fn the_history_names_the_task_definition_of_each_deployment_and_what_became_of_it() {
    let deployment = |n: u32, status: &str| {
        json!({
            "serviceDeploymentArn": format!("d{n}"), "targetServiceRevisionArn": format!("r{n}"), "status": status,
            "statusReason": "why", "createdAt": 1.7e9 + f64::from(n)
        })
    };
    let statuses = [
        ("PENDING", ServiceDeploymentStatus::InProgress),
        ("ROLLBACK_REQUESTED", ServiceDeploymentStatus::RollingBack),
        ("ROLLBACK_SUCCESSFUL", ServiceDeploymentStatus::RolledBack),
        ("ROLLBACK_FAILED", ServiceDeploymentStatus::RollbackFailed),
        ("STOPPED", ServiceDeploymentStatus::Stopped),
        ("SUCCESSFUL", ServiceDeploymentStatus::Successful),
        ("PAUSED", ServiceDeploymentStatus::Other("PAUSED".into())),
    ];
    for (text, status) in statuses {
        let list =
            json!({"serviceDeployments": [deployment(1, "STOPPED"), deployment(2, text), deployment(3, "STOPPED")]});
        let revisions = json!({"serviceRevisions": [
            {"serviceRevisionArn": "r1", "taskDefinition": "rev-1"}, {"serviceRevisionArn": "r2", "taskDefinition": "rev-2"},
        ], "failures": [{"arn": "r3", "reason": "MISSING"}]});
        let replay = Replay::new(&[(200, list), (200, revisions)]);
        let since = "2023-11-14T22:13:20Z".parse().unwrap();
        let found = run(Ecs::new(&replay.connection()).deployments_since(&id("web"), since)).unwrap();
        let found: Vec<_> = found.iter().map(|found| (found.revision.as_str(), &found.status)).collect();
        assert_eq!(found, [("rev-2", &status), ("rev-1", &ServiceDeploymentStatus::Stopped)], "the newest first");
        assert_eq!(replay.sent()[0]["service"], "web");
        assert_eq!(replay.sent()[1]["serviceRevisionArns"], json!(["r1", "r2", "r3"]));
    }
    let replay = Replay::new(&[(200, json!({"serviceDeployments": []}))]);
    let none = run(Ecs::new(&replay.connection()).deployments_since(&id("web"), jiff::Timestamp::UNIX_EPOCH));
    assert_eq!(none.unwrap(), [], "and no second call");
}

#[test]
fn a_conflict_of_ecs_is_not_one_of_the_ledger() {
    let replay = Replay::new(&[(400, refusal("ConflictException"))]);
    let error = run(Ecs::new(&replay.connection()).roll(&id("web"), "rev-2", None)).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    // The token of a task names other parameters: no retry helps.
    let network = Network::default();
    let task = OneOff {
        cluster: "prod",
        revision: "rev-2",
        container: "web",
        command: &[],
        network: &network,
        started_by: "rollout/1",
        client_token: "1",
    };
    let replay = Replay::new(&[(400, refusal("ConflictException"))]);
    let error = run(Ecs::new(&replay.connection()).run_task(&task)).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
}

#[test]
fn a_service_shows_its_controller_and_its_events() {
    let mut one = service("web");
    one["deploymentController"] = json!({"type": "CODE_DEPLOY"});
    one["events"] = json!([{"id": "1", "createdAt": 1.7e9, "message": "was unable to place a task"}, {"id": "2"}]);
    let replay = Replay::new(&[(200, json!({"services": [one, service("api")]}))]);
    let mut found = run(Ecs::new(&replay.connection()).services(&[id("web"), id("api")]));
    let web = found.remove(&id("web")).unwrap().unwrap();
    let events: Vec<&str> = web.events.iter().map(|event| event.message.as_str()).collect();
    assert_eq!((web.controller.as_str(), events), ("CODE_DEPLOY", vec!["was unable to place a task"]));
    assert_eq!(found.remove(&id("api")).unwrap().unwrap().controller, "ECS");
}

fn refusal(code: &str) -> Value {
    json!({"__type": code, "message": "no"})
}
