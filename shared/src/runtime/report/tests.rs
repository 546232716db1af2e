//! What is logged, counted and answered.

use planner::model::ServiceId;

use super::*;
use crate::error::Kind;

fn api() -> Subject {
    Subject::Service(ServiceId { cluster: "prod".into(), name: "api".into() })
}

fn report(outcomes: Vec<Outcome>) -> Report {
    let mut report = Report::new(Mode::Act);
    let mut done = Done::new(api());
    for outcome in outcomes {
        done.decided(("roll", "newer_image"), "a newer image was pushed", outcome);
    }
    report.add(done);
    report
}

#[test]
fn one_failed_service_fails_the_invocation_and_is_named() {
    let failed = Outcome::Failed(Error::new(Kind::Throttled, "update service"));
    let mut report = report(vec![Outcome::Unchanged, failed]);
    report.sent(Subject::Budget("monthly".into()), Err(Error::new(Kind::Denied, "publish")));
    let error = report.into_result(false).unwrap_err();
    let expected = "service/prod/api: update service; budget/monthly: publish";
    assert_eq!((error.to_string().as_str(), error.kind()), (expected, Kind::Throttled));
}

#[test]
fn the_response_says_what_was_done_and_why_without_a_final_keep() {
    let response = report(vec![Outcome::Changed(vec!["registered api:8".into()]), Outcome::Unchanged]);
    let response = response.into_result(false).unwrap();
    assert_eq!(response["decisions"].as_array().unwrap().len(), 1);
    assert_eq!(response["decisions"][0]["service"], "prod/api");
    assert_eq!(response["decisions"][0]["changes"][0], "registered api:8");
    assert_eq!(response["decisions"][0]["why"], "a newer image was pushed");
}

#[test]
fn a_pass_that_is_made_again_is_forgotten() {
    let mut done = Done::new(api());
    done.count("Rolled");
    let mark = done.mark();
    done.decided(("roll", "newer_image"), "why", Outcome::Unchanged);
    done.count("Rolled");
    done.back_to(mark);
    assert_eq!((done.lines.len(), done.counted.len()), (0, 1));
}

#[test]
fn an_engineer_whose_request_took_effect_is_answered_although_its_message_could_not_be_sent() {
    let unsent = || {
        let mut report = report(vec![Outcome::Changed(vec!["froze".into()])]);
        report.sent(api(), Ok(Sent { error: Some(Error::new(Kind::Unavailable, "publish")), ..Sent::default() }));
        report
    };
    let answer = unsent().into_result(true).unwrap();
    assert_eq!(answer["decisions"][1]["error"]["message"], "publish");
    assert_eq!(unsent().into_result(false).unwrap_err().to_string(), "service/prod/api: publish");
}

/// A topic that refuses everything for an hour is no reason for dead letters: the ledger keeps the messages.
#[test]
fn an_unsent_message_fails_the_invocations_of_the_first_minutes_only() {
    let after = |minutes| {
        let mut report = report(vec![Outcome::Unchanged]);
        let (error, oldest_unsent) =
            (Some(Error::new(Kind::Denied, "publish")), Some(SignedDuration::from_mins(minutes)));
        report.sent(api(), Ok(Sent { error, oldest_unsent, ..Sent::default() }));
        report.into_result(false)
    };
    assert_eq!(after(1).unwrap_err().to_string(), "service/prod/api: publish");
    assert_eq!(after(3).unwrap()["decisions"][1]["error"]["message"], "publish");
}

#[test]
fn the_alarms_on_a_function_see_each_subject_that_failed_and_the_age_of_the_oldest_message() {
    let error = || Outcome::Failed(Error::new(Kind::Denied, "update service"));
    let mut report = report(vec![error(), error()]);
    for minutes in [20, 3] {
        let oldest_unsent = Some(SignedDuration::from_mins(minutes));
        report.sent(Subject::Alarm("5xx".into()), Ok(Sent { oldest_unsent, ..Sent::default() }));
    }
    let health = report.health("acme-rollout", 7);
    let dimensions = |document: &Value| document["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0].clone();
    assert_eq!(health.len(), 2);
    assert_eq!(dimensions(&health[0]), json!(["FunctionName", "Subject"]));
    assert_eq!((&health[0]["Subject"], &health[0]["SubjectFailed"]), (&json!("service/prod/api"), &json!(1)));
    assert_eq!(dimensions(&health[1]), json!(["FunctionName"]));
    assert_eq!((&health[1]["FunctionName"], &health[1]["OldestUnsentSeconds"]), (&json!("acme-rollout"), &json!(1200)));
    assert!(Report::new(Mode::Act).health("acme-rollout", 7).is_empty());
}

#[test]
fn a_reason_that_aws_gives_at_any_length_fits_into_a_line_of_the_log() {
    let mut report = Report::new(Mode::Act);
    let why = format!("ECR could not sign it with release: {}", "Mon".repeat(88_000));
    report.push(Line::new(api(), ("keep", "signature_refused"), why, Outcome::Changed(Vec::new())));
    let response = report.into_result(false).unwrap();
    let why = response["decisions"][0]["why"].as_str().unwrap();
    assert!(why.starts_with("ECR could not sign it with release: Mon") && why.ends_with("..."));
    assert_eq!(why.chars().count(), 10_000);
}
