//! What can happen in a step: each verb does it, shows it, and shows what the functions decided and did.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Step;
use super::show::{describe, shorter};
use crate::cloud::{Delivery, Image, Message, stack};
use crate::screen::{Line, Paint, labelled_as};

impl Step<'_> {
    /// Pushes an image to a service's repository under its version, where its name has one, and under the tag that the
    /// service follows, as a workflow does; delivers the push of the latter.
    ///
    /// # Errors
    /// When the emulator refuses any of it.
    pub fn push(&mut self, service: &str, name: &str, outcome: Option<&str>) -> Result<Image> {
        let service = self.service(service)?;
        if let Some(version) =
            name.split([' ', ',']).find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))
        {
            self.cloud.push(&service.repository, version, name, outcome)?;
        }
        let image = self.cloud.push(&service.repository, &service.tag, name, outcome)?;
        self.summary.happened(&format!("{name} is pushed as {}:{}", service.repository, service.tag));
        self.deliver(&self.cloud.push_event(&image))?;
        Ok(image)
    }

    /// Delivers an event, at the story's time, to the targets of every rule that matches it.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn deliver(&mut self, event: &Value) -> Result<Vec<Delivery>> {
        let mut event = event.clone();
        if let Some(now) = self.clock.get() {
            event["time"] = now.to_string().into();
        }
        if event["source"] == "aws.cloudwatch" {
            let said = describe(&event);
            self.summary.happened(said.split_once(": ").map_or(&*said, |(_, change)| change));
        }
        labelled_as(Line::Detail, "event", Paint::Cyan, &describe(&event));
        let deliveries = self.cloud.deliver(&event)?;
        if deliveries.is_empty() {
            labelled_as(Line::Detail, "", Paint::Dim, "no rule matches");
        }
        for delivery in &deliveries {
            self.show(delivery)?;
        }
        Ok(deliveries)
    }

    /// Sends a request, at the story's time, where requests go.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn request(&mut self, request: &Value) -> Result<Delivery> {
        let mut timed = request.clone();
        if let Some(now) = self.clock.get() {
            timed["at"] = now.to_string().into();
        }
        self.invoke("RequestFunction", request, &timed)
    }

    /// Invokes a function; what is shown may be shorter than the payload.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn invoke(&mut self, logical_id: &str, shown: &Value, payload: &Value) -> Result<Delivery> {
        let said = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned);
        if shown["action"] != "reconcile" {
            self.summary.happened(&said);
        }
        labelled_as(Line::Detail, "request", Paint::Cyan, &said);
        let delivery = self.cloud.invoke_function(logical_id, payload)?;
        self.show(&delivery)?;
        Ok(delivery)
    }

    /// Fires the deployed schedule whose name ends so, at the story's time.
    ///
    /// # Errors
    /// When there is no such schedule, or the emulator does not answer.
    pub fn fire(&mut self, name: &str) -> Result<()> {
        let schedules = self.cloud.schedules()?;
        let schedule = schedules.iter().find(|schedule| schedule.name.ends_with(name));
        let schedule = schedule.with_context(|| format!("no schedule {name} is deployed and enabled"))?;
        labelled_as(Line::Detail, "schedule", Paint::Cyan, &format!("{} ({})", schedule.name, schedule.expression));
        let delivery = self.cloud.fire(schedule, self.now())?;
        self.show(&delivery)
    }

    /// The ticks of the capacity and the rollout function, as every five minutes.
    ///
    /// # Errors
    /// When a tick is not deployed, or the emulator does not answer.
    pub fn tick(&mut self) -> Result<()> {
        self.fire("capacity-tick")?;
        self.fire("rollout-tick")
    }

    /// Plays ECS's part until nothing changes any more: each transition's events are delivered before the next one.
    ///
    /// # Errors
    /// When the emulator does not answer, or ECS never comes to rest.
    pub fn settle(&mut self) -> Result<()> {
        let cloud = self.cloud;
        cloud.settle_with(|event| self.deliver(&event).map(drop))
    }

    /// Delivers CloudFormation's event that the system's stack was updated.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn stack_updated(&mut self) -> Result<()> {
        let stack = self.cloud.resource(&stack()?, "SystemStack")?;
        let detail = json!({
            "stack-id": stack,
            "status-details": {"status": "UPDATE_COMPLETE", "status-reason": ""},
            "client-request-token": "",
        });
        let kind = "CloudFormation Stack Status Change";
        self.deliver(&self.cloud.event("aws.cloudformation", kind, json!([stack]), detail))?;
        Ok(())
    }

    /// The messages since the last time.
    pub fn messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    /// The subjects of the messages since the last time.
    pub fn subjects(&mut self) -> Vec<String> {
        self.messages().into_iter().map(|message| message.subject).collect()
    }

    /// A message with this in its subject was sent since the last time.
    pub fn announced(&mut self, subject: &str) {
        let subjects = self.subjects();
        let one = subjects.iter().any(|sent| sent.contains(subject));
        self.verify(&format!("a message was sent: {subject}"), one, &format!("the subjects are {subjects:?}"));
    }

    /// One message was sent since the last time, and it has this in its subject.
    pub fn announced_once(&mut self, subject: &str) {
        let subjects = self.subjects();
        let once = subjects.len() == 1 && subjects[0].contains(subject);
        self.verify(&format!("one message was sent: {subject}"), once, &format!("the subjects are {subjects:?}"));
    }

    /// What the functions called since the last time, without the calls that change nothing.
    pub fn changes(&mut self) -> Vec<String> {
        let calls = std::mem::take(&mut self.calls);
        let reads = ["Describe", "List", "Get", "BatchGet", "Query", "StartConfigurationSession"];
        calls.into_iter().filter(|call| !reads.iter().any(|read| call.starts_with(read))).collect()
    }

    fn show(&mut self, delivery: &Delivery) -> Result<()> {
        match &delivery.answer {
            Ok(answer) => self.show_answer(answer),
            Err(error) => self.failure("FAILED", error["errorMessage"].as_str().unwrap_or(&error.to_string())),
        }
        self.calls.extend(self.cloud.calls()?);
        self.read_messages()
    }

    /// Shows the messages that were sent meanwhile.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn read_messages(&mut self) -> Result<()> {
        for message in self.cloud.messages(&self.queue)? {
            self.summary.announced(&message.subject);
            let text = format!("{}\n{}", message.subject, shorter(message.body.trim_end()));
            labelled_as(Line::Detail, "message", Paint::Bold, &text);
            self.messages.push(message);
        }
        Ok(())
    }
}
