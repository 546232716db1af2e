//! State read back from the emulated AWS, for checks.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Cloud, stack};

/// What a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// `family:revision` of the service.
    pub revision: String,
    /// Tasks that it should run.
    pub desired: u64,
    /// Digest of every running task of it, once per task.
    pub digests: Vec<String>,
    /// Id and rollout state of its primary deployment.
    pub deployment: (String, String),
    /// Number of deployments that ECS lists.
    pub deployments: usize,
}

/// A message as a subscriber gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
}

impl Cloud {
    /// A number that was not given before.
    pub(super) fn next_number(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// An output of the root stack.
    ///
    /// # Errors
    /// When the stack has no such output.
    pub fn output(&self, name: &str) -> Result<String> {
        let stack = stack()?;
        let stacks = self.client.call("cloudformation", "describe_stacks", json!({"StackName": stack}))?;
        let outputs = stacks["Stacks"][0]["Outputs"].as_array();
        let output = outputs.into_iter().flatten().find(|output| output["OutputKey"] == name);
        let value = output.and_then(|output| output["OutputValue"].as_str());
        Ok(value.with_context(|| format!("stack {stack} has no output {name}"))?.to_owned())
    }

    /// `DescribeServices` of one service.
    ///
    /// # Errors
    /// When it is not there.
    pub fn service(&self, cluster: &str, name: &str) -> Result<Value> {
        let answer = self.client.call("ecs", "describe_services", json!({"cluster": cluster, "services": [name]}))?;
        let service = answer["services"][0].clone();
        anyhow::ensure!(service.is_object(), "no service {cluster}/{name}");
        Ok(service)
    }

    /// What a service runs.
    ///
    /// # Errors
    /// When it is not there.
    pub fn running(&self, cluster: &str, name: &str) -> Result<Running> {
        let service = self.service(cluster, name)?;
        let mut digests = Vec::new();
        for task in self.tasks(cluster, name)?.iter().filter(|task| task["lastStatus"] == "RUNNING") {
            digests.push(task["containers"][0]["imageDigest"].as_str().unwrap_or_default().to_owned());
        }
        let deployments = service["deployments"].as_array().map(Vec::as_slice).unwrap_or_default();
        let primary = deployments.first().context("the service has no deployment")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Running {
            revision: service["taskDefinition"]
                .as_str()
                .and_then(|arn| arn.rsplit('/').next())
                .unwrap_or_default()
                .to_owned(),
            desired: service["desiredCount"].as_u64().unwrap_or_default(),
            digests,
            deployment: (text(&primary["id"]), text(&primary["rolloutState"])),
            deployments: deployments.len(),
        })
    }

    /// The image of each container of a revision.
    ///
    /// # Errors
    /// When there is no such revision.
    pub fn images(&self, revision: &str) -> Result<Vec<String>> {
        let answer = self.client.call("ecs", "describe_task_definition", json!({"taskDefinition": revision}))?;
        let containers = answer["taskDefinition"]["containerDefinitions"].as_array().cloned().unwrap_or_default();
        Ok(containers.iter().map(|container| container["image"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// Number of revisions of a family.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn revisions(&self, family: &str) -> Result<usize> {
        let answer = self.client.call("ecs", "list_task_definitions", json!({"familyPrefix": family}))?;
        Ok(answer["taskDefinitionArns"].as_array().map_or(0, Vec::len))
    }

    /// The digest that a tag names, if it names one.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn tagged(&self, repository: &str, tag: &str) -> Result<Option<String>> {
        let question = json!({"repositoryName": repository, "imageIds": [{"imageTag": tag}]});
        match self.client.call("ecr", "describe_images", question) {
            Ok(answer) => Ok(answer["imageDetails"][0]["imageDigest"].as_str().map(str::to_owned)),
            Err(error) if error.code == "ImageNotFoundException" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The invalidations of a distribution: caller reference and paths, oldest first.
    ///
    /// # Errors
    /// When there is no such distribution.
    pub fn invalidations(&self, distribution: &str) -> Result<Vec<(String, Vec<String>)>> {
        let answer = self.client.call("cloudfront", "list_invalidations", json!({"DistributionId": distribution}))?;
        let mut all = Vec::new();
        for item in answer["InvalidationList"]["Items"].as_array().into_iter().flatten() {
            let question = json!({"DistributionId": distribution, "Id": item["Id"]});
            let batch =
                self.client.call("cloudfront", "get_invalidation", question)?["Invalidation"]["InvalidationBatch"]
                    .take();
            let paths = batch["Paths"]["Items"].as_array().into_iter().flatten();
            let paths = paths.filter_map(Value::as_str).map(str::to_owned).collect();
            all.push((batch["CallerReference"].as_str().unwrap_or_default().to_owned(), paths));
        }
        Ok(all)
    }

    /// Makes a queue that gets what the operations topic sends; its URL.
    ///
    /// # Errors
    /// When there is no such topic.
    pub fn subscribe(&self, topic: &str) -> Result<String> {
        let name = format!("subscriber-{}", self.next_number());
        let queue = self.client.call("sqs", "create_queue", json!({"QueueName": name}))?;
        let url = queue["QueueUrl"].as_str().context("the queue has no URL")?.to_owned();
        let arn = format!("arn:aws:sqs:{}:{}:{name}", self.address.region, self.address.account);
        self.client.call("sns", "subscribe", json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn}))?;
        Ok(url)
    }

    /// The messages that arrived in a queue of [`Cloud::subscribe`] since the last time.
    ///
    /// # Errors
    /// When there is no such queue.
    pub fn messages(&self, queue: &str) -> Result<Vec<Message>> {
        let mut messages = Vec::new();
        loop {
            let got =
                self.client.call("sqs", "receive_message", json!({"QueueUrl": queue, "MaxNumberOfMessages": 10}))?;
            let Some(batch) = got["Messages"].as_array().filter(|batch| !batch.is_empty()) else { return Ok(messages) };
            for message in batch {
                let envelope: Value = serde_json::from_str(message["Body"].as_str().unwrap_or_default())?;
                let text = |name: &str| envelope[name].as_str().unwrap_or_default().to_owned();
                messages.push(Message { subject: text("Subject"), body: text("Message") });
                let done = json!({"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]});
                self.client.call("sqs", "delete_message", done)?;
            }
        }
    }

    /// What the functions called since the last time, in the words of IAM.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn calls(&self) -> Result<Vec<String>> {
        let answer = self.client.call("local", "calls", json!({}))?;
        let calls = answer["calls"].as_array().into_iter().flatten();
        Ok(calls.map(|call| call["operation"].as_str().unwrap_or_default().to_owned()).collect())
    }
}
