//! Evening and morning.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{CLUSTER, CRAWLER, REPOSITORY, SPOT, ZONE, asleep, awake, running, told_once, world, writes};

#[test]
fn the_evening_puts_it_to_sleep_and_the_morning_restores_the_declared_range() {
    let mut world = world();
    world.pass_to("21:55");
    assert_eq!(world.tick()["decision"], "keep");
    world.pass_to("22:00");
    let line = world.fire("night-start");
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_in"), &json!("scheduled_downtime")));
    assert_eq!(writes(&world.calls()), ["RegisterScalableTarget", "UpdateService"]);
    assert_eq!(world.capacity(), asleep());
    world.pass(5);
    assert_eq!(world.tick()["decision"], "keep");
    told_once(&world.subjects(), "Scaled to zero: crawler");
    world.pass_to("06:00");
    world.calls();
    let line = world.fire("night-end");
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_out"), &json!("baseline")));
    assert_eq!(writes(&world.calls()), ["UpdateService", "RegisterScalableTarget"]);
    assert_eq!(world.capacity(), awake(SPOT));
    world.pass(5);
    world.tick();
    told_once(&world.subjects(), "Running again: crawler");
}

#[test]
fn a_missed_edge_is_healed_by_the_next_tick_and_many_ticks_write_once() {
    let mut world = world();
    world.pass_to("22:05");
    world.tick();
    assert_eq!(world.capacity(), asleep());
    world.calls();
    for _ in 0..5 {
        world.pass(5);
        world.tick();
    }
    assert_eq!(writes(&world.calls()), Vec::<&str>::new());
    told_once(&world.subjects(), "Scaled to zero: crawler");
    world.pass_to("06:05");
    world.tick();
    assert_eq!(world.capacity(), awake(SPOT));
}

#[test]
fn scaling_does_not_come_back_while_asleep() {
    let mut world = world();
    assert_eq!(world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (1, 2), "by day it scales");
    world.pass_to("22:00");
    world.fire("night-start");
    assert_eq!(world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (0, 0));
    // Somebody resumes scaling by hand: the bounds alone still hold it down, and the next tick suspends it again.
    let all = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];
    let resumed = all.iter().map(|flag| ((*flag).to_owned(), json!(false))).collect::<serde_json::Map<_, _>>();
    let values = json!({"MinCapacity": 0, "MaxCapacity": 0, "SuspendedState": resumed});
    world.cloud.reset_scaling(CLUSTER, CRAWLER, &values).unwrap();
    assert_eq!(world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (0, 0));
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), asleep());
    world.pass_to("06:00");
    world.fire("night-end");
    assert_eq!(world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap(), (1, 2), "by day it scales again");
}

#[test]
fn a_double_sleep_does_not_lose_the_number_to_wake_to() {
    let mut world = world();
    world.cloud.scale(CLUSTER, CRAWLER, "out").unwrap();
    assert_eq!(world.capacity(), running(SPOT, 2));
    world.pass_to("22:00");
    world.fire("night-start");
    world.pass_to("23:00");
    world.want("sleep", "8h");
    world.want("sleep", "9h");
    world.fire("night-start");
    assert_eq!(world.capacity(), asleep());
    world.pass_to("06:00");
    world.fire("night-end");
    assert_eq!(world.capacity(), asleep(), "anna wants it asleep until 08:00");
    world.pass_to("08:00");
    world.tick();
    assert_eq!(world.capacity(), awake(SPOT));
}

#[test]
fn a_task_that_protects_itself_is_waited_for_and_told_of_after_half_an_hour() {
    let mut world = world();
    world.cloud.protect(CLUSTER, CRAWLER, true).unwrap();
    world.pass_to("22:00");
    world.fire("night-start");
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
    let told = world.messages();
    assert!(told.len() == 1 && told[0].body.contains("protected until"), "{told:?}");
    world.cloud.protect(CLUSTER, CRAWLER, false).unwrap();
    world.settle();
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), asleep());
    told_once(&world.subjects(), "Scaled to zero: crawler");
}

#[test]
fn an_image_of_the_night_runs_in_the_morning() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("night-start");
    world.pass_to("23:00");
    let image = world.push(None);
    world.settle();
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), asleep());
    world.pass_to("06:00");
    world.fire("night-end");
    world.settle();
    world.fire("rollout-tick");
    assert_eq!(world.cloud.running(CLUSTER, CRAWLER).unwrap().digests, vec![image.digest.clone()]);
    assert_eq!(world.cloud.tagged(REPOSITORY, "live").unwrap(), Some(image.digest));
}

#[test]
fn an_image_of_the_night_that_fails_in_the_morning_is_told_and_rolled_back() {
    let mut world = world();
    let before = world.cloud.running(CLUSTER, CRAWLER).unwrap().digests;
    world.pass_to("22:00");
    world.fire("night-start");
    world.push(Some("exit-1"));
    world.settle();
    world.messages();
    world.pass_to("06:00");
    world.fire("night-end");
    world.settle();
    world.pass(10);
    world.tick();
    assert_eq!(world.subjects(), Vec::<String>::new(), "it is given fifteen minutes");
    world.pass(5);
    world.tick();
    let told = world.messages();
    assert!(told.len() == 1 && told[0].subject.contains("Start overdue: crawler"), "{told:?}");
    assert!(told[0].body.contains("exited with code 1"), "{told:?}");
    world.fire("rollout-tick");
    world.settle();
    world.pass(5);
    world.tick();
    assert_eq!(world.cloud.running(CLUSTER, CRAWLER).unwrap().digests, before);
    assert_eq!(world.capacity(), awake(SPOT));
}

#[test]
fn a_task_that_never_gets_healthy_is_told_of_as_what_it_is() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("night-start");
    world.push(Some("never"));
    world.settle();
    world.messages();
    world.pass_to("06:00");
    world.fire("night-end");
    world.settle();
    world.pass(15);
    world.tick();
    let told = world.messages();
    assert!(told.len() == 1 && told[0].body.contains("PENDING"), "{told:?}");
    world.push(None);
    world.settle();
}

#[test]
fn nights_in_which_the_clocks_change_end_by_the_clock_on_the_wall() {
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
        world.fire("night-start");
        // The hour that is skipped or comes twice.
        for minutes in [-60, -1, 0, 1, 59, 60, 61] {
            world.now = change.timestamp() + jiff::SignedDuration::from_mins(minutes);
            world.tick();
            assert_eq!(world.capacity(), asleep(), "{}", world.local());
        }
        world.pass_to("05:59");
        world.tick();
        assert_eq!(world.capacity(), asleep());
        world.pass(1);
        world.fire("night-end");
        assert_eq!(world.capacity(), awake(SPOT));
        lengths.push(world.now.duration_since(evening).as_hours());
    }
    lengths.sort_unstable();
    assert_eq!(lengths, [7, 9]);
}
