//! What the templates refuse: parameters that do not go together, and a region that is the wrong one.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use tests::resolve::Deployed;
use tests::template::{self, Template, text};

type Given = &'static [(&'static str, &'static str)];

const NAME: (&str, &str) = ("DomainName", "app.huskit.com");
const ZONE: (&str, &str) = ("HostedZoneId", "Z0123456789ABC");
const CERTIFICATE: (&str, &str) = ("CertificateArn", "arn:aws:acm:eu-central-1:123456789012:certificate/0f1e2d3c");
const FOR_VIEWERS: (&str, &str) = ("ViewerCertificateArn", "arn:aws:acm:us-east-1:123456789012:certificate/9f8e7d6c");
const OWNER: (&str, &str) = ("GitHubOwnerId", "123456");

const CERTIFIED: &str =
    "Enter DomainName together with CertificateArn, HostedZoneId or both, or leave all three empty.";
const VIEWERS: &str = "Enter ViewerCertificateArn only together with DomainName.";
const NUMBERS: &str =
    "Enter GitHubOwnerId together with GitHubWebsiteAgentId, GitHubCrawlerId or both, or leave all three empty.";
const DOWNTIME: &str = "Enter a DowntimeEnd that differs from DowntimeStart.";
const WEEKEND: &str = "Set DowntimeWeekends to 'true' only together with DowntimeEnabled 'true'.";
const REGION: &str =
    "Deploy this template to us-east-1. CloudFront accepts certificates and web ACLs of that region only.";

/// Parameters that HuskIT's root and its system have, and what both say to them.
const BOTH: &[(Given, &[&str])] = &[
    (&[], &[]),
    (&[NAME], &[CERTIFIED]),
    (&[ZONE], &[CERTIFIED]),
    (&[CERTIFICATE], &[CERTIFIED]),
    (&[ZONE, CERTIFICATE], &[CERTIFIED]),
    (&[NAME, ZONE], &[]),
    (&[NAME, CERTIFICATE], &[]),
    (&[NAME, ZONE, CERTIFICATE, FOR_VIEWERS], &[]),
    (&[FOR_VIEWERS], &[VIEWERS]),
    (&[NAME, FOR_VIEWERS], &[CERTIFIED]),
    (&[("DowntimeStart", "06:00")], &[DOWNTIME]),
    (&[("DowntimeEnabled", "false"), ("DowntimeWeekends", "true")], &[WEEKEND]),
    (&[OWNER], &[NUMBERS]),
    (&[("GitHubCrawlerId", "567890")], &[NUMBERS]),
    (&[("GitHubWebsiteAgentId", "456789"), ("GitHubCrawlerId", "567890")], &[NUMBERS]),
    (&[OWNER, ("GitHubCrawlerId", "567890")], &[]),
    (&[OWNER, ("GitHubWebsiteAgentId", "456789")], &[]),
];

fn said(deployed: &Deployed) -> BTreeSet<String> {
    deployed.refusals().into_iter().collect()
}

fn expected(messages: &[&str]) -> BTreeSet<String> {
    messages.iter().map(|message| (*message).to_owned()).collect()
}

#[test]
fn parameters_that_do_not_go_together_are_refused() {
    for (given, messages) in BOTH {
        assert_eq!(said(&Deployed::new(template::root(), given)), expected(messages), "{given:?}");
        assert_eq!(said(&Deployed::new(template::huskit(), given)), expected(messages), "{given:?}");
    }
}

#[test]
fn the_edge_is_refused_anywhere_but_in_its_region() {
    assert_eq!(said(&Deployed::new(template::edge(), &[]).in_region("eu-central-1")), expected(&[REGION]));
    assert_eq!(said(&Deployed::new(template::edge(), &[]).in_region("us-east-1")), expected(&[]));
}

/// A rule that nothing here breaks may never hold, or always.
#[test]
fn every_rule_is_broken_by_something_here() {
    let both = || expected(&BOTH.iter().flat_map(|(_, messages)| messages.iter().copied()).collect::<Vec<_>>());
    let messages = |template: &Template| -> BTreeSet<String> {
        let rules = template.section("Rules");
        let assertions = rules.values().flat_map(|rule| rule["Assertions"].as_array().unwrap());
        assertions.map(|assertion| text(&assertion["AssertDescription"])).collect()
    };
    for template in template::all() {
        let broken = match template.path {
            "template.yaml" | "infra/huskit/system.yaml" => both(),
            "infra/huskit/edge.yaml" => expected(&[REGION]),
            _ => expected(&[]),
        };
        assert_eq!(messages(&template), broken, "{}", template.path);
    }
}
