//! EventBridge and SNS: what brings an event or a message to its targets.
//!
//! EventBridge retries for 24 hours: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>. "The same target
//! can be invoked more than once for a given event": <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html>. No
//! page promises an order. What a service may lose on the way to EventBridge, `Event` says.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::pattern::matches;

use super::state::{Due, Engine};
use crate::account::{REGION, Target};
use crate::world::Event;

/// From a change to the event about it.
const USUAL: SignedDuration = SignedDuration::from_secs(1);

impl Engine {
    /// Sends an event to the targets of every rule that matches it.
    pub(super) fn route(&mut self, event: &Event) {
        let account = std::rc::Rc::clone(&self.account);
        for rule in account.rules.iter().filter(|rule| matches(&rule.pattern, &event.body)) {
            for target in &rule.targets {
                if event.best_effort && self.goes_wrong(self.weather.lost_events, "an event is lost") {
                    continue;
                }
                self.send(target, &event.body);
                if self.goes_wrong(self.weather.duplicates, "an event is delivered twice") {
                    self.send(target, &event.body);
                }
            }
        }
    }

    /// A message of another service to the subscribers of a topic: AWS Budgets, CloudWatch.
    pub fn publish(&mut self, topic: &str, subject: &str, text: &str) {
        let account = std::rc::Rc::clone(&self.account);
        let message = json!({
            "Type": "Notification", "MessageId": self.change(|_, cx| cx.id()), "TopicArn": topic, "Subject": subject,
            "Message": text, "Timestamp": self.now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "SignatureVersion": "1", "MessageAttributes": {},
        });
        for (_, target) in account.subscriptions.iter().filter(|(own, _)| own == topic) {
            match target {
                Target::Function(_) => {
                    let record = json!({ "EventSource": "aws:sns", "EventVersion": "1.0",
                        "EventSubscriptionArn": format!("{topic}:{REGION}"), "Sns": message });
                    self.send(target, &json!({ "Records": [record] }));
                }
                _ => self.send(target, &message),
            }
            if self.goes_wrong(self.weather.duplicates, "an event is delivered twice") {
                self.send(target, &message);
            }
        }
    }

    fn send(&mut self, target: &Target, payload: &Value) {
        let late = self.goes_wrong(self.weather.late, "an event is late");
        let most = if late { self.weather.late_for } else { USUAL };
        let at = self.now + self.rng.up_to(most);
        self.due.push(at, Due::Delivered { target: target.clone(), payload: payload.clone() });
    }

    pub(super) fn delivered(&mut self, target: Target, payload: Value) {
        match target {
            Target::Function(function) => self.invoke_async(function, payload),
            Target::Queue(arn) => self.change(|world, cx| {
                let queue = world.sqs.number(&arn);
                world.sqs.send(queue, payload.to_string(), 0, cx);
            }),
            // No function reads it there.
            Target::Topic(_) | Target::Inbox(_) => {}
        }
    }
}
