//! Scheduled downtime begins and ends.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    CLUSTER, CRAWLER, REPOSITORY, SPOT, ZONE, announced_once, at_baseline, running, scaled_to_zero, world, writes,
};

#[test]
fn downtime_scales_to_zero_and_its_end_restores_the_declared_range() {
    let mut world = world();
    world.pass_to("21:55");
    assert_eq!(world.tick()["decision"], "keep");
    world.pass_to("22:00");
    let line = world.fire("downtime-start");
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_in"), &json!("scheduled_downtime")));
    assert_eq!(writes(&world.calls()), ["RegisterScalableTarget", "UpdateService"]);
    assert_eq!(world.capacity(), scaled_to_zero());
    world.pass(5);
    assert_eq!(world.tick()["decision"], "keep");
    announced_once(&world.subjects(), "Scaled to zero: crawler");
    world.pass_to("06:00");
    world.calls();
    let line = world.fire("downtime-end");
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_out"), &json!("baseline")));
    assert_eq!(writes(&world.calls()), ["UpdateService", "RegisterScalableTarget"]);
    assert_eq!(world.capacity(), at_baseline(SPOT));
    world.pass(5);
    world.tick();
    announced_once(&world.subjects(), "Running again: crawler");
}

#[test]
fn a_missed_edge_is_healed_by_the_next_tick_and_many_ticks_write_once() {
    let mut world = world();
    world.pass_to("22:05");
    world.tick();
    assert_eq!(world.capacity(), scaled_to_zero());
    world.calls();
    for _ in 0..5 {
        world.pass(5);
        world.tick();
    }
    assert_eq!(writes(&world.calls()), Vec::<&str>::new());
    announced_once(&world.subjects(), "Scaled to zero: crawler");
    world.pass_to("06:05");
    world.tick();
    assert_eq!(world.capacity(), at_baseline(SPOT));
}

#[test]
fn scaling_stays_suspended_during_downtime() {
    let mut world = world();
    assert_eq!(world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (1, 2), "it scales outside downtime");
    world.pass_to("22:00");
    world.fire("downtime-start");
    assert_eq!(world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (0, 0));
    // Scaling is resumed manually: the bounds alone keep it at zero, and the next tick suspends it again.
    let all = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];
    let resumed = all.iter().map(|flag| ((*flag).to_owned(), json!(false))).collect::<serde_json::Map<_, _>>();
    let values = json!({"MinCapacity": 0, "MaxCapacity": 0, "SuspendedState": resumed});
    world.cloud.reset_scaling(CLUSTER, CRAWLER, &values).unwrap();
    assert_eq!(world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (0, 0));
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), scaled_to_zero());
    world.pass_to("06:00");
    world.fire("downtime-end");
    assert_eq!(world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (1, 2), "it scales again outside downtime");
}

#[test]
fn scaling_to_zero_twice_restores_the_declared_range() {
    let mut world = world();
    world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap();
    assert_eq!(world.capacity(), running(SPOT, 2));
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.pass_to("23:00");
    world.request_override("sleep", "8h");
    world.request_override("sleep", "9h");
    world.fire("downtime-start");
    assert_eq!(world.capacity(), scaled_to_zero());
    world.pass_to("06:00");
    world.fire("downtime-end");
    assert_eq!(world.capacity(), scaled_to_zero(), "the override lasts until 08:00");
    world.pass_to("08:00");
    world.tick();
    assert_eq!(world.capacity(), at_baseline(SPOT));
}

#[test]
fn a_task_with_scale_in_protection_is_waited_for_and_announced_after_half_an_hour() {
    let mut world = world();
    world.cloud.protect(CLUSTER, CRAWLER, true).unwrap();
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.settle();
    let drains = world.capacity();
    assert_eq!((drains.desired, drains.bounds, drains.tasks.get(SPOT)), (0, (0, 0), Some(&1)));
    world.pass(25);
    world.tick();
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.pass(5);
    world.tick();
    world.pass(5);
    world.tick();
    let sent = world.messages();
    assert!(sent.len() == 1 && sent[0].body.contains("scale-in protection until"), "{sent:?}");
    world.cloud.protect(CLUSTER, CRAWLER, false).unwrap();
    world.settle();
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), scaled_to_zero());
    announced_once(&world.subjects(), "Scaled to zero: crawler");
}

#[test]
fn an_image_staged_during_downtime_runs_when_it_ends() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.pass_to("23:00");
    let image = world.push(None);
    world.settle();
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), scaled_to_zero());
    world.pass_to("06:00");
    world.fire("downtime-end");
    world.settle();
    world.fire("rollout-tick");
    assert_eq!(world.cloud.running(CLUSTER, CRAWLER).unwrap().digests, vec![image.digest.clone()]);
    assert_eq!(world.cloud.tagged(REPOSITORY, "live").unwrap(), Some(image.digest));
}

#[test]
fn a_staged_image_that_fails_when_downtime_ends_is_announced_and_rolled_back() {
    let mut world = world();
    let before = world.cloud.running(CLUSTER, CRAWLER).unwrap().digests;
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.push(Some("exit-1"));
    world.settle();
    world.messages();
    world.pass_to("06:00");
    world.fire("downtime-end");
    world.settle();
    world.pass(10);
    world.tick();
    assert_eq!(world.subjects(), Vec::<String>::new(), "the start deadline is fifteen minutes");
    world.pass(5);
    world.tick();
    let sent = world.messages();
    assert!(sent.len() == 1 && sent[0].subject.contains("Start overdue: crawler"), "{sent:?}");
    assert!(sent[0].body.contains("exited with code 1"), "{sent:?}");
    world.fire("rollout-tick");
    world.settle();
    world.pass(5);
    world.tick();
    assert_eq!(world.cloud.running(CLUSTER, CRAWLER).unwrap().digests, before);
    assert_eq!(world.capacity(), at_baseline(SPOT));
}

#[test]
fn a_task_that_never_becomes_healthy_is_announced_with_its_status() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.push(Some("never"));
    world.settle();
    world.messages();
    world.pass_to("06:00");
    world.fire("downtime-end");
    world.settle();
    world.pass(15);
    world.tick();
    let sent = world.messages();
    assert!(sent.len() == 1 && sent[0].body.contains("PENDING"), "{sent:?}");
    world.push(None);
    world.settle();
}

#[test]
fn downtime_across_a_clock_change_ends_by_local_time() {
    let mut world = world();
    let zone = TimeZone::get(ZONE).unwrap();
    let changes: Vec<_> = zone.following(world.now).take(2).collect();
    let mut lengths = Vec::new();
    for change in changes {
        let noon = change.timestamp().to_zoned(zone.clone()) - 1.day();
        world.now = noon.with().hour(12).minute(0).build().unwrap().timestamp();
        world.tick();
        world.pass_to("22:00");
        let evening = world.now;
        world.fire("downtime-start");
        // The hour that is skipped or repeated.
        for minutes in [-60, -1, 0, 1, 59, 60, 61] {
            world.now = change.timestamp() + jiff::SignedDuration::from_mins(minutes);
            world.tick();
            assert_eq!(world.capacity(), scaled_to_zero(), "{}", world.local());
        }
        world.pass_to("05:59");
        world.tick();
        assert_eq!(world.capacity(), scaled_to_zero());
        world.pass(1);
        world.fire("downtime-end");
        assert_eq!(world.capacity(), at_baseline(SPOT));
        lengths.push(world.now.duration_since(evening).as_hours());
    }
    lengths.sort_unstable();
    assert_eq!(lengths, [7, 9]);
}
