//! Signatures that ECR makes with signing profiles of AWS Signer.

use aws_sdk_ecr::types::{ImageIdentifier, ImageSigningStatus, SigningStatus};

use super::Ecr;
use crate::aws::error::classify;
use crate::error::{Context, Result};
use planner::model::{Digest, Signature, SignatureState};

impl Ecr {
    /// What ECR says of the signatures of an image: one for each signing profile whose rule matched its push.
    ///
    /// Requires `ecr:DescribeImageSigningStatus`.
    ///
    /// # Errors
    /// `NotFound` when the repository no longer has the image.
    pub async fn signatures(&self, repository: &str, digest: &Digest) -> Result<Vec<Signature>> {
        let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
        let call = self.client.describe_image_signing_status().repository_name(repository).image_id(id);
        let answer = call.set_registry_id(self.account.clone()).send().await.map_err(classify);
        let answer = answer.context(|| format!("describe the signatures of {repository}@{digest}"))?;
        Ok(answer.signing_statuses().iter().filter_map(read).collect())
    }
}

fn read(listed: &ImageSigningStatus) -> Option<Signature> {
    let state = match listed.status()? {
        SigningStatus::Complete => SignatureState::Complete,
        SigningStatus::InProgress => SignatureState::InProgress,
        SigningStatus::Failed => {
            let reason = listed.failure_reason().or(listed.failure_code()).unwrap_or("no reason given");
            SignatureState::Failed(reason.to_owned())
        }
        other => SignatureState::Other(other.as_str().to_owned()),
    };
    Some(Signature { profile: listed.signing_profile_arn()?.to_owned(), state })
}
