//! The fleet document: everything that differs per service, written in the template's output.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::capacity::{CapacityPolicy, SpotPolicy};
use super::service::ServiceId;
use super::sleep::Sleep;
use super::tag::TagPolicy;
use crate::error::{Error, Result};

/// Everything the functions know of a system before they look at it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// Name of the system, `huskit`; the first word of every message.
    pub system: String,
    /// Stage, `prod`.
    pub stage: String,
    /// The services that are looked after.
    pub services: Vec<ServicePolicy>,
}

/// What is wanted of one ECS service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicePolicy {
    /// Name of the ECS service; requests name it.
    pub name: String,
    /// Name of its cluster.
    pub cluster: String,
    /// The repositories whose images its containers run. Containers of other repositories are left alone.
    #[serde(default)]
    pub images: Vec<ImagePolicy>,
    /// How many tasks it runs when nothing else is decided.
    pub baseline: Baseline,
    /// The budget may lower the greatest number of tasks to this and no further; `baseline.min` when left out.
    #[serde(default)]
    pub floor: Option<u32>,
    /// When it sleeps; never when left out.
    #[serde(default)]
    pub sleep: Option<Sleep>,
    /// Whether it runs on Spot; its capacity provider strategy is left alone when left out.
    #[serde(default)]
    pub spot: Option<SpotPolicy>,
    /// Minutes after which tasks that still run in a service that was put to sleep are announced; 30 by default.
    #[serde(default = "thirty")]
    pub drain_minutes: u32,
    /// Minutes after which a service that was woken and has no healthy task is announced; 15 by default.
    #[serde(default = "fifteen")]
    pub wake_minutes: u32,
    /// How it is rolled.
    #[serde(default)]
    pub rollout: RolloutPolicy,
}

/// Which images of a repository a service follows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagePolicy {
    /// Name of the ECR repository, without registry.
    pub repository: String,
    /// Which tag of it.
    pub tag: TagPolicy,
    /// The tag that the automation keeps on what runs; the template's task definition names it.
    #[serde(default = "live")]
    pub live: String,
    /// The tag that the automation keeps on what ran before.
    #[serde(default = "previous")]
    pub previous: String,
}

/// Number of tasks of a service when neither night, budget nor alarm says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Least number of tasks, and the number that the first push starts.
    pub min: u32,
    /// Greatest number of tasks.
    pub max: u32,
}

/// How a service is rolled.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RolloutPolicy {
    /// Minutes after which a deployment that reported nothing is announced; 30 by default.
    pub deadline_minutes: u32,
    /// Wait for ECR's scan result, and refuse images with too many findings. No gate by default.
    pub scan: Option<ScanGate>,
    /// A task run to completion with the new image before the service is rolled, a migration for instance.
    pub before: Option<Before>,
    /// What to invalidate at the CDN when another image has come up.
    pub invalidate: Option<Invalidate>,
}

impl Default for RolloutPolicy {
    fn default() -> Self {
        RolloutPolicy { deadline_minutes: 30, scan: None, before: None, invalidate: None }
    }
}

impl RolloutPolicy {
    /// How long a deployment may go without an end.
    pub fn deadline(&self) -> SignedDuration {
        SignedDuration::from_mins(self.deadline_minutes.into())
    }
}

/// A bound on the findings of ECR's image scan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanGate {
    /// Minutes to wait for a result; 10 by default.
    #[serde(default = "ten")]
    pub wait_minutes: u32,
    /// Most findings allowed, by severity in lower case; a severity that is not named is not bounded.
    pub max: std::collections::BTreeMap<String, u32>,
    /// What to do with an image that has no result in time.
    #[serde(default)]
    pub unscanned: Unscanned,
}

/// What to do with an image whose scan gave no result in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unscanned {
    /// It is not rolled until a person says `retry`.
    #[default]
    Refuse,
    /// It is rolled as if it had no findings.
    Accept,
}

/// A task run to completion with the new revision before the service is rolled.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The container whose exit code decides.
    pub container: String,
    /// What that container runs instead of its own command.
    pub command: Vec<String>,
    /// Minutes after which a task that has not ended is announced; 15 by default.
    #[serde(default = "fifteen")]
    pub deadline_minutes: u32,
}

/// What to invalidate at the CDN.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invalidate {
    /// Id of the CloudFront distribution.
    pub distribution: String,
    /// Paths, each with a leading `/`; narrow ones are cheaper and kinder to the cache.
    pub paths: Vec<String>,
}

impl Fleet {
    /// Parses and checks a fleet document.
    ///
    /// # Errors
    /// `Invalid`, naming the path, the value and what was expected.
    pub fn parse(text: &str) -> Result<Fleet> {
        let de = &mut serde_json::Deserializer::from_str(text);
        let fleet: Fleet = serde_path_to_error::deserialize(de)
            .map_err(|error| Error::invalid(format!("FLEET: {}: {}", error.path(), error.inner())))?;
        fleet.validate().map_err(|error| error.context("FLEET"))?;
        Ok(fleet)
    }

    /// The services that follow `repository`.
    pub fn following<'a>(&'a self, repository: &str) -> impl Iterator<Item = &'a ServicePolicy> {
        self.services.iter().filter(move |service| service.images.iter().any(|image| image.repository == repository))
    }

    /// The service a person or an ARN names: `website-agent` or `huskit-prod/website-agent`.
    pub fn service(&self, name: &str) -> Option<&ServicePolicy> {
        let mut found = self.services.iter().filter(|s| s.name == name || s.id().to_string() == name);
        // A bare name that two clusters share is no name.
        found.next().filter(|_| found.next().is_none())
    }

    /// The service that a request names.
    ///
    /// # Errors
    /// `Invalid`, with the names that there are.
    pub fn named(&self, name: &str) -> Result<&ServicePolicy> {
        self.service(name).ok_or_else(|| {
            let known: Vec<String> = self.services.iter().map(|service| service.id().to_string()).collect();
            Error::bad_field("service", name, &format!("one of {}", known.join(", ")))
        })
    }

    /// `huskit prod`, the first words of every subject.
    pub fn title(&self) -> String {
        format!("{} {}", self.system, self.stage)
    }

    fn validate(&self) -> Result<()> {
        let present = |path: &str, value: &str| match value.is_empty() {
            true => Err(Error::bad_field(path, value, "a name")),
            false => Ok(()),
        };
        present("system", &self.system)?;
        present("stage", &self.stage)?;
        for (i, service) in self.services.iter().enumerate() {
            let path = format!("services[{i}]");
            present(&format!("{path}.name"), &service.name)?;
            present(&format!("{path}.cluster"), &service.cluster)?;
            if self.services[..i].iter().any(|other| other.id() == service.id()) {
                return Err(Error::bad_field(&path, service.id(), "each service once"));
            }
            service.validate(&path)?;
        }
        self.validate_live_tags()
    }

    /// Two services may follow one repository, but not keep one `live` tag on two different things.
    fn validate_live_tags(&self) -> Result<()> {
        let images: Vec<&ImagePolicy> = self.services.iter().flat_map(|service| &service.images).collect();
        for (i, image) in images.iter().enumerate() {
            let clash = images[..i].iter().find(|other| {
                other.repository == image.repository && other.live == image.live && other.tag != image.tag
            });
            if clash.is_some() {
                let path = format!("images of repository {}: live", image.repository);
                return Err(Error::bad_field(&path, &image.live, "a tag of its own for each tag policy"));
            }
        }
        Ok(())
    }
}

impl ServicePolicy {
    /// Cluster and name, which together name a service.
    pub fn id(&self) -> ServiceId {
        ServiceId { cluster: self.cluster.clone(), name: self.name.clone() }
    }

    /// What the capacity planner needs to know of it.
    pub fn capacity(&self) -> CapacityPolicy {
        CapacityPolicy { baseline: self.baseline, sleep: self.sleep.clone(), spot: self.spot, floor: self.floor }
    }

    /// What it wants of `repository`, if anything.
    pub fn image(&self, repository: &str) -> Option<&ImagePolicy> {
        self.images.iter().find(|image| image.repository == repository)
    }

    fn validate(&self, path: &str) -> Result<()> {
        if self.baseline.min > self.baseline.max {
            return Err(Error::bad_field(&format!("{path}.baseline.min"), self.baseline.min, "at most baseline.max"));
        }
        if let Some(floor) = self.floor.filter(|floor| *floor > self.baseline.max) {
            return Err(Error::bad_field(&format!("{path}.floor"), floor, "at most baseline.max"));
        }
        if let Some(sleep) = &self.sleep {
            sleep.validate(&format!("{path}.sleep"))?;
        }
        some_minutes(&format!("{path}.drain_minutes"), self.drain_minutes)?;
        some_minutes(&format!("{path}.wake_minutes"), self.wake_minutes)?;
        for (i, image) in self.images.iter().enumerate() {
            let path = format!("{path}.images[{i}]");
            if image.repository.is_empty() || image.repository.contains(['@', ':']) {
                return Err(Error::bad_field(
                    &format!("{path}.repository"),
                    &image.repository,
                    "a repository name without registry or tag",
                ));
            }
            if self.images[..i].iter().any(|other| other.repository == image.repository) {
                return Err(Error::bad_field(
                    &format!("{path}.repository"),
                    &image.repository,
                    "each repository once per service",
                ));
            }
            image.tag.validate(&format!("{path}.tag"))?;
            if image.live == image.previous {
                return Err(Error::bad_field(&format!("{path}.previous"), &image.previous, "another tag than live"));
            }
            if let Some(own) = [&image.live, &image.previous].into_iter().find(|own| image.tag.matches(own)) {
                let path = format!("{path}.tag");
                return Err(Error::bad_field(
                    &path,
                    &image.tag,
                    &format!("a policy that does not follow `{own}`, which the automation moves"),
                ));
            }
        }
        self.rollout.validate(&format!("{path}.rollout"))
    }
}

impl RolloutPolicy {
    fn validate(&self, path: &str) -> Result<()> {
        some_minutes(&format!("{path}.deadline_minutes"), self.deadline_minutes)?;
        if let Some(scan) = &self.scan {
            some_minutes(&format!("{path}.scan.wait_minutes"), scan.wait_minutes)?;
            let known = ["critical", "high", "medium", "low", "informational", "undefined"];
            if let Some(odd) = scan.max.keys().find(|key| !known.contains(&key.as_str())) {
                return Err(Error::bad_field(&format!("{path}.scan.max"), odd, &known.join(", ")));
            }
        }
        if let Some(before) = &self.before {
            some_minutes(&format!("{path}.before.deadline_minutes"), before.deadline_minutes)?;
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

fn some_minutes(path: &str, minutes: u32) -> Result<()> {
    match minutes {
        1..=1440 => Ok(()),
        _ => Err(Error::bad_field(path, minutes, "1 to 1440 minutes")),
    }
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

fn thirty() -> u32 {
    30
}

fn fifteen() -> u32 {
    15
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(service: &str) -> Result<Fleet> {
        Fleet::parse(&format!(r#"{{"system":"huskit","stage":"prod","services":[{service}]}}"#))
    }

    #[test]
    fn defaults_are_left_out_of_the_document() {
        let fleet = with(r#"{"name":"web","cluster":"c","baseline":{"min":2,"max":6},"images":[{"repository":"h/web","tag":{"exact":"latest"}}]}"#).unwrap();
        let service = fleet.service("web").unwrap();
        assert_eq!((service.images[0].live.as_str(), service.images[0].previous.as_str()), ("live", "previous"));
        assert_eq!(service.rollout.deadline_minutes, 30);
        assert_eq!(fleet.service("c/web").unwrap().id().to_string(), "c/web");
        assert_eq!(fleet.following("h/web").count(), 1);
        assert_eq!(fleet.following("web").count(), 0);
    }

    #[test]
    fn a_mistake_is_told_by_path_value_and_expectation() {
        let cases = [
            (r#"{"name":"web"}"#, "services[0]: missing field `cluster`"),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":3,"max":2}}"#,
                "services[0].baseline.min: got `3`, expected at most baseline.max",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"color":1}"#,
                "services[0].color: unknown field `color`",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":-1,"max":2}}"#,
                "services[0].baseline.min: invalid value: integer `-1`, expected u32",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"images":[{"repository":"r","tag":{"regex":"x"}}]}"#,
                "services[0].images[0].tag: unknown variant `regex`",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"images":[{"repository":"r","tag":{"exact":"live"}}]}"#,
                "services[0].images[0].tag: got `live`, expected a policy that does not follow `live`",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"rollout":{"deadline_minutes":0}}"#,
                "services[0].rollout.deadline_minutes: got `0`, expected 1 to 1440",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"rollout":{"scan":{"max":{"CRITICAL":0}}}}"#,
                "services[0].rollout.scan.max: got `CRITICAL`, expected critical",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"floor":3}"#,
                "services[0].floor: got `3`, expected at most baseline.max",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"wake_minutes":0}"#,
                "services[0].wake_minutes: got `0`, expected 1 to 1440",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"spot":{"mode":"maybe"}}"#,
                "services[0].spot.mode: unknown variant `maybe`",
            ),
            (
                r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"sleep":{"zone":"Berlin","windows":[]}}"#,
                "zone: got `Berlin`, expected an IANA time zone",
            ),
        ];
        for (service, expected) in cases {
            let error = with(service).unwrap_err().to_string();
            assert!(error.starts_with("FLEET: ") && error.contains(expected), "{error}\nlacks\n{expected}");
        }
    }

    #[test]
    fn two_services_may_share_a_repository_but_not_a_live_tag_for_different_policies() {
        let service = |name: &str, tag: &str, live: &str| {
            format!(
                r#"{{"name":"{name}","cluster":"c","baseline":{{"min":1,"max":1}},"images":[{{"repository":"r","tag":{{"exact":"{tag}"}},"live":"{live}"}}]}}"#
            )
        };
        assert!(with(&[service("a", "x", "live"), service("b", "x", "live")].join(",")).is_ok());
        assert!(with(&[service("a", "x", "live-a"), service("b", "y", "live-b")].join(",")).is_ok());
        let error = with(&[service("a", "x", "live"), service("b", "y", "live")].join(",")).unwrap_err();
        assert!(error.to_string().contains("a tag of its own"), "{error}");
    }
}
