//! The fleet document of HuskIT.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use planner::fleet::Fleet;
use serde_json::Value;
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::{self, text};

fn fleet() -> Fleet {
    Fleet::parse(&huskit::document(&[], "fleet")).unwrap()
}

fn services() -> Deployed {
    huskit::part("services", &[])
}

#[test]
fn the_functions_can_read_it() {
    let fleet = fleet();
    assert_eq!(fleet.title(), "huskit prod");
    let baselines: Vec<_> = fleet.services.iter().map(|s| (s.name.as_str(), s.baseline.min, s.baseline.max)).collect();
    assert_eq!(baselines, [("website-agent", 2, 6), ("crawler", 1, 3)]);
    let invalidate = fleet.services[0].rollout.invalidate.as_ref().unwrap();
    assert_eq!((invalidate.distribution.as_str(), invalidate.paths.join(" ")), (huskit::DISTRIBUTION, "/*".into()));
}

#[test]
fn messages_link_the_source_when_its_organization_is_known() {
    let sources = |given: &[(&str, &str)]| -> Vec<Option<String>> {
        let fleet = Fleet::parse(&huskit::document(given, "fleet")).unwrap();
        fleet.services.iter().map(|service| service.images[0].source.clone()).collect()
    };
    assert_eq!(sources(&[]), [None, None]);
    let expected = ["https://github.com/acme/website-agent", "https://github.com/acme/crawler"];
    assert_eq!(sources(&[("GitHubOwner", "acme")]), expected.map(|source| Some(source.to_owned())));
}

#[test]
fn it_names_the_services_clusters_and_repositories_of_its_own_template() {
    let (fleet, deployed) = (fleet(), services());
    let named = |kind: &str, name: &str| -> Vec<String> {
        let resources = deployed.template().of_type(kind);
        resources.iter().map(|(_, properties)| text(&deployed.resolve(&properties[name]))).collect()
    };
    let services: Vec<&str> = fleet.services.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(services, named("AWS::ECS::Service", "ServiceName"));
    let repositories = named("AWS::ECR::Repository", "RepositoryName");
    for service in &fleet.services {
        assert_eq!(named("AWS::ECS::Cluster", "ClusterName"), [service.cluster.as_str()]);
        for image in &service.images {
            assert!(repositories.contains(&image.repository), "{}", image.repository);
            assert!(image.tag.matches("latest"), "{}", image.repository);
        }
    }
    // The automation's rules take pushes to the repositories of the system, by their prefix.
    let (system, _) = Deployed::new(template::huskit(), &[]).with_nested();
    let prefix = text(&system.output("RepositoryPrefix"));
    assert!(repositories.iter().all(|name| name.starts_with(&prefix)), "{repositories:?}");
    assert_eq!(prefix, format!("{}/", fleet.system));
}

#[test]
fn the_tags_that_the_automation_moves_may_move_and_no_other() {
    let (fleet, deployed) = (fleet(), services());
    for (id, repository) in deployed.template().of_type("AWS::ECR::Repository") {
        assert_eq!(repository["ImageTagMutability"], "IMMUTABLE_WITH_EXCLUSION", "{id}");
        let filters = repository["ImageTagMutabilityExclusionFilters"].as_array().unwrap();
        let movable: Vec<String> =
            filters.iter().map(|filter| text(&filter["ImageTagMutabilityExclusionFilterValue"])).collect();
        let image = fleet.services.iter().find_map(|s| s.image(&text(&repository["RepositoryName"]))).unwrap();
        assert_eq!(movable, [image.live.as_str(), image.previous.as_str(), "latest"], "{id}");
        assert_eq!(repository["ImageScanningConfiguration"]["ScanOnPush"], true, "{id}");
        assert!(repository["EncryptionConfiguration"].get("EncryptionType").is_some(), "{id}");
    }
}

/// An image that matches the tags of a rule is never expired by a rule of higher number: each tag that must stay has a rule of its
/// own, before all others, that allows the one image that can have it.
#[test]
fn images_that_run_or_ran_before_never_expire() {
    let deployed = services();
    for (id, _) in deployed.template().of_type("AWS::ECR::Repository") {
        let policy = text(&deployed.properties(&id)["LifecyclePolicy"]["LifecyclePolicyText"]);
        let policy: Value = serde_json::from_str(&policy).unwrap();
        let rules = policy["rules"].as_array().unwrap();
        let first = |wanted: &dyn Fn(&Value) -> bool| {
            let numbers = rules.iter().filter(|rule| wanted(&rule["selection"]));
            numbers.map(|rule| rule["rulePriority"].as_u64().unwrap()).min().unwrap()
        };
        let others = first(&|selection| selection["tagStatus"] != "tagged");
        for tag in ["live", "previous", "latest"] {
            let shield = first(&|s| s["tagPatternList"] == serde_json::json!([tag]) && s["countNumber"] == 1);
            assert!(shield < others, "{id}: {tag}");
        }
        let any = rules.iter().position(|rule| rule["selection"]["tagStatus"] == "any").unwrap();
        assert_eq!(any, rules.len() - 1, "{id}: ECR wants the rule for any tag last");
    }
}
