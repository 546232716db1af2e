//! The function's gateways.

use planner::model::Prices;
use shared::aws::{AutoScaling, Connection, Ecs};

/// The price list of the region and one gateway per AWS service.
pub struct App {
    /// `None` in a region whose prices are unknown.
    pub(crate) prices: Option<&'static Prices>,
    pub(crate) ecs: Ecs,
    pub(crate) autoscaling: AutoScaling,
}

impl App {
    /// Wires the gateways; makes no call.
    pub(crate) fn wire(connection: &Connection) -> App {
        App {
            prices: Prices::for_region(connection.region()),
            ecs: Ecs::new(connection),
            autoscaling: AutoScaling::new(connection),
        }
    }
}
