//! Rules of EventBridge: which pattern brings an event to which function.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::pattern::matches;
use crate::resolve::Deployed;
use crate::template::{list, text};

/// A rule of a template.
pub struct Rule {
    /// What it matches.
    pub pattern: Value,
    /// Logical ids of the functions that it invokes.
    pub functions: BTreeSet<String>,
}

/// Every rule, by name: `Function.Event` where it belongs to a function, its logical id where it stands alone.
pub fn rules(deployed: &Deployed) -> BTreeMap<String, Rule> {
    let template = deployed.template();
    let mut rules = BTreeMap::new();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        for (name, event) in function["Events"].as_object().into_iter().flatten() {
            if event["Type"] == "EventBridgeRule" {
                let pattern = deployed.resolve(&event["Properties"]["Pattern"]);
                rules.insert(format!("{id}.{name}"), Rule { pattern, functions: BTreeSet::from([id.clone()]) });
            }
        }
    }
    for (id, rule) in template.of_type("AWS::Events::Rule") {
        let functions = list(&rule["Targets"]).iter().map(|target| text(&target["Arn"]["Fn::GetAtt"][0])).collect();
        rules.insert(id, Rule { pattern: deployed.resolve(&rule["EventPattern"]), functions });
    }
    rules
}

/// Names of the rules that match an event.
pub fn matching<'a>(rules: &'a BTreeMap<String, Rule>, event: &Value) -> BTreeSet<&'a str> {
    rules.iter().filter(|(_, rule)| matches(&rule.pattern, event)).map(|(name, _)| name.as_str()).collect()
}
