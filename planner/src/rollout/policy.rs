//! Which images a service follows, and how it rolls them out: part of its entry in the fleet document.

use jiff::SignedDuration;
use serde::Deserialize;

use crate::capacity::Sleep;
use crate::error::{Error, Result};
use crate::minutes::check_minutes;
use crate::model::{ImageSource, Registry, TagPolicy, version_tag};

/// The part of a service's entry that decides about its images.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The repositories that it follows.
    pub images: &'a [ImagePolicy],
    /// How its images are rolled out.
    pub rollout: &'a RolloutPolicy,
    /// Desired count that the first rollout sets.
    pub initial_tasks: u32,
    /// When it sleeps.
    pub sleep: Option<&'a Sleep>,
}

/// A repository that a service follows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImagePolicy {
    /// Name of the ECR repository, without registry.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[^@:]+$")))]
    pub repository: String,
    /// Account id of its registry; that of the service when left out.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]{12}$")))]
    pub account: Option<String>,
    /// Region of its registry; that of the service when left out.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z]{2,}(-[a-z]+)+-[0-9]+$")))]
    pub region: Option<String>,
    /// Names of the containers that run it; every container with an image of the repository when left out. For a
    /// repository whose tags hold different images, each entry names its own.
    #[serde(default)]
    pub containers: Vec<String>,
    /// Its tags that are followed: a push under one of them is rolled out.
    pub tag: TagPolicy,
    /// Tag that the automation moves to the current release; the template's task definition names it. `live` by default.
    #[serde(default = "live")]
    pub live: String,
    /// Tag that the automation moves to the release before the current one; `previous` by default.
    #[serde(default = "previous")]
    pub previous: String,
    /// ARN of the signing profile of AWS Signer with which ECR has to have signed an image before it is rolled out; no gate
    /// when left out.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(regex(
            pattern = r"^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[a-zA-Z0-9_]{2,}$"
        ))
    )]
    pub signed_by: Option<String>,
    /// Its source repository, `https://github.com/acme/web`: messages then link the comparison of the two commits.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^https://[A-Za-z0-9._~:-]+/[A-Za-z0-9./_~:-]+$")))]
    pub source: Option<String>,
}

/// How the images of a service are rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RolloutPolicy {
    /// Minutes after which a deployment without a result is rolled back, or announced; 30 by default.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub deadline_minutes: u32,
    /// Roll back at the deadline when too few tasks of the new release run? ECS does not without a circuit breaker; `true`
    /// by default.
    pub rollback_at_deadline: bool,
    /// Wait for ECR's scan result, and refuse images with too many findings. No gate by default.
    pub scan: Option<ScanGate>,
    /// A task run to completion with the new image before the service is updated, a migration for instance.
    pub pre_deploy_task: Option<PreDeployTask>,
    /// What to invalidate at the CDN when a rollout is complete.
    pub invalidate: Option<Invalidate>,
    /// When the service is restarted before AWS replaces its tasks to patch Fargate, in the form of `sleep`; AWS replaces
    /// them when left out.
    pub quiet_hours: Option<Sleep>,
    /// Restart the service when a secret or parameter that its tasks read has changed? `false` by default.
    pub restart_on_secret_change: bool,
}

impl Default for RolloutPolicy {
    fn default() -> Self {
        RolloutPolicy {
            deadline_minutes: 30,
            rollback_at_deadline: true,
            scan: None,
            pre_deploy_task: None,
            invalidate: None,
            quiet_hours: None,
            restart_on_secret_change: false,
        }
    }
}

impl RolloutPolicy {
    /// How long a deployment may take.
    pub fn deadline(&self) -> SignedDuration {
        SignedDuration::from_mins(self.deadline_minutes.into())
    }
}

/// Limits on the findings of ECR's image scan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScanGate {
    /// Minutes to wait for a result; 10 by default.
    #[serde(default = "ten")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub wait_minutes: u32,
    /// Maximum number of findings, by severity in lower case; a severity that is not named has no limit.
    #[cfg_attr(feature = "schema", schemars(schema_with = "findings"))]
    pub max: std::collections::BTreeMap<String, u32>,
    /// What to do with an image that has no result in time; `refuse` by default.
    #[serde(default)]
    pub unscanned: Unscanned,
}

/// What to do with an image whose scan gave no result in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Unscanned {
    /// It is not rolled out until a `retry` requests it.
    #[default]
    Refuse,
    /// It is rolled out as if it had no findings.
    Accept,
}

/// A task run to completion with the new revision before the service is updated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreDeployTask {
    /// The container whose exit code decides: 0 is success.
    pub container: String,
    /// The command that this container runs instead of its own. It must be safe to repeat: a second attempt runs it again.
    pub command: Vec<String>,
    /// Minutes after which a task that is still running is stopped, and has failed; 15 by default.
    #[serde(default = "fifteen")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub deadline_minutes: u32,
}

/// What to invalidate at the CDN.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invalidate {
    /// Id of the CloudFront distribution.
    pub distribution: String,
    /// Paths, each with a leading `/`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = "^/"))))]
    pub paths: Vec<String>,
}

impl ImagePolicy {
    /// The name under which its image is kept and announced: the repository, with the registry and the containers that
    /// the fleet names, `acme/web` or `999999999999/acme/web (proxy)`.
    pub fn key(&self) -> String {
        let registry = [&self.account, &self.region].into_iter().flatten().map(|part| format!("{part}/"));
        let containers =
            if self.containers.is_empty() { String::new() } else { format!(" ({})", self.containers.join(", ")) };
        format!("{}{}{containers}", registry.collect::<String>(), self.repository)
    }

    /// The registry that its repository is in.
    pub fn registry(&self) -> Registry {
        Registry { account: self.account.clone(), region: self.region.clone() }
    }

    /// The containers that it is about.
    pub fn image_source(&self) -> ImageSource {
        let (repository, containers) = (self.repository.clone(), self.containers.clone());
        ImageSource { registry: self.registry(), repository, containers }
    }

    /// Checks registry, repository, containers, tags and source; `path` is the entry's place in the document.
    ///
    /// # Errors
    /// `Invalid`, naming the path, the value and what was expected.
    pub fn validate(&self, path: &str) -> Result<()> {
        if self.repository.is_empty() || self.repository.contains(['@', ':']) {
            return Err(Error::bad_field(
                &format!("{path}.repository"),
                &self.repository,
                "a repository name without registry or tag",
            ));
        }
        let is_account = |account: &String| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if let Some(account) = self.account.as_ref().filter(|account| !is_account(account)) {
            return Err(Error::bad_field(&format!("{path}.account"), account, "twelve digits"));
        }
        if let Some(region) = self.region.as_ref().filter(|region| region.split('-').count() < 3) {
            return Err(Error::bad_field(&format!("{path}.region"), region, "a region such as `eu-central-1`"));
        }
        if self.containers.iter().any(String::is_empty) {
            return Err(Error::bad_field(&format!("{path}.containers"), "", "names of containers"));
        }
        self.tag.validate(&format!("{path}.tag"))?;
        if self.live == self.previous {
            return Err(Error::bad_field(&format!("{path}.previous"), &self.previous, "another tag than live"));
        }
        if let Some(own) = [&self.live, &self.previous].into_iter().find(|own| self.tag.matches(own)) {
            let path = format!("{path}.tag");
            return Err(Error::bad_field(
                &path,
                &self.tag,
                &format!("a policy that does not follow `{own}`, which the automation moves"),
            ));
        }
        for (field, own) in [("live", &self.live), ("previous", &self.previous)] {
            // Messages show the version tag of an image: one of the automation's own would name no version.
            if version_tag([own.as_str()]).is_some() {
                let expected = "a tag that is neither a commit nor a version";
                return Err(Error::bad_field(&format!("{path}.{field}"), own, expected));
            }
        }
        let is_profile = |arn: &&str| arn.starts_with("arn:aws") && arn.contains(":/signing-profiles/");
        if let Some(odd) = self.signed_by.as_deref().filter(|arn| !is_profile(arn)) {
            let expected = "the ARN of a signing profile of AWS Signer, without its version";
            return Err(Error::bad_field(&format!("{path}.signed_by"), odd, expected));
        }
        match self.source.as_deref().filter(|source| !is_source(source)) {
            Some(source) => Err(Error::bad_field(
                &format!("{path}.source"),
                source,
                "an https URL of a repository, such as `https://github.com/acme/web`",
            )),
            None => Ok(()),
        }
    }
}

impl RolloutPolicy {
    /// Checks minutes, severities and paths; `path` is the entry's place in the document.
    ///
    /// # Errors
    /// `Invalid`, naming the path, the value and what was expected.
    pub fn validate(&self, path: &str) -> Result<()> {
        check_minutes(&format!("{path}.deadline_minutes"), self.deadline_minutes)?;
        if let Some(scan) = &self.scan {
            check_minutes(&format!("{path}.scan.wait_minutes"), scan.wait_minutes)?;
            let known = ["critical", "high", "medium", "low", "informational", "undefined"];
            if let Some(odd) = scan.max.keys().find(|key| !known.contains(&key.as_str())) {
                return Err(Error::bad_field(&format!("{path}.scan.max"), odd, &known.join(", ")));
            }
        }
        if let Some(task) = &self.pre_deploy_task {
            check_minutes(&format!("{path}.pre_deploy_task.deadline_minutes"), task.deadline_minutes)?;
        }
        if let Some(quiet) = &self.quiet_hours {
            quiet.validate(&format!("{path}.quiet_hours"))?;
        }
        if let Some(invalidate) = &self.invalidate {
            let odd = invalidate.paths.iter().find(|path| !path.starts_with('/'));
            if let Some(odd) = odd {
                return Err(Error::bad_field(&format!("{path}.invalidate.paths"), odd, "a path with a leading `/`"));
            }
            if invalidate.paths.is_empty() {
                return Err(Error::bad_field(&format!("{path}.invalidate.paths"), "[]", "at least one path"));
            }
        }
        Ok(())
    }
}

/// `https://host/path` in plain URL characters, without query, fragment or trailing slash.
fn is_source(source: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/.-_~:".contains(c);
    let host_and_path = source.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    host_and_path.is_some_and(|(host, path)| host.contains('.') && !path.is_empty() && !path.ends_with('/'))
        && source.chars().all(plain)
}

fn live() -> String {
    "live".into()
}

fn previous() -> String {
    "previous".into()
}

fn ten() -> u32 {
    10
}

fn fifteen() -> u32 {
    15
}

/// Findings of an image scan by severity.
#[cfg(feature = "schema")]
fn findings(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let severities = ["critical", "high", "medium", "low", "informational", "undefined"];
    let count = || serde_json::json!({"type": "integer", "minimum": 0});
    let properties: serde_json::Map<String, serde_json::Value> =
        severities.map(|name| (name.to_owned(), count())).into_iter().collect();
    schemars::json_schema!({"type": "object", "properties": properties, "additionalProperties": false})
}
