//! An engineer, the budget, an alarm, Spot and a rollout all want something at once. In whatever order it reaches the four
//! functions, and whatever of it reaches them twice, the crawler comes to the same. A few plays show it through the real
//! functions; `planner/src/tests/conflicts.rs` plays thousands.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use xtask::cloud::Capacity;

use super::{CLUSTER, CRAWLER, REPOSITORY, SPOT, Scenario, at_baseline, scenario};

/// How many sets of arrivals are played.
const SETS: u64 = 3;
/// In how many orders each of them is played.
const ORDERS: usize = 2;
const ALARM: &str = "huskit-prod-crawler-cpu";
const BUDGET: &str = "huskit-monthly";

/// Something that arrives.
#[derive(Clone, Debug)]
enum Arrival {
    Person(&'static str),
    Spent(&'static str),
    InAlarm,
    Shortage,
    Push,
    Tick,
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        // Knuth's linear congruential generator; the upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn arrivals(&mut self) -> Vec<Arrival> {
        let each = [
            Arrival::Person(["wake", "sleep"][self.below(2) as usize]),
            // Spot only, a longer downtime, scaled to zero.
            Arrival::Spent(["412.37", "451.08", "476.90"][self.below(3) as usize]),
            Arrival::InAlarm,
            Arrival::Shortage,
            Arrival::Push,
        ];
        let mut some: Vec<Arrival> = each.into_iter().filter(|_| self.below(4) > 0).collect();
        some.push(Arrival::Tick);
        some
    }

    /// Another order, with one of them twice.
    fn shuffled(&mut self, arrivals: &[Arrival]) -> Vec<Arrival> {
        let mut left = arrivals.to_vec();
        let twice = left[self.below(left.len() as u64) as usize].clone();
        // Two pushes are two images.
        if !matches!(twice, Arrival::Push) {
            left.push(twice);
        }
        let mut order = Vec::new();
        while !left.is_empty() {
            order.push(left.remove(self.below(left.len() as u64) as usize));
        }
        order
    }
}

impl Scenario {
    /// Nothing is spent, nothing is remembered but images, and the crawler runs its baseline on Spot.
    fn begin_anew(&mut self) {
        self.spend("0.00");
        for (subject, kind) in [
            (format!("service/{CLUSTER}/{CRAWLER}"), "capacity"),
            (format!("alarm/{ALARM}"), "alarm"),
            (format!("budget/{BUDGET}"), "budget"),
        ] {
            self.cloud.delete_ledger_item(&subject, kind).unwrap();
        }
        let strategy = json!([{"capacityProvider": SPOT, "base": 0, "weight": 1}]);
        // What the play before requested may still be under way.
        for _ in 0..4 {
            self.change_manually(
                &json!({"desiredCount": 1, "capacityProviderStrategy": strategy, "forceNewDeployment": true}),
            );
            self.cloud.reset_scaling(CLUSTER, CRAWLER, &json!({})).unwrap();
            self.settle();
            if self.capacity() == at_baseline(SPOT) {
                return;
            }
        }
        panic!("the crawler does not come to rest: {:?}", self.capacity());
    }

    fn spend(&self, dollars: &str) {
        let spent = json!({"budget": BUDGET, "actual": dollars, "limit": "500"});
        self.cloud.client.call("local", "budget", spent).unwrap();
    }

    /// The alarm on the crawler's CPU is in ALARM.
    fn in_alarm(&self, since: Timestamp) {
        let arn = format!("arn:aws:cloudwatch:eu-central-1:000000000000:alarm:{ALARM}");
        let state = json!({"value": "ALARM", "reason": "Threshold Crossed", "timestamp": since.to_string()});
        let detail = json!({"alarmName": ALARM, "state": state, "previousState": {"value": "OK"}, "configuration": {}});
        self.deliver(&self.cloud.event("aws.cloudwatch", "CloudWatch Alarm State Change", json!([arn]), detail));
    }

    fn arrive(&mut self, arrival: &Arrival) {
        match arrival {
            Arrival::Person(action) => self.request_override(action, "2h"),
            Arrival::Spent(dollars) => {
                self.spend(dollars);
                let tick = json!({"action": "reconcile", "at": self.now.to_string()});
                self.cloud.invoke_function("BudgetFunction", &tick).unwrap().answer.unwrap();
            }
            Arrival::InAlarm => self.in_alarm(self.now),
            Arrival::Shortage => drop(self.deliver(&self.shortage(SPOT))),
            Arrival::Push => drop(self.push(None)),
            Arrival::Tick => drop(self.tick()),
        }
    }

    /// What comes of arrivals in this order.
    fn end_of(&mut self, noon: Timestamp, now: Timestamp, order: &[Arrival]) -> Capacity {
        self.now = noon;
        self.begin_anew();
        self.now = now;
        let before = self.next;
        for arrival in order {
            self.arrive(arrival);
        }
        // Longer than a rollout explains an alarm, and shorter than its boost lasts.
        for _ in 0..4 {
            self.settle();
            self.pass(5);
            for name in ["rollout-tick", "capacity-tick", "alarm-tick", "capacity-tick"] {
                self.fire(name);
            }
        }
        self.settle();
        let mut capacity = self.capacity();
        // A sleeping service keeps the strategy it had: what it will be is settled when it wakes.
        if capacity.desired == 0 {
            capacity.strategy.clear();
        }
        let running = self.cloud.running(CLUSTER, CRAWLER).unwrap().digests;
        let pushed = self.cloud.tagged(REPOSITORY, "latest").unwrap();
        let old = running.iter().filter(|digest| Some(*digest) != pushed.as_ref()).count();
        assert_eq!(old, 0, "{} images were pushed, and an older one runs: {order:?}", self.next - before);
        capacity
    }
}

#[test]
fn arrivals_in_any_order_and_twice_come_to_the_same() {
    let mut scenario = scenario();
    let mut dice = Dice(20_261_121);
    for set in 0..SETS {
        scenario.now += SignedDuration::from_hours(72);
        scenario.pass_to("12:00");
        let noon = scenario.now;
        if set % 3 == 0 {
            scenario.pass_to("23:00");
        }
        let (now, arrivals) = (scenario.now, dice.arrivals());
        let expected = scenario.end_of(noon, now, &arrivals);
        for _ in 1..ORDERS {
            let order = dice.shuffled(&arrivals);
            assert_eq!(
                scenario.end_of(noon, now, &order),
                expected,
                "set {set} at {now}: {order:?} against {arrivals:?}"
            );
        }
    }
    scenario.now += SignedDuration::from_hours(72);
    scenario.pass_to("12:00");
    scenario.begin_anew();
}
