//! The price list.
//!
//! On-demand prices are those of AWS's price list, `AmazonECS` as published on 2026-09-11
//! (<https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonECS/current/region_index.json>), in two published
//! copies from 2026-09-28 and 2026-09-29; those of eu-central-1 on arm64 agree to the cent with a bill of June 2026. On
//! x86_64 they have not changed since 2021. Spot prices change daily: these are the ones that
//! <https://aws.amazon.com/fargate/pricing/> showed on 2026-09-28 (arm64) and 2026-09-29 (x86_64), typical but never exact.
//! The Spot price of eu-central-1 on arm64 is derived: it has the discount of x86_64 there, as in other regions.

use super::rates::{Prices, Rate, Rates};

/// Prices by region, in millionths of a US dollar.
pub(super) const REGIONS: [(&str, Prices); 3] = [
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

impl Prices {
    /// The prices of a region; `None` where they are unknown, and then no message names a cost.
    pub fn for_region(region: &str) -> Option<&'static Prices> {
        REGIONS.iter().find(|(name, _)| *name == region).map(|(_, prices)| prices)
    }
}
