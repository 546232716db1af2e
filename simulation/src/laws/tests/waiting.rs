//! Nothing waits for a message, and no move is requested again and again.

use serde_json::{Value, json};

use super::{Court, restart};
use crate::journal::What;
use crate::wire::Failure;

fn publishes(invocation: u64, answer: Result<Value, Failure>) -> What {
    let (service, operation) = ("sns", "Publish".to_owned());
    What::Call { invocation, function: "rollout", service, operation, input: json!({}), answer, lost: None }
}

fn refusal() -> Result<Value, Failure> {
    Err(Failure::new("NotFound", "Topic does not exist").with_status(404))
}

#[test]
fn a_change_that_comes_after_a_message_is_found() {
    let law = Some("nothing waits for a message");
    let mut court = Court::new().begins(1, "rollout", json!({})).holds(publishes(1, refusal()));
    let update = court.call(1, "rollout", "UpdateService", restart());
    assert_eq!(court.broken(update), law);
    // The other order is as it should be.
    let mut court = Court::new().begins(1, "rollout", json!({}));
    let update = court.call(1, "rollout", "UpdateService", restart());
    court.holds(update).holds(publishes(1, Ok(json!({})))).ends(1, "rollout");
}

#[test]
fn a_request_that_fails_because_of_a_message_is_found() {
    let request = json!({ "action": "freeze", "until": "2h", "by": "anna" });
    let failed = |error: &str| What::Ends { invocation: 1, function: "rollout", result: Err(error.to_owned()) };
    let begun = |payload: &Value| Court::new().begins(1, "rollout", payload.clone()).holds(publishes(1, refusal()));
    let error = "NotFound: publish to operations: Topic does not exist";
    assert_eq!(begun(&request).broken(failed(error)), Some("nothing waits for a message"));
    // What fails for another reason, and what Lambda repeats.
    begun(&request).holds(failed("Invalid: until"));
    begun(&json!({})).holds(failed(error));
}

#[test]
fn a_move_that_is_requested_again_and_again_although_ecs_refuses_it_is_found() {
    let refused = |invocation: u64| {
        let strategy = json!([{ "capacityProvider": "FARGATE", "weight": 1 }]);
        let input = json!({ "service": "crawler", "forceNewDeployment": true, "capacityProviderStrategy": strategy });
        let answer = Err(Failure::new("InvalidParameterException", "no"));
        let (service, operation) = ("ecs", "UpdateService".to_owned());
        What::Call { invocation, function: "capacity", service, operation, input, answer, lost: None }
    };
    let mut court = (1..=6).fold(Court::new(), |court, number| court.holds(refused(number)).later(40));
    assert_eq!(court.broken(refused(7)), Some("no loop of deployments"));
}
