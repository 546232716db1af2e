//! HuskIT's stacks as they are deployed with given parameters.

use crate::resolve::Deployed;
use crate::template;

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

/// Fleet, alarms and budgets: the outputs of `documents.yaml`.
pub fn documents(given: &[(&str, &str)]) -> Deployed {
    part("documents", given)
}

fn of_system(given: &[(&str, &str)], path: &str) -> Deployed {
    Deployed::new(template::huskit(), given).with("Cdn.Outputs.DistributionId", DISTRIBUTION).part(path)
}
