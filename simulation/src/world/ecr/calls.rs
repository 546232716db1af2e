//! The calls of the API: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/>.

use serde_json::{Value, json};

use super::state::{Ecr, Repository};
use crate::account::ACCOUNT;
use crate::wire::{Answer, Failure};
use crate::world::Cx;
use crate::world::image::{Image, Scanning};
use crate::world::time::seconds;
use ::tests::template::list;

pub(super) fn repository<'w>(ecr: &'w mut Ecr, input: &Value) -> Result<(String, &'w mut Repository), Failure> {
    let name = input["repositoryName"].as_str().unwrap_or_default().to_owned();
    if input["registryId"].as_str().is_some_and(|registry| registry != ACCOUNT) {
        let sentence = format!("The repository with name '{name}' does not exist in the registry");
        return Err(Failure::new("RepositoryNotFoundException", sentence));
    }
    ecr.repository(&name).map(|repository| (name, repository))
}

/// The digest that an image's id names: both its tag and its digest must be right where both are given.
pub(super) fn named(
    id: &Value,
    images: &std::collections::BTreeMap<String, Image>,
    tags: &std::collections::BTreeMap<String, String>,
) -> Option<String> {
    let by_tag = id["imageTag"].as_str().map(|tag| tags.get(tag).cloned());
    let digest = id["imageDigest"].as_str();
    let digest = match (by_tag, digest) {
        (Some(by_tag), None) => by_tag?,
        (Some(by_tag), Some(digest)) => by_tag.filter(|own| own == digest)?,
        (None, digest) => digest?.to_owned(),
    };
    images.contains_key(&digest).then_some(digest)
}

pub(super) fn not_found(name: &str, id: &Value) -> Failure {
    let sentence = format!(
        "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{name}' in the registry with id '{ACCOUNT}'",
        id["imageDigest"].as_str().unwrap_or("null"),
        id["imageTag"].as_str().unwrap_or("null"),
    );
    Failure::new("ImageNotFoundException", sentence)
}

/// One page of a list, and the token of the next one, which is where it begins.
fn page<T: Clone>(all: &[T], input: &Value, most: i64) -> Result<(Vec<T>, Option<String>), Failure> {
    let wanted = input["maxResults"].as_i64().unwrap_or(100);
    if !(1..=most).contains(&wanted) {
        return Err(Failure::new("InvalidParameterException", "Invalid parameter at 'maxResults'"));
    }
    let from: usize = match input["nextToken"].as_str() {
        Some(token) => token.parse().map_err(|_| Failure::new("InvalidParameterException", "Invalid token"))?,
        None => 0,
    };
    let end = (from + usize::try_from(wanted).unwrap_or(0)).min(all.len());
    let next = (end < all.len()).then(|| end.to_string());
    Ok((all.get(from.min(end)..end).unwrap_or_default().to_vec(), next))
}

fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    answer
}

pub(super) fn describe_images(ecr: &mut Ecr, input: &Value, cx: &mut Cx<'_>) -> Answer {
    let scanning = ecr.scanning;
    let (name, repository) = repository(ecr, input)?;
    let (images, tags) = repository.seen(cx);
    let ids = list(&input["imageIds"]);
    let detail = |digest: &String| {
        let image = &images[digest];
        let own: Vec<&String> = tags.iter().filter(|(_, own)| *own == digest).map(|(tag, _)| tag).collect();
        detail(&name, image, &own, scanning)
    };
    if !ids.is_empty() {
        if input["maxResults"].is_number() {
            return Err(Failure::new("InvalidParameterException", "maxResults cannot be used with imageIds"));
        }
        let digests: Result<Vec<String>, Failure> =
            ids.iter().map(|id| named(id, images, tags).ok_or_else(|| not_found(&name, id))).collect();
        let mut digests = digests?;
        digests.dedup();
        return Ok(json!({ "imageDetails": digests.iter().map(detail).collect::<Vec<_>>() }));
    }
    let status = input["filter"]["tagStatus"].as_str().unwrap_or("ANY");
    let tagged = |digest: &&String| tags.values().any(|own| own == *digest);
    let wanted: Vec<&String> = images
        .keys()
        .filter(|digest| match status {
            "TAGGED" => tagged(digest),
            "UNTAGGED" => !tagged(digest),
            _ => true,
        })
        .collect();
    let (page, next) = page(&wanted, input, 1000)?;
    Ok(with_token(json!({ "imageDetails": page.into_iter().map(detail).collect::<Vec<_>>() }), next))
}

fn detail(name: &str, image: &Image, tags: &[&String], scanning: Scanning) -> Value {
    let mut detail = json!({
        "registryId": ACCOUNT, "repositoryName": name, "imageDigest": image.digest, "imageSizeInBytes": image.size,
        "imagePushedAt": seconds(image.pushed_at), "imageManifestMediaType": image.media_type(),
    });
    if !tags.is_empty() {
        detail["imageTags"] = json!(tags);
    }
    if let Some(kind) = image.artifact_type() {
        detail["artifactMediaType"] = kind.into();
    }
    if let Some(scan) = image.scan.as_ref().filter(|_| scanning == Scanning::Basic) {
        detail["imageScanStatus"] = scan.status();
        if scan.status == "COMPLETE" {
            detail["imageScanFindingsSummary"] = json!({
                "imageScanCompletedAt": scan.ended(), "vulnerabilitySourceUpdatedAt": scan.ended(),
                "findingSeverityCounts": scan.findings,
            });
        }
    }
    detail
}

pub(super) fn batch_get_image(ecr: &mut Ecr, input: &Value, cx: &mut Cx<'_>) -> Answer {
    let (name, repository) = repository(ecr, input)?;
    let (images, tags) = repository.seen(cx);
    let accepted = list(&input["acceptedMediaTypes"]);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for id in list(&input["imageIds"]) {
        let failure = |code: &str, reason: &str| json!({ "imageId": id, "failureCode": code, "failureReason": reason });
        let partial = cx.goes_wrong(cx.weather.partial, "an answer has only a part");
        let Some(digest) = named(&id, images, tags) else {
            failures.push(failure("ImageNotFound", "Requested image not found"));
            continue;
        };
        if partial {
            // https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageFailure.html
            failures.push(failure("KmsError", "the weather"));
            continue;
        }
        let image = &images[&digest];
        // Without the list ECR converts to a format of old clients; the model converts nothing.
        if !accepted.is_empty() && !accepted.iter().any(|kind| kind == image.media_type()) {
            failures.push(failure("ImageNotFound", "Requested image not found"));
            continue;
        }
        let mut one = entry(&name, &digest, id["imageTag"].as_str());
        one["imageManifest"] = image.manifest.clone().into();
        one["imageManifestMediaType"] = image.media_type().into();
        found.push(one);
    }
    Ok(json!({ "images": found, "failures": failures }))
}

/// Only what the repository has can be put again: the functions push nothing.
pub(super) fn put_image(ecr: &mut Ecr, input: &Value, cx: &mut Cx<'_>) -> Answer {
    let (name, repository) = repository(ecr, input)?;
    let manifest = input["imageManifest"].as_str().unwrap_or_default();
    let image = repository.images.values().find(|image| image.manifest == manifest).cloned();
    let Some(image) = image else {
        // Deleted since its manifest was read: its layers may be gone too.
        return Err(Failure::new("LayersNotFoundException", "The specified layers could not be found"));
    };
    if input["imageDigest"].as_str().is_some_and(|digest| digest != image.digest) {
        return Err(Failure::new("ImageDigestDoesNotMatchException", "The digest does not match the manifest"));
    }
    let tag = input["imageTag"].as_str();
    let mut one = entry(&name, &image.digest, tag);
    one["imageManifest"] = manifest.into();
    one["imageManifestMediaType"] = image.media_type().into();
    ecr.put(&name, image, tag, cx)?;
    Ok(json!({ "image": one }))
}

pub(super) fn list_images(ecr: &mut Ecr, input: &Value, cx: &mut Cx<'_>) -> Answer {
    let (_, repository) = repository(ecr, input)?;
    let (images, tags) = repository.seen(cx);
    let status = input["filter"]["tagStatus"].as_str().unwrap_or("ANY");
    let mut ids: Vec<Value> = Vec::new();
    if status != "UNTAGGED" {
        ids.extend(tags.iter().map(|(tag, digest)| json!({ "imageDigest": digest, "imageTag": tag })));
    }
    if status != "TAGGED" {
        let untagged = images.keys().filter(|digest| !tags.values().any(|own| own == *digest));
        ids.extend(untagged.map(|digest| json!({ "imageDigest": digest })));
    }
    let (page, next) = page(&ids, input, 1000)?;
    Ok(with_token(json!({ "imageIds": page }), next))
}

pub(super) fn describe_image_scan_findings(ecr: &mut Ecr, input: &Value, cx: &mut Cx<'_>) -> Answer {
    let enhanced = ecr.scanning == Scanning::Enhanced;
    let (name, repository) = repository(ecr, input)?;
    let (images, tags) = repository.seen(cx);
    let id = &input["imageId"];
    let digest = named(id, images, tags).ok_or_else(|| not_found(&name, id))?;
    let Some(scan) = &images[&digest].scan else {
        let sentence = format!("Image scan does not exist for the image with '{digest}' in the repository '{name}'");
        return Err(Failure::new("ScanNotFoundException", sentence));
    };
    let mut answer = entry(&name, &digest, id["imageTag"].as_str());
    answer["imageScanStatus"] = scan.status();
    if !matches!(scan.status, "COMPLETE" | "ACTIVE") {
        return Ok(answer);
    }
    let mut one_by_one = Vec::new();
    for (severity, count) in &scan.findings {
        for number in 0..*count {
            one_by_one.push(match enhanced {
                true => json!({ "severity": severity, "status": "ACTIVE", "type": "PACKAGE_VULNERABILITY",
                    "title": format!("CVE-2026-{number:04} - libexample") }),
                false => json!({ "severity": severity, "name": format!("CVE-2026-{number:04}"), "attributes": [] }),
            });
        }
    }
    let (page, next) = page(&one_by_one, input, 1000)?;
    let list = if enhanced { "enhancedFindings" } else { "findings" };
    answer["imageScanFindings"] = json!({
        "imageScanCompletedAt": scan.ended(), "vulnerabilitySourceUpdatedAt": scan.ended(),
        "findingSeverityCounts": scan.findings, list: page,
    });
    Ok(with_token(answer, next))
}

pub(super) fn entry(name: &str, digest: &str, tag: Option<&str>) -> Value {
    let mut id = json!({ "imageDigest": digest });
    if let Some(tag) = tag {
        id["imageTag"] = tag.into();
    }
    json!({ "registryId": ACCOUNT, "repositoryName": name, "imageId": id })
}
