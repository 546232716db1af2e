//! The size of a task, and tasks by capacity provider.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// CPU, memory and processor of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSize {
    /// CPU units; 1,024 are a vCPU.
    pub cpu_units: u32,
    /// MiB, as a task definition states it.
    pub memory_mib: u32,
    /// Processor.
    pub arch: Arch,
}

/// Tasks of a service, by capacity provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TasksByProvider {
    /// On FARGATE.
    pub on_demand: u32,
    /// On FARGATE_SPOT.
    pub spot: u32,
}

impl TasksByProvider {
    /// On either.
    pub fn all(self) -> u32 {
        self.on_demand.saturating_add(self.spot)
    }
}

/// Processor architecture of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arch {
    /// Intel or AMD; the default of ECS.
    #[default]
    #[serde(rename = "X86_64")]
    X86_64,
    /// Graviton.
    #[serde(rename = "ARM64")]
    Arm64,
}

impl FromStr for Arch {
    type Err = Error;

    /// Reads `cpuArchitecture` of a task definition.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "X86_64" => Ok(Arch::X86_64),
            "ARM64" => Ok(Arch::Arm64),
            _ => Err(Error::bad_field("cpuArchitecture", text, "X86_64 or ARM64")),
        }
    }
}
