//! `samconfig.toml`: which stacks a stage has, where, and with which parameters.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Values of template parameters by name.
pub type Parameters = BTreeMap<String, String>;

/// One environment of samconfig.toml: one stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name, as `sam deploy --config-env` takes it.
    pub name: String,
    /// The template, from the folder that samconfig.toml is in.
    pub template: String,
    /// Name of the stack.
    pub stack: String,
    /// Where the stack is.
    pub region: String,
    /// What is given for its parameters.
    pub parameters: Parameters,
}

/// The environments of one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What CloudFront needs in us-east-1; none for a system without a CDN.
    pub edge: Option<Environment>,
    /// The main stack's creation; none where it is created as it is updated.
    pub first: Option<Environment>,
    /// Every deploy of the main stack after it.
    pub main: Environment,
}

/// Reads the environments of a stage.
///
/// # Errors
/// With every field that is missing or not understood, and what was expected there.
pub fn read(text: &str, stage: &str) -> Result<Stage, Vec<String>> {
    let config: Table =
        text.parse().map_err(|error: toml::de::Error| vec![format!("samconfig.toml is no TOML: {error}")])?;
    let mut problems = Vec::new();
    let mut read = |name: &str| environment(&config, name).map_err(|found| problems.extend(found)).ok();
    let main = read(stage);
    let mut optional = |name: String| config.contains_key(&name).then(|| read(&name)).flatten();
    let (edge, first) = (optional(format!("{stage}-edge")), optional(format!("{stage}-first")));
    match main {
        Some(main) if problems.is_empty() => Ok(Stage { edge, first, main }),
        _ => Err(problems),
    }
}

fn environment(config: &Table, name: &str) -> Result<Environment, Vec<String>> {
    let Some(own) = config.get(name) else {
        let there: Vec<&str> = config.iter().filter(|(_, value)| value.is_table()).map(|(name, _)| &**name).collect();
        return Err(vec![format!(
            "samconfig.toml has no environment {name}; it has {}. A stage is <stage>, with <stage>-edge and <stage>-first where its system \
             needs them",
            there.join(", ")
        )]);
    };
    let place = format!("samconfig.toml, {name}.deploy.parameters");
    let Some(deploy) = own.get("deploy").and_then(|deploy| deploy.get("parameters")).and_then(Value::as_table) else {
        return Err(vec![format!("{place} is missing; `sam deploy --config-env {name}` reads it")]);
    };
    let mut problems = Vec::new();
    let mut text = |field: &str, otherwise: Option<&str>, expected: &str| match (deploy.get(field), otherwise) {
        (Some(Value::String(text)), _) if !text.is_empty() => text.clone(),
        (None, Some(otherwise)) => otherwise.to_owned(),
        (found, _) => {
            let found = found.map_or("missing".to_owned(), |found| format!("{found}"));
            problems.push(format!("{place}.{field} is {found}; expected {expected}"));
            String::new()
        }
    };
    // `sam build` has it where there is something to build, `sam deploy` then takes what was built.
    let built = own.get("build").and_then(|build| build.get("parameters")?.get("template_file")?.as_str());
    let template = text("template_file", Some(built.unwrap_or("template.yaml")), "the path of a template");
    let stack = text("stack_name", None, "the name of the stack");
    let region = text("region", None, "the region of the stack, such as eu-central-1");
    let is_region = |region: &str| region.split('-').count() >= 3 && region.ends_with(|c: char| c.is_ascii_digit());
    if !region.is_empty() && !is_region(&region) {
        problems.push(format!("{place}.region is {region:?}; expected a region such as eu-central-1"));
    }
    let parameters = match overrides(deploy.get("parameter_overrides")) {
        Ok(parameters) => parameters,
        Err(problem) => {
            problems.push(format!("{place}.parameter_overrides {problem}"));
            Parameters::new()
        }
    };
    if problems.is_empty() {
        Ok(Environment { name: name.to_owned(), template, stack, region, parameters })
    } else {
        Err(problems)
    }
}

/// What sam takes there: one text of `Name=value` separated by spaces, a list of such, or a table.
fn overrides(value: Option<&Value>) -> Result<Parameters, String> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        None => Ok(Parameters::new()),
        Some(Value::String(text)) => words(text)?.iter().map(|word| pair(word)).collect(),
        Some(Value::Array(items)) => items.iter().map(|item| pair(&plain(item))).collect(),
        Some(Value::Table(table)) => Ok(table.iter().map(|(name, value)| (name.clone(), plain(value))).collect()),
        Some(other) => Err(format!("is {other}; expected \"Name=value Name=value\"")),
    }
}

/// `Name=value` as name and value.
///
/// # Errors
/// When it is none.
pub fn pair(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some((name, value)) if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(format!("has {word:?}; expected Name=value")),
    }
}

/// Words between spaces; quotes keep spaces together and are taken off, a backslash takes the next character as it is.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (c, quote) {
            ('\\', _) => word.get_or_insert_default().extend(characters.next()),
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(format!("has a {open} that is never closed: {text}"));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, fields: &str) -> String {
        format!("[{name}.deploy.parameters]\n{fields}\n")
    }

    const STACK: &str = "stack_name = \"s\"\nregion = \"eu-central-1\"";

    fn problems(config: &str) -> String {
        read(config, "prod").unwrap_err().join("\n")
    }

    #[test]
    fn reads_the_three_stacks_of_a_stage() {
        let edge = environment("prod-edge", "template_file = \"e.yaml\"\nstack_name = \"e\"\nregion = \"us-east-1\"");
        let first = environment("prod-first", &format!("{STACK}\nparameter_overrides = [\"A=1\", \"B=x y\"]"));
        let main = environment("prod", &format!("{STACK}\nparameter_overrides = 'A=1 B=\"x y\" C='"));
        let stage = read(&(edge + &first + &main), "prod").unwrap();
        let (edge, first) = (stage.edge.unwrap(), stage.first.unwrap());
        assert_eq!((edge.template.as_str(), stage.main.template.as_str()), ("e.yaml", "template.yaml"));
        assert_eq!((edge.region.as_str(), stage.main.stack.as_str()), ("us-east-1", "s"));
        let given = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(first.parameters, given(&[("A", "1"), ("B", "x y")]));
        assert_eq!(stage.main.parameters, given(&[("A", "1"), ("B", "x y"), ("C", "")]));
    }

    #[test]
    fn the_repositorys_own_file_has_the_stage_prod() {
        let text = std::fs::read_to_string(crate::tools::root().join("samconfig.toml")).unwrap();
        assert_eq!(read(&text, "prod").unwrap().edge.unwrap().region, "us-east-1");
    }

    #[test]
    fn a_stage_may_be_one_stack_whose_template_sam_build_names() {
        let build = "[prod.build.parameters]\ntemplate_file = \"infra/existing/template.yaml\"\n";
        let stage = read(&(build.to_owned() + &environment("prod", STACK)), "prod").unwrap();
        assert_eq!((stage.edge, stage.first), (None, None));
        assert_eq!(stage.main.template, "infra/existing/template.yaml");
    }

    #[test]
    fn names_an_environment_that_is_missing_and_those_that_are_there() {
        let found = problems(&environment("staging", STACK));
        assert!(found.contains("no environment prod; it has staging"), "{found}");
    }

    #[test]
    fn names_a_field_that_is_missing_or_wrong_and_what_was_expected() {
        for (fields, expected) in [
            (
                "region = \"eu-central-1\"",
                "prod.deploy.parameters.stack_name is missing; expected the name of the stack",
            ),
            ("stack_name = \"s\"", "prod.deploy.parameters.region is missing; expected the region"),
            ("stack_name = 5\nregion = \"eu-central-1\"", "prod.deploy.parameters.stack_name is 5; expected"),
            ("stack_name = \"s\"\nregion = \"Frankfurt\"", "region is \"Frankfurt\"; expected a region such as"),
            (&format!("{STACK}\nparameter_overrides = \"A\""), "parameter_overrides has \"A\"; expected Name=value"),
            (&format!("{STACK}\nparameter_overrides = \"A='b\""), "a ' that is never closed"),
            (&format!("{STACK}\nparameter_overrides = 3"), "parameter_overrides is 3; expected"),
        ] {
            let found = problems(&environment("prod", fields));
            assert!(found.contains(expected), "{found}");
        }
        assert!(problems("[prod]\nx = 1").contains("prod.deploy.parameters is missing"));
        assert!(problems("= 1").contains("samconfig.toml is no TOML"));
    }
}
