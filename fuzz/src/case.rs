//! One case, guarded: a panic, endless work and endless memory are findings, not ends of the run.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::record::Recording;
use crate::target::{Sample, Target, Verdict};

/// Longest that a case may take, on a machine that does other things as well.
const LONGEST: Duration = Duration::from_secs(10);
/// Most memory that a case may hold at a time: the functions have 128 MB, of which a started process takes a third.
const MEMORY: u64 = 64 * 1024 * 1024;

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    static IN_CASE: Cell<bool> = const { Cell::new(false) };
}

/// Panics of cases are remembered instead of printed.
pub fn remember_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !IN_CASE.get() {
                return print(info);
            }
            let at = info.location().map_or_else(String::new, ToString::to_string);
            let said = info.payload_as_str().unwrap_or_default();
            PANIC.set(Some(format!("panics at {at}: {said}")));
        }));
    });
}

/// Runs one case.
pub fn run(recording: &Recording, target: &Target, sample: &Sample, value: &Value) -> Verdict {
    let verdict = once(recording, target, sample, value);
    match verdict {
        // The machine may have been busy.
        Verdict::Broken(how) if how.starts_with("takes ") => once(recording, target, sample, value),
        verdict => verdict,
    }
}

fn once(recording: &Recording, target: &Target, sample: &Sample, value: &Value) -> Verdict {
    let began = Instant::now();
    let mut verdict = Verdict::Broken(String::new());
    IN_CASE.set(true);
    let memory = allocation_counter::measure(|| {
        verdict = catch_unwind(AssertUnwindSafe(|| (target.check)(recording, sample, value)))
            .unwrap_or_else(|_| Verdict::Broken(PANIC.take().unwrap_or_else(|| "panics".to_owned())));
    });
    IN_CASE.set(false);
    let took = began.elapsed();
    match verdict {
        Verdict::Broken(how) => Verdict::Broken(how),
        _ if took > LONGEST => Verdict::Broken(format!("takes {} s", took.as_secs())),
        _ if memory.bytes_max > MEMORY => {
            Verdict::Broken(format!("holds {} MB of memory", memory.bytes_max / 1_048_576))
        }
        verdict => verdict,
    }
}

/// What two findings have in common that are one: the place of a panic, the law without its figures.
pub fn class(how: &str) -> String {
    let head = how.split(": ").next().unwrap_or(how);
    shape(head)
}

/// A text without what stands for this case alone: quoted values and numbers.
pub fn shape(text: &str) -> String {
    let quoted = text.split('`').enumerate().map(|(at, part)| if at % 2 == 1 { "_" } else { part });
    let text: String = quoted.collect::<Vec<_>>().join("`");
    let (mut shape, mut digits) = (String::new(), false);
    for c in text.chars().take(240) {
        match (c.is_ascii_digit(), digits) {
            (true, true) => {}
            (true, false) => shape.push('0'),
            (false, _) => shape.push(c),
        }
        digits = c.is_ascii_digit();
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_one_place_are_one() {
        let how = "panics at planner/src/model/span.rs:31:9: attempt to add 9223372036854775807";
        assert_eq!(class(how), "panics at planner/src/model/span.rs:0:0");
        assert_eq!(shape("until: got `99d`, expected 12 of"), "until: got `_`, expected 0 of");
    }
}
