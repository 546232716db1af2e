//! The JSON Schema of the configuration: what AppConfig accepts before a function reads it.
//!
//! AppConfig validates with [draft 4](https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-creating-configuration-and-profile-validators.html)
//! and takes 32,768 characters. What one field says about another, such as a floor above its maximum, stands in no
//! schema: `parse` checks it.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::alarm::Alarms;
use crate::budget::BudgetPolicy;
use crate::fleet::Fleet;

/// The document that a system deploys: fleet, alarms and budgets.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Configuration {
    fleet: Fleet,
    alarms: Alarms,
    budgets: Vec<BudgetPolicy>,
}

/// The schema in draft 4.
pub fn configuration() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.meta_schema = Some("http://json-schema.org/draft-04/schema#".into());
        settings.transforms.push(Box::new(RecursiveTransform(plain)));
    });
    let schema = settings.into_generator().into_root_schema_for::<Configuration>();
    schema.to_value()
}

/// Leaves out what validates nothing, and writes alternatives so that an error names the field that is wrong.
fn plain(schema: &mut Schema) {
    if schema.get("format").is_some_and(|format| format == "uint32") && schema.get("maximum").is_none() {
        schema.insert("maximum".into(), json!(u32::MAX));
    }
    for explains in ["title", "description", "default", "format"] {
        schema.remove(explains);
    }
    if let Some(value) = schema.remove("const") {
        schema.insert("enum".into(), json!([value]));
    }
    // Beside a description or a default; nothing may stand beside `$ref` in this draft.
    if let Some(Value::Array(one)) =
        schema.get("allOf").filter(|_| schema.as_object().is_some_and(|own| own.len() == 1))
        && let [Value::Object(one)] = one.as_slice()
    {
        *schema = one.clone().into();
    }
    if let Some(Value::Array(variants)) = schema.remove("oneOf") {
        match alternatives(&variants) {
            Some(one) => one.into_iter().for_each(|(keyword, value)| drop(schema.insert(keyword, value))),
            None => drop(schema.insert("oneOf".into(), Value::Array(variants))),
        }
    }
}

/// The variants of an enum in one schema: names alone, objects with one field named after the variant, or both.
fn alternatives(variants: &[Value]) -> Option<Map<String, Value>> {
    let (mut names, mut fields) = (Vec::new(), Map::new());
    for variant in variants {
        if let Some(name) = variant.get("const") {
            names.push(name.clone());
        } else if let Some(Value::Array(several)) = variant.get("enum") {
            names.extend(several.iter().cloned());
        } else {
            fields.extend(variant.get("properties")?.as_object()?.clone());
        }
    }
    let one = match (names.is_empty(), fields.is_empty()) {
        (false, true) => json!({"enum": names}),
        (true, false) => json!({"type": "object"}),
        // `enum` would exclude the objects; a pattern concerns texts alone.
        (false, false) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            json!({"type": ["object", "string"], "pattern": format!("^({})$", names.join("|"))})
        }
        (true, true) => return None,
    };
    let Value::Object(mut one) = one else { return None };
    if !fields.is_empty() {
        let object =
            json!({"properties": fields, "additionalProperties": false, "minProperties": 1, "maxProperties": 1});
        one.extend(object.as_object().cloned().unwrap_or_default());
    }
    Some(one)
}
