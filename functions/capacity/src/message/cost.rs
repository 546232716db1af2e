//! The cost of a service an hour.

use planner::capacity::Record;
use planner::fleet::ServicePolicy;
use planner::model::{Prices, TasksByProvider, Usd};

/// The cost of a service an hour, estimated from list prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HourlyCost {
    /// Of its tasks now.
    pub current: Usd,
    /// What they save against at least the baseline's tasks on on-demand capacity.
    pub saved: Usd,
    /// Of as many tasks, at least the baseline's, on on-demand capacity.
    pub on_demand: Usd,
    /// Of as many tasks on Fargate Spot.
    pub spot: Usd,
}

impl HourlyCost {
    /// The cost of `tasks`; `None` where the price or the size of a task is unknown.
    pub fn of(
        prices: Option<&Prices>,
        policy: &ServicePolicy,
        record: &Record,
        tasks: TasksByProvider,
    ) -> Option<HourlyCost> {
        let (prices, size) = (prices?, record.size.as_ref()?.size?);
        let usual = policy.baseline.min.max(tasks.all());
        Some(HourlyCost {
            current: prices.service_hour(size, tasks),
            saved: prices.saved_hour(size, usual, tasks),
            on_demand: prices.service_hour(size, TasksByProvider { on_demand: usual, spot: 0 }),
            spot: prices.service_hour(size, TasksByProvider { on_demand: 0, spot: usual }),
        })
    }
}
