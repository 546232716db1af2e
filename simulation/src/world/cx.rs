//! What a service gets with each call: the time, chance, the weather, and where to put what follows.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::wake::Wake;
use crate::account::{ACCOUNT, REGION};
use crate::journal::What;
use crate::rng::Rng;
use crate::weather::Weather;

/// What follows from a change of the world.
#[derive(Debug, Default)]
pub struct Out {
    /// What services do later.
    pub wakes: Vec<(Timestamp, Wake)>,
    /// Events for the default bus.
    pub events: Vec<Event>,
    /// For the journal.
    pub notes: Vec<What>,
    /// Numbers of queues that got a message.
    pub queued: Vec<usize>,
    /// What went wrong.
    pub faults: Vec<&'static str>,
    /// Messages of services of AWS: topic, subject and text.
    pub published: Vec<(String, String, String)>,
}

/// An event for the default bus.
#[derive(Clone, Debug)]
pub struct Event {
    /// The event, with its envelope.
    pub body: Value,
    /// Is it delivered on a best effort basis, so that it may be lost?
    pub best_effort: bool,
}

/// Services whose events are delivered at least once, by "Delivery type: Durable" on their pages of the reference:
/// <https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-ecs.html>, `-cloudwatch`, `-health`, `-cloudformation`. Amazon Inspector,
/// ECR and Application Auto Scaling have "Best effort" there, AWS Secrets Manager has no direct events there, and "for services not listed
/// that send events to EventBridge, assume a best effort delivery":
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-list.html>.
const DURABLE: [&str; 4] = ["aws.cloudformation", "aws.cloudwatch", "aws.ecs", "aws.health"];

/// Time, chance, weather, and where to put what follows.
pub struct Cx<'w> {
    /// The time.
    pub now: Timestamp,
    /// Chance.
    pub rng: &'w mut Rng,
    /// What goes wrong.
    pub weather: &'w Weather,
    /// What follows.
    pub out: &'w mut Out,
}

impl Cx<'_> {
    /// Has `wake` happen after `delay`.
    pub fn after(&mut self, delay: SignedDuration, wake: Wake) {
        self.out.wakes.push((self.now + delay, wake));
    }

    /// Puts an event on the default bus.
    pub fn emit(&mut self, source: &str, kind: &str, resources: &[String], detail: Value) {
        self.emit_in(REGION, (source, kind), resources, detail);
    }

    /// The same, of a service in another region, whose rule has forwarded it to this bus.
    pub fn emit_in(&mut self, region: &str, (source, kind): (&str, &str), resources: &[String], detail: Value) {
        let best_effort = !DURABLE.contains(&source);
        let body = json!({
            "version": "0",
            "id": self.id(),
            "detail-type": kind,
            "source": source,
            "account": ACCOUNT,
            "time": self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": region,
            "resources": resources,
            "detail": detail,
        });
        self.out.events.push(Event { body, best_effort });
    }

    /// Notes something that AWS or a person did, for the journal.
    pub fn note(&mut self, text: impl Into<String>) {
        self.out.notes.push(What::World(text.into()));
    }

    /// A new id in the form of a UUID.
    pub fn id(&mut self) -> String {
        let (high, low) = (self.rng.bits(), self.rng.bits());
        let hex = format!("{high:016x}{low:016x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// Does something go wrong that does so at this rate?
    pub fn goes_wrong(&mut self, rate: f64, fault: &'static str) -> bool {
        let wrong = self.rng.chance(rate);
        if wrong {
            self.out.faults.push(fault);
        }
        wrong
    }

    /// Does a read answer with what was true some time ago, and how long ago? Reads of most services are eventually consistent.
    pub fn staleness(&mut self) -> Option<SignedDuration> {
        let stale = self.goes_wrong(self.weather.stale, "a read is stale");
        stale.then(|| self.rng.up_to(self.weather.stale_for))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::world::testing::Bench;

    #[test]
    fn events_of_services_that_are_not_durable_may_be_lost() {
        let mut bench = Bench::new();
        let sources = ["aws.ecs", "aws.cloudwatch", "aws.inspector2", "aws.secretsmanager", "aws.ecr"];
        let lost = bench.change(|_, cx| {
            sources.iter().for_each(|source| cx.emit(source, "a change", &[], json!({})));
            cx.out.events.iter().map(|event| event.best_effort).collect::<Vec<bool>>()
        });
        assert_eq!(lost, [false, false, true, true, true]);
    }
}
