//! The pre-deploy task: one at a time, judged by its exit code alone.

use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

fn started() -> Scenario {
    Scenario::running(1).candidate(2).with_pre_deploy_task().rolling_out(2, migrating(2))
}

impl Scenario {
    fn task_runs(mut self) -> Scenario {
        self.observed.pre_deploy_task = Some(self.clone().with_tasks(2, 1).observed.running_tasks.remove(0));
        self
    }

    fn task_ended(self, end: StoppedTask) -> Scenario {
        let mut scenario = self.task_runs();
        scenario.observed.pre_deploy_task.as_mut().unwrap().stopped = Some(end);
        scenario
    }
}

fn exit(code: i32) -> StoppedTask {
    StoppedTask { containers: vec![("api".into(), Some(code), None)], ..StoppedTask::default() }
}

fn update() -> Action {
    Action::Update { revision: "rev-2".into(), initial_tasks: None }
}

#[test]
fn the_pre_deploy_task_decides_by_its_exit_code() {
    assert_eq!(started().task_runs().outcome().0, "awaiting_pre_deploy_task");
    assert_eq!(started().task_ended(exit(0)).plan().action, update());
    let failed = started().task_ended(exit(3)).plan();
    assert_eq!(failed.reason.to_string(), "task-2 failed: container api exited with code 3");
    let Action::Fail(failed) = failed.action else { panic!("not a failure") };
    assert_eq!((failed.quarantine.len(), failed.recover), (1, None));
}

#[test]
fn a_task_that_ecs_does_not_list_has_not_failed() {
    assert_eq!(started().at(50).outcome().0, "awaiting_pre_deploy_task");
    assert_eq!(started().at(64).outcome().0, "awaiting_pre_deploy_task");
    // Much later its result is unknown: no update, and no quarantine either.
    let decision = started().at(65).plan();
    let Action::Fail(failed) = decision.action else { panic!("{}", decision.reason) };
    assert_eq!((failed.quarantine.len(), failed.postponed.is_some()), (0, true));
    // It may run all the same, and the next attempt would run another beside it.
    assert_eq!(failed.stop.as_deref(), Some("task-2"));
    let Action::Fail(failed) = started().task_ended(exit(1)).plan().action else { panic!("not failed") };
    assert_eq!(failed.stop, None);
}

#[test]
fn a_task_that_hangs_is_stopped_at_its_deadline() {
    assert_eq!(started().task_runs().at(65).outcome().0, "awaiting_pre_deploy_task");
    let late = started().task_runs().at(66).plan();
    assert_eq!(late.reason.label(), "overdue");
    let reason = "still running after its deadline of 15 min".to_owned();
    assert_eq!(late.action, Action::StopTask { task: "task-2".into(), reason: reason.clone() });
    let code = Some("UserInitiated".into());
    // One that obeys SIGTERM exits with code 0, and has not done what it was started for.
    for obeys in [exit(143), exit(0)] {
        let stopped = StoppedTask { code: code.clone(), reason: Some(reason.clone()), ..obeys };
        let failed = started().task_ended(stopped).plan().reason.to_string();
        assert_eq!(failed, "task-2 failed: still running after its deadline of 15 min");
    }
}

#[test]
fn a_task_that_the_environment_kept_from_starting_does_not_quarantine_the_image() {
    let (code, reason) = (Some("TaskFailedToStart".into()), Some("ResourceInitializationError: no secret".into()));
    let decision = started().task_ended(StoppedTask { code, reason, ..StoppedTask::default() }).plan();
    let Action::Fail(failed) = decision.action else { panic!("{}", decision.reason) };
    assert_eq!((failed.quarantine.len(), failed.postponed.is_some()), (0, true));
}

#[test]
fn a_freeze_that_begins_during_the_task_holds_the_update() {
    let frozen = started().task_ended(exit(0)).frozen_until(at(90));
    assert_eq!(frozen.outcome().0, "frozen");
    assert_eq!(frozen.at(90).plan().action, update());
}

#[test]
fn a_newer_image_waits_for_the_running_task_and_then_has_its_own() {
    let waiting = started().candidate(3);
    assert_eq!(waiting.clone().task_runs().outcome().0, "awaiting_pre_deploy_task");
    let decision = waiting.clone().task_ended(exit(0)).plan();
    assert_eq!(outcome(&decision), ("newer_image", Some(image(3))));
    let Action::Roll(roll) = decision.action else { panic!("not a roll") };
    assert!(roll.run_pre_deploy_task);
    assert_eq!(waiting.task_ended(exit(1)).outcome().0, "failed");
    // An interrupted invocation may have started one: the claim is resumed, and its token names the same task.
    let claimed = Scenario::running(1).candidate(3).with_pre_deploy_task();
    let claimed = claimed.rolling_out(2, Phase::Claimed { initial_tasks: None });
    assert_eq!(claimed.outcome(), ("resumed", Some(image(2))));
}
