//! What can happen in a step: each verb does it, shows it, and shows what the functions decided and did.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Step, stack_updated};
use crate::cloud::{Delivery, Image, Message, STACK};
use crate::screen::{Paint, labelled};

/// How much of a link is shown.
const LINK: usize = 80;

impl Step<'_> {
    /// Pushes an image to a service's repository under the tag that it follows, and delivers the push.
    ///
    /// # Errors
    /// When the emulator refuses any of it.
    pub fn push(&mut self, service: &str, name: &str, outcome: Option<&str>) -> Result<Image> {
        let service = self.service(service)?;
        let image = self.cloud.push(&service.repository, &service.tag, name, outcome)?;
        self.deliver(&self.cloud.push_event(&image))?;
        Ok(image)
    }

    /// Delivers an event to whatever rule matches it.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn deliver(&mut self, event: &Value) -> Result<Vec<Delivery>> {
        let mut event = event.clone();
        if let Some(now) = self.clock.get() {
            event["time"] = now.to_string().into();
        }
        self.deliver_as_it_is(&event)
    }

    /// Delivers an event with its own time.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn deliver_as_it_is(&mut self, event: &Value) -> Result<Vec<Delivery>> {
        labelled("event", Paint::Cyan, &describe(event));
        let deliveries = self.cloud.deliver(event)?;
        if deliveries.is_empty() {
            labelled("", Paint::Dim, "no rule matches");
        }
        for delivery in &deliveries {
            self.show(delivery)?;
        }
        Ok(deliveries)
    }

    /// Asks the rollout function for something, as a person does, at the story's time.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn ask(&mut self, request: &Value) -> Result<Delivery> {
        self.ask_function("RolloutFunction", request, &self.timed(request))
    }

    /// Asks the capacity function for something, as a person does, at the story's time.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn ask_schedule(&mut self, request: &Value) -> Result<Delivery> {
        self.ask_function("CapacityFunction", request, &self.timed(request))
    }

    /// A request at the story's time.
    fn timed(&self, request: &Value) -> Value {
        let mut timed = request.clone();
        if let Some(now) = self.clock.get() {
            timed["at"] = now.to_string().into();
        }
        timed
    }

    /// Asks a function; what is shown may be shorter than what is sent.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn ask_function(&mut self, logical_id: &str, shown: &Value, request: &Value) -> Result<Delivery> {
        labelled("request", Paint::Cyan, &shown.to_string());
        let delivery = self.cloud.request(logical_id, request)?;
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
        labelled("capacity", Paint::Cyan, &format!("{} ({})", schedule.name, schedule.expression));
        let delivery = self.cloud.fire(schedule, self.now())?;
        self.show(&delivery)
    }

    /// Both functions look at everything again, as they do every five minutes.
    ///
    /// # Errors
    /// When a tick is not deployed, or the emulator does not answer.
    pub fn tick(&mut self) -> Result<()> {
        self.fire("capacity-tick")?;
        self.fire("rollout-tick")
    }

    /// Plays ECS's part until nothing moves any more: each transition's events are delivered before the next one.
    ///
    /// # Errors
    /// When the emulator does not answer, or ECS never comes to rest.
    pub fn let_ecs_go_on(&mut self) -> Result<()> {
        let cloud = self.cloud;
        cloud.settle_with(|event| self.deliver(&event).map(drop))
    }

    /// Tells the functions that the system's stack was updated.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn tell_of_stack_update(&mut self) -> Result<()> {
        let stack = self.cloud.resource(STACK, "SystemStack")?;
        self.deliver(&stack_updated(self.cloud, &stack))?;
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

    /// A message that says this was sent since the last time.
    pub fn told(&mut self, what: &str) {
        let told = self.subjects();
        let one = told.iter().any(|told| told.contains(what));
        self.hold(&format!("a message was sent: ... {what}"), one, &format!("there are {told:?}"));
    }

    /// One message was sent since the last time, and it says this.
    pub fn told_once(&mut self, what: &str) {
        let told = self.subjects();
        let once = told.len() == 1 && told[0].contains(what);
        self.hold(&format!("one message was sent: ... {what}"), once, &format!("there are {told:?}"));
    }

    /// What the functions called since the last time, without the calls that change nothing.
    pub fn changes(&mut self) -> Vec<String> {
        let calls = std::mem::take(&mut self.calls);
        let reads = ["Describe", "List", "Get", "BatchGet", "Query"];
        calls.into_iter().filter(|call| !reads.iter().any(|read| call.starts_with(read))).collect()
    }

    fn show(&mut self, delivery: &Delivery) -> Result<()> {
        match &delivery.answer {
            Ok(report) => {
                if let Some(reason) = report["ignored"].as_str() {
                    labelled("ignored", Paint::Dim, reason);
                }
                for lines in ["services", "budgets"] {
                    show_lines(report[lines].as_array().map(Vec::as_slice).unwrap_or_default());
                }
            }
            Err(error) => labelled("FAILED", Paint::Red, error["errorMessage"].as_str().unwrap_or(&error.to_string())),
        }
        self.calls.extend(self.cloud.calls()?);
        self.read_messages()
    }

    /// Shows what has arrived for people meanwhile.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn read_messages(&mut self) -> Result<()> {
        for message in self.cloud.messages(&self.queue)? {
            labelled("message", Paint::Bold, &format!("{}\n{}", message.subject, shorter(message.body.trim_end())));
            self.messages.push(message);
        }
        Ok(())
    }
}

/// Links into the console have hundreds of letters; their beginning says what they are.
fn shorter(text: &str) -> String {
    let word = |word: &str| match word.char_indices().nth(LINK) {
        Some((end, _)) if word.starts_with("https://") => format!("{}...", &word[..end]),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Each decision; what is kept of several services in one line.
fn show_lines(lines: &[Value]) {
    let (kept, others): (Vec<&Value>, Vec<&Value>) =
        lines.iter().partition(|line| lines.len() > 1 && line["decision"] == "keep");
    for line in others {
        show_line(line);
    }
    let kept: Vec<String> = kept
        .into_iter()
        .map(|line| {
            let service = line["service"].as_str().unwrap_or_default();
            let name = service.rsplit('/').next().unwrap_or_default();
            format!("{name} ({})", line["reason"].as_str().unwrap_or_default())
        })
        .collect();
    if !kept.is_empty() {
        labelled("kept", Paint::Dim, &kept.join(", "));
    }
}

fn show_line(line: &Value) {
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let service = text("service") + &text("budget");
    let name = service.rsplit('/').next().unwrap_or_default();
    labelled("decision", Paint::Bold, &format!("{name}: {} ({}): {}", text("decision"), text("reason"), text("why")));
    for change in line["changes"].as_array().into_iter().flatten() {
        labelled("effect", Paint::Green, change.as_str().unwrap_or_default());
    }
    if let Some(error) = line.get("error").filter(|error| !error.is_null()) {
        labelled("error", Paint::Red, &error.to_string());
    }
}

/// An event in one line: what an operator would say happened.
fn describe(event: &Value) -> String {
    let (detail, kind) = (&event["detail"], event["detail-type"].as_str().unwrap_or("unknown"));
    let text = |name: &str| detail[name].as_str().unwrap_or_default();
    let last = |arn: &Value| arn.as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned();
    let said = match kind {
        "ECR Image Action" => {
            let digest: String = text("image-digest").chars().take(19).collect();
            format!("{} {}:{} {digest}", text("action-type"), text("repository-name"), text("image-tag"))
        }
        "ECS Deployment State Change" => {
            let name = text("eventName").trim_start_matches("SERVICE_DEPLOYMENT_");
            format!("{} {name}: {}", last(&event["resources"][0]), text("reason"))
        }
        "ECS Task State Change" => format!("{} {}: {}", text("startedBy"), text("lastStatus"), text("stoppedReason")),
        "ECS Service Action" => {
            let provider = last(&detail["capacityProviderArns"][0]);
            format!("{} {} {} {provider}", last(&event["resources"][0]), text("eventName"), text("reason"))
        }
        "CloudWatch Alarm State Change" => {
            let value = |state: &str| detail[state]["value"].as_str().unwrap_or_default().to_owned();
            format!("{} {} -> {}", text("alarmName"), value("previousState"), value("state"))
        }
        "CloudFormation Stack Status Change" => {
            detail["status-details"]["status"].as_str().unwrap_or_default().to_owned()
        }
        _ => event["source"].as_str().unwrap_or_default().to_owned(),
    };
    let played = if event["source"] == "aws.ecs" { " (ECS is played)" } else { "" };
    format!("{kind}: {said}{played}")
}
