//! Messages about what was seen where no image changes.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_first_look_names_the_running_image_and_promises_the_next_push() {
    let fleet = fleet();
    let reason = Reason::FirstLook { images: Some("1a9c3f2 (latest, 010101010101)".into()) };
    assert_snapshot!(mail(&messages(&fleet, 60).noted(&reason, &Trigger::Everything).unwrap()), @r#"
    Service adopted: website-agent [huskit prod]

    website-agent: first look: 1a9c3f2 (latest, 010101010101) is recorded as the first release; nothing is rolled out before the next push.
    "#);
}

#[test]
fn a_rollback_outside_of_the_automation_is_adopted_and_said() {
    let fleet = fleet();
    let reason = Reason::DeployedByHand {
        deployment: "ecs-svc/3".into(),
        images: "1a9c3f2 (latest, 010101010101)".into(),
        replaced: "2a9c3f2 (latest, 020202020202)".into(),
    };
    assert_snapshot!(mail(&messages(&fleet, 60).noted(&reason, &Trigger::Everything).unwrap()), @r#"
    Rollback outside of the automation: website-agent [huskit prod]

    website-agent: deployment ecs-svc/3, made outside of the automation, has rolled back to 1a9c3f2 (latest, 010101010101); 2a9c3f2 (latest, 020202020202) does not come back until its tag moves or `retry` requests it.

    Next
    - To roll out again what it replaced, send the request {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_tag_that_names_a_quarantined_image_again_is_announced_on_a_tick_too() {
    let fleet = fleet();
    let image = images(2).remove("huskit/website-agent").unwrap();
    let reason = Reason::Quarantined { image, reason: "exit 1".into(), since: at(30) };
    let refused = messages(&fleet, 60).noted(&reason, &Trigger::Everything).unwrap();
    assert!(mail(&refused).starts_with("Push refused: website-agent 2a9c3f2"), "{}", mail(&refused));
}

#[test]
fn a_push_that_the_policy_passes_over_and_an_image_that_is_left_over_are_announced() {
    let fleet = fleet();
    let image = |n: u8| images(n).remove("huskit/website-agent").unwrap();
    let reason = Reason::PassedOver {
        key: "huskit/website-agent".into(),
        image: image(1),
        selected: image(2),
        tag: ">=1".into(),
    };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&reason, &Trigger::Everything).unwrap()), @r#"
    Push not rolled out: website-agent 1a9c3f2 [huskit prod]

    website-agent: 1a9c3f2 (latest, 010101010101), pushed at 2026-11-21 10:01 UTC, is not rolled out: the tag policy >=1 selects 2a9c3f2 (latest, 020202020202); a `retry` with this image rolls it out.

    Next
    - To roll it out, send the request {"action":"retry","service":"website-agent","image":"sha256:0101010101010101010101010101010101010101010101010101010101010101","by":"<you>"}
    "#);
    let reason = Reason::Older { image: image(1), than: image(2) };
    assert_snapshot!(mail(&messages(&fleet, 60).noted(&reason, &Trigger::Everything).unwrap()), @r#"
    Image not rolled out: website-agent 1a9c3f2 [huskit prod]

    website-agent: 1a9c3f2 (latest, 010101010101) is selected only because 2a9c3f2 (latest, 020202020202) has lost its tag; request `retry` to roll it out.

    Next
    - To roll it out, send the request {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_retirement_of_tasks_is_announced_with_what_is_done_about_it() {
    let fleet = fleet();
    let announced = |handling: Handling| {
        let reason = Reason::RetirementAnnounced { starts_at: at(10_000), handling };
        mail(&messages(&fleet, 60).noted(&reason, &Trigger::Everything).unwrap())
    };
    assert_snapshot!(announced(Handling::QuietHours { at: at(1_000) }), @"
    Task retirement announced: website-agent from 2026-11-28 08:40 UTC [huskit prod]

    website-agent: AWS replaces its running tasks from 2026-11-28 08:40 UTC on, to patch the platform: the automation restarts it before, in its quiet hours at 2026-11-22 02:40 UTC.
    ");
    assert_snapshot!(announced(Handling::Sleep { at: at(1_000) }), @"
    Task retirement announced: website-agent from 2026-11-28 08:40 UTC [huskit prod]

    website-agent: AWS replaces its running tasks from 2026-11-28 08:40 UTC on, to patch the platform: nothing is needed: its scheduled downtime at 2026-11-22 02:40 UTC ends these tasks before.
    ");
    assert_snapshot!(announced(Handling::NoQuietHours), @"
    Task retirement announced: website-agent from 2026-11-28 08:40 UTC [huskit prod]

    website-agent: AWS replaces its running tasks from 2026-11-28 08:40 UTC on, to patch the platform: the fleet names no quiet hours, so the automation leaves it to AWS.
    ");
}

#[test]
fn tasks_that_were_not_replaced_before_their_retirement_are_announced() {
    let fleet = fleet();
    let obstacle = Some(Obstacle::Frozen { by: "anna".into(), until: at(12_000) });
    let reason = Reason::RetirementMissed { starts_at: at(10_000), obstacle };
    assert_snapshot!(mail(&messages(&fleet, 10_000).noted(&reason, &Trigger::Everything).unwrap()), @r#"
    Tasks not replaced before their retirement: website-agent [huskit prod]

    website-agent: its tasks were not replaced before 2026-11-28 08:40 UTC, when AWS begins to do so: frozen by anna until 2026-11-29 18:00 UTC.

    Next
    - Nothing has to be done: AWS replaces the tasks, as its deployment settings allow.
    - To replace them at a time of your own, send the request {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
}

#[test]
fn a_restart_that_fails_names_what_made_it_due() {
    let fleet = fleet();
    let cause = RestartCause::Secrets { names: vec!["huskit/prod/website-agent".into()] };
    let reason = Reason::RestartFailed { cause, deployment: "ecs-svc/3".into() };
    assert_snapshot!(mail(&messages(&fleet, 60).noted(&reason, &Trigger::Everything).unwrap()), @r#"
    Restart failed: website-agent [huskit prod]

    website-agent: its restart, deployment ecs-svc/3, failed and is not repeated while tasks run; huskit/prod/website-agent has changed since its tasks read the values.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - Compare the secret with what the service expects of it.
    - To restart it again, send the request {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
    let cause = RestartCause::Retirement { starts_at: at(10_000) };
    let reason = Reason::RestartFailed { cause, deployment: "ecs-svc/3".into() };
    assert_snapshot!(mail(&messages(&fleet, 60).noted(&reason, &Trigger::Everything).unwrap()), @r#"
    Restart failed: website-agent [huskit prod]

    website-agent: its restart, deployment ecs-svc/3, failed and is not repeated while tasks run; AWS replaces its earlier tasks from 2026-11-28 08:40 UTC on.

    Next
    - Read the service events: aws ecs describe-services --cluster huskit-prod --services website-agent --query 'services[0].events[:10].message'
    - Correct what the service events say, before AWS replaces the tasks.
    - To restart it again, send the request {"action":"restart","service":"website-agent","by":"<you>"}
    "#);
}
