//! How many of an event's calls had to wait for one another.

use super::endpoint::Call;
use std::time::Instant;

/// The longest chain of calls in which each began after the one before had ended.
///
/// Taking the call that ends first and dropping what overlaps it is the optimal choice, as in interval scheduling.
pub fn round_trips(calls: &[Call]) -> usize {
    let mut by_end: Vec<&Call> = calls.iter().collect();
    by_end.sort_by_key(|call| call.ended);
    let mut free: Option<Instant> = None;
    let mut chain = 0;
    for call in by_end {
        if free.is_none_or(|free| call.began >= free) {
            chain += 1;
            free = Some(call.ended);
        }
    }
    chain
}

/// The same for the calls up to and including the first of `operation`; `None` when it was never made.
pub fn round_trips_to(calls: &[Call], operation: &str) -> Option<usize> {
    let last = calls.iter().find(|call| call.operation == operation)?.ended;
    let until: Vec<Call> = calls.iter().filter(|call| call.ended <= last).cloned().collect();
    Some(round_trips(&until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn calls(spans: &[(&str, u64, u64)]) -> Vec<Call> {
        let zero = Instant::now();
        spans
            .iter()
            .map(|(operation, began, ended)| Call {
                operation: (*operation).to_owned(),
                began: zero + Duration::from_millis(*began),
                ended: zero + Duration::from_millis(*ended),
            })
            .collect()
    }

    #[test]
    fn parallel_calls_are_one_round_trip() {
        let calls = calls(&[("A", 0, 10), ("B", 1, 11), ("C", 2, 30), ("D", 31, 40), ("E", 41, 50)]);
        assert_eq!(round_trips(&calls), 3);
        assert_eq!(round_trips_to(&calls, "D"), Some(2));
        assert_eq!(round_trips_to(&calls, "F"), None);
    }

    #[test]
    fn a_long_call_beside_two_short_ones_does_not_hide_them() {
        assert_eq!(round_trips(&calls(&[("A", 0, 10), ("B", 11, 20), ("long", 0, 25)])), 2);
        assert_eq!(round_trips(&[]), 0);
    }
}
