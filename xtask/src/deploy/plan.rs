//! Change sets: made, shown, and taken away again.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::client::{CallError, Client};
use crate::screen::table;

/// A stack's change sets before one is made.
#[derive(Debug)]
pub struct Before<'a> {
    client: &'a Client,
    stack: &'a str,
    sets: BTreeSet<String>,
    /// Even an empty one, which a change set is made in.
    there: bool,
}

impl<'a> Before<'a> {
    /// Notes them.
    ///
    /// # Errors
    /// When CloudFormation does not say.
    pub fn of(client: &'a Client, stack: &'a str) -> Result<Before<'a>> {
        let sets = sets(client, stack).with_context(|| format!("list the change sets of {stack}"))?;
        Ok(Before { client, stack, there: sets.is_some(), sets: sets.unwrap_or_default() })
    }

    /// Shows what the change sets made since then would change, and deletes them.
    ///
    /// # Errors
    /// When CloudFormation does not say, or does not delete them.
    pub fn show(self) -> Result<()> {
        let Before { client, stack, sets: before, there } = self;
        let made = sets(client, stack)?.unwrap_or_default();
        let mut rows = Vec::new();
        for set in made.difference(&before) {
            let shown = changes(client, set).map(|changes| rows.extend(changes.iter().map(row)));
            client.call("cloudformation", "delete_change_set", json!({"ChangeSetName": set, "StackName": stack}))?;
            shown.with_context(|| format!("read the change set of {stack}"))?;
        }
        if !there {
            client.call("cloudformation", "delete_stack", json!({"StackName": stack}))?;
        }
        if rows.is_empty() {
            println!("  {stack}: nothing would change");
        } else {
            table(&["", "resource", "type"], &rows);
        }
        Ok(())
    }
}

/// Ids of a stack's change sets; none when there is no stack.
fn sets(client: &Client, stack: &str) -> Result<Option<BTreeSet<String>>, CallError> {
    let answer = match client.call("cloudformation", "describe_stacks", json!({"StackName": stack})) {
        Ok(_) => client.call("cloudformation", "list_change_sets", json!({"StackName": stack}))?,
        Err(error) if error.code == "ValidationError" => return Ok(None),
        Err(error) => return Err(error),
    };
    let sets = answer["Summaries"].as_array().into_iter().flatten();
    Ok(Some(sets.filter_map(|set| set["ChangeSetId"].as_str().map(str::to_owned)).collect()))
}

fn changes(client: &Client, set: &str) -> Result<Vec<Value>, CallError> {
    let (mut all, mut question) = (Vec::new(), json!({"ChangeSetName": set}));
    loop {
        let mut answer = client.call("cloudformation", "describe_change_set", question.clone())?;
        if let Value::Array(changes) = answer["Changes"].take() {
            all.extend(changes);
        }
        match answer.get("NextToken").filter(|token| !token.is_null()) {
            Some(token) => question["NextToken"] = token.clone(),
            None => return Ok(all),
        }
    }
}

fn row(change: &Value) -> Vec<String> {
    let change = &change["ResourceChange"];
    let text = |name: &str| change[name].as_str().unwrap_or_default();
    let action = match (text("Action"), text("Replacement")) {
        ("Add", _) => "create",
        ("Remove", _) => "delete",
        ("Modify", "True") => "replace",
        ("Modify", "Conditional") => "change, perhaps replace",
        ("Modify", _) => "change",
        (other, _) => other,
    };
    vec![action.to_owned(), text("LogicalResourceId").to_owned(), text("ResourceType").to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_becomes_of_a_resource() {
        for (action, replacement, expected) in [
            ("Add", "", "create"),
            ("Remove", "", "delete"),
            ("Modify", "False", "change"),
            ("Modify", "True", "replace"),
            ("Modify", "Conditional", "change, perhaps replace"),
            ("Import", "", "Import"),
        ] {
            let change = json!({"ResourceChange": {
                "Action": action, "Replacement": replacement, "LogicalResourceId": "Ledger", "ResourceType": "AWS::DynamoDB::Table",
            }});
            assert_eq!(row(&change), [expected, "Ledger", "AWS::DynamoDB::Table"]);
        }
    }
}
