//! Restarts: one for each request, none within its cool-down, and none lost.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::fixtures::*;
use crate::model::{DeploymentState, ServiceDeploymentStatus};
use crate::rollout::*;

fn restart(by: &str, cool_down: Option<i64>) -> Request {
    Request::Restart(request::Restart {
        by: by.into(),
        reason: None,
        cool_down: cool_down.map(SignedDuration::from_mins),
        asked_at: None,
    })
}

fn restarted(minute: i64) -> Scenario {
    let mut scenario = Scenario::running(3);
    scenario.record.restart = Some(Restart {
        by: "anna".into(),
        reason: None,
        cause: None,
        at: at(minute),
        resumed: 0,
        replaces: "dep-2".into(),
        deployment: Some("dep-3".into()),
        remedy: false,
        result: None,
    });
    scenario
}

#[test]
fn a_restart_is_claimed_with_what_it_replaces() {
    let scenario = Scenario::running(3);
    let decision = scenario.request(&restart("alarm memory", Some(60)));
    let Action::Restart(claim) = decision.action else { panic!("{}", decision.reason) };
    assert_eq!((claim.at, claim.replaces.as_str(), claim.deployment), (scenario.now, "dep-3", None));
}

#[test]
fn a_restart_is_refused_during_a_deployment_and_at_zero_tasks() {
    let restart = restart("alarm memory", None);
    let rolling =
        Scenario::running(3).candidate(4).rolling_out(4, deploying(4)).deployed(4, DeploymentState::InProgress);
    assert_eq!(outcome(&rolling.request(&restart)), ("deployment_in_progress", None));
    let mut asleep = Scenario::running(3);
    asleep.observed.service.desired = 0;
    assert_eq!(outcome(&asleep.request(&restart)), ("scaled_to_zero", None));
    let twice = restarted(59).deployed(3, DeploymentState::InProgress);
    assert_eq!(outcome(&twice.request(&restart)), ("restart_in_progress", None));
}

#[test]
fn a_cool_down_counts_every_restart_of_the_service_and_does_not_bind_an_engineer() {
    assert_eq!(outcome(&restarted(1).request(&restart("alarm memory", Some(60)))).0, "cooling_down");
    assert_eq!(outcome(&restarted(0).request(&restart("alarm memory", Some(60)))).0, "restart_requested");
    assert_eq!(outcome(&restarted(59).request(&restart("ben", None))).0, "restart_requested");
    assert_eq!(outcome(&restarted(59).request(&restart("alarm", Some(u32::MAX.into())))).0, "cooling_down");
    let refused = restarted(1).request(&restart("alarm memory", Some(60))).reason.to_string();
    let expected =
        "last restarted at 2026-11-21 10:01 UTC (requested by anna); the cool-down ends at 2026-11-21 11:01 UTC";
    assert_eq!(refused, expected);
}

#[test]
fn a_claimed_restart_excludes_other_invocations_until_its_lease_expires() {
    let mut scenario = Scenario::running(3).candidate(4);
    let claim = Restart { deployment: None, replaces: "dep-3".into(), ..restarted(60).record.restart.unwrap() };
    scenario.record.restart = Some(claim);
    for request in [None, Some(restart("ben", None)), Some(restart("alarm", Some(60)))] {
        assert_eq!(outcome(&scenario.decide(request.as_ref())), ("claimed_elsewhere", None));
    }
    // A newer image replaces the tasks as well as a restart does.
    assert_eq!(scenario.clone().at(62).outcome(), ("newer_image", Some(image(4))));
    // An answer may have been lost, so that the claim alone does not say whether ECS was called.
    assert_eq!(scenario.clone().candidate(3).at(64).outcome(), ("up_to_date", None));
    assert_eq!(outcome(&scenario.clone().candidate(3).at(64).request(&restart("ben", None))).0, "restart_in_progress");
    assert_eq!(scenario.clone().candidate(3).at(65).outcome(), ("restart_requested", None));
    assert_eq!(scenario.candidate(3).at(91).outcome(), ("restart_not_begun", None), "the request has expired");
}

#[test]
fn a_restart_whose_answer_was_lost_is_not_carried_out_a_second_time() {
    let mut scenario = Scenario::running(3);
    let claim = Restart { deployment: None, replaces: "dep-3".into(), ..restarted(50).record.restart.unwrap() };
    scenario.record.restart = Some(claim);
    // ECS created the deployment, and a look at the service does not show it.
    let lost = scenario.clone().with_history(3, ServiceDeploymentStatus::InProgress);
    assert_eq!(lost.at(60).outcome(), ("up_to_date", None));
    assert_eq!(scenario.clone().at(60).outcome(), ("restart_requested", None), "ECS was not called");
    let primary = &mut scenario.observed.service.deployments[0];
    (primary.id, primary.created_at) = ("dep-4".into(), at(50));
    assert_eq!(scenario.at(52).plan().action, Action::ConfirmRestart { deployment: "dep-4".into() });
}

/// What happens to the service and to the function.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A request by an alarm, which has a cool-down, or by an engineer, which has none.
    Request { with_cool_down: bool },
    /// The same request arrives twice at once: both observed before either wrote.
    RequestTwice,
    /// A request whose invocation ends before it calls ECS, or after that.
    Crash { called_ecs: bool },
    /// ECS has replaced the tasks.
    Done,
    /// So many minutes pass, and a tick follows.
    Pass(u8),
}

/// A service that can be restarted, and how often that happened.
struct Play {
    scenario: Scenario,
    deployments: u8,
    /// When each forced deployment was requested by an alarm.
    by_alarm: Vec<Timestamp>,
}

const COOL_DOWN: i64 = 60;

impl Play {
    fn new() -> Play {
        Play { scenario: Scenario::running(3), deployments: 3, by_alarm: Vec::new() }
    }

    fn force(&mut self, claim: &Restart) {
        if claim.by == "alarm" {
            if let Some(last) = self.scenario.record.restart.as_ref().filter(|last| last.deployment.is_some()) {
                assert!(
                    self.scenario.now + SignedDuration::from_mins(1) >= last.at + SignedDuration::from_mins(COOL_DOWN)
                );
            }
            self.by_alarm.push(claim.at);
        }
        self.deployments += 1;
        let id = format!("dep-{}", self.deployments);
        let primary = &mut self.scenario.observed.service.deployments[0];
        (primary.id, primary.state) = (id, DeploymentState::InProgress);
        primary.created_at = self.scenario.now;
    }

    /// Decides and applies until nothing is left to do; the invocation ends after `until` of the three writes.
    fn look(&mut self, mut request: Option<Request>, until: u8) {
        for _ in 0..4 {
            let decision = self.scenario.decide(request.as_ref());
            match decision.action {
                Action::Restart(claim) => {
                    let before = self.scenario.record.restart.replace(claim.clone());
                    if until == 1 {
                        return;
                    }
                    self.scenario.record.restart = before;
                    self.force(&claim);
                    self.scenario.record.restart = Some(claim);
                    if until == 2 {
                        return;
                    }
                    let id = self.scenario.observed.service.primary().map(|primary| primary.id.clone());
                    self.scenario.record.restart.as_mut().unwrap().deployment = id;
                }
                Action::ConfirmRestart { deployment } => {
                    self.scenario.record.restart.as_mut().unwrap().deployment = Some(deployment);
                }
                Action::Note(noted) => self.scenario.record.note(noted),
                Action::Keep => return,
                other => panic!("{other:?}"),
            }
            request = None;
        }
        panic!("it does not converge");
    }

    fn step(&mut self, step: Step) {
        let alarm = Some(restart("alarm", Some(COOL_DOWN)));
        match step {
            Step::Request { with_cool_down: true } => self.look(alarm, 3),
            Step::Request { with_cool_down: false } => self.look(Some(restart("anna", None)), 3),
            Step::RequestTwice => {
                // The second one's write is refused, so that it looks anew at what the first one claimed.
                self.look(alarm.clone(), 3);
                self.look(alarm, 3);
            }
            Step::Crash { called_ecs } => self.look(alarm, if called_ecs { 2 } else { 1 }),
            Step::Done => self.scenario.observed.service.deployments[0].state = DeploymentState::Completed,
            Step::Pass(minutes) => {
                self.scenario.now += SignedDuration::from_mins(minutes.into());
                self.look(None, 3);
            }
        }
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(|with_cool_down| Step::Request { with_cool_down }),
        Just(Step::RequestTwice),
        any::<bool>().prop_map(|called_ecs| Step::Crash { called_ecs }),
        Just(Step::Done),
        (0u8..25).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn interrupted_or_repeated_no_restart_is_lost_and_none_comes_within_the_cool_down(
        steps in prop::collection::vec(any_step(), 1..40),
    ) {
        let mut play = Play::new();
        for step in steps {
            let claimed = play.scenario.record.restart.clone().filter(|claim| claim.deployment.is_none());
            let before = play.deployments;
            play.step(step);
            prop_assert!(play.deployments - before <= 1, "{step:?} made more than one");
            // A claim is carried out by the first invocation that knows whether ECS was called, and by no other.
            if let (Some(claim), Step::Pass(_)) = (claimed, step) {
                let forced = claim.replaces != format!("dep-{before}");
                let wait = if forced { LEASE } else { SignedDuration::from_mins(5) };
                let due = claim.at + wait <= play.scenario.now;
                let open = play.scenario.record.restart.as_ref().is_some_and(|restart| restart.deployment.is_none());
                prop_assert_eq!(open, !due);
                prop_assert_eq!(play.deployments - before, u8::from(due && !forced));
            }
        }
        let distant = play.by_alarm.windows(2).all(|pair| pair[1].duration_since(pair[0]) >= SignedDuration::from_mins(COOL_DOWN - 1));
        prop_assert!(distant, "{:?}", play.by_alarm);
    }
}
