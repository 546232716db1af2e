//! What the fleet is made of. Pure: no I/O, no clock.

mod capacity;
mod fleet;
mod image;
mod price;
mod revision;
mod service;
mod sleep;
mod span;
mod tag;

pub use capacity::{CapacityPolicy, SpotMode, SpotPolicy, Strategy};
pub use fleet::{Baseline, Before, Fleet, ImagePolicy, Invalidate, RolloutPolicy, ScanGate, ServicePolicy, Unscanned};
pub use image::{Digest, Image, ImageRef, Reference, ScanState, Severities};
pub use price::{Arch, MONTH_HOURS, Prices, TaskSize, TasksByProvider, Usd};
pub use revision::Revision;
pub use service::{Deployment, DeploymentState, Network, Service, ServiceId, StoppedTask, Task, endings};
pub use sleep::{Dates, Day, LocalTime, Night, Sleep, Window, Zone};
pub use span::{Span, clock};
pub use tag::TagPolicy;
