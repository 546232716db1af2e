//! Amazon SNS.

use std::sync::OnceLock;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Result};

/// Sends messages.
///
/// Its client is built on first use: most invocations need none.
#[derive(Debug)]
pub struct Sns {
    connection: Connection,
    client: OnceLock<aws_sdk_sns::Client>,
}

impl Sns {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> Sns {
        Sns { connection: connection.clone(), client: OnceLock::new() }
    }

    fn client(&self) -> &aws_sdk_sns::Client {
        self.client.get_or_init(|| {
            let mut config = aws_sdk_sns::config::Builder::from(self.connection.config());
            config.set_endpoint_url(self.connection.endpoint(Service::Sns));
            config.set_retry_partition(self.connection.retry_partition());
            aws_sdk_sns::Client::from_conf(config.build())
        })
    }

    /// Publishes `payload`, a JSON object of one rendering per protocol, under `subject`.
    ///
    /// Requires `sns:Publish`.
    ///
    /// # Errors
    /// `Denied` when the topic's policy or key refuses.
    pub async fn publish(&self, topic: &str, subject: &str, payload: &str) -> Result<()> {
        let call = self.client().publish().topic_arn(topic).subject(subject).message(payload).message_structure("json");
        call.send().await.map(drop).map_err(classify).context(|| format!("publish to {topic}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::{Replay, run};
    use crate::error::Kind;

    #[test]
    fn one_publish_carries_a_rendering_for_each_protocol() {
        let answer = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
        let replay = Replay::texts(&[(200, answer.to_owned())]);
        run(Sns::new(&replay.connection()).publish("arn:topic", "subject", "{}")).unwrap();
        let body = &replay.bodies()[0];
        assert!(body.contains("MessageStructure=json") && body.contains("Subject=subject"), "{body}");
    }

    #[test]
    fn a_topic_that_refuses_is_reported_with_its_name() {
        let answer =
            "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>";
        let replay = Replay::texts(&[(403, answer.to_owned())]);
        let error = run(Sns::new(&replay.connection()).publish("arn:topic", "subject", "{}")).unwrap_err();
        let text = "publish to arn:topic: AuthorizationError: no";
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Denied, text));
    }
}
