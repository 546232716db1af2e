use planner::fleet::Fleet;
use serde_json::json;

use super::*;
use crate::aws::testing::{Replay, run};

/// The header under which an answer carries the token of the next look.
const TOKEN: &str = "next-poll-configuration-token";

fn text(system: &str) -> String {
    json!({"fleet": {"system": system, "stage": "prod", "services": []}, "alarms": {}, "budgets": []}).to_string()
}

/// AppConfig, after a session was begun and `acme` was read.
fn loaded() -> Replay {
    session(Replay::new(&[])).then(200, &[(TOKEN, "one")], text("acme"))
}

fn session(replay: Replay) -> Replay {
    replay.then(201, &[], json!({"InitialConfigurationToken": "zero"}).to_string())
}

fn refused(replay: Replay, status: u16, code: &str) -> Replay {
    replay.then(status, &[], json!({"__type": code, "message": "no"}).to_string())
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

/// What a function uses that read its configuration at minute 0 and asks again at each of `minutes`, and whether it
/// rejects what is deployed.
fn used(replay: &Replay, minutes: &[i64]) -> (String, bool) {
    let name = |name: &str| match name {
        "CONFIGURATION_APPLICATION" => Some("app".to_owned()),
        "CONFIGURATION_ENVIRONMENT" => Some("env".to_owned()),
        "CONFIGURATION_PROFILE" => Some("prof".to_owned()),
        _ => None,
    };
    let configuration = Configuration::<Fleet>::new(&Env::over(name), &replay.connection()).unwrap();
    run(async {
        configuration.load(at(0)).await.unwrap();
        for minute in minutes {
            configuration.refresh(at(*minute)).await;
        }
    });
    let last = at(minutes.last().copied().unwrap_or_default());
    (configuration.current().unwrap().system.clone(), configuration.is_rejected(last))
}

#[test]
fn an_unchanged_answer_changes_nothing_and_the_next_one_is_asked_with_its_token() {
    let replay = loaded().then(200, &[(TOKEN, "two")], "").then(200, &[(TOKEN, "three")], text("other"));
    assert_eq!(used(&replay, &[1, 2]), ("other".to_owned(), false));
    let tokens: Vec<String> =
        replay.uris().iter().filter_map(|uri| Some(uri.split_once("token=")?.1.to_owned())).collect();
    assert_eq!(tokens, ["zero", "one", "two"]);
}

#[test]
fn a_broken_configuration_is_rejected_until_a_good_one_is_deployed() {
    let broken = || loaded().then(200, &[(TOKEN, "two")], r#"{"fleet": 1, "alarms": {}, "budgets": []}"#);
    assert_eq!(used(&broken(), &[1]), ("acme".to_owned(), true));
    // Unchanged is still broken.
    assert_eq!(used(&broken().then(200, &[(TOKEN, "three")], ""), &[1, 2]), ("acme".to_owned(), true));
    assert_eq!(used(&broken().then(200, &[(TOKEN, "three")], text("new")), &[1, 2]), ("new".to_owned(), false));
}

#[test]
fn a_token_that_is_refused_begins_another_session() {
    let replay = refused(loaded(), 400, "BadRequestException");
    let replay = session(replay).then(200, &[(TOKEN, "two")], text("new"));
    assert_eq!(used(&replay, &[1]), ("new".to_owned(), false));
}

#[test]
fn an_appconfig_that_refuses_leaves_the_documents_in_use_and_is_an_alarm_after_a_quarter_of_an_hour() {
    let denied = |replay: Replay| refused(replay, 403, "AccessDeniedException");
    assert_eq!(used(&denied(loaded()), &[1]), ("acme".to_owned(), false));
    assert_eq!(used(&denied(denied(loaded())), &[1, 16]), ("acme".to_owned(), true));
    let again = session(denied(denied(loaded()))).then(200, &[(TOKEN, "two")], text("new"));
    assert_eq!(used(&again, &[1, 16, 17]), ("new".to_owned(), false));
}

#[test]
fn nothing_deployed_is_an_error_of_the_start() {
    let replay = refused(session(Replay::new(&[])), 404, "ResourceNotFoundException");
    let name = |_: &str| Some("x".to_owned());
    let configuration = Configuration::<Fleet>::new(&Env::over(name), &replay.connection()).unwrap();
    let error = run(configuration.load(at(0))).unwrap_err().to_string();
    assert_eq!(error, "read configuration x/x/x: ResourceNotFoundException: no");
    assert!(configuration.current().is_err());
}
