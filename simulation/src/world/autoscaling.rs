//! Not modelled yet.

use serde_json::Value;

use super::{Cx, World};
use crate::account::Account;
use crate::wire::Answer;

/// What goes on later.
#[derive(Clone, Debug)]
pub enum Wake {}

/// What is known of it.
#[derive(Debug, Default)]
pub struct Autoscaling {}

impl Autoscaling {
    pub(super) fn new(_: &Account) -> Autoscaling {
        Autoscaling {}
    }
}

pub(super) fn call(_: &mut World, operation: &str, _: &Value, _: &mut Cx<'_>) -> Answer {
    panic!("the model has no autoscaling:{operation}")
}

pub(super) fn wake(_: &mut World, wake: Wake, _: &mut Cx<'_>) {
    match wake {}
}
