//! What is there of a stack: its state, its values, the outputs of it and of those nested in it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::samconfig::{Environment, Parameters};
use crate::client::{CallError, Client};

/// A stack that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// What its parameters were given last.
    pub parameters: Parameters,
    /// Its outputs and those of the stacks nested in it, by name; the outermost wins.
    pub outputs: BTreeMap<String, String>,
    /// ARNs or names of its secrets, and of those nested in it.
    pub secrets: Vec<String>,
}

/// Reads a stack; none when there is none yet.
///
/// # Errors
/// When it is in a state that no deploy gets it out of, with what does.
pub fn read(client: &Client, environment: &Environment) -> Result<Option<Stack>> {
    let (name, region) = (&environment.stack, &environment.region);
    let Some(body) = describe(client, name).with_context(|| format!("look at the stack {name} in {region}"))? else {
        return Ok(None);
    };
    match state(body["StackStatus"].as_str().unwrap_or_default()) {
        State::Nothing => return Ok(None),
        State::Ready => {}
        State::Busy(status) => bail!(
            "{name} in {region} is {status}: another deploy is running, or an earlier one has not ended.\n  Wait until it has: aws \
             cloudformation describe-stacks --region {region} --stack-name {name} --query 'Stacks[0].StackStatus'\n  Then run the \
             same command again."
        ),
        State::Stuck(status, command) => bail!(
            "{name} in {region} is {status}, and no deploy gets it out of that.\n  Run: aws cloudformation {command} --region \
             {region} --stack-name {name}\n  Wait until that has ended, then run the same command again."
        ),
    }
    let mut stack = Stack { parameters: pairs(&body["Parameters"], "Parameter"), ..Stack::default() };
    collect(client, &body, &mut stack).with_context(|| format!("read the outputs of {name} in {region}"))?;
    Ok(Some(stack))
}

/// What a deploy finds.
#[derive(Debug, PartialEq, Eq)]
enum State<'a> {
    /// Nothing that was ever deployed.
    Nothing,
    Ready,
    Busy(&'a str),
    /// With the command that helps.
    Stuck(&'a str, &'static str),
}

fn state(status: &str) -> State<'_> {
    match status {
        "REVIEW_IN_PROGRESS" | "DELETE_COMPLETE" => State::Nothing,
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED" => {
            State::Stuck(status, "delete-stack")
        }
        "UPDATE_ROLLBACK_FAILED" => State::Stuck(status, "continue-update-rollback"),
        "UPDATE_FAILED" => State::Stuck(status, "rollback-stack"),
        // What an update replaced is still being deleted: another one has to wait for it too.
        status if status.ends_with("_IN_PROGRESS") => State::Busy(status),
        _ => State::Ready,
    }
}

fn describe(client: &Client, name: &str) -> Result<Option<Value>, CallError> {
    match client.call("cloudformation", "describe_stacks", json!({"StackName": name})) {
        Ok(mut answer) => Ok(Some(answer["Stacks"][0].take())),
        // CloudFormation has no code of its own for it.
        Err(error) if error.code == "ValidationError" && error.message.contains("does not exist") => Ok(None),
        Err(error) => Err(error),
    }
}

fn collect(client: &Client, body: &Value, stack: &mut Stack) -> Result<(), CallError> {
    for (name, value) in pairs(&body["Outputs"], "Output") {
        stack.outputs.entry(name).or_insert(value);
    }
    let mut question = json!({"StackName": body["StackId"]});
    loop {
        let answer = client.call("cloudformation", "list_stack_resources", question.clone())?;
        for resource in answer["StackResourceSummaries"].as_array().into_iter().flatten() {
            let id = resource["PhysicalResourceId"].as_str().unwrap_or_default();
            match resource["ResourceType"].as_str() {
                Some("AWS::SecretsManager::Secret") => stack.secrets.push(id.to_owned()),
                Some("AWS::CloudFormation::Stack") => {
                    if let Some(nested) = describe(client, id)? {
                        collect(client, &nested, stack)?;
                    }
                }
                _ => {}
            }
        }
        match answer.get("NextToken").filter(|token| !token.is_null()) {
            Some(token) => question["NextToken"] = token.clone(),
            None => return Ok(()),
        }
    }
}

/// `[{"OutputKey": "a", "OutputValue": "b"}]` by name.
fn pairs(list: &Value, kind: &str) -> BTreeMap<String, String> {
    let text = |item: &Value, part: &str| item[format!("{kind}{part}")].as_str().unwrap_or_default().to_owned();
    list.as_array().into_iter().flatten().map(|item| (text(item, "Key"), text(item, "Value"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_a_deploy_can_go_on_from() {
        for (status, expected) in [
            ("REVIEW_IN_PROGRESS", State::Nothing),
            ("CREATE_COMPLETE", State::Ready),
            ("UPDATE_ROLLBACK_COMPLETE", State::Ready),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", State::Busy("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")),
            ("ROLLBACK_COMPLETE", State::Stuck("ROLLBACK_COMPLETE", "delete-stack")),
            ("UPDATE_ROLLBACK_FAILED", State::Stuck("UPDATE_ROLLBACK_FAILED", "continue-update-rollback")),
        ] {
            assert_eq!(state(status), expected);
        }
    }
}
