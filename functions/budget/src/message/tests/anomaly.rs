//! Anomalies that AWS Cost Anomaly Detection has found.

use insta::assert_snapshot;

use super::fixtures::{fleet, mail, received};
use crate::message::anomaly;
use crate::trigger::Content;

#[test]
fn a_cost_anomaly() {
    let text = r#"{"accountId":"123456789012","anomalyId":"a-1","anomalyDetailsLink":"https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/m/anomalies/a-1","anomalyStartDate":"2026-11-19T00:00:00Z","dimensionalValue":"AWS Lambda","impact":{"maxImpact":61,"totalActualSpend":130.5,"totalExpectedSpend":12,"totalImpact":118.5},"rootCauses":[{"region":"eu-central-1","service":"AWS Lambda","usageType":"EUC1-Lambda-GB-Second"},{},{"service":"a"},{"service":"b"},{"service":"c"}]}"#;
    let message = received(Some("AWS Cost Management: Anomaly"), text);
    let Content::Anomaly(found) = &message.content else { panic!("no anomaly") };
    assert_snapshot!(mail(&anomaly(&fleet(), found)), @"
    Cost anomaly: AWS Lambda $118.50 above expected [huskit prod]

    AWS Cost Anomaly Detection reports that AWS Lambda has cost $118.50 more than expected. An anomaly starts no restriction.

    impact      $118.50
    actual      $130.50
    expected    $12.00
    since       2026-11-19 00:00 UTC
    root cause  AWS Lambda, EUC1-Lambda-GB-Second, eu-central-1
    root cause  a
    root cause  b
    root cause  and 1 more root cause

    Next
    - Open the anomaly: https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/m/anomalies/a-1
    ");
}
