use planner::fleet::Fleet;
use proptest::prelude::*;
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

fn configuration_over(replay: &Replay) -> Configuration<Fleet> {
    let name = |name: &str| match name {
        "CONFIGURATION_APPLICATION" => Some("app".to_owned()),
        "CONFIGURATION_ENVIRONMENT" => Some("env".to_owned()),
        "CONFIGURATION_PROFILE" => Some("prof".to_owned()),
        _ => None,
    };
    Configuration::<Fleet>::new(&Env::over(name), &replay.connection()).unwrap()
}

/// What a function uses that read its configuration at minute 0 and asks again at each of `minutes`, and whether it
/// rejects what is deployed.
fn used(replay: &Replay, minutes: &[i64]) -> (String, bool) {
    let configuration = configuration_over(replay);
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
    let broken = |replay: Replay| replay.then(200, &[(TOKEN, "two")], r#"{"fleet": 1, "alarms": {}, "budgets": []}"#);
    assert_eq!(used(&broken(loaded()), &[1]), ("acme".to_owned(), true));
    // It is read whole again, in another session.
    let twice = || broken(session(broken(loaded())));
    assert_eq!(used(&twice(), &[1, 2]), ("acme".to_owned(), true));
    let mended = session(twice()).then(200, &[(TOKEN, "three")], text("new"));
    assert_eq!(used(&mended, &[1, 2, 3]), ("new".to_owned(), false));
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

/// What AppConfig does with one look of a function.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// It answers with what is deployed, or with nothing where the session has it.
    Deployed,
    /// The same, after the session's token was refused.
    TokenRefused,
    /// A host that has not heard of the last deployment answers.
    Stale,
    /// No.
    Denied,
    /// Half of the text arrives.
    Cut,
}

/// A look after so many minutes, before which something was deployed, valid or not.
fn looks() -> impl Strategy<Value = Vec<(i64, Option<bool>, Answer)>> {
    let answer = prop_oneof![
        3 => Just(Answer::Deployed),
        1 => Just(Answer::TokenRefused),
        1 => Just(Answer::Stale),
        1 => Just(Answer::Denied),
        1 => Just(Answer::Cut),
    ];
    proptest::collection::vec((1..10_i64, proptest::option::weighted(0.4, any::<bool>()), answer), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever AppConfig does: the documents in use are the last valid ones that it answered, no look fails, and the
    /// alarm is on exactly while what it answered last is invalid or it has not answered for a quarter of an hour.
    #[test]
    fn the_last_valid_documents_that_were_answered_are_in_use(looks in looks()) {
        let mut replay = loaded();
        // Texts in the order in which they were deployed, and which of them the session has; none without a session.
        let (mut deployed, mut session_has) = (vec![(text("acme"), true)], Some(0));
        let (mut minute, mut in_use, mut rejected, mut unread_since) = (0, text("acme"), false, None);
        let mut expected = Vec::new();
        for (number, (pause, deploy, answer)) in looks.into_iter().enumerate() {
            minute += pause;
            if let Some(valid) = deploy {
                let name = format!("system-{number}");
                deployed.push((if valid { text(&name) } else { json!({ "fleet": name }).to_string() }, valid));
            }
            let newest = deployed.len() - 1;
            let shown = if matches!(answer, Answer::Stale) { newest.saturating_sub(1) } else { newest };
            if matches!(answer, Answer::Denied) {
                replay = refused(replay, 403, "AccessDeniedException");
                (session_has, unread_since) = (None, unread_since.or(Some(minute)));
            } else {
                if session_has.is_some() && matches!(answer, Answer::TokenRefused) {
                    replay = refused(replay, 400, "BadRequestException");
                    session_has = None;
                }
                if session_has.is_none() {
                    replay = session(replay);
                }
                unread_since = None;
                let (shown_text, valid) = &deployed[shown];
                let body = match (session_has == Some(shown), answer) {
                    (true, _) => "",
                    (false, Answer::Cut) => &shown_text[..shown_text.len() / 2],
                    (false, _) => shown_text,
                };
                replay = replay.then(200, &[(TOKEN, "next")], body);
                let is_valid = session_has == Some(shown) || *valid && !matches!(answer, Answer::Cut);
                if is_valid {
                    in_use.clone_from(shown_text);
                }
                // What was invalid is read whole again.
                (rejected, session_has) = (!is_valid, is_valid.then_some(shown));
            }
            let is_stale = unread_since.is_some_and(|since| minute - since >= 15);
            expected.push((minute, in_use.clone(), rejected || is_stale));
        }
        let configuration = configuration_over(&replay);
        run(async {
            configuration.load(at(0)).await.unwrap();
            for (minute, documents, is_rejected) in expected {
                configuration.refresh(at(minute)).await;
                let current = configuration.current().unwrap();
                assert_eq!((text(&current.system), configuration.is_rejected(at(minute))), (documents, is_rejected));
            }
        });
    }
}
