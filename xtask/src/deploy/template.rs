//! What a template says of its parameters: what they take, and which go together.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_yaml_ng::Value as Yaml;

use super::samconfig::Parameters;

/// The part of a template that is about parameters.
#[derive(Debug, Default)]
pub struct Template {
    /// Every parameter by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// Names of the outputs.
    pub outputs: Vec<String>,
    /// Assertions on parameters and what is said when one does not hold.
    rules: Vec<(Yaml, String)>,
}

/// One parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameter {
    /// What it is without being given; none when it has to be given.
    pub default: Option<String>,
    description: String,
    number: bool,
    allowed: Vec<String>,
    pattern: Option<String>,
    constraint: Option<String>,
    range: (Option<f64>, Option<f64>),
    lengths: (Option<u64>, Option<u64>),
}

impl Template {
    /// Reads a template's text.
    ///
    /// # Errors
    /// When it is no YAML.
    pub fn parse(text: &str) -> Result<Template, String> {
        let body: Yaml = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        let section = |name: &str| body.get(name).and_then(Yaml::as_mapping).cloned().unwrap_or_default();
        let parameters = section("Parameters").iter().map(|(name, own)| (plain(name), Parameter::read(own))).collect();
        let rules = section("Rules").into_iter().flat_map(|(_, rule)| {
            let assertions = rule.get("Assertions").and_then(Yaml::as_sequence).cloned().unwrap_or_default();
            assertions.into_iter().filter_map(|assertion| {
                let said = assertion.get("AssertDescription").map(plain).unwrap_or_default();
                assertion.get("Assert").map(|condition| (condition.clone(), said))
            })
        });
        let rules = rules.collect();
        let outputs = section("Outputs").iter().map(|(name, _)| plain(name)).collect();
        Ok(Template { parameters, outputs, rules })
    }

    /// What is wrong with `given`, each with the parameter, its value and what was expected. `place` says who gives it.
    pub fn check(&self, given: &Parameters, place: &str) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, value) in given {
            match self.parameters.get(name) {
                None => {
                    let names: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
                    problems.push(format!(
                        "{place}: {name} is given as {value:?}, and the template has no such parameter; it has {}",
                        names.join(", ")
                    ));
                }
                Some(parameter) => {
                    let said =
                        parameter.expected(value).map(|expected| format!("{place}: {name} is {value:?}; {expected}"));
                    problems.extend(said);
                }
            }
        }
        problems
    }

    /// What has neither a value in `given` nor a default.
    pub fn missing(&self, given: &Parameters, place: &str) -> Vec<String> {
        let without = self.parameters.iter().filter(|(name, own)| own.default.is_none() && !given.contains_key(*name));
        without.map(|(name, own)| format!("{place}: {name} has no value; expected: {}", own.description)).collect()
    }

    /// The template's rules that do not hold for `given` (and the defaults of the rest) in `region`.
    pub fn broken_rules(&self, given: &Parameters, region: &str, place: &str) -> Vec<String> {
        let value = |name: &str| match name {
            "AWS::Region" => Some(region.to_owned()),
            _ => given.get(name).cloned().or_else(|| self.parameters.get(name)?.default.clone()),
        };
        let broken = self.rules.iter().filter(|(condition, _)| holds(condition, &value) == Some(false));
        broken.map(|(_, said)| format!("{place}: {said}")).collect()
    }
}

impl Parameter {
    fn read(own: &Yaml) -> Parameter {
        let text = |name: &str| own.get(name).map(plain);
        let bound = |name: &str| own.get(name).and_then(Yaml::as_f64);
        let length = |name: &str| own.get(name).and_then(Yaml::as_u64);
        Parameter {
            default: text("Default"),
            description: text("Description").unwrap_or_default(),
            number: text("Type").is_some_and(|kind| kind == "Number"),
            allowed: own.get("AllowedValues").and_then(Yaml::as_sequence).into_iter().flatten().map(plain).collect(),
            pattern: text("AllowedPattern"),
            constraint: text("ConstraintDescription"),
            range: (bound("MinValue"), bound("MaxValue")),
            lengths: (length("MinLength"), length("MaxLength")),
        }
    }

    /// What was expected instead of `value`, if it is not taken.
    fn expected(&self, value: &str) -> Option<String> {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed == value) {
            return Some(format!("expected one of {}", self.allowed.join(", ")));
        }
        // CloudFormation matches the whole value. A pattern that cannot be read here is left to CloudFormation.
        let pattern = self.pattern.as_ref().and_then(|pattern| Regex::new(&format!("^(?:{pattern})$")).ok());
        if pattern.is_some_and(|pattern| !pattern.is_match(value)) {
            let matching = || format!("expected what matches {}", self.pattern.as_deref().unwrap_or_default());
            return Some(self.constraint.clone().unwrap_or_else(matching));
        }
        let length = value.chars().count() as u64;
        match self.lengths {
            (Some(least), _) if length < least => return Some(format!("expected {least} characters or more")),
            (_, Some(most)) if length > most => return Some(format!("expected {most} characters or less")),
            _ => {}
        }
        if !self.number {
            return None;
        }
        let Ok(number) = value.parse::<f64>() else { return Some("expected a number".to_owned()) };
        let (least, most) = self.range;
        let least = least.filter(|least| number < *least).map(|least| format!("expected {least} or more"));
        least.or_else(|| most.filter(|most| number > *most).map(|most| format!("expected {most} or less")))
    }
}

/// Whether a condition of `Rules` holds; none when it uses what is not known here, which is left to CloudFormation.
fn holds(condition: &Yaml, value: &impl Fn(&str) -> Option<String>) -> Option<bool> {
    let (function, arguments) = function(condition)?;
    let items = arguments.as_sequence()?;
    let mut each = items.iter().map(|item| holds(item, value));
    match function.as_str() {
        "And" => each.try_fold(true, |all, one| Some(all && one?)),
        "Or" => each.try_fold(false, |any, one| Some(any || one?)),
        "Not" => each.next()?.map(|one| !one),
        "Equals" => Some(operand(items.first()?, value)? == operand(items.get(1)?, value)?),
        _ => None,
    }
}

fn operand(operand: &Yaml, value: &impl Fn(&str) -> Option<String>) -> Option<String> {
    match function(operand) {
        Some((name, of)) if name == "Ref" => value(of.as_str()?),
        Some(_) => None,
        None => Some(plain(operand)),
    }
}

/// A call of an intrinsic function in either form: its name without `Fn::`, and its arguments.
fn function(value: &Yaml) -> Option<(String, &Yaml)> {
    match value {
        Yaml::Tagged(tagged) => Some((tagged.tag.to_string().trim_start_matches('!').to_owned(), &tagged.value)),
        Yaml::Mapping(fields) if fields.len() == 1 => {
            fields.iter().next().map(|(name, of)| (plain(name).trim_start_matches("Fn::").to_owned(), of))
        }
        _ => None,
    }
}

fn plain(value: &Yaml) -> String {
    match value {
        Yaml::String(text) => text.clone(),
        other => serde_yaml_ng::to_string(other).unwrap_or_default().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Template {
        let text = "
Parameters:
  Kind: {Type: String, Default: a, AllowedValues: [a, b]}
  Host: {Type: String, Default: '', AllowedPattern: '[a-z.]+|', ConstraintDescription: 'Give a host name.'}
  Size: {Type: Number, Default: 5, MinValue: 1, MaxValue: 9}
  Topic: {Type: String, Description: Give the ARN of a topic., MinLength: 1, MaxLength: 5}
Rules:
  HostOnlyWithB:
    Assertions:
      - Assert: !Or [!Equals [!Ref Host, ''], !And [!Not [!Equals [!Ref Kind, a]], {'Fn::Equals': [{Ref: Kind}, b]}]]
        AssertDescription: Give Host only with Kind b.
  Region:
    Assertions:
      - Assert: !Equals [!Ref AWS::Region, us-east-1]
        AssertDescription: Deploy it to us-east-1.
Outputs:
  Out: {Value: 1}
";
        Template::parse(text).unwrap()
    }

    fn given(pairs: &[(&str, &str)]) -> Parameters {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn takes_what_the_template_takes() {
        let good = given(&[("Kind", "b"), ("Host", "app.example"), ("Size", "9"), ("Topic", "t")]);
        assert_eq!(template().check(&good, "prod"), Vec::<String>::new());
        assert_eq!(template().missing(&good, "prod"), Vec::<String>::new());
        assert_eq!(template().outputs, ["Out"]);
    }

    #[test]
    fn says_which_parameter_has_which_value_and_what_was_expected() {
        for (name, value, expected) in [
            ("Kind", "c", "prod: Kind is \"c\"; expected one of a, b"),
            ("Host", "https://x", "prod: Host is \"https://x\"; Give a host name."),
            ("Size", "many", "prod: Size is \"many\"; expected a number"),
            ("Size", "0", "prod: Size is \"0\"; expected 1 or more"),
            ("Size", "10", "prod: Size is \"10\"; expected 9 or less"),
            ("Topic", "", "prod: Topic is \"\"; expected 1 characters or more"),
            ("Topic", "123456", "prod: Topic is \"123456\"; expected 5 characters or less"),
            (
                "Siez",
                "5",
                "prod: Siez is given as \"5\", and the template has no such parameter; it has Host, Kind, Size, Topic",
            ),
        ] {
            assert_eq!(template().check(&given(&[(name, value)]), "prod"), [expected]);
        }
        assert_eq!(
            template().missing(&given(&[]), "prod"),
            ["prod: Topic has no value; expected: Give the ARN of a topic."]
        );
    }

    #[test]
    fn says_which_rule_is_broken() {
        let of = |pairs, region| template().broken_rules(&given(pairs), region, "prod");
        assert_eq!(of(&[("Host", "h"), ("Kind", "b")], "us-east-1"), Vec::<String>::new());
        assert_eq!(of(&[("Host", "h")], "us-east-1"), ["prod: Give Host only with Kind b."]);
        assert_eq!(of(&[], "eu-central-1"), ["prod: Deploy it to us-east-1."]);
    }

    #[test]
    fn understands_the_repositorys_own_templates() {
        for path in ["template.yaml", "infra/huskit/edge.yaml", "infra/existing/template.yaml"] {
            let template = Template::parse(&std::fs::read_to_string(crate::tools::root().join(path)).unwrap()).unwrap();
            assert!(template.parameters.contains_key("LogRetentionDays"), "{path}");
            for (name, parameter) in &template.parameters {
                let pattern = parameter.pattern.as_deref().unwrap_or_default();
                assert!(Regex::new(pattern).is_ok(), "{path}: {name}: {pattern}");
                if let Some(default) = &parameter.default {
                    assert_eq!(parameter.expected(default), None, "{path}: {name}");
                }
            }
            let nothing = |_: &str| Some(String::new());
            assert!(template.rules.iter().all(|(condition, _)| holds(condition, &nothing).is_some()), "{path}");
        }
    }
}
