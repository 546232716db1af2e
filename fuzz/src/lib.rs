//! Broken input for every parser of the product, through the entry points that AWS and people use.
//!
//! Real samples (what the functions got in the stories of the simulation, `events/`, documents, requests of the documentation) are broken in
//! a place or two and handed to the unmodified functions. A case whose outcome was never seen is kept and broken further, so that cases
//! get past the first field. What must hold: no panic, an end, bounded memory, errors that name the field, and nothing sent that AWS refuses.
//!
//! # Layout
//!
//! - [`record`]: the samples; [`model`]: AWS that answers from them, with [`attribute`] for items of the ledger
//! - [`invoke`]: one invocation; [`laws`]: what must hold of it
//! - [`target`]: what a target is; [`targets`]: all of them
//! - [`edit`]: how input is broken; [`minimise`]: the smallest that still fails
//! - [`case`]: one case, guarded; [`run`]: many cases of a target; [`session`]: all targets, side by side

// What cannot be set up here ends the run, which is all that there is to do.
#![recursion_limit = "256"]
#![allow(clippy::expect_used)]

pub mod attribute;
pub mod case;
pub mod edit;
pub mod invoke;
pub mod laws;
pub mod minimise;
pub mod model;
pub mod record;
pub mod run;
pub mod session;
pub mod target;
pub mod targets;
