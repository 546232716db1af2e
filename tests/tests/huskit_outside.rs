//! What HuskIT has outside its region: the edge in us-east-1, and what GitHub may do.

use serde_json::json;
use tests::policy::statements;
use tests::resolve::Deployed;
use tests::template::{self, list, text};

#[test]
fn guessing_and_using_up_are_bounded_per_address() {
    let rules = Deployed::new(template::edge(), &[]).properties("WebAcl")["Rules"].clone();
    for (at, path, limit) in [(0, "/api/auth/", 20), (1, "/api/", 100)] {
        let rule = &rules[at]["Statement"]["RateBasedStatement"];
        let figures = (&rule["Limit"], &rule["EvaluationWindowSec"], text(&rule["AggregateKeyType"]));
        assert_eq!(figures, (&limit.into(), &300.into(), "IP".into()), "{path}");
        let scope = &rule["ScopeDownStatement"]["ByteMatchStatement"];
        assert_eq!((&scope["SearchString"], &scope["PositionalConstraint"]), (&path.into(), &"STARTS_WITH".into()));
        // Decoded first: what is decoded may be a path to be put in order, or a capital letter.
        let mut steps = list(&scope["TextTransformations"]);
        steps.sort_by_key(|step| step["Priority"].as_u64());
        let steps: Vec<String> = steps.iter().map(|step| text(&step["Type"])).collect();
        assert_eq!(steps, ["URL_DECODE", "NORMALIZE_PATH", "LOWERCASE"], "{path}");
        assert!(rules[at]["Action"]["Block"].is_object(), "{path}");
    }
}

#[test]
fn the_managed_rules_of_the_plan_are_there_and_let_conversations_with_code_pass() {
    let rules = Deployed::new(template::edge(), &[]).properties("WebAcl")["Rules"].clone();
    let groups: Vec<_> =
        rules.as_array().unwrap().iter().map(|r| &r["Statement"]["ManagedRuleGroupStatement"]).collect();
    let names: Vec<String> = groups.iter().filter_map(|g| Some(g["Name"].as_str()?.to_owned())).collect();
    assert_eq!(names, ["AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet"]);
    let overrides = groups[3]["RuleActionOverrides"].as_array().unwrap();
    for rule in ["SizeRestrictions_BODY", "CrossSiteScripting_BODY"] {
        let counted = overrides.iter().any(|o| o["Name"] == rule && o["ActionToUse"]["Count"].is_object());
        assert!(counted, "{rule} would block what users send");
    }
}

#[test]
fn the_web_acls_log_names_no_one() {
    let edge = Deployed::new(template::edge(), &[]);
    let redacted = edge.properties("WebAclLogging")["RedactedFields"].clone();
    let names: Vec<String> = list(&redacted).iter().map(|field| text(&field["SingleHeader"]["Name"])).collect();
    assert_eq!(names, ["authorization", "cookie"]);
    // Sampled requests are shown in the console, whatever the log leaves out.
    let protected = edge.properties("WebAcl")["DataProtectionConfig"]["DataProtections"].clone();
    let field = json!({"FieldType": "SINGLE_HEADER", "FieldKeys": names});
    assert_eq!(protected, json!([{"Field": field, "Action": "SUBSTITUTION"}]));
    let group = text(&edge.properties("WebAclLogGroup")["LogGroupName"]);
    assert!(group.starts_with("aws-waf-logs-"), "WAF refuses {group}");
}

#[test]
fn the_alarm_on_errors_of_the_cdn_is_forwarded_to_the_region_of_the_system() {
    let one = Deployed::new(template::edge(), &[("DistributionId", "E2QWRUHAPOMQZL")]).properties("CdnErrorAlarm");
    let metric = &one["Metrics"][0]["MetricStat"]["Metric"];
    assert_eq!(
        (text(&metric["Namespace"]), text(&metric["MetricName"])),
        ("AWS/CloudFront".into(), "5xxErrorRate".into())
    );
    assert_eq!((&one["Threshold"], &one["EvaluationPeriods"]), (&5.into(), &5.into()));
    let edge = Deployed::new(template::edge(), &[]);
    let any = text(&edge.properties("CdnErrorAlarm")["Metrics"][0]["Expression"]);
    assert!(any.contains("5xxErrorRate"), "{any}");
    let rule = edge.properties("ForwardAlarms");
    assert_eq!(rule["EventPattern"]["detail-type"], json!(["CloudWatch Alarm State Change"]));
    assert_eq!(rule["EventPattern"]["resources"], json!(["<CdnErrorAlarm.Arn>"]));
    assert_eq!(rule["Targets"][0]["Arn"], "arn:aws:events:eu-central-1:123456789012:event-bus/default");
    let retries = json!({"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185});
    assert_eq!(rule["Targets"][0]["RetryPolicy"], retries);
}

#[test]
fn a_repository_on_github_pushes_its_own_images_from_its_branch_and_no_more() {
    let template = template::huskit().nested("github.yaml");
    let github = Deployed::new(template::huskit().nested("github.yaml"), &[("GitHubOwner", "HuskIT")]);
    for (role, repository) in [("WebsiteAgentDeployRole", "website-agent"), ("CrawlerDeployRole", "crawler")] {
        let trust = github.properties(role)["AssumeRolePolicyDocument"]["Statement"][0].clone();
        let equals = &trust["Condition"]["StringEquals"];
        assert_eq!(equals["token.actions.githubusercontent.com:aud"], "sts.amazonaws.com", "{role}");
        let subject = format!("repo:HuskIT/{repository}:ref:refs/heads/main");
        assert_eq!(equals["token.actions.githubusercontent.com:sub"], json!([subject]), "{role}");
        let own: Vec<_> = statements(&template).into_iter().filter(|statement| statement.at == role).collect();
        let actions: Vec<String> = own.iter().flat_map(|statement| statement.actions()).collect();
        assert!(actions.contains(&"ecr:PutImage".to_owned()), "{role}");
        assert!(actions.iter().all(|action| !action.starts_with("ecs:") && !action.starts_with("iam:")), "{actions:?}");
        assert_eq!(actions.iter().any(|action| action.starts_with("s3:")), repository == "website-agent", "{role}");
        let push = own.iter().find(|statement| statement.actions().contains("ecr:PutImage")).unwrap();
        let expected = if repository == "crawler" { "CrawlerRepositoryArn" } else { "WebsiteAgentRepositoryArn" };
        assert_eq!(push.body["Resource"]["Ref"], expected, "{role}");
    }
}

#[test]
fn website_agent_writes_static_files_and_nothing_beside_them() {
    let given = [("GitHubOwner", "HuskIT"), ("StaticBucketArn", "arn:aws:s3:::huskit-static-assets-prod")];
    let github = Deployed::new(template::huskit().nested("github.yaml"), &given);
    let policy = github.properties("WebsiteAgentDeployRole")["Policies"][0]["PolicyDocument"].clone();
    let on = |action: &str| {
        let statements = list(&policy["Statement"]);
        let own = statements.into_iter().find(|statement| list(&statement["Action"]).contains(&action.into()));
        own.unwrap_or_else(|| panic!("nothing allows {action}"))["Resource"].clone()
    };
    assert_eq!(on("s3:PutObject"), "arn:aws:s3:::huskit-static-assets-prod/*");
    assert_eq!(on("s3:DeleteObject"), "arn:aws:s3:::huskit-static-assets-prod/*");
    assert_eq!(on("s3:ListBucket"), "arn:aws:s3:::huskit-static-assets-prod");
}

/// Since 15 July 2026 GitHub says numbers beside the names for repositories that are created or renamed.
#[test]
fn a_repository_is_known_by_its_names_and_by_its_numbers_where_they_are_given() {
    let owner = [("GitHubOwner", "HuskIT"), ("GitHubBranch", "release"), ("GitHubOwnerId", "123456")];
    let numbers = [("GitHubWebsiteAgentId", "456789"), ("GitHubCrawlerId", "567890")];
    let subjects = |given: &[(&str, &str)], role: &str| {
        let github = Deployed::new(template::huskit().nested("github.yaml"), given);
        let trust = github.properties(role)["AssumeRolePolicyDocument"]["Statement"][0].clone();
        assert_eq!(trust["Condition"].as_object().unwrap().len(), 1, "{role}: nothing but StringEquals");
        let subjects = list(&trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]);
        let subjects: Vec<String> = subjects.iter().map(text).collect();
        assert!(subjects.iter().all(|subject| !subject.contains(['*', '?'])), "{role}: {subjects:?}");
        subjects
    };
    for (role, name, number) in
        [("WebsiteAgentDeployRole", "website-agent", "456789"), ("CrawlerDeployRole", "crawler", "567890")]
    {
        let by_name = format!("repo:HuskIT/{name}:ref:refs/heads/release");
        let by_number = format!("repo:HuskIT@123456/{name}@{number}:ref:refs/heads/release");
        assert_eq!(subjects(&owner, role), std::slice::from_ref(&by_name));
        assert_eq!(subjects(&[owner.as_slice(), &numbers].concat(), role), [by_name, by_number]);
    }
    let one = [owner.as_slice(), &numbers[..1]].concat();
    assert_eq!(subjects(&one, "CrawlerDeployRole").len(), 1, "only website-agent's number is given");
}

#[test]
fn what_is_said_of_github_reaches_its_template() {
    let given = [
        ("GitHubOwner", "HuskIT"),
        ("GitHubBranch", "release"),
        ("GitHubOwnerId", "1"),
        ("GitHubWebsiteAgentId", "2"),
        ("GitHubCrawlerId", "3"),
    ];
    let github = Deployed::new(template::root(), &given).part("infra/huskit/github.yaml");
    for (name, value) in given {
        assert_eq!(github.resolve(&json!({"Ref": name})), value, "{name}");
    }
}

#[test]
fn the_identity_provider_is_made_only_where_the_account_has_none() {
    let path = "github.yaml";
    let provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
    assert!(Deployed::new(template::huskit().nested(path), &[]).holds("CreatesProvider"));
    let given = Deployed::new(template::huskit().nested(path), &[("GitHubProviderArn", provider)]);
    assert!(!given.holds("CreatesProvider"));
    let trust = given.properties("CrawlerDeployRole")["AssumeRolePolicyDocument"]["Statement"][0].clone();
    assert_eq!(trust["Principal"]["Federated"], provider);
}
