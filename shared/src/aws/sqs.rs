//! Amazon SQS: the queue in front of a function, as the function itself writes to it.

use std::sync::OnceLock;

use serde_json::Value;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Result};

/// Sends messages to one queue.
///
/// Its client is built on first use: most invocations need none.
#[derive(Debug)]
pub struct Sqs {
    connection: Connection,
    client: OnceLock<aws_sdk_sqs::Client>,
    queue: String,
}

impl Sqs {
    /// A gateway to the queue with this URL; no call is made.
    pub fn new(connection: &Connection, queue: &str) -> Sqs {
        Sqs { connection: connection.clone(), client: OnceLock::new(), queue: queue.to_owned() }
    }

    fn client(&self) -> &aws_sdk_sqs::Client {
        self.client.get_or_init(|| {
            let mut config = aws_sdk_sqs::config::Builder::from(self.connection.config());
            config.set_endpoint_url(self.connection.endpoint(Service::Sqs));
            config.set_retry_partition(self.connection.retry_partition());
            aws_sdk_sqs::Client::from_conf(config.build())
        })
    }

    /// Puts a message into the queue; at most 1 MiB of JSON:
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
    ///
    /// Requires `sqs:SendMessage`.
    ///
    /// # Errors
    /// `NotFound` when the queue is gone, `Denied` when it may not be written to.
    pub async fn send(&self, message: &Value) -> Result<()> {
        let call = self.client().send_message().queue_url(&self.queue).message_body(message.to_string());
        call.send().await.map(drop).map_err(classify).context(|| format!("send a message to {}", self.queue))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::{Replay, run};
    use crate::error::Kind;

    #[test]
    fn a_message_is_the_json_of_what_is_handed_on() {
        let gone = json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"});
        let replay = Replay::new(&[(200, json!({"MessageId": "1"})), (400, gone)]);
        let sqs = Sqs::new(&replay.connection(), "https://sqs.eu-central-1.amazonaws.com/1/acme");
        run(async {
            sqs.send(&json!({"left": ["service/prod/web"]})).await.unwrap();
            assert_eq!(sqs.send(&json!({})).await.unwrap_err().kind(), Kind::NotFound);
        });
        let sent = &replay.sent()[0];
        assert_eq!(sent["QueueUrl"], "https://sqs.eu-central-1.amazonaws.com/1/acme");
        assert_eq!(sent["MessageBody"], r#"{"left":["service/prod/web"]}"#);
    }
}
