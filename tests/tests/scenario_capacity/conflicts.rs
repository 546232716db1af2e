//! A person, the budget, an alarm, Spot and a rollout all want something at once. In whatever order it reaches the
//! functions, and whatever of it reaches them twice, the crawler comes to the same.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use xtask::cloud::Capacity;

use super::{CLUSTER, CRAWLER, SPOT, World, awake, world};

/// How many sets of arrivals are played, each in three orders.
const SETS: u64 = 35;

/// Something that arrives.
#[derive(Clone, Debug)]
enum Arrival {
    Person(&'static str),
    Budget(Value),
    Alarm(u64),
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
        let budgets = [
            json!({"spot_only": {"BOOL": true}}),
            json!({"asleep": {"BOOL": true}}),
            json!({"ceiling": {"N": "1"}}),
            json!({"longer_night_minutes": {"N": "60"}}),
        ];
        let each = [
            Arrival::Person(["wake", "sleep"][self.below(2) as usize]),
            Arrival::Budget(budgets[self.below(4) as usize].clone()),
            Arrival::Alarm(2 + self.below(3)),
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

impl World {
    /// Nothing is remembered of its capacity, and it runs its baseline on Spot.
    fn begin_anew(&mut self) {
        let table = self.cloud.output("Ledger").unwrap();
        let key = json!({"pk": {"S": format!("service/{CLUSTER}/{CRAWLER}")}, "sk": {"S": "capacity"}});
        self.cloud.client.call("dynamodb", "delete_item", json!({"TableName": table, "Key": key})).unwrap();
        let strategy = json!([{"capacityProvider": SPOT, "base": 0, "weight": 1}]);
        self.by_hand(&json!({"desiredCount": 1, "capacityProviderStrategy": strategy, "forceNewDeployment": true}));
        self.cloud.reset_scaling(CLUSTER, CRAWLER, &json!({})).unwrap();
        self.settle();
        assert_eq!(self.capacity(), awake(SPOT));
    }

    /// What another function writes into the crawler's item, and its nudge.
    fn fact(&self, name: &str, fact: &Value) {
        let table = self.cloud.output("Ledger").unwrap();
        let key = json!({"pk": {"S": format!("service/{CLUSTER}/{CRAWLER}")}, "sk": {"S": "capacity"}});
        let update = json!({
            "TableName": table, "Key": key,
            "UpdateExpression": "SET #fact = :fact, #version = if_not_exists(#version, :zero) + :one",
            "ExpressionAttributeNames": {"#fact": name, "#version": "version"},
            "ExpressionAttributeValues": {":fact": {"M": fact}, ":zero": {"N": "0"}, ":one": {"N": "1"}},
        });
        self.cloud.client.call("dynamodb", "update_item", update).unwrap();
        self.ask(&json!({"action": "reconcile", "service": CRAWLER})).unwrap();
    }

    fn arrive(&mut self, arrival: &Arrival) {
        let until = (self.now + SignedDuration::from_hours(2)).to_string();
        match arrival {
            Arrival::Person(action) => self.want(action, "2h"),
            Arrival::Budget(cut) => {
                let mut cut = cut.clone();
                cut["reached_percent"] = json!({"N": "90"});
                cut["until"] = json!({"S": until});
                self.fact("budget", &cut);
            }
            Arrival::Alarm(min) => {
                self.fact(
                    "boost",
                    &json!({"min": {"N": min.to_string()}, "until": {"S": until}, "by": {"S": "alarm cpu"}}),
                );
            }
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
        for arrival in order {
            self.arrive(arrival);
        }
        for _ in 0..2 {
            self.settle();
            self.tick();
        }
        self.settle();
        let mut capacity = self.capacity();
        // A sleeping service keeps the strategy it had: what it will be is settled when it wakes.
        if capacity.desired == 0 {
            capacity.strategy.clear();
        }
        capacity
    }
}

#[test]
fn arrivals_in_any_order_and_twice_come_to_the_same() {
    let mut world = world();
    let mut dice = Dice(20_261_121);
    for set in 0..SETS {
        world.now += SignedDuration::from_hours(72);
        world.pass_to("12:00");
        let noon = world.now;
        if set % 3 == 0 {
            world.pass_to("23:00");
        }
        let (now, arrivals) = (world.now, dice.arrivals());
        let expected = world.end_of(noon, now, &arrivals);
        for _ in 0..2 {
            let order = dice.shuffled(&arrivals);
            assert_eq!(world.end_of(noon, now, &order), expected, "set {set} at {now}: {order:?} against {arrivals:?}");
        }
    }
    world.now += SignedDuration::from_hours(72);
    world.pass_to("12:00");
    world.begin_anew();
}
