//! The validator in `infra/automation/configuration.yaml`: the schema of the configuration, made from the types.

use serde_json::Value;
use tests::document::COMMAND;

const PATH: &str = "infra/automation/configuration.yaml";

/// Longest line of the schema in the template, without its indentation there.
const WIDTH: usize = 140;

/// Holds the schema in the template to the types, or writes it.
pub fn hold(update: bool) {
    let file = tests::root().join(PATH);
    let written = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = written.split_once("          Content: |\n").unwrap();
    let kept = rest.split_inclusive('\n').skip_while(|line| line.starts_with("            "));
    let mut schema = String::new();
    lay_out(&planner::schema::configuration(), "", "", &mut schema);
    let indented: String = schema.lines().map(|line| format!("            {line}\n")).collect();
    let fresh = format!("{before}          Content: |\n{indented}{}", kept.collect::<String>());
    if update {
        std::fs::write(&file, fresh).unwrap();
    } else {
        assert!(fresh == written, "{PATH}: the schema is out of date. Bring it up to date with\n  {COMMAND}\n");
    }
}

/// JSON with as much in a line as fits.
fn lay_out(value: &Value, before: &str, indent: &str, text: &mut String) {
    let line = value.to_string();
    let inner = match value {
        _ if indent.len() + before.len() + line.len() <= WIDTH => None,
        Value::Object(fields) if !fields.is_empty() => {
            Some(('{', fields.iter().map(|(name, field)| (format!("\"{name}\":"), field)).collect::<Vec<_>>(), '}'))
        }
        Value::Array(items) if !items.is_empty() => {
            Some(('[', items.iter().map(|item| (String::new(), item)).collect(), ']'))
        }
        _ => None,
    };
    let Some((open, inner, close)) = inner else {
        text.push_str(&format!("{indent}{before}{line}"));
        return;
    };
    text.push_str(&format!("{indent}{before}{open}\n"));
    for (at, (name, item)) in inner.iter().enumerate() {
        lay_out(item, name, &format!("{indent} "), text);
        text.push_str(if at + 1 < inner.len() { ",\n" } else { "\n" });
    }
    text.push_str(&format!("{indent}{close}"));
}
