//! How late messages are: percentiles with three significant digits whatever the range, and
//! jitter.

use hdrhistogram::Histogram;

/// What a session's latencies come to, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Percentiles {
    /// Messages measured.
    pub count: u64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest.
    pub max: f64,
    /// Interarrival jitter: the smoothed mean difference between neighbours (RFC 3550, 6.4.1).
    pub jitter: f64,
}

/// Gathers latencies, from a microsecond to an hour.
#[derive(Debug, Clone)]
pub struct Latencies {
    micros: Histogram<u64>,
    last: Option<f64>,
    jitter: f64,
}

const HOUR_US: u64 = 3_600_000_000;

impl Default for Latencies {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "the bounds are constants that are in range")]
        let micros = Histogram::new_with_bounds(1, HOUR_US, 3).expect("1 µs to 1 h at 3 digits");
        Self { micros, last: None, jitter: 0.0 }
    }
}

impl Latencies {
    /// Takes the next latency in milliseconds; a negative one, from clocks that differ, counts as 0.
    pub fn observe(&mut self, latency_ms: f64) {
        let micros = (latency_ms.max(0.0) * 1e3).round() as u64;
        self.micros.saturating_record(micros.clamp(1, HOUR_US));
        if let Some(last) = self.last.replace(latency_ms) {
            self.jitter += ((latency_ms - last).abs() - self.jitter) / 16.0;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.micros.len()
    }

    /// Milliseconds against the share of latencies, 0 to 1, that are no longer: rising in both, at
    /// most `most` points, close together where the share or the order of magnitude changes fast.
    pub fn distribution(&self, most: usize) -> Vec<(f32, f32)> {
        let Some(all) = Some(self.micros.len()).filter(|all| *all > 0) else { return Vec::new() };
        let (min, max) = (self.micros.min().max(1) as f64, self.micros.max() as f64);
        // Half of the points for each axis; the last point needs room of its own.
        let steps = (most.max(4) / 2 - 1) as f64;
        let width = ((max / min).ln() / steps).max(f64::MIN_POSITIVE);
        let mut points: Vec<(f32, f32)> = Vec::new();
        let mut placed = (f64::NEG_INFINITY, 0.0);
        let mut seen = 0;
        for step in self.micros.iter_recorded() {
            seen += step.count_since_last_iteration();
            let (value, share) = (step.value_iterated_to() as f64, seen as f64 / all as f64);
            let is_far = share - placed.1 >= 1.0 / steps || value.ln() - placed.0 >= width;
            if is_far || seen == all {
                placed = (value.ln(), share);
                points.push(((value / 1e3) as f32, share as f32));
            }
        }
        points
    }

    /// What they come to; `None` while there are none.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let at = |quantile| self.micros.value_at_quantile(quantile) as f64 / 1e3;
        (!self.micros.is_empty()).then(|| Percentiles {
            count: self.micros.len(),
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: self.micros.max() as f64 / 1e3,
            jitter: self.jitter,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_thousand() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentiles(), None);
        for ms in 1..=1000 {
            latencies.observe(f64::from(ms));
        }
        let found = latencies.percentiles().unwrap_or_default();
        assert_eq!(found.count, 1000);
        for (value, wanted) in [(found.p50, 500.0), (found.p95, 950.0), (found.p99, 990.0)] {
            assert!((value - wanted).abs() <= wanted * 0.001 + 0.5, "{value} is not {wanted}");
        }
        assert!((found.jitter - 1.0).abs() < 0.01, "steps of 1 ms: {}", found.jitter);
    }

    #[test]
    fn a_distribution_rises_from_the_shortest_to_the_longest() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.distribution(200), []);
        latencies.observe(7.0);
        let one = latencies.distribution(200);
        assert!(one.len() == 1 && (one[0].0 - 7.0).abs() < 0.01, "{one:?}");
        for k in 1..=100_000_u32 {
            latencies.observe(f64::from(k) / 20.0);
        }
        let points = latencies.distribution(200);
        assert!((100..=200).contains(&points.len()), "{}", points.len());
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
        assert_eq!(points.last().map(|point| point.1), Some(1.0));
        let half = points.iter().find(|(_, share)| *share >= 0.5).map_or(0.0, |point| point.0);
        assert!((2_400.0..=2_600.0).contains(&half), "{half}");
    }

    #[test]
    fn what_cannot_be_is_kept_in_bounds() {
        let mut latencies = Latencies::default();
        for ms in [-5.0, f64::MAX, f64::NAN] {
            latencies.observe(ms);
        }
        assert_eq!(latencies.percentiles().map(|p| p.count), Some(3));
    }
}
