//! The fleet document, a section of the configuration: everything that differs per service.

use std::collections::HashSet;

use serde::Deserialize;

use crate::capacity::{Baseline, CapacityPolicy, Sleep, SpotPolicy};
use crate::error::{Error, Result};
use crate::minutes::check_minutes;
use crate::model::ServiceId;
use crate::name::check_name;
use crate::rollout::{self, ImagePolicy, RolloutPolicy};

/// Everything the functions know of a system before they look at it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fleet {
    /// Name of the system, `acme`; every subject ends with it and the stage, `[acme prod]`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub system: String,
    /// Stage, `prod`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub stage: String,
    /// The services that the automation operates.
    pub services: Vec<ServicePolicy>,
}

/// What is wanted of one ECS service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServicePolicy {
    /// Name of the ECS service; requests name it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub name: String,
    /// Name of its cluster.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
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
    /// Minutes after which tasks that still run in a service that was scaled to zero are announced; 30 by default.
    #[serde(default = "thirty")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub drain_minutes: u32,
    /// Minutes after which a service that was woken and has no healthy task is announced; 15 by default.
    #[serde(default = "fifteen")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub wake_minutes: u32,
    /// How its images are rolled out.
    #[serde(default)]
    pub rollout: RolloutPolicy,
}

impl Fleet {
    /// Parses and checks a fleet document.
    ///
    /// # Errors
    /// `Invalid`, naming the path, the value and what was expected.
    pub fn parse(text: &str) -> Result<Fleet> {
        let de = &mut serde_json::Deserializer::from_str(text);
        let fleet: Fleet = serde_path_to_error::deserialize(de)
            .map_err(|error| Error::invalid(format!("fleet: {}: {}", error.path(), error.inner())))?;
        fleet.validate().map_err(|error| error.context("fleet"))?;
        Ok(fleet)
    }

    /// The services that follow `repository`.
    pub fn following<'a>(&'a self, repository: &str) -> impl Iterator<Item = &'a ServicePolicy> {
        self.services.iter().filter(move |service| service.images.iter().any(|image| image.repository == repository))
    }

    /// The service that a request or an ARN names: `web` or `acme-prod/web`.
    pub fn service(&self, name: &str) -> Option<&ServicePolicy> {
        let cluster_and_name = name.split_once('/');
        let is_named = |service: &&ServicePolicy| {
            service.name == name || cluster_and_name == Some((&service.cluster, &service.name))
        };
        let mut found = self.services.iter().filter(is_named);
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

    /// `acme prod`, which stands in brackets at the end of every subject.
    pub fn title(&self) -> String {
        format!("{} {}", self.system, self.stage)
    }

    fn validate(&self) -> Result<()> {
        check_name("system", &self.system)?;
        check_name("stage", &self.stage)?;
        let mut known = HashSet::new();
        for (i, service) in self.services.iter().enumerate() {
            let path = format!("services[{i}]");
            check_name(&format!("{path}.name"), &service.name)?;
            check_name(&format!("{path}.cluster"), &service.cluster)?;
            if !known.insert((&service.cluster, &service.name)) {
                return Err(Error::bad_field(&path, service.id(), "each service once"));
            }
            service.validate(&path)?;
        }
        self.validate_own_tags()
    }

    /// Several entries may follow one repository, but each keeps `live` and `previous` tags of its own: they name what
    /// one service runs, and a stack update deploys what they name. None of them may be a tag that an entry follows: each
    /// move of it would be a push.
    fn validate_own_tags(&self) -> Result<()> {
        let entries: Vec<&ImagePolicy> = self.services.iter().flat_map(|service| &service.images).collect();
        for (i, image) in entries.iter().enumerate() {
            let mut same = entries.iter().take(i).filter(|other| {
                (&other.account, &other.region, &other.repository) == (&image.account, &image.region, &image.repository)
            });
            for (field, tag) in [("live", &image.live), ("previous", &image.previous)] {
                if same.clone().any(|other| [&other.live, &other.previous].contains(&tag)) {
                    let path = format!("images of repository {}: {field}", image.repository);
                    return Err(Error::bad_field(&path, tag, "a tag of its own for each service and container"));
                }
            }
            let follows =
                |a: &ImagePolicy, b: &ImagePolicy| [&b.live, &b.previous].into_iter().any(|tag| a.tag.matches(tag));
            if let Some(other) = same.find(|other| follows(other, image) || follows(image, other)) {
                let path = format!("images of repository {}: tag", image.repository);
                let expected =
                    format!("a policy that follows no tag which the automation moves, beside `{}`", other.tag);
                return Err(Error::bad_field(&path, &image.tag, &expected));
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

    /// What the rollout planner needs to know of it.
    pub fn rollout(&self) -> rollout::Policy<'_> {
        let (images, rollout) = (self.images.as_slice(), &self.rollout);
        rollout::Policy { images, rollout, initial_tasks: self.baseline.min, sleep: self.sleep.as_ref() }
    }

    /// The entry whose image is kept under this key: the repository, unless it names a registry or containers.
    pub fn image(&self, key: &str) -> Option<&ImagePolicy> {
        self.images.iter().find(|image| image.key() == key)
    }

    /// What it wants of `repository`: one entry, or one for each of several containers.
    pub fn images_of<'a>(&'a self, repository: &'a str) -> impl Iterator<Item = &'a ImagePolicy> {
        self.images.iter().filter(move |image| image.repository == repository)
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
        check_minutes(&format!("{path}.drain_minutes"), self.drain_minutes)?;
        check_minutes(&format!("{path}.wake_minutes"), self.wake_minutes)?;
        for (i, image) in self.images.iter().enumerate() {
            let path = format!("{path}.images[{i}]");
            image.validate(&path)?;
            let source = image.image_source();
            if self.images[..i].iter().any(|other| other.image_source().overlaps(&source)) {
                let path = format!("{path}.repository");
                let expected = "each repository once per service, or each of its entries with `containers` of its own";
                return Err(Error::bad_field(&path, &image.repository, expected));
            }
        }
        self.rollout.validate(&format!("{path}.rollout"))
    }
}

fn thirty() -> u32 {
    30
}

fn fifteen() -> u32 {
    15
}

#[cfg(test)]
mod tests;
