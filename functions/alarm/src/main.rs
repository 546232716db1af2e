//! Wiring of the alarm function.

// Its futures nest deeper than the compiler follows by default, unless it optimises.
#![recursion_limit = "256"]

use std::process::ExitCode;

use shared::runtime::{Runtime, lambda};

fn main() -> ExitCode {
    lambda::start::<Runtime<alarm::App>>()
}
