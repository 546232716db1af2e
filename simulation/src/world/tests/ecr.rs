//! Pushes, tags, reads and scans of images.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::wire::Answer;
use crate::world::behaviour::{Behaviour, Flaw};
use crate::world::ecr::{Push, Shape, push, push_flawed};
use crate::world::image::{Image, Kind, Scanning, finding};
use crate::world::testing::Bench;

const WEB: &str = "huskit/website-agent";

fn pushed(bench: &mut Bench, tags: &[&str], shape: Shape) -> String {
    let order = Push { repository: WEB, tags, behaviour: Behaviour::Good, shape, findings: finding("HIGH", 2) };
    let digest = bench.change(|_, cx| push(&order, cx));
    bench.pass(SignedDuration::from_mins(5));
    digest
}

fn asked(bench: &mut Bench, operation: &str, input: Value) -> Answer {
    bench.change(|world, cx| world.ecr.call(operation, &input, cx))
}

fn code(answer: Answer) -> String {
    answer.expect_err("a refusal").code
}

fn kinds(bench: &Bench, kind: &str) -> Vec<Value> {
    bench.events.iter().filter(|event| event["detail-type"] == kind).map(|event| event["detail"].clone()).collect()
}

#[test]
fn an_index_comes_after_its_untagged_children_with_an_event_for_each_tag() {
    let mut bench = Bench::new();
    let digest = pushed(&mut bench, &["latest", "3f2c1d9"], Shape::MultiArch);
    let events = kinds(&bench, "ECR Image Action");
    let tags: Vec<&str> = events.iter().map(|event| event["image-tag"].as_str().unwrap()).collect();
    assert_eq!(tags, ["", "", "", "", "latest", "3f2c1d9"]);
    assert_eq!(events[5]["image-digest"], digest.as_str());
    assert_eq!(events[5]["manifest-media-type"], "application/vnd.oci.image.index.v1+json");
    assert!(events[5]["artifact-media-type"].is_null() && events[0]["artifact-media-type"].is_string());

    let id = json!({ "repositoryName": WEB, "imageIds": [{ "imageTag": "latest" }] });
    let detail = asked(&mut bench, "DescribeImages", id.clone()).unwrap()["imageDetails"][0].clone();
    assert_eq!(detail["imageTags"], json!(["3f2c1d9", "latest"]));
    assert!(detail["imageScanStatus"].is_null(), "an index is not scanned: {detail}");
    let manifest = asked(&mut bench, "BatchGetImage", id).unwrap()["images"][0]["imageManifest"].clone();
    let manifest: Value = serde_json::from_str(manifest.as_str().unwrap()).unwrap();
    assert_eq!(manifest["manifests"][1]["platform"]["os"], "unknown");
    let child = manifest["manifests"][0]["digest"].clone();
    let found = json!({ "repositoryName": WEB, "imageId": { "imageDigest": child } });
    let found = asked(&mut bench, "DescribeImageScanFindings", found).unwrap();
    assert_eq!(found["imageScanFindings"]["findingSeverityCounts"], json!({ "HIGH": 2 }));
    let found = json!({ "repositoryName": WEB, "imageId": { "imageTag": "latest" } });
    assert_eq!(code(asked(&mut bench, "DescribeImageScanFindings", found)), "ScanNotFoundException");
    let scans = kinds(&bench, "ECR Image Scan");
    let states: Vec<&Value> = scans.iter().map(|scan| &scan["scan-status"]).collect();
    assert_eq!(states.iter().filter(|state| **state == "FAILED").count(), 2, "attestations cannot be scanned");
}

#[test]
fn a_tag_that_is_immutable_stays_and_one_that_may_move_keeps_the_first_time_of_its_digest() {
    let mut bench = Bench::new();
    let first = pushed(&mut bench, &["v1", "latest"], Shape::Single);
    let when = bench.world.ecr.repositories[WEB].images[&first].pushed_at;
    let second = pushed(&mut bench, &["v2", "latest"], Shape::Single);
    let tagged = |bench: &mut Bench, tag: &str| bench.change(|world, cx| world.ecr.retag(WEB, tag, &first, cx));
    assert_eq!(tagged(&mut bench, "v2").unwrap_err().code, "ImageTagAlreadyExistsException");
    assert_eq!(tagged(&mut bench, "v1").unwrap_err().code, "ImageAlreadyExistsException");
    tagged(&mut bench, "latest").unwrap();
    assert_eq!(bench.world.ecr.resolve(&format!("{WEB}:latest")).unwrap().digest, first);
    assert_eq!(bench.world.ecr.repositories[WEB].images[&first].pushed_at, when);
    bench.change(|world, cx| world.ecr.delete(WEB, "v2", cx));
    assert!(bench.world.ecr.resolve(&format!("{WEB}@{second}")).is_none(), "its last tag takes the image along");
    assert_eq!(kinds(&bench, "ECR Image Action").last().unwrap()["action-type"], "DELETE");
}

#[test]
fn put_image_moves_a_tag_to_what_the_manifest_is_of() {
    let mut bench = Bench::new();
    let digest = pushed(&mut bench, &["latest"], Shape::MultiArch);
    let manifest = bench.world.ecr.repositories[WEB].images[&digest].manifest.clone();
    let input = json!({ "repositoryName": WEB, "imageManifest": manifest, "imageTag": "live", "imageDigest": digest });
    asked(&mut bench, "PutImage", input.clone()).unwrap();
    assert_eq!(bench.world.ecr.repositories[WEB].tags["live"], digest);
    assert_eq!(code(asked(&mut bench, "PutImage", input)), "ImageAlreadyExistsException");
    let gone = json!({ "repositoryName": "gone", "imageIds": [] });
    assert_eq!(code(asked(&mut bench, "DescribeImages", gone)), "RepositoryNotFoundException");
    let missing = json!({ "repositoryName": WEB, "imageIds": [{ "imageTag": "none" }] });
    assert_eq!(code(asked(&mut bench, "DescribeImages", missing.clone())), "ImageNotFoundException");
    let failures = asked(&mut bench, "BatchGetImage", missing).unwrap()["failures"].clone();
    assert_eq!(failures[0]["failureCode"], "ImageNotFound");
}

#[test]
fn lists_come_in_pages_and_reads_may_be_of_a_moment_ago() {
    let mut bench = Bench::new();
    let first = pushed(&mut bench, &["latest"], Shape::Single);
    let second = pushed(&mut bench, &["next"], Shape::Single);
    let page = json!({ "repositoryName": WEB, "maxResults": 1 });
    let answer = asked(&mut bench, "DescribeImages", page.clone()).unwrap();
    let next = answer["nextToken"].clone();
    let rest = json!({ "repositoryName": WEB, "maxResults": 1, "nextToken": next });
    assert!(asked(&mut bench, "DescribeImages", rest).unwrap()["nextToken"].is_null());
    bench.change(|world, cx| world.ecr.retag(WEB, "latest", &second, cx)).unwrap();
    bench.weather.stale = 1.0;
    bench.weather.stale_for = SignedDuration::from_secs(60);
    bench.now += SignedDuration::from_secs(1);
    let id = json!({ "repositoryName": WEB, "imageIds": [{ "imageTag": "latest" }] });
    let seen: std::collections::BTreeSet<String> = (0..30)
        .map(|_| asked(&mut bench, "DescribeImages", id.clone()).unwrap()["imageDetails"][0]["imageDigest"].to_string())
        .collect();
    assert!(seen.contains(&format!("\"{first}\"")), "{seen:?}");
}

#[test]
fn an_enhanced_scan_is_in_the_event_of_inspector_and_not_in_describe_images() {
    let mut bench = Bench::new();
    bench.world.ecr.scanning = Scanning::Enhanced;
    let digest = pushed(&mut bench, &["latest"], Shape::Single);
    let id = json!({ "repositoryName": WEB, "imageIds": [{ "imageDigest": digest }] });
    let detail = asked(&mut bench, "DescribeImages", id).unwrap()["imageDetails"][0].clone();
    assert!(detail["imageScanStatus"].is_null() && detail["imageScanFindingsSummary"].is_null(), "{detail}");
    let found = json!({ "repositoryName": WEB, "imageId": { "imageDigest": digest } });
    let found = asked(&mut bench, "DescribeImageScanFindings", found).unwrap();
    assert_eq!(found["imageScanStatus"]["status"], "ACTIVE");
    assert_eq!(found["imageScanFindings"]["enhancedFindings"].as_array().unwrap().len(), 2);
    let events = kinds(&bench, "Inspector2 Scan");
    assert_eq!(events[0]["scan-status"], "INITIAL_SCAN_COMPLETE");
    assert_eq!(events[0]["finding-severity-counts"], json!({ "HIGH": 2, "TOTAL": 2 }));
    assert!(events[0]["repository-name"].as_str().unwrap().starts_with("arn:aws:ecr:"));
}

#[test]
fn a_flaw_of_an_index_is_in_what_is_scanned_and_may_be_in_one_platform_alone() {
    let mut bench = Bench::new();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let findings = finding("CRITICAL", 1);
        let order =
            Push { repository: WEB, tags: &["latest"], behaviour: Behaviour::Good, shape: Shape::MultiArch, findings };
        let digest = bench.change(|_, cx| push_flawed(&order, Some(Flaw::Vulnerable), cx));
        bench.pass(SignedDuration::from_mins(5));
        let images = &bench.world.ecr.repositories[WEB].images;
        let children: Vec<&Image> = images[&digest].children().iter().map(|child| &images[child]).collect();
        let platforms = children.iter().filter(|child| matches!(child.kind, Kind::Platform { .. }));
        let critical = platforms.map(|child| child.scan.as_ref().unwrap().findings.contains_key("CRITICAL"));
        seen.insert(critical.collect::<Vec<bool>>());
    }
    let each = [[false, true], [true, false], [true, true]].map(Vec::from);
    assert_eq!(seen, std::collections::BTreeSet::from(each));
}
