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
    fn what_cannot_be_is_kept_in_bounds() {
        let mut latencies = Latencies::default();
        for ms in [-5.0, f64::MAX, f64::NAN] {
            latencies.observe(ms);
        }
        assert_eq!(latencies.percentiles().map(|p| p.count), Some(3));
    }
}
