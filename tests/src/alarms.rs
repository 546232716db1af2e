//! The alarms of a root, with those on the automation itself, as CloudWatch shows them.

use crate::resolve::Deployed;
use crate::template::{Template, text};

/// An alarm as an engineer on call sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
}

/// Every alarm on the automation that `root` deploys, sorted by name.
pub fn on_the_automation(root: Template) -> Vec<Alarm> {
    let (_, stacks) = Deployed::new(root, &[("RunbooksUrl", "https://runbooks.example")]).with_nested();
    let of_automation = |stack: &&Deployed| stack.template().path.starts_with("infra/automation/");
    let mut found: Vec<Alarm> = stacks.iter().filter(of_automation).flat_map(alarms).collect();
    // The stack of the alarms on a function has the function's logical id where AWS has its name.
    let functions = stacks.iter().find(|stack| stack.template().path.ends_with("/functions.yaml")).expect("functions");
    for (id, _) in functions.template().of_type("AWS::Serverless::Function") {
        let name = text(&functions.properties(&id)["FunctionName"]);
        found.iter_mut().for_each(|alarm| alarm.name = alarm.name.replace(&format!("<{id}>"), &name));
    }
    found.sort();
    found
}

/// The alarms of one stack, but for those whose condition does not hold.
pub fn alarms(stack: &Deployed) -> Vec<Alarm> {
    let template = stack.template();
    let there =
        |id: &String| template.resource(id)["Condition"].as_str().is_none_or(|condition| stack.holds(condition));
    let ids = template.of_type("AWS::CloudWatch::Alarm").into_iter().map(|(id, _)| id).filter(there);
    let alarm = |id: String| {
        let own = stack.properties(&id);
        assert!(own["AlarmName"].is_string(), "{}: {id} has no name", template.path);
        Alarm { name: text(&own["AlarmName"]), description: text(&own["AlarmDescription"]) }
    };
    ids.map(alarm).collect()
}
