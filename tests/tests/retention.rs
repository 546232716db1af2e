//! What outlives the stack, and what does not.

use tests::template;

/// Data, images, secrets and the ledger survive `sam delete`; a first deploy that failed leaves nothing in the way of the next.
#[test]
fn data_images_secrets_and_the_ledger_survive() {
    let kinds = ["AWS::DynamoDB::Table", "AWS::ECR::Repository", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"];
    let mut kept = Vec::new();
    for template in template::all() {
        for (id, resource) in template.section("Resources") {
            // The header between CDN and load balancer is made anew with them; nobody filled it in.
            if id != "OriginSecret" && kinds.iter().any(|kind| resource["Type"] == *kind) {
                assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{}: {id}", template.path);
                assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{}: {id}", template.path);
                kept.push(id);
            }
        }
    }
    let mut expected = ["Ledger", "WebsiteAgentRepository", "CrawlerRepository", "WebsiteAgentSecret", "CrawlerSecret"]
        .map(str::to_owned)
        .to_vec();
    expected.extend(["LogBucket", "StaticBucket"].map(str::to_owned));
    expected.sort();
    kept.sort();
    assert_eq!(kept, expected);
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
