//! The one place where requests arrive.
//!
//! A request is `{action, id?, service?|alarm?|budget?, by, reason?, at?, ...}`. Its action and target decide which
//! functions it reaches ([`shared::runtime::actions`]); their answers are returned: one function's as it is, several
//! under their names. An unknown action is refused with all that are known.

use std::process::ExitCode;

use shared::runtime::{Peers, lambda};

fn main() -> ExitCode {
    lambda::start::<Peers>()
}
