//! Something that only rises, kept in at most so many points however long it is watched.

use std::sync::Arc;

/// Seconds and what there was by then; at most `MOST` points.
#[derive(Debug, Clone, Default)]
pub(super) struct Curve<const MOST: usize> {
    points: Vec<(f32, f64)>,
    /// No two points are closer than that, in seconds, but for the last.
    step: f32,
}

impl<const MOST: usize> Curve<MOST> {
    /// Takes what there is at `second`. Times must not go back; a value that would fall counts as
    /// the one before.
    pub(super) fn take(&mut self, second: f32, value: f64) {
        let value = self.points.last().map_or(value, |(_, last)| value.max(*last));
        match self.points[..] {
            [.., (before, _), ref mut last] if last.0 - before < self.step => {
                *last = (second, value);
            }
            // Two that say the same are the ends of a level line.
            [.., (_, before), ref mut last] if before >= value => {
                last.0 = second;
            }
            _ => self.points.push((second, value)),
        }
        if self.points.len() >= MOST {
            self.thin();
        }
    }

    /// Keeps every second point, and the last.
    fn thin(&mut self) {
        let last = self.points.len() - 1;
        let mut at = 0;
        self.points.retain(|_| {
            at += 1;
            (at - 1) % 2 == 0 || at - 1 == last
        });
        let span =
            self.points.last().zip(self.points.first()).map(|(last, first)| last.0 - first.0);
        self.step = span.unwrap_or_default() / MOST as f32 * 2.0;
    }

    /// The points.
    pub(super) fn points(&self) -> Arc<[(f32, f64)]> {
        self.points.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_length_fits_and_the_ends_stay() {
        let mut curve = Curve::<500>::default();
        for k in 0..100_000_u32 {
            curve.take(k as f32 * 0.25, f64::from(k) * 100.0);
            assert!(curve.points.len() <= 500);
        }
        let points = curve.points();
        assert!(points.len() > 200, "{}", points.len());
        assert_eq!(points.first(), Some(&(0.0, 0.0)));
        assert_eq!(points.last(), Some(&(99_999.0 * 0.25, 9_999_900.0)));
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
    }

    #[test]
    fn level_lines_cost_two_points_and_nothing_falls() {
        let mut curve = Curve::<500>::default();
        for (second, value) in [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 5.0), (4.0, 2.0)] {
            curve.take(second, value);
        }
        assert_eq!(curve.points()[..], [(0.0, 1.0), (2.0, 1.0), (3.0, 5.0), (4.0, 5.0)]);
    }
}
