//! Delivery: EventBridge's part for events that only AWS itself may send, and direct invocations.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Cloud;

/// More rounds than any deployment takes.
const ROUNDS: usize = 60;

/// One invocation of a function and how it ended.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The rule that matched; none for a direct invocation.
    pub rule: Option<String>,
    /// Name of the function.
    pub function: String,
    /// What the function answered: its report, or its error.
    pub answer: Result<Value, Value>,
}

impl Cloud {
    /// Delivers an event as EventBridge would: to the targets of every deployed rule whose pattern matches. MiniStack, like
    /// AWS, takes no events of `aws.*` sources from callers, so it is asked which rules match and their targets are invoked.
    ///
    /// # Errors
    /// When the emulator does not answer, or a target is no function.
    pub fn deliver(&self, event: &Value) -> Result<Vec<Delivery>> {
        let mut deliveries = Vec::new();
        let rules = self.client.call("events", "list_rules", json!({}))?;
        for rule in rules["Rules"].as_array().into_iter().flatten() {
            let Some(pattern) = rule["EventPattern"].as_str() else { continue };
            let question = json!({"EventPattern": pattern, "Event": event.to_string()});
            let matches = self.client.call("events", "test_event_pattern", question)?;
            if rule["State"] == "DISABLED" || matches["Result"] != true {
                continue;
            }
            let name = rule["Name"].as_str().unwrap_or_default();
            let targets = self.client.call("events", "list_targets_by_rule", json!({"Rule": name}))?;
            for target in targets["Targets"].as_array().into_iter().flatten() {
                let arn = target["Arn"].as_str().unwrap_or_default();
                // A queue holds the event as it is until its function takes it; here it takes it at once.
                let function = match arn.split_once(":function:") {
                    Some((_, function)) => function.to_owned(),
                    None => self.behind(arn).with_context(|| format!("rule {name} has the target {arn}"))?,
                };
                let payload = match target["Input"].as_str() {
                    Some(input) => serde_json::from_str(input).context("the Input of a target is JSON")?,
                    None => event.clone(),
                };
                deliveries.push(self.invoke(Some(name.to_owned()), &function, &payload)?);
            }
        }
        Ok(deliveries)
    }

    /// Name of the function that takes what is in a queue.
    fn behind(&self, queue: &str) -> Result<String> {
        let mappings = self.client.call("lambda", "list_event_source_mappings", json!({"EventSourceArn": queue}))?;
        let function = mappings["EventSourceMappings"][0]["FunctionArn"].as_str();
        let function = function.with_context(|| format!("no function takes what is in {queue}"))?;
        Ok(function.rsplit(':').next().unwrap_or(function).to_owned())
    }

    /// Plays ECS's part until nothing moves any more; each transition's events are delivered before the next one.
    ///
    /// # Errors
    /// When the emulator does not answer, or ECS never comes to rest.
    pub fn settle(&self) -> Result<()> {
        self.settle_with(|event| self.deliver(&event).map(drop))
    }

    /// The same, with events delivered in another way.
    ///
    /// # Errors
    /// When the emulator does not answer, ECS never comes to rest, or an event cannot be delivered.
    pub fn settle_with(&self, mut deliver: impl FnMut(Value) -> Result<()>) -> Result<()> {
        for _ in 0..ROUNDS {
            let events = self.advance_ecs()?;
            if events.is_empty() {
                return Ok(());
            }
            for event in events {
                deliver(event)?;
            }
        }
        bail!("ECS still moves after {ROUNDS} rounds")
    }

    /// Sends a request where requests go, as `sam remote invoke` does.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn request(&self, request: &Value) -> Result<Delivery> {
        self.invoke_function("RequestFunction", request)
    }

    /// Invokes a function with what AWS hands it: a tick, messages of SNS.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn invoke_function(&self, logical_id: &str, payload: &Value) -> Result<Delivery> {
        let function = self.function(logical_id)?;
        self.invoke(None, &function, payload)
    }

    pub(super) fn invoke(&self, rule: Option<String>, function: &str, payload: &Value) -> Result<Delivery> {
        let answer =
            self.client.call("lambda", "invoke", json!({"FunctionName": function, "Payload": payload.to_string()}))?;
        let body = serde_json::from_str(answer["Payload"].as_str().unwrap_or("null"))
            .context("the answer of a function is JSON")?;
        let answer =
            if answer.get("FunctionError").is_some_and(|error| !error.is_null()) { Err(body) } else { Ok(body) };
        Ok(Delivery { rule, function: function.to_owned(), answer })
    }

    /// Name of a function by its logical id.
    ///
    /// # Errors
    /// When there is none of that logical id.
    pub fn function(&self, logical_id: &str) -> Result<String> {
        self.output(logical_id)
    }

    /// Physical id of a resource of a stack.
    ///
    /// # Errors
    /// When the stack has none of that logical id.
    pub fn resource(&self, stack: &str, logical_id: &str) -> Result<String> {
        let answer = self.client.call(
            "cloudformation",
            "describe_stack_resource",
            json!({"StackName": stack, "LogicalResourceId": logical_id}),
        )?;
        let id = answer["StackResourceDetail"]["PhysicalResourceId"].as_str();
        Ok(id.with_context(|| format!("stack {stack} has no resource {logical_id}"))?.to_owned())
    }
}
