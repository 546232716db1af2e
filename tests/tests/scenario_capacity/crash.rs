//! An invocation that crashes anywhere.

use std::collections::BTreeSet;

use serde_json::json;

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, Scenario, at_baseline, scaled_to_zero, scenario};
use xtask::cloud::Capacity;

/// A path from one state to another: the trigger, the final state, and the subject of the message.
struct Path {
    name: &'static str,
    begin: fn(&mut Scenario),
    trigger: fn(&mut Scenario),
    end: fn() -> Capacity,
    sent: &'static str,
    writes: &'static [(&'static str, u64)],
}

/// Every call that writes, as so many calls of its kind came before it. A move to on-demand leaves the bounds unchanged.
const WRITES: &[(&str, u64)] =
    &[("RegisterScalableTarget", 0), ("UpdateService", 0), ("PutItem", 0), ("PutItem", 1), ("Publish", 0)];

const PATHS: [Path; 3] = [
    Path {
        name: "scaling to zero",
        begin: |scenario| scenario.pass_to("22:00"),
        trigger: |scenario| {
            scenario.fire("downtime-start");
        },
        end: scaled_to_zero,
        sent: "Scaled to zero: crawler",
        writes: WRITES,
    },
    Path {
        name: "starting",
        begin: |scenario| {
            scenario.pass_to("22:00");
            scenario.fire("downtime-start");
            scenario.pass(5);
            scenario.tick();
            scenario.pass_to("06:00");
        },
        trigger: |scenario| {
            scenario.fire("downtime-end");
        },
        end: || at_baseline(SPOT),
        sent: "Running again: crawler",
        writes: WRITES,
    },
    Path {
        name: "moving to on-demand",
        begin: |scenario| scenario.cloud.set_spot(false).unwrap(),
        trigger: |scenario| {
            for warning in scenario.cloud.interrupt(CLUSTER, CRAWLER).unwrap() {
                scenario.deliver(&warning);
            }
            scenario.settle();
        },
        end: || at_baseline(ON_DEMAND),
        sent: "Moving to on-demand: crawler",
        writes: WRITES.split_at(1).1,
    },
];

/// A crash right before and right after each call that writes: the call is denied, and the invocation ends there. The
/// next ticks reach the final state, and one message is sent.
#[test]
fn a_crash_around_any_write_is_healed_by_the_next_tick() {
    let mut scenario = scenario();
    for path in &PATHS {
        for &(operation, skip) in path.writes {
            for after in [false, true] {
                let moment = if after { "after" } else { "before" };
                let at = format!("{}: {moment} {operation} number {}", path.name, skip + 1);
                scenario.come_to_rest();
                (path.begin)(&mut scenario);
                scenario.messages();
                // A denied update is a refusal, which is followed at once; this one says nothing about the strategy.
                let code =
                    if operation == "UpdateService" { "ServiceNotFoundException" } else { "AccessDeniedException" };
                let fault = json!({"operation": operation, "skip": skip, "times": 1, "after": after, "status": 400, "code": code});
                scenario.faults(json!([fault]));
                (path.trigger)(&mut scenario);
                scenario.continue_with(path);
                assert!(scenario.struck(skip), "{at}: the crash did not come");
                scenario.faults(json!([]));
                scenario.continue_with(path);
                assert_eq!(scenario.capacity(), (path.end)(), "{at}");
                let sent = scenario.subjects();
                let different: BTreeSet<&String> = sent.iter().collect();
                assert!(different.len() == 1 && sent[0].contains(path.sent), "{at}: {sent:?}");
                // Sent and not yet marked as sent is the one moment from which a message is sent again: see
                // docs/decisions.md.
                let marked = !(operation == "Publish" && after || operation == "PutItem" && !after);
                assert!(sent.len() == 1 || !marked, "{at}: {sent:?}");
            }
        }
    }
}

impl Scenario {
    /// Two ticks pass.
    fn continue_with(&mut self, path: &Path) {
        for _ in 0..2 {
            self.pass(5);
            // ECS repeats the event: an invocation that lost the first gets the second.
            if path.name == "moving to on-demand" && self.capacity() != (path.end)() {
                self.deliver(&self.shortage(SPOT));
            }
            self.tick();
            self.settle();
        }
    }

    /// Did the crash come?
    fn struck(&self, skip: u64) -> bool {
        let state = self.cloud.client.call("local", "faults/state", json!({})).unwrap();
        state["faults"][0]["seen"].as_u64().unwrap_or(0) > skip
    }
}
