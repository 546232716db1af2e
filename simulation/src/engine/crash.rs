//! An invocation that ends around one of its calls, where a story wants it.

use crate::wire::{Request, writes};

/// An end that comes once, at a call that writes.
pub struct Crash {
    /// Which function.
    pub function: &'static str,
    /// How many of its calls that write come first.
    pub writes: u64,
    /// Does the call take effect?
    pub after: bool,
}

impl Crash {
    /// Does the process end at this call, and does the call take effect?
    pub(super) fn comes(planned: &mut Option<Crash>, function: &str, request: &Request) -> Option<bool> {
        let crash = planned.as_mut().filter(|crash| crash.function == function && writes(&request.operation))?;
        if crash.writes > 0 {
            crash.writes -= 1;
            return None;
        }
        planned.take().map(|crash| crash.after)
    }
}
