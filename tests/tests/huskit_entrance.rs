//! The way in to HuskIT: load balancer and CDN, with and without a certificate.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use tests::resolve::Deployed;
use tests::template::{self, text};

const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:123456789012:certificate/0f1e2d3c";

fn plain() -> Deployed {
    Deployed::new(template::huskit(), &[])
}

fn with_certificate() -> Deployed {
    Deployed::new(template::huskit(), &[("DomainName", "app.huskit.com"), ("CertificateArn", CERTIFICATE)])
}

fn attributes(properties: &Value, list: &str) -> Vec<(String, String)> {
    properties[list].as_array().unwrap().iter().map(|a| (text(&a["Key"]), text(&a["Value"]))).collect()
}

#[test]
fn the_load_balancer_waits_for_streams() {
    let balancer = plain().properties("LoadBalancer");
    assert_eq!((text(&balancer["Name"]), text(&balancer["Scheme"])), ("huskit-alb".into(), "internet-facing".into()));
    let attributes = attributes(&balancer, "LoadBalancerAttributes");
    assert!(attributes.contains(&("idle_timeout.timeout_seconds".into(), "300".into())), "{attributes:?}");
}

#[test]
fn targets_are_checked_as_the_plan_says_and_keep_their_streams_when_replaced() {
    let group = plain().properties("WebsiteAgentTargetGroup");
    for (figure, expected) in [
        ("Name", json!("huskit-web-tg")),
        ("Protocol", json!("HTTP")),
        ("Port", json!(5171)),
        ("TargetType", json!("ip")),
        ("HealthCheckPath", json!("/healthz")),
        ("HealthCheckIntervalSeconds", json!(30)),
        ("HealthCheckTimeoutSeconds", json!(10)),
        ("HealthyThresholdCount", json!(2)),
        ("UnhealthyThresholdCount", json!(3)),
    ] {
        assert_eq!(group[figure], expected, "{figure}");
    }
    let attributes = attributes(&group, "TargetGroupAttributes");
    assert!(attributes.contains(&("deregistration_delay.timeout_seconds".into(), "300".into())), "{attributes:?}");
    let wired = &plain().properties("WebsiteAgentService")["LoadBalancers"][0];
    assert_eq!(wired["TargetGroupArn"], "<WebsiteAgentTargetGroup>");
    assert_eq!((text(&wired["ContainerName"]), &wired["ContainerPort"]), ("website-agent".into(), &5171.into()));
}

#[test]
fn without_a_certificate_it_serves_http() {
    let action = plain().properties("HttpListener")["DefaultActions"][0].clone();
    assert_eq!(action, json!({"Type": "forward", "TargetGroupArn": "<WebsiteAgentTargetGroup>"}));
    assert!(!plain().holds("HasCertificate"));
    assert_eq!(template::huskit().resource("HttpsListener")["Condition"], "HasCertificate");
}

#[test]
fn with_a_certificate_it_serves_https_and_redirects() {
    let deployed = with_certificate();
    let action = deployed.properties("HttpListener")["DefaultActions"][0].clone();
    assert_eq!(action["RedirectConfig"], json!({"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}));
    let https = deployed.properties("HttpsListener");
    assert_eq!((&https["Port"], text(&https["Protocol"])), (&443.into(), "HTTPS".into()));
    assert_eq!(https["Certificates"][0]["CertificateArn"], CERTIFICATE);
}

#[test]
fn the_cdn_asks_the_load_balancer_the_way_it_can_be_asked() {
    let origin = |deployed: &Deployed| deployed.properties("Distribution")["DistributionConfig"]["Origins"][0].clone();
    let http = origin(&plain());
    assert_eq!(http["DomainName"], "<LoadBalancer.DNSName>");
    assert_eq!(http["CustomOriginConfig"]["OriginProtocolPolicy"], "http-only");
    let https = origin(&with_certificate());
    assert_eq!(https["DomainName"], "app.huskit.com");
    assert_eq!(https["CustomOriginConfig"]["OriginProtocolPolicy"], "https-only");
}
