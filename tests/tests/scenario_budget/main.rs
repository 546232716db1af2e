//! The budget function on a local cloud: the real binary, the real templates, messages through the real topic.
//!
//! One cloud for all scenarios, one scenario at a time; each starts from a budget without a record.

// Helpers of tests fail a test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod people;
mod tiers;

use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use xtask::cloud::{Cloud, Message};

const BUDGET: &str = "huskit-monthly";
const CLUSTER: &str = "huskit-prod";
/// Longest that a message through SNS takes to be handled: a new process on a busy machine.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The cloud, held by one scenario at a time.
struct Scenario {
    cloud: &'static Cloud,
    queue: &'static str,
}

fn scenario() -> MutexGuard<'static, Scenario> {
    static SCENARIO: OnceLock<Mutex<Scenario>> = OnceLock::new();
    let scenario = SCENARIO.get_or_init(|| {
        let (cloud, queue) = Cloud::shared().expect("a local cloud");
        Mutex::new(Scenario { cloud, queue })
    });
    let scenario = scenario.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    scenario.forget();
    scenario
}

impl Scenario {
    /// Nothing is spent, nothing is remembered, nothing fails.
    fn forget(&self) {
        self.faults(json!([]));
        self.spend("0.00");
        let table = self.cloud.output("Ledger").unwrap();
        let items = self.cloud.client.call("dynamodb", "scan", json!({"TableName": table})).unwrap();
        for item in items["Items"].as_array().into_iter().flatten() {
            let key = json!({"pk": item["pk"], "sk": item["sk"]});
            self.cloud.client.call("dynamodb", "delete_item", json!({"TableName": table, "Key": key})).unwrap();
        }
        self.messages();
    }

    /// What Budgets says from now on.
    fn spend(&self, dollars: &str) {
        let spent = json!({"budget": BUDGET, "actual": dollars, "limit": "500"});
        self.cloud.client.call("local", "budget", spent).unwrap();
    }

    /// Publishes a message of `events/` to the topic of budgets, as Budgets does; SNS hands it to the function.
    fn publish(&self, event: &str) {
        let (_, event) = tests::events().into_iter().find(|(name, _)| name == event).expect("an event");
        let topic = self.cloud.output("BudgetTopic").unwrap();
        for record in event["Records"].as_array().unwrap() {
            let mut message = json!({"TopicArn": topic, "Message": record["Sns"]["Message"]});
            if record["Sns"]["Subject"].is_string() {
                message["Subject"] = record["Sns"]["Subject"].clone();
            }
            self.cloud.client.call("sns", "publish", message).unwrap();
        }
    }

    /// Hands a message to the function and waits for its answer.
    fn deliver(&self, event: &str) -> Value {
        let (_, mut event) = tests::events().into_iter().find(|(name, _)| name == event).expect("an event");
        for record in event["Records"].as_array_mut().unwrap() {
            // One of another month would be announced as late.
            record["Sns"]["Timestamp"] = now().to_string().into();
        }
        self.start(&event).unwrap()
    }

    /// Sends an engineer's request.
    fn send(&self, request: &Value) -> Result<Value, Value> {
        self.cloud.request(request).unwrap().answer
    }

    /// Invokes the function, as AWS does.
    fn start(&self, payload: &Value) -> Result<Value, Value> {
        self.cloud.invoke_function("BudgetFunction", payload).unwrap().answer
    }

    fn tick(&self) -> Value {
        self.start(&json!({"action": "reconcile"})).unwrap()
    }

    /// The tick on the first of the next month.
    fn tick_next_month(&self) -> Value {
        let today = now().to_zoned(TimeZone::UTC).date();
        let first = today.first_of_month().checked_add(1.month()).unwrap();
        self.start(&json!({"action": "reconcile", "at": format!("{first}T00:00:00Z")})).unwrap()
    }

    /// What the budget takes from a service, as the ledger has it for the capacity function.
    fn restriction(&self, service: &str) -> Option<Value> {
        let item = self.item(&format!("service/{CLUSTER}/{service}"), "capacity");
        item.get("budget")
            .filter(|restriction| restriction["M"].is_object())
            .map(|restriction| restriction["M"].clone())
    }

    fn item(&self, pk: &str, sk: &str) -> Value {
        self.cloud.ledger_item(pk, sk).unwrap()
    }

    /// The subjects of the messages to people since the last time.
    fn messages(&self) -> Vec<String> {
        let messages: Vec<Message> = self.cloud.messages(self.queue).unwrap();
        messages.into_iter().map(|message| message.subject).collect()
    }

    /// Messages to people once at least one has come.
    fn wait_for_messages(&self) -> Vec<String> {
        let since = Instant::now();
        loop {
            let messages = self.messages();
            if !messages.is_empty() {
                // Only then is it crossed out, which must not meet the next scenario's ledger.
                self.cloud.wait_until_idle().unwrap();
                return messages;
            }
            assert!(since.elapsed() < LONGEST_WAIT, "no message within {LONGEST_WAIT:?}");
            // A scenario waits for another process; nothing here is notified when it is done.
            #[allow(clippy::disallowed_methods)]
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn faults(&self, faults: Value) {
        self.cloud.set_faults(&faults).unwrap();
    }
}

/// The scenarios run by the clock of this machine, as the function does.
#[allow(clippy::disallowed_methods)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// The decisions of an answer about budgets, or about services.
fn decisions<'a>(answer: &'a Value, about: &str) -> Vec<&'a Value> {
    let all = answer["decisions"].as_array().expect("an answer with decisions");
    all.iter().filter(|decision| decision.get(about).is_some()).collect()
}

/// The reasons of an answer, in order: about budgets, then about the system.
fn reasons(answer: &Value) -> Vec<&str> {
    let lines = ["budget", "system"].into_iter().flat_map(|kind| decisions(answer, kind));
    lines.map(|line| line["reason"].as_str().unwrap_or_default()).collect()
}
