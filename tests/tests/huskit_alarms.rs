//! What is done about HuskIT's alarms: each has its entry in the document, its service, its remedy and its runbook.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use planner::alarm::{AlarmPolicy, Alarms, RemedyPolicy};
use planner::fleet::Fleet;
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::{self, text};

fn alarms() -> Alarms {
    let fleet = Fleet::parse(&huskit::document(&[], "fleet")).unwrap();
    Alarms::parse(&huskit::document(&[], "alarms"), &fleet).unwrap()
}

/// Name and description of every alarm that HuskIT has, in either region.
fn of_the_templates() -> Vec<(String, String)> {
    let templates = ["monitoring.yaml", "edge.yaml"];
    let given = [("RunbooksUrl", "https://runbooks.example")];
    let deployed = templates.map(|file| Deployed::new(template::huskit().nested(file), &given));
    let alarms = deployed.iter().flat_map(|deployed| {
        let found = deployed.template().of_type("AWS::CloudWatch::Alarm");
        found.into_iter().map(|(id, _)| {
            let alarm = deployed.properties(&id);
            (text(&alarm["AlarmName"]), text(&alarm["AlarmDescription"]))
        })
    });
    alarms.collect()
}

#[test]
fn every_alarm_has_its_entry_and_every_entry_its_alarm() {
    let declared: BTreeSet<String> = alarms().alarms.into_iter().map(|alarm| alarm.name).collect();
    let there: BTreeSet<String> = of_the_templates().into_iter().map(|(name, _)| name).collect();
    assert_eq!(declared, there);
    assert!(there.len() > 8, "{there:?}");
}

#[test]
fn every_alarm_names_its_runbook_which_is_there_and_complete() {
    let alarms = alarms();
    for (name, description) in of_the_templates() {
        let file = &alarms.alarms.iter().find(|alarm| alarm.name == name).unwrap().runbook;
        assert_eq!(format!("huskit-prod-{}", file.trim_end_matches(".md")), name);
        assert!(description.ends_with(&format!(" Runbook: https://runbooks.example/{file}")), "{name}: {description}");
        let runbook = std::fs::read_to_string(tests::root().join("docs/runbooks").join(file)).unwrap();
        let parts = ["What it means", "Likely causes", "Look first", "What the automation does", "What to do"];
        let at: Vec<usize> = parts.iter().map(|part| runbook.find(&format!("\n## {part}\n")).expect(part)).collect();
        assert!(at.is_sorted(), "{file}");
    }
    let files = std::fs::read_dir(tests::root().join("docs/runbooks")).unwrap();
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let named: BTreeSet<String> = alarms.alarms.into_iter().map(|alarm| alarm.runbook).collect();
    // A budget has messages and no alarm; alarms about the automation have runbooks of their own.
    let own = |file: &&String| *file == "budget.md" || file.starts_with("automation-");
    let others: Vec<&String> = files.difference(&named).filter(|file| !own(file)).collect();
    assert!(others.is_empty(), "a runbook without an alarm: {others:?}");
}

/// The message begins with the description's first sentence: it must say what is wrong and stand alone.
#[test]
fn the_first_sentence_of_a_description_says_what_is_wrong() {
    for (name, description) in of_the_templates() {
        let first = description.split_once(". ").unwrap().0;
        assert!((30..140).contains(&first.len()) && !first.contains("://"), "{name}: {first}");
    }
}

#[test]
fn the_runbooks_say_what_the_remedies_are() {
    for AlarmPolicy { runbook, remedy, grace_minutes, .. } in alarms().alarms {
        let text = std::fs::read_to_string(tests::root().join("docs/runbooks").join(&runbook)).unwrap();
        let part = text.split("## What the automation does").nth(1).unwrap().split("\n## ").next().unwrap();
        let expected = match &remedy {
            RemedyPolicy::None => "Nothing:".to_owned(),
            RemedyPolicy::Scale(scale) => format!("for {} minutes", scale.minutes),
            RemedyPolicy::Restart(_) => "equests a rolling restart".to_owned(),
            RemedyPolicy::Rollback(rollback) => format!("within {} minutes after a rollout", rollback.watch_minutes),
        };
        assert!(part.contains(&expected), "{runbook} lacks: {expected}");
        let grace = format!("for {grace_minutes} minutes after a rollout begins");
        assert_eq!(part.contains("minutes after a rollout begins"), grace_minutes > 0, "{runbook}");
        assert!(grace_minutes == 0 || part.contains(&grace), "{runbook} lacks: {grace}");
    }
}

#[test]
fn logs_and_dashboard_are_those_of_the_templates() {
    let (services, alarms) = (huskit::part("services", &[]), alarms());
    let groups: BTreeSet<String> = services
        .template()
        .of_type("AWS::Logs::LogGroup")
        .into_iter()
        .map(|(id, _)| text(&services.properties(&id)["LogGroupName"]))
        .collect();
    for (service, group) in &alarms.logs {
        assert!(groups.contains(group), "{service}: {group} is none of {groups:?}");
    }
    let monitoring = huskit::part("monitoring", &[]);
    assert_eq!(alarms.dashboard, Some(text(&monitoring.properties("Dashboard")["DashboardName"])));
}
