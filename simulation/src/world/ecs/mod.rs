//! Not modelled yet.

use serde_json::Value;

use crate::account::Account;
use crate::wire::Answer;
use crate::world::{Cx, World};

/// What goes on later.
#[derive(Clone, Debug)]
pub enum Wake {}

/// What is known of it.
#[derive(Debug, Default)]
pub struct Ecs {}

impl Ecs {
    pub(in crate::world) fn new(_: &Account) -> Ecs {
        Ecs {}
    }
}

pub(in crate::world) fn call(_: &mut World, operation: &str, _: &Value, _: &mut Cx<'_>) -> Answer {
    panic!("the model has no ecs:{operation}")
}

pub(in crate::world) fn wake(_: &mut World, wake: Wake, _: &mut Cx<'_>) {
    match wake {}
}
