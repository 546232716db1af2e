//! Messages of AWS that are forwarded unchanged.

use insta::assert_snapshot;

use super::fixtures::{fleet, mail, received};
use crate::message::{console, forwarded};

#[test]
fn messages_that_are_forwarded() {
    let console = console("eu-central-1");
    let unreadable = received(None, "Ihr Budget ist aufgebraucht.\n");
    assert_snapshot!(mail(&forwarded(&fleet(), &unreadable, &console)), @"
    Message from AWS [huskit prod]

    Forwarded unchanged, no action taken: not a notice of AWS Budgets or Cost Anomaly Detection.

    > Ihr Budget ist aufgebraucht.

    Next
    - Check AWS Budgets: https://console.aws.amazon.com/costmanagement/home#/budgets
    ");
    let text = "Budget Name: travel\nAlert Type: ACTUAL\nACTUAL Amount: $1.00\n";
    let not_held = received(Some("AWS Budgets: travel has exceeded your alert threshold"), text);
    assert_snapshot!(mail(&forwarded(&fleet(), &not_held, &console)), @"
    AWS Budgets: travel has exceeded your alert threshold [huskit prod]

    Forwarded unchanged, no action taken: budget travel is not in the budgets document.

    > Budget Name: travel
    > Alert Type: ACTUAL
    > ACTUAL Amount: $1.00

    Next
    - Check AWS Budgets: https://console.aws.amazon.com/costmanagement/home#/budgets
    ");
}
