//! Requests that change the facts of a service.

mod resume;
mod set_override;

pub use resume::{EndedOverride, resume};
pub use set_override::OverrideRequest;
