//! Amazon SNS: messages to people.
//!
//! Limits: a subject has fewer than 100 characters, is ASCII and has no control characters; all renderings together have at most 256 KiB:
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.

use serde_json::{Value, json};

use super::Cx;
use crate::journal::{Message, What};
use crate::wire::{Answer, Failure};

/// The topics.
#[derive(Debug, Default)]
pub struct Sns {
    /// What was accepted, in order.
    pub messages: Vec<Message>,
    /// Is the topic deleted?
    pub deleted: bool,
}

impl Sns {
    pub(super) fn call(&mut self, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
        assert_eq!(operation, "Publish", "the model has no sns:{operation}");
        if cx.goes_wrong(cx.weather.refused_messages, "SNS refuses a message") {
            return Err(Failure::new("InternalError", "try later").with_status(500));
        }
        if self.deleted {
            // "NotFound: Indicates that the requested resource does not exist."
            return Err(Failure::new("NotFound", "Topic does not exist").with_status(404));
        }
        let text = |field: &str| input[field].as_str().unwrap_or_default().to_owned();
        let (subject, body) = (text("Subject"), text("Message"));
        let invalid = |message: &str| Err(Failure::new("InvalidParameter", message));
        if subject.len() >= 100 || !subject.is_ascii() || subject.chars().any(|letter| letter.is_ascii_control()) {
            return invalid("Invalid parameter: Subject");
        }
        if body.is_empty() || body.len() > 256 * 1024 {
            return invalid("Invalid parameter: Message too long");
        }
        let renderings: Value = match input["MessageStructure"] == "json" {
            true => serde_json::from_str(&body).unwrap_or_default(),
            false => json!({ "default": body }),
        };
        let Some(default) = renderings["default"].as_str() else {
            return invalid("Invalid parameter: Message Structure - No default entry in JSON message body");
        };
        let chat = renderings["https"].as_str().unwrap_or_default().to_owned();
        let message = Message { topic: text("TopicArn"), subject, text: default.to_owned(), chat };
        cx.out.notes.push(What::Message(message.clone()));
        self.messages.push(message);
        Ok(json!({ "MessageId": cx.id() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::wire::Request;
    use crate::world::testing::Bench;

    #[test]
    fn a_topic_that_is_deleted_takes_no_message() {
        let mut bench = Bench::new();
        bench.world.sns.deleted = true;
        let input = json!({ "TopicArn": "arn:aws:sns:eu-central-1:1:a", "Subject": "a", "Message": "b" });
        let request = Request { service: "sns", operation: "Publish".into(), input };
        assert_eq!(bench.change(|world, cx| world.call(&request, cx)).unwrap_err().code, "NotFound");
        bench.world.sns.deleted = false;
        bench.change(|world, cx| world.call(&request, cx)).unwrap();
        assert_eq!(bench.world.sns.messages.len(), 1);
    }
}
