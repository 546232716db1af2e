//! The automation over services that exist already: a cluster, a repository and a service that were made by hand.

use serde_json::{Value, json};
use xtask::client::Access;
use xtask::cloud::{Cloud, architecture};
use xtask::deploy::{Args, Place, deploy};
use xtask::tools::Tools;

use super::history::templates;

/// What `infra/existing/documents.yaml` names, as it stands in the repository.
const CLUSTER: &str = "shop";
const SERVICE: &str = "web";
const REPOSITORY: &str = "shop/web";

/// Makes them as an engineer does in the console: the service runs the tag, not a digest.
fn make_by_hand(cloud: &Cloud) {
    let call = |service: &str, operation: &str, parameters: Value| {
        cloud.client.call(service, operation, parameters).unwrap_or_else(|error| panic!("{operation}: {error}"))
    };
    let registry = format!("{}.dkr.ecr.{}.amazonaws.com", cloud.address.account, cloud.address.region);
    let role = format!("arn:aws:iam::{}:role/shop-tasks", cloud.address.account);
    call("ecr", "create_repository", json!({"repositoryName": REPOSITORY}));
    cloud.push(REPOSITORY, "latest", "1.0", None).unwrap();
    call("ecs", "create_cluster", json!({"clusterName": CLUSTER, "capacityProviders": ["FARGATE", "FARGATE_SPOT"]}));
    let container = json!({"name": SERVICE, "image": format!("{registry}/{REPOSITORY}:latest"), "essential": true});
    let definition = json!({
        "family": "shop-web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
        "memory": "512", "executionRoleArn": role, "containerDefinitions": [container],
    });
    call("ecs", "register_task_definition", definition);
    let service = json!({
        "cluster": CLUSTER, "serviceName": SERVICE, "taskDefinition": "shop-web", "desiredCount": 1,
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}},
    });
    call("ecs", "create_service", service);
    cloud.settle().unwrap();
}

fn invoke(cloud: &Cloud, function: &str, request: &Value) -> Value {
    let invocation = json!({"FunctionName": function, "Payload": request.to_string()});
    let answer = cloud.client.call("lambda", "invoke", invocation).unwrap();
    assert!(answer["FunctionError"].is_null(), "{function}: {answer}");
    serde_json::from_str(answer["Payload"].as_str().unwrap()).unwrap()
}

#[test]
fn the_automation_runs_services_that_were_made_by_hand() {
    let tools = Tools::prepare().expect("the tools");
    let cloud = Cloud::start_empty(&tools).expect("a local cloud");
    make_by_hand(&cloud);
    let place = Place { templates: templates("existing"), access: Access::Local(cloud.address.clone()) };
    let parameters =
        [format!("Architecture={}", architecture().unwrap()), "RunbooksUrl=https://example.com/runbooks".into()];
    let args = Args { stage: "existing".to_owned(), plan: false, parameters: parameters.to_vec() };
    deploy(&tools, &place, &args).unwrap_or_else(|error| panic!("{error:#}"));

    // Deploying changes nothing: the running image is adopted.
    let before = cloud.running(CLUSTER, SERVICE).unwrap();
    assert_eq!((before.desired, before.digests.len()), (1, 1));
    for function in ["automation-rollout", "automation-capacity"] {
        let plan = invoke(&cloud, function, &json!({"action": "plan"}));
        assert!(plan.to_string().contains(SERVICE), "{function}: {plan}");
        invoke(&cloud, function, &json!({"action": "reconcile"}));
    }
    cloud.settle().unwrap();
    assert_eq!(cloud.running(CLUSTER, SERVICE).unwrap().digests, before.digests);

    // A push is rolled out, by the events of ECR and ECS through the deployed rules.
    let image = cloud.push(REPOSITORY, "latest", "1.1", None).unwrap();
    let deliveries = cloud.deliver(&cloud.push_event(&image)).unwrap();
    let functions: Vec<&str> = deliveries.iter().map(|delivery| delivery.function.as_str()).collect();
    assert_eq!(functions, ["automation-rollout"]);
    cloud.settle().unwrap();
    let after = cloud.running(CLUSTER, SERVICE).unwrap();
    assert_eq!((after.desired, after.digests), (1, vec![image.digest]));
    assert_eq!(after.deployment.1, "COMPLETED");
}
