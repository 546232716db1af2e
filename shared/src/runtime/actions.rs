//! Every action that a request may name, and the function that knows it.

use super::target::Target;
use super::target::TargetKind::{self, Alarm, Budget, Everything, Service};
use crate::error::{Error, Result};

/// The functions that carry requests out, by name.
pub const FUNCTIONS: [&str; 4] = ["rollout", "capacity", "alarm", "budget"];

/// An action that a request may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name, `rollback`.
    pub name: &'static str,
    /// The functions that carry it out.
    pub functions: &'static [&'static str],
    /// What it may be about.
    pub targets: &'static [TargetKind],
    /// Must the request say who sends it? A schedule's need not.
    pub by_required: bool,
    /// Does it change or send what no tick would? Such a request takes effect once when it has an `id`.
    pub changes: bool,
    /// What it does, in one sentence.
    pub summary: &'static str,
}

const fn request(
    name: &'static str,
    functions: &'static [&'static str],
    targets: &'static [TargetKind],
    summary: &'static str,
) -> Action {
    Action { name, functions, targets, by_required: true, changes: true, summary }
}

const fn plan(functions: &'static [&'static str], targets: &'static [TargetKind]) -> Action {
    let summary = "Decide and explain, change nothing; `at` asks about another moment";
    Action { name: "plan", functions, targets, by_required: false, changes: false, summary }
}

const fn reconcile(functions: &'static [&'static str], targets: &'static [TargetKind]) -> Action {
    let summary = "Look at everything now, as the tick does";
    Action { name: "reconcile", functions, targets, by_required: false, changes: false, summary }
}

/// All of them. An action that means something for services and something else for budgets stands here twice.
pub const ACTIONS: [Action; 21] = [
    request("rollback", &["rollout"], &[Service], "Roll back to the previous release, quarantine the current one"),
    request("restart", &["rollout"], &[Service], "Replace every task, same revision"),
    request("retry", &["rollout"], &[Service], "Roll out a refused image: left over, quarantined or with findings"),
    request("freeze", &["rollout"], &[Everything, Service], "Pushes wait and capacity stays unchanged until a time"),
    request("unfreeze", &["rollout"], &[Everything, Service], "End a freeze; the newest push is rolled out"),
    request("wake", &["capacity"], &[Service], "Run the service whatever schedule and budget say, until a time"),
    request("sleep", &["capacity"], &[Service], "Scale the service to zero until a time"),
    request("hold", &["capacity"], &[Service], "Leave the capacity of the service unchanged until a time"),
    request("resume", &["capacity"], &[Service], "End wake, sleep or hold"),
    request("lift", &["budget"], &[Everything, Budget], "Lift the restrictions in force for the rest of the period"),
    request("hold", &["budget"], &[Budget], "Put all tiers of a budget on hold until a time"),
    request("resume", &["budget"], &[Budget], "Restore lifted restrictions, end a hold"),
    request("confirm", &["budget"], &[Budget], "Confirm that a doubted figure is right"),
    Action {
        name: "digest",
        functions: &["capacity"],
        targets: &[Everything],
        by_required: false,
        changes: true,
        summary: "Send the daily digest now",
    },
    plan(&FUNCTIONS, &[Everything]),
    plan(&["rollout", "capacity"], &[Service]),
    plan(&["alarm"], &[Alarm]),
    plan(&["budget"], &[Budget]),
    reconcile(&FUNCTIONS, &[Everything]),
    reconcile(&["rollout", "capacity"], &[Service]),
    reconcile(&["alarm"], &[Alarm]),
];

/// The action that a request names.
///
/// # Errors
/// `Invalid`: an unknown action lists all that are known, a wrong target those that fit.
pub fn find(name: &str, target: &Target) -> Result<&'static Action> {
    let named: Vec<&'static Action> = ACTIONS.iter().filter(|action| action.name == name).collect();
    if named.is_empty() {
        let mut known: Vec<&str> = Vec::new();
        for action in ACTIONS.iter().filter(|action| action.functions.len() == 1 || action.targets == [Everything]) {
            if !known.contains(&action.name) {
                known.push(action.name);
            }
        }
        let name = if name.is_empty() { "nothing" } else { name };
        return Err(Error::bad_field("action", name, &format!("one of {}", known.join(", "))));
    }
    let kind = target.kind();
    if let Some(action) = named.iter().find(|action| action.targets.contains(&kind)) {
        return Ok(action);
    }
    let fitting = || named.iter().flat_map(|action| action.targets);
    let mut fields: Vec<&str> = fitting().filter_map(|kind| kind.field()).collect();
    fields.sort_unstable();
    fields.dedup();
    fields.reverse();
    let error = match target {
        Target::Everything => Error::bad_field(&fields.join(" or "), "nothing", "a name"),
        Target::Service(given) | Target::Alarm(given) | Target::Budget(given) => {
            let expected = match fields.is_empty() {
                true => "no target: the request is about the whole system".to_owned(),
                false => format!("{} instead", fields.join(" or ")),
            };
            Error::bad_field(kind.field().unwrap_or("target"), given, &expected)
        }
    };
    Err(error.context(format!("request `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_decides_between_actions_of_one_name() {
        let functions = |name: &str, target: Target| find(name, &target).unwrap().functions;
        assert_eq!(functions("hold", Target::Service("web".into())), ["capacity"]);
        assert_eq!(functions("hold", Target::Budget("monthly".into())), ["budget"]);
        assert_eq!(functions("plan", Target::Everything), FUNCTIONS);
        assert_eq!(functions("plan", Target::Service("web".into())), ["rollout", "capacity"]);
    }

    #[test]
    fn no_name_and_target_stand_for_two_actions() {
        for (i, action) in ACTIONS.iter().enumerate() {
            let clash = ACTIONS[..i].iter().find(|other| {
                other.name == action.name && other.targets.iter().any(|target| action.targets.contains(target))
            });
            assert_eq!(clash, None, "{action:?}");
        }
    }
}
