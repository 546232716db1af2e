//! What keeps data is encrypted, and what is public is not there.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use tests::template;

/// What says of a resource that it is encrypted; where AWS does it unasked, there is nothing to say.
fn encrypted(kind: &str, properties: &Value) -> Option<bool> {
    match kind {
        // Load balancers cannot write with a key of ours, and one method for both buckets is easier to know.
        "AWS::S3::Bucket" => {
            let rules = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"].clone();
            Some(rules == json!([{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]))
        }
        "AWS::ECR::Repository" => Some(properties["EncryptionConfiguration"]["EncryptionType"] == "AES256"),
        "AWS::SQS::Queue" => Some(properties["SqsManagedSseEnabled"] == true),
        _ => None,
    }
}

#[test]
fn buckets_repositories_and_queues_are_encrypted() {
    let mut found = Vec::new();
    for template in template::all() {
        for (id, resource) in template.section("Resources") {
            if let Some(fine) = encrypted(resource["Type"].as_str().unwrap(), &resource["Properties"]) {
                assert!(fine, "{}: {id}: {}", template.path, resource["Properties"]);
                found.push(id);
            }
        }
    }
    let expected = [
        "UndeliveredQueue",
        "DeadLetterQueue",
        "RolloutQueue",
        "CapacityQueue",
        "AlarmQueue",
        "BudgetQueue",
        "StaticBucket",
        "WebsiteAgentRepository",
        "CrawlerRepository",
        "LogBucket",
    ];
    assert_eq!(found, expected);
}

#[test]
fn every_bucket_refuses_whatever_would_make_it_public_and_whatever_comes_without_tls() {
    for template in template::all() {
        let policies = template.of_type("AWS::S3::BucketPolicy");
        for (id, bucket) in template.of_type("AWS::S3::Bucket") {
            for block in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
                assert_eq!(bucket["PublicAccessBlockConfiguration"][block], true, "{id}: {block}");
            }
            let (_, policy) = policies.iter().find(|(_, policy)| policy["Bucket"]["Ref"] == id.as_str()).unwrap();
            let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
            let refuses = |one: &&Value| {
                let without_tls = json!({"Bool": {"aws:SecureTransport": "false"}});
                one["Effect"] == "Deny"
                    && one["Principal"] == "*"
                    && one["Action"] == "s3:*"
                    && one["Condition"] == without_tls
            };
            assert!(statements.iter().any(|one| refuses(&one)), "{id}: {statements:?}");
            // A principal that is anybody may be refused something, never allowed.
            let open = |one: &Value| one["Effect"] == "Allow" && one["Principal"].get("Service").is_none();
            assert!(!statements.iter().any(open), "{id}: {statements:?}");
        }
    }
}
