//! Wiring of the request function.

use std::process::ExitCode;

use shared::runtime::lambda;

fn main() -> ExitCode {
    lambda::start::<request::Requests>()
}
