//! Wiring of the capacity function.

use std::process::ExitCode;

use shared::runtime::{Runtime, lambda};

fn main() -> ExitCode {
    lambda::start::<Runtime<capacity::App>>()
}
