//! People, and what happens to them.

mod act;
mod day;
mod happens;
mod money;
mod perform;
mod request;
mod setup;
mod together;
mod trouble;

pub use act::{Act, span};
pub use day::{Plan, draw};
pub(crate) use perform::repository_of;
pub use setup::{Follows, Setup, Tiers, Unscanned};
