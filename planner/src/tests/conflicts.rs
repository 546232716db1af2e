//! Scheduled downtime, budget, alarm, Spot and rollout in any order, some of them twice, late, or healed by a tick alone: what comes
//! of it is what comes of the same facts in the order of their times.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::simulation::{Delays, End, Fact, Fate, Simulation};
use crate::alarm::AlarmState;

/// Facts become true within so many minutes, and arrive at most so many minutes later: Spot events that are older
/// than a quarter of an hour are ignored.
const SPAN: i64 = 20;
const LATE: i64 = 14;
/// All has arrived and what follows from it is done; what an alarm and Spot hold still holds.
const SHORTLY_AFTER: i64 = 56;

/// What happens to the service, each with its minute.
#[derive(Clone, Debug)]
struct Hour {
    /// The minute of the day at which it begins.
    begins: i64,
    load: u32,
    facts: Vec<(i64, Fact)>,
    /// Does the load end only after the first comparison?
    stays_in_alarm: bool,
}

fn minute() -> impl Strategy<Value = i64> {
    0..SPAN
}

fn any_pushes() -> impl Strategy<Value = Vec<(i64, Fact)>> {
    let fate = prop::sample::select(vec![Fate::Good, Fate::Fails, Fate::Errs]);
    let push = |(at, fate): (i64, Fate)| (at, Fact::Push(fate));
    // A good image that a bad one overtakes within minutes may never be tried: the tag names the bad one.
    // An image that answers with errors is followed by none: an ALARM state that begins while the next one replaces it
    // is attributed to the next one.
    let first = prop::sample::select(vec![Fate::Good, Fate::Fails]);
    let two = ((0i64..10, first), 10i64..20)
        .prop_map(move |(first, second)| vec![push(first), (second, Fact::Push(Fate::Good))]);
    prop_oneof![Just(Vec::new()), (minute(), fate).prop_map(move |one| vec![push(one)]), two]
}

fn any_hour() -> impl Strategy<Value = Hour> {
    let spent = prop::sample::select(vec![70i64, 82, 92, 97, 105]);
    let spent = prop::collection::vec((minute(), spent.prop_map(Fact::Spent)), 0..3);
    let alarm = prop::option::of((minute(), prop::option::of(1i64..10)));
    let short = prop::option::of(minute());
    (0i64..1440, 2u32..5, any_pushes(), spent, alarm, short).prop_map(|(begins, load, pushes, spent, alarm, short)| {
        let mut facts = pushes;
        facts.extend(spent);
        facts.extend(short.map(|at| (at, Fact::Shortage)));
        if let Some((at, length)) = alarm {
            facts.push((at, Fact::Load(AlarmState::Alarm)));
            facts.extend(length.map(|length| (at + length, Fact::Load(AlarmState::Ok))));
        }
        facts.sort_by_key(|(at, _)| *at);
        // A boost that would bring nothing is not requested, so where scaling has done as much already it depends on who
        // came first whether the least number is raised, too. The number of tasks is the same.
        let load = if alarm.is_some() { 2 } else { load };
        // A service that is scaled to zero before its errors were announced shows them the next morning, when the rollout is long past
        // any more. So an image that errs has a day before it, and no budget takes that.
        let errs = facts.iter().any(|(_, fact)| matches!(fact, Fact::Push(Fate::Errs)));
        if errs {
            facts.retain(|(_, fact)| !matches!(fact, Fact::Spent(percent) if *percent > 100));
        }
        let begins = if errs { 370 + begins % 740 } else { begins };
        Hour { begins, load, facts, stays_in_alarm: alarm.is_some_and(|(_, length)| length.is_none()) }
    })
}

fn any_delays() -> impl Strategy<Value = Delays> {
    prop::collection::vec((0..LATE, prop::option::of(0..LATE)), 24)
}

/// The same service an hour later, after all holds ended, and after the budget's month ended.
struct Ends {
    shortly_after: End,
    /// Did scheduled downtime begin or end meanwhile, or does it sleep? Then what it should run is proven later.
    unproven: bool,
    day_after: End,
    month_after: End,
}

fn play(hour: &Hour, delays: &Delays, lost: u16) -> Ends {
    let day: Timestamp = "2026-11-29T00:00:00Z".parse().unwrap();
    let begins = day + SignedDuration::from_mins(hour.begins);
    let mut simulation = Simulation::at_rest(begins, hour.load, delays);
    let mut unproven = simulation.asleep();
    for minute in 0..=SHORTLY_AFTER {
        hour.facts.iter().filter(|(at, _)| *at == minute).for_each(|(_, fact)| simulation.happens(fact));
        simulation.pass(0);
        if minute % 5 == 0 && lost & 1 << (minute / 5) == 0 {
            simulation.tick();
        }
        unproven |= simulation.asleep();
        simulation.pass(1);
    }
    let shortly_after = simulation.end();
    if hour.stays_in_alarm {
        simulation.happens(&Fact::Load(AlarmState::Ok));
    }
    let until = |simulation: &mut Simulation, end: &str| {
        let end: Timestamp = end.parse().unwrap();
        // Closely while something may follow from something else, and when the service wakes.
        let mut close_until = begins + SignedDuration::from_mins(SHORTLY_AFTER + 30);
        while simulation.now < end {
            let step = if simulation.now < close_until && !simulation.asleep() { 5 } else { 180 };
            let slept = simulation.asleep();
            simulation.pass(step);
            simulation.tick();
            if slept && !simulation.asleep() {
                close_until = simulation.now + SignedDuration::from_mins(40);
            }
        }
        (0..4).for_each(|_| {
            simulation.pass(5);
            simulation.tick();
        });
        simulation.end()
    };
    let day_after = until(&mut simulation, "2026-11-30T12:00:00Z");
    simulation.begin_month();
    let month_after = until(&mut simulation, "2026-12-01T12:00:00Z");
    Ends { shortly_after, unproven, day_after, month_after }
}

proptest! {
    // Each in four orders.
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn facts_in_any_order_come_to_what_comes_of_them_in_the_order_of_their_times(
        hour in any_hour(), orders in prop::collection::vec((any_delays(), 0u16..128), 4),
    ) {
        let one = play(&hour, &Delays::new(), 0);
        for (delays, lost) in orders {
            let other = play(&hour, &delays, lost);
            let counted = |end: &End| (end.desired, end.bounds);
            prop_assert_eq!(counted(&one.shortly_after), counted(&other.shortly_after));
            if !one.unproven && !other.unproven {
                // During a shortage a service that is to stay on Spot keeps its tasks where they are, so it depends on
                // which of the two came first.
                let is = |wanted: fn(&Fact) -> bool| hour.facts.iter().any(|(_, fact)| wanted(fact));
                let waits = is(|fact| matches!(fact, Fact::Shortage)) && is(|fact| matches!(fact, Fact::Spent(_)));
                let strategy = if waits { &one.shortly_after.strategy } else { &other.shortly_after.strategy };
                prop_assert_eq!(&one.shortly_after, &End { strategy: strategy.clone(), ..other.shortly_after });
            }
            // A sleeping service keeps the strategy it had, and proves no image: both are settled when it wakes.
            prop_assert_eq!(counted(&one.day_after), counted(&other.day_after));
            if one.day_after.desired > 0 {
                prop_assert_eq!(&one.day_after, &other.day_after);
            }
            prop_assert_eq!(&one.month_after, &other.month_after);
        }
        prop_assert_eq!(one.month_after.desired, hour.load);
    }
}
