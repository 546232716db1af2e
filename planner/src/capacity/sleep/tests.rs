//! Windows, zones, exceptions, and the two days of the year on which clocks change.

use proptest::prelude::*;

use super::*;

fn sleep(json: &str) -> Sleep {
    serde_json::from_str(json).unwrap()
}

fn berlin(windows: &str) -> Sleep {
    sleep(&format!(r#"{{"zone":"Europe/Berlin","windows":[{windows}]}}"#))
}

/// `2026-11-21T22:30` in Berlin; an offset may follow where the clock is ambiguous.
fn t(text: &str) -> Timestamp {
    match text.parse() {
        Ok(at) => at,
        Err(_) => format!("{text}[Europe/Berlin]").parse::<jiff::Zoned>().unwrap().timestamp(),
    }
}

const NIGHTLY: &str = r#"{"from":"22:00","to":"06:00"}"#;

#[test]
fn a_window_crosses_midnight() {
    let nightly = berlin(NIGHTLY);
    for (at, in_force, until) in [
        ("2026-11-21T21:59", false, "2026-11-21T22:00"),
        ("2026-11-21T22:00", true, "2026-11-22T06:00"),
        ("2026-11-22T03:00", true, "2026-11-22T06:00"),
        ("2026-11-22T06:00", false, "2026-11-22T22:00"),
    ] {
        assert_eq!(nightly.at(t(at)), Downtime { in_force, until: Some(t(until)) }, "{at}");
    }
}

#[test]
fn windows_that_touch_are_one_downtime() {
    let weekend = berlin(&format!(r#"{NIGHTLY},{{"from":"00:00","to":"00:00","days":["sat","sun"]}}"#));
    // Friday evening to Monday morning.
    assert_eq!(weekend.at(t("2026-11-20T22:00")), Downtime { in_force: true, until: Some(t("2026-11-23T06:00")) });
    assert_eq!(weekend.at(t("2026-11-22T12:00")).until, Some(t("2026-11-23T06:00")));
}

#[test]
fn exceptions_name_the_date_on_which_a_window_begins() {
    let json = format!(r#"{{"zone":"Europe/Berlin","windows":[{NIGHTLY}],"except":["2026-12-24..2026-12-25"]}}"#);
    let nightly = sleep(&json);
    assert!(nightly.at(t("2026-12-24T05:00")).in_force, "the window of the 23rd is still open");
    assert_eq!(nightly.at(t("2026-12-24T23:00")), Downtime { in_force: false, until: Some(t("2026-12-26T22:00")) });
}

#[test]
fn a_window_across_the_hour_that_is_skipped() {
    // 29 March 2026: 02:00 becomes 03:00.
    assert_eq!(berlin(NIGHTLY).at(t("2026-03-28T22:00")).until, Some(t("2026-03-29T06:00")));
    let begins_in_the_gap = berlin(r#"{"from":"02:30","to":"06:00"}"#);
    assert!(!begins_in_the_gap.at(t("2026-03-29T01:59")).in_force);
    assert!(begins_in_the_gap.at(t("2026-03-29T03:00")).in_force);
    let ends_in_the_gap = berlin(r#"{"from":"22:00","to":"02:30"}"#);
    assert_eq!(ends_in_the_gap.at(t("2026-03-28T23:00")).until, Some(t("2026-03-29T03:00")));
    let lies_in_the_gap = berlin(r#"{"from":"02:15","to":"02:45"}"#);
    assert_eq!(lies_in_the_gap.at(t("2026-03-29T01:00")).until, Some(t("2026-03-30T02:15")));
}

#[test]
fn a_window_across_the_hour_that_is_repeated() {
    // 25 October 2026: 03:00 becomes 02:00 again.
    let (first, second) = (t("2026-10-25T00:30:00Z"), t("2026-10-25T01:30:00Z"));
    let wakes_in_it = berlin(r#"{"from":"22:00","to":"02:30"}"#);
    assert_eq!(wakes_in_it.at(t("2026-10-24T23:00")).until, Some(first));
    assert!(!wakes_in_it.at(second).in_force && !wakes_in_it.at(t("2026-10-25T01:15:00Z")).in_force);
    let begins_in_it = berlin(r#"{"from":"02:30","to":"06:00"}"#);
    assert!(begins_in_it.at(first).in_force && begins_in_it.at(second).in_force);
}

#[test]
fn an_extended_window_begins_sooner_and_ends_later() {
    let extended = berlin(NIGHTLY).extended(60);
    assert!(extended.at(t("2026-11-21T21:00")).in_force);
    assert_eq!(extended.at(t("2026-11-21T21:00")).until, Some(t("2026-11-22T07:00")));
}

#[test]
fn errors_name_value_and_expectation() {
    for (json, expected) in [
        (r#"{"zone":"Mars/Base","windows":[]}"#, "got `Mars/Base`, expected an IANA time zone"),
        (r#"{"zone":"UTC","windows":[{"from":"25:00","to":"06:00"}]}"#, "got `25:00`, expected hours and minutes"),
        (r#"{"zone":"UTC","windows":[{"from":"9:00","to":"06:00"}]}"#, "got `9:00`"),
        (r#"{"zone":"UTC","windows":[{"from":"22:00","to":"06:00","days":["friday"]}]}"#, "got `friday`, expected mon"),
        (r#"{"zone":"UTC","windows":[],"except":["2026-02-30"]}"#, "got `2026-02-30`"),
        (r#"{"zone":"UTC","windows":[],"except":["2026-03-02..2026-03-01"]}"#, "a range"),
    ] {
        let error = serde_json::from_str::<Sleep>(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\nlacks\n{expected}");
    }
}

prop_compose! {
    fn any_sleep()(
        from in 0u8..24, to in 0u8..24, minute in 0u8..60, days in prop::collection::hash_set(0usize..7, 1..7),
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]),
    ) -> Sleep {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let days: Vec<&str> = days.iter().map(|n| names[*n]).collect();
        let days = serde_json::to_string(&days).unwrap();
        sleep(&format!(r#"{{"zone":"{zone}","windows":[{{"from":"{from:02}:{minute:02}","to":"{to:02}:00","days":{days}}}]}}"#))
    }
}

proptest! {
    /// The answer holds until the moment that it names, and changes then: no window, zone or date makes it oscillate.
    #[test]
    fn the_answer_holds_until_the_moment_that_it_names(
        sleep in any_sleep(), second in 1_760_000_000i64..1_830_000_000, share in 0.0f64..1.0,
    ) {
        let now = Timestamp::from_second(second).unwrap();
        let downtime = sleep.at(now);
        let until = downtime.until.unwrap();
        prop_assert!(until > now);
        let between = Timestamp::from_second(second + ((until.as_second() - second - 1) as f64 * share) as i64).unwrap();
        prop_assert_eq!(sleep.at(between).in_force, downtime.in_force);
        prop_assert_eq!(sleep.at(between).until, downtime.until);
        prop_assert_ne!(sleep.at(until).in_force, downtime.in_force);
    }
}
