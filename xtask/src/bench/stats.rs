//! Medians, spreads and percentiles.

/// A median with the smallest and the largest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The middle value.
    pub median: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

impl Spread {
    /// The spread of `values`; zeros when there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let sorted = sorted(values);
        Self {
            median: percentile_of(&sorted, 50.0),
            min: sorted.first().copied().unwrap_or_default(),
            max: sorted.last().copied().unwrap_or_default(),
        }
    }
}

/// The smallest value that at least `percent` of the values do not exceed; the mean of the middle two for the median.
pub fn percentile(values: impl IntoIterator<Item = f64>, percent: f64) -> f64 {
    percentile_of(&sorted(values), percent)
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

fn percentile_of(sorted: &[f64], percent: f64) -> f64 {
    let count = sorted.len();
    if count == 0 {
        return 0.0;
    }
    if percent == 50.0 {
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0;
    }
    let rank = (percent / 100.0 * count as f64).ceil() as usize;
    sorted[rank.clamp(1, count) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_between_its_ends() {
        assert_eq!(Spread::of([4.0, 1.0, 3.0]), Spread { median: 3.0, min: 1.0, max: 4.0 });
        assert_eq!(Spread::of([1.0, 2.0]).median, 1.5);
        assert_eq!(Spread::of([]).median, 0.0);
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values = || (1..=200).map(f64::from);
        assert_eq!(percentile(values(), 99.0), 198.0);
        assert_eq!(percentile([7.0], 99.0), 7.0);
    }
}
