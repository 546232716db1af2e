//! People, and what happens to them.

mod act;
mod day;
mod happens;
mod perform;

pub use act::{Act, span};
pub use day::{Plan, Setup, draw};
