//! Bounds, suspension and policies of scalable targets.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::wire::Answer;
use crate::world::World;
use crate::world::load::{Load, Sight, load};
use crate::world::testing::Bench;

const WEB: &str = "service/huskit-prod/website-agent";

fn asked(bench: &mut Bench, operation: &str, input: Value) -> Answer {
    bench.change(|world, cx| {
        let World { autoscaling, ecs, ecr, .. } = world;
        autoscaling.call(operation, &input, ecs, ecr, cx)
    })
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.world.autoscaling.registering_scales = Some(false);
    bench
}

fn minutes(bench: &mut Bench, count: i64, sight: Sight) -> Option<(i64, i64)> {
    let load = load(&bench.world.loads, WEB.trim_start_matches("service/"));
    (0..count)
        .filter_map(|_| {
            bench.now += SignedDuration::from_mins(1);
            bench.world.autoscaling.decide(WEB, load, sight, bench.now).map(|(change, _)| change)
        })
        .next()
}

#[test]
fn what_is_not_given_stays_and_flags_are_each_their_own() {
    let mut bench = bench();
    let target =
        json!({ "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": WEB });
    let mut part = target.clone();
    part["SuspendedState"] = json!({ "ScheduledScalingSuspended": true });
    asked(&mut bench, "RegisterScalableTarget", part).unwrap();
    let mut soon = target.clone();
    soon["MinCapacity"] = 3.into();
    assert_eq!(
        asked(&mut bench, "RegisterScalableTarget", soon.clone()).unwrap_err().code,
        "ConcurrentUpdateException"
    );
    bench.now += SignedDuration::from_secs(1);
    asked(&mut bench, "RegisterScalableTarget", soon).unwrap();
    let asks = json!({ "ServiceNamespace": "ecs", "ResourceIds": [WEB] });
    let shown = asked(&mut bench, "DescribeScalableTargets", asks).unwrap()["ScalableTargets"][0].clone();
    assert_eq!((&shown["MinCapacity"], &shown["MaxCapacity"]), (&json!(3), &json!(6)));
    assert_eq!(shown["SuspendedState"]["ScheduledScalingSuspended"], true);
    assert_eq!(shown["SuspendedState"]["DynamicScalingInSuspended"], false);
    let mut wrong = target;
    wrong["MinCapacity"] = 9.into();
    bench.now += SignedDuration::from_secs(1);
    assert_eq!(asked(&mut bench, "RegisterScalableTarget", wrong).unwrap_err().code, "ValidationException");
}

#[test]
fn work_scales_out_within_bounds_unless_that_is_suspended_and_never_from_zero() {
    let mut bench = bench();
    bench.world.loads.insert("huskit-prod/website-agent".into(), Load { cpu: 1000.0, ..Load::default() });
    let two = Sight { desired: 2, running: 2, serving: 2, ..Sight::default() };
    assert_eq!(minutes(&mut bench, 30, Sight::default()), None, "no data at zero tasks");
    assert_eq!(minutes(&mut bench, 3, two), Some((2, 3)));
    let six = Sight { desired: 6, running: 6, serving: 6, ..Sight::default() };
    assert_eq!(minutes(&mut bench, 30, six), None, "the maximum");
    bench.world.autoscaling.targets.get_mut(WEB).unwrap().bounds.suspended.scale_out = true;
    assert_eq!(minutes(&mut bench, 30, two), None);
}

#[test]
fn a_deployment_keeps_scale_in_back() {
    let mut bench = bench();
    let six = Sight { desired: 6, running: 6, serving: 6, deploying: true, ..Sight::default() };
    assert_eq!(minutes(&mut bench, 60, six), None);
    assert_eq!(minutes(&mut bench, 1, Sight { deploying: false, ..six }), Some((6, 2)), "to the minimum");
    bench.world.autoscaling.targets.get_mut(WEB).unwrap().bounds.suspended.scale_in = true;
    assert_eq!(minutes(&mut bench, 60, Sight { deploying: false, ..six }), None);
}
