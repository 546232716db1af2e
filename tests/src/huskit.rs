//! HuskIT's stacks as they are deployed with given parameters.

use serde_json::Value;

use crate::resolve::Deployed;
use crate::template::{self, text};

/// The distribution that rollouts invalidate.
pub const DISTRIBUTION: &str = "E2QWRUHAPOMQZL";

/// One part of the system by the name of its template, such as `services`; parameters are those of `system.yaml`.
pub fn part(name: &str, given: &[(&str, &str)]) -> Deployed {
    of_system(given, &format!("infra/huskit/{name}.yaml"))
}

/// One part that systems share, such as `alb`; parameters are those of `system.yaml`.
pub fn shared_part(name: &str, given: &[(&str, &str)]) -> Deployed {
    of_system(given, &format!("infra/parts/{name}.yaml"))
}

/// The configuration, as `documents.yaml` writes it: fleet, alarms and budgets.
pub fn configuration(given: &[(&str, &str)]) -> Value {
    written_in(&part("documents", given))
}

/// One of the three documents in the configuration, such as `fleet`.
pub fn document(given: &[(&str, &str)], name: &str) -> String {
    configuration(given)[name].to_string()
}

/// The configuration that a template makes a version of.
pub fn written_in(documents: &Deployed) -> Value {
    let content = text(&documents.properties("ConfigurationVersion")["Content"]);
    serde_json::from_str(&content).unwrap_or_else(|error| panic!("{}: {error}", documents.template().path))
}

fn of_system(given: &[(&str, &str)], path: &str) -> Deployed {
    Deployed::new(template::huskit(), given).with("Cdn.Outputs.DistributionId", DISTRIBUTION).part(path)
}
