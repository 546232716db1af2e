//! What a function holds on the heap. The simulation counts nothing: who measures brings a counter, and what is the model's own is left out.

use std::cell::Cell;

thread_local! {
    static COUNTER: Cell<Option<Counter>> = const { Cell::new(None) };
}

/// Counts what the calling thread allocates.
#[derive(Clone, Copy)]
pub struct Counter {
    /// Does work, and says what it came to.
    pub count: fn(&mut dyn FnMut()) -> Heap,
    /// Does work that is not counted.
    pub leave_out: fn(&mut dyn FnMut()),
}

/// Bytes on the heap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heap {
    /// What is held now; less than nothing where others had allocated it.
    pub held: i64,
    /// The most that was held at a time.
    pub most: i64,
}

impl Heap {
    /// Work that begins with what is held comes to this.
    pub fn add(&mut self, work: Heap) {
        self.most = self.most.max(self.held + work.most);
        self.held += work.held;
    }
}

/// Counts with this from now on, in this thread.
pub fn count_with(counter: Counter) {
    COUNTER.set(Some(counter));
}

/// Does work of a function.
pub(super) fn counted<T>(work: impl FnOnce() -> T) -> (T, Heap) {
    match COUNTER.get() {
        Some(counter) => once(work, counter.count),
        None => (work(), Heap::default()),
    }
}

/// Does work of the model in the middle of that of a function.
pub(super) fn left_out<T>(work: impl FnOnce() -> T) -> T {
    match COUNTER.get() {
        Some(counter) => once(work, counter.leave_out).0,
        None => work(),
    }
}

fn once<T, R>(work: impl FnOnce() -> T, around: fn(&mut dyn FnMut()) -> R) -> (T, R) {
    let (mut work, mut result) = (Some(work), None);
    let came_to = around(&mut || result = work.take().map(|work| work()));
    (result.expect("work that was done"), came_to)
}
