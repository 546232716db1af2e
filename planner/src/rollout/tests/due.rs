//! Restarts that events of AWS make due: each fact acts once, and none is lost.

use jiff::Timestamp;
use proptest::prelude::*;

use super::fixtures::*;
use crate::capacity::{Expiry, Sleep};
use crate::model::DeploymentState;
use crate::rollout::*;

/// Windows on every day, in UTC.
fn windows(from: &str, to: &str) -> Option<Sleep> {
    serde_json::from_str(&format!(r#"{{"zone":"UTC","windows":[{{"from":"{from}","to":"{to}"}}]}}"#)).ok()
}

/// The service runs since minute 3, restarts when a secret changes, and has quiet hours at 13:00, which is minute 180.
fn service() -> Scenario {
    let mut scenario = Scenario::running(3);
    scenario.rollout.restart_on_secret_change = true;
    scenario.rollout.quiet_hours = windows("13:00", "14:00");
    scenario
}

fn secret(name: &str, minute: i64) -> Notice {
    Notice::Secret { name: name.into(), at: at(minute) }
}

fn retirement(starts: i64) -> RetirementNotice {
    let event = "arn:aws:health:eu-central-1::event/ECS/AWS_ECS_TASK_PATCHING_RETIREMENT/1".into();
    RetirementNotice { event, at: at(60), starts_at: at(starts), closed: false }
}

impl Scenario {
    fn hear(&mut self, heard: &Notice) -> Option<&'static str> {
        let (images, rollout) = (self.images.clone(), self.rollout.clone());
        let policy = Policy { images: &images, rollout: &rollout, initial_tasks: 2, sleep: self.sleep.as_ref() };
        let decision = notice(policy, &self.record, &self.observed, heard, self.now)?;
        let Action::Note(noted) = decision.action else { panic!("{}", decision.reason) };
        self.record.note(noted);
        Some(decision.reason.label())
    }

    /// What is decided, applied until nothing is left to do: the labels of the reasons.
    fn look(&mut self) -> Vec<&'static str> {
        let mut labels = Vec::new();
        loop {
            let decision = self.plan();
            labels.push(decision.reason.label());
            match decision.action {
                Action::Keep => return labels,
                Action::Note(noted) => self.record.note(noted),
                Action::Restart(claim) => {
                    let id = format!("dep-at-{}", self.now);
                    let primary = &mut self.observed.service.deployments[0];
                    (primary.id, primary.state, primary.created_at) =
                        (id.clone(), DeploymentState::InProgress, self.now);
                    self.record.restart = Some(Restart { deployment: Some(id), ..claim });
                }
                other => panic!("{other:?}"),
            }
            assert!(labels.len() < 8, "{labels:?}");
        }
    }

    fn is(&mut self, state: DeploymentState) {
        self.observed.service.deployments[0].state = state;
    }

    /// ECS has rolled the restart back: the earlier deployment is the primary one again.
    fn earlier_again(&mut self) {
        let primary = &mut self.observed.service.deployments[0];
        (primary.id, primary.state, primary.created_at) = ("dep-3".into(), DeploymentState::Completed, at(3));
    }
}

#[test]
fn secrets_that_change_within_minutes_are_one_restart() {
    let mut service = service();
    assert_eq!(service.hear(&secret("db", 59)), Some("secret_changed"));
    assert_eq!(service.hear(&secret("db", 59)), None, "the same event once more");
    assert_eq!(service.look(), ["up_to_date"], "others may follow");
    assert_eq!(service.hear(&secret("mail", 60)), Some("secret_changed"));
    let mut service = service.at(63);
    assert_eq!(service.look(), ["secret_restart", "up_to_date"]);
    let restart = service.record.restart.clone().unwrap();
    let expected = "db and mail have changed since its tasks read the values";
    assert_eq!((restart.by.as_str(), restart.cause.unwrap().to_string().as_str()), ("a changed secret", expected));
    service.is(DeploymentState::Completed);
    assert_eq!(service.look(), ["tasks_replaced", "up_to_date"]);
    assert_eq!(service.record.due, Due::default());
    assert_eq!(service.hear(&secret("mail", 60)), None, "late, and older than the tasks");
}

#[test]
fn secrets_that_change_all_the_time_put_the_restart_off_only_for_a_while() {
    let mut service = service();
    for minute in 60..76 {
        service = service.at(minute);
        service.hear(&secret("db", minute));
        let expected = if minute < 75 { vec!["up_to_date"] } else { vec!["secret_restart", "up_to_date"] };
        assert_eq!(service.look(), expected, "{minute}");
    }
}

#[test]
fn a_secret_that_changes_during_a_restart_causes_one_more() {
    let mut service = service();
    service.hear(&secret("db", 55));
    assert_eq!(service.look(), ["secret_restart", "up_to_date"]);
    let mut service = service.at(62);
    assert_eq!(service.hear(&secret("db", 61)), Some("secret_changed"));
    let mut service = service.at(65);
    assert_eq!(service.look(), ["restart_waits"]);
    service.is(DeploymentState::Completed);
    assert_eq!(service.look(), ["secret_restart", "up_to_date"]);
    service.is(DeploymentState::Completed);
    assert_eq!(service.at(70).look(), ["tasks_replaced", "up_to_date"]);
}

#[test]
fn a_change_needs_nothing_where_no_task_has_read_the_earlier_value() {
    assert_eq!(service().hear(&secret("db", 2)), None, "before the tasks");
    let mut off = service();
    off.rollout.restart_on_secret_change = false;
    assert_eq!(off.hear(&secret("db", 59)), None, "the fleet does not ask for it");
    let mut asleep = service();
    (asleep.observed.service.desired, asleep.observed.service.running) = (0, 0);
    assert_eq!(asleep.hear(&secret("db", 59)), None, "no task");
    let mut draining = asleep;
    draining.observed.service.running = 1;
    assert_eq!(draining.hear(&secret("db", 59)), Some("secret_changed"));
    draining.observed.service.running = 0;
    assert_eq!(draining.look()[0], "tasks_replaced");
}

#[test]
fn freeze_hold_and_deployments_put_a_restart_off() {
    let mut service = service();
    service.hear(&secret("db", 55));
    let frozen = service.clone().frozen_until(at(90)).plan();
    assert_eq!((frozen.reason.label(), frozen.action), ("restart_waits", Action::Keep));
    let mut held = service.clone();
    held.observed.hold = Some(Expiry { at: at(90), by: "anna".into() });
    let waits = "a restart is due and waits (on hold until 2026-11-21 11:30 UTC, requested by anna): \
                 db has changed since its tasks read the values";
    assert_eq!(held.plan().reason.to_string(), waits);
    assert_eq!(held.at(90).outcome().0, "secret_restart");
    let mut rolling = service.clone();
    rolling.is(DeploymentState::InProgress);
    assert_eq!(rolling.outcome().0, "restart_waits");
    assert_eq!(service.clone().candidate(4).outcome(), ("newer_image", Some(image(4))), "a release replaces them too");
    // What is announced of a push that waits is not lost.
    let reason = service.candidate(4).frozen_until(at(90)).plan().reason;
    let labels: Vec<_> = reason.each().iter().map(Reason::label).collect();
    assert_eq!(labels, ["frozen", "restart_waits"]);
}

#[test]
fn a_restart_that_fails_is_announced_and_not_repeated() {
    let mut service = service();
    service.hear(&secret("db", 55));
    service.look();
    let mut failed = service.clone();
    failed.is(DeploymentState::Failed);
    assert_eq!(failed.look(), ["restart_failed", "up_to_date"]);
    let mut back = service.clone().at(64);
    back.earlier_again();
    assert_eq!(back.look(), ["up_to_date"], "what ECS shows may be older than the restart");
    let mut back = back.at(66);
    assert_eq!(back.look(), ["restart_failed", "up_to_date"]);
    assert_eq!(back.hear(&secret("db", 55)), None, "the same event, late");
    assert_eq!(back.hear(&secret("db", 66)), Some("secret_changed"), "the secret is corrected");
}

#[test]
fn a_changed_secret_releases_what_the_environment_prevented_once() {
    let mut waiting = service().candidate(4);
    waiting.rollout.restart_on_secret_change = false;
    let prevented =
        Rollout { images: images(4), ..waiting.clone().rolling_out(4, deploying(4)).record.rollout.unwrap() };
    let failed = FailedRollout::prevented(None, &prevented, "no secret", None, at(58));
    waiting.record.postponed = failed.postponed;
    assert_eq!(waiting.outcome().0, "postponed");
    assert_eq!(waiting.hear(&secret("db", 57)), None, "it was there already");
    assert_eq!(waiting.hear(&secret("db", 59)), Some("secret_changed"));
    assert_eq!(waiting.outcome(), ("newer_image", Some(image(4))));
    assert_eq!(waiting.hear(&secret("db", 59)), None);
    let again = FailedRollout::prevented(waiting.record.postponed.as_ref(), &prevented, "no secret", None, at(61));
    waiting.record.postponed = again.postponed;
    let mut waiting = waiting.at(62);
    assert_eq!(waiting.record.postponed.as_ref().map(|postponed| postponed.attempts), Some(2));
    assert_eq!(waiting.hear(&secret("db", 59)), None, "the same event, late");
}

#[test]
fn a_retirement_is_announced_with_what_is_done_about_it() {
    let foreseen = |mut service: Scenario, starts: i64| {
        assert!(service.hear(&Notice::Retirement(retirement(starts))).is_some());
        let Due { retirements, .. } = service.record.due;
        (
            Handling::of(
                &Policy { images: &[], rollout: &service.rollout, initial_tasks: 2, sleep: service.sleep.as_ref() },
                at(starts),
                service.now,
            ),
            retirements[0].promised,
            retirements[0].over,
        )
    };
    assert_eq!(foreseen(service(), 3000), (Handling::QuietHours { at: at(180) }, true, false));
    assert_eq!(foreseen(service(), 170), (Handling::NoneBefore, false, false));
    let mut sleeps = service();
    sleeps.sleep = windows("20:00", "22:00");
    assert_eq!(foreseen(sleeps.clone(), 3000), (Handling::Sleep { at: at(600) }, true, false));
    assert_eq!(foreseen(sleeps, 300), (Handling::QuietHours { at: at(180) }, true, false), "it sleeps too late");
    let mut without = service();
    without.rollout.quiet_hours = None;
    assert_eq!(foreseen(without, 3000), (Handling::NoQuietHours, false, false));
    assert_eq!(foreseen(service(), 60), (Handling::NoneBefore, false, true), "AWS begins at once");
}

#[test]
fn a_retirement_is_one_restart_in_the_quiet_hours_however_often_it_is_announced() {
    let mut service = service();
    assert_eq!(service.hear(&Notice::Retirement(retirement(3000))), Some("retirement_announced"));
    assert_eq!(service.hear(&Notice::Retirement(retirement(3000))), None);
    assert_eq!(service.look(), ["up_to_date"]);
    let mut service = service.at(180);
    assert_eq!(service.look(), ["retirement_restart", "up_to_date"]);
    assert_eq!(service.clone().at(185).look(), ["up_to_date"], "it is in progress");
    service.is(DeploymentState::Completed);
    let mut service = service.at(190);
    assert_eq!(service.look(), ["tasks_replaced", "up_to_date"]);
    assert_eq!(service.hear(&Notice::Retirement(retirement(3000))), None);
    assert_eq!(service.hear(&Notice::Retirement(retirement(4000))), None, "another date of what is over");
    assert_eq!(service.at(1620).look(), ["up_to_date"], "the next quiet hours");
}

#[test]
fn another_date_is_announced_and_a_closed_event_ends_it() {
    let mut service = service();
    service.hear(&Notice::Retirement(retirement(3000)));
    assert_eq!(service.hear(&Notice::Retirement(retirement(4000))), Some("retirement_announced"));
    assert_eq!(service.record.due.retirements.len(), 1);
    let closed = RetirementNotice { closed: true, ..retirement(4000) };
    assert_eq!(service.hear(&Notice::Retirement(closed.clone())), Some("retirement_over"));
    assert_eq!(service.at(180).look(), ["up_to_date"]);
    assert_eq!(super::due::service().hear(&Notice::Retirement(closed)), None, "never announced");
}

#[test]
fn a_service_that_sleeps_before_is_not_restarted() {
    let mut service = service();
    service.sleep = windows("20:00", "22:00");
    service.hear(&Notice::Retirement(retirement(3000)));
    let mut service = service.at(180);
    assert_eq!(service.look(), ["up_to_date"]);
    let mut awake = service.clone().at(3000);
    assert_eq!(awake.look(), ["retirement_missed", "up_to_date"], "woken by request, it has not slept");
    (service.observed.service.desired, service.observed.service.running) = (0, 0);
    assert_eq!(service.at(600).look()[0], "tasks_replaced");
}

#[test]
fn what_could_not_be_done_by_the_date_is_announced_with_what_puts_it_off() {
    let mut service = service().frozen_until(at(5000));
    service.hear(&Notice::Retirement(retirement(3000)));
    assert_eq!(service.clone().at(180).look(), ["restart_waits"]);
    let missed = service.clone().at(3000).plan().reason.to_string();
    let expected = "its tasks were not replaced before 2026-11-23 12:00 UTC, when AWS begins to do so: \
                    frozen by anna until 2026-11-24 21:20 UTC";
    assert_eq!(missed, expected);
    assert_eq!(service.at(3000).look(), ["retirement_missed", "up_to_date"]);
    let mut left = super::due::service();
    left.rollout.quiet_hours = None;
    left.hear(&Notice::Retirement(retirement(3000)));
    assert_eq!(left.clone().at(180).look(), ["up_to_date"]);
    assert_eq!(left.at(3000).look(), ["retirement_over", "up_to_date"], "nothing else was announced");
}

#[test]
fn a_service_whose_images_are_left_alone_is_restarted_too() {
    let mut service = service();
    service.images.clear();
    service.hear(&secret("db", 55));
    assert_eq!(service.look(), ["secret_restart", "not_followed"]);
    service.observed.service.controller = "CODE_DEPLOY".into();
    assert_eq!(service.plan().action, Action::Keep);
}

/// What happens to a service.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A secret changes, and its event arrives, perhaps twice.
    Change { twice: bool },
    /// AWS announces a retirement in so many hours.
    Retire { hours: u8 },
    /// ECS completes what is in progress, or rolls it back.
    End { well: bool },
    /// ECS shows what was true before the last restart.
    Stale,
    /// A freeze for so many minutes.
    Freeze { minutes: u8 },
    /// So many minutes pass.
    Pass { minutes: u8 },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(|twice| Step::Change { twice }),
        (1u8..80).prop_map(|hours| Step::Retire { hours }),
        any::<bool>().prop_map(|well| Step::End { well }),
        Just(Step::Stale),
        (1u8..120).prop_map(|minutes| Step::Freeze { minutes }),
        (1u8..240).prop_map(|minutes| Step::Pass { minutes }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn each_fact_is_at_most_one_restart_and_in_the_end_none_is_open(
        steps in prop::collection::vec(any_step(), 1..40),
    ) {
        let mut service = service();
        let (mut facts, mut restarts, mut last) = (0, 0, None::<Timestamp>);
        let mut before = service.observed.service.clone();
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Change { twice } => {
                    let minute = service.now.duration_since(at(0)).as_mins();
                    let changed = secret("db", minute);
                    facts += i32::from(service.hear(&changed).is_some());
                    prop_assert!(!twice || service.hear(&changed).is_none());
                }
                Step::Retire { hours } => {
                    let (event, now) = (format!("event-{n}"), service.now);
                    let starts_at = now + jiff::SignedDuration::from_hours(hours.into());
                    let heard = RetirementNotice { event, at: now, starts_at, closed: false };
                    facts += i32::from(service.hear(&Notice::Retirement(heard)).is_some());
                }
                Step::End { well: true } => service.is(DeploymentState::Completed),
                Step::End { well: false } => service.earlier_again(),
                Step::Stale => {
                    // Within minutes of the restart only.
                    let fresh = last.is_some_and(|last| service.now.duration_since(last).as_mins() < 5);
                    let shown = service.observed.service.clone();
                    if fresh {
                        service.observed.service = before.clone();
                        let labels = service.look();
                        prop_assert!(!labels.iter().any(|label| label.ends_with("_restart")), "{:?}", labels);
                        service.observed.service = shown;
                    }
                }
                Step::Freeze { minutes } => {
                    let until = service.now + jiff::SignedDuration::from_mins(minutes.into());
                    service = service.frozen_until(until);
                }
                Step::Pass { minutes } => service.now += jiff::SignedDuration::from_mins(minutes.into()),
            }
            let shown = service.observed.service.clone();
            let labels = service.look();
            if labels.iter().any(|label| label.ends_with("_restart")) {
                (restarts, last, before) = (restarts + 1, Some(service.now), shown);
            }
            prop_assert!(restarts <= facts, "{} restarts for {} facts", restarts, facts);
        }
        service.record.frozen = None;
        for _ in 0..6 {
            service.is(DeploymentState::Completed);
            service.now += jiff::SignedDuration::from_hours(24);
            service.look();
        }
        prop_assert!(!service.record.due.is_open(), "{:?}", service.record.due);
    }
}
