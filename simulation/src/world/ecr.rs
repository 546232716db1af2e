//! Amazon ECR. Not modelled yet.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::behaviour::Behaviour;
use super::{Cx, World};
use crate::account::Account;
use crate::wire::Answer;

/// What goes on later.
#[derive(Clone, Debug)]
pub enum Wake {}

/// An image, or an index of images.
#[derive(Clone, Debug)]
pub struct Image {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// What its tasks do.
    pub behaviour: Behaviour,
}

/// The repositories, by name, and in each the images, the newest last, and the digest of each tag.
#[derive(Debug, Default)]
pub struct Ecr {
    /// By name.
    pub repositories: BTreeMap<String, Repository>,
}

/// A repository.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// By digest.
    pub images: BTreeMap<String, Image>,
    /// Digest by tag.
    pub tags: BTreeMap<String, String>,
}

impl Ecr {
    pub(super) fn new(_: &Account) -> Ecr {
        Ecr::default()
    }

    /// The image that a reference `repository:tag` or `repository@digest` names, without registry.
    pub fn resolve(&self, reference: &str) -> Option<&Image> {
        let (repository, digest) = match reference.split_once('@') {
            Some((repository, digest)) => (self.repositories.get(repository)?, digest.to_owned()),
            None => {
                let (repository, tag) = reference.rsplit_once(':')?;
                let repository = self.repositories.get(repository)?;
                (repository, repository.tags.get(tag)?.clone())
            }
        };
        repository.images.get(&digest)
    }
}

pub(super) fn call(_: &mut World, operation: &str, _: &Value, _: &mut Cx<'_>) -> Answer {
    panic!("the model has no ecr:{operation}")
}

pub(super) fn wake(_: &mut World, wake: Wake, _: &mut Cx<'_>) {
    match wake {}
}
