//! Which value each parameter of each stack gets, and what is wrong with them: checked before anything is deployed.

#[cfg(test)]
mod tests;

use super::samconfig::{Environment, Parameters, Stage};
use super::template::Template;

/// Where the edge is: CloudFront takes certificates and web ACLs from nowhere else.
pub const EDGE_REGION: &str = "us-east-1";
/// The parameter by which the services are created with no tasks.
const FIRST: &str = "FirstDeploy";
/// The parameter by which the edge knows where the main stack is.
const HOME: &str = "MainRegion";
/// What stands for CloudFront's addresses; its default is that of one region.
const ADDRESSES: (&str, &str) = ("CloudFrontPrefixListId", "eu-central-1");

/// The values of one deploy, complete but for what the stacks tell each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Values {
    /// The edge's; none when there is no edge.
    pub edge: Option<Parameters>,
    /// The main stack's.
    pub main: Parameters,
}

/// Everything that values come from.
#[derive(Debug)]
pub struct Given<'a> {
    /// What samconfig.toml says.
    pub stage: &'a Stage,
    /// The edge's template; none when there is no edge.
    pub edge: Option<&'a Template>,
    /// The main stack's template.
    pub main: &'a Template,
    /// What was said for this deploy alone.
    pub asked: &'a Parameters,
    /// What the edge was given last; none when it is not there yet.
    pub edge_before: Option<&'a Parameters>,
    /// What the main stack was given last; none when it is not there yet.
    pub main_before: Option<&'a Parameters>,
}

impl Given<'_> {
    /// The environment that the main stack is deployed by: another one for its creation.
    pub fn environment(&self) -> &Environment {
        let first = self.stage.first.as_ref().filter(|_| self.main_before.is_none());
        first.unwrap_or(&self.stage.main)
    }

    /// The values.
    ///
    /// # Errors
    /// With every field that is wrong, its value, and what was expected.
    pub fn values(&self) -> Result<Values, Vec<String>> {
        let mut problems = self.agree();
        let main = self.environment();
        let known = |template: &Template, name: &String| template.parameters.contains_key(name);
        let nowhere = |name| !known(self.main, name) && !self.edge.is_some_and(|edge| known(edge, name));
        problems.extend(self.asked.iter().filter(|(name, _)| nowhere(name)).map(|(name, value)| {
            format!("--parameter: {name} is given as {value:?}, and no template of the stage has such a parameter")
        }));
        let asked = |template: &Template| -> Vec<(String, String)> {
            let known = self.asked.iter().filter(|(name, _)| known(template, name));
            known.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let mut values = main.parameters.clone();
        values.extend(asked(self.main));
        problems.extend(check(self.main, &values, self.main_before, &main.region, &main.name));
        if main.region != ADDRESSES.1 && known(self.main, &ADDRESSES.0.to_owned()) && !values.contains_key(ADDRESSES.0)
        {
            problems.push(format!(
                "{}: {} has the default of {}, and the stack is in {region}; give that of {region}: aws ec2 \
                 describe-managed-prefix-lists --region {region} --filters \
                 Name=prefix-list-name,Values=com.amazonaws.global.cloudfront.origin-facing",
                main.name,
                ADDRESSES.0,
                ADDRESSES.1,
                region = main.region
            ));
        }
        let mut edge = None;
        if let (Some(own), Some(template)) = (&self.stage.edge, self.edge) {
            let mut all = own.parameters.clone();
            all.extend(asked(template));
            for (name, value, of) in self.shared(template, &values) {
                let there = all.entry(name.clone()).or_insert_with(|| value.clone());
                if *there != value {
                    problems.push(format!("{}: {name} is {there:?}; expected {value:?}, {of}", own.name));
                }
            }
            problems.extend(check(template, &all, self.edge_before, &own.region, &own.name));
            edge = Some(all);
        }
        if problems.is_empty() { Ok(Values { edge, main: values }) } else { Err(problems) }
    }

    /// What the edge has from the main stack: parameters that both have, and where the main stack is.
    fn shared(&self, edge: &Template, main: &Parameters) -> Vec<(String, String, String)> {
        let environment = self.environment();
        let both = main.iter().filter(|(name, _)| edge.parameters.contains_key(*name));
        let mut shared: Vec<_> = both
            .map(|(name, value)| (name.clone(), value.clone(), format!("as {} has it", environment.name)))
            .collect();
        if edge.parameters.contains_key(HOME) {
            shared.push((HOME.to_owned(), environment.region.clone(), format!("where {} is", environment.name)));
        }
        shared
    }

    /// Whether the environments of the stage belong together.
    fn agree(&self) -> Vec<String> {
        let Stage { edge, first, main } = self.stage;
        let mut problems = Vec::new();
        if let Some(edge) = edge.as_ref().filter(|edge| edge.region != EDGE_REGION) {
            problems.push(format!("{}: region is {:?}; expected {EDGE_REGION:?}: CloudFront accepts certificates and web ACLs of that region only", edge.name, edge.region));
        }
        let created_empty = self.main.parameters.contains_key(FIRST);
        let Some(first) = first else {
            if created_empty {
                problems.push(format!(
                    "samconfig.toml has no environment {0}-first; expected one like {0} with {FIRST}=true, for the stack's creation",
                    main.name
                ));
            }
            return problems;
        };
        for (field, one, other) in [
            ("stack_name", &first.stack, &main.stack),
            ("region", &first.region, &main.region),
            ("template_file", &first.template, &main.template),
        ] {
            if one != other {
                problems
                    .push(format!("{}: {field} is {one:?}; expected {other:?}, as {} has it", first.name, main.name));
            }
        }
        for (environment, expected) in [(first, "true"), (main, "false")] {
            let there = environment.parameters.get(FIRST);
            if created_empty && there.is_none_or(|there| there != expected) {
                let there = there.map_or("missing".to_owned(), |there| format!("{there:?}"));
                problems.push(format!(
                    "{}: {FIRST} is {there}; expected {expected:?}: the services are created with no tasks, and later their desired count is \
                     the automation's",
                    environment.name
                ));
            }
        }
        let names: std::collections::BTreeSet<_> = first.parameters.keys().chain(main.parameters.keys()).collect();
        for name in names.into_iter().filter(|name| *name != FIRST) {
            let (one, other) = (first.parameters.get(name), main.parameters.get(name));
            if one != other {
                let said = |value: Option<&String>| value.map_or("left out".to_owned(), |value| format!("{value:?}"));
                problems.push(format!(
                    "{}: {name} is {}; expected the same as in {}, where it is {}",
                    first.name,
                    said(one),
                    main.name,
                    said(other)
                ));
            }
        }
        problems
    }
}

fn check(
    template: &Template,
    given: &Parameters,
    before: Option<&Parameters>,
    region: &str,
    place: &str,
) -> Vec<String> {
    // What is not given keeps the value that the stack has.
    let mut all = before.cloned().unwrap_or_default();
    all.retain(|name, _| template.parameters.contains_key(name));
    all.extend(given.clone());
    let mut problems = template.check(given, place);
    problems.extend(template.missing(&all, place));
    problems.extend(template.broken_rules(&all, region, place));
    problems
}

/// What one stack tells the other: outputs of the one that have the name of a parameter of the other. What is given
/// already stays. An output that is no longer there takes its value away again.
pub fn passed(from: &Template, outputs: &Parameters, to: &Template, given: &Parameters) -> Parameters {
    let mut passed = Parameters::new();
    for (name, parameter) in &to.parameters {
        if given.contains_key(name) {
            continue;
        }
        if let Some(value) = outputs.get(name) {
            passed.insert(name.clone(), value.clone());
        } else if from.outputs.contains(name) {
            passed.extend(parameter.default.clone().map(|default| (name.clone(), default)));
        }
    }
    passed
}
