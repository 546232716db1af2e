//! What policies allow, and what the gateways say they need.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::template::{Template, list, text};

/// A statement of an inline policy, with the logical id of the resource it is written at.
pub struct Statement {
    /// Logical id.
    pub at: String,
    /// The statement.
    pub body: Value,
}

impl Statement {
    /// What it allows or denies.
    pub fn actions(&self) -> BTreeSet<String> {
        list(&self.body["Action"]).iter().map(text).collect()
    }
}

/// Every statement of a template: of functions, roles, topics, queues, buckets and trusts.
pub fn statements(template: &Template) -> Vec<Statement> {
    let mut found = Vec::new();
    for (id, resource) in template.section("Resources") {
        collect(&resource["Properties"], &mut |body| found.push(Statement { at: id.clone(), body: body.clone() }));
    }
    found
}

/// The statements that the functions run under.
pub fn of_functions(template: &Template) -> Vec<Statement> {
    let functions: BTreeSet<String> =
        template.of_type("AWS::Serverless::Function").into_iter().map(|(id, _)| id).collect();
    statements(template).into_iter().filter(|statement| functions.contains(&statement.at)).collect()
}

fn collect(value: &Value, found: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("Statement") {
                // The rules of a web ACL have something of this name too.
                let statements = list(&fields["Statement"]);
                statements.iter().filter(|statement| statement.get("Effect").is_some()).for_each(&mut *found);
            }
            fields.values().for_each(|field| collect(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// The actions of all lines ``Requires `service:Action`.`` below a folder.
pub fn required_below(folder: &Path) -> BTreeSet<String> {
    let mut actions = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            actions.extend(required_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source");
            actions.extend(source.lines().filter_map(required).map(str::to_owned));
        }
    }
    actions
}

fn required(line: &str) -> Option<&str> {
    line.trim().strip_prefix("/// Requires `")?.split_once('`').map(|(action, _)| action)
}
