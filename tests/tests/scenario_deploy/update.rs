//! After an update that changes an environment variable of website-agent.

use super::history::history;
use super::{CRAWLER, WEBSITE};

#[test]
fn the_variable_is_changed_and_nothing_else_of_the_environment() {
    let (before, after) = (&history().running.services[WEBSITE], &history().settled.0.services[WEBSITE]);
    let mut expected = before.environment.clone();
    assert_eq!(expected.insert("VITE_LOG_LEVEL".to_owned(), "debug".to_owned()).as_deref(), Some("info"));
    assert_eq!(after.environment, expected);
}

#[test]
fn image_count_and_capacity_providers_stay() {
    let history = history();
    for name in [WEBSITE, CRAWLER] {
        let before = &history.running.services[name];
        assert!(before.desired > 0 && before.digests.len() as u64 == before.desired, "{name}: {before:?}");
        for after in [&history.updated.services[name], &history.settled.0.services[name]] {
            assert_eq!(after.desired, before.desired, "{name}");
            assert_eq!(after.digests, before.digests, "{name}");
        }
        // ECS refuses another strategy than the live one, and the stack would be rolled back.
        assert_eq!(history.updated.services[name].strategy, before.strategy, "{name}");
        assert_eq!(before.strategy[0]["capacityProvider"], "FARGATE", "{name}");
    }
    let crawler = &history.settled.0.services[CRAWLER];
    assert_eq!(crawler.strategy[0]["capacityProvider"], "FARGATE_SPOT", "the automation sets it");
}

#[test]
fn data_stays_and_what_was_filled_in() {
    let history = history();
    assert!(history.running.data["secret huskit/prod/crawler"].as_str().unwrap().contains("filled in"));
    assert_eq!(history.settled.0.data, history.running.data);
}

#[test]
fn what_is_done_is_not_asked_for_again() {
    let (_, facts) = &history().settled;
    assert_eq!((facts.without_image.len(), facts.roles.len()), (0, 0));
    let secrets: Vec<&str> = facts.to_fill.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(secrets, ["huskit/prod/website-agent"]);
}
