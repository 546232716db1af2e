//! Wiring of the capacity function.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::start::<capacity::App>()
}
