//! What follows from a decision that is applied.

use super::*;

const DEADLINES: Deadlines = Deadlines { drain: SignedDuration::from_mins(30), start: SignedDuration::from_mins(15) };
const NONE: TaskCounts = TaskCounts { running: 0, healthy: 0 };
const ONE: TaskCounts = TaskCounts { running: 1, healthy: 1 };

fn following(policy: &CapacityPolicy, record: &Record, observed: &Observed, tasks: TaskCounts) -> FollowUp {
    let decision = plan(policy, &record.facts, observed, noon());
    follow_up(policy, DEADLINES, record, Applied { decision: &decision, observed, tasks, failed: false }, noon())
}

#[test]
fn a_completed_transition_and_a_move_to_another_provider_are_announced_once() {
    let starting = Some(State::Starting { since: noon(), until: noon(), announced: false });
    let announced_strategy = Some(Placement::OnDemand);
    let mut record = Record { state: starting, announced_strategy, ..Record::default() };
    let follows = following(&policy(), &record, &observed(1, 1, 3), ONE);
    let running = Announcement::Transition(Transition::RunningAgain { since: noon() });
    assert_eq!(follows.announcements, [running, Announcement::ProviderChange(ProviderChange::ToSpot)]);
    (record.state, record.announced_strategy) = (follows.state, follows.announced_strategy);
    assert_eq!(record.state, Some(State::Running { since: noon() }));
    assert_eq!(following(&policy(), &record, &observed(1, 1, 3), ONE).announcements, []);
}

#[test]
fn what_an_invocation_began_that_ended_before_it_was_recorded_is_announced() {
    let sleeps = Override { kind: OverrideKind::Sleep, expiry: until(2), reason: None };
    let announced = |written: Option<Timestamp>| {
        let mut facts = Facts { manual_override: Some(sleeps.clone()), ..Facts::default() };
        facts.range.written = written.map(|at| (Bounds::SCALED_TO_ZERO, at));
        following(&policy(), &Record { facts, ..Record::default() }, &observed(0, 0, 0), NONE).announcements
    };
    let scaled = Announcement::Transition(Transition::ScaledToZero);
    assert_eq!(announced(Some(noon() - SignedDuration::from_mins(5))), [scaled]);
    assert_eq!(announced(Some(noon())), [], "by this invocation: its first look at a service that runs nothing");
    assert_eq!(announced(None), []);
}

#[test]
fn what_is_left_unchanged_is_followed_by_nothing() {
    let facts = Facts { frozen: Some(until(2)), ..Facts::default() };
    let record = Record { facts, state: Some(State::Running { since: noon() }), ..Record::default() };
    let follows = following(&policy(), &record, &observed(0, 0, 0), NONE);
    assert_eq!((follows.state, follows.announced_strategy, follows.announcements), (record.state, None, Vec::new()));
}

#[test]
fn a_service_that_stays_on_spot_while_spot_has_no_capacity_is_announced() {
    let shortage = SpotState::default().after(SpotEvent::NoCapacity, 1, noon());
    let restricted = BudgetRestriction { spot_only: true, ..restriction() };
    let unavailable = |mode: SpotMode, budget: Option<&BudgetRestriction>, spot: &SpotState, zero: bool| {
        let policy = CapacityPolicy { spot: Some(SpotPolicy { mode, base: 0 }), ..policy() };
        let manual_override = zero.then(|| Override { kind: OverrideKind::Sleep, expiry: until(2), reason: None });
        let facts = Facts { budget: budget.cloned(), spot: spot.clone(), manual_override, ..Facts::default() };
        let record = Record { facts, ..Record::default() };
        following(&policy, &record, &observed(1, 1, 3), ONE).announcements.contains(&Announcement::SpotUnavailable)
    };
    let calm = SpotState::default();
    for (mode, budget, spot, zero, expected) in [
        (SpotMode::Only, None, &shortage, false, true),
        (SpotMode::Only, None, &calm, false, false),
        (SpotMode::Only, None, &shortage, true, false),
        (SpotMode::Prefer, None, &shortage, false, false),
        (SpotMode::Prefer, Some(&restricted), &shortage, false, true),
        (SpotMode::Off, Some(&restricted), &shortage, false, false),
    ] {
        assert_eq!(unavailable(mode, budget, spot, zero), expected, "{mode:?} {budget:?} {zero}");
    }
}

/// What follows, minute by minute, while AWS refuses to start the service.
#[test]
fn a_service_that_cannot_be_woken_is_announced_at_its_deadline_and_not_starting_for_ever() {
    let asleep = Observed { asleep: true, ..observed(0, 0, 0) };
    let mut record = Record { state: Some(State::ScaledToZero { since: noon() }), ..Record::default() };
    let mut announced = Vec::new();
    for minute in (0..30).step_by(5) {
        let now = noon() + SignedDuration::from_mins(minute);
        let decision = plan(&policy(), &record.facts, &asleep, now);
        let applied = Applied { decision: &decision, observed: &asleep, tasks: NONE, failed: true };
        let follows = follow_up(&policy(), DEADLINES, &record, applied, now);
        announced.extend(follows.announcements.iter().map(|announcement| (minute, *announcement)));
        (record.state, record.announced_strategy) = (follows.state, follows.announced_strategy);
        let [Activity { kind: ActivityKind::Starting, until, .. }] = record.activities()[..] else {
            panic!("{record:?}")
        };
        assert_eq!(until, noon() + DEADLINES.start, "it explains alarms until then");
    }
    assert_eq!(announced, [(15, Announcement::Transition(Transition::StartOverdue { since: noon() }))]);
}

#[test]
fn a_move_that_aws_refuses_is_not_announced_as_made() {
    let facts = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, 1, noon()), ..Facts::default() };
    let running = observed(1, 1, 3);
    let announced_strategy = Some(Placement::Spot { base: 0 });
    let record =
        Record { facts, announced_strategy, state: Some(State::Running { since: noon() }), ..Record::default() };
    let decision = plan(&policy(), &record.facts, &running, noon());
    let refused = Applied { decision: &decision, observed: &running, tasks: ONE, failed: true };
    let follows = follow_up(&policy(), DEADLINES, &record, refused, noon());
    assert_eq!((follows.announcements, follows.announced_strategy), (vec![], record.announced_strategy));
}
