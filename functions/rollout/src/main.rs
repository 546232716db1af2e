//! Wiring of the rollout function.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::start::<rollout::App>()
}
