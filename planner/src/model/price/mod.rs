//! What Fargate costs by list price: enough to estimate what a decision saves.
//!
//! Not included: ephemeral storage above 20 GB, public IPv4 addresses, data transfer, Savings Plans.

mod rates;
mod size;
mod table;
#[cfg(test)]
mod tests;
mod usd;

pub use rates::Prices;
pub use size::{Arch, TaskSize, TasksByProvider};
pub use usd::Usd;

/// Hours in a month, as AWS's own estimates count them.
pub const MONTH_HOURS: u64 = 730;
