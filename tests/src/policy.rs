//! What policies allow.

use std::collections::BTreeSet;

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
