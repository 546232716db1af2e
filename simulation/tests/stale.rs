//! Every read of ECS answers with what was true up to a minute ago.

// What cannot be played fails the test.
#![allow(clippy::unwrap_used)]

use std::rc::Rc;

use jiff::SignedDuration;
use simulation::engine::Engine;
use simulation::journal::What;
use simulation::people::{Act, Setup};
use simulation::weather::Weather;

/// How often each of these is called from a good push to its end, and the subjects of what is sent.
fn push(setup: &Setup, operations: &[&str]) -> (Vec<usize>, Vec<String>) {
    let account = Rc::new(setup.account());
    let mut engine = Engine::new(account, Weather::OVER, "2026-11-16T08:30:00Z".parse().unwrap(), 1);
    for act in ["push website-agent good", "push crawler good"] {
        act.parse::<Act>().unwrap().perform(&mut engine);
    }
    engine.pass(SignedDuration::from_hours(1));
    engine.journal.clear();
    engine.weather = Weather { stale: 1.0, stale_for: SignedDuration::from_mins(1), ..Weather::CALM };
    "push website-agent good".parse::<Act>().unwrap().perform(&mut engine);
    engine.pass(SignedDuration::from_hours(1));
    let calls = |wanted: &str| {
        let is = |what: &What| matches!(what, What::Call { operation, .. } if operation == wanted);
        engine.journal.iter().filter(|entry| is(&entry.what)).count()
    };
    let calls = operations.iter().map(|operation| calls(operation)).collect();
    let subjects = engine.journal.iter().filter_map(|entry| match &entry.what {
        What::Message(message) => Some(message.subject.clone()),
        _ => None,
    });
    (calls, subjects.collect())
}

#[test]
fn a_deployment_that_ecs_does_not_list_yet_is_not_failed() {
    let (calls, sent) = push(&Setup { installed: true, ..Setup::default() }, &["UpdateService", "RunTask"]);
    assert_eq!(calls, [1, 0], "{sent:?}");
    assert!(sent.len() == 1 && sent[0].starts_with("Rollout complete: website-agent"), "{sent:?}");
}

#[test]
fn a_pre_deploy_task_that_ecs_does_not_find_yet_is_not_failed() {
    let setup = Setup { migration: true, installed: true, ..Setup::default() };
    let (calls, sent) = push(&setup, &["UpdateService", "RunTask"]);
    assert_eq!(calls, [1, 1], "{sent:?}");
    assert!(sent.len() == 1 && sent[0].starts_with("Rollout complete: website-agent"), "{sent:?}");
}
