//! The part of a running count that belongs to a run: what it took to open, and what was used while
//! messages counted. What a lane used while it waited for others is not its own doing.

use super::counter::Ledger;

/// What a count was at the moments that matter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    /// Right after the lane opened first.
    opened: Option<Ledger>,
    /// What was used from then until messages began to count; `None` before that.
    idle: Option<Ledger>,
    /// When the lane had everything.
    ended: Option<Ledger>,
}

impl Span {
    /// The lane has opened; only the first time counts, and only before messages do.
    pub(super) fn open(&mut self, now: Ledger) {
        if self.idle.is_none() {
            self.opened.get_or_insert(now);
        }
    }

    /// Messages begin to count.
    pub(super) fn begin(&mut self, now: Ledger) {
        self.idle = Some(self.opened.map_or_else(Ledger::default, |opened| now.since(opened)));
    }

    /// The lane has all it will ever have.
    pub(super) fn end(&mut self, now: Ledger) {
        self.ended.get_or_insert(now);
    }

    /// What of the count belongs to the run, where it stands so now.
    pub(super) fn of(&self, now: Ledger) -> Ledger {
        let last = self.ended.unwrap_or(now);
        match (self.idle, self.opened) {
            (Some(idle), _) => last.since(idle),
            (None, Some(opened)) => opened,
            (None, None) => last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(count: u64) -> Ledger {
        Ledger { requests: count, connections: 1, wire: count * 100 }
    }

    #[test]
    fn waiting_for_others_does_not_count() {
        let mut span = Span::default();
        let wire = |span: &Span, count| span.of(used(count)).requests;
        assert_eq!(wire(&span, 1), 1, "what it takes to open");
        span.open(used(2));
        span.open(used(5));
        assert_eq!(wire(&span, 60), 2, "others are not open yet");
        span.begin(used(62));
        assert_eq!((wire(&span, 62), wire(&span, 70)), (2, 10));
        span.end(used(72));
        span.end(used(99));
        assert_eq!(wire(&span, 130), 12, "others catch up");
        assert_eq!(span.of(used(130)).connections, 1, "the one it opened");
    }

    #[test]
    fn who_opens_late_is_counted_from_the_beginning() {
        let mut span = Span::default();
        span.begin(used(3));
        span.open(used(4));
        assert_eq!(span.of(used(9)), used(9));
    }
}
