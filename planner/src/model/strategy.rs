//! Capacity provider strategies.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A capacity provider strategy of Fargate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// All tasks on FARGATE.
    OnDemand,
    /// Tasks on FARGATE_SPOT, after `base` tasks on FARGATE.
    Spot {
        /// Tasks on FARGATE.
        base: u32,
    },
    /// Anything else, as `provider:base:weight` in the order of the answer.
    Other(Vec<String>),
}

impl Strategy {
    /// Are tasks placed on Fargate Spot, after its base?
    pub fn is_spot(&self) -> bool {
        matches!(self, Strategy::Spot { .. })
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Strategy::OnDemand => f.write_str("FARGATE"),
            Strategy::Spot { base: 0 } => f.write_str("FARGATE_SPOT"),
            Strategy::Spot { base } => write!(f, "FARGATE_SPOT with base {base} on FARGATE"),
            Strategy::Other(items) => f.write_str(&items.join(", ")),
        }
    }
}
