//! What is missing, doubled or out of order, told from the numbers messages carry.

use std::collections::BTreeMap;

/// Separate ranges of numbers remembered, at most; the oldest gaps are then counted as lost for
/// good.
const RANGES: usize = 1024;

/// Steps of one, in a row and from the first number on, that make a sequence of ids: many ids, such
/// as those of users, are no sequence, and the numbers between them are not lost.
const RUN: u64 = 3;

/// The numbers of one message that may be its place in a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// At the path the person gave, or named `seq`: a sequence by itself.
    pub declared: Option<i64>,
    /// Named `id` in the payload: perhaps one.
    pub payload_id: Option<i64>,
    /// The event's own id: perhaps one.
    pub event_id: Option<i64>,
}

impl Numbers {
    /// The one that most likely is the message's place.
    pub fn likely(self) -> Option<i64> {
        self.declared.or(self.payload_id).or(self.event_id)
    }
}

/// Follows one sequence. A number that jumps ahead opens a gap; one that fills it came late.
///
/// [`Sequence::observe`] takes numbers that are known to be a sequence. [`Sequence::judge`] takes
/// what messages carry and believes ids only after a run of steps of one that began with the first
/// of them; then the run counts too, and the ids stay believed whatever follows. Ids that break the
/// run before are never believed.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    /// Numbers seen, as ranges `first → last`.
    seen: BTreeMap<i64, i64>,
    forgotten: u64,
    duplicated: u64,
    reordered: u64,
    count: u64,
    /// Whose numbers are counted; `None` until some are believed.
    source: Option<Source>,
    payload_ids: Run,
    event_ids: Run,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Declared,
    PayloadIds,
    EventIds,
}

/// Ids that are not believed yet.
#[derive(Debug, Clone, Copy, Default)]
enum Run {
    #[default]
    Empty,
    Going {
        first: i64,
        last: i64,
    },
    Broken,
}

impl Run {
    /// Takes the next id; the whole run once it is long enough.
    fn take(&mut self, id: i64) -> Option<(i64, i64)> {
        *self = match *self {
            Self::Empty => Self::Going { first: id, last: id },
            Self::Going { first, last } if last.checked_add(1) == Some(id) => {
                Self::Going { first, last: id }
            }
            Self::Going { .. } | Self::Broken => Self::Broken,
        };
        match *self {
            Self::Going { first, last } if first.abs_diff(last) >= RUN => Some((first, last)),
            _ => None,
        }
    }
}

impl Sequence {
    /// Takes the next number of what is known to be a sequence.
    pub fn observe(&mut self, seq: i64) {
        if self.source != Some(Source::Declared) {
            // What was believed of ids gives way to what is known.
            *self = Self { source: Some(Source::Declared), ..Self::default() };
        }
        self.number(seq);
    }

    /// Takes what the next message carries.
    pub fn judge(&mut self, numbers: Numbers) {
        let Numbers { declared, payload_id, event_id } = numbers;
        let next = match self.source {
            _ if declared.is_some() => return declared.into_iter().for_each(|n| self.observe(n)),
            Some(Source::Declared) => None,
            Some(Source::PayloadIds) => payload_id,
            Some(Source::EventIds) => event_id,
            None => return self.suspect(payload_id, event_id),
        };
        if let Some(next) = next {
            self.number(next);
        }
    }

    fn suspect(&mut self, payload_id: Option<i64>, event_id: Option<i64>) {
        let by_payload = payload_id.and_then(|id| self.payload_ids.take(id));
        let by_event = event_id.and_then(|id| self.event_ids.take(id));
        let believed = by_payload
            .map(|run| (Source::PayloadIds, run))
            .or_else(|| by_event.map(|run| (Source::EventIds, run)));
        if let Some((source, (first, last))) = believed {
            self.source = Some(source);
            self.count = first.abs_diff(last) + 1;
            self.seen.insert(first, last);
        }
    }

    fn number(&mut self, seq: i64) {
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
            self.forgotten = self.forgotten.saturating_add(gap(last, *next));
            let (next, end) = self.seen.pop_first().unwrap_or((first, last));
            debug_assert!(first <= next);
            self.seen.insert(first, end);
        }
    }

    /// Numbers counted; 0 while nothing is known to be a sequence.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Numbers between the first and the last that never came.
    pub fn lost(&self) -> u64 {
        let pairs = self.seen.iter().zip(self.seen.iter().skip(1));
        let gaps = pairs.map(|((_, &last), (&next, _))| gap(last, next));
        gaps.fold(self.forgotten, u64::saturating_add)
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

    /// Count, lost, duplicated and reordered of what messages carry.
    fn judged(numbers: impl IntoIterator<Item = Numbers>) -> (u64, u64, u64, u64) {
        let mut sequence = Sequence::default();
        numbers.into_iter().for_each(|numbers| sequence.judge(numbers));
        (sequence.count(), sequence.lost(), sequence.duplicated(), sequence.reordered())
    }

    fn id(id: i64) -> Numbers {
        Numbers { payload_id: Some(id), ..Numbers::default() }
    }

    #[test]
    fn ids_are_believed_once_they_are_a_sequence() {
        let table = [
            (&[] as &[i64], (0, 0, 0, 0)),
            // Too short to tell, then long enough; where it begins does not matter.
            (&[1, 2, 3], (0, 0, 0, 0)),
            (&[1, 2, 3, 4], (4, 0, 0, 0)),
            (&[4711, 4712, 4713, 4714], (4, 0, 0, 0)),
            (&[-2, -1, 0, 1], (4, 0, 0, 0)),
            // Once believed it stays believed, and the run before counts.
            (&[1, 2, 3, 4, 9], (5, 4, 0, 0)),
            (&[1, 2, 3, 4, 2], (5, 0, 1, 0)),
            (&[1, 2, 3, 4, 6, 5], (6, 0, 0, 1)),
            // Users, snowflakes, one id for all, a run that comes too late.
            (&[9_000_000_000, 17, 4_000_000_000], (0, 0, 0, 0)),
            (&[1_541_815_603_606_036_480, 1_541_815_603_606_036_992], (0, 0, 0, 0)),
            (&[5, 5, 5, 5, 5], (0, 0, 0, 0)),
            (&[1, 2, 4, 5, 6, 7, 8, 9], (0, 0, 0, 0)),
            (&[4, 3, 2, 1], (0, 0, 0, 0)),
            (&[i64::MAX - 1, i64::MAX, i64::MIN, i64::MIN + 1], (0, 0, 0, 0)),
        ];
        for (ids, wanted) in table {
            assert_eq!(judged(ids.iter().copied().map(id)), wanted, "{ids:?}");
        }
    }

    #[test]
    fn declared_numbers_are_believed_at_once_and_put_ids_aside() {
        let declared = |n, id| Numbers { declared: Some(n), ..self::id(id) };
        assert_eq!(judged([declared(7, 1), declared(9, 2)]), (2, 1, 0, 0));
        assert_eq!(judged([declared(7, 1), id(900), declared(8, 2)]), (2, 0, 0, 0));
        let late = (1..=5).map(id).chain([declared(50, 6), id(7), declared(51, 8)]);
        assert_eq!(judged(late), (2, 0, 0, 0));
    }

    #[test]
    fn ids_of_events_and_ids_in_payloads_are_told_apart() {
        let both = |event_id, payload_id| Numbers { event_id: Some(event_id), ..id(payload_id) };
        let users = [both(1, 900), both(2, 17), both(3, 900), both(4, 5), both(6, 17)];
        assert_eq!(judged(users), (5, 1, 0, 0), "the events are numbered, the users are not");
        let own = (1..=4).map(|n| both(n, n)).chain([id(5), id(6)]);
        assert_eq!(judged(own), (6, 0, 0, 0));
    }

    #[test]
    fn memory_is_bounded_and_nothing_lost_is_uncounted() {
        let mut sequence = Sequence::default();
        (0..10_000).for_each(|k| sequence.observe(k * 2));
        assert!(sequence.seen.len() <= RANGES);
        assert_eq!(sequence.lost(), 9_999);
    }
}
