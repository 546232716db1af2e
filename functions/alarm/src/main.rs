//! Wiring of the alarm function.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::start::<alarm::App>()
}
