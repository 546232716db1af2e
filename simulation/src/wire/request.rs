//! What a request asks for.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Map, Value, json};

/// A call, whatever protocol it came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `ecs`, `dynamodb` and so on.
    pub service: &'static str,
    /// `UpdateService` and so on.
    pub operation: String,
    /// The input, with the names that the service's model has.
    pub input: Value,
}

/// Does a call change something?
pub fn writes(operation: &str) -> bool {
    let reads = ["Describe", "List", "Get", "BatchGet", "Start"];
    !reads.iter().any(|read| operation.starts_with(read))
}

/// Host, without `.model`, and service. The host is what the variable `AWS_ENDPOINT_URL_<HOST>` is called after.
pub const HOSTS: [(&str, &str); 11] = [
    ("appconfigdata", "appconfig"),
    ("application-auto-scaling", "application-autoscaling"),
    ("budgets", "budgets"),
    ("cloudfront", "cloudfront"),
    ("cloudwatch", "cloudwatch"),
    ("dynamodb", "dynamodb"),
    ("ecr", "ecr"),
    ("ecs", "ecs"),
    ("lambda", "lambda"),
    ("sns", "sns"),
    ("sqs", "sqs"),
];

/// Reads a request.
///
/// # Panics
/// When it is one that the model does not know: it refuses loudly.
pub fn read(request: &HttpRequest) -> Request {
    let uri = request.uri();
    let rest = uri.strip_prefix("http://").unwrap_or_else(|| panic!("no endpoint of the model: {uri}"));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.trim_end_matches(".model");
    let service = HOSTS.iter().find(|(known, _)| *known == host).map(|(_, service)| *service);
    let service = service.unwrap_or_else(|| panic!("the model has no service at {uri}"));
    let body = request.body().bytes().unwrap_or_default();
    let text = || std::str::from_utf8(body).expect("a body of text");
    let json_body = || if body.is_empty() { json!({}) } else { serde_json::from_slice(body).expect("a body of JSON") };
    let call = |operation: &str, input| Request { service, operation: operation.to_owned(), input };
    if let Some(target) = request.headers().get("x-amz-target") {
        let operation = target.rsplit('.').next().unwrap_or(target);
        return call(operation, in_order(json_body()));
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.split('/').collect();
    match (service, request.method(), parts.as_slice()) {
        ("appconfig", "POST", ["configurationsessions"]) => call("StartConfigurationSession", json_body()),
        ("appconfig", "GET", ["configuration"]) => {
            call("GetLatestConfiguration", json!({ "ConfigurationToken": form(query)["configuration_token"] }))
        }
        ("lambda", "POST", ["2015-03-31", "functions", function, "invocations"]) => {
            let header = |name: &str| request.headers().get(name).map(str::to_owned);
            let payload: Value = serde_json::from_slice(body).expect("a payload of JSON");
            let kind = header("x-amz-invocation-type").unwrap_or_else(|| "RequestResponse".to_owned());
            let input = json!({
                "FunctionName": decoded(function),
                "InvocationType": kind,
                "ClientContext": header("x-amz-client-context"),
                "Payload": payload,
            });
            call("Invoke", input)
        }
        ("cloudfront", "POST", ["2020-05-31", "distribution", id, "invalidation"]) => {
            let input = json!({
                "DistributionId": id,
                "CallerReference": between(text(), "<CallerReference>", "</CallerReference>").next(),
                "Paths": between(text(), "<Path>", "</Path>").collect::<Vec<_>>(),
            });
            call("CreateInvalidation", input)
        }
        ("cloudwatch", "POST", ["service", _, "operation", operation]) => {
            let mut input = super::cbor::read(body);
            // The endpoint is the model's in every region; what it is signed for has the region.
            let scope = request.headers().get("authorization").and_then(|signed| signed.split("Credential=").nth(1));
            input["Region"] = scope.and_then(|scope| scope.split('/').nth(2)).into();
            call(operation, input)
        }
        ("sns", "POST", _) => {
            let fields = form(text());
            let operation = fields["Action"].as_str().expect("an action").to_owned();
            call(&operation, fields)
        }
        _ => panic!("the model does not know {} {uri}", request.method()),
    }
}

/// With the fields of each object by name: the SDK keeps items in maps whose order is another in each run.
fn in_order(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(in_order).collect(),
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> =
                fields.into_iter().map(|(name, field)| (name, in_order(field))).collect();
            Value::Object(fields.into_iter().collect())
        }
        other => other,
    }
}

/// Every text between two marks.
fn between<'t>(text: &'t str, from: &'t str, to: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(from).skip(1).filter_map(move |rest| rest.split_once(to).map(|(inner, _)| inner))
}

/// `a=b&c=d`, as an object of texts.
fn form(text: &str) -> Value {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Value::Object(pairs.map(|(name, value)| (decoded(name), Value::from(decoded(value)))).collect::<Map<_, _>>())
}

/// Without percent-encoding.
fn decoded(text: &str) -> String {
    let (mut bytes, mut out) = (text.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let code: String = bytes.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&code, 16).expect("two hexadecimal digits"));
            }
            other => out.push(other),
        }
    }
    String::from_utf8(out).expect("text")
}
