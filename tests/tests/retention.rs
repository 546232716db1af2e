//! What outlives the stack, and what does not.

use tests::template;

/// Data, images, secrets and the ledger survive `sam delete`; a first deploy that failed leaves nothing in the way of the next.
#[test]
fn data_images_secrets_and_the_ledger_survive() {
    let kinds = ["AWS::DynamoDB::Table", "AWS::ECR::Repository", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"];
    let mut kept = Vec::new();
    for template in template::all() {
        for (id, resource) in template.section("Resources") {
            if kinds.iter().any(|kind| resource["Type"] == *kind) {
                assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{}: {id}", template.path);
                assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{}: {id}", template.path);
                kept.push(id);
            }
        }
    }
    for id in ["Ledger", "WebsiteAgentRepository", "CrawlerRepository", "WebsiteAgentSecret", "CrawlerSecret"] {
        assert!(kept.iter().any(|kept| kept == id), "{id}");
    }
}

#[test]
fn the_ledger_forgets_by_date_and_can_be_put_back() {
    let ledger = template::main().properties("Ledger");
    assert_eq!(ledger["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(ledger["TimeToLiveSpecification"]["AttributeName"], "expires_at");
    assert_eq!(ledger["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    let keys: Vec<_> = ledger["KeySchema"].as_array().unwrap().iter().map(|k| k["AttributeName"].as_str()).collect();
    assert_eq!(keys, [Some("pk"), Some("sk")]);
}
