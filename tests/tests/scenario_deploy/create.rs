//! After the first deploy.

use xtask::deploy::manual_steps::{Mail, steps};

use super::history::history;
use super::{CRAWLER, EDGE, WEBSITE};

#[test]
fn each_stack_is_in_its_region() {
    let (created, _) = &history().created;
    let of = |region: &str| -> Vec<&str> {
        // Nested stacks have the name of the one that they are nested in, and their own.
        let nested =
            |name: &str| ["Base", "System", "Functions"].iter().any(|id| name.contains(&format!("-{id}Stack-")));
        let own = created.stacks.keys().filter(|(there, name)| there == region && !nested(name));
        own.map(|(_, name)| name.as_str()).collect()
    };
    assert_eq!((of("us-east-1"), of("eu-central-1")), (vec![EDGE], vec!["huskit-prod"]));
    assert!(
        created.stacks.values().all(|stack| !stack.status.contains("ROLLBACK") && stack.status.ends_with("_COMPLETE"))
    );
}

#[test]
fn outputs_of_the_edge_arrive_in_the_main_stack() {
    let (created, _) = &history().created;
    let acl = &created.stack(EDGE).outputs["WebAclArn"];
    assert!(acl.starts_with("arn:aws:wafv2:us-east-1:"), "{acl}");
    assert_eq!(&created.nested("Cdn").parameters["WebAclArn"], acl);
}

#[test]
fn the_edge_watches_the_distribution_that_the_main_stack_made() {
    let (created, _) = &history().created;
    let distribution = &created.nested("Cdn").outputs["DistributionId"];
    assert_eq!(&created.stack(EDGE).parameters["DistributionId"], distribution);
    let watched = created.watched.as_array().unwrap();
    assert!(watched.iter().any(|own| own["Value"] == **distribution), "{watched:?}");
}

#[test]
fn the_services_wait_for_images() {
    let (created, _) = &history().created;
    for name in [WEBSITE, CRAWLER] {
        assert_eq!((created.services[name].desired, created.services[name].digests.len()), (0, 0), "{name}");
    }
}

#[test]
fn what_is_left_to_do_is_said() {
    let (_, facts) = &history().created;
    assert!(matches!(&facts.mail, Mail::NoSubscription(topic) if topic.starts_with("arn:aws:sns:eu-central-1:")));
    let secrets: Vec<_> = facts.to_fill.iter().map(|(name, empty)| (name.as_str(), empty.len())).collect();
    assert_eq!(secrets, [("huskit/prod/crawler", 7), ("huskit/prod/website-agent", 17)]);
    let registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/huskit";
    assert_eq!(facts.without_image, [format!("{registry}/website-agent:latest"), format!("{registry}/crawler:latest")]);
    assert_eq!(facts.roles.len(), 2);
    let labels: Vec<&str> = steps(facts).into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["messages", "secrets", "secrets", "images", "GitHub", "website"]);
}
