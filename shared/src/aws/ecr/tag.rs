//! Tags that the automation moves, and the manifests that they are put on.

use aws_sdk_ecr::types::{Image as Manifest, ImageIdentifier};

use super::{Ecr, MANIFESTS};
use crate::aws::error::classify;
use crate::aws::pace::Bucket;
use crate::error::{Context, Error, Kind, Result};
use planner::model::Digest;

/// The result of moving a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMove {
    /// The tag named another image, or none, before.
    Moved,
    /// The tag named this image already.
    AlreadyThere,
}

impl Ecr {
    /// Makes `tag` name `digest`, by putting the same manifest once more. Nothing happens when it does already.
    ///
    /// Requires `ecr:BatchGetImage`.
    /// Requires `ecr:PutImage`.
    ///
    /// # Errors
    /// `NotFound` when the repository no longer has the image.
    pub async fn tag(&self, repository: &str, digest: &Digest, tag: &str) -> Result<TagMove> {
        let context = || format!("tag {repository}@{digest} as {tag}");
        let image = self.manifest(repository, digest).await.context(context)?;
        let call = self.client.put_image().repository_name(repository).image_tag(tag).image_digest(digest.as_str());
        let call = call.set_registry_id(self.account.clone());
        let call = call.set_image_manifest(image.image_manifest.clone());
        let call = call.set_image_manifest_media_type(image.image_manifest_media_type.clone());
        self.connection.turn(Bucket::EcrPutImage).await;
        match call.send().await {
            Ok(_) => Ok(TagMove::Moved),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_image_already_exists_exception()) => {
                Ok(TagMove::AlreadyThere)
            }
            Err(error) => Err(classify(error)).context(context),
        }
    }

    /// The manifest of an image.
    ///
    /// # Errors
    /// `NotFound` when the repository no longer has the image.
    pub(super) async fn manifest(&self, repository: &str, digest: &Digest) -> Result<Manifest> {
        let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
        let call = self.client.batch_get_image().repository_name(repository).image_ids(id);
        let call = call.set_registry_id(self.account.clone());
        let call = call.set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).to_vec()));
        let mut answer = call.send().await.map_err(classify)?;
        match answer.images.take().unwrap_or_default().into_iter().next() {
            Some(image) => Ok(image),
            None => {
                let failure = answer.failures().first().and_then(|failure| failure.failure_code());
                let code = failure.map_or("no reason given", |code| code.as_str());
                let gone = matches!(code, "ImageNotFound" | "no reason given");
                let kind = if gone { Kind::NotFound } else { Kind::Invalid };
                Err(Error::new(kind, format!("get its manifest: {code}")))
            }
        }
    }
}
