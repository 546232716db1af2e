//! The one source of chance.

use jiff::SignedDuration;

/// Chance, from a seed: the same seed makes the same choices.
#[derive(Clone, Debug)]
pub struct Rng(fastrand::Rng);

impl Rng {
    /// All choices of one run.
    pub fn seeded(seed: u64) -> Rng {
        Rng(fastrand::Rng::with_seed(seed))
    }

    /// A source of its own, so that what is drawn from one does not move what is drawn from the other.
    pub fn fork(&mut self) -> Rng {
        Rng(self.0.fork())
    }

    /// True so often, from 0 to 1. Where that is never, nothing is drawn.
    pub fn chance(&mut self, rate: f64) -> bool {
        rate > 0.0 && self.0.f64() < rate
    }

    /// A number from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        self.0.f64()
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        self.0.i64(from..=to)
    }

    /// A time span from none to `longest`, in milliseconds.
    pub fn up_to(&mut self, longest: SignedDuration) -> SignedDuration {
        SignedDuration::from_millis(self.between(0, i64::try_from(longest.as_millis()).unwrap()))
    }

    /// One of several.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.0.usize(0..of.len())]
    }

    /// Sixty-four random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.u64(..)
    }
}
