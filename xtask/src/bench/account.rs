//! The account that the endpoint answers for, with one service: a new image for every event, and whatever was registered for it.

use serde_json::{Value, json};

/// The account and region of everything that is answered.
pub const ACCOUNT: &str = "123456789012";
/// See [`ACCOUNT`].
pub const REGION: &str = "eu-central-1";
/// The cluster of the service.
pub const CLUSTER: &str = "huskit-prod";
/// The service that every event rolls.
pub const SERVICE: &str = "website-agent";
/// The repository whose pushes roll it.
pub const REPOSITORY: &str = "huskit/website-agent";

/// As many as `DescribeServices` returns for a service that has lived for a while.
const SERVICE_EVENTS: u32 = 100;
const EPOCH: f64 = 1_763_000_000.0;

/// What the emulated account looks like at this moment.
pub struct Account {
    /// Number of the event that was handed out last; image 0 runs before the first.
    pub event: u64,
    /// The body of `DescribeTaskDefinition` of each revision, the first being number 1.
    revisions: Vec<Value>,
    /// Number of the revision that the service runs.
    running: usize,
    service: Value,
    deployment: Value,
}

impl Account {
    /// A service that runs image 0 with revision 1.
    pub fn new() -> serde_json::Result<Self> {
        let mut first: Value = serde_json::from_str(include_str!("answers/task-definition.json"))?;
        first["taskDefinition"]["containerDefinitions"][0]["image"] = json!(image_of(0));
        let mut service: Value = serde_json::from_str(include_str!("answers/service.json"))?;
        service["events"] = (0..SERVICE_EVENTS).map(steady_state).collect();
        let deployment = serde_json::from_str(include_str!("answers/deployment.json"))?;
        Ok(Self { event: 0, revisions: vec![first], running: 1, service, deployment })
    }

    /// The service: settled on what it runs, until it is updated.
    pub fn service(&self) -> Value {
        self.service_with(json!([self.deployment("PRIMARY", self.running, "COMPLETED")]))
    }

    /// Makes a revision of what was sent, with the fields that ECS adds and nothing else changed.
    pub fn register(&mut self, mut input: Value) -> Value {
        let first = &self.revisions[0]["taskDefinition"];
        let number = self.revisions.len() + 1;
        let tags = input.as_object_mut().and_then(|input| input.remove("tags")).unwrap_or_else(|| json!([]));
        for field in ["requiresAttributes", "compatibilities", "registeredBy"] {
            input[field] = first[field].clone();
        }
        // ECS answers these as empty lists when the caller left them out.
        for field in ["volumes", "placementConstraints"] {
            if input.get(field).is_none() {
                input[field] = json!([]);
            }
        }
        input["taskDefinitionArn"] = json!(self.arn(number));
        input["revision"] = json!(number);
        input["status"] = json!("ACTIVE");
        input["registeredAt"] = json!(EPOCH + number as f64);
        let answer = json!({"taskDefinition": input, "tags": tags});
        self.revisions.push(answer.clone());
        answer
    }

    /// Rolls the service to a revision by ARN, `family:number` or family; `None` when there is no such revision.
    pub fn update(&mut self, task_definition: Option<&str>) -> Option<Value> {
        let before = self.running;
        if let Some(name) = task_definition {
            self.running = self.number(name)?;
        }
        Some(self.service_with(json!([
            self.deployment("PRIMARY", self.running, "IN_PROGRESS"),
            self.deployment("ACTIVE", before, "COMPLETED"),
        ])))
    }

    /// The body of `DescribeTaskDefinition`.
    pub fn task_definition(&self, name: &str) -> Option<&Value> {
        self.revisions.get(self.number(name)?.checked_sub(1)?)
    }

    /// One entry of `imageDetails`: any tag is the image of the current event, a digest is its own image.
    pub fn image(&self, digest: Option<&str>, tag: Option<&str>) -> Option<Value> {
        let number = match digest {
            None => self.event,
            // The current image and its predecessors; a digest that was never pushed does not exist.
            Some(digest) => (0..=self.event).rev().find(|number| digest_of(*number) == digest)?,
        };
        let mut image = json!({
            "registryId": ACCOUNT,
            "repositoryName": REPOSITORY,
            "imageDigest": digest_of(number),
            "imageSizeInBytes": 187_654_321,
            "imagePushedAt": EPOCH + 60.0 * number as f64,
            "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactMediaType": "application/vnd.oci.image.config.v1+json",
            "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
            "imageScanFindingsSummary": {"imageScanCompletedAt": EPOCH + 60.0 * number as f64 + 20.0,
                "vulnerabilitySourceUpdatedAt": EPOCH, "findingSeverityCounts": {"LOW": 3}},
        });
        if number == self.event {
            image["imageTags"] = json!([tag.unwrap_or("latest")]);
        }
        Some(image)
    }

    fn number(&self, name: &str) -> Option<usize> {
        match name.rsplit_once('/').map_or(name, |(_, name)| name).rsplit_once(':') {
            None => Some(self.revisions.len()),
            Some((_, number)) => number.parse().ok().filter(|number| (1..=self.revisions.len()).contains(number)),
        }
    }

    fn arn(&self, number: usize) -> String {
        format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{CLUSTER}-{SERVICE}:{number}")
    }

    fn service_with(&self, deployments: Value) -> Value {
        let mut service = self.service.clone();
        service["taskDefinition"] = json!(self.arn(self.running));
        service["deployments"] = deployments;
        service
    }

    fn deployment(&self, status: &str, number: usize, state: &str) -> Value {
        let mut deployment = self.deployment.clone();
        let id = format!("ecs-svc/{:019}", 4_000_000_000_000_000_000 + number);
        deployment["rolloutStateReason"] = json!(match state {
            "COMPLETED" => format!("ECS deployment {id} completed."),
            _ => format!("ECS deployment {id} in progress."),
        });
        deployment["id"] = json!(id);
        deployment["status"] = json!(status);
        deployment["taskDefinition"] = json!(self.arn(number));
        deployment["rolloutState"] = json!(state);
        deployment
    }
}

/// The digest of the image that belongs to an event: 64 hex digits, no two alike.
pub fn digest_of(event: u64) -> String {
    let mixed = |salt: u64| (event + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    format!("sha256:{:016x}{:016x}{:016x}{:016x}", mixed(1), mixed(1 << 20), mixed(1 << 40), event)
}

/// The push of an event's image as EventBridge delivers it.
pub fn push(event: u64) -> Value {
    json!({
        "version": "0",
        "id": format!("13cde686-328b-6117-af20-{event:012x}"),
        "detail-type": "ECR Image Action",
        "source": "aws.ecr",
        "account": ACCOUNT,
        "time": "2025-11-13T02:13:20Z",
        "region": REGION,
        "resources": [],
        "detail": {"action-type": "PUSH", "result": "SUCCESS", "repository-name": REPOSITORY,
            "image-digest": digest_of(event), "image-tag": "latest"},
    })
}

fn image_of(event: u64) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}@{}", digest_of(event))
}

fn steady_state(number: u32) -> Value {
    json!({
        "id": format!("0c1d2e3f-4a5b-6c7d-8e9f-{number:012x}"),
        "createdAt": EPOCH - 21_600.0 * f64::from(number),
        "message": format!("(service {SERVICE}) has reached a steady state."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_revision_is_what_was_sent_and_runs_after_the_update() {
        let mut account = Account::new().unwrap();
        let mut sent = account.task_definition("huskit-prod-website-agent").unwrap()["taskDefinition"].clone();
        let containers = &mut sent["containerDefinitions"];
        containers[0]["image"] = json!("new");
        let containers = containers.clone();
        let registered = account.register(json!({"family": sent["family"], "containerDefinitions": containers,
            "tags": [{"key": "a", "value": "b"}]}));
        assert_eq!(registered["taskDefinition"]["revision"], 2);
        assert_eq!(registered["taskDefinition"]["containerDefinitions"], containers);
        assert_eq!(registered["tags"], json!([{"key": "a", "value": "b"}]));
        let arn = registered["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned();
        assert_eq!(account.update(Some(&arn)).unwrap()["deployments"][0]["rolloutState"], "IN_PROGRESS");
        assert_eq!(account.service()["taskDefinition"], json!(arn));
        assert_eq!(account.task_definition(&arn), Some(&registered));
        assert!(account.update(Some("huskit-prod-website-agent:3")).is_none());
    }

    #[test]
    fn every_event_brings_a_newer_image() {
        let mut account = Account::new().unwrap();
        account.event = 7;
        let newest = account.image(None, Some("latest")).unwrap();
        let before = account.image(Some(&digest_of(6)), None).unwrap();
        assert_eq!(newest["imageDigest"], json!(digest_of(7)));
        assert!(newest["imagePushedAt"].as_f64() > before["imagePushedAt"].as_f64());
        assert!(account.image(Some(&digest_of(8)), None).is_none());
        assert_eq!(digest_of(7).len(), "sha256:".len() + 64);
    }
}
