//! What the fleet is made of. Pure: no I/O, no clock.

mod ending;
mod format;
mod image;
mod image_ref;
mod price;
mod reach;
mod revision;
mod secret;
mod service;
mod signature;
mod span;
mod strategy;
mod tag;
mod version;

pub use ending::{Ending, StoppedTask, is_environment};
pub use format::{format_duration, format_time, format_time_in, with_times_in};
pub use image::{Digest, Image, ScanState, Severities, image_names};
pub use image_ref::{ImageRef, ImageSource, Reference, Registry};
pub use price::{Arch, MONTH_HOURS, Prices, TaskSize, TasksByProvider, Usd};
pub use reach::{read_time, within_reach};
pub use revision::Revision;
pub use secret::ChangedSecret;
pub use service::{
    Deployment, DeploymentState, Network, Service, ServiceDeployment, ServiceDeploymentStatus, ServiceEvent, ServiceId,
    Task, endings,
};
pub use signature::{Signature, SignatureState};
pub use span::Span;
pub use strategy::Strategy;
pub use tag::TagPolicy;
pub use version::{commit, version_tag};
