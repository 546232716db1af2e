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
    let error = report.into_result().unwrap_err();
    let expected = "service/prod/api: update service; budget/monthly: publish";
    assert_eq!((error.to_string().as_str(), error.kind()), (expected, Kind::Throttled));
}

#[test]
fn the_response_says_what_was_done_and_why_without_a_final_keep() {
    let response = report(vec![Outcome::Changed(vec!["registered api:8".into()]), Outcome::Unchanged]);
    let response = response.into_result().unwrap();
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
