//! What holds of every invocation, whatever it got: what leaves the function is taken by AWS, and says nothing to the programs that show it.

use serde_json::Value;
use shared::Error;
use simulation::wire::Request;

use crate::attribute;
use crate::invoke::Observed;

/// SNS: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
const MESSAGE: usize = 262_144;
/// DynamoDB: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>.
const ITEM: usize = 400 * 1024;
const LEVELS: usize = 32;
const PARTITION_KEY: usize = 2048;
/// SQS: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
const QUEUED: usize = 1024 * 1024;
/// Lambda, asynchronous: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>. It was 256 KB until 2025.
const EVENT: usize = 256 * 1024;
/// Lambda, the answer of an invocation.
const ANSWER: usize = 6 * 1024 * 1024;
/// CloudWatch Logs keeps longer lines in parts: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>.
const LINE: usize = 256 * 1024;

/// The first law that an invocation broke.
pub fn broken(observed: &Observed) -> Option<String> {
    let Some(result) = &observed.result else { return Some("does not end".to_owned()) };
    let answer = match result {
        Ok(answer) => answer.to_string().len(),
        Err(error) => error.to_string().len(),
    };
    if answer > ANSWER {
        return Some("an answer that Lambda refuses".to_owned());
    }
    if let Some(line) = observed.logged.iter().find(|line| line.len() > LINE) {
        return Some(format!("a log line of {} bytes: {}", line.len(), beginning(line)));
    }
    let printed = observed.printed.iter().map(Value::to_string);
    if let Some(line) = printed.into_iter().find(|line| line.len() > LINE) {
        return Some(format!("a metric document of {} bytes: {}", line.len(), beginning(&line)));
    }
    observed.sent.iter().find_map(refused)
}

/// Why AWS refuses a request for its size or form.
fn refused(request: &Request) -> Option<String> {
    let input = &request.input;
    let text = |field: &str| input[field].as_str().unwrap_or_default();
    match (request.service, request.operation.as_str()) {
        ("sns", "Publish") => message(text("Subject"), text("Message")),
        ("dynamodb", "PutItem") => {
            let Value::Object(fields) = input["Item"].clone() else { return Some("an item that is none".to_owned()) };
            let item: Value = fields
                .into_iter()
                .map(|(name, field)| (name, attribute::plain(field)))
                .collect::<serde_json::Map<_, _>>()
                .into();
            let (size, depth) = (attribute::size(&item), attribute::depth(&item));
            if size > ITEM {
                return Some(format!("an item of {size} bytes"));
            }
            if depth > LEVELS {
                return Some(format!("an item of {depth} levels"));
            }
            if let Some(number) = number_beyond(&item) {
                return Some(format!("an item with the number {number}"));
            }
            let key = item["pk"].as_str().unwrap_or_default();
            (key.is_empty() || key.len() > PARTITION_KEY).then(|| format!("a key of {} bytes", key.len()))
        }
        ("sqs", "SendMessage") => {
            let size = text("MessageBody").len();
            (size > QUEUED).then(|| format!("a message of {size} bytes to a queue"))
        }
        ("lambda", "Invoke") if input["InvocationType"] == "Event" => {
            let size = input["Payload"].to_string().len();
            (size > EVENT).then(|| format!("an event of {size} bytes to a function"))
        }
        _ => None,
    }
}

/// DynamoDB's numbers have 38 digits and end at 9.99e125.
fn number_beyond(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => {
            number.as_f64().filter(|number| number.abs() > 9.9e125 || (*number != 0.0 && number.abs() < 1e-130))
        }
        Value::Array(items) => items.iter().find_map(number_beyond),
        Value::Object(fields) => fields.values().find_map(number_beyond),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

/// Subject: "must be ASCII text ... must not include line breaks or control characters ... must be less than 100 characters long".
fn message(subject: &str, message: &str) -> Option<String> {
    if subject.is_empty() || subject.len() >= 100 || !subject.chars().all(|c| c.is_ascii() && !c.is_ascii_control()) {
        return Some(format!("a subject that SNS refuses: {subject:?}"));
    }
    if message.len() > MESSAGE {
        return Some(format!("a message of {} bytes", message.len()));
    }
    let Ok(renderings) = serde_json::from_str::<Value>(message) else {
        return Some("a message that is no JSON".to_owned());
    };
    let text = renderings["default"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Some("a message without text".to_owned());
    }
    if let Some(hidden) = text
        .chars()
        .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    {
        return Some(format!("a message with {hidden:?}"));
    }
    // Ids are shown to nobody.
    let chat: Value = serde_json::from_str(renderings["https"].as_str().unwrap_or_default()).unwrap_or_default();
    let chat = format!("{} {}", chat["content"], chat["metadata"]["summary"]);
    let acts = ["<", "@everyone", "@channel", "@here", "@all", "](http"];
    acts.into_iter().find(|act| chat.to_lowercase().contains(act)).map(|act| format!("a chat message with {act:?}"))
}

/// Is the error what AWS answered, or could not be asked? That is no mistake in the input.
pub fn is_of_aws(error: &Error) -> bool {
    let text = error.to_string();
    ["Exception", "HTTP 4", "HTTP 5", "failed to construct request", "dispatch failure", " differs from "]
        .iter()
        .any(|word| text.contains(word))
}

/// How an error of a request, a document or a variable has to read: it names the field, what was got and what was expected.
pub fn unnamed(error: &Error, fields: &[&str]) -> Option<String> {
    let text = error.to_string();
    // `until: got`, `services[0].name: invalid`, `missing field `until``, `LEDGER_TABLE: not set`.
    let named = |field: &&str| {
        let before = |at: usize| text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let after = |at: usize| text[at + field.len()..].starts_with([':', '[', '.', '`', ' ']);
        text.match_indices(*field).any(|(at, _)| before(at) && after(at))
    };
    let names = fields.iter().any(named) || text.contains("unknown field `");
    let got = [
        "got `",
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown ",
        "missing ",
        "not set",
        "duplicate ",
    ]
    .iter()
    .any(|word| text.contains(word));
    let expects = ["expected", "unknown field", "missing field", "not set", "duplicate field"]
        .iter()
        .any(|word| text.contains(word));
    if names && got && expects {
        None
    } else {
        Some(format!("an error that does not say what is wrong: {}", beginning(&text)))
    }
}

/// As much of a text as a person wants to see.
pub fn beginning(text: &str) -> String {
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
