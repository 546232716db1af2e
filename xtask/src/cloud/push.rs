//! Images without a registry client: manifests put by the ECR API, with the event that a push causes.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Cloud;

/// An image that was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its repository.
    pub repository: String,
    /// The tag it was pushed under.
    pub tag: String,
    /// Its digest.
    pub digest: String,
}

impl Cloud {
    /// Pushes an image of which `name` is all there is to it. `outcome` is how its tasks end (`xtask/emulator/outcomes.py`);
    /// without one they run.
    ///
    /// # Errors
    /// When ECR refuses it.
    pub fn push(&self, repository: &str, tag: &str, name: &str, outcome: Option<&str>) -> Result<Image> {
        let mut annotations = json!({"org.opencontainers.image.version": name});
        if let Some(outcome) = outcome {
            annotations["local.outcome"] = outcome.into();
        }
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "size": 2},
            "layers": [],
            "annotations": annotations,
        });
        let answer = self.client.call(
            "ecr",
            "put_image",
            json!({
                "repositoryName": repository, "imageTag": tag, "imageManifest": manifest.to_string(),
                "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
            }),
        );
        match answer {
            Ok(_) => {}
            // Pushed once more: a registry takes it without a word.
            Err(error) if error.code == "ImageAlreadyExistsException" => {}
            Err(error) => return Err(error).context("push"),
        }
        let digest = self.tagged(repository, tag)?.context("what was pushed is not there")?;
        Ok(Image { repository: repository.to_owned(), tag: tag.to_owned(), digest })
    }

    /// The event of a push, as ECR sends it.
    pub fn push_event(&self, image: &Image) -> Value {
        self.event(
            "aws.ecr",
            "ECR Image Action",
            json!([]),
            json!({
                "action-type": "PUSH",
                "result": "SUCCESS",
                "repository-name": image.repository,
                "image-digest": image.digest,
                "image-tag": image.tag,
                "manifest-media-type": "application/vnd.oci.image.manifest.v1+json",
            }),
        )
    }

    /// An event in its envelope.
    pub fn event(&self, source: &str, detail_type: &str, resources: Value, detail: Value) -> Value {
        json!({
            "version": "0",
            "id": format!("00000000-0000-4000-8000-{:012x}", self.next_number()),
            "detail-type": detail_type,
            "source": source,
            "account": self.address.account,
            "time": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": self.address.region,
            "resources": resources,
            "detail": detail,
        })
    }
}
