//! Wiring of the rollout function.

use std::process::ExitCode;

use shared::runtime::{Runtime, lambda};

fn main() -> ExitCode {
    lambda::start::<Runtime<rollout::App>>()
}
