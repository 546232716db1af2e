//! `docs/operations/uninstall.md`: what `sam delete` leaves.

use serde_json::Value;
use tests::document::{code, table};
use tests::resolve::Deployed;
use tests::template::text;

use crate::permissions::stacks;

/// The generated parts.
pub fn parts() -> Vec<(&'static str, String)> {
    vec![("kept", kept())]
}

/// What is retained when its stack is deleted, and the command that removes it.
fn kept() -> String {
    let mut rows = Vec::new();
    for stack in stacks() {
        for (id, resource) in stack.template().section("Resources") {
            if resource["DeletionPolicy"].as_str().is_some_and(|policy| policy.starts_with("Retain")) {
                let (what, how) = parting(&stack, &id, &text(&resource["Type"]));
                rows.push(vec![code(&id), what.to_owned(), code(&how)]);
            }
        }
    }
    table(&["retained", "contents", "delete it with"], rows)
}

fn parting(stack: &Deployed, id: &str, kind: &str) -> (&'static str, String) {
    let properties = stack.properties(id);
    let name = |field: &str| {
        properties.get(field).map_or_else(|| format!("<name of {id}>"), Value::to_string).replace('"', "")
    };
    match kind {
        "AWS::DynamoDB::Table" => {
            ("facts, records, history", format!("aws dynamodb delete-table --table-name '{}'", name("TableName")))
        }
        "AWS::ECR::Repository" => {
            ("images", format!("aws ecr delete-repository --force --repository-name {}", name("RepositoryName")))
        }
        "AWS::SecretsManager::Secret" => {
            ("the values you filled in", format!("aws secretsmanager delete-secret --secret-id {}", name("Name")))
        }
        "AWS::S3::Bucket" => ("files and their old versions", format!("aws s3 rb s3://{}", name("BucketName"))),
        "AWS::IAM::OIDCProvider" => (
            "the account's identity provider for GitHub, which other stacks may share",
            "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn <arn>".to_owned(),
        ),
        other => panic!("{id}: how is a {other} deleted by hand?"),
    }
}
