//! Windows, zones, exceptions, and the two days of the year on which clocks change.

use jiff::SignedDuration;
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

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn a_longer_downtime_begins_sooner_and_ends_later() {
    let longer = |at: &str| berlin(NIGHTLY).longer_at(t(at), HOUR);
    assert_eq!(longer("2026-11-21T20:59"), Downtime { in_force: false, until: Some(t("2026-11-21T21:00")) });
    assert_eq!(longer("2026-11-21T21:00"), Downtime { in_force: true, until: Some(t("2026-11-22T07:00")) });
}

#[test]
fn a_longer_downtime_belongs_to_the_same_nights() {
    // Half past midnight on Saturdays: an hour more begins on Friday evening, and on no Saturday evening.
    let saturdays = berlin(r#"{"from":"00:30","to":"06:00","days":["sat"]}"#);
    assert!(saturdays.longer_at(t("2026-11-20T23:30"), HOUR).in_force);
    assert!(!saturdays.longer_at(t("2026-11-21T23:45"), HOUR).in_force);
    let json = format!(r#"{{"zone":"Europe/Berlin","windows":[{NIGHTLY}],"except":["2026-12-24"]}}"#);
    assert!(!sleep(&json).longer_at(t("2026-12-24T21:30"), HOUR).in_force, "the exception is the same night");
    assert!(sleep(&json).longer_at(t("2026-12-24T06:30"), HOUR).in_force, "and the night before is longer");
}

#[test]
fn a_longer_downtime_is_never_shorter_and_one_shorter_than_a_day_becomes_at_most_a_day_long() {
    let short = berlin(r#"{"from":"12:00","to":"13:00","days":["wed"]}"#);
    let around = |hours: i64| short.longer_at(t("2026-11-18T12:30"), SignedDuration::from_hours(hours)).until.unwrap();
    assert_eq!((around(3), around(20)), (t("2026-11-18T16:00"), t("2026-11-19T00:30")));
    let weekend = berlin(r#"{"from":"00:00","to":"00:00","days":["sat","sun"]}"#);
    assert_eq!(weekend.longer_at(t("2026-11-21T12:00"), HOUR).until, Some(t("2026-11-23T01:00")));
    // Daily windows that grow into each other are one.
    let nightly = berlin(NIGHTLY);
    for minute in 0..(3 * 24 * 60) {
        let at = t("2026-11-18T00:00") + SignedDuration::from_mins(minute);
        assert!(nightly.longer_at(at, SignedDuration::from_hours(8)).in_force, "{at}");
    }
}

/// Zones whose clocks change at different hours, one of them by half an hour and one at midnight.
const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Europe/London", "Europe/Athens"];

#[test]
fn a_window_shorter_than_a_day_is_never_longer_than_25_hours_whatever_clocks_do() {
    let times = [
        "22:00", "23:00", "23:30", "00:00", "00:30", "01:00", "01:30", "02:00", "02:15", "02:30", "03:00", "03:30",
        "04:00",
    ];
    for name in ZONES {
        let zone = Zone::try_from(name.to_owned()).unwrap().0;
        let windows =
            times.iter().flat_map(|from| times.iter().map(move |to| (from, to))).filter(|(from, to)| from != to);
        let windows: Vec<Window> = windows
            .map(|(from, to)| serde_json::from_str(&format!(r#"{{"from":"{from}","to":"{to}"}}"#)).unwrap())
            .collect();
        for day in jiff::civil::date(2024, 1, 1).series(1.day()).take_while(|day| day.year() < 2028) {
            // Away from a change of clocks a day is like another.
            let noon = day.at(12, 0, 0, 0).to_zoned(zone.clone()).unwrap();
            let offsets = [-24, 24].map(|hours| (&noon + SignedDuration::from_hours(hours)).offset());
            if offsets[0] == offsets[1] {
                continue;
            }
            for window in &windows {
                let Some((start, end)) = window.span(day, &zone) else { continue };
                let length = end.duration_since(start);
                assert!(length.is_positive() && length <= SignedDuration::from_hours(25), "{name} {day} {window:?}");
                let last = if window.to.0 <= window.from.0 { day.tomorrow().unwrap() } else { day };
                for (at, wanted) in [(start, day.to_datetime(window.from.0)), (end, last.to_datetime(window.to.0))] {
                    let local = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
                    let skipped = local(at - SignedDuration::from_nanos(1)) < wanted && local(at) > wanted;
                    assert!(local(at) == wanted || skipped, "{name} {day} {window:?}: {at}");
                }
            }
        }
    }
}

#[test]
fn a_window_whose_edges_are_the_edges_of_the_skipped_hour() {
    let downtime = |zone: &str, from: &str, to: &str, at: &str| {
        let windows = format!(r#"[{{"from":"{from}","to":"{to}"}}]"#);
        let at = format!("{at}[{zone}]").parse::<jiff::Zoned>().unwrap();
        let sleep = sleep(&format!(r#"{{"zone":"{zone}","windows":{windows}}}"#));
        let until = sleep.at(at.timestamp()).until.unwrap();
        until.to_zoned(at.time_zone().clone()).strftime("%F %H:%M").to_string()
    };
    // Each begins with the skipped hour, ends with it, or is it.
    for (zone, begins, ends, eve) in [
        ("Europe/Berlin", "02:00", "03:00", "2026-03-28T12:00"),
        ("America/New_York", "02:00", "03:00", "2026-03-07T12:00"),
        ("Australia/Lord_Howe", "02:00", "02:30", "2026-10-03T12:00"),
        ("Africa/Cairo", "00:00", "01:00", "2026-04-23T12:00"),
        ("Europe/London", "01:00", "02:00", "2026-03-28T12:00"),
        ("Europe/Athens", "03:00", "04:00", "2026-03-28T12:00"),
    ] {
        let next = eve.parse::<jiff::civil::DateTime>().unwrap().date().tomorrow().unwrap();
        assert_eq!(downtime(zone, begins, "06:00", eve), format!("{next} {ends}"), "{zone}: it begins then");
        let inside = format!("{next}T05:00");
        assert_eq!(downtime(zone, begins, "06:00", &inside), format!("{next} 06:00"), "{zone}: and ends the same day");
        let late = if begins < "01" { format!("{}T23:30", next.yesterday().unwrap()) } else { format!("{next}T00:30") };
        assert_eq!(downtime(zone, "22:00", begins, &late), format!("{next} {ends}"), "{zone}");
        assert_eq!(downtime(zone, "22:00", ends, &late), format!("{next} {ends}"), "{zone}");
        let day_after = next.tomorrow().unwrap();
        let noon = format!("{next}T12:00");
        assert_eq!(
            downtime(zone, begins, ends, &noon),
            format!("{day_after} {begins}"),
            "{zone}: the next day as ever"
        );
        assert_eq!(downtime(zone, begins, ends, eve), format!("{day_after} {begins}"), "{zone}: nothing of it is left");
    }
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
