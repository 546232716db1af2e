//! Amazon SQS: standard queues. A message that was received is invisible for the visibility timeout and comes again when it was not deleted; after
//! `maxReceiveCount` receives it goes to the dead-letter queue:
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Cx;
use crate::account::{Account, Queue};
use crate::journal::What;
use crate::wire::{Answer, Failure};

/// The queues.
#[derive(Debug)]
pub struct Sqs {
    queues: Vec<(Queue, Vec<Message>)>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its text.
    pub body: String,
    /// When it was sent.
    pub sent: Timestamp,
    /// When it may be received.
    pub visible: Timestamp,
    /// How often it was received.
    pub receives: i64,
}

impl Sqs {
    pub(super) fn new(account: &Account) -> Sqs {
        Sqs { queues: account.queues.iter().map(|queue| (queue.clone(), Vec::new())).collect() }
    }

    /// Number of the queue with an ARN or URL.
    ///
    /// # Panics
    /// When there is none.
    pub fn number(&self, name: &str) -> usize {
        let found = self.queues.iter().position(|(queue, _)| queue.arn == name || queue.url == name);
        found.unwrap_or_else(|| panic!("no queue {name}"))
    }

    /// The messages in a queue.
    pub fn messages(&self, queue: usize) -> &[Message] {
        &self.queues[queue].1
    }

    /// Puts a message into a queue.
    pub fn send(&mut self, queue: usize, body: String, delay: i64, cx: &mut Cx<'_>) -> String {
        let id = cx.id();
        let visible = cx.now + jiff::SignedDuration::from_secs(delay);
        self.queues[queue].1.push(Message { id: id.clone(), body, sent: cx.now, visible, receives: 0 });
        cx.out.queued.push(queue);
        id
    }

    /// Receives up to `most` messages, and when the next one becomes visible.
    pub fn receive(&mut self, queue: usize, most: usize, cx: &mut Cx<'_>) -> (Vec<Message>, Option<Timestamp>) {
        let (settings, messages) = &mut self.queues[queue];
        messages.retain(|message| message.sent + settings.retention > cx.now);
        if let Some((dead, receives)) = settings.redrive.clone() {
            let given_up: Vec<Message> =
                messages.extract_if(.., |message| message.receives >= receives && message.visible <= cx.now).collect();
            let dead = self.number(&dead);
            for message in given_up {
                self.dead_letter(dead, &message.body, cx);
            }
        }
        let (settings, messages) = &mut self.queues[queue];
        let mut received = Vec::new();
        for message in messages.iter_mut().filter(|message| message.visible <= cx.now).take(most) {
            message.receives += 1;
            message.visible = cx.now + settings.visibility;
            received.push(message.clone());
        }
        let next = messages.iter().map(|message| message.visible).min();
        (received, next)
    }

    /// Deletes a message that was dealt with.
    pub fn delete(&mut self, queue: usize, id: &str) {
        self.queues[queue].1.retain(|message| message.id != id);
    }

    /// Puts something that was given up into a queue, for people.
    pub fn dead_letter(&mut self, queue: usize, body: &str, cx: &mut Cx<'_>) {
        let arn = self.queues[queue].0.arn.clone();
        let record = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        cx.out.notes.push(What::DeadLetter { queue: arn, body: record });
        self.send(queue, body.to_owned(), 0, cx);
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let text = |field: &str| input[field].as_str().unwrap_or_default().to_owned();
        match operation {
            "SendMessage" => {
                let body = text("MessageBody");
                if body.len() > 1024 * 1024 {
                    return Err(Failure::new("InvalidParameterValue", "One or more parameters are invalid."));
                }
                let delay = input["DelaySeconds"].as_i64().unwrap_or(0);
                let id = self.send(self.number(&text("QueueUrl")), body, delay, cx);
                Ok(json!({ "MessageId": id }))
            }
            other => panic!("the model has no sqs:{other}"),
        }
    }
}
