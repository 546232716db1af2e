//! Intrinsic functions, as CloudFormation would render them for given parameters.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::template::{Template, text};

/// A template with its parameters given.
pub struct Deployed {
    template: Template,
    parameters: BTreeMap<String, Value>,
    attributes: BTreeMap<String, String>,
}

impl Deployed {
    /// A template with the defaults of its parameters, but for those that are given.
    pub fn new(template: Template, given: &[(&str, &str)]) -> Deployed {
        let declared = template.section("Parameters");
        let defaults =
            declared.iter().filter_map(|(name, parameter)| Some((name.clone(), parameter.get("Default")?.clone())));
        let mut parameters: BTreeMap<String, Value> = defaults.collect();
        for (name, value) in given {
            let parameter = declared.get(*name).unwrap_or_else(|| panic!("{} has no parameter {name}", template.path));
            let value = match parameter["Type"] == "CommaDelimitedList" {
                true => value.split(',').map(Value::from).collect(),
                false => (*value).into(),
            };
            parameters.insert((*name).to_owned(), value);
        }
        let pseudo = [
            ("AWS::Partition", "aws"),
            ("AWS::Region", "eu-central-1"),
            ("AWS::AccountId", "123456789012"),
            ("AWS::StackName", "huskit-prod"),
            ("AWS::URLSuffix", "amazonaws.com"),
            ("AWS::StackId", "arn:aws:cloudformation:eu-central-1:123456789012:stack/huskit-prod/0000"),
        ];
        parameters.extend(pseudo.map(|(name, value)| (name.to_owned(), value.into())));
        Deployed { template, parameters, attributes: BTreeMap::new() }
    }

    /// What a resource is called (`Id`) or has (`Id.Attribute`); others stand as `<Id>` or `<Id.Attribute>`.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Deployed {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }

    /// In another region than eu-central-1.
    pub fn in_region(mut self, region: &str) -> Deployed {
        self.parameters.insert("AWS::Region".to_owned(), region.into());
        self
    }

    /// With the stacks nested in it deployed too: their outputs and the clusters' names are known, and the stacks come
    /// along, each with the parameters that it is given here.
    pub fn with_nested(mut self) -> (Deployed, Vec<Deployed>) {
        let mut nested = Vec::new();
        for (id, properties) in self.template.of_type("AWS::ECS::Cluster") {
            self.attributes.insert(id, text(&self.resolve(&properties["ClusterName"])));
        }
        for (id, properties) in self.template.of_type("AWS::CloudFormation::Stack") {
            let given = self.resolve(&properties["Parameters"]);
            let given: Vec<(&str, String)> =
                given.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), text(value))).collect();
            let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let (stack, below) =
                Deployed::new(self.template.nested(&text(&properties["TemplateURL"])), &given).with_nested();
            for name in stack.template.section("Outputs").keys() {
                let output = || text(&stack.output(name));
                self.attributes.entry(format!("{id}.Outputs.{name}")).or_insert_with(output);
            }
            nested.push(stack);
            nested.extend(below);
        }
        (self, nested)
    }

    /// The stack nested in it that is made from the template at `path`.
    pub fn part(self, path: &str) -> Deployed {
        let of = self.template.path;
        let (_, nested) = self.with_nested();
        nested.into_iter().find(|stack| stack.template.path == path).unwrap_or_else(|| panic!("{of} nests no {path}"))
    }

    /// The template that is deployed.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// An output's value.
    pub fn output(&self, name: &str) -> Value {
        let output = self.template.section("Outputs").get(name).cloned();
        self.resolve(&output.unwrap_or_else(|| panic!("{}: no output {name}", self.template.path))["Value"])
    }

    /// The properties of a resource.
    pub fn properties(&self, id: &str) -> Value {
        self.resolve(&self.template.properties(id))
    }

    /// Whether a condition holds.
    pub fn holds(&self, condition: &str) -> bool {
        let conditions = self.template.section("Conditions");
        self.truth(
            conditions.get(condition).unwrap_or_else(|| panic!("{}: no condition {condition}", self.template.path)),
        )
    }

    /// What the template's rules say against the given parameters.
    pub fn refusals(&self) -> Vec<String> {
        let rules = self.template.section("Rules");
        let assertions = rules.values().flat_map(|rule| rule["Assertions"].as_array().expect("assertions"));
        let broken = assertions.filter(|assertion| !self.truth(&assertion["Assert"]));
        broken.map(|assertion| text(&assertion["AssertDescription"])).collect()
    }

    /// A value with every function in it rendered; what is `AWS::NoValue` is left out.
    pub fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => {
                items.iter().filter(|item| !self.is_nothing(item)).map(|item| self.resolve(item)).collect()
            }
            Value::Object(fields) => match function(fields) {
                Some((name, argument)) => self.call(name, argument),
                None => {
                    let kept = fields.iter().filter(|(_, field)| !self.is_nothing(field));
                    Value::Object(kept.map(|(name, field)| (name.clone(), self.resolve(field))).collect())
                }
            },
            other => other.clone(),
        }
    }

    fn is_nothing(&self, value: &Value) -> bool {
        let Some((name, argument)) = value.as_object().and_then(function) else { return false };
        match name {
            "Ref" => argument == "AWS::NoValue",
            "Fn::If" => self.is_nothing(self.branch(argument)),
            _ => false,
        }
    }

    fn branch<'a>(&self, argument: &'a Value) -> &'a Value {
        if self.holds(argument[0].as_str().expect("a condition's name")) { &argument[1] } else { &argument[2] }
    }

    fn call(&self, name: &str, argument: &Value) -> Value {
        let item = |at: usize| self.resolve(&argument[at]);
        match name {
            "Ref" => self.reference(argument.as_str().expect("a name")),
            "Fn::GetAtt" => self.attribute(&format!("{}.{}", text(&argument[0]), text(&argument[1]))).into(),
            "Fn::Sub" => self.substitute(argument).into(),
            "Fn::If" => self.resolve(self.branch(argument)),
            "Fn::Join" => {
                let parts: Vec<String> = item(1).as_array().expect("a list").iter().map(text).collect();
                parts.join(&text(&argument[0])).into()
            }
            "Fn::Split" => text(&item(1)).split(&text(&argument[0])).map(Value::from).collect(),
            "Fn::Select" => {
                let at = argument[0].as_u64().or_else(|| argument[0].as_str()?.parse().ok()).expect("an index");
                item(1)[usize::try_from(at).expect("an index")].clone()
            }
            "Fn::GetAZs" => ["eu-central-1a", "eu-central-1b", "eu-central-1c"].map(Value::from).to_vec().into(),
            "Fn::Cidr" => {
                let (block, count) = (text(&item(0)), item(1).as_u64().expect("a number of blocks"));
                assert_eq!(
                    (block.split_once(".0.0/"), item(2)),
                    (Some(("10.0", "16")), 8.into()),
                    "only 10.0.0.0/16 by 8 bits"
                );
                (0..count).map(|at| Value::from(format!("10.0.{at}.0/24"))).collect()
            }
            "Fn::FindInMap" => {
                let maps = self.template.section("Mappings");
                let found = maps[&text(&item(0))].get(text(&item(1))).map(|row| row[&text(&item(2))].clone());
                found.unwrap_or_else(|| self.resolve(&argument[3]["DefaultValue"]))
            }
            "Fn::ToJsonString" => self.resolve(argument).to_string().into(),
            _ => self.truth(&Value::Object(Map::from_iter([(name.to_owned(), argument.clone())]))).into(),
        }
    }

    fn truth(&self, condition: &Value) -> bool {
        let (name, argument) = condition.as_object().and_then(function).expect("a condition");
        let items = || argument.as_array().expect("conditions").iter();
        match name {
            "Fn::Equals" => text(&self.resolve(&argument[0])) == text(&self.resolve(&argument[1])),
            "Fn::Not" => !self.truth(&argument[0]),
            "Fn::And" => items().all(|item| self.truth(item)),
            "Fn::Or" => items().any(|item| self.truth(item)),
            "Condition" => self.holds(argument.as_str().expect("a condition's name")),
            other => panic!("{other} is not known here"),
        }
    }

    fn reference(&self, name: &str) -> Value {
        self.parameters.get(name).cloned().unwrap_or_else(|| self.attribute(name).into())
    }

    fn attribute(&self, name: &str) -> String {
        self.attributes.get(name).cloned().unwrap_or_else(|| format!("<{name}>"))
    }

    fn substitute(&self, argument: &Value) -> String {
        let (mut rest, own) = match argument {
            Value::Array(items) => (text(&items[0]), self.resolve(&items[1])),
            one => (text(one), Value::Null),
        };
        let mut result = String::new();
        while let Some((before, name, after)) = placeholder(&rest) {
            let value = match own.get(&name) {
                Some(value) => value.clone(),
                None if name.contains('.') => self.attribute(&name).into(),
                None => self.reference(&name),
            };
            result.push_str(&before);
            result.push_str(&text(&value));
            rest = after;
        }
        result + &rest
    }
}

fn placeholder(text: &str) -> Option<(String, String, String)> {
    let (before, rest) = text.split_once("${")?;
    let (name, after) = rest.split_once('}')?;
    Some((before.to_owned(), name.to_owned(), after.to_owned()))
}

/// The one function an object stands for, if it does.
fn function(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = fields.iter().next().filter(|_| fields.len() == 1)?;
    (name == "Ref" || name == "Condition" && argument.is_string() || name.starts_with("Fn::"))
        .then_some((name.as_str(), argument))
}
