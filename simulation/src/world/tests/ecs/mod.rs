//! Deployments, tasks and answers of ECS, on the services of the templates.

mod run;

use std::rc::Rc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::weather::Weather;
use crate::world::behaviour::Behaviour;
use crate::world::ecs::{Cause, Rollout};
use crate::world::testing::CLUSTER;
use run::bench;

const WEB: &str = "website-agent";
const CRAWLER: &str = "crawler";
const DEPLOYMENT: &str = "ECS Deployment State Change";
const ACTION: &str = "ECS Service Action";

#[test]
fn a_good_image_replaces_the_old_tasks_without_a_gap_and_with_an_event() {
    let mut run = bench();
    run.settle(WEB, 2);
    let id = run.roll(WEB, 'b', Behaviour::Good);
    for _ in 0..20 {
        run.minutes(1);
        assert!(run.healthy(WEB) >= 2, "minimumHealthyPercent 100");
    }
    let service = run.service(WEB);
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1, "{service}");
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(run.sent(DEPLOYMENT, "SERVICE_DEPLOYMENT_COMPLETED")[0]["deploymentId"], id);
    assert_eq!(run.sent(ACTION, "SERVICE_STEADY_STATE").len(), 1);
    let digest = format!("sha256:{}", "b".repeat(64));
    assert_eq!(run.world.ecs.serving(CLUSTER, WEB).digests.get(&digest), Some(&2));
}

#[test]
fn the_circuit_breaker_rolls_back_to_the_deployment_that_succeeded_last() {
    for behaviour in [
        Behaviour::Crashes,
        Behaviour::OutOfMemory,
        Behaviour::Unpullable,
        Behaviour::WrongPlatform,
        Behaviour::FailsHealthCheck,
    ] {
        let mut run = bench();
        run.settle(CRAWLER, 1);
        let before = run.service(CRAWLER)["deployments"][0]["id"].clone();
        let id = run.roll(CRAWLER, 'b', behaviour);
        run.minutes(30);
        let failed = run.sent(DEPLOYMENT, "SERVICE_DEPLOYMENT_FAILED");
        assert_eq!(failed.len(), 1, "{behaviour:?}");
        assert_eq!(
            (failed[0]["deploymentId"].as_str(), failed[0]["reason"].as_str()),
            (Some(&*id), Some("ECS deployment circuit breaker: tasks failed to start."))
        );
        let back =
            format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", before.as_str().unwrap());
        assert!(run.sent(DEPLOYMENT, "SERVICE_DEPLOYMENT_IN_PROGRESS").iter().any(|detail| detail["reason"] == back));
        let service = run.service(CRAWLER);
        assert_eq!(
            (&service["deployments"][0]["id"], &service["deployments"][0]["rolloutState"]),
            (&before, &json!("COMPLETED"))
        );
        assert_eq!(run.healthy(CRAWLER), 1);
        let list = run.call("ListServiceDeployments", json!({ "cluster": CLUSTER, "service": CRAWLER })).unwrap();
        assert_eq!(list["serviceDeployments"][0]["status"], "ROLLBACK_SUCCESSFUL");
    }
}

#[test]
fn a_rollback_can_fail_too() {
    let mut run = bench();
    run.settle(CRAWLER, 1);
    run.roll(CRAWLER, 'b', Behaviour::Crashes);
    run.world.ecs.environment.missing_secrets.insert("huskit-crawler".to_owned());
    run.minutes(60);
    let service = run.service(CRAWLER);
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(run.sent(DEPLOYMENT, "SERVICE_DEPLOYMENT_FAILED").len(), 2);
    assert_eq!(run.world.ecs.service(CLUSTER, CRAWLER).unwrap().rollouts.last().unwrap().status, "ROLLBACK_FAILED");
}

#[test]
fn a_strategy_changes_only_with_a_new_deployment_and_spot_without_capacity_fails_it() {
    let mut run = bench();
    run.settle(CRAWLER, 1);
    let spot = json!([{ "capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1 }]);
    let input = json!({ "cluster": CLUSTER, "service": CRAWLER, "capacityProviderStrategy": spot });
    assert_eq!(run.call("UpdateService", input.clone()).unwrap_err().code, "InvalidParameterException");
    run.change(|world, cx| world.ecs.set_capacity_available("FARGATE_SPOT", false, cx));
    let mut forced = input;
    forced["forceNewDeployment"] = true.into();
    run.call("UpdateService", forced).unwrap();
    run.minutes(20);
    let failures = run.sent(ACTION, "SERVICE_TASK_PLACEMENT_FAILURE");
    assert!(failures.len() >= 3);
    assert_eq!(
        failures[0]["capacityProviderArns"],
        json!(["arn:aws:ecs:eu-central-1:123456789012:capacity-provider/FARGATE_SPOT"])
    );
    // The rollback deploys the service revision, with its strategy.
    assert_eq!(run.service(CRAWLER)["capacityProviderStrategy"][0]["capacityProvider"], "FARGATE");
    assert_eq!(run.healthy(CRAWLER), 1);
}

#[test]
fn without_tasks_a_deployment_completes_and_no_breaker_watches_the_scale_up() {
    let mut run = bench();
    run.settle(CRAWLER, 0);
    let id = run.roll(CRAWLER, 'b', Behaviour::Unpullable);
    run.minutes(2);
    assert_eq!(run.service(CRAWLER)["deployments"][0]["rolloutState"], "COMPLETED");
    run.change(|world, cx| world.ecs.set_desired(CLUSTER, CRAWLER, 1, cx));
    run.minutes(60);
    let service = run.service(CRAWLER);
    assert_eq!(service["deployments"][0]["id"], id.as_str());
    assert_eq!(run.world.ecs.service(CLUSTER, CRAWLER).unwrap().primary().state, Rollout::Completed);
    assert!(!run.sent(ACTION, "SERVICE_TASK_START_IMPAIRED").is_empty());
    assert!(run.sent(DEPLOYMENT, "SERVICE_DEPLOYMENT_FAILED").is_empty());
}

#[test]
fn answers_may_be_from_before_the_write() {
    let mut run = bench();
    run.settle(WEB, 2);
    run.minutes(10);
    let id = run.roll(WEB, 'b', Behaviour::Good);
    run.weather = Weather { stale: 1.0, ..Weather::TERRIBLE };
    run.weather.partial = 0.0;
    let seen: Vec<bool> = (0..50)
        .map(|_| {
            run.service(WEB)["deployments"].as_array().unwrap().iter().any(|deployment| deployment["id"] == id.as_str())
        })
        .collect();
    assert!(seen.iter().any(|seen| !seen));
    run.now += SignedDuration::from_secs(6);
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let input = json!({ "cluster": CLUSTER, "taskDefinition": "huskit-crawler", "networkConfiguration": network });
    let arn = run.call("RunTask", input).unwrap()["tasks"][0]["taskArn"].clone();
    let asked = json!({ "cluster": CLUSTER, "tasks": [arn] });
    let missing =
        (0..50).any(|_| run.call("DescribeTasks", asked.clone()).unwrap()["failures"][0]["reason"] == "MISSING");
    assert!(missing);
}

#[test]
fn the_same_token_is_the_same_task_and_with_other_parameters_a_conflict() {
    let mut run = bench();
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"], "securityGroups": [] } });
    let input = json!({ "cluster": CLUSTER, "taskDefinition": "huskit-crawler", "clientToken": "one", "launchType": "FARGATE", "networkConfiguration": network, "startedBy": "me" });
    let arn = run.call("RunTask", input.clone()).unwrap()["tasks"][0]["taskArn"].clone();
    assert_eq!(run.call("RunTask", input.clone()).unwrap()["tasks"][0]["taskArn"], arn);
    let mut other = input;
    other["startedBy"] = "you".into();
    let failure = run.call("RunTask", other).unwrap_err();
    assert_eq!((failure.code.as_str(), &failure.more["resourceIds"][0]), ("ConflictException", &arn));
    run.minutes(5);
    let task = run.call("DescribeTasks", json!({ "cluster": CLUSTER, "tasks": [arn] })).unwrap()["tasks"][0].clone();
    assert_eq!((&task["lastStatus"], &task["containers"][0]["exitCode"]), (&json!("STOPPED"), &json!(0)), "{task}");
    run.minutes(70);
    let gone = run.call("DescribeTasks", json!({ "cluster": CLUSTER, "tasks": [arn] })).unwrap();
    assert_eq!(gone["failures"][0]["reason"], "MISSING");
}

#[test]
fn an_interruption_has_a_warning_two_minutes_ahead_and_the_task_is_replaced() {
    let mut run = bench();
    let spot = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    run.settle(CRAWLER, 1);
    run.call(
        "UpdateService",
        json!({ "cluster": CLUSTER, "service": CRAWLER, "capacityProviderStrategy": spot, "forceNewDeployment": true }),
    )
    .unwrap();
    run.minutes(15);
    assert_eq!(run.world.ecs.serving(CLUSTER, CRAWLER).providers["FARGATE_SPOT"], 1);
    run.events.clear();
    assert_eq!(run.change(|world, cx| world.ecs.interrupt(CLUSTER, CRAWLER, 5, cx)), 1);
    let warning = &run.events[0]["detail"];
    assert_eq!(
        (&warning["lastStatus"], &warning["stoppedReason"]),
        (&json!("RUNNING"), &json!("Your Spot Task was interrupted."))
    );
    run.minutes(15);
    assert_eq!(run.healthy(CRAWLER), 1);
}

#[test]
fn an_alarm_rolls_back_and_one_that_was_in_alarm_before_is_ignored() {
    for before in [false, true] {
        let mut run = bench();
        run.settle(WEB, 2);
        let alarms =
            &run.world.ecs.service(CLUSTER, WEB).unwrap().spec["deploymentConfiguration"]["alarms"]["alarmNames"];
        let alarm = alarms[0].as_str().unwrap().to_owned();
        if before {
            run.world.ecs.environment.alarms.insert(alarm.clone());
        }
        run.roll(WEB, 'b', Behaviour::ErrsUnderTraffic);
        run.minutes(4);
        run.world.ecs.environment.alarms.insert(alarm);
        run.minutes(1);
        run.world.ecs.environment.alarms.clear();
        run.minutes(30);
        let back = run.world.ecs.history.iter().any(|start| start.cause == Cause::Alarm);
        assert_eq!(back, !before);
        assert_eq!(run.world.ecs.service(CLUSTER, WEB).unwrap().primary().state, Rollout::Completed);
    }
}

#[test]
fn a_load_balancer_that_finds_tasks_unhealthy_stops_them_with_its_own_reason() {
    let mut run = bench();
    run.settle(WEB, 2);
    run.roll(WEB, 'b', Behaviour::FailsLoadBalancer);
    run.minutes(60);
    assert_eq!(run.sent(DEPLOYMENT, "SERVICE_DEPLOYMENT_FAILED").len(), 1);
    let stopped = run.events.iter().map(|event| &event["detail"]).find(|detail| {
        detail["stoppedReason"]
            .as_str()
            .is_some_and(|reason| reason.starts_with("Task failed ELB health checks in (target-group "))
    });
    assert_eq!(stopped.unwrap()["stopCode"], "ServiceSchedulerInitiated");
    assert_eq!(run.healthy(WEB), 2);
}

#[test]
fn a_protected_task_stays_and_the_count_is_no_deployment() {
    let mut run = bench();
    run.settle(CRAWLER, 1);
    run.change(|world, cx| world.ecs.protect(CLUSTER, CRAWLER, 60, cx));
    run.change(|world, cx| world.update_by_person(CLUSTER, CRAWLER, json!({ "desiredCount": 0 }), cx)).unwrap();
    run.minutes(30);
    assert_eq!(run.healthy(CRAWLER), 1);
    assert!(run.world.ecs.history.is_empty());
    let tasks = run.call("ListTasks", json!({ "cluster": CLUSTER, "serviceName": CRAWLER })).unwrap();
    let protection = run.call("GetTaskProtection", json!({ "cluster": CLUSTER, "tasks": tasks["taskArns"] })).unwrap();
    assert_eq!(protection["protectedTasks"][0]["protectionEnabled"], true);
    run.call(
        "UpdateTaskProtection",
        json!({ "cluster": CLUSTER, "tasks": tasks["taskArns"], "protectionEnabled": false }),
    )
    .unwrap();
    run.minutes(5);
    assert_eq!(run.healthy(CRAWLER), 0);
}

#[test]
fn a_service_that_is_deleted_drains_and_is_answered_as_inactive() {
    let mut run = bench();
    run.settle(WEB, 2);
    run.change(|world, cx| world.ecs.delete_service(CLUSTER, WEB, cx));
    assert_eq!(run.service(WEB)["status"], "DRAINING");
    run.minutes(10);
    assert_eq!(run.service(WEB)["status"], "INACTIVE");
    let failure =
        run.call("UpdateService", json!({ "cluster": CLUSTER, "service": WEB, "desiredCount": 1 })).unwrap_err();
    assert_eq!(failure.code, "ServiceNotActiveException");
}

#[test]
fn a_second_update_stops_the_first_among_many_services() {
    let mut run = bench();
    let account = Rc::clone(&run.world.account);
    let template = &account.of_type("AWS::ECS::Service")[1].properties;
    for number in 0..200 {
        let mut properties = template.clone();
        properties["ServiceName"] = format!("copy-{number}").into();
        properties["DesiredCount"] = 2.into();
        run.change(|world, cx| {
            let (ecs, around) = world.ecs();
            ecs.create_service(&properties, around, cx)
        });
    }
    let force = json!({ "cluster": CLUSTER, "service": "copy-0", "forceNewDeployment": true });
    run.call("UpdateService", force).unwrap();
    run.minutes(15);
    assert_eq!((run.healthy("copy-0"), run.healthy("copy-199")), (2, 2));
    let list = run.call("ListServiceDeployments", json!({ "cluster": CLUSTER, "service": "copy-0" })).unwrap();
    let statuses: Vec<&Value> =
        list["serviceDeployments"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, ["SUCCESSFUL", "STOPPED"]);
}

#[test]
fn a_role_that_cannot_be_assumed_has_the_messages_of_ecs() {
    let mut run = bench();
    run.settle(CRAWLER, 1);
    run.world.ecs.environment.broken_roles.insert("huskit-crawler".to_owned());
    run.call("UpdateService", json!({ "cluster": CLUSTER, "service": CRAWLER, "forceNewDeployment": true })).unwrap();
    run.minutes(20);
    assert!(!run.sent(ACTION, "SERVICE_TASK_CONFIGURATION_FAILURE").is_empty());
    let service = run.service(CRAWLER);
    let messages: Vec<&str> =
        service["events"].as_array().unwrap().iter().filter_map(|event| event["message"].as_str()).collect();
    let said = "(service crawler) failed to launch a task with (error ECS was unable to assume the role";
    assert!(messages.iter().any(|message| message.starts_with(said)), "{messages:?}");
}
