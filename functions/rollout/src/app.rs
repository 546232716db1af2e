//! The function's gateways.

use shared::aws::{CloudFront, Connection, Ecr, Ecs};

/// One gateway per AWS service.
pub struct App {
    pub(crate) ecs: Ecs,
    pub(crate) ecr: Ecr,
    pub(crate) cloudfront: CloudFront,
}

impl App {
    /// Wires the gateways; makes no call.
    pub(crate) fn wire(connection: &Connection) -> App {
        App { ecs: Ecs::new(connection), ecr: Ecr::new(connection), cloudfront: CloudFront::new(connection) }
    }
}
