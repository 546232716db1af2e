//! What there is at one moment, in both regions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use xtask::client::Client;
use xtask::cloud::Cloud;

use super::{CLUSTER, CRAWLER, WEBSITE};

/// A cloud at one moment.
#[derive(Debug, Default, PartialEq)]
pub struct Seen {
    /// Stacks by region and name: their state, parameters and outputs. Without sam's own.
    pub stacks: BTreeMap<(String, String), Stack>,
    /// Change sets that wait.
    pub change_sets: usize,
    /// Services that are active.
    pub services: BTreeMap<String, Service>,
    /// What has data in it: repositories with their images, secrets with their text, buckets, tables.
    pub data: BTreeMap<String, Value>,
    /// Names of everything else: functions, topics, alarms, log groups, web ACLs, load balancers.
    pub others: BTreeSet<String>,
    /// Dimensions of the edge's alarm.
    pub watched: Value,
}

#[derive(Debug, Default, PartialEq)]
pub struct Stack {
    pub status: String,
    pub parameters: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq)]
pub struct Service {
    pub desired: u64,
    pub digests: Vec<String>,
    pub strategy: Value,
    pub environment: BTreeMap<String, String>,
}

impl Seen {
    pub fn now(cloud: &Cloud, edge: &Client) -> Seen {
        let mut seen = Seen::default();
        for (region, client) in [("eu-central-1", &cloud.client), ("us-east-1", edge)] {
            seen.stacks(region, client);
            seen.others(client);
        }
        let home = &cloud.client;
        seen.data(home);
        for name in [WEBSITE, CRAWLER] {
            if let Some(service) = service(cloud, name) {
                seen.services.insert(name.to_owned(), service);
            }
        }
        let alarms = edge.call("cloudwatch", "describe_alarms", json!({})).unwrap();
        seen.watched = alarms["MetricAlarms"][0]["Dimensions"].clone();
        seen
    }

    /// The only stack whose name begins so, in the main region.
    pub fn stack(&self, prefix: &str) -> &Stack {
        let mut found = self.stacks.iter().filter(|((_, name), _)| name.starts_with(prefix));
        let (_, stack) = found.next().unwrap_or_else(|| panic!("no stack {prefix} in {:?}", self.stacks.keys()));
        assert!(found.next().is_none(), "several stacks {prefix}");
        stack
    }

    /// The stack of that logical id, nested in the system's.
    pub fn nested(&self, id: &str) -> &Stack {
        let mut found = self.stacks.iter().filter(|((_, name), _)| name.contains(&format!("-{id}-")));
        found.next().unwrap_or_else(|| panic!("no nested stack {id}")).1
    }

    fn stacks(&mut self, region: &str, client: &Client) {
        for stack in list(client, "cloudformation", "describe_stacks", json!({}), "Stacks") {
            let name = text(&stack["StackName"]);
            if name == "aws-sam-cli-managed-default" || stack["StackStatus"] == "DELETE_COMPLETE" {
                continue;
            }
            let waiting = list(client, "cloudformation", "list_change_sets", json!({"StackName": name}), "Summaries");
            self.change_sets += waiting.iter().filter(|set| set["ExecutionStatus"] == "AVAILABLE").count();
            let own = Stack {
                status: text(&stack["StackStatus"]),
                parameters: pairs(&stack["Parameters"], "ParameterKey", "ParameterValue"),
                outputs: pairs(&stack["Outputs"], "OutputKey", "OutputValue"),
            };
            self.stacks.insert((region.to_owned(), name), own);
        }
    }

    fn others(&mut self, client: &Client) {
        for (service, operation, parameters, items, name) in [
            ("lambda", "list_functions", json!({}), "Functions", "FunctionName"),
            ("sns", "list_topics", json!({}), "Topics", "TopicArn"),
            ("cloudwatch", "describe_alarms", json!({}), "MetricAlarms", "AlarmName"),
            ("logs", "describe_log_groups", json!({}), "logGroups", "logGroupName"),
            ("events", "list_rules", json!({}), "Rules", "Name"),
            ("wafv2", "list_web_acls", json!({"Scope": "CLOUDFRONT"}), "WebACLs", "Name"),
            ("elbv2", "describe_load_balancers", json!({}), "LoadBalancers", "LoadBalancerName"),
            ("appconfig", "list_applications", json!({}), "Items", "Name"),
            ("appconfig", "list_deployment_strategies", json!({}), "Items", "Name"),
        ] {
            let there = list(client, service, operation, parameters, items);
            self.others.extend(there.iter().map(|item| format!("{service} {}", text(&item[name]))));
        }
    }

    fn data(&mut self, client: &Client) {
        for repository in list(client, "ecr", "describe_repositories", json!({}), "repositories") {
            let name = text(&repository["repositoryName"]);
            let images = list(client, "ecr", "describe_images", json!({"repositoryName": name}), "imageDetails");
            self.data.insert(
                format!("repository {name}"),
                images.iter().map(|image| image["imageDigest"].clone()).collect(),
            );
        }
        for secret in list(client, "secretsmanager", "list_secrets", json!({}), "SecretList") {
            let value = client.call("secretsmanager", "get_secret_value", json!({"SecretId": secret["Name"]})).unwrap();
            self.data.insert(format!("secret {}", text(&secret["Name"])), value["SecretString"].clone());
        }
        for bucket in list(client, "s3", "list_buckets", json!({}), "Buckets") {
            let name = text(&bucket["Name"]);
            if !name.starts_with("aws-sam-cli-managed-default") {
                self.data.insert(format!("bucket {name}"), Value::Null);
            }
        }
        for table in list(client, "dynamodb", "list_tables", json!({}), "TableNames") {
            self.data.insert(format!("table {}", text(&table)), Value::Null);
        }
    }
}

fn service(cloud: &Cloud, name: &str) -> Option<Service> {
    let service = cloud.service(CLUSTER, name).ok().filter(|service| service["status"] == "ACTIVE")?;
    let running = cloud.running(CLUSTER, name).unwrap();
    let question = json!({"taskDefinition": service["taskDefinition"]});
    let revision = cloud.client.call("ecs", "describe_task_definition", question).unwrap();
    let environment = &revision["taskDefinition"]["containerDefinitions"][0]["environment"];
    Some(Service {
        desired: running.desired,
        digests: running.digests,
        strategy: service["capacityProviderStrategy"].clone(),
        environment: pairs(environment, "name", "value"),
    })
}

fn list(client: &Client, service: &str, operation: &str, parameters: Value, items: &str) -> Vec<Value> {
    let mut answer = client.call(service, operation, parameters).unwrap();
    serde_json::from_value(answer[items].take()).unwrap_or_default()
}

fn pairs(list: &Value, name: &str, value: &str) -> BTreeMap<String, String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| (text(&item[name]), text(&item[value]))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
