//! A CloudFormation template as data: short forms spelled out, order kept, comments in reach.

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// A template of this repository.
pub struct Template {
    /// Its path, from the root of the repository.
    pub path: &'static str,
    /// Its text, with comments.
    pub text: String,
    /// Its content, with every short form (`!Ref x`) in its long form (`{"Ref": "x"}`).
    pub body: Value,
}

/// The automation's template.
pub fn main() -> Template {
    Template::load("template.yaml")
}

/// HuskIT's template.
pub fn huskit() -> Template {
    Template::load("infra/huskit.yaml")
}

/// The template of what HuskIT has in us-east-1.
pub fn edge() -> Template {
    Template::load("infra/huskit-edge.yaml")
}

/// Every template of the repository.
pub fn all() -> Vec<Template> {
    let mut paths = vec!["template.yaml".to_owned()];
    let files = std::fs::read_dir(crate::root().join("infra")).expect("infra/");
    let names = files.map(|file| file.expect("a file of infra/").file_name().to_string_lossy().into_owned());
    paths.extend(names.filter(|name| name.ends_with(".yaml")).map(|name| format!("infra/{name}")));
    paths.sort();
    paths.into_iter().map(|path| Template::load(path.leak())).collect()
}

impl Template {
    /// Reads a template.
    pub fn load(path: &'static str) -> Template {
        let text = std::fs::read_to_string(crate::root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let yaml: Yaml = serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        Template { path, text, body: long_form(yaml) }
    }

    /// A template nested in this one, by the path that this one has.
    pub fn nested(&self, path: &str) -> Template {
        let folder = self.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        Template::load(format!("{folder}{path}").leak())
    }

    /// A section; empty when the template has none.
    pub fn section(&self, name: &str) -> Map<String, Value> {
        self.body.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// A resource by its logical id.
    pub fn resource(&self, id: &str) -> Value {
        self.section("Resources").get(id).cloned().unwrap_or_else(|| panic!("{}: no resource {id}", self.path))
    }

    /// The properties of a resource.
    pub fn properties(&self, id: &str) -> Value {
        self.resource(id)["Properties"].clone()
    }

    /// Logical id and properties of every resource of a type.
    pub fn of_type(&self, kind: &str) -> Vec<(String, Value)> {
        let resources = self.section("Resources").into_iter();
        resources.filter(|(_, r)| r["Type"] == kind).map(|(id, r)| (id, r["Properties"].clone())).collect()
    }
}

/// A list or a single value, as IAM and event patterns have both.
pub fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// A text, or the JSON of whatever else it is.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Visits a value and everything in it.
pub fn walk<'a>(value: &'a Value, visit: &mut impl FnMut(&'a Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(fields) => fields.values().for_each(|field| walk(field, visit)),
        _ => {}
    }
}

fn long_form(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::Number(number) => serde_json::to_value(number).expect("a number"),
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(long_form).collect(),
        Yaml::Mapping(fields) => {
            let key = |key: Yaml| match key {
                Yaml::String(text) => text,
                other => serde_yaml_ng::to_string(&other).expect("a key").trim().to_owned(),
            };
            Value::Object(fields.into_iter().map(|(name, value)| (key(name), long_form(value))).collect())
        }
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            let value = long_form(tagged.value);
            match name.trim_start_matches('!') {
                "Ref" => json!({"Ref": value}),
                "Condition" => json!({"Condition": value}),
                "GetAtt" => {
                    let path = value.as_str().map(|path| path.split_once('.').expect("resource.attribute"));
                    let path = path.map(|(resource, attribute)| json!([resource, attribute]));
                    json!({"Fn::GetAtt": path.unwrap_or(value)})
                }
                function => json!({format!("Fn::{function}"): value}),
            }
        }
    }
}
