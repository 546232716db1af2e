//! What is due, in the order of its time; of two at the same time the one that was added first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use jiff::Timestamp;

/// A queue by time.
pub(super) struct Queue<T> {
    heap: BinaryHeap<Reverse<Item<T>>>,
    added: u64,
}

struct Item<T> {
    at: Timestamp,
    number: u64,
    what: T,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue { heap: BinaryHeap::new(), added: 0 }
    }
}

impl<T> Queue<T> {
    pub(super) fn push(&mut self, at: Timestamp, what: T) {
        self.added += 1;
        self.heap.push(Reverse(Item { at, number: self.added, what }));
    }

    /// The next one that is due until `end`.
    pub(super) fn pop_until(&mut self, end: Timestamp) -> Option<(Timestamp, T)> {
        self.heap.peek().filter(|Reverse(item)| item.at <= end)?;
        self.heap.pop().map(|Reverse(item)| (item.at, item.what))
    }
}

impl<T> PartialEq for Item<T> {
    fn eq(&self, other: &Item<T>) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Item<T> {}

impl<T> PartialOrd for Item<T> {
    fn partial_cmp(&self, other: &Item<T>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Item<T> {
    fn cmp(&self, other: &Item<T>) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
