//! Signatures that ECR makes with a signing profile of AWS Signer when an image is pushed.
//!
//! - "When an image is pushed to a matching repository, a signing job is created": SigningRule of the API reference, and
//!   <https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html>.
//! - Status: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageSigningStatus.html>.
//! - A signature refers to its image, and its push is an `ECR Referrer Action`:
//!   <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html>.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::calls::{entry, named, not_found, repository};
use super::state::Ecr;
use crate::account::{ACCOUNT, REGION};
use crate::wire::Answer;
use crate::world::Cx;
use crate::world::behaviour::Flaw;
use crate::world::image::Kind;
use crate::world::wake::{self, Wake};

/// Media type of what ECR signs with.
const SIGNATURE: &str = "application/vnd.cncf.notary.signature";

impl Ecr {
    /// A signing job begins, where a rule asks for one.
    pub(super) fn begin_signing(&mut self, name: &str, digest: &str, cx: &mut Cx<'_>) {
        let Some(profile) = self.signing.clone() else { return };
        let flaw = self.flaw(name, digest);
        let Some(image) = self.repositories.get_mut(name).and_then(|known| known.images.get_mut(digest)) else {
            return;
        };
        if !matches!(image.kind, Kind::Platform { .. } | Kind::Index { .. }) {
            return;
        }
        image.signing = Some((profile, "IN_PROGRESS"));
        let seconds = if flaw == Some(Flaw::SignsSlowly) { cx.rng.between(960, 2400) } else { cx.rng.between(2, 90) };
        let (repository, digest) = (name.to_owned(), digest.to_owned());
        cx.after(SignedDuration::from_secs(seconds), Wake::Ecr(wake::Ecr::Signed { repository, digest }));
    }

    /// A signing job ends; only a signature is pushed and reported.
    pub(super) fn end_signing(&mut self, name: &str, digest: &str, cx: &mut Cx<'_>) {
        let fails = self.flaw(name, digest) == Some(Flaw::Unsignable);
        let Some(repository) = self.repositories.get_mut(name) else { return };
        repository.remember(cx.now);
        let Some((_, status)) = repository.images.get_mut(digest).and_then(|image| image.signing.as_mut()) else {
            return;
        };
        *status = if fails { "FAILED" } else { "COMPLETE" };
        cx.note(format!("ecr: the signing of {name}@{} is {status}", &digest[..19]));
        if fails {
            return;
        }
        let arn = format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}");
        let detail = json!({
            "result": "SUCCESS", "repository-name": name, "image-digest": super::people::digest(cx), "action-type": "PUSH",
            "manifest-media-type": "application/vnd.oci.image.manifest.v1+json", "artifact-media-type": SIGNATURE,
        });
        cx.emit("aws.ecr", "ECR Referrer Action", &[arn], detail);
    }
}

pub(super) fn describe_image_signing_status(ecr: &mut Ecr, input: &Value, cx: &mut Cx<'_>) -> Answer {
    let (name, repository) = repository(ecr, input)?;
    let (images, tags) = repository.seen(cx);
    let id = &input["imageId"];
    let digest = named(id, images, tags).ok_or_else(|| not_found(&name, id))?;
    let status = |(profile, status): &(String, &'static str)| {
        let mut one = json!({ "signingProfileArn": profile, "status": status });
        if *status == "FAILED" {
            one["failureCode"] = "AccessDeniedException".into();
            one["failureReason"] = "The signing profile is not active.".into();
        }
        one
    };
    let statuses: Vec<Value> = images[&digest].signing.iter().map(status).collect();
    let mut answer = entry(&name, &digest, id["imageTag"].as_str());
    answer["signingStatuses"] = statuses.into();
    Ok(answer)
}
