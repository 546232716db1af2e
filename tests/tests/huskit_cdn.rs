//! HuskIT's CDN: what is kept how long, which headers, and the bucket behind it.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use tests::resolve::Deployed;
use tests::template::{self, text};

const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const ALL_VIEWER: &str = "216adef6-5c7f-47e4-b989-5492eafa07d3";

fn deployed(given: &[(&str, &str)]) -> Deployed {
    Deployed::new(template::huskit().nested("cdn.yaml"), given)
}

fn configuration() -> Value {
    deployed(&[]).properties("Distribution")["DistributionConfig"].clone()
}

/// The behaviour that a path meets, as CloudFront picks it: the first pattern that matches, or the default.
fn behaviour(path: &str) -> Value {
    let configuration = configuration();
    let found = configuration["CacheBehaviors"].as_array().unwrap().iter().find(|behaviour| {
        let pattern = json!({"path": [{"wildcard": behaviour["PathPattern"]}]});
        tests::pattern::matches(&pattern, &json!({"path": path}))
    });
    found.unwrap_or(&configuration["DefaultCacheBehavior"]).clone()
}

#[test]
fn every_path_goes_where_it_belongs() {
    for (path, origin, cache, headers) in [
        ("/assets/entry-3f2c1d9e.js", "static", "<AssetCache>", "<FileHeaders>"),
        ("/favicon.ico", "static", "<FileCache>", "<FileHeaders>"),
        ("/logo.svg", "static", "<FileCache>", "<FileHeaders>"),
        ("/robots.txt", "static", "<FileCache>", "<FileHeaders>"),
        ("/app.webmanifest", "static", "<FileCache>", "<FileHeaders>"),
        ("/og.png", "static", "<FileCache>", "<FileHeaders>"),
        ("/images/team.jpg", "static", "<FileCache>", "<FileHeaders>"),
        ("/images/team.jpeg", "static", "<FileCache>", "<FileHeaders>"),
        ("/spinner.gif", "static", "<FileCache>", "<FileHeaders>"),
        ("/hero.webp", "static", "<FileCache>", "<FileHeaders>"),
        ("/hero.avif", "static", "<FileCache>", "<FileHeaders>"),
        ("/fonts/inter.woff", "static", "<FileCache>", "<FileHeaders>"),
        ("/fonts/inter.woff2", "static", "<FileCache>", "<FileHeaders>"),
        // Routes of website-agent may end like files.
        ("/routes/theme.css", "website-agent", CACHING_DISABLED, "<PageHeaders>"),
        ("/embed.js", "website-agent", CACHING_DISABLED, "<PageHeaders>"),
        ("/feed.json", "website-agent", CACHING_DISABLED, "<PageHeaders>"),
        ("/sitemap.xml", "website-agent", CACHING_DISABLED, "<PageHeaders>"),
        ("/", "website-agent", CACHING_DISABLED, "<PageHeaders>"),
        ("/chat/42", "website-agent", CACHING_DISABLED, "<PageHeaders>"),
        ("/api/chat", "website-agent", CACHING_DISABLED, "<PageHeaders>"),
        ("/api/export/site.png", "website-agent", CACHING_DISABLED, "<PageHeaders>"),
        ("/webcontainer/vercel-preview/1", "website-agent", CACHING_DISABLED, "<PreviewHeaders>"),
        ("/webcontainer/vercel-preview/logo.png", "website-agent", CACHING_DISABLED, "<PreviewHeaders>"),
    ] {
        let behaviour = behaviour(path);
        let found = ["TargetOriginId", "CachePolicyId", "ResponseHeadersPolicyId"].map(|field| text(&behaviour[field]));
        assert_eq!(found, [origin, cache, headers].map(str::to_owned), "{path}");
        let dynamic = origin == "website-agent";
        // Streams must not wait to be compressed; every header, cookie and parameter reaches website-agent.
        assert_eq!(behaviour["Compress"], !dynamic, "{path}");
        assert_eq!(behaviour.get("OriginRequestPolicyId").map(text), dynamic.then(|| ALL_VIEWER.into()), "{path}");
        assert_eq!(behaviour["AllowedMethods"].as_array().unwrap().len(), if dynamic { 7 } else { 3 }, "{path}");
        assert!(["redirect-to-https", "https-only"].contains(&behaviour["ViewerProtocolPolicy"].as_str().unwrap()));
    }
}

#[test]
fn assets_are_kept_a_year_and_other_files_an_hour() {
    for (name, seconds, header) in
        [("Asset", 31_536_000, "public, max-age=31536000, immutable"), ("File", 3_600, "public, max-age=3600")]
    {
        let policy = deployed(&[]).properties(&format!("{name}Cache"));
        assert_eq!(policy["CachePolicyConfig"]["DefaultTTL"], seconds, "{name}");
        assert_eq!(policy["CachePolicyConfig"]["MaxTTL"], seconds, "{name}");
        let function = deployed(&[]).properties(&format!("{name}CacheControl"));
        assert_eq!(function["FunctionConfig"]["Runtime"], "cloudfront-js-2.0", "{name}");
        assert_eq!(function["AutoPublish"], true, "{name}: only what is published can be associated");
        let code = text(&function["FunctionCode"]);
        let says = format!("event.response.headers['cache-control'] = {{value: '{header}'}};");
        assert!(code.starts_with("function handler(event) {") && code.contains(&says), "{name}: {code}");
        assert!(code.contains("return event.response;"), "{name}: {code}");
    }
}

/// A headers policy is for every answer: a browser would keep S3's refusal of a file that is not there yet for as long as the
/// file. A function at the viewer's response is not called for what the origin answers with 400 or more.
#[test]
fn browsers_keep_files_and_never_a_refusal() {
    let configuration = configuration();
    for behaviour in configuration["CacheBehaviors"].as_array().unwrap() {
        let cache = text(&behaviour["CachePolicyId"]).replace(['<', '>'], "");
        let function = format!("<{cache}Control.FunctionARN>");
        let expected = match text(&behaviour["TargetOriginId"]).as_str() {
            "static" => json!([{"EventType": "viewer-response", "FunctionARN": function}]),
            _ => Value::Null,
        };
        assert_eq!(behaviour["FunctionAssociations"], expected, "{}", behaviour["PathPattern"]);
    }
    for (id, _) in template::huskit().nested("cdn.yaml").of_type("AWS::CloudFront::ResponseHeadersPolicy") {
        assert_eq!(custom(&id, "Cache-Control"), None, "{id}");
    }
}

fn custom(policy: &str, header: &str) -> Option<String> {
    let policy = deployed(&[]).properties(policy)["ResponseHeadersPolicyConfig"].clone();
    let items = policy["CustomHeadersConfig"]["Items"].as_array().cloned().unwrap_or_default();
    items.iter().find(|item| item["Header"] == header).map(|item| text(&item["Value"]))
}

/// WebContainer needs SharedArrayBuffer, which a page has only if it and all that it loads say so.
#[test]
fn pages_and_files_are_cross_origin_isolated_and_the_preview_is_not() {
    let says = |policy: &str| {
        ["Embedder", "Opener", "Resource"].map(|kind| custom(policy, &format!("Cross-Origin-{kind}-Policy")))
    };
    let some = |value: &str| Some(value.to_owned());
    assert_eq!(says("FileHeaders"), [some("require-corp"), some("same-origin"), some("same-origin")]);
    assert_eq!(says("PageHeaders"), [some("require-corp"), some("same-origin"), None]);
    assert_eq!(says("PreviewHeaders"), [None, None, None]);
}

#[test]
fn every_answer_says_how_it_may_be_used() {
    let template = template::huskit().nested("cdn.yaml");
    for (id, policy) in template.of_type("AWS::CloudFront::ResponseHeadersPolicy") {
        let security = &policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"];
        assert_eq!(security["StrictTransportSecurity"]["AccessControlMaxAgeSec"], 31_536_000, "{id}");
        assert_eq!(security["ReferrerPolicy"]["ReferrerPolicy"], "strict-origin-when-cross-origin", "{id}");
        assert!(security["ContentTypeOptions"].is_object(), "{id}");
    }
}

#[test]
fn a_stream_may_pause_for_a_minute() {
    let origin = &configuration()["Origins"][0];
    assert_eq!(origin["CustomOriginConfig"]["OriginReadTimeout"], 60);
    assert_eq!(configuration()["HttpVersion"], "http2and3");
    assert_eq!(configuration()["IPV6Enabled"], true);
}

#[test]
fn name_certificate_and_web_acl_are_taken_where_they_are_given() {
    let plain = configuration();
    assert_eq!(plain["ViewerCertificate"], json!({"CloudFrontDefaultCertificate": true}));
    assert!(plain.get("Aliases").is_none() && plain.get("WebACLId").is_none());
    let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c";
    let acl = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/huskit-prod/1";
    let given = [("DomainName", "app.huskit.com"), ("ViewerCertificateArn", certificate), ("WebAclArn", acl)];
    let given = deployed(&given);
    let full = given.properties("Distribution")["DistributionConfig"].clone();
    assert_eq!((full["Aliases"].clone(), text(&full["WebACLId"])), (json!(["app.huskit.com"]), acl.into()));
    assert_eq!(full["ViewerCertificate"]["AcmCertificateArn"], certificate);
    assert_eq!(full["ViewerCertificate"]["MinimumProtocolVersion"], "TLSv1.2_2021");
    assert!(!given.holds("HasRecords"), "no zone, no records");
    let records = template::huskit().nested("cdn.yaml").of_type("AWS::Route53::RecordSet");
    let kinds: Vec<String> = records.iter().map(|(_, record)| text(&record["Type"])).collect();
    assert_eq!(kinds, ["A", "AAAA"]);
}

#[test]
fn the_bucket_is_private_and_only_the_distribution_reads_it() {
    let deployed = deployed(&[]);
    let bucket = deployed.properties("StaticBucket");
    assert_eq!(bucket["BucketName"], "huskit-static-assets-prod");
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    let block = bucket["PublicAccessBlockConfiguration"].as_object().unwrap();
    assert!(block.len() == 4 && block.values().all(|blocked| blocked == true), "{block:?}");
    let policy = deployed.properties("StaticBucketPolicy")["PolicyDocument"]["Statement"].clone();
    assert_eq!((&policy[0]["Effect"], &policy[0]["Action"]), (&"Allow".into(), &"s3:GetObject".into()));
    assert_eq!(policy[0]["Principal"], json!({"Service": "cloudfront.amazonaws.com"}));
    assert_eq!(policy[0]["Resource"], "<StaticBucket.Arn>/*");
    let source = &policy[0]["Condition"]["StringEquals"]["aws:SourceArn"];
    assert_eq!(source, "arn:aws:cloudfront::123456789012:distribution/<Distribution>");
    assert_eq!(policy[1]["Effect"], "Deny");
    assert_eq!(policy[1]["Principal"], "*");
    assert_eq!(policy[1]["Resource"], json!(["<StaticBucket.Arn>", "<StaticBucket.Arn>/*"]));
    assert_eq!(policy[1]["Condition"]["Bool"]["aws:SecureTransport"], "false");
    assert_eq!(policy.as_array().unwrap().len(), 2, "no one else");
}

#[test]
fn old_versions_of_files_expire_and_the_files_do_not() {
    let bucket = deployed(&[]).properties("StaticBucket");
    let rules = bucket["LifecycleConfiguration"]["Rules"].as_array().unwrap().clone();
    assert!(
        rules.iter().all(|rule| rule["Status"] == "Enabled" && rule.get("ExpirationInDays").is_none()),
        "{rules:?}"
    );
    assert_eq!(rules[0]["NoncurrentVersionExpiration"]["NoncurrentDays"], 30);
    assert_eq!(rules[1]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"], 7);
}

#[test]
fn requests_are_logged_without_cookies() {
    let (huskit, _) = Deployed::new(template::huskit(), &[]).with_nested();
    assert_eq!(huskit.properties("Cdn")["Parameters"]["LogBucketDomainName"], "<LogBucket.DomainName>");
    let given = deployed(&[]).with("LogBucketDomainName", "logs.s3.amazonaws.com");
    let logging = given.properties("Distribution")["DistributionConfig"]["Logging"].clone();
    assert_eq!(logging, json!({"Bucket": "logs.s3.amazonaws.com", "Prefix": "cdn/", "IncludeCookies": false}));
}
