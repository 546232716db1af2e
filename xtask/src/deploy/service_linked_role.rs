//! The service-linked role of ECS, which has to be there before the first cluster of an account.
//!
//! ECS creates it with that cluster, and CloudFormation does not wait: `Unable to assume the service linked role`
//! (<https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/818>). The stack takes minutes until it
//! reaches its cluster, which a role of IAM needs to be known everywhere. For load balancers and scalable targets no such
//! race is known.

use serde_json::{Value, json};

use crate::client::{CallError, Client};

/// Creates the role, if the account has none; returns the result. What cannot be done is not fatal: the account may have
/// the role, and only not say so.
pub fn create(client: &Client) -> String {
    said(&client.call("iam", "create_service_linked_role", json!({"AWSServiceName": "ecs.amazonaws.com"})))
}

fn said(answer: &Result<Value, CallError>) -> String {
    match answer {
        Ok(_) => "created AWSServiceRoleForECS, which a new account lacks".to_owned(),
        // "Service role name AWSServiceRoleForECS has been taken in this account".
        Err(error) if error.code == "InvalidInput" => "AWSServiceRoleForECS is there".to_owned(),
        Err(error) => format!(
            "AWSServiceRoleForECS could not be created ({}). If the cluster fails with `Unable to assume the service linked role`: aws iam \
             create-service-linked-role --aws-service-name ecs.amazonaws.com",
            error.code
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_is_there_or_may_not_be_made_stops_no_deploy() {
        let failed =
            |code: &str| said(&Err(CallError { call: "iam create".into(), code: code.into(), message: "no".into() }));
        assert_eq!(said(&Ok(json!({}))), "created AWSServiceRoleForECS, which a new account lacks");
        assert_eq!(failed("InvalidInput"), "AWSServiceRoleForECS is there");
        assert!(failed("AccessDenied").contains("(AccessDenied)"));
        assert!(failed("AccessDenied").contains("aws iam create-service-linked-role"));
    }
}
