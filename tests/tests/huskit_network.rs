//! HuskIT's network: ranges, and who reaches whom.

use std::collections::BTreeSet;

use tests::huskit;
use tests::network::{Way, ways_in};
use tests::resolve::Deployed;

fn balancer(given: &[(&str, &str)]) -> Deployed {
    huskit::shared_part("alb", given)
}

#[test]
fn ranges_are_those_of_the_plan() {
    let deployed = huskit::shared_part("network", &[]);
    assert_eq!(deployed.properties("Network")["CidrBlock"], "10.0.0.0/16");
    for (subnet, range, zone) in
        [("PublicSubnetA", "10.0.1.0/24", "eu-central-1a"), ("PublicSubnetB", "10.0.2.0/24", "eu-central-1b")]
    {
        let subnet = deployed.properties(subnet);
        assert_eq!((&subnet["CidrBlock"], &subnet["AvailabilityZone"]), (&range.into(), &zone.into()));
        assert_eq!(subnet["MapPublicIpOnLaunch"], true);
    }
    let network = deployed.properties("Network");
    assert_eq!((&network["EnableDnsHostnames"], &network["EnableDnsSupport"]), (&true.into(), &true.into()));
    assert!(deployed.template().of_type("AWS::EC2::NatGateway").is_empty());
}

fn ways() -> BTreeSet<Way> {
    BTreeSet::from([
        Way::new("pl-a3a144ca", "HttpSecurityGroup", "tcp 80"),
        Way::new("pl-a3a144ca", "HttpsSecurityGroup", "tcp 443"),
        Way::new("HttpSecurityGroup", "WebsiteAgentSecurityGroup", "tcp 5171"),
        Way::new("WebsiteAgentSecurityGroup", "CrawlerSecurityGroup", "tcp 4999"),
    ])
}

/// CloudFront's addresses are a managed prefix list, which counts as 55 of the 60 rules of a group, so each port has a group.
/// They are the same with and without a domain: no update that adds one changes a group.
#[test]
fn cloudfront_reaches_the_load_balancer_that_website_agent_and_that_the_crawler() {
    let found = |given: &[(&str, &str)]| {
        let services = huskit::part("services", given);
        ways_in(&balancer(given)).union(&ways_in(&services)).cloned().collect::<BTreeSet<Way>>()
    };
    assert_eq!(found(&[]), ways());
    let certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/0f1e2d3c";
    let for_viewers = "arn:aws:acm:us-east-1:123456789012:certificate/9f8e7d6c";
    let given =
        [("DomainName", "app.huskit.com"), ("CertificateArn", certificate), ("ViewerCertificateArn", for_viewers)];
    assert_eq!(found(&given), ways());
}

#[test]
fn every_task_and_load_balancer_is_in_its_own_group() {
    let services = huskit::part("services", &[]);
    let of_service = |id: &str| services.properties(id)["NetworkConfiguration"]["AwsvpcConfiguration"].clone();
    for (service, group) in
        [("WebsiteAgentService", "<WebsiteAgentSecurityGroup>"), ("CrawlerService", "<CrawlerSecurityGroup>")]
    {
        let network = of_service(service);
        assert_eq!(network["SecurityGroups"].as_array().unwrap(), &[group], "{service}");
        assert_eq!(network["AssignPublicIp"], "ENABLED", "{service}: without NAT it is the only way out");
        assert_eq!(network["Subnets"].as_array().unwrap(), &["<PublicSubnetA>", "<PublicSubnetB>"], "{service}");
    }
    let groups = &balancer(&[]).properties("LoadBalancer")["SecurityGroups"];
    assert_eq!(groups.as_array().unwrap(), &["<HttpSecurityGroup>", "<HttpsSecurityGroup>"]);
}

#[test]
fn the_load_balancer_reaches_nothing_but_website_agent() {
    for group in ["HttpSecurityGroup", "HttpsSecurityGroup"] {
        let group = balancer(&[]).properties(group);
        let out: Vec<_> = group["SecurityGroupEgress"].as_array().unwrap().iter().collect();
        assert_eq!(out.len(), 1);
        assert_eq!(out[0]["CidrIp"], "10.0.0.0/16");
        assert_eq!((&out[0]["FromPort"], &out[0]["ToPort"]), (&"5171".into(), &"5171".into()));
    }
}
