//! `docs/reference/configuration.md`.

use serde_json::Value;
use tests::document::{code, table};
use tests::template::{self, Template, list, text};

use crate::types::{Type, Types};

/// The generated parts.
pub fn parts() -> Vec<(&'static str, String)> {
    let types = Types::read();
    vec![
        ("parameters", parameters(&template::root())),
        ("edge", parameters(&template::edge())),
        ("existing", parameters(&template::existing())),
        ("fleet", document(&types, types.get("Fleet", "fleet").unwrap(), "")),
        ("alarms", document(&types, types.get("Alarms", "alarm").unwrap(), "")),
        ("budgets", document(&types, types.get("BudgetPolicy", "budget").unwrap(), "[]")),
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
fn document(types: &Types, own: &Type, path: &str) -> String {
    let mut below = Vec::new();
    let mut rows = Vec::new();
    for field in &own.fields {
        let mut words = field.kind.split(|letter: char| !letter.is_alphanumeric());
        let many = if field.kind.starts_with("Vec<") || field.kind.starts_with("Option<Vec<") { "[]" } else { "" };
        let many = if field.kind.starts_with("BTreeMap<") { ".<name>" } else { many };
        if let Some(inner) = words.find_map(|word| types.get(word, &own.folder)) {
            below.push(document(types, inner, format!("{path}.{}{many}", field.name).trim_start_matches('.')));
        }
        let needed = if own.choice || field.optional { "" } else { "yes" };
        rows.push(vec![code(&field.name), needed.to_owned(), field.doc.clone()]);
    }
    let head = if own.choice { ["value", "", "meaning"] } else { ["field", "needed", "meaning"] };
    let place = if path.trim_matches(['[', ']']).is_empty() { "The document".to_owned() } else { code(path) };
    format!("**{place}**: {}\n\n{}\n{}", own.doc, table(&head, rows), below.concat())
}
