//! The budget of HuskIT: who is notified, and how it restricts which service.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use planner::budget::BudgetPolicies;
use planner::fleet::Fleet;
use serde_json::{Value, json};
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::{self, text};

fn budgets(given: &[(&str, &str)]) -> BudgetPolicies {
    let fleet = Fleet::parse(&huskit::document(given, "fleet")).unwrap();
    BudgetPolicies::parse(&huskit::document(given, "budgets"), &fleet).unwrap()
}

#[test]
fn the_crawler_is_restricted_first_and_the_website_keeps_its_floor() {
    let budgets = budgets(&[]);
    let policy = budgets.get("huskit-monthly").unwrap();
    let restrictions = |(name, restriction): (&String, &planner::budget::Restriction)| format!("{name} {restriction}");
    let tiers: Vec<(u32, String)> =
        policy.tiers.iter().map(|tier| (tier.at_percent, tier.services.iter().map(restrictions).collect())).collect();
    let expected = [
        (80, "crawler on Spot only"),
        (90, "crawler scheduled downtime 1 h longer at each end"),
        (95, "crawler scaled to zero"),
        (100, "website-agent at most 3 tasks"),
    ];
    assert_eq!(tiers, expected.map(|(percent, what)| (percent, what.to_owned())));
}

/// A restriction that cannot apply to its service is an error that keeps the function from starting.
#[test]
fn the_document_is_valid_with_every_choice_of_scheduled_downtime_and_spot() {
    for spot in ["prefer", "off", "only"] {
        for downtime in ["true", "false"] {
            for weekends in ["true", "false"] {
                let given = [("CrawlerSpot", spot), ("DowntimeEnabled", downtime), ("DowntimeWeekends", weekends)];
                assert_eq!(budgets(&given).iter().count(), 1, "{given:?}");
            }
        }
    }
}

#[test]
fn every_tier_has_a_notice_that_starts_it() {
    let budget = huskit::part("monitoring", &[("BudgetTopicArn", "<BudgetTopicArn>")]).properties("MonthlyBudget");
    let own = &budget["Budget"];
    assert_eq!((text(&own["BudgetName"]), text(&own["TimeUnit"])), ("huskit-monthly".into(), "MONTHLY".into()));
    assert_eq!((text(&own["BudgetLimit"]["Amount"]), text(&own["BudgetLimit"]["Unit"])), ("500".into(), "USD".into()));
    let notices: Vec<(String, u64)> = budget["NotificationsWithSubscribers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            assert_eq!(entry["Subscribers"], json!([{"SubscriptionType": "SNS", "Address": "<BudgetTopicArn>"}]));
            let notification = &entry["Notification"];
            assert_eq!(notification["ThresholdType"], "PERCENTAGE");
            (text(&notification["NotificationType"]), notification["Threshold"].as_u64().unwrap())
        })
        .collect();
    let budgets = budgets(&[]);
    let policy = budgets.get("huskit-monthly").unwrap();
    let tiers = policy.tiers.iter().map(|tier| ("ACTUAL".to_owned(), u64::from(tier.at_percent)));
    assert_eq!(notices, tiers.chain([("FORECASTED".to_owned(), 100)]).collect::<Vec<_>>());
}

/// The plan mails the team: no function, topic or confirmation stands between AWS Budgets and a person. A change of the
/// notifications replaces a budget, which only another name allows:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-budgets-budget.html>.
#[test]
fn aws_budgets_itself_mails_the_address_and_another_address_is_another_budget() {
    let mail = |address: &str| huskit::part("monitoring", &[("NotificationEmail", address)]).properties("MailBudget");
    let budget = mail("ops@example.com");
    for entry in budget["NotificationsWithSubscribers"].as_array().unwrap() {
        assert_eq!(entry["Subscribers"], json!([{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}]));
    }
    assert_ne!(budget["Budget"]["BudgetName"], mail("team@example.com")["Budget"]["BudgetName"]);
    assert_eq!(
        budget["Budget"]["BudgetLimit"],
        huskit::part("monitoring", &[]).properties("MonthlyBudget")["Budget"]["BudgetLimit"]
    );
    let monitoring = huskit::part("monitoring", &[]);
    assert_eq!(monitoring.template().resource("MailBudget")["Condition"], "HasNotificationEmail");
    assert!(!monitoring.holds("HasNotificationEmail"));
}

#[test]
fn notices_about_huskits_budget_reach_the_function() {
    let policy = template::base().properties("BudgetTopicPolicy");
    let principals: Vec<&Value> = policy["PolicyDocument"]["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .map(|statement| {
            assert_eq!((&statement["Action"], &statement["Effect"]), (&"sns:Publish".into(), &"Allow".into()));
            assert_eq!(statement["Condition"]["StringEquals"]["aws:SourceAccount"]["Ref"], "AWS::AccountId");
            &statement["Principal"]["Service"]
        })
        .collect();
    assert_eq!(principals, ["budgets.amazonaws.com", "costalerts.amazonaws.com"]);
    // The base stack is complete, with the topic's policy, before the budget is made.
    let (root, _) = Deployed::new(template::root(), &[]).with_nested();
    for stack in ["SystemStack", "FunctionsStack"] {
        assert_eq!(root.properties(stack)["Parameters"]["BudgetTopicArn"], "<BudgetTopic>", "{stack}");
    }
    let functions = template::functions();
    let listens = functions.properties("BudgetSubscription");
    assert_eq!((&listens["TopicArn"]["Ref"], &listens["Protocol"]), (&"BudgetTopicArn".into(), &"sqs".into()));
    assert_eq!(listens["Endpoint"]["Fn::GetAtt"][0], "BudgetQueue");
    assert_eq!(listens["RedrivePolicy"]["deadLetterTargetArn"]["Ref"], "DeadLetterQueueArn");
    let allowed = &functions.properties("BudgetQueuePolicy")["PolicyDocument"]["Statement"][0];
    assert_eq!(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]["Ref"], "BudgetTopicArn");
}

/// People point budgets, alarms and rules of their own at it.
#[test]
fn budgets_alarms_and_rules_of_this_account_may_write_to_the_operations_topic() {
    let base = Deployed::new(template::base(), &[]);
    let policy = base.properties("OperationsTopicPolicy");
    assert_eq!(policy["Topics"], json!(["<OperationsTopic>"]));
    let mut principals = Vec::new();
    for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
        assert_eq!((&statement["Effect"], &statement["Action"]), (&"Allow".into(), &"sns:Publish".into()));
        assert_eq!(statement["Resource"], "<OperationsTopic>");
        let service = text(&statement["Principal"]["Service"]);
        let account = match service.as_str() {
            "events.amazonaws.com" => {
                json!({"ArnLike": {"aws:SourceArn": "arn:aws:events:eu-central-1:123456789012:rule/*"}})
            }
            _ => json!({"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        };
        assert_eq!(statement["Condition"], account, "{service}");
        principals.push(service);
    }
    assert_eq!(principals, ["events.amazonaws.com", "cloudwatch.amazonaws.com", "budgets.amazonaws.com"]);
    // With the key of AWS none of the three could.
    assert!(base.properties("OperationsTopic").get("KmsMasterKeyId").is_none());
}
