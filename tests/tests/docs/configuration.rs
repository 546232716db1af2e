//! `docs/configuration.md`.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::document::{code, table};
use tests::template::{self, Template, list, text};

use crate::types::{self, Type};

/// The generated parts.
pub fn parts() -> Vec<(&'static str, String)> {
    vec![
        ("parameters", parameters(&template::main())),
        ("edge", parameters(&template::edge())),
        ("fleet", document(&types::of("shared/src/model"), "Fleet", "")),
        ("alarms", document(&types::of("shared/src/alarm/policy.rs"), "Alarms", "")),
        ("budgets", document(&types::of("shared/src/budget/policy.rs"), "BudgetPolicy", "[]")),
    ]
}

/// The parameters of a template, in the groups and the order of its form.
fn parameters(template: &Template) -> String {
    let declared = template.section("Parameters");
    let form = &template.section("Metadata")["AWS::CloudFormation::Interface"];
    let mut rows = Vec::new();
    for group in list(&form["ParameterGroups"]) {
        let label = text(&group["Label"]["default"]);
        for (at, name) in list(&group["Parameters"]).iter().map(text).enumerate() {
            let parameter = &declared[&name];
            let default = match parameter.get("Default").map(text) {
                None => "must be given".to_owned(),
                Some(empty) if empty.is_empty() => String::new(),
                Some(default) => code(&default),
            };
            let label = if at == 0 { label.clone() } else { String::new() };
            rows.push(vec![
                label,
                code(&name),
                default,
                format!("{}{}", text(&parameter["Description"]), choices(parameter)),
            ]);
        }
    }
    assert_eq!(rows.len(), declared.len(), "{}: a parameter in no group", template.path);
    table(&["", "parameter", "default", "what to do with it"], rows)
}

fn choices(parameter: &Value) -> String {
    let allowed: Vec<String> = list(&parameter["AllowedValues"]).iter().map(|value| code(&text(value))).collect();
    if allowed.is_empty() { String::new() } else { format!(" One of {}.", allowed.join(", ")) }
}

/// A document and everything in it, by the path at which it stands.
fn document(types: &BTreeMap<String, Type>, root: &str, path: &str) -> String {
    let own = types.get(root).unwrap_or_else(|| panic!("no type {root} that is read from a document"));
    let mut below = Vec::new();
    let mut rows = Vec::new();
    for field in &own.fields {
        let inner =
            types.keys().find(|name| field.kind.split(|c: char| !c.is_alphanumeric()).any(|word| word == *name));
        let many = if field.kind.starts_with("Vec<") || field.kind.starts_with("Option<Vec<") { "[]" } else { "" };
        let many = if field.kind.starts_with("BTreeMap<") { ".<name>" } else { many };
        if let Some(inner) = inner.filter(|inner| *inner != root) {
            below.push(document(types, inner, format!("{path}.{}{many}", field.name).trim_start_matches('.')));
        }
        let needed = if own.choice || field.optional { "" } else { "yes" };
        rows.push(vec![code(&field.name), needed.to_owned(), field.doc.clone()]);
    }
    let head = if own.choice { ["value", "", "meaning"] } else { ["field", "needed", "meaning"] };
    let place = if path.trim_matches(['[', ']']).is_empty() { "The document".to_owned() } else { code(path) };
    format!("**{place}**: {}\n\n{}\n{}", own.doc, table(&head, rows), below.concat())
}
