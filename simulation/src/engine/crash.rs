//! An invocation that ends around one of its calls, where a story wants it.

use super::pending::Call;
use super::state::Engine;
use crate::wire::writes;

/// An end that comes once, at a call that writes.
pub struct Crash {
    /// Which function.
    pub function: &'static str,
    /// How many of its calls that write come first.
    pub writes: u64,
    /// Does the call take effect?
    pub after: bool,
}

impl Engine {
    /// Does the process end at this call, and does the call take effect?
    pub(super) fn crashes(&mut self, call: &Call) -> Option<bool> {
        let function = self.invocations.get(&call.invocation)?.process.function;
        let crash = self.crash.as_mut()?;
        if function != crash.function || !writes(&call.request.operation) {
            return None;
        }
        if crash.writes > 0 {
            crash.writes -= 1;
            return None;
        }
        self.crash.take().map(|crash| crash.after)
    }
}
