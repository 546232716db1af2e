//! Wiring of the schedule function.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::start::<schedule::App>()
}
