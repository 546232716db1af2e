//! What Fargate costs, as far as it can be known without asking: enough to say what a decision saves.
//!
//! On-demand prices are those of AWS's price list, `AmazonECS` as published on 2026-09-11
//! (<https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonECS/current/region_index.json>), in two published
//! readings of it from 2026-09-28 and 2026-09-29; those of eu-central-1 on arm64 agree to the cent with a bill of June
//! 2026. On x86_64 they have stood since 2021. Spot moves every day: its prices are those that AWS's own page
//! (<https://aws.amazon.com/fargate/pricing/>) showed on 2026-09-28 (arm64) and 2026-09-29 (x86_64), typical but never
//! exact. Spot in eu-central-1 on arm64 was not read: it has the discount of x86_64 there, as it has in other regions.
//!
//! Not in it: ephemeral storage above 20 GB, the tasks' public addresses, traffic, savings plans.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Hours in a month, as AWS's own estimates count them.
pub const MONTH_HOURS: u64 = 730;

/// Every region that we know the prices of, in millionths of a dollar.
const REGIONS: [(&str, Prices); 3] = [
    (
        "eu-central-1",
        Prices {
            x86_64: Rates { on_demand: Rate::new(46_560, 5_110), spot: Rate::new(14_412, 1_582) },
            arm64: Rates { on_demand: Rate::new(37_250, 4_090), spot: Rate::new(11_531, 1_266) },
        },
    ),
    (
        "eu-west-1",
        Prices {
            x86_64: Rates { on_demand: Rate::new(40_480, 4_445), spot: Rate::new(12_255, 1_346) },
            arm64: Rates { on_demand: Rate::new(32_380, 3_560), spot: Rate::new(9_791, 1_076) },
        },
    ),
    (
        "us-east-1",
        Prices {
            x86_64: Rates { on_demand: Rate::new(40_480, 4_445), spot: Rate::new(12_886, 1_415) },
            arm64: Rates { on_demand: Rate::new(32_380, 3_560), spot: Rate::new(10_310, 1_133) },
        },
    ),
];

/// Prices of one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    x86_64: Rates,
    arm64: Rates,
}

/// Prices of one processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rates {
    on_demand: Rate,
    spot: Rate,
}

/// What an hour of a vCPU and an hour of a GB cost, in millionths of a dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
    cpu: u64,
    memory: u64,
}

impl Rate {
    const fn new(cpu: u64, memory: u64) -> Rate {
        Rate { cpu, memory }
    }
}

impl Prices {
    /// The prices of a region; `None` where we know none, and then nothing should be said.
    pub fn for_region(region: &str) -> Option<&'static Prices> {
        REGIONS.iter().find(|(name, _)| *name == region).map(|(_, prices)| prices)
    }

    /// What one task costs in an hour. 1,024 CPU units are a vCPU, 1,024 MiB a GB.
    pub fn task_hour(&self, cpu_units: u32, memory_mib: u32, arch: Arch, spot: bool) -> Usd {
        let rates = match arch {
            Arch::X86_64 => &self.x86_64,
            Arch::Arm64 => &self.arm64,
        };
        let rate = if spot { &rates.spot } else { &rates.on_demand };
        let sum = u64::from(cpu_units) * rate.cpu + u64::from(memory_mib) * rate.memory;
        Usd((sum + 512) / 1024)
    }

    /// What a service costs in an hour with the tasks that it has.
    pub fn service_hour(&self, size: TaskSize, tasks: TasksByProvider) -> Usd {
        let hour = |spot: bool| self.task_hour(size.cpu_units, size.memory_mib, size.arch, spot);
        hour(false).saturating_mul(tasks.on_demand.into()) + hour(true).saturating_mul(tasks.spot.into())
    }

    /// What a service saves in an hour against `usual` tasks on demand; nothing when it costs more than they would.
    pub fn saved_hour(&self, size: TaskSize, usual: u32, tasks: TasksByProvider) -> Usd {
        let usual = self.service_hour(size, TasksByProvider { on_demand: usual, spot: 0 });
        usual.saturating_sub(self.service_hour(size, tasks))
    }
}

/// What a task is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSize {
    /// CPU units; 1,024 are a vCPU.
    pub cpu_units: u32,
    /// Memory in MiB.
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
    /// All of them.
    pub fn all(self) -> u32 {
        self.on_demand.saturating_add(self.spot)
    }
}

/// Processor of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arch {
    /// Intel or AMD; what ECS takes when a task definition says nothing.
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

/// An amount of US dollars, in millionths: prices of an hour have five digits behind the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(u64);

impl Usd {
    /// So many millionths of a dollar.
    pub const fn from_micros(micros: u64) -> Usd {
        Usd(micros)
    }

    /// In millionths of a dollar.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// In dollars, for metrics.
    #[allow(clippy::cast_precision_loss)]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// What it is without `other`, and never less than nothing.
    #[must_use]
    pub const fn saturating_sub(self, other: Usd) -> Usd {
        Usd(self.0.saturating_sub(other.0))
    }

    /// So many times as much.
    #[must_use]
    pub const fn saturating_mul(self, times: u64) -> Usd {
        Usd(self.0.saturating_mul(times))
    }
}

impl std::ops::Add for Usd {
    type Output = Usd;

    /// Stays at the greatest amount there is.
    fn add(self, other: Usd) -> Usd {
        Usd(self.0.saturating_add(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(amounts: I) -> Usd {
        amounts.fold(Usd::default(), |sum, amount| sum + amount)
    }
}

impl fmt::Display for Usd {
    /// `$35.41`, and with four digits below a dollar: `$0.0494`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.saturating_add(5_000) / 10_000;
        let shown = self.0.saturating_add(50) / 100;
        match self.0 {
            1..1_000_000 if shown < 10_000 => write!(f, "$0.{shown:04}"),
            _ => write!(f, "${}.{:02}", cents / 100, cents % 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEBSITE_AGENT: TaskSize = TaskSize { cpu_units: 1024, memory_mib: 2048, arch: Arch::X86_64 };
    const CRAWLER: TaskSize = TaskSize { cpu_units: 2048, memory_mib: 4096, arch: Arch::X86_64 };

    fn frankfurt() -> &'static Prices {
        Prices::for_region("eu-central-1").unwrap()
    }

    #[test]
    fn a_task_costs_its_cpu_and_its_memory() {
        for (region, cpu, memory, arch, spot, micros) in [
            // 0.04656 + 2 x 0.00511
            ("eu-central-1", 1024, 2048, Arch::X86_64, false, 56_780),
            // 2 x 0.04656 + 4 x 0.00511
            ("eu-central-1", 2048, 4096, Arch::X86_64, false, 113_560),
            // 2 x 0.014412 + 4 x 0.001582
            ("eu-central-1", 2048, 4096, Arch::X86_64, true, 35_152),
            // 2 x 0.03725 + 4 x 0.00409
            ("eu-central-1", 2048, 4096, Arch::Arm64, false, 90_860),
            // 0.04048 + 2 x 0.004445
            ("eu-west-1", 1024, 2048, Arch::X86_64, false, 49_370),
            // 0.04048 / 4 + 0.004445 / 2 = 0.0123425
            ("us-east-1", 256, 512, Arch::X86_64, false, 12_343),
            // 0.01031 + 2 x 0.001133
            ("us-east-1", 1024, 2048, Arch::Arm64, true, 12_576),
        ] {
            let hour = Prices::for_region(region).unwrap().task_hour(cpu, memory, arch, spot);
            assert_eq!(hour.micros(), micros, "{region} {cpu}/{memory} {arch:?} spot {spot}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_region_without_known_prices() {
        assert_eq!(Prices::for_region("eu-north-1"), None);
        assert_eq!(Prices::for_region(""), None);
    }

    #[test]
    fn spot_and_arm_are_always_cheaper() {
        for (region, prices) in &REGIONS {
            for rates in [&prices.x86_64, &prices.arm64] {
                let (cpu, memory) =
                    (rates.spot.cpu * 100 / rates.on_demand.cpu, rates.spot.memory * 100 / rates.on_demand.memory);
                assert!(
                    (28..=40).contains(&cpu) && cpu.abs_diff(memory) <= 1,
                    "{region}: Spot at {cpu} % and {memory} %"
                );
            }
            assert!(prices.arm64.on_demand.cpu < prices.x86_64.on_demand.cpu, "{region}");
        }
    }

    #[test]
    fn a_service_costs_what_its_tasks_cost() {
        let tasks = TasksByProvider { on_demand: 2, spot: 1 };
        // 2 x (0.04656 + 2 x 0.00511) + (0.014412 + 2 x 0.001582)
        assert_eq!(frankfurt().service_hour(WEBSITE_AGENT, tasks).micros(), 131_136);
        assert_eq!(frankfurt().service_hour(WEBSITE_AGENT, TasksByProvider::default()), Usd::default());
        assert_eq!(tasks.all(), 3);
    }

    #[test]
    fn sleep_saves_all_of_it_and_spot_most_of_it() {
        let saved =
            |on_demand, spot| frankfurt().saved_hour(CRAWLER, 1, TasksByProvider { on_demand, spot }).to_string();
        assert_eq!(saved(0, 0), "$0.1136");
        assert_eq!(saved(0, 1), "$0.0784");
        assert_eq!(saved(1, 0), "$0.00");
        assert_eq!(saved(3, 0), "$0.00", "three tasks are needed, not wasted");
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        for (micros, text) in [
            (0, "$0.00"),
            (49_370, "$0.0494"),
            (999_949, "$0.9999"),
            (999_950, "$1.00"),
            (1_000_000, "$1.00"),
            (35_412_400, "$35.41"),
            (1_234_565_000, "$1234.57"),
        ] {
            assert_eq!(Usd::from_micros(micros).to_string(), text);
        }
    }

    #[test]
    fn amounts_never_wrap_around() {
        let most = Usd::from_micros(u64::MAX);
        assert_eq!([most + most, most.saturating_mul(2)], [most, most]);
        assert_eq!(Usd::from_micros(1).saturating_sub(most), Usd::default());
        assert_eq!([1, 2, 3].map(Usd::from_micros).into_iter().sum::<Usd>(), Usd::from_micros(6));
    }

    #[test]
    fn amounts_are_kept_as_whole_numbers() {
        assert_eq!(serde_json::to_string(&Usd::from_micros(56_780)).unwrap(), "56780");
        assert_eq!(serde_json::from_str::<Usd>("56780").unwrap(), Usd::from_micros(56_780));
        assert!(serde_json::from_str::<Usd>("-1").is_err());
    }

    #[test]
    fn the_processor_is_read_as_ecs_writes_it() {
        assert_eq!("ARM64".parse::<Arch>().unwrap(), Arch::Arm64);
        assert_eq!(serde_json::to_string(&Arch::X86_64).unwrap(), r#""X86_64""#);
        assert!("arm64".parse::<Arch>().is_err());
    }
}
