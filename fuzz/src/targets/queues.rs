//! Batches of a queue: a message that cannot be handled holds back no other.

use serde_json::{Value, json};

use crate::record::Recording;
use crate::target::{Sample, Target, Verdict, invoked, verdict, widest};

/// What a queue holds: body and attributes of one message, which stands between good ones.
pub fn target(recording: &Recording, function: &'static str) -> Target {
    let places = recording.invocations.iter().enumerate().filter(|(_, invocation)| invocation.function == function);
    let sample = |(place, record): (usize, &Value)| Sample {
        name: format!("invocation-{place}"),
        function,
        invocation: place,
        value: json!({ "body": record["body"], "attributes": record["attributes"] }),
    };
    let records = places.filter_map(|(place, invocation)| Some((place, invocation.payload.pointer("/Records/0")?)));
    let mut samples: Vec<Sample> = records.map(sample).collect();
    let invocation = widest(recording, function);
    for (name, event) in tests::events() {
        let body = match name.split('.').next() {
            Some("cloudwatch") if function == "alarm" => event.to_string(),
            Some("sns") if function == "budget" => envelope(&event),
            _ => continue,
        };
        let value = json!({ "body": body, "attributes": { "SentTimestamp": "1763720000000" } });
        samples.push(Sample { name, function, invocation, value });
    }
    // What another invocation has handed on: of a tick, a request and an event.
    let mut payloads = places_of(recording, function).filter(|payload| payload.get("detail-type").is_some());
    let payloads =
        [Some(json!({ "action": "reconcile" })), Some(json!({ "action": "plan" })), payloads.next().cloned()];
    for (number, payload) in payloads.into_iter().flatten().enumerate() {
        let body = json!({ "handed_on": payload, "left": ["service/huskit-prod/website-agent", "service/huskit-prod/crawler"] });
        let value = json!({ "body": body.to_string(), "attributes": { "SentTimestamp": "1763720000000" } });
        samples.insert(0, Sample { name: format!("handed-on-{number}"), function, invocation, value });
    }
    // Only where the good ones around it are handled can they be held back.
    let handled = |sample: &Sample| matches!(check(recording, sample, &sample.value), Verdict::Accepted(_));
    let samples = samples.into_iter().filter(handled).take(12).collect();
    Target { name: format!("queue-{function}"), samples, check, cases: 160 }
}

fn places_of<'r>(recording: &'r Recording, function: &'static str) -> impl Iterator<Item = &'r Value> {
    recording.of(function).map(|invocation| &invocation.payload)
}

/// A record of SNS as SNS writes it into a queue, and the topic that a queue's message has.
fn envelope(event: &Value) -> String {
    let mut sns = event["Records"][0]["Sns"].clone();
    sns["TopicArn"] = json!("arn:aws:sns:eu-central-1:123456789012:budgets");
    sns.to_string()
}

fn check(recording: &Recording, sample: &Sample, message: &Value) -> Verdict {
    let good = &sample.value;
    let record = |id: &str, message: &Value| {
        json!({
            "messageId": id, "eventSource": "aws:sqs", "body": message["body"].as_str().map_or_else(|| message["body"].to_string(), str::to_owned),
            "attributes": message["attributes"],
        })
    };
    let batch = json!({ "Records": [record("before", good), record("broken", message), record("after", good)] });
    let observed = invoked(recording, sample, batch);
    match &observed.result {
        Some(Ok(answer)) => {
            let failed = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
            let held = failed.iter().find(|failed| failed["itemIdentifier"] != "broken");
            match (held, failed.is_empty()) {
                (Some(held), _) => Verdict::Broken(format!("a good message is held back: {held}")),
                (None, true) => match verdict(&observed) {
                    Verdict::Accepted(_) => Verdict::Accepted("handled".to_owned()),
                    other => other,
                },
                (None, false) => Verdict::Refused(observed.logged.last().cloned().unwrap_or_default()),
            }
        }
        Some(Err(error)) => Verdict::Broken(format!("good messages are held back: {error}")),
        None => verdict(&observed),
    }
}
