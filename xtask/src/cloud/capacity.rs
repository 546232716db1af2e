//! A service's capacity as AWS has it, and the parts of AWS that change it: scaling, Spot.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Cloud;

/// What a service may run, and where it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Tasks that it should run.
    pub desired: u64,
    /// Least and greatest number of tasks that scaling may set.
    pub bounds: (u64, u64),
    /// Are scaling in, scaling out and scheduled scaling all suspended? `None` when only some of them are.
    pub suspended: Option<bool>,
    /// Its strategy, each provider as `name:base:weight`.
    pub strategy: Vec<String>,
    /// Running tasks by capacity provider.
    pub tasks: BTreeMap<String, usize>,
}

impl Cloud {
    /// The capacity of a service.
    ///
    /// # Errors
    /// When it is not there, or nothing scales it.
    pub fn capacity(&self, cluster: &str, name: &str) -> Result<Capacity> {
        let service = self.service(cluster, name)?;
        let question = json!({"ServiceNamespace": "ecs", "ResourceIds": [format!("service/{cluster}/{name}")]});
        let targets = self.client.call("application-autoscaling", "describe_scalable_targets", question)?;
        let target = targets["ScalableTargets"].get(0).with_context(|| format!("nothing scales {cluster}/{name}"))?;
        let flags = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];
        let suspended = flags.map(|flag| target["SuspendedState"][flag] == true);
        let mut strategy: Vec<String> = service["capacityProviderStrategy"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| {
                let number = |name: &str| item[name].as_u64().unwrap_or_default();
                format!("{}:{}:{}", text(&item["capacityProvider"]), number("base"), number("weight"))
            })
            .collect();
        strategy.sort();
        let mut tasks = BTreeMap::new();
        for task in self.tasks(cluster, name)?.iter().filter(|task| task["lastStatus"] == "RUNNING") {
            *tasks.entry(text(&task["capacityProviderName"])).or_default() += 1;
        }
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        Ok(Capacity {
            desired: number(&service["desiredCount"]),
            bounds: (number(&target["MinCapacity"]), number(&target["MaxCapacity"])),
            suspended: suspended.iter().all(|flag| *flag == suspended[0]).then_some(suspended[0]),
            strategy,
            tasks,
        })
    }

    /// The tasks of a service that should run.
    ///
    /// # Errors
    /// When the service is not there.
    pub fn tasks(&self, cluster: &str, name: &str) -> Result<Vec<Value>> {
        let arns =
            self.client.call("ecs", "list_tasks", json!({"cluster": cluster, "serviceName": name}))?["taskArns"].take();
        if arns.as_array().is_none_or(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let mut answer = self.client.call("ecs", "describe_tasks", json!({"cluster": cluster, "tasks": arns}))?;
        Ok(answer["tasks"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// Protects every task of a service from being stopped, as a task does that is at work, or ends that.
    ///
    /// # Errors
    /// When a task cannot be protected.
    pub fn protect(&self, cluster: &str, name: &str, protection: bool) -> Result<()> {
        let tasks: Vec<Value> = self.tasks(cluster, name)?.iter().map(|task| task["taskArn"].clone()).collect();
        let ask = json!({"cluster": cluster, "tasks": tasks, "protectionEnabled": protection});
        let answer = self.client.call("ecs", "update_task_protection", ask)?;
        anyhow::ensure!(answer["failures"] == json!([]), "protect tasks: {}", answer["failures"]);
        Ok(())
    }

    /// Lets Spot run dry, or have capacity again.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn set_spot(&self, has_capacity: bool) -> Result<()> {
        self.client.call("local", "spot", json!({"capacity": has_capacity}))?;
        Ok(())
    }

    /// Lets Spot take tasks of a service back; the events of their warning.
    ///
    /// # Errors
    /// When the service is not there.
    pub fn interrupt(&self, cluster: &str, name: &str) -> Result<Vec<Value>> {
        let answer = self.client.call("local", "interrupt", json!({"cluster": cluster, "service": name}))?;
        Ok(answer["events"].as_array().cloned().unwrap_or_default())
    }

    /// Lets a scaling policy act on a service, `out` or `in`; the desired count before and after.
    ///
    /// # Errors
    /// When nothing scales the service.
    pub fn scale(&self, cluster: &str, name: &str, direction: &str) -> Result<(u64, u64)> {
        let ask = json!({"cluster": cluster, "service": name, "direction": direction});
        let answer = self.client.call("local", "act-scaling", ask)?;
        let number = |name: &str| answer[name].as_u64().context("the desired count is a number");
        Ok((number("before")?, number("after")?))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
