//! What ECR says of signatures, where the fleet demands one: nothing broken opens the gate.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::invoke::invoke;
use crate::record::{Invocation, Recording};
use crate::target::{Sample, Target, Verdict, verdict};

/// The profile that the fleet demands.
const PROFILE: &str = "arn:aws:signer:eu-central-1:123456789012:/signing-profiles/release";
/// How ECR is asked.
const CALL: &str = "ecr DescribeImageSigningStatus";

/// Signing states, in an invocation that rolls out what is signed.
pub fn target(recording: &Recording) -> Target {
    let rolls = |invocation: &Invocation| {
        invocation.function == "rollout"
            && invocation.payload["detail-type"] == "ECR Image Action"
            && invocation.calls.iter().any(|call| call.name() == "ecs RegisterTaskDefinition")
    };
    let place = recording.invocations.iter().position(rolls);
    let other = "arn:aws:signer:eu-central-1:123456789012:/signing-profiles/test";
    let of = |statuses: Value| {
        json!({
            "registryId": "123456789012", "repositoryName": "huskit/web", "imageId": { "imageDigest": format!("sha256:{:064x}", 1) },
            "signingStatuses": statuses,
        })
    };
    let complete = json!({ "signingProfileArn": PROFILE, "status": "COMPLETE" });
    let failed = json!({
        "signingProfileArn": PROFILE, "status": "FAILED", "failureCode": "ACCESS_DENIED", "failureReason": "not authorized to perform signer:SignPayload",
    });
    let answers = [
        of(json!([complete, { "signingProfileArn": other, "status": "IN_PROGRESS" }])),
        of(
            json!([{ "signingProfileArn": PROFILE, "status": "IN_PROGRESS" }, { "signingProfileArn": other, "status": "COMPLETE" }]),
        ),
        of(json!([failed])),
        of(json!([])),
    ];
    let samples = place.into_iter().flat_map(|invocation| {
        answers.clone().into_iter().enumerate().map(move |(number, value)| Sample {
            name: number.to_string(),
            function: "rollout",
            invocation,
            value,
        })
    });
    Target { name: "signing".to_owned(), samples: samples.collect(), check, cases: 80 }
}

fn check(recording: &Recording, sample: &Sample, answer: &Value) -> Verdict {
    let recorded = &recording.invocations[sample.invocation];
    let mut tape = recording.tape(&recorded.calls);
    tape.configuration = demanding(&recording.configuration);
    let mut others = recording.answers.clone();
    others.insert(CALL.to_owned(), answer.clone());
    tape.others = Arc::new(others);
    let observed =
        invoke(sample.function, &recording.variables[sample.function], tape, recorded.payload.clone(), recorded.at);
    let asked = observed.sent.iter().any(|request| format!("{} {}", request.service, request.operation) == CALL);
    let rolled = observed.sent.iter().any(|request| request.operation == "RegisterTaskDefinition");
    if rolled && !(asked && is_signed(answer)) {
        return Verdict::Broken("an image without its signature is rolled out".to_owned());
    }
    match verdict(&observed) {
        Verdict::Accepted(decided) if !rolled => Verdict::Refused(decided),
        verdict => verdict,
    }
}

fn is_signed(answer: &Value) -> bool {
    let statuses = answer["signingStatuses"].as_array().into_iter().flatten();
    let mut ours = statuses.filter(|status| status["signingProfileArn"] == PROFILE);
    ours.any(|status| status["status"] == "COMPLETE")
}

/// The configuration with a signature demanded of every image.
fn demanding(configuration: &str) -> String {
    let mut document: Value = serde_json::from_str(configuration).unwrap_or_default();
    let services = document.pointer_mut("/fleet/services").and_then(Value::as_array_mut).into_iter().flatten();
    for image in services.filter_map(|service| service["images"].as_array_mut()).flatten() {
        image["signed_by"] = PROFILE.into();
    }
    document.to_string()
}
