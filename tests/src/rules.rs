//! Rules of EventBridge: which pattern brings an event to which function.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::pattern::matches;
use crate::resolve::Deployed;
use crate::template::{Template, list, text};

/// A rule of a template.
pub struct Rule {
    /// What it matches.
    pub pattern: Value,
    /// Logical ids of the functions that it brings events to, through a queue or directly.
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
        let targets = list(&rule["Targets"]);
        let functions = targets.iter().map(|target| {
            let target = text(&target["Arn"]["Fn::GetAtt"][0]);
            behind(template, &target).unwrap_or(target)
        });
        let functions = functions.collect();
        rules.insert(id, Rule { pattern: deployed.resolve(&rule["EventPattern"]), functions });
    }
    rules
}

/// The function that reads a queue of the template.
pub fn behind(template: &Template, queue: &str) -> Option<String> {
    let reads = |function: &Value| {
        let events = function["Events"].as_object().into_iter().flatten();
        events.into_iter().any(|(_, event)| event["Properties"]["Queue"]["Fn::GetAtt"][0] == queue)
    };
    let mut functions = template.of_type("AWS::Serverless::Function").into_iter();
    functions.find(|(_, function)| reads(function)).map(|(id, _)| id)
}

/// Names of the rules that match an event.
pub fn matching<'a>(rules: &'a BTreeMap<String, Rule>, event: &Value) -> BTreeSet<&'a str> {
    rules.iter().filter(|(_, rule)| matches(&rule.pattern, event)).map(|(name, _)| name.as_str()).collect()
}
