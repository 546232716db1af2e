//! What the endpoint answers to each call of a rollout.

use super::account::{ACCOUNT, Account, REGION};
use super::fleet::fleet;
use super::http::Request;
use serde_json::{Value, json};

/// An answer before it is written.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Content type of the protocol that the call came in.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// The token of a session that has seen the configuration.
pub const SEEN: &str = "seen";

/// The operation that a request names, or `None` for something that is no AWS call (a connection opened ahead of need).
pub fn operation(request: &Request) -> Option<String> {
    if let Some(target) = request.header("x-amz-target") {
        return Some(target.rsplit('.').next().unwrap_or(target).to_owned());
    }
    if request.method == "GET" && request.path.starts_with("/configuration?") {
        return Some("GetLatestConfiguration".to_owned());
    }
    if request.method != "POST" {
        return None;
    }
    if request.path == "/configurationsessions" {
        return Some("StartConfigurationSession".to_owned());
    }
    if request.path.ends_with("/invalidation") {
        return Some("CreateInvalidation".to_owned());
    }
    let form = String::from_utf8_lossy(&request.body);
    let action = form.split('&').find_map(|field| field.strip_prefix("Action="));
    Some(action.unwrap_or(&request.path).to_owned())
}

/// Answers one call; `None` for an operation that no rollout makes.
pub fn answer(account: &mut Account, operation: &str, request: &Request) -> Option<Answer> {
    let input: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let text = |field: &str| input[field].as_str();
    Some(match operation {
        "StartConfigurationSession" => Answer { status: 201, ..ecs(json!({"InitialConfigurationToken": "new"})) },
        "GetLatestConfiguration" if request.path.ends_with(SEEN) => Answer { body: String::new(), ..ecs(json!({})) },
        "GetLatestConfiguration" => ecs(json!({"fleet": fleet(), "alarms": {"alarms": []}, "budgets": []})),
        "DescribeServices" => ecs(json!({"services": [account.service()], "failures": []})),
        "DescribeTaskDefinition" => match text("taskDefinition").and_then(|name| account.task_definition(name)) {
            Some(found) => ecs(found.clone()),
            None => client_error("ClientException", "Unable to describe task definition."),
        },
        "RegisterTaskDefinition" => ecs(account.register(input)),
        "UpdateService" => match account.update(text("taskDefinition")) {
            Some(service) => ecs(json!({"service": service})),
            None => client_error("ClientException", "TaskDefinition not found."),
        },
        "ListTasks" => ecs(json!({"taskArns": []})),
        "DescribeTasks" => ecs(json!({"tasks": [], "failures": []})),
        "DescribeImages" => describe_images(account, &input),
        "BatchGetImage" => ecs(json!({"images": images(account, &input), "failures": []})),
        "PutImage" => ecs(json!({"image": {"registryId": ACCOUNT, "repositoryName": input["repositoryName"],
            "imageId": {"imageDigest": input["imageDigest"], "imageTag": input["imageTag"]}}})),
        "GetItem" | "BatchGetItem" | "PutItem" | "UpdateItem" => dynamodb(json!({})),
        "Query" => dynamodb(json!({"Items": [], "Count": 0, "ScannedCount": 0})),
        "Publish" => xml(
            200,
            format!(
                "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{ID}</MessageId>\
             </PublishResult><ResponseMetadata><RequestId>{ID}</RequestId></ResponseMetadata></PublishResponse>"
            ),
        ),
        "CreateInvalidation" => xml(
            201,
            format!(
                "<Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>I{REGION}</Id><Status>InProgress</Status>\
             <CreateTime>2025-11-13T02:13:20Z</CreateTime><InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items>\
             </Paths><CallerReference>{ID}</CallerReference></InvalidationBatch></Invalidation>"
            ),
        ),
        _ => return None,
    })
}

const ID: &str = "567910cd-659e-55d4-8ccb-5aaf14679dc0";

fn describe_images(account: &Account, input: &Value) -> Answer {
    let Some(ids) = input["imageIds"].as_array() else {
        return ecs(json!({"imageDetails": [account.image(None, None)]}));
    };
    let found: Vec<Value> =
        ids.iter().filter_map(|id| account.image(id["imageDigest"].as_str(), id["imageTag"].as_str())).collect();
    if found.len() < ids.len() {
        return client_error(
            "ImageNotFoundException",
            "The image requested does not exist in the specified repository.",
        );
    }
    ecs(json!({"imageDetails": found}))
}

fn images(account: &Account, input: &Value) -> Vec<Value> {
    let ids = input["imageIds"].as_array().map(Vec::as_slice).unwrap_or_default();
    ids.iter()
        .filter_map(|id| account.image(id["imageDigest"].as_str(), id["imageTag"].as_str()))
        .map(|image| {
            let manifest =
                r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}"#;
            json!({"registryId": ACCOUNT, "repositoryName": input["repositoryName"],
                "imageId": {"imageDigest": image["imageDigest"]}, "imageManifest": manifest,
                "imageManifestMediaType": image["imageManifestMediaType"]})
        })
        .collect()
}

fn ecs(body: Value) -> Answer {
    Answer { status: 200, content_type: "application/x-amz-json-1.1", body: body.to_string() }
}

fn dynamodb(body: Value) -> Answer {
    Answer { status: 200, content_type: "application/x-amz-json-1.0", body: body.to_string() }
}

fn xml(status: u16, body: String) -> Answer {
    Answer { status, content_type: "text/xml", body }
}

fn client_error(kind: &str, message: &str) -> Answer {
    Answer { status: 400, ..ecs(json!({"__type": kind, "message": message})) }
}
