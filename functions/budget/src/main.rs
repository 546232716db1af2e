//! Wiring of the budget function.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::start::<budget::App>()
}
