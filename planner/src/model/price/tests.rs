//! The arithmetic of the price list.

use super::table::REGIONS;
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
fn a_region_without_known_prices_has_none() {
    assert_eq!(Prices::for_region("eu-north-1"), None);
    assert_eq!(Prices::for_region(""), None);
}

#[test]
fn spot_and_arm_are_always_cheaper() {
    for (region, prices) in &REGIONS {
        for rates in [&prices.x86_64, &prices.arm64] {
            let (cpu, memory) =
                (rates.spot.cpu * 100 / rates.on_demand.cpu, rates.spot.memory * 100 / rates.on_demand.memory);
            assert!((28..=40).contains(&cpu) && cpu.abs_diff(memory) <= 1, "{region}: Spot at {cpu} % and {memory} %");
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
fn zero_tasks_save_all_of_it_and_spot_most_of_it() {
    let saved = |on_demand, spot| frankfurt().saved_hour(CRAWLER, 1, TasksByProvider { on_demand, spot }).to_string();
    assert_eq!(saved(0, 0), "$0.1136");
    assert_eq!(saved(0, 1), "$0.0784");
    assert_eq!(saved(1, 0), "$0.00");
    assert_eq!(saved(3, 0), "$0.00", "three tasks are needed, not wasted");
}

#[test]
fn amounts_have_two_decimals_and_four_below_a_dollar() {
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
