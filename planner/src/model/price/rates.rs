//! Prices of one region, and what tasks cost by them.

use super::size::{Arch, TaskSize, TasksByProvider};
use super::usd::Usd;

/// Prices of one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    pub(super) x86_64: Rates,
    pub(super) arm64: Rates,
}

/// Prices of one processor architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) on_demand: Rate,
    pub(super) spot: Rate,
}

/// One vCPU-hour and one GB-hour, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) cpu: u64,
    pub(super) memory: u64,
}

impl Rate {
    pub(super) const fn new(cpu: u64, memory: u64) -> Rate {
        Rate { cpu, memory }
    }
}

impl Prices {
    /// Cost of one task in an hour. 1,024 CPU units are a vCPU, 1,024 MiB a GB.
    pub fn task_hour(&self, cpu_units: u32, memory_mib: u32, arch: Arch, spot: bool) -> Usd {
        let rates = match arch {
            Arch::X86_64 => &self.x86_64,
            Arch::Arm64 => &self.arm64,
        };
        let rate = if spot { &rates.spot } else { &rates.on_demand };
        let sum = u64::from(cpu_units) * rate.cpu + u64::from(memory_mib) * rate.memory;
        Usd::from_micros((sum + 512) / 1024)
    }

    /// Cost of `tasks` in an hour.
    pub fn service_hour(&self, size: TaskSize, tasks: TasksByProvider) -> Usd {
        let hour = |spot: bool| self.task_hour(size.cpu_units, size.memory_mib, size.arch, spot);
        hour(false).saturating_mul(tasks.on_demand.into()) + hour(true).saturating_mul(tasks.spot.into())
    }

    /// What `tasks` save in an hour against `usual` tasks on on-demand capacity; zero when they cost more.
    pub fn saved_hour(&self, size: TaskSize, usual: u32, tasks: TasksByProvider) -> Usd {
        let usual = self.service_hour(size, TasksByProvider { on_demand: usual, spot: 0 });
        usual.saturating_sub(self.service_hour(size, tasks))
    }
}
