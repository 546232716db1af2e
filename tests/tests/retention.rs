//! What outlives the stack, and what does not.

use tests::template;

/// Kept also by a first deploy that failed: the load balancer writes to it while it is created, and a bucket with something
/// in it is not deleted. Its name is generated, so it is in no one's way.
const KEPT_BY_A_FAILED_CREATION: &[&str] = &["LogBucket"];

/// Data, images, secrets, the ledger and the account's trust in GitHub survive `sam delete`; a first deploy that failed
/// leaves nothing in the way of the next.
#[test]
fn data_images_secrets_and_the_ledger_survive() {
    let kinds = [
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::IAM::OIDCProvider",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    ];
    let mut kept = Vec::new();
    for template in template::all() {
        for (id, resource) in template.section("Resources") {
            // The header between CDN and load balancer is recreated with them; it has no value filled in by hand.
            if id != "OriginSecret" && kinds.iter().any(|kind| resource["Type"] == *kind) {
                let always = KEPT_BY_A_FAILED_CREATION.contains(&id.as_str());
                let expected = if always { "Retain" } else { "RetainExceptOnCreate" };
                assert_eq!(resource["DeletionPolicy"], expected, "{}: {id}", template.path);
                assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{}: {id}", template.path);
                kept.push(id);
            }
        }
    }
    let mut expected = ["Ledger", "WebsiteAgentRepository", "CrawlerRepository", "WebsiteAgentSecret", "CrawlerSecret"]
        .map(str::to_owned)
        .to_vec();
    expected.extend(["GitHubProvider", "LogBucket", "StaticBucket"].map(str::to_owned));
    expected.sort();
    kept.sort();
    assert_eq!(kept, expected);
}

/// What is kept in spite of a failed creation must not have a name of its own: the next creation would find it taken.
#[test]
fn what_a_failed_creation_keeps_has_a_generated_name() {
    for id in KEPT_BY_A_FAILED_CREATION {
        assert!(template::huskit().nested("../parts/alb.yaml").properties(id).get("BucketName").is_none(), "{id}");
    }
}

#[test]
fn the_ledger_forgets_nothing_and_can_be_put_back() {
    let ledger = template::base().properties("Ledger");
    assert_eq!(ledger["BillingMode"], "PAY_PER_REQUEST");
    assert!(ledger.get("TimeToLiveSpecification").is_none());
    assert_eq!(ledger["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    let keys: Vec<_> = ledger["KeySchema"].as_array().unwrap().iter().map(|k| k["AttributeName"].as_str()).collect();
    assert_eq!(keys, [Some("pk"), Some("sk")]);
}
