//! Calls about tasks: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>, `ListTasks`, `DescribeTasks`, `StopTask`,
//! `GetTaskProtection`, `UpdateTaskProtection`.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fate::{decide, images};
use super::model::{Revision, at, shared};
use super::state::{Around, Ecs, FARGATE, FARGATE_SPOT};
use super::task::Task;
use super::token::Requested;
use super::update::strategy;
use super::values::{arn, epoch, list, number, truth};
use crate::weather::rates::launches;
use crate::wire::{Answer, Failure};
use crate::world::Cx;

fn invalid(sentence: &str) -> Failure {
    Failure::new("InvalidParameterException", sentence)
}

impl Ecs {
    /// Number of a task, by its id or ARN.
    pub fn task_number(&self, cluster: &str, task: &str) -> Option<u64> {
        let id = task.rsplit('/').next()?;
        let number = u64::from_str_radix(id.get(16..)?, 16).ok()?;
        let task = self.tasks.get(&number)?;
        (task.cluster == cluster && task.arn.ends_with(id)).then_some(number)
    }

    pub(super) fn list_tasks(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let cluster = self.cluster(input)?;
        let as_of = self.as_of(cx);
        let wanted = input["desiredStatus"].as_str().unwrap_or("RUNNING");
        let (by, family, launch) =
            (input["startedBy"].as_str(), input["family"].as_str(), input["launchType"].as_str());
        // "When you specify startedBy, it must be the only filter that you use."
        if by.is_some() && (input["serviceName"].is_string() || family.is_some()) {
            return Err(invalid("startedBy must be the only filter."));
        }
        let numbers: Vec<u64> = match input["serviceName"].as_str() {
            Some(name) => {
                let Some(service) = self.number(&cluster, name) else {
                    return Err(Failure::new("ServiceNotFoundException", "Service not found."));
                };
                let service = &self.services[service];
                service.tasks.iter().chain(&service.stopped).copied().collect()
            }
            None => self.tasks.keys().copied().collect(),
        };
        let matches = |task: &&Task| {
            let Some(view) = at(&task.versions, as_of) else { return false };
            task.cluster == cluster
                && view["desiredStatus"] == wanted
                && by.is_none_or(|by| task.started_by.as_deref() == Some(by))
                && family.is_none_or(|family| task.definition["family"] == family)
                && launch.is_none_or(|launch| view["launchType"] == launch)
        };
        let found: Vec<&str> = numbers
            .iter()
            .filter_map(|number| self.tasks.get(number))
            .filter(matches)
            .map(|task| task.arn.as_str())
            .collect();
        let from: usize = input["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let most = usize::try_from(number(&input["maxResults"]).unwrap_or(100)).unwrap_or(100).clamp(1, 100);
        let page: Vec<&str> = found.iter().skip(from).take(most).copied().collect();
        let mut answer = json!({ "taskArns": page });
        if from + most < found.len() {
            answer["nextToken"] = (from + most).to_string().into();
        }
        Ok(answer)
    }

    pub(super) fn describe_tasks(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let cluster = self.cluster(input)?;
        let names = list(&input["tasks"]);
        if names.is_empty() || names.len() > 100 {
            return Err(invalid("Tasks cannot be empty, and at most 100."));
        }
        let tags = list(&input["include"]).iter().any(|field| field == "TAGS");
        let as_of = self.as_of(cx);
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        for name in names {
            let name = name.as_str().unwrap_or_default();
            let task = self.task_number(&cluster, name).and_then(|number| self.tasks.get(&number));
            let task = task.filter(|_| !cx.goes_wrong(cx.weather.partial, "an answer has only a part"));
            match task.and_then(|task| Some((task, at(&task.versions, as_of)?))) {
                Some((task, view)) => {
                    let mut view = Value::clone(view);
                    if tags {
                        view["tags"] = task.tags.clone();
                    }
                    tasks.push(view);
                }
                None => failures.push(missing(&cluster, name)),
            }
        }
        Ok(json!({ "tasks": tasks, "failures": failures }))
    }

    pub(super) fn run_task(&mut self, input: &Value, around: Around<'_>, cx: &mut Cx<'_>) -> Answer {
        let cluster = self.cluster(input)?;
        let mut asked = input.clone();
        let token = asked
            .as_object_mut()
            .and_then(|asked| asked.remove("clientToken"))
            .and_then(|token| token.as_str().map(str::to_owned));
        let before = token.as_ref().and_then(|token| self.tokens.get(token));
        if let Some(answer) = before.and_then(|before| before.again(&asked, &self.tasks, cx.now)) {
            return answer;
        }
        let Some(definition) = self.definition(input["taskDefinition"].as_str().unwrap_or_default()).map(shared) else {
            return Err(Failure::new("ClientException", "TaskDefinition not found."));
        };
        if input["networkConfiguration"]["awsvpcConfiguration"].is_null() && definition["networkMode"] == "awsvpc" {
            return Err(invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."));
        }
        if let Some(error) = self.unassumable(&definition) {
            return Err(Failure::new("ClientException", error));
        }
        let own = strategy(&input["capacityProviderStrategy"]);
        if !own.is_empty() && !input["launchType"].is_null() {
            return Err(invalid("Specifying both a launch type and capacity provider strategy is not supported."));
        }
        for given in list(&input["overrides"]["containerOverrides"]) {
            if !images(&definition).iter().any(|(name, ..)| given["name"] == *name) {
                return Err(invalid("Override for container named which is not a container in the TaskDefinition."));
            }
        }
        let count = number(&input["count"]).unwrap_or(1);
        if !(1..=10).contains(&count) {
            return Err(invalid("Count must be from 1 to 10."));
        }
        let provider = own.iter().find(|item| item.weight > 0 || item.base > 0).map(|item| item.provider.clone());
        if self.environment.no_capacity.contains(provider.as_deref().unwrap_or(FARGATE)) {
            self.counters.unplaced += 1;
            let reason =
                "Capacity is unavailable at this time. Please try again later or in a different availability zone";
            let failures = json!([{ "reason": reason }]);
            let answer = json!({ "tasks": [], "failures": failures });
            self.requested(token, Requested { at: cx.now, input: asked, tasks: Vec::new(), failures });
            return Ok(answer);
        }
        for _ in 0..count {
            self.launches.spend(launches(provider.as_deref() == Some(FARGATE_SPOT)), cx.now)?;
        }
        let mut numbers = Vec::new();
        for _ in 0..count {
            let mut revision = Revision {
                arn: String::new(),
                created_at: cx.now,
                images: images(&definition),
                definition: Rc::clone(&definition),
                strategy: own.clone(),
                network: input["networkConfiguration"].clone(),
            };
            let fate = decide(&mut revision, &self.environment, around, cx);
            let task = self.next();
            let text = |field: &str| input[field].as_str().map(str::to_owned);
            let or = |field: &str, default: Value| if input[field].is_null() { default } else { input[field].clone() };
            let family = definition["family"].as_str().unwrap_or_default();
            numbers.push(task);
            let task = Task {
                started_by: text("startedBy"),
                group: text("group").unwrap_or_else(|| format!("family:{family}")),
                provider: provider.clone(),
                overrides: or("overrides", json!({ "containerOverrides": [] })),
                tags: or("tags", json!([])),
                ..Task::new(task, &cluster, &revision, fate, cx)
            };
            self.launch(task, cx);
        }
        let tasks: Vec<Value> = numbers
            .iter()
            .filter_map(|number| self.tasks[number].versions.back())
            .map(|(_, view)| Value::clone(view))
            .collect();
        self.requested(token, Requested { at: cx.now, input: asked, tasks: numbers, failures: json!([]) });
        Ok(json!({ "tasks": tasks, "failures": [] }))
    }

    fn requested(&mut self, token: Option<String>, request: Requested) {
        if let Some(token) = token {
            self.tokens.insert(token, request);
        }
    }

    pub(super) fn stop_task(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let cluster = self.cluster(input)?;
        let name = input["task"].as_str().unwrap_or_default();
        let Some(number) = self.task_number(&cluster, name) else {
            return Err(invalid("The referenced task was not found."));
        };
        let reason = input["reason"].as_str().unwrap_or("Task stopped by user").to_owned();
        self.halt(number, "UserInitiated", reason, cx);
        let view = self.tasks[&number].versions.back().map(|(_, view)| Value::clone(view));
        Ok(json!({ "task": view }))
    }

    pub(super) fn get_protection(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let cluster = self.cluster(input)?;
        let (mut protected, mut failures) = (Vec::new(), Vec::new());
        for name in list(&input["tasks"]) {
            let name = name.as_str().unwrap_or_default();
            match self.protectable(&cluster, name) {
                Ok(number) => protected.push(protection(&self.tasks[&number], cx.now)),
                Err(failure) => failures.push(failure),
            }
        }
        Ok(json!({ "protectedTasks": protected, "failures": failures }))
    }

    pub(super) fn update_protection(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let cluster = self.cluster(input)?;
        let minutes = number(&input["expiresInMinutes"]).unwrap_or(120);
        if !(1..=2880).contains(&minutes) || list(&input["tasks"]).len() > 10 {
            return Err(invalid("expiresInMinutes must be from 1 to 2880, and tasks at most 10."));
        }
        let enabled = truth(&input["protectionEnabled"]).unwrap_or(false);
        let (mut protected, mut failures) = (Vec::new(), Vec::new());
        for name in list(&input["tasks"]) {
            let name = name.as_str().unwrap_or_default();
            match self.protectable(&cluster, name) {
                Ok(number) => {
                    if let Some(task) = self.tasks.get_mut(&number) {
                        task.protected_until = enabled.then(|| cx.now + SignedDuration::from_mins(minutes));
                        protected.push(protection(task, cx.now));
                        if let (Some((service, _)), false) = (task.of, enabled) {
                            self.soon(service, cx);
                        }
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        Ok(json!({ "protectedTasks": protected, "failures": failures }))
    }

    /// The task, when it is one that can be protected: one of a service that is to run.
    fn protectable(&self, cluster: &str, name: &str) -> Result<u64, Value> {
        let Some(number) = self.task_number(cluster, name) else { return Err(missing(cluster, name)) };
        let task = &self.tasks[&number];
        match task.of.is_some() && task.is_wanted() {
            true => Ok(number),
            false => Err(json!({ "arn": task.arn, "reason": "TASK_NOT_VALID" })),
        }
    }
}

fn protection(task: &Task, now: Timestamp) -> Value {
    let mut view = json!({ "taskArn": task.arn, "protectionEnabled": task.is_protected(now) });
    if let Some(until) = task.protected_until.filter(|until| *until > now) {
        view["expirationDate"] = epoch(until);
    }
    view
}

fn missing(cluster: &str, name: &str) -> Value {
    let id = name.rsplit('/').next().unwrap_or(name);
    json!({ "arn": arn(&format!("task/{cluster}/{id}")), "reason": "MISSING" })
}
