//! Scheduled downtime begins and ends.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    CLUSTER, CRAWLER, REPOSITORY, SPOT, ZONE, announced_once, at_baseline, running, scaled_to_zero, scenario, writes,
};

#[test]
fn downtime_scales_to_zero_and_its_end_restores_the_declared_range() {
    let mut scenario = scenario();
    scenario.pass_to("21:55");
    assert_eq!(scenario.tick()["decision"], "keep");
    scenario.pass_to("22:00");
    let line = scenario.fire("downtime-start");
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_in"), &json!("scheduled_downtime")));
    assert_eq!(writes(&scenario.calls()), ["RegisterScalableTarget", "UpdateService"]);
    assert_eq!(scenario.capacity(), scaled_to_zero());
    scenario.pass(5);
    assert_eq!(scenario.tick()["decision"], "keep");
    announced_once(&scenario.subjects(), "Scaled to zero: crawler");
    scenario.pass_to("06:00");
    scenario.calls();
    let line = scenario.fire("downtime-end");
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_out"), &json!("baseline")));
    assert_eq!(writes(&scenario.calls()), ["UpdateService", "RegisterScalableTarget"]);
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    scenario.pass(5);
    scenario.tick();
    announced_once(&scenario.subjects(), "Running again: crawler");
}

#[test]
fn a_missed_edge_is_healed_by_the_next_tick_and_many_ticks_write_once() {
    let mut scenario = scenario();
    scenario.pass_to("22:05");
    scenario.tick();
    assert_eq!(scenario.capacity(), scaled_to_zero());
    scenario.calls();
    for _ in 0..5 {
        scenario.pass(5);
        scenario.tick();
    }
    assert_eq!(writes(&scenario.calls()), Vec::<&str>::new());
    announced_once(&scenario.subjects(), "Scaled to zero: crawler");
    scenario.pass_to("06:05");
    scenario.tick();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
}

#[test]
fn scaling_stays_suspended_during_downtime() {
    let mut scenario = scenario();
    assert_eq!(scenario.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (1, 2), "it scales outside downtime");
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    assert_eq!(scenario.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (0, 0));
    // Scaling is resumed manually: the bounds alone keep it at zero, and the next tick suspends it again.
    let all = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];
    let resumed = all.iter().map(|flag| ((*flag).to_owned(), json!(false))).collect::<serde_json::Map<_, _>>();
    let values = json!({"MinCapacity": 0, "MaxCapacity": 0, "SuspendedState": resumed});
    scenario.cloud.reset_scaling(CLUSTER, CRAWLER, &values).unwrap();
    assert_eq!(scenario.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (0, 0));
    scenario.pass(5);
    scenario.tick();
    assert_eq!(scenario.capacity(), scaled_to_zero());
    scenario.pass_to("06:00");
    scenario.fire("downtime-end");
    assert_eq!(scenario.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (1, 2), "it scales again outside downtime");
}

#[test]
fn scaling_to_zero_twice_restores_the_declared_range() {
    let mut scenario = scenario();
    scenario.cloud.scale(CLUSTER, CRAWLER, "out").unwrap();
    assert_eq!(scenario.capacity(), running(SPOT, 2));
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.pass_to("23:00");
    scenario.request_override("sleep", "8h");
    scenario.request_override("sleep", "9h");
    scenario.fire("downtime-start");
    assert_eq!(scenario.capacity(), scaled_to_zero());
    scenario.pass_to("06:00");
    scenario.fire("downtime-end");
    assert_eq!(scenario.capacity(), scaled_to_zero(), "the override lasts until 08:00");
    scenario.pass_to("08:00");
    scenario.tick();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
}

#[test]
fn a_task_with_scale_in_protection_is_waited_for_and_announced_after_half_an_hour() {
    let mut scenario = scenario();
    scenario.cloud.protect(CLUSTER, CRAWLER, true).unwrap();
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.settle();
    let drains = scenario.capacity();
    assert_eq!((drains.desired, drains.bounds, drains.tasks.get(SPOT)), (0, (0, 0), Some(&1)));
    scenario.pass(25);
    scenario.tick();
    assert_eq!(scenario.subjects(), Vec::<String>::new());
    scenario.pass(5);
    scenario.tick();
    scenario.pass(5);
    scenario.tick();
    let sent = scenario.messages();
    assert!(sent.len() == 1 && sent[0].body.contains("scale-in protection until"), "{sent:?}");
    scenario.cloud.protect(CLUSTER, CRAWLER, false).unwrap();
    scenario.settle();
    scenario.pass(5);
    scenario.tick();
    assert_eq!(scenario.capacity(), scaled_to_zero());
    announced_once(&scenario.subjects(), "Scaled to zero: crawler");
}

#[test]
fn an_image_staged_during_downtime_runs_when_it_ends() {
    let mut scenario = scenario();
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.pass_to("23:00");
    let image = scenario.push(None);
    scenario.settle();
    scenario.pass(5);
    scenario.tick();
    assert_eq!(scenario.capacity(), scaled_to_zero());
    scenario.pass_to("06:00");
    scenario.fire("downtime-end");
    scenario.settle();
    scenario.fire("rollout-tick");
    assert_eq!(scenario.cloud.running(CLUSTER, CRAWLER).unwrap().digests, vec![image.digest.clone()]);
    assert_eq!(scenario.cloud.tagged(REPOSITORY, "live").unwrap(), Some(image.digest));
}

#[test]
fn a_staged_image_that_fails_when_downtime_ends_is_announced_and_rolled_back() {
    let mut scenario = scenario();
    let before = scenario.cloud.running(CLUSTER, CRAWLER).unwrap().digests;
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.push(Some("exit-1"));
    scenario.settle();
    scenario.messages();
    scenario.pass_to("06:00");
    scenario.fire("downtime-end");
    scenario.settle();
    scenario.pass(10);
    scenario.tick();
    assert_eq!(scenario.subjects(), Vec::<String>::new(), "the start deadline is fifteen minutes");
    scenario.pass(5);
    scenario.tick();
    let sent = scenario.messages();
    assert!(sent.len() == 1 && sent[0].subject.contains("Start overdue: crawler"), "{sent:?}");
    assert!(sent[0].body.contains("exited with code 1"), "{sent:?}");
    scenario.fire("rollout-tick");
    scenario.settle();
    scenario.pass(5);
    scenario.tick();
    assert_eq!(scenario.cloud.running(CLUSTER, CRAWLER).unwrap().digests, before);
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
}

#[test]
fn a_task_that_never_becomes_healthy_is_announced_with_its_status() {
    let mut scenario = scenario();
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.push(Some("never"));
    scenario.settle();
    scenario.messages();
    scenario.pass_to("06:00");
    scenario.fire("downtime-end");
    scenario.settle();
    scenario.pass(15);
    scenario.tick();
    let sent = scenario.messages();
    assert!(sent.len() == 1 && sent[0].body.contains("PENDING"), "{sent:?}");
    scenario.push(None);
    scenario.settle();
}

#[test]
fn downtime_across_a_clock_change_ends_by_local_time() {
    let mut scenario = scenario();
    let zone = TimeZone::get(ZONE).unwrap();
    let changes: Vec<_> = zone.following(scenario.now).take(2).collect();
    let mut lengths = Vec::new();
    for change in changes {
        let noon = change.timestamp().to_zoned(zone.clone()) - 1.day();
        scenario.now = noon.with().hour(12).minute(0).build().unwrap().timestamp();
        scenario.tick();
        scenario.pass_to("22:00");
        let evening = scenario.now;
        scenario.fire("downtime-start");
        // The hour that is skipped or repeated.
        for minutes in [-60, -1, 0, 1, 59, 60, 61] {
            scenario.now = change.timestamp() + jiff::SignedDuration::from_mins(minutes);
            scenario.tick();
            assert_eq!(scenario.capacity(), scaled_to_zero(), "{}", scenario.local());
        }
        scenario.pass_to("05:59");
        scenario.tick();
        assert_eq!(scenario.capacity(), scaled_to_zero());
        scenario.pass(1);
        scenario.fire("downtime-end");
        assert_eq!(scenario.capacity(), at_baseline(SPOT));
        lengths.push(scenario.now.duration_since(evening).as_hours());
    }
    lengths.sort_unstable();
    assert_eq!(lengths, [7, 9]);
}
