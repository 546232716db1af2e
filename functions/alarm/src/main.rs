//! Wiring of the alarm function.

use std::process::ExitCode;

use shared::runtime::{Runtime, lambda};

fn main() -> ExitCode {
    lambda::start::<Runtime<alarm::App>>()
}
