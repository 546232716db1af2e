//! Answers in the protocol of their service.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::{Answer, Failure, Request};

/// The HTTP response that is an answer to a request.
pub fn response(request: &Request, answer: &Answer) -> HttpResponse {
    if request.service == "cloudwatch" {
        return in_cbor(answer);
    }
    let (status, headers, body) = match (request.service, answer) {
        ("sns", Ok(answer)) => {
            let id = answer["MessageId"].as_str().unwrap_or_default();
            let result = format!("<PublishResult><MessageId>{id}</MessageId></PublishResult>");
            (200, vec![], format!("<PublishResponse>{result}</PublishResponse>"))
        }
        ("cloudfront", Ok(answer)) => {
            let id = answer["Id"].as_str().unwrap_or_default();
            (201, vec![], format!("<Invalidation><Id>{id}</Id><Status>InProgress</Status></Invalidation>"))
        }
        ("sns" | "cloudfront", Err(failure)) => {
            let error = format!("<Code>{}</Code><Message>{}</Message>", failure.code, failure.message);
            (failure.status, vec![], format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
        }
        ("appconfig", Ok(answer)) if request.operation == "GetLatestConfiguration" => {
            let header =
                |name: &'static str, field: &str| (name, answer[field].as_str().unwrap_or_default().to_owned());
            let headers = vec![
                header("next-poll-configuration-token", "NextPollConfigurationToken"),
                ("next-poll-interval-in-seconds", answer["NextPollIntervalInSeconds"].to_string()),
                ("content-type", "application/json".to_owned()),
            ];
            (200, headers, answer["Configuration"].as_str().unwrap_or_default().to_owned())
        }
        ("appconfig", Ok(answer)) => (201, vec![], answer.to_string()),
        ("lambda", Ok(answer)) => {
            let error = answer["FunctionError"].as_str().map(|error| ("x-amz-function-error", error.to_owned()));
            let status = answer["StatusCode"].as_u64().unwrap_or(200);
            let body = if answer["Payload"].is_null() { String::new() } else { answer["Payload"].to_string() };
            (u16::try_from(status).unwrap(), error.into_iter().collect(), body)
        }
        (_, Ok(answer)) => (200, vec![], answer.to_string()),
        (_, Err(failure)) => {
            let mut body = json!({ "__type": failure.code, "message": failure.message });
            if let (Value::Object(body), Value::Object(more)) = (&mut body, failure.more.as_ref()) {
                body.extend(more.clone());
            }
            (failure.status, vec![("x-amzn-errortype", failure.code.clone())], body.to_string())
        }
    };
    let mut response = HttpResponse::new(StatusCode::try_from(status).expect("a status"), SdkBody::from(body));
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Errors have their code in the body.
fn in_cbor(answer: &Answer) -> HttpResponse {
    let (status, body) = match answer {
        Ok(answer) => (200, super::cbor::write(answer)),
        Err(Failure { status, code, message, .. }) => {
            (*status, super::cbor::write(&json!({ "__type": code, "message": message })))
        }
    };
    let mut response = HttpResponse::new(StatusCode::try_from(status).expect("a status"), SdkBody::from(body));
    response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
    response.headers_mut().insert("content-type", "application/cbor");
    response
}
