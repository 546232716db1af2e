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

/// HuskIT's root, which nests everything else.
pub fn root() -> Template {
    Template::load("template.yaml")
}

/// What every system's functions share: ledger, topics, queues, schedule group.
pub fn base() -> Template {
    Template::load("infra/automation/base.yaml")
}

/// `infra/automation/functions.yaml`.
pub fn functions() -> Template {
    Template::load("infra/automation/functions.yaml")
}

/// HuskIT's system, which nests its parts.
pub fn huskit() -> Template {
    Template::load("infra/huskit/system.yaml")
}

/// What HuskIT has in us-east-1.
pub fn edge() -> Template {
    Template::load("infra/huskit/edge.yaml")
}

/// The root for services that exist already.
pub fn existing() -> Template {
    Template::load("infra/existing/template.yaml")
}

/// What `sam deploy` and `cargo xtask deploy` take.
pub fn roots() -> Vec<Template> {
    vec![root(), edge(), existing()]
}

/// Every template of the repository, by path.
pub fn all() -> Vec<Template> {
    let mut paths = vec!["template.yaml".to_owned()];
    let mut open = vec!["infra".to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(crate::root().join(&folder)).expect("a folder of templates") {
            let entry = entry.expect("an entry of infra/");
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                open.push(path);
            } else if path.ends_with(".yaml") {
                paths.push(path);
            }
        }
    }
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
        let mut folders: Vec<&str> = self.path.split('/').collect();
        folders.pop();
        for part in path.split('/') {
            match part {
                ".." => drop(folders.pop().expect("a folder above")),
                part => folders.push(part),
            }
        }
        Template::load(folders.join("/").leak())
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
