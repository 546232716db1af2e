//! The way in to HuskIT: load balancer and CDN, with and without a certificate.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::{self, text};

const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:123456789012:certificate/0f1e2d3c";
const NAME: (&str, &str) = ("DomainName", "app.huskit.com");
const ZONE: (&str, &str) = ("HostedZoneId", "Z0123456789ABC");
const FOR_VIEWERS: (&str, &str) = ("ViewerCertificateArn", "arn:aws:acm:us-east-1:123456789012:certificate/9f8e7d6c");

fn plain() -> Deployed {
    huskit::shared_part("alb", &[])
}

fn with_certificate() -> Deployed {
    huskit::shared_part("alb", &[NAME, ("CertificateArn", CERTIFICATE), FOR_VIEWERS])
}

/// How the CDN is given to speak with the load balancer.
fn origin_protocol(given: &[(&str, &str)]) -> Value {
    let (system, _) = Deployed::new(template::huskit(), given).with_nested();
    system.properties("Cdn")["Parameters"]["OriginProtocol"].clone()
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
    let group = plain().properties("TargetGroup");
    for (figure, expected) in [
        ("Name", json!("huskit-web-tg")),
        ("Protocol", json!("HTTP")),
        ("Port", json!("5171")),
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
    let wired = &huskit::part("services", &[]).properties("WebsiteAgentService")["LoadBalancers"][0];
    assert_eq!(wired["TargetGroupArn"], "<TargetGroup>");
    assert_eq!((text(&wired["ContainerName"]), &wired["ContainerPort"]), ("website-agent".into(), &5171.into()));
}

fn with_hosted_zone() -> Deployed {
    huskit::shared_part("alb", &[NAME, ZONE, FOR_VIEWERS])
}

fn forbidden() -> Value {
    json!({
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "403", "ContentType": "text/plain", "MessageBody": "Forbidden"},
    })
}

/// CloudFront compares the load balancer's certificate with the host that the viewer asked for, which is the name only when
/// viewers may use it.
#[test]
fn without_both_certificates_it_serves_http() {
    let waiting = [NAME, ZONE];
    let waiting_with_its_own = [NAME, ("CertificateArn", CERTIFICATE)];
    for given in [&[][..], &waiting, &waiting_with_its_own] {
        let refusals = Deployed::new(template::huskit(), given).refusals();
        assert_eq!(refusals, Vec::<String>::new(), "{given:?}");
        let deployed = huskit::shared_part("alb", given);
        assert_eq!(deployed.properties("HttpListener")["DefaultActions"], json!([forbidden()]), "{given:?}");
        assert_eq!(deployed.properties("HttpOriginRule")["ListenerArn"], "<HttpListener>", "{given:?}");
        assert!(!deployed.holds("HasCertificate") && !deployed.holds("MakesCertificate"), "{given:?}");
        assert_eq!(origin_protocol(given), "http-only", "{given:?}");
    }
}

#[test]
fn with_a_certificate_it_serves_https_and_redirects() {
    for (deployed, certificate) in [(with_certificate(), CERTIFICATE), (with_hosted_zone(), "<Certificate>")] {
        let action = deployed.properties("HttpListener")["DefaultActions"][0].clone();
        assert_eq!(action["RedirectConfig"], json!({"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}));
        let https = deployed.properties("HttpsListener");
        assert_eq!((&https["Port"], text(&https["Protocol"])), (&443.into(), "HTTPS".into()));
        assert_eq!(https["Certificates"][0]["CertificateArn"], certificate);
        assert_eq!(https["DefaultActions"], json!([forbidden()]));
        assert_eq!(deployed.properties("HttpsOriginRule")["ListenerArn"], "<HttpsListener>");
    }
    for (id, condition) in [
        ("HttpsListener", "HasCertificate"),
        ("HttpsOriginRule", "HasCertificate"),
        ("Certificate", "MakesCertificate"),
    ] {
        assert_eq!(plain().template().resource(id)["Condition"], condition);
    }
    let own = [NAME, ("CertificateArn", CERTIFICATE), FOR_VIEWERS];
    for given in [&own, &[NAME, ZONE, FOR_VIEWERS]] {
        assert_eq!(origin_protocol(given), "https-only", "{given:?}");
    }
    assert!(with_hosted_zone().holds("MakesCertificate") && !with_certificate().holds("MakesCertificate"));
}

/// A distribution takes minutes to change at every edge, and requests by HTTP until then. The load balancer is complete before
/// the distribution is changed, since that is given its protocol.
#[test]
fn a_domain_that_is_added_to_a_running_system_interrupts_no_request_of_our_cdn() {
    for deployed in [plain(), with_certificate()] {
        let rule = deployed.properties("HttpOriginRule");
        assert_eq!(rule["ListenerArn"], "<HttpListener>");
        assert_eq!(rule["Actions"][0]["Type"], "forward");
        assert!(deployed.template().resource("HttpOriginRule").get("Condition").is_none());
    }
    let cdn = template::huskit().properties("Cdn");
    assert_eq!(cdn["Parameters"]["OriginProtocol"]["Fn::GetAtt"], json!(["LoadBalancer", "Outputs.OriginProtocol"]));
}

/// Anybody can put a distribution in front of our load balancer: only ours knows the header.
#[test]
fn only_requests_of_our_cdn_pass() {
    let rule = plain().properties("HttpOriginRule");
    let by_https = with_certificate().properties("HttpsOriginRule");
    assert_eq!((&by_https["Actions"], &by_https["Conditions"]), (&rule["Actions"], &rule["Conditions"]));
    assert_eq!(rule["Actions"], json!([{"Type": "forward", "TargetGroupArn": "<TargetGroup>"}]));
    let header = &rule["Conditions"][0]["HttpHeaderConfig"];
    assert_eq!(header["Values"], json!(["{{resolve:secretsmanager:<OriginSecret>}}"]));
    let cdn = huskit::part("cdn", &[]);
    let origin = &cdn.properties("Distribution")["DistributionConfig"]["Origins"][0];
    assert_eq!(
        origin["OriginCustomHeaders"],
        json!([{"HeaderName": header["HttpHeaderName"], "HeaderValue": header["Values"][0]}])
    );
    let secret = template::huskit().properties("OriginSecret");
    assert!(secret.get("GenerateSecretString").is_some() && secret.get("SecretString").is_none());
    for template in template::all() {
        for (name, output) in template.section("Outputs") {
            assert!(!output["Value"].to_string().contains("OriginSecret"), "{name}");
        }
    }
}

/// Load balancers write with a right that the bucket's policy gives, CloudFront with one that it takes by an access control list.
#[test]
fn access_logs_go_to_a_bucket_that_no_one_else_reaches() {
    let deployed = huskit::shared_part("alb", &[("LogRetentionDays", "90")]);
    let bucket = deployed.properties("LogBucket");
    let block = bucket["PublicAccessBlockConfiguration"].as_object().unwrap();
    assert!(block.len() == 4 && block.values().all(|blocked| blocked == true), "{block:?}");
    let rules = bucket["LifecycleConfiguration"]["Rules"].clone();
    let expires = json!({"NoncurrentDays": 1});
    assert_eq!(
        rules,
        json!([{"Id": "expire", "Status": "Enabled", "ExpirationInDays": "90", "NoncurrentVersionExpiration": expires}])
    );
    let policy = deployed.properties("LogBucketPolicy");
    assert_eq!(policy["Bucket"], "<LogBucket>");
    let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap().clone();
    assert_eq!(statements.len(), 2, "{statements:?}");
    let [write, deny] = [&statements[0], &statements[1]];
    assert_eq!((&write["Effect"], &write["Action"]), (&"Allow".into(), &"s3:PutObject".into()));
    assert_eq!(write["Principal"], json!({"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}));
    assert_eq!(write["Resource"], "<LogBucket.Arn>/load-balancer/AWSLogs/123456789012/*");
    let source = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/*";
    assert_eq!(write["Condition"], json!({"ArnLike": {"aws:SourceArn": source}}));
    assert_eq!((&deny["Effect"], &deny["Principal"]), (&"Deny".into(), &"*".into()));
    assert_eq!(deny["Resource"], json!(["<LogBucket.Arn>", "<LogBucket.Arn>/*"]));
    assert_eq!(deny["Condition"]["Bool"]["aws:SecureTransport"], "false");
    let attributes = attributes(&deployed.properties("LoadBalancer"), "LoadBalancerAttributes");
    for (key, value) in [("enabled", "true"), ("bucket", "<LogBucket>"), ("prefix", "load-balancer")] {
        assert!(attributes.contains(&(format!("access_logs.s3.{key}"), value.into())), "{key}: {attributes:?}");
    }
}
