//! Times, and what is made of them.

use std::time::Duration;

use atlas_migrate_core::bench::Statistic;

/// The times of a statement's executions, as the client sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// In ascending order.
    times: Vec<Duration>,
}

impl Latency {
    /// Of one time at least.
    pub(super) fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self { times }
    }

    /// How many there are.
    pub fn iterations(&self) -> usize {
        self.times.len()
    }

    /// One of the statistics. Percentiles are nearest ranks: times that really were measured.
    pub fn get(&self, statistic: Statistic) -> Duration {
        match statistic {
            Statistic::Min => self.rank(0),
            Statistic::Avg => {
                let average =
                    self.times.iter().map(Duration::as_secs_f64).sum::<f64>() / self.times.len().max(1) as f64;
                Duration::from_secs_f64(average)
            }
            Statistic::P50 => self.rank(50),
            Statistic::P95 => self.rank(95),
            Statistic::P99 => self.rank(99),
            Statistic::Max => self.rank(100),
        }
    }

    /// The shortest time that so many of a hundred are no longer than.
    fn rank(&self, percent: usize) -> Duration {
        let rank = (self.times.len() * percent).div_ceil(100);
        self.times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: impl IntoIterator<Item = u64>, expected: [u64; 6]) {
        let latency = Latency::of(times.into_iter().map(Duration::from_millis).collect());
        assert_eq!(Statistic::ALL.map(|statistic| latency.get(statistic).as_millis() as u64), expected);
    }

    #[test]
    fn nearest_ranks() {
        check([7], [7, 7, 7, 7, 7, 7]);
        check([30, 10], [10, 20, 10, 30, 30, 30]);
        check([3, 1, 2], [1, 2, 2, 3, 3, 3]);
        check((1..=100).rev(), [1, 50, 50, 95, 99, 100]);
        check(1..=101, [1, 51, 51, 96, 100, 101]);
    }
}
