//! What all functions share: the ledger, and the way messages leave it.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::share::BEGINS;
use crate::aws::{Connection, DynamoDb, Sns, Sqs};
use crate::env::{Env, Settings};
use crate::error::{Error, Kind, Result};
use crate::ledger::{Entry, Ledger, LedgerRecord, Subject, Tries};
use crate::notify::Notification;

/// Settings, ledger and messages.
pub struct Context {
    /// What every function is configured with.
    pub settings: Settings,
    /// Records, history and messages that outlive an invocation.
    pub ledger: Ledger,
    /// Where metrics are printed; a document must stand alone on its line, not inside a log record.
    pub(super) connection: Connection,
    sns: Sns,
    /// Where work is handed on; without it, an invocation does all of it.
    pub(super) sqs: Option<Sqs>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Context {
    /// Wires the ledger and the topic; no call is made.
    ///
    /// # Errors
    /// `Invalid` when a variable is missing or wrong.
    pub fn new(env: &Env<'_>, connection: &Connection) -> Result<Context> {
        let settings = Settings::from_env(env)?;
        let ledger = Ledger::new(DynamoDb::new(connection, &settings.ledger_table));
        let sqs = settings.work_queue.as_ref().map(|queue| Sqs::new(connection, queue));
        Ok(Context { ledger, connection: connection.clone(), sns: Sns::new(connection), sqs, settings })
    }

    /// Ends with the time in which an invocation begins something.
    pub(super) fn begins(&self) -> impl Future<Output = ()> + 'static {
        let (connection, bounded) = (self.connection.clone(), self.sqs.is_some());
        async move {
            if !bounded {
                std::future::pending::<()>().await;
            }
            connection.within(BEGINS, std::future::pending::<()>()).await;
        }
    }

    /// Sends what is written and due. Each message is removed as soon as SNS has it, so that one that fails has no other
    /// sent again; one that SNS refuses for what it is holds back none behind it.
    ///
    /// A crash between sending and removing sends a message again; the other order would lose it.
    pub(super) async fn send_due<T: LedgerRecord>(
        &self,
        subject: &Subject,
        entry: &mut Entry<T>,
        now: Timestamp,
    ) -> Sent {
        let mut sent = Sent::default();
        for message in entry.due(now) {
            // After a conflict another invocation may have sent it.
            if !entry.is_unsent(&message.key) {
                continue;
            }
            let result = match self.deliver(&message).await {
                Ok(()) => {
                    sent.subjects.push(message.subject());
                    self.remove(subject, entry, &message.key).await
                }
                // The next one may be fine, while no other kind of error is about the message.
                Err(error) if error.kind() == Kind::Invalid => {
                    sent.error = Some(error);
                    continue;
                }
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                sent.error = Some(error);
                break;
            }
        }
        sent.oldest_unsent = entry.oldest_unsent(now);
        sent
    }

    /// Publishes a message, or in its place that SNS refuses it. Where both are refused, it is the topic and not the text.
    async fn deliver(&self, message: &Notification) -> Result<()> {
        match self.publish(message).await {
            Err(error) if error.kind() == Kind::Invalid => {
                tracing::error!(error.kind = error.kind().label(), "SNS refuses `{}`: {error}", message.subject());
                self.publish(&message.refused(&error.to_string())).await
            }
            result => result,
        }
    }

    async fn publish(&self, message: &Notification) -> Result<()> {
        self.sns.publish(&self.settings.operations_topic, &message.subject(), &message.payload()).await
    }

    async fn remove<T: LedgerRecord>(&self, subject: &Subject, entry: &mut Entry<T>, key: &str) -> Result<()> {
        let mut tries = Tries::default();
        loop {
            entry.mark_sent(&[key]);
            match self.ledger.save(subject, entry).await {
                Err(error) if tries.again(&error) => *entry = self.ledger.load(subject).await?,
                result => return result,
            }
        }
    }
}

/// What became of the messages of one entry.
#[derive(Debug, Default)]
pub struct Sent {
    /// The subjects of those that SNS has.
    pub subjects: Vec<String>,
    /// Why one is not sent; it is tried again later.
    pub error: Option<Error>,
    /// How long the oldest of those that are left has waited.
    pub oldest_unsent: Option<SignedDuration>,
}

#[cfg(test)]
mod tests {
    use planner::rollout::Record;

    use super::*;
    use crate::aws::testing::{Replay, run};
    use crate::notify::Severity;

    const OK: &str = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
    const INVALID: &str = "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: Subject</Message></Error></ErrorResponse>";
    const FAULT: &str =
        "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>";

    /// Sends `first` and `second` with these answers of SNS and DynamoDB; what became of them, and what is left.
    fn send(answers: &[(u16, &str)]) -> (Sent, Vec<String>, Replay) {
        let answers: Vec<(u16, String)> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let replay = Replay::texts(&answers);
        let variable = |name: &str| match name {
            "DRY_RUN" => Some("false".to_owned()),
            _ => Some("arn:aws:sns:eu-central-1:123456789012:operations".to_owned()),
        };
        let env = Env::over(|name| if name == "MAX_CLOCK_SKEW_SECONDS" { None } else { variable(name) });
        let context = Context::new(&env, &replay.connection()).unwrap();
        let (mut entry, now) = (Entry::<Record>::default(), Timestamp::UNIX_EPOCH);
        for key in ["first", "second"] {
            entry.announce(now, Notification::new("acme prod", Severity::Info, key, key, key));
        }
        let sent = run(context.send_due(&Subject::System("acme".into()), &mut entry, now));
        let left = entry.outbox.iter().map(|unsent| unsent.message.key.clone()).collect();
        (sent, left, replay)
    }

    #[test]
    fn each_message_is_removed_when_sns_has_it_so_one_that_fails_has_no_other_sent_again() {
        let (sent, left, _) = send(&[(200, OK), (200, "{}"), (403, FAULT)]);
        assert_eq!((sent.subjects, left), (vec!["first [acme prod]".to_owned()], vec!["second".to_owned()]));
        assert_eq!((sent.error.unwrap().kind(), sent.oldest_unsent), (Kind::Denied, Some(SignedDuration::ZERO)));
    }

    #[test]
    fn a_message_that_sns_refuses_for_what_it_is_is_replaced_and_holds_back_none_behind_it() {
        let (sent, left, replay) = send(&[(400, INVALID), (200, OK), (200, "{}"), (200, OK), (200, "{}")]);
        assert_eq!((sent.subjects.len(), left.len()), (2, 0));
        assert!(sent.error.is_none() && sent.oldest_unsent.is_none());
        let replacement = &replay.bodies()[1];
        assert!(replacement.contains("Subject=Refused%20by%20SNS%3A%20first%20%5Bacme%20prod%5D"), "{replacement}");
        assert!(replacement.contains("Invalid%20parameter"), "{replacement}");
    }

    /// A topic that does not exist refuses everything as an invalid parameter, and nothing is lost by it.
    #[test]
    fn a_message_whose_replacement_is_refused_too_is_kept() {
        let (sent, left, _) = send(&[(400, INVALID), (400, INVALID), (200, OK), (200, "{}")]);
        assert_eq!((sent.subjects.len(), left), (1, vec!["first".to_owned()]));
        assert_eq!((sent.error.unwrap().kind(), sent.oldest_unsent), (Kind::Invalid, Some(SignedDuration::ZERO)));
    }
}
