use super::fixtures::*;
use crate::budget::*;

fn tier_80() -> Timeline {
    (11..=24)
        .fold(Timeline::calm(), |timeline, day| timeline.spent(day * 1650).on(day, 12).tick())
        .spent(40_100)
        .on(25, 1)
        .tick()
        .forget()
}

fn lift() -> Input {
    Input::Request(Request::Lift(request::Lift { by: "anna".into(), reason: Some("launch week".into()) }))
}

fn hold(day: i64, hour: i64) -> Input {
    Input::Request(Request::Hold(request::Hold { by: "ben".into(), reason: None, until: at(day, hour) }))
}

fn resume() -> Input {
    Input::Request(Request::Resume(request::Resume { by: "cleo".into() }))
}

#[test]
fn a_lift_ends_the_tiers_in_force_and_a_higher_tier_still_takes_effect() {
    let timeline = tier_80().given(&lift()).tick().notified(40_000, 40_100).hourly_until(26, 1);
    assert_eq!((timeline.announced.as_slice(), timeline.in_force().as_str()), (["lifted".to_owned()].as_slice(), ""));
    let timeline = timeline.spent(45_100).tick();
    assert_eq!(timeline.announced, ["lifted", "reached 90"]);
    assert_eq!(timeline.in_force(), "crawler scheduled downtime 1 h longer at each end");
    // The lift ends with the period.
    assert_eq!(timeline.spent(10).on(31, 1).tick().record.lifted, None);
}

#[test]
fn a_lift_of_nothing_says_so() {
    assert_eq!(Timeline::calm().given(&lift()).announced, ["nothing_to_do"]);
    assert_eq!(tier_80().given(&lift()).given(&lift()).announced, ["lifted", "nothing_to_do"]);
}

#[test]
fn a_hold_suspends_every_tier_and_the_tick_after_it_restores_them() {
    let timeline = tier_80().given(&hold(27, 6)).spent(45_100).on(26, 1).tick();
    assert_eq!(
        (timeline.announced.as_slice(), timeline.restrictions().len()),
        (["held", "reached 90, held"].map(String::from).as_slice(), 0)
    );
    let timeline = timeline.hourly_until(27, 5);
    assert_eq!((timeline.announced.len(), timeline.restrictions().len()), (2, 0));
    let timeline = timeline.hourly_until(27, 7);
    assert_eq!((timeline.announced.last().unwrap().as_str(), timeline.restrictions().len()), ("hold_ended", 1));
}

#[test]
fn a_hold_that_ends_after_its_month_is_not_announced() {
    let timeline = tier_80().given(&hold(32, 6)).spent(100).on(31, 1).tick().hourly_until(32, 8);
    assert_eq!((timeline.announced.as_slice(), timeline.record.hold), (["held".to_owned()].as_slice(), None));
}

#[test]
fn resume_ends_a_lift_and_a_hold() {
    for request in [lift(), hold(29, 1)] {
        let timeline = tier_80().given(&request).given(&resume());
        assert_eq!((timeline.announced[1].as_str(), timeline.in_force().as_str()), ("resumed", "crawler on Spot only"));
    }
    assert_eq!(tier_80().given(&resume()).announced, ["nothing_to_do"]);
}

#[test]
fn requests_work_while_aws_budgets_does_not_answer() {
    let timeline = tier_80().unreachable().given(&lift());
    assert_eq!(
        (timeline.announced.as_slice(), timeline.restrictions().len()),
        (["lifted", "unreachable"].map(String::from).as_slice(), 0)
    );
}

#[test]
fn each_reason_is_a_sentence_of_its_own() {
    let timeline = tier_80();
    let reason = |inputs: &[Input]| {
        let plan = plan(&timeline.policy, &timeline.record, &timeline.observed, inputs, timeline.now);
        plan.decisions[0].reason.to_string()
    };
    assert_eq!(reason(&[lift()]), "anna has lifted the tiers up to 80 % for this period: launch week");
    let resumed = |inputs: &[Input]| {
        let timeline = inputs.iter().fold(tier_80(), Timeline::given);
        let plan = plan(&timeline.policy, &timeline.record, &timeline.observed, &[resume()], timeline.now);
        plan.decisions[0].reason.to_string()
    };
    assert_eq!(resumed(&[lift()]), "cleo has restored the lifted restrictions: the 80 % tier takes effect");
    assert_eq!(resumed(&[hold(29, 1)]), "cleo has ended the hold: the 80 % tier takes effect");
    let both = "cleo has ended the hold and restored the lifted restrictions: the 80 % tier takes effect";
    assert_eq!(resumed(&[lift(), hold(29, 1)]), both);
    assert_eq!(reason(&[]), "80 % of the limit spent, 80 % tier in force");
}
