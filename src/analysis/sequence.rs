//! What is missing, doubled or out of order, told from the numbers messages carry.

use std::collections::BTreeMap;

/// Separate ranges of numbers remembered, at most; the oldest gaps are then counted as lost for
/// good.
const RANGES: usize = 1024;

/// Follows one sequence. A number that jumps ahead opens a gap; one that fills it came late.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    /// Numbers seen, as ranges `first → last`.
    seen: BTreeMap<i64, i64>,
    forgotten: u64,
    duplicated: u64,
    reordered: u64,
    count: u64,
}

impl Sequence {
    /// Takes the next number.
    pub fn observe(&mut self, seq: i64) {
        self.count += 1;
        let below = self.seen.range(..=seq).next_back().map(|(&first, &last)| (first, last));
        if below.is_some_and(|(_, last)| seq <= last) {
            self.duplicated += 1;
            return;
        }
        if self.seen.last_key_value().is_some_and(|(_, &last)| seq < last) {
            self.reordered += 1;
        }
        self.insert(seq, below);
        if self.seen.len() > RANGES {
            self.forget_oldest_gap();
        }
    }

    fn insert(&mut self, seq: i64, below: Option<(i64, i64)>) {
        let first = match below {
            Some((first, last)) if last.checked_add(1) == Some(seq) => first,
            _ => seq,
        };
        let last = seq.checked_add(1).and_then(|next| self.seen.remove(&next)).unwrap_or(seq);
        self.seen.insert(first, last);
    }

    fn forget_oldest_gap(&mut self) {
        if let (Some((first, last)), Some((next, _))) =
            (self.seen.pop_first(), self.seen.first_key_value())
        {
            self.forgotten += gap(last, *next);
            let (next, end) = self.seen.pop_first().unwrap_or((first, last));
            debug_assert!(first <= next);
            self.seen.insert(first, end);
        }
    }

    /// Numbers measured.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Numbers between the first and the last that never came.
    pub fn lost(&self) -> u64 {
        let pairs = self.seen.iter().zip(self.seen.iter().skip(1));
        self.forgotten + pairs.map(|((_, &last), (&next, _))| gap(last, next)).sum::<u64>()
    }

    /// Numbers that came again.
    pub fn duplicated(&self) -> u64 {
        self.duplicated
    }

    /// Numbers that came after a larger one.
    pub fn reordered(&self) -> u64 {
        self.reordered
    }
}

fn gap(last: i64, next: i64) -> u64 {
    next.abs_diff(last).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[i64]) -> (u64, u64, u64) {
        let mut sequence = Sequence::default();
        for &seq in numbers {
            sequence.observe(seq);
        }
        (sequence.lost(), sequence.duplicated(), sequence.reordered())
    }

    #[test]
    fn tables() {
        let table = [
            (&[] as &[i64], (0, 0, 0)),
            (&[5, 6, 7], (0, 0, 0)),
            (&[1, 2, 5], (2, 0, 0)),
            (&[1, 2, 2, 3, 1], (0, 2, 0)),
            (&[1, 3, 2, 4], (0, 0, 1)),
            (&[3, 1], (1, 0, 1)),
            (&[1, 5, 3], (2, 0, 1)),
            (&[i64::MAX, i64::MIN], (u64::MAX - 1, 0, 1)),
        ];
        for (numbers, wanted) in table {
            assert_eq!(of(numbers), wanted, "{numbers:?}");
        }
    }

    #[test]
    fn memory_is_bounded_and_nothing_lost_is_uncounted() {
        let mut sequence = Sequence::default();
        (0..10_000).for_each(|k| sequence.observe(k * 2));
        assert!(sequence.seen.len() <= RANGES);
        assert_eq!(sequence.lost(), 9_999);
    }
}
