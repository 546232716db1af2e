//! ECS as AWS documents it, where MiniStack is simpler: a service that a template made, called as the functions do not.

use serde_json::{Value, json};
use xtask::cloud::Cloud;

use super::cloud;
use super::wire::Request;

const STACK: &str = "shop";
const SERVICE: &str = "web";

/// A template with one service, whose container has this in its environment.
fn template(level: &str) -> String {
    let container = json!({
        "Name": SERVICE, "Image": "public.ecr.aws/nginx/nginx:1", "Environment": [{"Name": "LEVEL", "Value": level}],
    });
    json!({"Resources": {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": STACK}},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": SERVICE, "ContainerDefinitions": [container]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {
            "ServiceName": SERVICE, "Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1,
            "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
            "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": true, "Rollback": true}},
        }},
    }})
    .to_string()
}

fn call(cloud: &Cloud, service: &str, operation: &str, parameters: Value) -> Value {
    cloud.client.call(service, operation, parameters).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// The stack's status once nothing is in progress.
fn status(cloud: &Cloud) -> String {
    for _ in 0..6000 {
        let stacks = call(cloud, "cloudformation", "describe_stacks", json!({"StackName": STACK}));
        let status = stacks["Stacks"][0]["StackStatus"].as_str().unwrap().to_owned();
        if !status.ends_with("IN_PROGRESS") {
            return status;
        }
    }
    panic!("the stack is still in progress")
}

fn delete(cloud: &Cloud) {
    call(cloud, "cloudformation", "delete_stack", json!({"StackName": STACK}));
    let there = || cloud.client.call("cloudformation", "describe_stacks", json!({"StackName": STACK})).is_ok();
    let rounds = (0..600).take_while(|_| there()).count();
    assert!(rounds < 600, "{STACK} is still there");
}

/// The statuses of the service's deployments, the latest first.
fn history(cloud: &Cloud) -> Vec<String> {
    let asked = json!({"cluster": STACK, "service": SERVICE});
    let listed = call(cloud, "ecs", "list_service_deployments", asked)["serviceDeployments"].take();
    let arns: Vec<&Value> = listed.as_array().unwrap().iter().map(|one| &one["serviceDeploymentArn"]).collect();
    let described = call(cloud, "ecs", "describe_service_deployments", json!({"serviceDeploymentArns": arns}));
    let status = |one: &Value| one["status"].as_str().unwrap().to_owned();
    described["serviceDeployments"].as_array().unwrap().iter().map(status).collect()
}

/// What a function reads of the service's desired count: the SDK for Rust is the functions'.
fn read_by_a_function(cloud: &Cloud) -> Value {
    let body = json!({"cluster": STACK, "services": [SERVICE]}).to_string();
    let target = "AmazonEC2ContainerServiceV20141113.DescribeServices";
    let request = Request::new("POST /", &body).to(&cloud.address).signed(&cloud.address.access_key, "ecs");
    let request = request.with("X-Amz-Target", target).with("Content-Type", "application/x-amz-json-1.1");
    let (status, response) = request.with("User-Agent", "aws-sdk-rust/1.3").send(&cloud.address);
    assert_eq!(status, 200, "{response}");
    let body = response.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str::<Value>(body).unwrap()["services"][0]["desiredCount"].take()
}

#[test]
fn ecs_answers_a_function_as_before_the_last_write_while_that_is_played() {
    let cloud = cloud();
    call(&cloud, "cloudformation", "create_stack", json!({"StackName": STACK, "TemplateBody": template("info")}));
    assert_eq!(status(&cloud), "CREATE_COMPLETE");
    let scale = |count: u32| {
        let update = json!({"cluster": STACK, "service": SERVICE, "desiredCount": count});
        call(&cloud, "ecs", "update_service", update);
    };
    scale(2);
    assert_eq!(read_by_a_function(&cloud), 2);

    cloud.set_stale(&json!({"calls": 2})).unwrap();
    assert_eq!(read_by_a_function(&cloud), 2);
    scale(3);
    assert_eq!([(); 3].map(|()| read_by_a_function(&cloud)), [2, 2, 3]);
    scale(4);
    assert_eq!(cloud.service(STACK, SERVICE).unwrap()["desiredCount"], 4, "the tests read what is");
    assert_eq!(read_by_a_function(&cloud), 3);

    cloud.set_stale(&json!({"seconds": 600})).unwrap();
    scale(5);
    assert_eq!([(); 3].map(|()| read_by_a_function(&cloud)), [4, 4, 4]);
    cloud.set_stale(&json!({"seconds": 0})).unwrap();
    scale(6);
    assert_eq!(read_by_a_function(&cloud), 6);
    cloud.set_stale(&json!({})).unwrap();
    scale(7);
    assert_eq!(read_by_a_function(&cloud), 7);
    delete(&cloud);
}

#[test]
fn ecs_refuses_another_strategy_without_force_and_keeps_how_each_deployment_ended() {
    let cloud = cloud();
    call(&cloud, "cloudformation", "create_stack", json!({"StackName": STACK, "TemplateBody": template("info")}));
    assert_eq!(status(&cloud), "CREATE_COMPLETE");
    assert_eq!(history(&cloud), ["IN_PROGRESS"]);
    cloud.settle().unwrap();
    assert_eq!(history(&cloud), ["SUCCESSFUL"]);

    let spot = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let mut update = json!({"cluster": STACK, "service": SERVICE, "capacityProviderStrategy": spot});
    let refused = cloud.client.call("ecs", "update_service", update.clone()).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterException", "{refused}");
    assert!(refused.message.contains("you must force a new deployment"), "{refused}");
    update["forceNewDeployment"] = true.into();
    call(&cloud, "ecs", "update_service", update);
    cloud.settle().unwrap();
    assert_eq!(history(&cloud), ["SUCCESSFUL", "SUCCESSFUL"]);

    // CloudFormation resends the template's strategy with any change of the service, and forces nothing.
    call(&cloud, "cloudformation", "update_stack", json!({"StackName": STACK, "TemplateBody": template("debug")}));
    let ended = status(&cloud);
    assert!(ended.contains("ROLLBACK"), "{ended}");
    let events = call(&cloud, "cloudformation", "describe_stack_events", json!({"StackName": STACK}));
    assert!(events.to_string().contains("you must force a new deployment"), "{events}");
    assert_eq!(history(&cloud), ["SUCCESSFUL", "SUCCESSFUL"]);

    // Of two deployments the second stops the first; one that fails ends as its rollback does.
    let force = json!({"cluster": STACK, "service": SERVICE, "forceNewDeployment": true});
    call(&cloud, "ecs", "update_service", force.clone());
    call(&cloud, "ecs", "update_service", force);
    assert_eq!(history(&cloud)[..2], ["IN_PROGRESS", "STOPPED"]);
    cloud.settle().unwrap();
    let image = format!("{}.dkr.ecr.eu-central-1.amazonaws.com/none:1", cloud.address.account);
    let broken = json!({"family": SERVICE, "containerDefinitions": [{"name": SERVICE, "image": image}]});
    let broken = call(&cloud, "ecs", "register_task_definition", broken)["taskDefinition"]["taskDefinitionArn"].take();
    call(&cloud, "ecs", "update_service", json!({"cluster": STACK, "service": SERVICE, "taskDefinition": broken}));
    cloud.settle().unwrap();
    assert_eq!(history(&cloud)[..3], ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL", "STOPPED"]);
    let listed = call(&cloud, "ecs", "list_service_deployments", json!({"cluster": STACK, "service": SERVICE}));
    let target = &listed["serviceDeployments"][0]["targetServiceRevisionArn"];
    let revisions = call(&cloud, "ecs", "describe_service_revisions", json!({"serviceRevisionArns": [target]}));
    assert_eq!(revisions["serviceRevisions"][0]["taskDefinition"], broken);
    delete(&cloud);
}
