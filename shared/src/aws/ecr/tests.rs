//! What ECR is asked, and how its answers are read.

use super::*;
use crate::aws::testing::{Replay, run};
use crate::error::Kind;
use planner::model::SignatureState;
use planner::model::{ScanState, Severities};
use serde_json::{Value, json};

fn digest() -> Digest {
    format!("sha256:{}", "ab".repeat(32)).parse().unwrap()
}

fn detail(more: Value) -> Value {
    let mut detail = json!({"imageDigest": digest().as_str(), "imagePushedAt": 1.7e9, "imageTags": ["v1", "latest"]});
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"imageDetails": [detail]})
}

fn found(more: Value) -> Image {
    let replay = Replay::new(&[(200, detail(more))]);
    run(Ecr::new(&replay.connection()).tagged("acme/web", "v1")).unwrap().unwrap()
}

#[test]
fn a_tag_that_names_nothing_is_no_error_and_a_repository_that_is_gone_is() {
    let missing = |code: &str| Replay::new(&[(400, json!({"__type": code, "message": "gone"}))]);
    let replay = missing("ImageNotFoundException");
    assert_eq!(run(Ecr::new(&replay.connection()).tagged("acme/web", "v1")).unwrap(), None);
    let replay = missing("RepositoryNotFoundException");
    let error = run(Ecr::new(&replay.connection()).tagged("acme/web", "v1")).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.to_string().starts_with("describe image acme/web:v1: RepositoryNotFoundException"), "{error}");
}

#[test]
fn reads_every_state_of_a_scan() {
    let counts = json!({"findingSeverityCounts": {"CRITICAL": 1, "HIGH": 4}});
    let complete =
        found(json!({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindingsSummary": counts.clone()}));
    let ScanState::Complete(severities) = complete.scan else { panic!("{:?}", complete.scan) };
    assert_eq!((severities["critical"], severities["high"]), (1, 4));
    assert_eq!(found(json!({})).scan, ScanState::Missing);
    assert_eq!(found(json!({"imageScanStatus": {"status": "IN_PROGRESS"}})).scan, ScanState::Pending);
    // Enhanced scanning never completes: it stays active, with what it has found so far.
    let active = found(json!({"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindingsSummary": counts}));
    assert!(matches!(active.scan, ScanState::Complete(severities) if severities["high"] == 4));
    assert_eq!(found(json!({"imageScanStatus": {"status": "ACTIVE"}})).scan, ScanState::Pending);
    let failed = json!({"imageScanStatus": {"status": "UNSUPPORTED_IMAGE", "description": "no packages"}});
    assert_eq!(found(failed).scan, ScanState::Failed("no packages".into()));
}

#[test]
fn an_image_knows_the_version_among_all_its_tags() {
    assert_eq!(found(json!({"imageTags": ["latest", "3f2a9c1", "live"]})).version.as_deref(), Some("3f2a9c1"));
    assert_eq!(found(json!({"imageTags": ["latest", "live"]})).version, None);
    assert_eq!(found(json!({"imageTags": null})).version, None);
}

#[test]
fn a_digest_that_is_none_is_reported() {
    let replay = Replay::new(&[(200, json!({"imageDetails": [{"imageDigest": "sha256:12", "imagePushedAt": 1.7e9}]}))]);
    let error = run(Ecr::new(&replay.connection()).tagged("acme/web", "v1")).unwrap_err();
    assert!(error.to_string().contains("image digest: got `sha256:12`"), "{error}");
}

#[test]
fn every_tag_of_every_page_is_a_pair() {
    let first = json!({"imageDetails": detail(json!({}))["imageDetails"], "nextToken": "more"});
    let replay = Replay::new(&[(200, first), (200, detail(json!({"imageTags": ["v2"]})))]);
    let images = run(Ecr::new(&replay.connection()).images("acme/web")).unwrap();
    assert_eq!(images.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(), ["v1", "latest", "v2"]);
    let sent = replay.sent();
    assert_eq!((&sent[0]["filter"], &sent[0]["maxResults"]), (&json!({"tagStatus": "TAGGED"}), &json!(1000)));
    assert_eq!(sent[1]["nextToken"], "more");
}

#[test]
fn moving_a_tag_puts_the_very_same_manifest() {
    let image =
        json!({"imageManifest": "{\"x\": 1}", "imageManifestMediaType": "application/vnd.oci.image.index.v1+json"});
    let replay = Replay::new(&[(200, json!({"images": [image]})), (200, json!({}))]);
    let moved = run(Ecr::new(&replay.connection()).tag("acme/web", &digest(), "live"));
    assert_eq!(moved.unwrap(), TagMove::Moved);
    let [get, put] = &replay.sent()[..] else { panic!("{:?}", replay.sent()) };
    assert_eq!(get["acceptedMediaTypes"], json!(MANIFESTS));
    assert_eq!((&put["imageManifest"], &put["imageTag"]), (&json!("{\"x\": 1}"), &json!("live")));
    assert_eq!(put["imageManifestMediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(put["imageDigest"], digest().as_str());
}

#[test]
fn a_tag_that_is_there_already_is_fine_and_an_image_that_is_gone_is_reported() {
    let image = json!({"images": [{"imageManifest": "{}"}]});
    let there = json!({"__type": "ImageAlreadyExistsException", "message": "exists"});
    let replay = Replay::new(&[(200, image), (400, there)]);
    let moved = run(Ecr::new(&replay.connection()).tag("acme/web", &digest(), "live"));
    assert_eq!(moved.unwrap(), TagMove::AlreadyThere);
    let gone = json!({"images": [], "failures": [{"failureCode": "ImageNotFound"}]});
    let replay = Replay::new(&[(200, gone)]);
    let error = run(Ecr::new(&replay.connection()).tag("acme/web", &digest(), "live")).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.to_string().ends_with("as live: get its manifest: ImageNotFound"), "{error}");
}

#[test]
fn calls_name_the_registry_of_another_account_and_go_to_its_region() {
    let replay = Replay::new(&[(200, detail(json!({})))]);
    let registry = Registry { account: Some("999999999999".into()), region: Some("us-east-1".into()) };
    run(Ecr::new(&replay.connection()).of(&registry).tagged("acme/web", "v1")).unwrap();
    assert_eq!(replay.sent()[0]["registryId"], "999999999999");
}

#[test]
fn signatures_and_charts_are_no_images() {
    let kinds = |manifest: &str, config: &str| {
        let more = json!({"imageManifestMediaType": manifest, "artifactMediaType": config});
        let replay = Replay::new(&[(200, detail(more))]);
        run(Ecr::new(&replay.connection()).images("acme/web")).unwrap().len()
    };
    let (image, index) = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json");
    assert_eq!(kinds(image, "application/vnd.oci.image.config.v1+json"), 2);
    assert_eq!(kinds(index, "application/vnd.oci.image.index.v1+json"), 2);
    assert_eq!(kinds(image, "application/vnd.dev.cosign.artifact.sig.v1+json"), 0);
    assert_eq!(kinds(image, "application/vnd.cncf.helm.config.v1+json"), 0);
}

/// What is known of an image after ECR answered these, one after the other.
fn scanned(answers: &[(u16, Value)]) -> (ScanState, Vec<Value>) {
    let replay = Replay::new(answers);
    let pushed_at = Timestamp::UNIX_EPOCH;
    let image = Image { digest: digest(), tag: None, version: None, pushed_at, scan: ScanState::Missing };
    (run(Ecr::new(&replay.connection()).scan("acme/web", &image)), replay.sent())
}

fn manifest(manifest: &Value) -> (u16, Value) {
    (200, json!({"images": [{"imageManifest": manifest.to_string()}]}))
}

#[test]
fn the_findings_of_an_index_are_those_of_its_platforms_and_its_attestations_have_none() {
    let platform = |n: u8| format!("sha256:{}", format!("{n:02x}").repeat(32));
    let attestation = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let index = json!({"manifests": [
        {"digest": platform(1), "platform": {"os": "linux", "architecture": "amd64"}},
        {"digest": platform(2), "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": platform(3), "platform": {"os": "unknown"}, "annotations": attestation},
    ]});
    let found = |counts: Value| json!({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findingSeverityCounts": counts}});
    let (state, sent) =
        scanned(&[manifest(&index), (200, found(json!({"HIGH": 1}))), (200, found(json!({"CRITICAL": 2})))]);
    assert_eq!(state, ScanState::Complete(Severities::from([("high".into(), 1), ("critical".into(), 2)])));
    let asked: Vec<&str> = sent[1..].iter().filter_map(|call| call["imageId"]["imageDigest"].as_str()).collect();
    assert_eq!(asked, [platform(1), platform(2)]);
}

#[test]
fn an_enhanced_scan_without_findings_counts_only_when_one_has_ended() {
    let enhanced = |findings: Value| json!({"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": findings});
    let image = || manifest(&json!({"config": {}}));
    let found = enhanced(json!({"findingSeverityCounts": {"HIGH": 3}, "enhancedFindings": [{}]}));
    let (state, _) = scanned(&[image(), (200, found)]);
    assert_eq!(state, ScanState::Complete(Severities::from([("high".into(), 3)])));
    let (state, _) = scanned(&[image(), (200, enhanced(json!({"findingSeverityCounts": {}})))]);
    assert_eq!(state, ScanState::Pending);
    let (state, _) = scanned(&[image(), (200, enhanced(json!({"imageScanCompletedAt": 1.7e9})))]);
    assert_eq!(state, ScanState::Complete(Severities::new()));
}

#[test]
fn a_scan_that_was_not_started_is_missing_and_one_that_cannot_be_read_is_unknown() {
    let refused = |code: &str| (400, json!({"__type": code, "message": "no"}));
    let image = || manifest(&json!({"config": {}}));
    assert_eq!(scanned(&[image(), refused("ScanNotFoundException")]).0, ScanState::Missing);
    let (state, _) = scanned(&[image(), refused("AccessDeniedException")]);
    assert!(matches!(&state, ScanState::Unknown(error) if error.contains("AccessDenied")), "{state:?}");
    let (state, _) = scanned(&[refused("AccessDeniedException")]);
    assert!(matches!(state, ScanState::Unknown(_)), "{state:?}");
}

#[test]
fn the_signatures_of_an_image_are_read_by_profile() {
    let profile = |name: &str| format!("arn:aws:signer:eu-central-1:123456789012:/signing-profiles/{name}");
    let answer = json!({"repositoryName": "acme/web", "signingStatuses": [
        {"signingProfileArn": profile("release"), "status": "COMPLETE"},
        {"signingProfileArn": profile("test"), "status": "FAILED", "failureReason": "access denied"},
        {"signingProfileArn": profile("new"), "status": "REVOKED"},
    ]});
    let replay = Replay::new(&[(200, answer)]);
    let found = run(Ecr::new(&replay.connection()).signatures("acme/web", &digest())).unwrap();
    let names: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["release", "test", "new"]);
    let states: Vec<_> = found.into_iter().map(|signature| signature.state).collect();
    let failed = SignatureState::Failed("access denied".into());
    assert_eq!(states, [SignatureState::Complete, failed, SignatureState::Other("REVOKED".into())]);
    assert_eq!(replay.sent()[0]["imageId"]["imageDigest"], digest().as_str());
    let gone = json!({"__type": "ImageNotFoundException", "message": "gone"});
    let replay = Replay::new(&[(400, gone)]);
    let error = run(Ecr::new(&replay.connection()).signatures("acme/web", &digest())).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
}
