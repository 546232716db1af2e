//! Wiring of the rollout function.
fn main() {}
