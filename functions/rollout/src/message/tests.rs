//! Every message as it arrives in an inbox.

use insta::assert_snapshot;
use planner::model::ScanState;
use planner::rollout::{Cause, Phase, Release};

use super::*;

fn fleet() -> Fleet {
    let service = r#"{"name":"website-agent","cluster":"huskit-prod","baseline":{"min":2,"max":6},
        "images":[{"repository":"huskit/website-agent","tag":{"exact":"latest"}}]}"#;
    Fleet::parse(&format!(r#"{{"system":"huskit","stage":"prod","services":[{service}]}}"#)).unwrap()
}

fn at(minute: i64) -> Timestamp {
    "2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

fn images(n: u8) -> BTreeMap<String, Image> {
    let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
    let image = Image { digest, tag: Some(format!("v{n}")), pushed_at: at(n.into()), scan: ScanState::Missing };
    BTreeMap::from([("huskit/website-agent".to_owned(), image)])
}

fn rollout(cause: Cause) -> Rollout {
    Rollout {
        id: "020202020202-7".into(),
        cause,
        images: images(2),
        before: images(1),
        from: "rev-1".into(),
        started_at: at(3),
        phase: Phase::Claimed { start: None },
    }
}

fn record() -> Record {
    let release = Release {
        images: images(1),
        revision: "rev-1".into(),
        deployment: "ecs-svc/1".into(),
        started_at: at(0),
        at: at(1),
    };
    Record { releases: vec![release], ..Record::default() }
}

fn mail(message: &Notification) -> String {
    format!("{}\n\n{}", message.subject(), message.text())
}

#[test]
fn a_rollout_that_went_well() {
    let fleet = fleet();
    let message = completed(&fleet, &fleet.services[0], &rollout(Cause::Push), &images(1), "ecs-svc/2", at(7));
    assert_snapshot!(mail(&message), @r#"
    website-agent runs v2 (020202020202) [huskit prod]

    website-agent runs v2 (020202020202) now, verified by its running tasks.

    huskit/website-agent  v1 (010101010101) -> v2 (020202020202), pushed 2026-11-21 10:02 UTC
    why                   a newer image was pushed
    took                  4 min
    deployment            ecs-svc/2

    Next
    - To go back: invoke the rollout function with {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn an_image_that_failed_and_is_rolled_back() {
    let fleet = fleet();
    let why =
        "container website-agent exited with code 1 (3 tasks); ECS deployment circuit breaker: tasks failed to start.";
    let message =
        failed(&fleet, &fleet.services[0], &rollout(Cause::Push), &record(), Some("ecs-svc/2"), (why, 1), at(9));
    assert_snapshot!(mail(&message), @r#"
    website-agent: v2 (020202020202) failed [huskit prod]

    v2 (020202020202) failed on website-agent. ECS puts v1 (010101010101) back. The digest is in quarantine and is not rolled again by itself.

    reason             container website-agent exited with code 1 (3 tasks); ECS deployment circuit breaker: tasks failed to start.
    why it was rolled  a newer image was pushed
    after              6 min

    Next
    - Read the logs of website-agent around 2026-11-21 10:09 UTC.
    - Push a fixed image: it is rolled by itself.
    - To try the same image again: invoke the rollout function with {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&recovered(&fleet, &fleet.services[0], &record(), "ecs-svc/2")), @"
    website-agent runs v1 (010101010101) again [huskit prod]

    website-agent runs v1 (010101010101) again. The rollback after ecs-svc/2 is complete.
    ");
}

#[test]
fn a_roll_forward_that_failed_quarantines_nothing_and_says_nothing_of_it() {
    let fleet = fleet();
    let message =
        failed(&fleet, &fleet.services[0], &rollout(Cause::Drift), &record(), Some("ecs-svc/2"), ("exit 1", 0), at(9));
    assert_eq!(message.summary, "v2 (020202020202) failed on website-agent. ECS puts v1 (010101010101) back.");
}

#[test]
fn a_first_image_that_failed() {
    let fleet = fleet();
    let first = Rollout { before: BTreeMap::new(), ..rollout(Cause::FirstStart) };
    let message = failed(&fleet, &fleet.services[0], &first, &Record::default(), None, ("exit 1", 1), at(9));
    assert_snapshot!(mail(&message), @r#"
    website-agent: v2 (020202020202) failed [huskit prod]

    v2 (020202020202) failed on website-agent. Nothing ran before, so nothing can be put back: the service is down. The digest is in quarantine and is not rolled again by itself.

    reason             exit 1
    why it was rolled  the first image of this service arrived
    after              6 min

    Next
    - Read the logs of website-agent around 2026-11-21 10:09 UTC.
    - Push a fixed image: it is rolled by itself.
    - To try the same image again: invoke the rollout function with {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn an_image_that_waits_for_the_service_to_wake() {
    let fleet = fleet();
    assert_snapshot!(mail(&staged(&fleet, &fleet.services[0], &rollout(Cause::Push), "ecs-svc/2")), @"
    website-agent: v2 (020202020202) is staged [huskit prod]

    website-agent runs no tasks, so v2 (020202020202) is deployed but not proven. It is verified when the service wakes.

    why         a newer image was pushed
    deployment  ecs-svc/2
    ");
}

#[test]
fn a_freeze_and_its_end() {
    let fleet = fleet();
    let freeze = Freeze { until: at(120), by: "anna".into(), why: Some("launch".into()) };
    assert_snapshot!(mail(&frozen(&fleet, &fleet.services[0], Some(&freeze), "anna", at(0))), @r#"
    website-agent: pushes are held until 2026-11-21 12:00 UTC [huskit prod]

    anna holds pushes of website-agent back until 2026-11-21 12:00 UTC: launch. The newest is rolled when that ends; until then its capacity is left as it is, too.

    Next
    - To end it sooner: invoke the rollout function with {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&frozen(&fleet, &fleet.services[0], None, "ben", at(5))), @"
    website-agent: pushes are rolled again [huskit prod]

    ben ended the freeze of website-agent.
    ");
}

#[test]
fn what_is_held_or_refused() {
    let fleet = fleet();
    let service = &fleet.services[0];
    let image = images(2).remove("huskit/website-agent").unwrap();
    let freeze = Freeze { until: at(120), by: "anna".into(), why: None };
    let held = kept(&fleet, service, &Reason::Frozen { image: image.clone(), freeze }, &Trigger::Everything, at(60));
    assert_snapshot!(mail(&held.unwrap()), @r#"
    website-agent: v2 (020202020202) is held [huskit prod]

    website-agent: v2 (020202020202) is held back until 2026-11-21 12:00 UTC by anna.

    Next
    - To release it now: invoke the rollout function with {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    let found = Reason::ScanRefused { image: image.clone(), finding: "2 critical findings, at most 0 allowed".into() };
    assert_snapshot!(mail(&kept(&fleet, service, &found, &Trigger::Everything, at(60)).unwrap()), @r#"
    website-agent: v2 (020202020202) is refused [huskit prod]

    website-agent: v2 (020202020202) is refused: 2 critical findings, at most 0 allowed.

    Next
    - To roll it all the same: invoke the rollout function with {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
    let overdue = Reason::Overdue { what: "ecs-svc/2".into(), since: at(33) };
    assert_snapshot!(mail(&kept(&fleet, service, &overdue, &Trigger::Everything, at(60)).unwrap()), @r#"
    website-agent: the rollout is overdue [huskit prod]

    website-agent: ecs-svc/2 should have ended by 2026-11-21 10:33 UTC and reported nothing.

    Next
    - Look at the events of the service; to give up: invoke the rollout function with {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_refused_digest_is_told_when_it_is_pushed_again_and_not_when_an_event_comes_late() {
    let fleet = fleet();
    let image = images(2).remove("huskit/website-agent").unwrap();
    let reason = Reason::Quarantined { image, why: "exit 1".into(), since: at(9) };
    let push =
        |at: Option<Timestamp>| Trigger::Push { repository: "huskit/website-agent".into(), tag: "latest".into(), at };
    let told = |trigger: Trigger| kept(&fleet, &fleet.services[0], &reason, &trigger, at(60));
    assert_snapshot!(mail(&told(push(Some(at(20)))).unwrap()), @r#"
    website-agent: v2 (020202020202) is refused [huskit prod]

    website-agent: v2 (020202020202) is in quarantine since 2026-11-21 10:09 UTC (exit 1); push another image, or ask with `retry`.

    Next
    - To try it again: invoke the rollout function with {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
    assert_eq!(told(push(Some(at(2)))), None);
    assert_eq!(told(push(None)), None);
    assert_eq!(told(Trigger::Everything), None);
}

#[test]
fn new_tasks_and_a_refused_rollback_are_told() {
    let fleet = fleet();
    let service = &fleet.services[0];
    let asked = Reason::RestartRequested { by: "alarm memory".into(), why: Some("it rings since 10:00".into()) };
    assert_snapshot!(mail(&restarted(&fleet, service, &asked, "ecs-svc/3")), @"
    website-agent is restarted [huskit prod]

    website-agent: alarm memory asked for new tasks: it rings since 10:00. Its tasks are replaced one after the other by others of what runs.

    deployment  ecs-svc/3
    ");
    let refused = Reason::OtherDeployment { asked: "ecs-svc/2".into(), runs: "ecs-svc/3".into() };
    assert_snapshot!(mail(&kept(&fleet, service, &refused, &Trigger::Everything, at(60)).unwrap()), @r#"
    website-agent: the rollback is refused [huskit prod]

    website-agent: ecs-svc/2 does not run any more, ecs-svc/3 does: a rollback now would undo something else.

    Next
    - If what runs is bad too: invoke the rollout function with {"action":"rollback","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_refused_restart_is_told_to_whoever_asked_for_another() {
    let fleet = fleet();
    let service = &fleet.services[0];
    let request = |by: &str| {
        let (service, by) = ("website-agent".to_owned(), by.to_owned());
        Trigger::Request(Request::Restart { service, by, reason: None, cool_down_minutes: Some(60), at: None })
    };
    let told = |reason: &Reason, by: &str| kept(&fleet, service, reason, &request(by), at(60));
    let refused = Reason::CoolingDown { at: at(20), by: "alarm memory".into(), until: at(80) };
    assert_eq!(told(&refused, "alarm memory"), None, "the same request once more");
    assert_snapshot!(mail(&told(&refused, "alarm errors").unwrap()), @r#"
    website-agent: the restart is refused [huskit prod]

    website-agent: it was restarted at 2026-11-21 10:20 UTC because alarm memory asked, and is not again before 2026-11-21 11:20 UTC.

    Next
    - To restart it all the same: invoke the rollout function with {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
    assert_snapshot!(mail(&told(&Reason::NothingRuns, "alarm errors").unwrap()), @"
    website-agent: the restart is refused [huskit prod]

    website-agent: it should run no tasks, so there is nothing to restart.
    ");
    let rolling = Reason::ReplacesTasks { deployment: "ecs-svc/3".into() };
    assert_snapshot!(mail(&told(&rolling, "alarm errors").unwrap()), @"
    website-agent: the restart is refused [huskit prod]

    website-agent: ecs-svc/3 replaces tasks already; ask again when it is done.
    ");
    assert_eq!(told(&Reason::Restarting { by: "anna".into() }, "alarm errors"), None);
}
