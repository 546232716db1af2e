//! How often something is tried again because another invocation wrote first.

use crate::error::{Error, Kind};

/// More than any number of invocations that write the same item at the same moment.
const TRIES: usize = 8;

/// The tries of one write, or of the decision that it follows from.
#[derive(Debug, Default)]
pub struct Tries(usize);

impl Tries {
    /// Counts a try; false when it was the last.
    pub fn another(&mut self) -> bool {
        self.0 += 1;
        self.0 < TRIES
    }

    /// Counts a try that failed; true when another invocation wrote first and there is a try left.
    pub fn again(&mut self, error: &Error) -> bool {
        error.kind() == Kind::Conflict && self.another()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_conflict_is_tried_again_and_not_for_ever() {
        let mut tries = Tries::default();
        assert!(!tries.again(&Error::new(Kind::Denied, "no")));
        let conflict = Error::new(Kind::Conflict, "another was first");
        assert_eq!((0..100).filter(|_| tries.again(&conflict)).count(), TRIES - 1);
    }
}
