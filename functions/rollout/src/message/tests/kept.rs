//! Messages about what is held, refused or overdue.

use insta::assert_snapshot;

use super::*;

#[test]
fn what_is_held_or_refused() {
    let fleet = fleet();
    let image = images(2).remove("huskit/website-agent").unwrap();
    let freeze = Freeze { until: at(120), by: "anna".into(), reason: None };
    let held = messages(&fleet, 60).kept(&Reason::Frozen { image: image.clone(), freeze }, &Trigger::Everything);
    assert_snapshot!(mail(&held.unwrap()), @r#"
    website-agent: v2 (020202020202) is held [huskit prod]

    website-agent: v2 (020202020202) is held back until 2026-11-21 12:00 UTC by anna.

    Next
    - To release it now: invoke the rollout function with {"action":"unfreeze","service":"website-agent","by":"<you>"}
    "#);
    let found = Reason::ScanRefused { image: image.clone(), finding: "2 critical findings, at most 0 allowed".into() };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&found, &Trigger::Everything).unwrap()), @r#"
    website-agent: v2 (020202020202) is refused [huskit prod]

    website-agent: v2 (020202020202) is refused: 2 critical findings, at most 0 allowed.

    Next
    - To roll it all the same: invoke the rollout function with {"action":"retry","service":"website-agent","by":"<you>"}
    "#);
    let overdue = Reason::Overdue { what: "ecs-svc/2".into(), since: at(33) };
    assert_snapshot!(mail(&messages(&fleet, 60).kept(&overdue, &Trigger::Everything).unwrap()), @r#"
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
    let reason = Reason::Quarantined { image, reason: "exit 1".into(), since: at(9) };
    let push =
        |at: Option<Timestamp>| Trigger::Push { repository: "huskit/website-agent".into(), tag: "latest".into(), at };
    let told = |trigger: Trigger| messages(&fleet, 60).kept(&reason, &trigger);
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
