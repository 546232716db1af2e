//! Policy statements as an engineer reads them.

use serde_json::{Map, Value};
use tests::document::{code, words};
use tests::resolve::Deployed;
use tests::template::{Template, list, text};

/// The account of the examples.
const ACCOUNT: &str = "123456789012";

/// Statement by statement: what it allows, on what, if, and why. What every resource is meant by has its reason from
/// the comment above it.
pub fn row(deployed: &Deployed, at: &str, statement: &Value) -> Vec<String> {
    let on = match list(&statement["Resource"]).contains(&"*".into()) {
        true => format!("**all resources**: {}", reason(deployed.template(), at, &text(&statement["Sid"]))),
        false => resources(deployed, &statement["Resource"]),
    };
    let denies = if statement["Effect"] == "Deny" { "**not** " } else { "" };
    let actions: Vec<String> = list(&statement["Action"]).iter().map(|action| code(&text(action))).collect();
    vec![
        format!("{denies}{}", actions.join(" ")),
        on,
        conditions(deployed, &statement["Condition"]),
        words(&text(&statement["Sid"])),
    ]
}

/// Resources without what is the same for all of them: partition, service, region and account.
pub fn resources(deployed: &Deployed, resource: &Value) -> String {
    let region = text(&deployed.resolve(&serde_json::json!({"Ref": "AWS::Region"})));
    let all: Vec<String> =
        list(&deployed.resolve(resource)).iter().flat_map(list).map(|one| short(&text(&one), &region)).collect();
    all.join(" ")
}

/// Who is meant by a statement's principal.
pub fn principals(deployed: &Deployed, principal: &Value) -> String {
    match deployed.resolve(principal) {
        Value::Object(kinds) => {
            let names = kinds.values().flat_map(list).map(|name| short(&text(&name), ""));
            names.collect::<Vec<_>>().join(" ")
        }
        other if other == "*" => "anyone".to_owned(),
        other => code(&text(&other)),
    }
}

/// Conditions, each key with its values.
pub fn conditions(deployed: &Deployed, condition: &Value) -> String {
    let region = text(&deployed.resolve(&serde_json::json!({"Ref": "AWS::Region"})));
    let (none, region) = (Map::new(), &region);
    let resolved = deployed.resolve(condition);
    let each = resolved.as_object().unwrap_or(&none).iter().flat_map(|(operator, keys)| {
        keys.as_object().unwrap().iter().map(move |(key, values)| {
            let values: Vec<String> = list(values).iter().map(|value| short(&text(value), region)).collect();
            match (operator.as_str(), key.as_str()) {
                ("StringEquals", "aws:SourceAccount") => "for this account".to_owned(),
                ("Bool", "aws:SecureTransport") => "without TLS".to_owned(),
                (_, "aws:SourceArn") => format!("for {}", values.join(", ")),
                (_, key) => format!("{} is {}", code(key), values.join(" or ")),
            }
        })
    });
    each.collect::<Vec<_>>().join(", ")
}

/// `arn:aws:ecs:eu-central-1:123456789012:service/prod/*` as `service/prod/*`, `<Ledger.Arn>` as `Ledger`.
fn short(text: &str, region: &str) -> String {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let (shown, place) = match parts[..] {
        ["arn", _, service, at, account, rest] if account == ACCOUNT || account.is_empty() => {
            let service = if rest == "*" { format!("{service}:") } else { String::new() };
            let place = if at.is_empty() || at == region { String::new() } else { format!(" in {at}") };
            (format!("{service}{rest}"), place)
        }
        _ => (text.to_owned(), String::new()),
    };
    // What a name is made of is put in angle brackets where it is not known before it is deployed.
    code(&shown.replace(".Arn>", "").replace(['<', '>'], "")) + &place
}

/// The comment above the line `Resource: '*'` of a statement.
fn reason(template: &Template, at: &str, sid: &str) -> String {
    let lines = template.text.lines().map(str::trim_end);
    let mut own =
        lines.skip_while(|line| *line != format!("  {at}:")).skip_while(|line| !line.ends_with(&format!("Sid: {sid}")));
    let mut before = String::new();
    loop {
        let line =
            own.next().unwrap_or_else(|| panic!("{}: {at}: {sid}: no line `Resource: '*'`", template.path)).trim();
        match line.strip_prefix("Resource: '*'") {
            Some(behind) => return behind.trim().trim_start_matches("# ").to_owned() + &before,
            None => before = line.strip_prefix("# ").unwrap_or_default().to_owned(),
        }
    }
}
